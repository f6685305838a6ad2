//! The one place where a release is allowed.
//!
//! Whoever wants to delete a record needs a [`Release`], and only [`decide`] makes one: after comparing what is there now
//! with the text that people were asked about, and after judging it anew. A [`Release`] names the exact text or entity tag
//! of every record, so the delete itself compares once more and leaves anything else alone.
//!
//! ```compile_fail
//! // The fields are private: nothing else can make one.
//! let forged = lockwarden_core::release::Release { lock_file: None, item: None };
//! ```

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::evidence::{Looked, Run};
use crate::ids::LockPath;
use crate::item::{Content, Place};
use crate::ledger::Entry;
use crate::lock::Lock;
use crate::outcome::NewHolder;
use crate::policy::{
    self, ByRule, EvenIf, Judgement, Known, Policy, Sighting, StateObject, Verdict,
};
use crate::text;

/// Leave to delete one lock: what to delete, and what must still be there for it.
#[derive(Debug, PartialEq, Eq)]
pub struct Release {
    lock_file: Option<LockFileHalf>,
    item: Option<ItemHalf>,
}

/// Leave to delete one object, only while it has the entity tag that was judged, and never by version.
#[derive(Debug, PartialEq, Eq)]
pub struct LockFileHalf {
    bucket: String,
    key: String,
    etag: String,
}

/// Leave to delete one item, only while it holds what was judged.
#[derive(Debug, PartialEq, Eq)]
pub struct ItemHalf {
    table: String,
    path: LockPath,
    expected: Expected,
}

/// What an item must hold to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// `Info` with exactly this text, and no `Digest`.
    Info(String),
    /// Neither `Info` nor `Digest`.
    Nothing,
}

/// What is there at the moment of a decision.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The limits.
    pub policy: &'a Policy,
    /// The moment.
    pub now: Timestamp,
    /// Every lock on the path of the request, read consistently.
    pub present: &'a [Lock],
    /// What is known about the state object.
    pub state: &'a StateObject,
}

/// Whether the lock of a request is still there.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// It is.
    Same(&'a Lock),
    /// Another lock has its place.
    ChangedHands(NewHolder),
    /// Nothing has.
    Gone,
}

/// Why a lock may not be released.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another lock has its place.
    ChangedHands(NewHolder),
    /// It is not there any more.
    Gone,
    /// It is not stale, and the decision does not say that it may go all the same.
    NotStale {
        /// The judgement.
        judgement: Box<Judgement>,
        /// Every word that the decision would need.
        needs: Vec<EvenIf>,
    },
    /// It is stale, but there is something that the approver must say they know.
    Unmentioned {
        /// The judgement.
        judgement: Box<Judgement>,
        /// Every word that the decision would need.
        needs: Vec<EvenIf>,
    },
    /// The rule does not release it, or the dead-man's switch does not stamp it, or not any more; why.
    NotByRule(String),
    /// Lockwarden never deletes such a record; why.
    ByHandOnly(String),
}

/// Compares, judges and, if all is right, allows the release of the lock of `entry`.
///
/// # Errors
/// [`Refusal`], which is an answer and not a failure.
pub fn decide(
    entry: &Entry,
    look: &Look<'_>,
    even_if: &BTreeSet<EvenIf>,
) -> Result<Release, Refusal> {
    let (lock, judgement) = compare(entry, look)?;
    let release = release_of(lock)?;
    if judgement
        .objections
        .iter()
        .all(|objection| even_if.contains(objection))
    {
        return Ok(release);
    }
    let needs = judgement.objections.clone();
    let is_stale = judgement.verdict == Verdict::Stale;
    let judgement = Box::new(judgement);
    Err(if is_stale {
        Refusal::Unmentioned { judgement, needs }
    } else {
        Refusal::NotStale { judgement, needs }
    })
}

/// As [`decide`], for the decision of a rule: only if the same rule still says so, and all that it needs is certain.
///
/// # Errors
/// As [`decide`]; mostly [`Refusal::NotByRule`].
pub fn decide_by_rule(
    entry: &Entry,
    look: &Look<'_>,
    rule: &str,
    run: &Looked<Option<Run>>,
) -> Result<Release, Refusal> {
    let (lock, judgement) = compare(entry, look)?;
    let release = release_of(lock)?;
    if judgement.rule != rule {
        return Err(Refusal::NotByRule(format!(
            "the rule that applies to it now is `{}`",
            judgement.rule
        )));
    }
    let known = Known {
        sightings: entry.sightings,
        is_in_hands: entry.is_in_hands(),
        run,
    };
    match judgement.by_rule(known, look.now) {
        ByRule::Release => Ok(release),
        ByRule::Wait => Err(Refusal::NotByRule(
            "it is too early for the rule".to_owned(),
        )),
        ByRule::Nothing(why) => Err(Refusal::NotByRule(why)),
    }
}

/// The lock of `entry` as it is there now, and how it is judged now.
pub(crate) fn compare<'a>(
    entry: &Entry,
    look: &Look<'a>,
) -> Result<(&'a Lock, Judgement), Refusal> {
    match standing(entry, look.present) {
        Standing::Same(lock) => Ok((lock, judge_again(entry, lock, look))),
        Standing::ChangedHands(holder) => Err(Refusal::ChangedHands(holder)),
        Standing::Gone => Err(Refusal::Gone),
    }
}

/// Why Lockwarden never deletes this lock, if that is so; then people have to do it by hand.
#[must_use]
pub fn by_hand_only(lock: &Lock) -> Option<String> {
    match release_of(lock) {
        Err(Refusal::ByHandOnly(why)) => Some(why),
        Ok(_) | Err(_) => None,
    }
}

/// Judges a lock that is present, with what its entry knows.
#[must_use]
pub fn judge_again(entry: &Entry, lock: &Lock, look: &Look<'_>) -> Judgement {
    let sighting = Sighting {
        lock,
        first_seen: entry.first_seen,
        split_sightings: entry.split_sightings(),
        state: look.state,
    };
    policy::judge(look.policy, look.now, &sighting)
}

/// Whether the lock of `entry` is still what is on its path: every slot that held it holds it still, or nothing.
#[must_use]
pub fn standing<'a>(entry: &Entry, present: &'a [Lock]) -> Standing<'a> {
    let (same, others): (Vec<&Lock>, Vec<&Lock>) =
        present.iter().partition(|lock| entry.is_about(lock));
    let took_a_slot = |lock: &&&Lock| {
        lock.places
            .iter()
            .any(|place| entry.places.iter().any(|known| known.is_same_slot(place)))
    };
    // Asked first: where one half of a pair changed, the other half is not released either.
    if let Some(other) = others.iter().find(took_a_slot) {
        return Standing::ChangedHands(NewHolder::of(other.info().ok().as_ref()));
    }
    same.first()
        .map_or(Standing::Gone, |lock| Standing::Same(lock))
}

fn release_of(lock: &Lock) -> Result<Release, Refusal> {
    let by_hand = |why: String| Err(Refusal::ByHandOnly(why));
    let expected = match &lock.content {
        Content::Text(text) => Expected::Info(text.clone()),
        Content::Phantom => Expected::Nothing,
        Content::Closed(why) => {
            return by_hand(format!(
                "Lockwarden cannot compare this record, because {why}"
            ));
        }
    };
    let mut release = Release {
        lock_file: None,
        item: None,
    };
    for place in &lock.places {
        match place {
            Place::S3 {
                bucket, key, etag, ..
            } => {
                release.lock_file = Some(LockFileHalf {
                    bucket: bucket.clone(),
                    key: key.clone(),
                    etag: etag.clone(),
                });
            }
            Place::Dynamodb { .. } if lock.path.as_str().ends_with("-md5") => {
                return by_hand(format!(
                    "the key `{}` ends like a digest's, and Lockwarden has no right to write such keys",
                    text::shown(lock.path.as_str(), 300)
                ));
            }
            Place::Dynamodb { table } => {
                release.item = Some(ItemHalf {
                    table: table.clone(),
                    path: lock.path.clone(),
                    expected: expected.clone(),
                });
            }
        }
    }
    Ok(release)
}

impl Release {
    /// The lock object to delete. It goes first, as Terraform does it.
    #[must_use]
    pub fn lock_file(&self) -> Option<&LockFileHalf> {
        self.lock_file.as_ref()
    }

    /// The item to delete.
    #[must_use]
    pub fn item(&self) -> Option<&ItemHalf> {
        self.item.as_ref()
    }
}

impl LockFileHalf {
    /// Leave to take away an object that was just written, with the tag that S3 gave it: a restore that met a holder in
    /// the other store takes its first half back.
    pub(crate) fn just_written(bucket: String, key: String, etag: String) -> Self {
        Self { bucket, key, etag }
    }

    /// Its bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The entity tag that was judged, as S3 sent it.
    #[must_use]
    pub fn etag(&self) -> &str {
        &self.etag
    }
}

impl ItemHalf {
    /// Its table, as the setting names it.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Its key.
    #[must_use]
    pub fn path(&self) -> &LockPath {
        &self.path
    }

    /// What it must hold.
    #[must_use]
    pub fn expected(&self) -> &Expected {
        &self.expected
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::item::Record;
    use crate::lock::gather;
    use crate::testing::{at, item, lock_file, plain_policy};

    static POLICY: Policy = plain_policy(SignedDuration::from_mins(15));

    /// What `decide` says about the first lock of `asked` when `now` is there a day later.
    fn decided(
        asked: Vec<Record>,
        now: Vec<Record>,
        even_if: &[EvenIf],
    ) -> Result<Release, Refusal> {
        let lock = gather(asked).remove(0);
        let entry = Entry::first_sight(lock.code(0), &lock, at("2026-01-01T01:00:00Z"));
        let look = Look {
            policy: &POLICY,
            now: at("2026-01-02T00:00:00Z"),
            present: &gather(now),
            state: &StateObject::Absent,
        };
        decide(&entry, &look, &even_if.iter().copied().collect())
    }

    fn with(mut record: Record, content: Content) -> Record {
        record.content = content;
        record
    }

    #[test]
    fn a_stale_lock_that_is_unchanged_is_released_by_its_exact_text() {
        let record = item("t", "b/k", "A");
        let text = record.content.text().unwrap().to_owned();
        let release = decided(vec![record.clone()], vec![record.clone()], &[]).unwrap();
        let item = release.item().unwrap();
        assert_eq!(
            (item.table(), item.path(), item.expected()),
            ("t", &record.path, &Expected::Info(text))
        );
        assert_eq!(release.lock_file(), None);
    }

    #[test]
    fn a_pair_is_released_whole() {
        let pair = || vec![item("t", "b/k", "A"), lock_file("b/k", "A")];
        let release = decided(pair(), pair(), &[]).unwrap();
        assert!(release.lock_file().is_some() && release.item().is_some());
    }

    #[test]
    fn another_lock_in_its_place_is_named_and_left_alone() {
        let refusal = decided(
            vec![item("t", "b/k", "A")],
            vec![item("t", "b/k", "B")],
            &EvenIf::ALL,
        )
        .unwrap_err();
        let Refusal::ChangedHands(holder) = refusal else {
            panic!("{refusal:?}")
        };
        assert_eq!(holder.who, "runner@B");
    }

    #[test]
    fn a_lock_in_another_table_is_not_in_its_place() {
        let refusal = decided(
            vec![item("t1", "b/k", "A")],
            vec![item("t2", "b/k", "A")],
            &EvenIf::ALL,
        )
        .unwrap_err();
        assert_eq!(refusal, Refusal::Gone);
    }

    #[test]
    fn if_either_half_of_a_pair_changed_neither_goes() {
        let pair = || vec![item("t", "b/k", "A"), lock_file("b/k", "A")];
        for changed in [
            vec![item("t", "b/k", "A"), lock_file("b/k", "B")],
            vec![item("t", "b/k", "B"), lock_file("b/k", "A")],
        ] {
            let refusal = decided(pair(), changed, &EvenIf::ALL).unwrap_err();
            let Refusal::ChangedHands(holder) = refusal else {
                panic!("{refusal:?}")
            };
            assert_eq!(holder.who, "runner@B");
        }
    }

    #[test]
    fn one_side_of_a_split_needs_open_eyes_and_goes_alone() {
        let both = || vec![item("t", "b/k", "A"), lock_file("b/k", "B")];
        let refusal = decided(both(), both(), &[]).unwrap_err();
        assert!(
            matches!(refusal, Refusal::Unmentioned { ref needs, .. } if needs == &[EvenIf::Split]),
            "{refusal:?}"
        );
        let release = decided(both(), both(), &[EvenIf::Split]).unwrap();
        assert_eq!(release.lock_file().unwrap().etag(), "\"B\"");
        assert_eq!(release.item(), None);
    }

    #[test]
    fn a_half_that_is_left_of_a_pair_is_released() {
        let pair = vec![item("t", "b/k", "A"), lock_file("b/k", "A")];
        let release = decided(pair, vec![item("t", "b/k", "A")], &[]).unwrap();
        assert!(release.lock_file().is_none() && release.item().is_some());
    }

    #[test]
    fn what_cannot_be_understood_needs_open_eyes() {
        for content in [
            Content::Phantom,
            Content::Text(String::new()),
            Content::Text("locked by hand".to_owned()),
            Content::Text(
                r#"{"ID":"x","Created":"2026-01-01T00:00:00Z","Operation":"tflock"}"#.to_owned(),
            ),
            Content::Text(
                r#"{"ID":"x","Created":"2026-01-01T00:00:00Z","Operation":"init","Lease":""}"#
                    .to_owned(),
            ),
        ] {
            let record = || vec![with(item("t", "b/k", "A"), content.clone())];
            assert!(decided(record(), record(), &[]).is_err(), "{content:?}");
            assert!(
                decided(record(), record(), &[EvenIf::Unreadable]).is_ok(),
                "{content:?}"
            );
        }
    }

    #[test]
    fn what_cannot_be_compared_is_never_released() {
        let closed = || {
            vec![with(
                item("t", "b/k", "A"),
                Content::Closed("it is odd".to_owned()),
            )]
        };
        assert!(matches!(
            decided(closed(), closed(), &EvenIf::ALL),
            Err(Refusal::ByHandOnly(_))
        ));
        let digest_like = || vec![item("t", "b/k-md5", "A")];
        assert!(matches!(
            decided(digest_like(), digest_like(), &EvenIf::ALL),
            Err(Refusal::ByHandOnly(_))
        ));
        let object = || vec![lock_file("b/k-md5", "A")];
        assert!(decided(object(), object(), &[]).is_ok());
    }

    proptest! {
        /// Whatever is there: nothing is deleted that was not the very text people were asked about.
        #[test]
        fn no_release_names_a_text_that_was_not_asked_about(
            asked in proptest::collection::vec((0_usize..4, "[AB]"), 1..3),
            present in proptest::collection::vec((0_usize..4, "[ABC]"), 0..4),
        ) {
            let build = |list: &[(usize, String)]| list.iter().map(|(place, name)| match place {
                0 => item("t1", "b/k", name),
                1 => item("t2", "b/k", name),
                2 => with(item("t1", "b/k", name), Content::Phantom),
                _ => lock_file("b/k", name),
            }).collect::<Vec<_>>();
            let text = gather(build(&asked)).remove(0).content;
            if let Ok(release) = decided(build(&asked), build(&present), &EvenIf::ALL) {
                if let Some(item) = release.item() {
                    let expected = match &text {
                        Content::Text(text) => Expected::Info(text.clone()),
                        _ => Expected::Nothing,
                    };
                    prop_assert_eq!(item.expected(), &expected);
                }
                if let Some(file) = release.lock_file() {
                    let holder = format!("runner@{}", file.etag().trim_matches('"'));
                    prop_assert!(text.text().is_some_and(|text| text.contains(&holder)));
                }
            }
        }
    }
}
