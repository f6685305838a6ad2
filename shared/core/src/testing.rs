//! Builders for this crate's tests.

use jiff::{SignedDuration, Timestamp};

use crate::ids::LockPath;
use crate::item::{Content, Place, Record};
use crate::policy::{Policy, Terms};

/// A policy without rules; a state that was written within five minutes is a sign of life.
pub(crate) const fn plain_policy(stale_after: SignedDuration) -> Policy {
    Policy::without_rules(Terms::asking(
        stale_after,
        SignedDuration::from_mins(5),
        SignedDuration::from_hours(1),
    ))
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn path(text: &str) -> LockPath {
    LockPath::new(text).unwrap()
}

/// A record as Terraform writes it, with an ID made from `name`.
pub(crate) fn text_of(name: &str) -> String {
    text_created(name, "2026-01-01T00:00:00Z")
}

pub(crate) fn text_created(name: &str, created: &str) -> String {
    format!(
        r#"{{"ID":"{name}-0000","Operation":"OperationTypeApply","Info":"","Who":"runner@{name}","Version":"1.11.4","Created":"{created}","Path":"b/k"}}"#
    )
}

pub(crate) fn item(table: &str, at_path: &str, name: &str) -> Record {
    item_with(table, at_path, &text_of(name))
}

pub(crate) fn item_with(table: &str, at_path: &str, text: &str) -> Record {
    Record {
        path: path(at_path),
        place: Place::Dynamodb {
            table: table.to_owned(),
        },
        content: Content::Text(text.to_owned()),
    }
}

pub(crate) fn lock_file(at_path: &str, name: &str) -> Record {
    let path = path(at_path);
    let (bucket, key) = path.lock_file().unwrap();
    let place = Place::S3 {
        bucket,
        key,
        etag: format!("\"{name}\""),
        modified: at("2026-01-01T00:00:05Z"),
    };
    Record {
        path,
        place,
        content: Content::Text(text_of(name)),
    }
}
