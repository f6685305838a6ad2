//! What a stored thing is: a lock record, a digest, or somebody else's.
//!
//! A DynamoDB item is told by its attributes, never by the end of its key: a state may be called `…-md5` itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::LockPath;

/// An attribute of a DynamoDB item, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// A string.
    Text(String),
    /// A number.
    Number,
    /// Any other type, by DynamoDB's name for it.
    Other(&'static str),
}

/// What a DynamoDB item in a lock table is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// Somebody holds a lock, or Terraform would think so.
    Lock {
        /// Its key.
        path: LockPath,
        /// What it says.
        content: Content,
    },
    /// The checksum of a state. Counted, never touched.
    Digest,
    /// Neither. Counted, never touched.
    Foreign,
}

/// What a lock record holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "is", content = "text", rename_all = "snake_case")]
pub enum Content {
    /// The text as stored: the `Info` attribute or the object's body. Compared as it is, never written anew.
    Text(String),
    /// A DynamoDB item with nothing but its key. It blocks everybody, and `terraform force-unlock` cannot remove it.
    Phantom,
    /// It cannot be read or not be compared; the reason. Lockwarden never releases such a record.
    Closed(String),
}

/// A record larger than this (bytes) is not kept in the ledger and so could not be restored; an ordinary one has 300,
/// and with a key of S3's maximal length 1,400.
pub const MAX_RECORD_BYTES: usize = 64 * 1024;

/// Names under which people let DynamoDB expire items. Beside a bare `LockID` such a number does not make an item
/// somebody else's.
const TTL_NAMES: [&str; 7] = [
    "TimeToExist",
    "ExpirationTime",
    "ExpiresAt",
    "expires_at",
    "expireAt",
    "ttl",
    "TTL",
];

impl ItemKind {
    /// Classifies an item of a lock table by its attributes.
    #[must_use]
    pub fn of(attributes: &BTreeMap<String, Attribute>) -> Self {
        let Some(Attribute::Text(key)) = attributes.get("LockID") else {
            return Self::Foreign;
        };
        let Ok(path) = LockPath::new(key.clone()) else {
            return Self::Foreign;
        };
        let content = match (attributes.get("Info"), attributes.contains_key("Digest")) {
            (None, true) => return Self::Digest,
            (None, false) if only_key(attributes) => Content::Phantom,
            (None, false) => return Self::Foreign,
            (Some(_), true) => {
                Content::Closed("the item holds `Info` and `Digest` at once".to_owned())
            }
            (Some(Attribute::Text(text)), false) => Content::of_text(text.clone()),
            (Some(Attribute::Number), false) => {
                Content::Closed("its `Info` is a number, not a string".to_owned())
            }
            (Some(Attribute::Other(kind)), false) => Content::Closed(format!(
                "its `Info` has the DynamoDB type {kind}, not a string"
            )),
        };
        Self::Lock { path, content }
    }
}

fn only_key(attributes: &BTreeMap<String, Attribute>) -> bool {
    attributes.iter().all(|(name, value)| {
        name == "LockID" || (TTL_NAMES.contains(&name.as_str()) && *value == Attribute::Number)
    })
}

impl Content {
    /// The content of a record whose text was read.
    #[must_use]
    pub fn of_text(text: String) -> Self {
        if text.len() > MAX_RECORD_BYTES {
            Self::too_large(text.len() as u64)
        } else {
            Self::Text(text)
        }
    }

    /// The content of an object whose body was read.
    #[must_use]
    pub fn of_bytes(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::of_text(text),
            Err(_) => Self::Closed("its body is not UTF-8 text".to_owned()),
        }
    }

    /// The content of a record too large to be one.
    #[must_use]
    pub fn too_large(bytes: u64) -> Self {
        Self::Closed(format!(
            "it is {bytes} bytes long; a lock record has at most {MAX_RECORD_BYTES}"
        ))
    }

    /// The text, where it could be read.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Phantom | Self::Closed(_) => None,
        }
    }
}

/// One stored lock: a DynamoDB item or an S3 object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The state it locks.
    pub path: LockPath,
    /// Where it is stored.
    #[serde(flatten)]
    pub place: Place,
    /// What it says.
    pub content: Content,
}

/// Where a record is stored. The order puts S3 first, the order in which Terraform takes and releases the two.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Place {
    /// An object `key.tflock`.
    S3 {
        /// Its bucket.
        bucket: String,
        /// Its key, with the `.tflock`.
        key: String,
        /// Its entity tag as S3 sent it, quotes and all; what a release compares.
        etag: String,
        /// When S3 stored it: the moment the lock was taken, by AWS's clock.
        modified: Timestamp,
    },
    /// An item with the attribute `Info`.
    Dynamodb {
        /// The table, by the name or ARN of the setting `LOCK_TABLES`.
        table: String,
    },
}

impl Place {
    /// Whether both are the same slot, whatever lies in it now.
    #[must_use]
    pub fn is_same_slot(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dynamodb { table: a }, Self::Dynamodb { table: b }) => a == b,
            (
                Self::S3 {
                    bucket: a, key: x, ..
                },
                Self::S3 {
                    bucket: b, key: y, ..
                },
            ) => (a, x) == (b, y),
            (Self::S3 { .. }, Self::Dynamodb { .. }) | (Self::Dynamodb { .. }, Self::S3 { .. }) => {
                false
            }
        }
    }

    /// The place in words.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Dynamodb { table } => {
                format!("DynamoDB table {}", crate::text::shown(table, 255))
            }
            Self::S3 { bucket, key, .. } => {
                format!(
                    "S3 object s3://{}/{}",
                    crate::text::shown(bucket, 255),
                    crate::text::shown(key, 1_100)
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Attribute {
        Attribute::Text(value.to_owned())
    }

    fn kind(attributes: &[(&str, Attribute)]) -> ItemKind {
        ItemKind::of(
            &attributes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        )
    }

    fn lock(path: &str, content: Content) -> ItemKind {
        ItemKind::Lock {
            path: LockPath::new(path).unwrap(),
            content,
        }
    }

    #[test]
    fn an_item_with_info_is_a_lock_whatever_its_key_ends_in() {
        for key in ["b/k", "b/k-md5"] {
            let item = kind(&[("LockID", text(key)), ("Info", text("{}"))]);
            assert_eq!(item, lock(key, Content::Text("{}".to_owned())));
        }
    }

    #[test]
    fn an_item_with_a_digest_is_a_digest_whatever_its_key_ends_in() {
        for key in ["b/k-md5", "b/k"] {
            assert_eq!(
                kind(&[("LockID", text(key)), ("Digest", text("d4a4"))]),
                ItemKind::Digest
            );
        }
    }

    #[test]
    fn a_bare_key_is_a_phantom_and_a_ttl_does_not_change_that() {
        let phantom = lock("b/k", Content::Phantom);
        assert_eq!(kind(&[("LockID", text("b/k"))]), phantom);
        assert_eq!(
            kind(&[("LockID", text("b/k")), ("TimeToExist", Attribute::Number)]),
            phantom
        );
    }

    #[test]
    fn what_is_somebody_elses_stays_foreign() {
        assert_eq!(
            kind(&[("pk", text("x")), ("Info", text("{}"))]),
            ItemKind::Foreign
        );
        assert_eq!(kind(&[("LockID", Attribute::Number)]), ItemKind::Foreign);
        assert_eq!(
            kind(&[("LockID", text("counter")), ("n", Attribute::Number)]),
            ItemKind::Foreign
        );
        assert_eq!(
            kind(&[("LockID", text("b/k")), ("TimeToExist", text("soon"))]),
            ItemKind::Foreign
        );
        assert_eq!(kind(&[]), ItemKind::Foreign);
    }

    #[test]
    fn what_cannot_be_compared_is_closed() {
        for odd in [
            kind(&[
                ("LockID", text("b/k")),
                ("Info", text("{}")),
                ("Digest", text("d4a4")),
            ]),
            kind(&[("LockID", text("b/k")), ("Info", Attribute::Other("M"))]),
            kind(&[("LockID", text("b/k")), ("Info", Attribute::Number)]),
            kind(&[
                ("LockID", text("b/k")),
                ("Info", text(&"x".repeat(MAX_RECORD_BYTES + 1))),
            ]),
        ] {
            assert!(
                matches!(
                    odd,
                    ItemKind::Lock {
                        content: Content::Closed(_),
                        ..
                    }
                ),
                "{odd:?}"
            );
        }
        assert!(matches!(Content::of_bytes(vec![0xff]), Content::Closed(_)));
    }
}
