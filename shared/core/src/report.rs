//! What a sweep found: the reply of `sweep`, the line in its log, and its metrics.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{LockId, LockPath, RequestCode};
use crate::lock::Lock;
use crate::metrics::{self, Metric};
use crate::policy::{Judgement, PolicyError, Verdict};
use crate::text;

/// The report of one sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepReport {
    /// How many tables it read.
    pub tables: usize,
    /// How many buckets.
    pub buckets: usize,
    /// How many items and objects it passed, before any filter.
    pub scanned: u64,
    /// How many digests are among them.
    pub digests: u64,
    /// How many items belong to somebody else.
    pub foreign: u64,
    /// How many locks there are.
    pub held: usize,
    /// How many of them are stale.
    pub stale: usize,
    /// How many cannot be understood.
    pub unreadable: usize,
    /// About how many locks people were asked.
    pub notified: usize,
    /// How many notices asked about many locks at once.
    #[serde(default)]
    pub storms: usize,
    /// How many locks were given to `approve` because a rule releases them.
    #[serde(default)]
    pub by_rule: usize,
    /// How many locks ended since the last sweep.
    pub ended: usize,
    /// What is wrong with the policy object, while the last good version of it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_error: Option<PolicyError>,
    /// What could not be read or done. Not empty: the sweep fails after all the rest is done.
    pub incomplete: Vec<Incomplete>,
    /// The longest time a stale lock can have been held, seconds; 0 when none is stale.
    pub oldest_age_seconds: i64,
    /// The locks that want attention first, at most [`SweepReport::MOST`].
    pub locks: Vec<ReportedLock>,
    /// The same by store. As metrics each number of each store would cost what a metric costs.
    #[serde(default)]
    pub stores: Vec<StoreCount>,
}

/// What a sweep found in one store. A lock in two stores counts in both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreCount {
    /// Which, in words.
    pub store: String,
    /// How many items or objects it passed.
    pub scanned: u64,
    /// How many lock records there are.
    pub held: usize,
    /// How many of them belong to stale locks.
    pub stale: usize,
}

/// What a sweep could not read or do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Incomplete {
    /// Which store, in words.
    pub store: String,
    /// Why.
    pub why: String,
}

/// A lock in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedLock {
    /// Its request code.
    pub request: RequestCode,
    /// The state.
    pub lock_id: LockPath,
    /// The lock ID.
    pub id: Option<LockId>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub why: String,
    /// The shortest time it can have been held, seconds.
    pub held_at_least_seconds: i64,
    /// The longest, seconds.
    pub held_at_most_seconds: i64,
    /// `user@host`.
    pub holder: Option<String>,
    /// As in the record.
    pub operation: Option<String>,
}

/// The reply of `sweep` to a look at some states by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookReply {
    /// In the order of the question.
    pub looked_at: Vec<LookedAt>,
}

/// What was seen of one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedAt {
    /// The state.
    pub lock_id: LockPath,
    /// Its locks: none, one, or two sides of a split.
    pub locks: Vec<ReportedLock>,
    /// The lock tables that were asked for its item. A lock in another table is not seen, and so is not gone.
    pub tables: Vec<String>,
    /// What could not be read or done. An empty `locks` then does not mean that nothing is there.
    pub incomplete: Vec<Incomplete>,
}

impl ReportedLock {
    /// How much of a holder's name a report shows (characters).
    pub const HOLDER: usize = 300;

    /// A lock as judged.
    #[must_use]
    pub fn of(request: RequestCode, lock: &Lock, judgement: &Judgement) -> Self {
        let info = lock.info().ok();
        Self {
            request,
            lock_id: lock.path.clone(),
            id: info.as_ref().map(|info| info.id.clone()),
            verdict: judgement.verdict,
            why: judgement.why.clone(),
            held_at_least_seconds: judgement.held.at_least.as_secs(),
            held_at_most_seconds: judgement.held.at_most.as_secs(),
            holder: info
                .as_ref()
                .map(|info| text::shown(&info.who, Self::HOLDER)),
            operation: info
                .as_ref()
                .map(|info| text::shown(info.operation.as_str(), 300)),
        }
    }
}

impl SweepReport {
    /// The most locks that a report lists.
    pub const MOST: usize = 100;

    /// Counts the locks and lists those that want attention first: by verdict, then by age.
    pub fn list(&mut self, mut locks: Vec<ReportedLock>) {
        let having = |verdict: Verdict| locks.iter().filter(move |lock| lock.verdict == verdict);
        self.held = locks.len();
        self.stale = having(Verdict::Stale).count();
        self.unreadable = having(Verdict::Unreadable).count();
        self.oldest_age_seconds = having(Verdict::Stale)
            .map(|lock| lock.held_at_most_seconds)
            .max()
            .unwrap_or(0);
        locks.sort_by(|a, b| {
            (a.verdict, b.held_at_most_seconds, &a.lock_id).cmp(&(
                b.verdict,
                a.held_at_most_seconds,
                &b.lock_id,
            ))
        });
        locks.truncate(Self::MOST);
        self.locks = locks;
    }

    /// Counts a stale lock in these stores.
    pub fn count_stale_in<'s>(&mut self, stores: impl IntoIterator<Item = &'s str>) {
        for store in stores {
            let mut counted = self.stores.iter_mut();
            if let Some(counted) = counted.find(|counted| counted.store == store) {
                counted.stale += 1;
            }
        }
    }

    /// Says everything that went wrong once, and of very much only the first part.
    pub fn tidy(&mut self) {
        self.incomplete.sort();
        self.incomplete.dedup();
        let more = self.incomplete.len().saturating_sub(Self::MOST);
        if more > 0 {
            self.incomplete.truncate(Self::MOST);
            self.incomplete.push(Incomplete {
                store: "and more".to_owned(),
                why: format!("{more} more of them"),
            });
        }
    }

    /// Whether everything could be read and done.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.incomplete.is_empty()
    }

    /// The metrics of the sweep. The age is left out where an incomplete sweep saw nothing stale: it would read as "all
    /// is well".
    #[must_use]
    pub fn metrics(&self, now: Timestamp) -> String {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let mut values: Vec<(Metric, i64)> = vec![
            (metrics::HELD_LOCKS, count(self.held)),
            (metrics::STALE_LOCKS, count(self.stale)),
            (metrics::UNREADABLE_LOCKS, count(self.unreadable)),
            (metrics::SWEEP_COMPLETED, i64::from(self.is_complete())),
            (metrics::SWEEP_INCOMPLETE, i64::from(!self.is_complete())),
        ];
        if self.is_complete() || self.stale > 0 {
            values.push((metrics::OLDEST_UNPROCESSED_AGE, self.oldest_age_seconds));
        }
        metrics::line(now, &values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn lock(path: &str, verdict: Verdict, age: i64) -> ReportedLock {
        ReportedLock {
            request: RequestCode::parse("7F3K2QWX").unwrap(),
            lock_id: LockPath::new(path).unwrap(),
            id: None,
            verdict,
            why: String::new(),
            held_at_least_seconds: 0,
            held_at_most_seconds: age,
            holder: None,
            operation: None,
        }
    }

    #[test]
    fn what_wants_attention_comes_first() {
        let mut report = SweepReport::default();
        report.list(vec![
            lock("b/held", Verdict::Held, 10),
            lock("b/old", Verdict::Stale, 9_000),
            lock("b/older", Verdict::Stale, 9_001),
            lock("b/odd", Verdict::Unreadable, 1),
        ]);
        let order: Vec<_> = report
            .locks
            .iter()
            .map(|lock| lock.lock_id.as_str())
            .collect();
        assert_eq!(order, ["b/odd", "b/older", "b/old", "b/held"]);
        assert_eq!(
            (
                report.held,
                report.stale,
                report.unreadable,
                report.oldest_age_seconds
            ),
            (4, 2, 1, 9_001)
        );
    }

    #[test]
    fn a_report_lists_a_hundred_and_counts_all() {
        let mut report = SweepReport::default();
        report.list(
            (0..1_000)
                .map(|n| lock(&format!("b/{n}"), Verdict::Stale, n))
                .collect(),
        );
        assert_eq!(
            (report.locks.len(), report.held, report.stale),
            (100, 1_000, 1_000)
        );
    }

    #[test]
    fn an_incomplete_sweep_that_saw_nothing_stale_does_not_claim_that_nothing_is() {
        let mut report = SweepReport::default();
        assert!(
            report
                .metrics(at("2026-01-01T00:00:00Z"))
                .contains(r#""OldestUnprocessedAge":0"#)
        );
        report.incomplete.push(Incomplete {
            store: "table t".to_owned(),
            why: "denied".to_owned(),
        });
        assert!(
            !report
                .metrics(at("2026-01-01T00:00:00Z"))
                .contains("OldestUnprocessedAge")
        );
        report.list(vec![lock("b/k", Verdict::Stale, 7)]);
        assert!(
            report
                .metrics(at("2026-01-01T00:00:00Z"))
                .contains(r#""OldestUnprocessedAge":7"#)
        );
    }
}
