//! Putting a released lock back: the exact text, and only where nothing holds the state now.
//!
//! Like a [`crate::release::Release`], a [`Restore`] is leave to write, and only [`decide`] gives it.

use crate::ids::LockPath;
use crate::item::{Content, Place};
use crate::ledger::{Entry, Status};
use crate::lock::Lock;
use crate::outcome::NewHolder;
use crate::release::LockFileHalf;

/// Leave to put one lock back.
#[derive(Debug, PartialEq, Eq)]
pub struct Restore {
    lock_file: Option<LockFileToPut>,
    item: Option<ItemToPut>,
}

/// Leave to write one object, only where none is.
#[derive(Debug, PartialEq, Eq)]
pub struct LockFileToPut {
    bucket: String,
    key: String,
    text: String,
}

/// Leave to write one item, only where none is.
#[derive(Debug, PartialEq, Eq)]
pub struct ItemToPut {
    table: String,
    path: LockPath,
    text: String,
}

/// Why a lock is not put back.
#[derive(Debug, PartialEq, Eq)]
pub enum NotRestored {
    /// It was not released, so there is nothing to undo.
    NotReleased,
    /// Somebody holds the state now.
    Held(NewHolder),
    /// A record that was released is there again, by another hand than ours. What we did not put back we could not take
    /// away again either.
    ThereAgain,
    /// There is no text to put back; why.
    NoText(String),
}

/// Compares and, if all is right, allows the restore of the lock of `entry`. A half that was put back by a try that was
/// interrupted is left as it is.
///
/// # Errors
/// [`NotRestored`], which is an answer and not a failure.
pub fn decide(entry: &Entry, present: &[Lock]) -> Result<Restore, NotRestored> {
    if !matches!(entry.status, Status::Released | Status::PartlyReleased) {
        return Err(NotRestored::NotReleased);
    }
    let text = match &entry.content {
        Content::Text(text) => text,
        Content::Phantom => {
            let why = "an item with nothing but its key blocks everybody and is nobody's lock";
            return Err(NotRestored::NoText(why.to_owned()));
        }
        Content::Closed(why) => return Err(NotRestored::NoText(why.clone())),
    };
    let (ours, others): (Vec<&Lock>, Vec<&Lock>) =
        present.iter().partition(|lock| entry.is_about(lock));
    if let Some(other) = others.first() {
        let info = other.info().ok();
        return Err(NotRestored::Held(NewHolder::of(info.as_ref())));
    }
    let is_there = |place: &Place| {
        ours.iter()
            .flat_map(|lock| &lock.places)
            .any(|there| there.is_same_slot(place))
    };
    let has_begun = entry.restoring.is_some();
    if !has_begun && entry.released_from.iter().any(is_there) {
        return Err(NotRestored::ThereAgain);
    }
    let mut restore = Restore {
        lock_file: None,
        item: None,
    };
    // Not only what a release took: of a pair that is half gone, the other half may have gone by itself since.
    for place in entry.every_place().iter().filter(|place| !is_there(place)) {
        match place {
            Place::S3 { bucket, key, .. } => {
                restore.lock_file = Some(LockFileToPut {
                    bucket: bucket.clone(),
                    key: key.clone(),
                    text: text.clone(),
                });
            }
            Place::Dynamodb { table } => {
                restore.item = Some(ItemToPut {
                    table: table.clone(),
                    path: entry.path.clone(),
                    text: text.clone(),
                });
            }
        }
    }
    Ok(restore)
}

/// Leave to take away an object that an interrupted try has put back, where the restore comes to nothing: half a lock of
/// ours beside another's would be a split. Only while a restore is being carried out, and only where a release took one
/// away: there was no object before this restore.
#[must_use]
pub fn left_over(entry: &Entry, present: &[Lock]) -> Option<LockFileHalf> {
    entry.restoring.as_ref()?;
    let gone = &entry.released_from;
    let ours = present.iter().filter(|lock| entry.is_about(lock));
    ours.flat_map(|lock| &lock.places)
        .filter(|place| gone.iter().any(|gone| gone.is_same_slot(place)))
        .find_map(|place| match place {
            Place::S3 {
                bucket, key, etag, ..
            } => Some(LockFileHalf::just_written(
                bucket.clone(),
                key.clone(),
                etag.clone(),
            )),
            Place::Dynamodb { .. } => None,
        })
}

impl Restore {
    /// The lock object to write. It goes first, as Terraform does it.
    #[must_use]
    pub fn lock_file(&self) -> Option<&LockFileToPut> {
        self.lock_file.as_ref()
    }

    /// The item to write.
    #[must_use]
    pub fn item(&self) -> Option<&ItemToPut> {
        self.item.as_ref()
    }
}

impl LockFileToPut {
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

    /// The text that was released.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl ItemToPut {
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

    /// The text that was released.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision;
    use crate::item::Record;
    use crate::ledger::{Channel, Decided};
    use crate::lock::gather;
    use crate::testing::{at, item, lock_file, text_of};

    const NOW: &str = "2026-01-01T00:00:00Z";

    fn released(records: Vec<Record>, status: Status) -> Entry {
        let lock = gather(records).remove(0);
        let mut entry = Entry::first_sight(lock.code(0), &lock, at(NOW));
        entry.status = status;
        entry.released_from = entry.places.clone();
        entry
    }

    fn begun() -> Decided {
        let message = r#"{"decision":"restore","request":"7F3K2QWX","by":"alice"}"#;
        Decided {
            decision: decision::parse(message).unwrap(),
            channel: Channel::Page,
            verified: None,
            source: None,
            delivery: "d-1".to_owned(),
            at: at(NOW),
            from: Status::Released,
            lease_until: at(NOW),
        }
    }

    fn decided(
        records: Vec<Record>,
        status: Status,
        now: Vec<Record>,
    ) -> Result<Restore, NotRestored> {
        decide(&released(records, status), &gather(now))
    }

    fn pair() -> Vec<Record> {
        vec![item("t", "b/k", "A"), lock_file("b/k", "A")]
    }

    #[test]
    fn a_released_pair_comes_back_whole_with_its_exact_text() {
        let restore = decided(pair(), Status::Released, Vec::new()).unwrap();
        assert_eq!(restore.lock_file().unwrap().text(), text_of("A"));
        assert_eq!(restore.item().unwrap().text(), text_of("A"));
    }

    #[test]
    fn nothing_comes_back_where_somebody_holds_the_state() {
        for now in [
            vec![item("t", "b/k", "B")],
            vec![lock_file("b/k", "B")],
            vec![lock_file("b/k", "A"), item("t", "b/k", "B")],
        ] {
            let Err(NotRestored::Held(holder)) = decided(pair(), Status::Released, now) else {
                panic!("restored")
            };
            assert_eq!(holder.who, "runner@B");
        }
    }

    #[test]
    fn what_an_interrupted_try_put_back_is_left_as_it_is() {
        let mut entry = released(pair(), Status::Released);
        entry.begin_restore(begun()).unwrap();
        let restore = decide(&entry, &gather(vec![lock_file("b/k", "A")])).unwrap();
        assert!(restore.lock_file().is_none() && restore.item().is_some());
    }

    #[test]
    fn what_another_hand_put_back_is_not_completed() {
        for half in pair() {
            let refused = decided(pair(), Status::Released, vec![half]);
            assert_eq!(refused, Err(NotRestored::ThereAgain));
        }
    }

    #[test]
    fn the_half_that_was_never_released_is_not_in_the_way() {
        let mut entry = released(pair(), Status::PartlyReleased);
        entry
            .released_from
            .retain(|place| matches!(place, Place::S3 { .. }));
        let restore = decide(&entry, &gather(vec![item("t", "b/k", "A")])).unwrap();
        assert!(restore.lock_file().is_some() && restore.item().is_none());
    }

    #[test]
    fn only_what_was_released_can_be_undone() {
        for status in Status::ALL {
            let may = decided(pair(), status, Vec::new()).is_ok();
            let was_released = matches!(status, Status::Released | Status::PartlyReleased);
            assert_eq!(may, was_released, "{status:?}");
        }
    }

    #[test]
    fn a_phantom_does_not_come_back() {
        let mut phantom = item("t", "b/k", "A");
        phantom.content = Content::Phantom;
        let refused = decided(vec![phantom], Status::Released, Vec::new());
        assert!(matches!(refused, Err(NotRestored::NoText(_))));
    }
}
