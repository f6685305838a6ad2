//! Who holds what: the same holder, or the same host, at work on other states.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::Paths;
use crate::ids::LockPath;
use crate::lock::Lock;
use crate::report::ReportedLock;
use crate::text;

/// What the holder of a lock, and its host, have locked besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// Other states that the same holder has locked now.
    pub holds_too: Paths,
    /// Other states that it had locked at the sweep before, and has not any more.
    pub held_before: Paths,
    /// The newest lock that was taken on the same host after this one.
    pub newer_on_host: Option<NewerLock>,
}

/// A lock that was taken later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewerLock {
    /// Its state.
    pub lock_id: LockPath,
    /// Its holder.
    pub who: String,
    /// When it was taken or, by its holder's clock, asked for.
    pub since: Timestamp,
}

/// Every lock that a sweep saw, by who holds it.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    now: BTreeMap<String, Vec<LockPath>>,
    before: BTreeMap<String, Vec<LockPath>>,
    on_host: BTreeMap<String, Vec<NewerLock>>,
}

impl Holders {
    /// From the locks that are there, and those of the last report.
    #[must_use]
    pub fn of<'a>(locks: impl IntoIterator<Item = &'a Lock>, last_report: &[ReportedLock]) -> Self {
        let mut holders = Self::default();
        for lock in locks {
            let Ok(info) = lock.info() else { continue };
            if info.who.is_empty() {
                continue;
            }
            let held = holders.now.entry(info.who.clone()).or_default();
            held.push(lock.path.clone());
            if let (Some(host), Some(since)) = (info.host(), lock.since()) {
                let on_host = holders.on_host.entry(host.to_owned()).or_default();
                on_host.push(NewerLock {
                    lock_id: lock.path.clone(),
                    since,
                    who: text::shown(&info.who, ReportedLock::HOLDER),
                });
            }
        }
        for lock in last_report {
            if let Some(who) = lock.holder.as_ref().filter(|who| !who.is_empty()) {
                let held = holders.before.entry(who.clone()).or_default();
                held.push(lock.lock_id.clone());
            }
        }
        holders
    }

    /// What is known of the holder of this lock besides.
    #[must_use]
    pub fn elsewhere(&self, lock: &Lock) -> Elsewhere {
        let Ok(info) = lock.info() else {
            return Elsewhere::default();
        };
        let mine = lock.since();
        let now = self.now.get(&info.who).cloned().unwrap_or_default();
        let reported = text::shown(&info.who, ReportedLock::HOLDER);
        let before = self.before.get(&reported).cloned().unwrap_or_default();
        let held_before = before
            .into_iter()
            .filter(|path| *path != lock.path && !now.contains(path))
            .collect();
        let holds_too = now.into_iter().filter(|path| *path != lock.path).collect();
        let on_host = info.host().and_then(|host| self.on_host.get(host));
        let newer = on_host
            .into_iter()
            .flatten()
            .filter(|other| other.lock_id != lock.path && Some(other.since) > mine);
        Elsewhere {
            holds_too: Paths::of(holds_too),
            held_before: Paths::of(held_before),
            newer_on_host: newer.max_by_key(|other| other.since).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::gather;
    use crate::policy::Verdict;
    use crate::testing::{at, item_with, path};

    fn lock(key: &str, who: &str, created: &str) -> Lock {
        let text = format!(
            r#"{{"ID":"{key}","Operation":"OperationTypePlan","Info":"","Who":"{who}","Version":"1.11.4","Created":"{created}","Path":""}}"#
        );
        gather(vec![item_with("t", key, &text)]).remove(0)
    }

    fn reported(key: &str, who: &str) -> ReportedLock {
        let lock = lock(key, who, TEN);
        ReportedLock {
            request: lock.code(0),
            lock_id: lock.path.clone(),
            id: lock.id(),
            verdict: Verdict::Held,
            why: "young".to_owned(),
            held_at_least_seconds: 0,
            held_at_most_seconds: 0,
            holder: Some(who.to_owned()),
            operation: None,
        }
    }

    const TEN: &str = "2026-01-01T10:00:00Z";
    const ELEVEN: &str = "2026-01-01T11:00:00Z";

    #[test]
    fn the_same_holder_elsewhere_is_seen_now_and_before() {
        let mine = lock("b/mine", "ci@7", TEN);
        let locks = [
            mine.clone(),
            lock("b/too", "ci@7", TEN),
            lock("b/other", "bob@laptop", TEN),
        ];
        let last = [
            reported("b/mine", "ci@7"),
            reported("b/too", "ci@7"),
            reported("b/done", "ci@7"),
            reported("b/done-by-bob", "bob@laptop"),
        ];
        let elsewhere = Holders::of(&locks, &last).elsewhere(&mine);
        assert_eq!(elsewhere.holds_too.first, [path("b/too")]);
        assert_eq!(elsewhere.held_before.first, [path("b/done")]);
        assert_eq!(elsewhere.newer_on_host, None);
    }

    #[test]
    fn the_newest_lock_of_the_same_host_is_told_if_it_is_newer() {
        let mine = lock("b/mine", "ci@7", TEN);
        let locks = [
            mine.clone(),
            lock("b/old", "ci@7", "2026-01-01T09:00:00Z"),
            lock("b/new", "root@7", ELEVEN),
            lock("b/newer", "root@8", "2026-01-01T12:00:00Z"),
        ];
        let newer = Holders::of(&locks, &[]).elsewhere(&mine).newer_on_host;
        let expected = NewerLock {
            lock_id: path("b/new"),
            who: "root@7".to_owned(),
            since: at(ELEVEN),
        };
        assert_eq!(newer, Some(expected));
    }

    #[test]
    fn nobody_is_the_same_as_nobody() {
        for who in ["", "ci@"] {
            let mine = lock("b/mine", who, TEN);
            let locks = [mine.clone(), lock("b/too", who, ELEVEN)];
            let elsewhere = Holders::of(&locks, &[]).elsewhere(&mine);
            assert_eq!(elsewhere.newer_on_host, None, "{who}");
            assert_eq!(elsewhere.holds_too.are_none(), who.is_empty(), "{who}");
        }
    }

    #[test]
    fn what_cannot_be_read_has_no_holder() {
        let unreadable = gather(vec![item_with("t", "b/k", "{")]).remove(0);
        let holders = Holders::of([&unreadable], &[]);
        assert_eq!(holders.elsewhere(&unreadable), Elsewhere::default());
    }
}
