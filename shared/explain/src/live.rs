//! What the live record says about a pasted lock.

use lockwarden_core::ids::RequestCode;
use lockwarden_core::paste::{Kind, LockError};
use lockwarden_core::policy::Verdict;
use lockwarden_core::report::{LookedAt, ReportedLock};
use lockwarden_core::text::shown;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

/// What is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Live {
    /// The pasted lock, as a sweep judges it.
    Same(Box<LiveLock>),
    /// A lock; the text shows no lock ID, so nobody can say whether it is the pasted one.
    Unnamed(Box<LiveLock>),
    /// Another lock.
    Other {
        /// Its lock ID.
        id: String,
        /// Its holder.
        holder: String,
    },
    /// Nothing.
    Gone,
    /// Nobody looked, or could look.
    NotLooked {
        /// Why.
        why: String,
    },
}

/// A lock that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveLock {
    /// How it is judged.
    pub verdict: Verdict,
    /// Why.
    pub why: String,
    /// Its request.
    pub request: RequestCode,
}

impl LiveLock {
    fn of(lock: &ReportedLock) -> Self {
        Self {
            verdict: lock.verdict,
            why: shown(&lock.why, 1_000),
            request: lock.request.clone(),
        }
    }

    /// Whether its holder shows life, or has had the lock for too short a time to be dead.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        matches!(self.verdict, Verdict::Alive | Verdict::Held)
    }
}

impl Live {
    /// What a look at a state says about the lock of an error. `table`: the lock table, where it is known which one it is.
    #[must_use]
    pub fn of(looked: &LookedAt, error: &LockError, table: Option<&str>) -> Self {
        let Some(id) = error.lock.id.as_deref() else {
            return match looked.locks.first() {
                Some(lock) => Self::Unnamed(Box::new(LiveLock::of(lock))),
                None => Self::without_lock(looked, error, table),
            };
        };
        let has_id =
            |lock: &&ReportedLock| lock.id.as_ref().is_some_and(|there| there.as_str() == id);
        match looked.locks.iter().find(has_id) {
            Some(lock) => Self::Same(Box::new(LiveLock::of(lock))),
            None => Self::without_lock(looked, error, table),
        }
    }

    /// The pasted lock was not seen.
    fn without_lock(looked: &LookedAt, error: &LockError, table: Option<&str>) -> Self {
        let other = looked.locks.first().map(|other| {
            let id = other.id.as_ref().map_or_else(
                || "no ID that can be read".to_owned(),
                |id| shown(id.as_str(), 300),
            );
            let holder = other.holder.as_deref();
            let holder = holder.map_or_else(
                || "nobody can tell whom".to_owned(),
                |holder| shown(holder, 300),
            );
            (id, holder)
        });
        let not_read = looked.incomplete.first();
        let not_read = not_read.map(|trouble| format!("{}: {}", trouble.store, trouble.why));
        let blind_spot = not_read.or_else(|| other_table(looked, error.kind, table));
        // The lock may be in the very store that was not read, so what else is there does not say that it is gone.
        match (blind_spot, other) {
            (Some(why), None) => Self::NotLooked { why },
            (Some(why), Some((id, holder))) => Self::NotLooked {
                why: format!(
                    "{why}; elsewhere is another lock of this state: {id}, held by {holder}"
                ),
            },
            (None, Some((id, holder))) => Self::Other { id, holder },
            (None, None) => Self::Gone,
        }
    }

    /// The request of the pasted lock.
    #[must_use]
    pub fn request(&self) -> Option<&RequestCode> {
        match self {
            Self::Same(lock) => Some(&lock.request),
            Self::Unnamed(_) | Self::Other { .. } | Self::Gone | Self::NotLooked { .. } => None,
        }
    }
}

/// Why a lock in a table cannot be seen, where its table is not one of those that were asked.
fn other_table(looked: &LookedAt, kind: Kind, table: Option<&str>) -> Option<String> {
    if kind != Kind::Dynamodb {
        return None;
    }
    match table {
        None if looked.tables.is_empty() => {
            Some("the lock is in a DynamoDB table, and LOCK_TABLES names none".to_owned())
        }
        Some(table) if looked.tables.iter().all(|asked| asked != table) => Some(format!(
            "the lock is in the table {}, which LOCK_TABLES does not name",
            shown(table, 300)
        )),
        None | Some(_) => None,
    }
}

/// As in the contract: `verdict` and `request`, both `null` where the pasted lock was not found, and `why`.
impl Serialize for Live {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (verdict, request, why) = match self {
            Self::Same(lock) => (Some(lock.verdict), Some(&lock.request), lock.why.clone()),
            Self::Unnamed(lock) => (
                Some(lock.verdict),
                None,
                format!(
                    "a lock is there, and without a lock ID in the text nobody can say whether it is this one: {}",
                    lock.why
                ),
            ),
            Self::Other { id, holder } => (
                None,
                None,
                format!("another lock is there now: {id}, held by {holder}"),
            ),
            Self::Gone => (None, None, "nothing holds this state now".to_owned()),
            Self::NotLooked { why } => (None, None, format!("not looked: {why}")),
        };
        let mut live = serializer.serialize_struct("Live", 3)?;
        live.serialize_field("verdict", &verdict)?;
        live.serialize_field("request", &request)?;
        live.serialize_field("why", &why)?;
        live.end()
    }
}

#[cfg(test)]
mod tests {
    use lockwarden_core::ids::{LockId, LockPath};
    use lockwarden_core::paste;
    use lockwarden_core::report::Incomplete;
    use serde_json::json;

    use super::*;
    use crate::advice::{Advice, Ways};

    fn lock(id: Option<&str>, verdict: Verdict) -> ReportedLock {
        ReportedLock {
            request: RequestCode::parse("7F3K2QWX").unwrap(),
            lock_id: LockPath::new("acme/prod.tfstate").unwrap(),
            id: id.map(|id| LockId::new(id).unwrap()),
            verdict,
            why: "older than 15m".to_owned(),
            held_at_least_seconds: 0,
            held_at_most_seconds: 1000,
            holder: Some("bob@ci\u{1b}[2J".to_owned()),
            operation: None,
        }
    }

    fn looked(locks: Vec<ReportedLock>, is_whole: bool) -> LookedAt {
        let trouble = Incomplete {
            store: "table locks".to_owned(),
            why: "access denied".to_owned(),
        };
        LookedAt {
            lock_id: LockPath::new("acme/prod.tfstate").unwrap(),
            locks,
            tables: vec!["locks".to_owned()],
            incomplete: if is_whole { vec![] } else { vec![trouble] },
        }
    }

    /// The error about a lock in a table, with this ID or with none.
    fn error(id: Option<&str>) -> LockError {
        let id = id.map_or_else(String::new, |id| format!("  ID:        {id}\n"));
        let text = format!(
            "Error: Error acquiring the state lock\n\nError message: ConditionalCheckFailedException: The conditional request failed\n\
             Lock Info:\n{id}  Path:      acme/prod.tfstate\n  Operation: OperationTypeApply\n"
        );
        let found = paste::find(&text);
        assert_eq!(found.errors[0].kind, Kind::Dynamodb);
        found.errors[0].clone()
    }

    fn live(looked: &LookedAt, id: Option<&str>) -> Live {
        Live::of(looked, &error(id), None)
    }

    fn advice(live: &Live) -> Advice {
        Advice::of(&error(Some("a1")), Some(live))
    }

    #[test]
    fn the_pasted_lock_is_found_by_its_id_among_all_that_are_there() {
        for is_whole in [true, false] {
            let both = [Some("b2"), Some("a1")].map(|id| lock(id, Verdict::Split));
            let live = live(&looked(both.to_vec(), is_whole), Some("a1"));
            assert_eq!(
                json!(live),
                json!({"verdict": "split", "request": "7F3K2QWX", "why": "older than 15m"})
            );
            assert_eq!(live.request().unwrap().as_str(), "7F3K2QWX");
        }
    }

    #[test]
    fn what_is_there_is_shown_for_a_paste_without_an_id_and_no_request_of_it() {
        for there in [
            lock(Some("b2"), Verdict::Stale),
            lock(None, Verdict::Unreadable),
        ] {
            let verdict = there.verdict;
            let live = live(&looked(vec![there], true), None);
            assert!(matches!(live, Live::Unnamed(_)), "{live:?}");
            assert_eq!(live.request(), None);
            let told = json!(live);
            assert_eq!(
                (&told["verdict"], &told["request"]),
                (&json!(verdict), &json!(null))
            );
        }
        let at_work = live(&looked(vec![lock(Some("b2"), Verdict::Alive)], true), None);
        let advice = Advice::of(&error(None), Some(&at_work));
        assert!(
            advice.words.starts_with("Do NOT unlock. A lock is there"),
            "{}",
            advice.words
        );
        assert_eq!(advice.ways, Ways::None);
    }

    #[test]
    fn another_lock_is_told_and_never_released_for_the_pasted_one() {
        for (there, words) in [
            (lock(Some("b2"), Verdict::Stale), "b2, held by bob@ci"),
            (
                lock(None, Verdict::Unreadable),
                "no ID that can be read, held by bob@ci",
            ),
        ] {
            let live = live(&looked(vec![there], true), Some("a1"));
            assert_eq!(live.request(), None);
            let told = json!(live);
            assert_eq!(
                (&told["verdict"], &told["request"]),
                (&json!(null), &json!(null))
            );
            let why = told["why"].as_str().unwrap();
            assert!(why.contains(words), "{why}");
            assert!(
                why.chars().all(lockwarden_core::text::is_printable),
                "{why}"
            );
            let advice = advice(&live);
            assert!(
                advice
                    .words
                    .starts_with("Do NOT unlock. The lock in this text is gone")
            );
            assert_eq!(advice.ways, Ways::None);
        }
    }

    #[test]
    fn a_lock_is_gone_only_where_every_store_was_read() {
        assert_eq!(live(&looked(vec![], true), Some("a1")), Live::Gone);
        assert_eq!(advice(&Live::Gone).ways, Ways::None);
        for locks in [vec![], vec![lock(Some("b2"), Verdict::Stale)]] {
            let live = live(&looked(locks, false), Some("a1"));
            let Live::NotLooked { why } = &live else {
                panic!("{live:?}");
            };
            assert!(why.starts_with("table locks: access denied"), "{why}");
            assert!(
                json!(live)["why"]
                    .as_str()
                    .unwrap()
                    .starts_with("not looked: table locks")
            );
            assert_eq!(live.request(), None);
            // What the paste says still holds.
            assert!(advice(&live).words.contains("really dead?"));
        }
    }

    #[test]
    fn a_lock_in_a_table_that_nobody_asked_is_not_gone() {
        let nothing = looked(vec![], true);
        let other = looked(vec![lock(Some("b2"), Verdict::Stale)], true);
        for there in [&nothing, &other] {
            let elsewhere = Live::of(there, &error(Some("a1")), Some("locks-of-team-b"));
            let Live::NotLooked { why } = &elsewhere else {
                panic!("{elsewhere:?}");
            };
            assert!(why.contains("locks-of-team-b"), "{why}");
            let asked = Live::of(there, &error(Some("a1")), Some("locks"));
            assert!(matches!(asked, Live::Gone | Live::Other { .. }));
        }
        let no_table = LookedAt {
            tables: vec![],
            ..nothing
        };
        let unseen = live(&no_table, Some("a1"));
        assert!(matches!(unseen, Live::NotLooked { .. }), "{unseen:?}");
        // A lock object is beside its state, in no table.
        let beside = LockError {
            kind: Kind::S3Lockfile,
            ..error(Some("a1"))
        };
        assert_eq!(Live::of(&no_table, &beside, None), Live::Gone);
    }

    #[test]
    fn a_holder_at_work_keeps_its_lock_whatever_the_paste_looks_like() {
        for (verdict, ways) in [
            (Verdict::Alive, Ways::None),
            (Verdict::Held, Ways::None),
            (Verdict::Stale, Ways::All),
            (Verdict::Skewed, Ways::All),
            (Verdict::Split, Ways::None),
        ] {
            let live = live(&looked(vec![lock(Some("a1"), verdict)], true), Some("a1"));
            let advice = advice(&live);
            assert_eq!(advice.ways, ways, "{verdict:?}");
            let is_never = advice.words.starts_with("Do NOT unlock. ");
            assert_eq!(is_never, ways == Ways::None, "{}", advice.words);
        }
    }
}
