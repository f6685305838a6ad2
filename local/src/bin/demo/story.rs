//! The steps of the demo, each said before it is done.

use std::time::Duration;

use lockwarden_local::{
    Access, Deployment, Failure, Inbox, LockRecord, Mail, MiniStack, Mode, Project, Snapshot,
    Stores, Terraform, deploy_with_page, invoke, mails,
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::say;

const TABLE: &str = "terraform-state-locks";
const BUCKET: &str = "acme-tf-state";
const STALE: &str = "prod/network/terraform.tfstate";
const ALIVE: &str = "prod/database/terraform.tfstate";
const YOURS: &str = "dev/playground/terraform.tfstate";
const OFFERED_FOR: Duration = Duration::from_secs(30 * 60);
const NOTICE_WITHIN: Duration = Duration::from_secs(30);
/// How the person on call is called who pastes the command of the notice.
const ON_CALL: &str = "alice";

type Result<T> = std::result::Result<T, Failure>;

/// Tells the whole story, or the part of it up to what went wrong. With `keep` it ends by a link to the approval page, and
/// waits for somebody to try it.
pub(crate) async fn tell(keep: bool) -> Result<()> {
    say::step(
        1,
        "A local AWS: MiniStack, with a lock table and a state bucket. Nothing leaves this machine.",
    );
    let aws = MiniStack::start(Access::Enforced)?;
    let stores = Stores::create(&aws.clients(), TABLE, BUCKET).await?;
    say::line(&format!(
        "It answers at {}, asks IAM before every call, and ends with this demo.",
        aws.endpoint()
    ));

    say::step(
        2,
        "`sam deploy` of template.yaml, with the functions as they were just built.",
    );
    let deployed = deploy_on(&aws)?;
    let inbox = Inbox::open(
        &aws.clients(),
        deployed.output("NoticeTopicArn")?,
        "demo-inbox",
    )
    .await?;

    say::step(3, "A stale lock, beside a lock that is in use.");
    let holder = Holder::leave_a_lock(&aws, &stores).await?;
    take_a_living_lock(&stores).await?;
    let before = stores.snapshot().await?;

    say::step(4, "Sweep, which the schedule does every five minutes.");
    sweep(&aws, &deployed).await?;

    say::step(5, "The notice, as the person on call gets it by e-mail.");
    let notice = inbox.next_of_kind("stale_lock", NOTICE_WITHIN).await?;
    let command = show_mail(&aws, &deployed, &notice)?;

    say::step(
        6,
        "Approve: the command of the notice, pasted into a shell.",
    );
    approve(&aws, &inbox, &command).await?;

    say::step(7, "What is left.");
    check_what_is_left(before, &stores).await?;
    holder.work_again(&stores).await?;
    if keep {
        offer_a_link(&aws, &deployed, &inbox, &stores).await
    } else {
        say::line(
            "To decide on the approval page yourself: `make demo KEEP=1` ends with a link to click.",
        );
        Ok(())
    }
}

/// Another stale lock, for whoever watches the demo to decide about in a browser.
async fn offer_a_link(
    aws: &MiniStack,
    deployed: &Deployment,
    inbox: &Inbox,
    stores: &Stores,
) -> Result<()> {
    say::step(
        8,
        "Your turn: another stale lock, and the link of its notice.",
    );
    let id = "3c2b1a09-8f7e-6d5c-4b3a-291807f6e5d4";
    let record = LockRecord {
        created: "2026-01-01T00:00:00.123456789Z".to_owned(),
        ..record(id, YOURS)
    };
    stores.take(Mode::Both, YOURS, &record).await?;
    // S3 knows how young the lock is.
    sleep(Duration::from_secs(2)).await;
    sweep(aws, deployed).await?;
    let notice = inbox.next_of_kind("stale_lock", NOTICE_WITHIN).await?;
    say::line(text(&notice, "/approve/url"));
    say::line("The local AWS ends when you press Enter, or after half an hour.");
    let pressed = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    // Whether somebody pressed it or went away, it is over.
    drop(tokio::time::timeout(OFFERED_FOR, pressed).await);
    Ok(())
}

fn deploy_on(aws: &MiniStack) -> Result<Deployment> {
    let parameters = [
        ("LockTableNames", TABLE),
        ("StateBucketNames", BUCKET),
        // Nobody wants to wait for a quarter of an hour.
        ("StaleAfter", "1s"),
        // The demo itself says when to sweep.
        ("SweepSchedule", "rate(1 day)"),
        ("NoticeEmail", "on-call@example.com"),
    ];
    let (deployed, _) = deploy_with_page(aws, "lockwarden", &parameters)?;
    for name in [
        "SweepFunctionName",
        "ApproveFunctionName",
        "ApprovalTopicArn",
    ] {
        say::line(&format!("{name} = {}", deployed.output(name)?));
    }
    Ok(deployed)
}

/// Who left the stale lock.
enum Holder<'a> {
    /// A real Terraform run that was killed.
    Terraform(Project<'a>),
    /// Nobody: the demo wrote the record.
    Nobody,
}

impl<'a> Holder<'a> {
    async fn leave_a_lock(aws: &'a MiniStack, stores: &Stores) -> Result<Self> {
        match Terraform::on_path()? {
            Some(terraform) => Self::kill_terraform(aws, stores, &terraform).await,
            None => Self::plant(stores).await,
        }
    }

    /// Real work, a real state, and then what the OOM killer does.
    async fn kill_terraform(
        aws: &'a MiniStack,
        stores: &Stores,
        terraform: &Terraform,
    ) -> Result<Self> {
        let (name, version) = (terraform.name, &terraform.version);
        let mode = if terraform.knows(Mode::Both) {
            Mode::Both
        } else {
            Mode::DynamodbTable
        };
        let project = Project::new(aws, terraform, stores, (mode, STALE))?;
        project.apply()?;
        say::line(&format!(
            "{name} {version} applied {STALE} once: it has a state and a digest."
        ));
        project.start_slow_apply(stores).await?.kill()?;
        say::line(&format!(
            "The next {name} apply was killed with SIGKILL while it held the lock, as a CI runner's is."
        ));
        match project.plan() {
            Err(Failure::Program { tail, .. }) => show_refusal(name, &tail),
            Err(error) => return Err(error),
            Ok(_) => {
                return Err(Failure::Unexpected(format!(
                    "{name} plan did not mind the lock of a killed apply"
                )));
            }
        }
        Ok(Self::Terraform(project))
    }

    async fn plant(stores: &Stores) -> Result<Self> {
        say::line(
            "NO terraform or tofu 1.6 or later is on PATH. The demo plants the records that Terraform would have left.",
        );
        stores
            .write_state(STALE, r#"{"version":4,"serial":1,"resources":[]}"#)
            .await?;
        stores
            .take(
                Mode::Both,
                STALE,
                &record("0c9d4f3e-5b1a-7c2d-9e8f-1a2b3c4d5e6f", STALE),
            )
            .await?;
        Ok(Self::Nobody)
    }

    async fn work_again(self, stores: &Stores) -> Result<()> {
        match self {
            Self::Terraform(project) => {
                let plan = project.plan()?;
                let verdict = plan
                    .lines()
                    .find(|line| line.starts_with("No changes."))
                    .unwrap_or("It printed a plan.");
                say::line(&format!("The next plan works again: {verdict}"));
            }
            Self::Nobody => {
                stores
                    .take(
                        Mode::Both,
                        STALE,
                        &record("7f6e5d4c-3b2a-1908-f7e6-d5c4b3a29180", STALE),
                    )
                    .await?;
                stores.let_go(STALE).await?;
                say::line(
                    "Without Terraform no plan can be shown; but the lock could be taken again, the way a plan does.",
                );
            }
        }
        Ok(())
    }
}

fn show_refusal(name: &str, output: &str) {
    say::line(&format!("Since then {name} plan says:"));
    let telling = |line: &&str| {
        ["Error:", "  ID:", "  Who:", "  Created:"]
            .iter()
            .any(|begin| line.starts_with(begin))
    };
    say::quote(
        &output
            .lines()
            .filter(telling)
            .collect::<Vec<_>>()
            .join("\n"),
    );
}

/// The lock of a run that is at work: its state was written after the lock was taken.
async fn take_a_living_lock(stores: &Stores) -> Result<()> {
    stores
        .take(
            Mode::DynamodbTable,
            ALIVE,
            &record("5a4b3c2d-1e0f-9a8b-7c6d-5e4f3a2b1c0d", ALIVE),
        )
        .await?;
    // S3 tells times in whole seconds.
    sleep(Duration::from_millis(1500)).await;
    stores
        .write_state(ALIVE, r#"{"version":4,"serial":7,"resources":[]}"#)
        .await?;
    say::line(&format!(
        "Somebody else holds the lock of {ALIVE} and wrote that state a moment ago. (A planted record.)"
    ));
    Ok(())
}

fn record(id: &str, key: &str) -> LockRecord {
    LockRecord::of_a_runner(id, &format!("{BUCKET}/{key}"))
}

async fn sweep(aws: &MiniStack, deployed: &Deployment) -> Result<()> {
    let swept = invoke(
        &aws.clients(),
        deployed.output("SweepFunctionName")?,
        &json!({}),
    )
    .await?;
    if swept.failed {
        return Err(Failure::Unexpected(format!(
            "sweep failed: {}",
            swept.reply
        )));
    }
    let count = |name: &str| swept.reply.get(name).and_then(Value::as_u64).unwrap_or(0);
    say::line(&format!(
        "{} items looked at, {} stale, {} told.",
        count("scanned"),
        count("stale"),
        count("notified")
    ));
    for lock in swept
        .reply
        .get("locks")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        say::line(&format!(
            "{}: {}, {}",
            text(lock, "/lock_id"),
            text(lock, "/verdict"),
            text(lock, "/why")
        ));
    }
    Ok(())
}

/// Shows the e-mail and returns the command that it offers for the release.
fn show_mail(aws: &MiniStack, deployed: &Deployment, notice: &Value) -> Result<String> {
    let command = text(notice, "/commands/release").to_owned();
    let mails = mails(aws, deployed.output("NoticeTopicArn")?)?;
    let mail = mails
        .into_iter()
        .find(|mail| !command.is_empty() && mail.body.contains(&command));
    let Some(Mail { subject, body }) = mail else {
        return Err(Failure::Unexpected(
            "no e-mail was sent that has the command of the notice".to_owned(),
        ));
    };
    say::quote(&format!(
        "To: on-call@example.com\nSubject: {subject}\n\n{body}"
    ));
    Ok(command)
}

async fn approve(aws: &MiniStack, inbox: &Inbox, command: &str) -> Result<()> {
    say::line(&format!("$ {command}"));
    aws.shell(command, ON_CALL)?;
    let released = inbox.next_of_kind("released", NOTICE_WITHIN).await?;
    let state = text(&released, "/lock/lock_id");
    say::line(&format!(
        "The next notice says: released, {state}, by {ON_CALL}."
    ));
    Ok(())
}

/// The one lock is gone, and everything else is byte for byte what it was.
async fn check_what_is_left(before: Snapshot, stores: &Stores) -> Result<()> {
    let after = stores.snapshot().await?;
    let digests = after
        .items
        .values()
        .filter(|item| item.contains_key("Digest"))
        .count();
    let locks = after.items.len() - digests;
    if before.without_lock(BUCKET, STALE) != after {
        return Err(Failure::Unexpected(
            "the stores hold something else than before without the lock".to_owned(),
        ));
    }
    say::line(&format!("The lock of {STALE} is gone."));
    let objects = after.objects.len();
    say::line(&format!(
        "{locks} other lock, {digests} digests and {objects} objects are byte for byte as before."
    ));
    Ok(())
}

fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    document
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
