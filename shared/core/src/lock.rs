//! Which records are one lock.
//!
//! With both mechanisms on, Terraform writes the same text to both stores: that pair is one lock. Where the two differ,
//! two holders each believe that they hold the state: a split, two locks that point at each other.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::ids::{Identity, LockId, LockPath, RequestCode};
use crate::item::{Content, Place, Record};
use crate::record::{self, LockInfo};

/// One lock: a record, or the two equal records of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The state it locks.
    pub path: LockPath,
    /// What its records say, the same in each.
    pub content: Content,
    /// Where it is stored: one place, or S3 and then DynamoDB.
    pub places: Vec<Place>,
    /// The other locks on the same state in the other mechanism; not empty means a split.
    pub rivals: Vec<Rival>,
}

/// The other side of a split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rival {
    /// Where it is stored.
    pub place: Place,
    /// What it says.
    pub content: Content,
}

/// Puts records together into locks, ordered by path; both halves of a pair become one lock.
///
/// The same path in two tables is two locks: each table has holders of its own.
#[must_use]
pub fn gather(records: Vec<Record>) -> Vec<Lock> {
    let mut states: BTreeMap<LockPath, Vec<Record>> = BTreeMap::new();
    for record in records {
        let of_state = states.entry(record.path.clone()).or_default();
        // Two settings may cover the same object (`bucket` and `bucket/prefix`).
        if !of_state
            .iter()
            .any(|known| known.place.is_same_slot(&record.place))
        {
            of_state.push(record);
        }
    }
    states
        .into_iter()
        .flat_map(|(path, records)| locks_of_state(&path, records))
        .collect()
}

fn locks_of_state(path: &LockPath, mut records: Vec<Record>) -> Vec<Lock> {
    records.sort_by(|a, b| a.place.cmp(&b.place));
    let mut locks: Vec<Lock> = Vec::new();
    for Record { place, content, .. } in records {
        let half = locks
            .iter_mut()
            .find(|lock| is_other_half(lock, &place, &content));
        match half {
            Some(lock) => lock.places.push(place),
            None => locks.push(Lock {
                path: path.clone(),
                content,
                places: vec![place],
                rivals: Vec::new(),
            }),
        }
    }
    let all = locks.clone();
    for lock in &mut locks {
        lock.rivals = rivals_of(lock, &all);
    }
    locks
}

/// A lone S3 record and a DynamoDB record with the same text. Only text can match: two records that cannot be read are
/// not known to be the same.
fn is_other_half(lock: &Lock, place: &Place, content: &Content) -> bool {
    matches!(
        (lock.places.as_slice(), place),
        ([Place::S3 { .. }], Place::Dynamodb { .. })
    ) && matches!(content, Content::Text(_))
        && lock.content == *content
}

/// A whole pair has no rivals; a lone half has every lone lock of the other mechanism.
fn rivals_of(lock: &Lock, all: &[Lock]) -> Vec<Rival> {
    let [own] = lock.places.as_slice() else {
        return Vec::new();
    };
    all.iter()
        .filter_map(|other| match (other.places.as_slice(), own) {
            ([place @ Place::S3 { .. }], Place::Dynamodb { .. })
            | ([place @ Place::Dynamodb { .. }], Place::S3 { .. }) => Some(Rival {
                place: place.clone(),
                content: other.content.clone(),
            }),
            _ => None,
        })
        .collect()
}

impl Lock {
    /// What the record says.
    ///
    /// # Errors
    /// The reason, in a sentence without a full stop, where it cannot be understood.
    pub fn info(&self) -> Result<LockInfo, String> {
        match &self.content {
            Content::Text(text) => record::parse(text).map_err(|error| error.to_string()),
            Content::Phantom => Err("the item holds nothing but its key, so nobody can hold it and it blocks everybody; \
                 `terraform force-unlock` cannot remove it"
                .to_owned()),
            Content::Closed(why) => Err(why.clone()),
        }
    }

    /// The lock ID, where one can be read.
    #[must_use]
    pub fn id(&self) -> Option<LockId> {
        self.info().ok().map(|info| info.id)
    }

    /// What its request code is made from.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.id()
            .map_or_else(|| Identity::Raw(self.raw_identity()), Identity::Id)
    }

    /// The text as read; for a record that could not be read, what tells this one from the next on the same path.
    fn raw_identity(&self) -> String {
        match (&self.content, self.places.first()) {
            (Content::Text(text), _) => text.clone(),
            (Content::Phantom, _) => "phantom".to_owned(),
            (Content::Closed(_), Some(Place::S3 { etag, .. })) => format!("closed {etag}"),
            (Content::Closed(_), Some(Place::Dynamodb { .. }) | None) => "closed".to_owned(),
        }
    }

    /// Its request code, `extensions` steps longer than the shortest.
    #[must_use]
    pub fn code(&self, extensions: usize) -> RequestCode {
        RequestCode::of(&self.path, &self.identity(), extensions)
    }

    /// The codes of the other side of a split, in order.
    #[must_use]
    pub fn rival_codes(&self) -> Vec<RequestCode> {
        let codes = self.rivals.iter().map(|rival| self.beside(rival).code(0));
        codes.collect()
    }

    /// The other side of a split as a lock of its own.
    #[must_use]
    pub fn beside(&self, rival: &Rival) -> Self {
        Self {
            path: self.path.clone(),
            content: rival.content.clone(),
            places: vec![rival.place.clone()],
            rivals: Vec::new(),
        }
    }

    /// When the lock was taken, by AWS's clock; known only where there is a lock object.
    #[must_use]
    pub fn taken(&self) -> Option<Timestamp> {
        self.places.iter().find_map(|place| match place {
            Place::S3 { modified, .. } => Some(*modified),
            Place::Dynamodb { .. } => None,
        })
    }

    /// Since when the holder has the lock, as well as anybody knows: when it was taken or, where there is no lock object, when
    /// the holder began trying, by its own clock. `None` where the record tells neither.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        self.taken()
            .or_else(|| self.info().ok().map(|info| info.created))
    }

    /// Whether there is a DynamoDB half. Clients that lose on DynamoDB make and remove a lock object on every retry, so
    /// a lone lock object may be gone within milliseconds; a DynamoDB item is not such a ghost.
    #[must_use]
    pub fn has_item(&self) -> bool {
        self.places
            .iter()
            .any(|place| matches!(place, Place::Dynamodb { .. }))
    }

    /// Whether both are the same lock: same state, same content, and no two places that contradict each other (the same
    /// LockID in two tables is two locks).
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        let tables = |lock: &Self| {
            lock.places
                .iter()
                .find(|place| matches!(place, Place::Dynamodb { .. }))
                .cloned()
        };
        let same_table = match (tables(self), tables(other)) {
            (Some(a), Some(b)) => a.is_same_slot(&b),
            (None, _) | (_, None) => true,
        };
        self.path == other.path
            && self.content == other.content
            && same_table
            && self.same_object(other)
    }

    /// An object that cannot be read is told by its entity tag alone.
    fn same_object(&self, other: &Self) -> bool {
        !matches!(self.content, Content::Closed(_)) || self.raw_identity() == other.raw_identity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{item, lock_file, path, text_of};

    #[test]
    fn a_pair_is_one_lock_with_s3_first() {
        let locks = gather(vec![item("t", "b/k", "A"), lock_file("b/k", "A")]);
        assert_eq!(locks.len(), 1);
        assert!(matches!(
            locks[0].places[..],
            [Place::S3 { .. }, Place::Dynamodb { .. }]
        ));
        assert!(locks[0].rivals.is_empty());
    }

    #[test]
    fn different_text_is_a_split_of_two_locks_that_name_each_other() {
        let locks = gather(vec![item("t", "b/k", "A"), lock_file("b/k", "B")]);
        assert_eq!(locks.len(), 2);
        assert_eq!(locks[0].rivals[0].content, locks[1].content);
        assert_eq!(locks[1].rivals[0].content, locks[0].content);
    }

    #[test]
    fn the_same_lock_id_in_two_tables_is_two_locks() {
        let locks = gather(vec![item("t1", "b/k", "A"), item("t2", "b/k", "A")]);
        assert_eq!(locks.len(), 2);
        assert!(locks.iter().all(|lock| lock.rivals.is_empty()));
        assert!(!locks[0].is_same_as(&locks[1]));
    }

    #[test]
    fn a_pair_beside_a_lock_in_another_table_is_no_split() {
        let locks = gather(vec![
            lock_file("b/k", "A"),
            item("t1", "b/k", "B"),
            item("t2", "b/k", "A"),
        ]);
        assert_eq!(locks.len(), 2);
        assert!(locks.iter().all(|lock| lock.rivals.is_empty()));
    }

    #[test]
    fn workspaces_are_states_of_their_own() {
        let locks = gather(vec![
            item("t", "b/env:/dev/k", "A"),
            item("t", "b/k", "B"),
            lock_file("b/env:/dev/k", "A"),
        ]);
        let paths: Vec<_> = locks
            .iter()
            .map(|lock| (lock.path.as_str(), lock.places.len()))
            .collect();
        assert_eq!(paths, [("b/env:/dev/k", 2), ("b/k", 1)]);
    }

    #[test]
    fn an_object_found_twice_counts_once() {
        assert_eq!(
            gather(vec![lock_file("b/k", "A"), lock_file("b/k", "A")]).len(),
            1
        );
    }

    #[test]
    fn two_records_nobody_can_read_are_never_taken_for_a_pair() {
        let closed = Content::Closed("denied".to_owned());
        let mut records = vec![item("t", "b/k", "A"), lock_file("b/k", "A")];
        for record in &mut records {
            record.content = closed.clone();
        }
        assert_eq!(gather(records).len(), 2);
    }

    #[test]
    fn the_code_follows_the_id_and_for_unreadable_text_the_text() {
        let a = gather(vec![item("t", "b/k", "A")]).remove(0);
        let pair = gather(vec![item("t", "b/k", "A"), lock_file("b/k", "A")]).remove(0);
        assert_eq!(a.code(0), pair.code(0));
        assert_eq!(a.code(0), RequestCode::of(&path("b/k"), &a.identity(), 0));
        let mut broken = a.clone();
        broken.content = Content::Text(text_of("A")[..40].to_owned());
        assert_ne!(a.code(0), broken.code(0));
    }
}
