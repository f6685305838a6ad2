//! What Terraform, its users and their scripts do to the stores.

use lockwarden_core::evidence::Run;
use lockwarden_core::ids::{LockId, LockPath};
use lockwarden_core::item::{Attribute, Content};
use lockwarden_core::settings::STATE_BUCKETS;
use serde_json::Value;

use super::stores::checksum;
use super::{BUCKET, FAR_TABLE, TABLE, World};

/// Where a lock is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In the lock table.
    Item,
    /// Beside the state.
    Object,
    /// In both.
    Pair,
    /// In a table of another region.
    FarItem,
    /// In both, and the table is in another region.
    FarPair,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [
        Self::Item,
        Self::Object,
        Self::Pair,
        Self::FarItem,
        Self::FarPair,
    ];

    pub(crate) fn table(self) -> &'static str {
        match self {
            Self::FarItem | Self::FarPair => FAR_TABLE,
            Self::Item | Self::Object | Self::Pair => TABLE,
        }
    }

    pub(crate) fn has_item(self) -> bool {
        self != Self::Object
    }

    pub(crate) fn has_object(self) -> bool {
        matches!(self, Self::Object | Self::Pair | Self::FarPair)
    }
}

/// The lock ID that a holder's run has, made from its name.
pub(crate) fn id_of(holder: &str) -> String {
    let half = |salt: &str| checksum(format!("{salt}{holder}").as_bytes())[16..].to_owned();
    let hash = half("first") + &half("second");
    format!(
        "{}-{}-{}-{}-{}",
        &hash[..8],
        &hash[8..12],
        &hash[12..16],
        &hash[16..20],
        &hash[20..32]
    )
}

/// The text that Terraform writes.
pub(crate) fn record_text(holder: &str, created: &str, path: &str) -> String {
    format!(
        r#"{{"ID":"{}","Operation":"OperationTypeApply","Info":"","Who":"runner@{holder}","Version":"1.11.4","Created":"{created}","Path":"{path}"}}"#,
        id_of(holder)
    )
}

impl World {
    /// Somebody takes a lock now; the text of the record.
    pub(crate) fn lock(&self, kind: Kind, path: &str, holder: &str) -> String {
        let text = record_text(holder, &self.clock().to_string(), path);
        self.lock_with(kind, path, &text);
        text
    }

    /// The same with this text.
    pub(crate) fn lock_with(&self, kind: Kind, path: &str, text: &str) {
        if kind.has_object() {
            self.put_lock_file(path, text.as_bytes());
        }
        if kind.has_item() {
            self.put_item(kind.table(), path, text);
        }
    }

    /// An item with this `Info`.
    pub(crate) fn put_item(&self, table: &str, path: &str, text: &str) {
        let info = [("Info", Attribute::Text(text.to_owned()))];
        self.put_attributes(table, path, &info);
    }

    /// An item with these attributes and its key.
    pub(crate) fn put_attributes(&self, table: &str, key: &str, item: &[(&str, Attribute)]) {
        self.stores.borrow_mut().put_item(table, key, item);
    }

    /// A lock object with this body, beside the state.
    pub(crate) fn put_lock_file(&self, path: &str, body: &[u8]) {
        let (bucket, key) = path.split_once('/').unwrap();
        let key = format!("{key}.tflock");
        self.stores.borrow_mut().put_object(bucket, &key, body);
    }

    /// Nobody here may open the lock object beside this state.
    pub(crate) fn close_lock_file(&self, path: &str) {
        let (bucket, key) = path.split_once('/').unwrap();
        let mut stores = self.stores.borrow_mut();
        let bucket = stores.buckets.get_mut(bucket).unwrap();
        bucket.get_mut(&format!("{key}.tflock")).unwrap().is_closed = true;
    }

    /// Whether neither a lock table nor the bucket holds a lock of this state.
    pub(crate) fn is_free(&self, path: &str) -> bool {
        let stores = self.stores.borrow();
        let in_table = stores.tables.values().any(|table| table.contains_key(path));
        drop(stores);
        !in_table && !self.has_object(path)
    }

    pub(crate) fn has_object(&self, path: &str) -> bool {
        let (bucket, key) = path.split_once('/').unwrap();
        let stores = self.stores.borrow();
        let bucket = stores.buckets.get(bucket);
        bucket.is_some_and(|bucket| bucket.contains_key(&format!("{key}.tflock")))
    }

    /// Whether one of the records of this state says this.
    pub(crate) fn holds(&self, path: &str, content: &Content) -> bool {
        let path = LockPath::new(path).unwrap();
        let stores = self.stores.borrow();
        let tables = &self.sweep_settings.common.tables;
        let items = tables.iter().filter_map(|table| stores.item(table, &path));
        let mut records = items.chain(stores.lock_file(&path));
        records.any(|record| record.content == *content)
    }

    /// The holder lets go, or somebody removes the lock by hand.
    pub(crate) fn unlock(&self, path: &str) {
        self.unlock_item(path);
        self.unlock_object(path);
    }

    pub(crate) fn unlock_item(&self, path: &str) {
        for table in self.stores.borrow_mut().tables.values_mut() {
            table.remove(path);
        }
    }

    pub(crate) fn unlock_object(&self, path: &str) {
        let (bucket, key) = path.split_once('/').unwrap();
        let mut stores = self.stores.borrow_mut();
        if let Some(bucket) = stores.buckets.get_mut(bucket) {
            bucket.remove(&format!("{key}.tflock"));
        }
    }

    /// The holder writes the state, and its digest.
    pub(crate) fn write_state(&self, path: &str) {
        let (bucket, key) = path.split_once('/').unwrap();
        let mut stores = self.stores.borrow_mut();
        let body = format!("state of {path} at {}", stores.clock);
        stores.put_object(bucket, key, body.as_bytes());
        let digest = Attribute::Text(checksum(body.as_bytes()));
        stores.put_item(TABLE, &format!("{path}-md5"), &[("Digest", digest)]);
    }

    /// Where S3 encrypts with KMS, or the state came in parts, the tag of a state is no checksum.
    pub(crate) fn tag_state(&self, path: &str, etag: &str) {
        let (bucket, key) = path.split_once('/').unwrap();
        let mut stores = self.stores.borrow_mut();
        let bucket = stores.buckets.get_mut(bucket).unwrap();
        bucket.get_mut(key).unwrap().etag = format!("\"{etag}\"");
    }

    /// DynamoDB deletes what has expired.
    pub(crate) fn delete_expired(&self) {
        self.stores.borrow_mut().delete_expired();
    }

    /// A run that wraps Terraform says something of itself.
    pub(crate) fn put_run(&self, id: &str, run: &Value) {
        let run: Run = serde_json::from_value(run.clone()).unwrap();
        let runs = &mut self.stores.borrow_mut().ledger.runs;
        runs.insert(LockId::new(id).unwrap(), run);
    }

    /// The buckets forget what is deleted or written over.
    pub(crate) fn keep_no_versions(&self) {
        self.stores.borrow_mut().keeps_versions = false;
    }

    /// The lists of tables and buckets are behind: they do not show what is on this path.
    pub(crate) fn hide_from_lists(&self, path: &str) {
        let mut stores = self.stores.borrow_mut();
        stores.not_listed_yet.insert(path.to_owned());
    }

    /// The ledger's index shows what was open one write ago.
    pub(crate) fn let_the_index_lag(&self) {
        self.stores.borrow_mut().ledger.index_lags = true;
    }
}

/// The settings of an account with several buckets.
pub(crate) fn buckets(list: &str) -> [(&'static str, &str); 1] {
    debug_assert!(list.contains(BUCKET));
    [(STATE_BUCKETS, list)]
}
