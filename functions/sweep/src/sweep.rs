//! One sweep, from the lists to the report.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use lockwarden_aws::Failure;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::look;
use lockwarden_core::ids::{LockPath, RequestCode};
use lockwarden_core::item::Place;
use lockwarden_core::ledger::Entry;
use lockwarden_core::lock::Lock;
use lockwarden_core::notice::{Desk, Notice};
use lockwarden_core::policy::{Policy, Verdict};
use lockwarden_core::release::{self, Standing};
use lockwarden_core::report::{Incomplete, LookReply, ReportedLock, SweepReport};
use lockwarden_core::settings::SweepSettings;
use lockwarden_core::token::Token;
use lockwarden_lambda::Failed;
use serde_json::{Value, json};

use crate::by_rule::Turn;
use crate::event::{Event, TestReply, Unconfirmed};
use crate::look_at;
use crate::policy;
use crate::ports::World;
use crate::survey::{KnownLock, Survey};

/// How many locks are looked after at once.
pub(crate) const AT_ONCE: usize = 16;

/// How many of a state's latest locks are looked at: what is watched or counted against it is a day old at most.
const LATEST: i32 = 20;

/// A world with the settings and the policy that hold in it.
#[derive(Debug)]
pub struct Sweep<'a, W> {
    /// What is outside.
    pub world: &'a W,
    /// What was configured.
    pub settings: &'a SweepSettings,
    /// What holds for which locks.
    pub policy: &'a Policy,
    /// When to stop beginning anything new.
    pub deadline: Timestamp,
    /// How many locks may still be given to `approve` because a rule releases them or nobody answers; `None` where somebody only looks.
    by_rule: Cell<Option<u32>>,
    /// What went wrong and stopped nothing.
    pub(crate) mishaps: RefCell<Vec<Incomplete>>,
}

impl<'a, W> Sweep<'a, W> {
    /// A sweep that may have so many locks released by rules; with `None` rules wait for another sweep.
    #[must_use]
    pub fn new(
        world: &'a W,
        settings: &'a SweepSettings,
        policy: &'a Policy,
        deadline: Timestamp,
        by_rule: Option<u32>,
    ) -> Self {
        Self {
            world,
            settings,
            policy,
            deadline,
            by_rule: Cell::new(by_rule),
            mishaps: RefCell::default(),
        }
    }

    /// Whose turn it is where a rule releases a lock. Past the cap, people are asked.
    pub(crate) fn turn_of_rule(&self) -> Turn {
        match self.by_rule.get() {
            None => Turn::Nobody,
            Some(0) => Turn::People,
            Some(left) => {
                self.by_rule.set(Some(left - 1));
                Turn::Rule
            }
        }
    }
}

/// Does what the event asks for.
///
/// # Errors
/// `SweepIncomplete` when a sweep could not read or do everything, after all the rest was done, so that alarms see it;
/// `NoPolicy` when the policy object and its last good version are of no use; `NotSent` when a test notice was not sent; `TooMany` when more states are named than one look takes.
pub async fn run(
    world: &impl World,
    settings: &SweepSettings,
    deadline: Timestamp,
    event: Event,
) -> Result<Value, Failed> {
    if event.test_notice {
        return test_notice(world)
            .await
            .map(|reply| json!(reply))
            .map_err(|failure| Failed::of("NotSent", &failure));
    }
    if !event.look_at.is_empty() {
        let reply = look_at(world, settings, deadline, &event.look_at).await;
        return reply.map(|reply| json!(reply));
    }
    let report = sweep(world, settings, deadline).await?;
    if report.is_complete() {
        return Ok(json!(report));
    }
    let all: Vec<String> = report
        .incomplete
        .iter()
        .map(|incomplete| format!("{}: {}", incomplete.store, incomplete.why))
        .collect();
    Err(Failed::new("SweepIncomplete", all.join("; ")))
}

async fn look_at(
    world: &impl World,
    settings: &SweepSettings,
    deadline: Timestamp,
    paths: &[LockPath],
) -> Result<LookReply, Failed> {
    if paths.len() > look_at::MOST {
        let (asked, most) = (paths.len(), look_at::MOST);
        let why = format!("`look_at` names {asked} states, and takes at most {most}");
        return Err(Failed::new("TooMany", why));
    }
    let policy = policy::for_look(world, settings).await?;
    let sweep = Sweep::new(world, settings, &policy, deadline, None);
    let mut looked_at = Vec::new();
    for path in paths {
        looked_at.push(sweep.look_at(path).await);
    }
    Ok(LookReply { looked_at })
}

/// Looks at every lock and does what there is to do about it.
///
/// # Errors
/// `NoPolicy` when there is none to judge by. What else could not be read or done is in the report.
pub async fn sweep(
    world: &impl World,
    settings: &SweepSettings,
    deadline: Timestamp,
) -> Result<SweepReport, Failed> {
    let found = policy::for_sweep(world, settings).await?;
    let by_rule = found.policy.max_releases_per_sweep;
    let sweep = Sweep::new(world, settings, &found.policy, deadline, Some(by_rule));
    let mut report = SweepReport {
        tables: settings.common.tables.len(),
        buckets: settings.common.buckets.len(),
        policy_error: found.error,
        incomplete: found.incomplete,
        ..SweepReport::default()
    };
    let survey = sweep.survey(&mut report).await;
    let mut listed = Vec::new();
    let locks = survey.locks.iter().map(|known| &known.lock);
    let holders = sweep.holders(locks).await;
    let attended = survey.locks.iter().map(|known| sweep.attend(known));
    let mut attended = stream::iter(attended).buffer_unordered(AT_ONCE);
    let mut questions = Vec::new();
    while let Some(attended) = attended.next().await {
        listed.extend(attended.reported);
        questions.extend(attended.question);
        report.by_rule += usize::from(attended.by_rule);
        report.incomplete.extend(attended.trouble);
    }
    let asked = sweep.ask(questions, &holders).await;
    report.notified = asked.locks;
    report.storms = asked.storms;
    report.incomplete.extend(asked.trouble);
    sweep.loose_ends(&survey, &mut report).await;
    report.incomplete.extend(sweep.mishaps.take());
    for known in stale_of(&survey, &listed) {
        let stores: Vec<String> = known.lock.places.iter().map(store_of).collect();
        report.count_stale_in(stores.iter().map(String::as_str));
    }
    report.list(listed);
    sweep.conclude(&mut report).await;
    Ok(report)
}

async fn test_notice(world: &impl World) -> Result<TestReply, Failure> {
    world.publish(&Notice::test()).await?;
    let (confirmed, unconfirmed): (Vec<_>, Vec<_>) = world
        .subscribers()
        .await?
        .into_iter()
        .partition(|subscriber| subscriber.confirmed);
    Ok(TestReply {
        test_notice: "sent",
        confirmed: confirmed.len(),
        unconfirmed: unconfirmed
            .into_iter()
            .map(|subscriber| Unconfirmed {
                protocol: subscriber.protocol,
                endpoint: subscriber.endpoint,
            })
            .collect(),
    })
}

impl<W: World> Sweep<'_, W> {
    /// The report goes to the ledger, the log and the metrics, whatever it says.
    async fn conclude(&self, report: &mut SweepReport) {
        report.tidy();
        if let Err(failure) = self.world.keep_report(report).await {
            report.incomplete.push(trouble("the ledger", &failure));
        }
        match serde_json::to_string(report) {
            Ok(text) if report.is_complete() => tracing::info!(report = text, "swept"),
            Ok(text) => tracing::warn!(report = text, "swept incompletely"),
            Err(error) => tracing::error!(%error, "the report cannot be written"),
        }
        self.world.metrics(&report.metrics(self.world.now()));
    }

    /// Whether there is time to begin something new.
    pub(crate) fn has_time(&self) -> bool {
        self.world.now() < self.deadline
    }

    pub(crate) fn desk<'d>(&'d self, link: Option<&'d str>) -> Desk<'d> {
        Desk {
            topic: &self.settings.common.approval_topic,
            function: &self.settings.approve_function,
            link,
        }
    }

    /// A new link for a notice that asks, where there is a page. The entry keeps the mark of its token and has to be saved
    /// before the link goes out.
    pub(crate) fn new_link(&self, entry: &mut Entry) -> Option<String> {
        let page = self.settings.page.as_ref()?;
        let token = Token::of(self.world.random());
        let now = self.world.now();
        entry.tokens.add(&token, now, now + self.settings.link_ttl);
        Some(page.link(&entry.code, &token))
    }

    /// Whether the lock of an entry is there, read consistently. `None` where nobody can say.
    pub(crate) async fn is_there(&self, entry: &Entry) -> Result<Option<bool>, Option<Incomplete>> {
        let present = self.present(entry).await?;
        Ok(present.map(|present| {
            let standing = release::standing(entry, &present);
            matches!(standing, Standing::Same(_))
        }))
    }

    /// Every lock in the place of an entry's lock or beside it, read consistently. `None` where nobody can say.
    pub(crate) async fn present(
        &self,
        entry: &Entry,
    ) -> Result<Option<Vec<Lock>>, Option<Incomplete>> {
        let present = look::present(
            self.world,
            &self.settings.common,
            &entry.path,
            &entry.places,
        );
        match present.await {
            Ok(present) => Ok(present.ok()),
            Err(failure) => {
                let store = entry.places.first().map(store_of).unwrap_or_default();
                Err(Some(trouble(store, &failure)))
            }
        }
    }

    /// What the ledger knows of the latest locks of a state. The very latest may still be missing.
    pub(crate) async fn latest_entries(&self, path: &LockPath) -> Result<Vec<Entry>, Failure> {
        let codes = self.world.codes(path, LATEST).await?;
        Ok(self.world.entries(&codes).await?.found)
    }

    /// Puts an event into the queue of `approve`.
    pub(crate) async fn give_to_approve(&self, event: &Value) -> Option<Incomplete> {
        let given = self.world.hand_over(&event.to_string()).await;
        let failure = given.err()?;
        Some(trouble("the approve function", &failure))
    }

    /// Gives a decision that was left half-done to `approve`.
    pub(crate) async fn hand_over(&self, code: &RequestCode) -> Option<Incomplete> {
        let trouble = self.give_to_approve(&json!({"finish": code})).await;
        if trouble.is_none() {
            tracing::info!(request = %code, "a decision was left half-done; approve finishes it");
        }
        trouble
    }
}

/// What a sweep says that had to stop.
pub(crate) fn out_of_time() -> Incomplete {
    Incomplete {
        store: "the sweep".to_owned(),
        why: "it ran out of time before it came to all locks".to_owned(),
    }
}

/// A failure as a report tells it.
pub(crate) fn trouble(store: impl Into<String>, failure: &Failure) -> Incomplete {
    Incomplete {
        store: store.into(),
        why: failure.to_string(),
    }
}

/// What could not be written. That somebody else wrote first is no trouble: another sweep, or approve, is at it.
pub(crate) fn write_trouble(not_written: NotWritten) -> Option<Incomplete> {
    match not_written {
        NotWritten::Outdated | NotWritten::AnsweredBefore => None,
        NotWritten::Failed(failure) => Some(trouble("the ledger", &failure)),
    }
}

/// The locks of a survey that turned out to be stale.
fn stale_of<'s>(
    survey: &'s Survey,
    listed: &[ReportedLock],
) -> impl Iterator<Item = &'s KnownLock> {
    let stale = listed.iter().filter(|lock| lock.verdict == Verdict::Stale);
    let stale: BTreeSet<RequestCode> = stale.map(|lock| lock.request.clone()).collect();
    let locks = survey.locks.iter();
    locks.filter(move |known| stale.contains(&known.code))
}

/// The name of a store in a report.
fn store_of(place: &Place) -> String {
    match place {
        Place::Dynamodb { table } => format!("table {table}"),
        Place::S3 { bucket, .. } => format!("bucket {bucket}"),
    }
}
