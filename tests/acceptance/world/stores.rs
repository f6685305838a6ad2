//! What is stored: lock tables, buckets, notices, the queue of `approve`, and the clock.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::Timestamp;
use lockwarden_aws::{Deleted, Failure, Kind, Listing, Stamped};
use lockwarden_core::expire::{ATTRIBUTE, Stamp};
use lockwarden_core::ids::LockPath;
use lockwarden_core::item::MAX_RECORD_BYTES;
use lockwarden_core::item::{Attribute, Content, ItemKind, Place, Record};
use lockwarden_core::notice::Notice;
use lockwarden_core::policy::{Flaw, PolicyReading, PolicyUri, PolicyVersion, StateObject};
use lockwarden_core::release::{Expected, ItemHalf, LockFileHalf};
use lockwarden_core::restore::{ItemToPut, LockFileToPut};
use lockwarden_core::settings::{Bucket, Table};
use lockwarden_core::versions::Versions;

use super::ledger::Ledger;

/// An item of a lock table, by its attributes.
pub(crate) type Item = BTreeMap<String, Attribute>;

/// An object of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) body: Vec<u8>,
    pub(crate) etag: String,
    pub(crate) modified: Timestamp,
    /// Nobody here may open it.
    pub(crate) is_closed: bool,
}

/// A notice that went out.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    /// The id of its message.
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    pub(crate) notice: Notice,
    pub(crate) subject: String,
    pub(crate) message: String,
}

/// Everything that lasts.
#[derive(Clone, Debug)]
pub(crate) struct Stores {
    pub(crate) clock: Timestamp,
    pub(crate) tables: BTreeMap<String, BTreeMap<String, Item>>,
    pub(crate) buckets: BTreeMap<String, BTreeMap<String, Object>>,
    /// Every write of an object, in order: bucket, key, time.
    writes: Vec<(String, String, Timestamp)>,
    /// Whether the buckets keep versions.
    pub(crate) keeps_versions: bool,
    pub(crate) ledger: Ledger,
    /// When the items with a time to exist expire: an attribute here has no value.
    times: BTreeMap<(String, String), Timestamp>,
    pub(crate) published: Vec<Published>,
    /// How many notices went out.
    messages: u32,
    /// Events that wait for `approve`.
    pub(crate) queue: Vec<String>,
    pub(crate) metrics: Vec<String>,
    /// The text of every record that a function deleted.
    pub(crate) deleted: Vec<Option<String>>,
    /// Keys that a list does not show yet, though a consistent read does.
    pub(crate) not_listed_yet: BTreeSet<String>,
}

impl Stores {
    pub(crate) fn at(clock: Timestamp) -> Self {
        Self {
            clock,
            tables: BTreeMap::new(),
            buckets: BTreeMap::new(),
            writes: Vec::new(),
            keeps_versions: true,
            ledger: Ledger::default(),
            times: BTreeMap::new(),
            published: Vec::new(),
            messages: 0,
            queue: Vec::new(),
            metrics: Vec::new(),
            deleted: Vec::new(),
            not_listed_yet: BTreeSet::new(),
        }
    }

    pub(crate) fn put_item(&mut self, table: &str, key: &str, attributes: &[(&str, Attribute)]) {
        let key_attribute = ("LockID", Attribute::Text(key.to_owned()));
        let item = attributes.iter().chain([&key_attribute]);
        let item = item.map(|(name, value)| ((*name).to_owned(), value.clone()));
        let table = self.tables.entry(table.to_owned()).or_default();
        table.insert(key.to_owned(), item.collect());
    }

    /// S3 tells whole seconds, and the tag of equal bodies is equal.
    pub(crate) fn put_object(&mut self, bucket: &str, key: &str, body: &[u8]) {
        let object = Object {
            body: body.to_vec(),
            etag: format!("\"{}\"", checksum(body)),
            modified: Timestamp::from_second(self.clock.as_second()).unwrap(),
            is_closed: false,
        };
        self.writes
            .push((bucket.to_owned(), key.to_owned(), object.modified));
        let bucket = self.buckets.entry(bucket.to_owned()).or_default();
        bucket.insert(key.to_owned(), object);
    }

    /// Without versions only the object that is there is known.
    pub(super) fn versions(&self, bucket: &str, key: &str, since: Timestamp) -> Versions {
        let of_key = |(in_bucket, of, at): &&(String, String, Timestamp)| {
            in_bucket == bucket && of == key && *at >= since
        };
        let mut written: Vec<Timestamp> = self
            .writes
            .iter()
            .filter(of_key)
            .map(|(_, _, at)| *at)
            .collect();
        written.reverse();
        if !self.keeps_versions {
            let is_there = self
                .buckets
                .get(bucket)
                .is_some_and(|bucket| bucket.contains_key(key));
            written.truncate(usize::from(is_there));
        }
        Versions {
            written,
            are_kept: self.keeps_versions,
            are_all: true,
        }
    }

    pub(super) fn list_table(&self, table: &Table, most: usize) -> Listing {
        let mut listing = Listing::default();
        let items = self.tables.get(&table.name);
        for item in items.into_iter().flat_map(|items| items.values()) {
            // A sparse index on `Info` holds nothing else.
            if table.index.is_some() && !item.contains_key("Info") {
                continue;
            }
            listing.scanned += 1;
            match ItemKind::of(item) {
                ItemKind::Lock { path, content } => {
                    if self.not_listed_yet.contains(path.as_str()) || listing.records.len() == most
                    {
                        continue;
                    }
                    listing.records.push(record_of(table, path, content));
                }
                ItemKind::Digest => listing.digests += 1,
                ItemKind::Foreign => listing.foreign += 1,
            }
        }
        listing
    }

    pub(super) fn list_bucket(&self, bucket: &Bucket, most: usize) -> Listing {
        let mut listing = Listing::default();
        let objects = self.buckets.get(&bucket.name);
        for (key, object) in objects.into_iter().flatten() {
            if !key.starts_with(&bucket.prefix) {
                continue;
            }
            listing.scanned += 1;
            let Some(path) = LockPath::of_lock_file(&bucket.name, key) else {
                continue;
            };
            if listing.records.len() < most && !self.not_listed_yet.contains(path.as_str()) {
                listing.records.push(object.record(path, &bucket.name, key));
            }
        }
        listing
    }

    pub(super) fn item(&self, table: &Table, path: &LockPath) -> Option<Record> {
        let item = self.tables.get(&table.name)?.get(path.as_str())?;
        match ItemKind::of(item) {
            ItemKind::Lock { path, content } => Some(record_of(table, path, content)),
            ItemKind::Digest | ItemKind::Foreign => None,
        }
    }

    pub(super) fn digest(&self, table: &Table, path: &LockPath) -> Option<String> {
        let item = self.tables.get(&table.name)?.get(&path.digest_key())?;
        match item.get("Digest") {
            Some(Attribute::Text(digest)) => Some(digest.clone()),
            Some(Attribute::Number | Attribute::Other(_)) | None => None,
        }
    }

    pub(super) fn lock_file(&self, path: &LockPath) -> Option<Record> {
        let (bucket, key) = path.lock_file()?;
        let object = self.buckets.get(&bucket)?.get(&key)?;
        Some(object.record(path.clone(), &bucket, &key))
    }

    pub(super) fn state_object(&self, path: &LockPath) -> StateObject {
        let Some((bucket, key)) = path.bucket_and_key() else {
            return StateObject::Unknown("the path names no bucket".to_owned());
        };
        let object = self.buckets.get(bucket).and_then(|bucket| bucket.get(key));
        object.map_or(StateObject::Absent, |object| StateObject::Written {
            at: object.modified,
            etag: Some(object.etag.trim_matches('"').to_owned()),
        })
    }

    /// What a read of the object with the policy gives.
    pub(super) fn policy_object(&self, uri: &PolicyUri, longest: usize) -> PolicyReading {
        let bucket = self.buckets.get(uri.bucket());
        let no_text = |version: &str, why: &str| {
            PolicyReading::NoText(Flaw {
                version: version.to_owned(),
                why: format!("{uri}: {why}"),
            })
        };
        let Some(object) = bucket.and_then(|bucket| bucket.get(uri.key())) else {
            return no_text("NoSuchKey", "it is not there");
        };
        if object.is_closed {
            return no_text("AccessDenied", "S3 does not let us open it");
        }
        if object.body.len() > longest {
            return no_text(&object.etag, "it is too long");
        }
        match String::from_utf8(object.body.clone()) {
            Ok(text) => PolicyReading::Text(PolicyVersion {
                etag: object.etag.clone(),
                text,
            }),
            Err(_) => no_text(&object.etag, "it is not UTF-8 text"),
        }
    }

    /// By entity tag.
    pub(super) fn delete_lock_file(&mut self, half: &LockFileHalf) -> Result<Deleted, Failure> {
        let Some(bucket) = self.buckets.get_mut(half.bucket()) else {
            return Err(Failure::new("delete", "NoSuchBucket", Kind::Lasting));
        };
        match bucket.get(half.key()) {
            None => Ok(Deleted::Gone),
            Some(object) if object.etag != half.etag() => Ok(Deleted::Changed),
            Some(object) => {
                self.deleted
                    .push(String::from_utf8(object.body.clone()).ok());
                bucket.remove(half.key());
                Ok(Deleted::Yes)
            }
        }
    }

    /// What a conditional delete of the item would come to.
    pub(super) fn would_delete(&self, half: &ItemHalf) -> Deleted {
        let table = self.tables.get(half.table());
        match table.and_then(|table| table.get(half.path().as_str())) {
            None => Deleted::Gone,
            Some(item) if is_expected(item, half.expected()) => Deleted::Yes,
            Some(_) => Deleted::Changed,
        }
    }

    pub(super) fn delete_item(&mut self, half: &ItemHalf) -> Deleted {
        let outcome = self.would_delete(half);
        if outcome == Deleted::Yes {
            let table = self.tables.get_mut(half.table()).unwrap();
            let item = table.remove(half.path().as_str()).unwrap();
            self.deleted.push(match item.get("Info") {
                Some(Attribute::Text(text)) => Some(text.clone()),
                _ => None,
            });
        }
        outcome
    }

    /// `If-None-Match: *`; the entity tag of what was written.
    pub(super) fn put_lock_file_where_none_is(&mut self, file: &LockFileToPut) -> Option<String> {
        let there = self.buckets.get(file.bucket());
        if there.is_some_and(|bucket| bucket.contains_key(file.key())) {
            return None;
        }
        self.put_object(file.bucket(), file.key(), file.text().as_bytes());
        Some(self.buckets[file.bucket()][file.key()].etag.clone())
    }

    /// `attribute_not_exists(LockID)`.
    pub(super) fn put_item_where_none_is(&mut self, item: &ItemToPut) -> bool {
        let key = item.path().as_str();
        let there = self.tables.get(item.table());
        let is_free = there.is_none_or(|table| !table.contains_key(key));
        if is_free {
            let info = Attribute::Text(item.text().to_owned());
            self.put_item(item.table(), key, &[("Info", info)]);
        }
        is_free
    }

    /// `Info = :judged AND attribute_not_exists(Digest)`: without it, an update makes an item where none is.
    pub(super) fn stamp_item(&mut self, stamp: &Stamp) -> Stamped {
        let table = self.tables.get_mut(stamp.table());
        let Some(item) = table.and_then(|table| table.get_mut(stamp.path().as_str())) else {
            return Stamped::Gone;
        };
        if !is_expected(item, &Expected::Info(stamp.judged().to_owned())) {
            return Stamped::Changed;
        }
        match stamp.time_to_exist() {
            Some(until) => {
                item.insert(ATTRIBUTE.to_owned(), Attribute::Number);
                let key = stamp.path().to_string();
                self.times.insert((stamp.table().to_owned(), key), until);
            }
            None => {
                item.remove(ATTRIBUTE);
            }
        }
        Stamped::Yes
    }

    /// DynamoDB deletes what has expired, some time after that.
    pub(crate) fn delete_expired(&mut self) {
        for ((table, key), until) in &self.times {
            let Some(items) = self.tables.get_mut(table) else {
                continue;
            };
            let is_stamped = items
                .get(key)
                .is_some_and(|item| item.contains_key(ATTRIBUTE));
            if is_stamped && *until <= self.clock {
                items.remove(key);
            }
        }
    }

    /// With `If-Match`.
    pub(super) fn state_md5(&self, path: &LockPath, etag: &str) -> Option<String> {
        let (bucket, key) = path.bucket_and_key()?;
        let object = self.buckets.get(bucket)?.get(key)?;
        (object.etag.trim_matches('"') == etag).then(|| checksum(&object.body))
    }

    /// The id of the message.
    pub(super) fn publish(&mut self, notice: &Notice) -> String {
        let rendered = notice.render();
        assert!(rendered.subject.is_ascii() && rendered.subject.len() < 100);
        assert!(rendered.message.len() < 256 * 1024);
        self.messages += 1;
        let id = format!("message-{:04}", self.messages);
        self.published.push(Published {
            id: id.clone(),
            at: self.clock,
            notice: notice.clone(),
            subject: rendered.subject,
            message: rendered.message,
        });
        id
    }
}

impl Object {
    fn record(&self, path: LockPath, bucket: &str, key: &str) -> Record {
        let content = if self.body.len() > MAX_RECORD_BYTES {
            Content::too_large(self.body.len() as u64)
        } else if self.is_closed {
            Content::Closed("S3 does not let us open it (AccessDenied)".to_owned())
        } else {
            Content::of_bytes(self.body.clone())
        };
        let place = Place::S3 {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            etag: self.etag.clone(),
            modified: self.modified,
        };
        Record {
            path,
            place,
            content,
        }
    }
}

/// A stand-in for the MD5 that Terraform and S3 compute of the same bytes.
pub(crate) fn checksum(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("{:032x}", hasher.finish())
}

fn record_of(table: &Table, path: LockPath, content: Content) -> Record {
    let table = table.name.clone();
    Record {
        path,
        place: Place::Dynamodb { table },
        content,
    }
}

fn is_expected(item: &Item, expected: &Expected) -> bool {
    if item.contains_key("Digest") {
        return false;
    }
    match expected {
        Expected::Info(text) => item.get("Info") == Some(&Attribute::Text(text.clone())),
        Expected::Nothing => !item.contains_key("Info"),
    }
}
