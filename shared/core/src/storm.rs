//! Many locks that people are to be asked about at once: told in one notice, decided by one decision.
//!
//! A dead runner, or a pipeline that was cancelled, leaves a lock behind for each of its states. Sixty notices about one thing
//! hide it, and nobody answers sixty of them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{RequestCode, StormCode};
use crate::lock::Lock;
use crate::policy::{Judgement, Verdict};
use crate::settings::TopicArn;

/// More questions than this in one sweep are one notice.
pub const MANY: usize = 5;
/// So many questions about locks of one host are one notice, even where they are no more than [`MANY`].
pub const OF_ONE_HOST: usize = 3;
/// The most locks of one storm: so many `approve` can look at, one by one, in the half minute that it has. More of them are
/// several storms.
pub const LARGEST: usize = 500;

/// Locks that people were asked about in one notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storm {
    /// What people call it.
    pub code: StormCode,
    /// When they were asked. A lock that began a new life since is not meant.
    pub at: Timestamp,
    /// The requests, the worst first.
    pub requests: Vec<RequestCode>,
    /// The topic of their own where people were asked, which their rules have in common; `None`: the notice topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<TopicArn>,
}

impl Storm {
    /// A storm of these locks.
    #[must_use]
    pub fn of(requests: Vec<RequestCode>, at: Timestamp) -> Self {
        Self {
            code: StormCode::of(&requests),
            at,
            requests,
            topic: None,
        }
    }
}

/// Whether a question may be one of many: only plain stale locks are alike. What cannot be read, or is held twice, is told alone.
#[must_use]
pub fn may_join(judgement: &Judgement) -> bool {
    judgement.verdict == Verdict::Stale
}

/// The worst first: the loudest, then the oldest.
#[must_use]
pub fn worst_first(a: &Judgement, b: &Judgement) -> Ordering {
    let rank = |judgement: &Judgement| (judgement.terms.severity, judgement.held.at_most);
    rank(b).cmp(&rank(a))
}

/// Where a lock comes from, as far as its record says: the host of its holder or, without one, the holder.
#[must_use]
pub fn origin(lock: &Lock) -> Option<String> {
    let info = lock.info().ok()?;
    let origin = info.host().unwrap_or(&info.who);
    (!origin.is_empty()).then(|| origin.to_owned())
}

/// Puts the questions of one sweep together: all of them where they are more than [`MANY`], else those of one origin where they are
/// [`OF_ONE_HOST`] or more. Each group is one notice; a group of one is an ordinary one.
#[must_use]
pub fn together<Q>(questions: Vec<Q>, origin: impl Fn(&Q) -> Option<String>) -> Vec<Vec<Q>> {
    if questions.len() > MANY {
        return vec![questions];
    }
    let mut alone = Vec::new();
    let mut of_origin: BTreeMap<String, Vec<Q>> = BTreeMap::new();
    for question in questions {
        match origin(&question) {
            Some(origin) => of_origin.entry(origin).or_default().push(question),
            None => alone.push(vec![question]),
        }
    }
    for group in of_origin.into_values() {
        if group.len() >= OF_ONE_HOST {
            alone.push(group);
        } else {
            alone.extend(group.into_iter().map(|question| vec![question]));
        }
    }
    alone
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::lock::gather;
    use crate::policy::{Severity, Sighting, StateObject, judge};
    use crate::testing::{at, item, plain_policy};

    /// How the questions of these hosts are grouped: the sizes, the largest first.
    fn sizes(hosts: &[&str]) -> Vec<usize> {
        let questions = hosts.to_vec();
        let host = |host: &&str| (!host.is_empty()).then(|| (*host).to_owned());
        let mut sizes: Vec<usize> = together(questions, host).iter().map(Vec::len).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        sizes
    }

    #[test]
    fn the_loudest_and_then_the_oldest_come_first() {
        let judged = |severity: Severity, hours: i64| {
            let lock = gather(vec![item("t", "b/k", "A")]).remove(0);
            let policy = plain_policy(SignedDuration::from_mins(15));
            let sighting = Sighting {
                lock: &lock,
                first_seen: at("2026-01-01T00:00:00Z"),
                split_sightings: 0,
                state: &StateObject::Absent,
            };
            let now = at("2026-01-01T00:00:00Z") + SignedDuration::from_hours(hours);
            let mut judgement = judge(&policy, now, &sighting);
            judgement.terms.severity = severity;
            judgement
        };
        let old = judged(Severity::Warning, 9);
        let young = judged(Severity::Warning, 2);
        let loud = judged(Severity::Page, 1);
        let mut all = [&young, &loud, &old];
        all.sort_by(|a, b| worst_first(a, b));
        assert_eq!(all, [&loud, &old, &young]);
    }

    #[test]
    fn more_than_five_are_one_whoever_holds_them() {
        assert_eq!(sizes(&["a", "b", "c", "d", "e"]), [1, 1, 1, 1, 1]);
        assert_eq!(sizes(&["a", "b", "c", "d", "e", "f"]), [6]);
        assert_eq!(sizes(&["", "", "", "", "", ""]), [6]);
    }

    #[test]
    fn three_of_one_host_are_one_and_the_others_stay_alone() {
        assert_eq!(sizes(&["a", "a"]), [1, 1]);
        assert_eq!(sizes(&["a", "b", "a", "a"]), [3, 1]);
        // That nobody knows where they come from is nothing that they have in common.
        assert_eq!(sizes(&["", "", ""]), [1, 1, 1]);
        assert_eq!(sizes(&[]), [0; 0]);
    }
}
