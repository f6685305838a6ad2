//! A deployed stack, and what tests do with it. Most tests share one, each with states of its own.

use std::sync::OnceLock;
use std::time::Duration;

use lockwarden_local::{
    Access, Clients, Deployment, Inbox, Invocation, LockRecord, MiniStack, Mode, Stores, deploy,
    deploy_with_page, invoke,
};
use serde_json::{Value, json};

const TABLE: &str = "terraform-state-locks";
const BUCKET: &str = "acme-tf-state";
/// The role that may ask triage, by way of another.
pub(crate) const CI_ROLE: &str = "arn:aws:iam::000000000000:role/ci";
/// How long a notice may take.
pub(crate) const SOON: Duration = Duration::from_secs(30);
/// How long to listen for a notice that should not come.
pub(crate) const QUIET: Duration = Duration::from_secs(2);

/// A local AWS with the stack on it.
pub(crate) struct Stack {
    pub(crate) aws: MiniStack,
    pub(crate) deployed: Deployment,
    stores: Stores,
}

/// A test's own view of a stack.
pub(crate) struct Desk<'a> {
    pub(crate) aws: &'a MiniStack,
    pub(crate) clients: Clients,
    pub(crate) deployed: &'a Deployment,
    pub(crate) stores: Stores,
}

impl Stack {
    /// A new local AWS with the stack on it. Locks are stale after two seconds; a sweep runs when a test says so.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with more parameters; a later one counts.
    pub(crate) async fn with(more: &[(&str, &str)]) -> Self {
        let (aws, stores, parameters) = Self::ready(more).await;
        let deployed = deploy(&aws, "lockwarden", &parameters).unwrap();
        Self {
            aws,
            deployed,
            stores,
        }
    }

    /// The same with the approval page.
    #[allow(dead_code, reason = "the tests in a browser share this module")]
    pub(crate) async fn with_page(more: &[(&str, &str)]) -> Self {
        let (aws, stores, parameters) = Self::ready(more).await;
        let (deployed, _) = deploy_with_page(&aws, "lockwarden", &parameters).unwrap();
        Self {
            aws,
            deployed,
            stores,
        }
    }

    async fn ready<'p>(
        more: &[(&'p str, &'p str)],
    ) -> (MiniStack, Stores, Vec<(&'p str, &'p str)>) {
        let aws = MiniStack::start(Access::Enforced).unwrap();
        let stores = Stores::create(&aws.clients(), TABLE, BUCKET).await.unwrap();
        let mut parameters = vec![
            ("LockTableNames", TABLE),
            ("StateBucketNames", BUCKET),
            ("StaleAfter", "2s"),
            ("SweepSchedule", "rate(1 day)"),
            ("TriageCallerArns", CI_ROLE),
        ];
        parameters.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        parameters.extend(more);
        (aws, stores, parameters)
    }

    /// This test's view of the stack.
    pub(crate) fn desk(&self) -> Desk<'_> {
        let clients = self.aws.clients();
        Desk {
            aws: &self.aws,
            stores: self.stores.with(&clients),
            clients,
            deployed: &self.deployed,
        }
    }
}

/// The stack that most tests share.
pub(crate) fn shared() -> Desk<'static> {
    static STACK: OnceLock<Stack> = OnceLock::new();
    let stack = STACK.get_or_init(|| {
        // A test has a runtime already, and that one ends with the test.
        std::thread::spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(Stack::new())
        })
        .join()
        .unwrap()
    });
    stack.desk()
}

impl Desk<'_> {
    /// Runs a sweep and returns its report.
    pub(crate) async fn sweep(&self) -> Value {
        let swept = self.run_sweep(&json!({})).await;
        assert!(!swept.failed, "{}", swept.reply);
        swept.reply
    }

    /// Invokes sweep, whatever comes of it.
    pub(crate) async fn run_sweep(&self, event: &Value) -> Invocation {
        let function = self.deployed.output("SweepFunctionName").unwrap();
        invoke(&self.clients, function, event).await.unwrap()
    }

    /// Gives a decision to approve itself and returns the outcome.
    pub(crate) async fn decide(&self, decision: &Value) -> Value {
        let function = self.deployed.output("ApproveFunctionName").unwrap();
        let answered = invoke(&self.clients, function, decision).await.unwrap();
        assert!(!answered.failed, "{}", answered.reply);
        answered.reply
    }

    /// Asks triage a question and returns its answer.
    pub(crate) async fn triage(&self, question: &Value) -> Value {
        let function = self.deployed.output("TriageFunctionName").unwrap();
        let answered = invoke(&self.clients, function, question).await.unwrap();
        assert!(!answered.failed, "{}", answered.reply);
        answered.reply
    }

    /// Publishes a decision on the approvals topic.
    pub(crate) async fn publish(&self, decision: &str) {
        let topic = self.deployed.output("ApprovalTopicArn").unwrap();
        let publish = self.clients.sns.publish().topic_arn(topic);
        publish.message(decision).send().await.unwrap();
    }

    /// An inbox that gets every notice from now on.
    pub(crate) async fn inbox(&self, name: &str) -> Inbox {
        let topic = self.deployed.output("NoticeTopicArn").unwrap();
        Inbox::open(&self.clients, topic, name).await.unwrap()
    }

    /// Takes a lock like a runner that began long ago, and leaves it.
    pub(crate) async fn leave_a_lock(&self, mode: Mode, key: &str, id: &str) {
        self.stores
            .take(mode, key, &self.old_record(key, id))
            .await
            .unwrap();
    }

    /// The record of a runner that began long ago. Each state has a host of its own, so that nothing but what a test does makes
    /// a storm.
    pub(crate) fn old_record(&self, key: &str, id: &str) -> LockRecord {
        let host = key.replace(|other: char| !other.is_ascii_alphanumeric(), "-");
        LockRecord {
            who: format!("runner@{host}"),
            created: "2026-01-01T00:00:00.123456789Z".to_owned(),
            ..LockRecord::of_a_runner(id, &self.path(key))
        }
    }

    /// The lock path of a state.
    pub(crate) fn path(&self, key: &str) -> String {
        format!("{}/{key}", self.stores.bucket)
    }

    /// Sweeps until the lock of a state has this verdict, and returns its line of the report. An S3 lock has to become
    /// old, and a split wants two sightings half a minute apart.
    pub(crate) async fn swept_until(&self, key: &str, verdict: &str) -> Value {
        let begin = std::time::Instant::now();
        loop {
            let report = self.sweep().await;
            let line = line_of(&report, &self.path(key));
            match line {
                Some(line) if line["verdict"] == verdict => return line,
                _ if begin.elapsed() < Duration::from_secs(60) => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                line => panic!("no verdict {verdict} for {key}: {line:?}"),
            }
        }
    }

    /// The notices about a state, until none has come for a while.
    pub(crate) async fn notices_about(&self, inbox: &Inbox, key: &str) -> Vec<Value> {
        let mut notices = inbox.drain(QUIET).await.unwrap();
        notices.retain(|notice| notice["lock"]["lock_id"] == self.path(key));
        notices
    }

    /// The next notice of a kind about a state.
    pub(crate) async fn notice(&self, inbox: &Inbox, kind: &str, key: &str) -> Value {
        let begin = std::time::Instant::now();
        while let Some(left) = SOON.checked_sub(begin.elapsed()) {
            let Some(notice) = inbox.next(left).await.unwrap() else {
                break;
            };
            if notice["kind"] == kind && notice["lock"]["lock_id"] == self.path(key) {
                return notice;
            }
        }
        panic!(
            "no `{kind}` notice about {key} came\n{}",
            self.aws.log_tail()
        );
    }
}

/// The line of a state in a sweep report.
pub(crate) fn line_of(report: &Value, path: &str) -> Option<Value> {
    let lines = report["locks"].as_array().unwrap();
    lines.iter().find(|line| line["lock_id"] == path).cloned()
}

/// How many notices have a kind.
pub(crate) fn count(notices: &[Value], kind: &str) -> usize {
    notices
        .iter()
        .filter(|notice| notice["kind"] == kind)
        .count()
}
