//! A lock table and a state bucket: made, filled as Terraform fills them, and photographed whole.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};

use crate::clients::Clients;
use crate::failure::{Failure, Result};
use crate::record::LockRecord;
use crate::terraform::Mode;

/// A DynamoDB item, whole.
pub type Item = BTreeMap<String, AttributeValue>;

/// A current S3 object, whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Object {
    /// Its `ETag`, with the quotes.
    pub etag: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {}",
            self.etag,
            String::from_utf8_lossy(&self.bytes)
        )
    }
}

/// Everything in the lock table and the state bucket at one moment; equal only when it is byte for byte the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The items by `LockID`.
    pub items: BTreeMap<String, Item>,
    /// The objects by key.
    pub objects: BTreeMap<String, Object>,
}

impl Snapshot {
    /// The same without both records of one state's lock: what must be left when that lock is released.
    #[must_use]
    pub fn without_lock(mut self, bucket: &str, key: &str) -> Self {
        self.items.remove(&format!("{bucket}/{key}"));
        self.objects.remove(&lock_file(key));
        self
    }
}

/// The stores that Terraform and Lockwarden both look at.
#[derive(Clone, Debug)]
pub struct Stores {
    clients: Clients,
    /// The lock table's name.
    pub table: String,
    /// The state bucket's name.
    pub bucket: String,
}

impl Stores {
    /// Creates an empty lock table and an empty bucket that keeps versions.
    ///
    /// # Errors
    /// When either exists already.
    pub async fn create(clients: &Clients, table: &str, bucket: &str) -> Result<Self> {
        let created = Self::existing(clients, table, bucket);
        created.create_table().await?;
        created.create_bucket().await?;
        Ok(created)
    }

    /// A lock table and a bucket that are there already.
    #[must_use]
    pub fn existing(clients: &Clients, table: &str, bucket: &str) -> Self {
        Self {
            clients: clients.clone(),
            table: table.to_owned(),
            bucket: bucket.to_owned(),
        }
    }

    /// The same stores for another test: clients belong to the runtime that they were made in.
    #[must_use]
    pub fn with(&self, clients: &Clients) -> Self {
        Self {
            clients: clients.clone(),
            ..self.clone()
        }
    }

    async fn create_table(&self) -> Result<()> {
        let doing = format!("create the table {}", self.table);
        let key = AttributeDefinition::builder()
            .attribute_name("LockID")
            .attribute_type(ScalarAttributeType::S);
        let hash = KeySchemaElement::builder()
            .attribute_name("LockID")
            .key_type(KeyType::Hash);
        let request = self.clients.dynamodb.create_table().table_name(&self.table);
        request
            .attribute_definitions(key.build().map_err(Failure::aws(&doing))?)
            .key_schema(hash.build().map_err(Failure::aws(&doing))?)
            .billing_mode(BillingMode::PayPerRequest)
            .send()
            .await
            .map_err(Failure::aws(&doing))?;
        Ok(())
    }

    async fn create_bucket(&self) -> Result<()> {
        let doing = format!("create the bucket {}", self.bucket);
        self.clients
            .s3
            .create_bucket()
            .bucket(&self.bucket)
            .send()
            .await
            .map_err(Failure::aws(&doing))?;
        let enabled = VersioningConfiguration::builder()
            .status(BucketVersioningStatus::Enabled)
            .build();
        let request = self
            .clients
            .s3
            .put_bucket_versioning()
            .bucket(&self.bucket)
            .versioning_configuration(enabled);
        request.send().await.map_err(Failure::aws(&doing))?;
        Ok(())
    }

    /// Takes a lock as Terraform does, with its conditions: the file first, then the item.
    ///
    /// # Errors
    /// When somebody holds it.
    pub async fn take(&self, mode: Mode, key: &str, record: &LockRecord) -> Result<()> {
        let doing = format!("take the lock of {key}");
        if mode.has_file() {
            let body = ByteStream::from(record.text().into_bytes());
            let put = self
                .clients
                .s3
                .put_object()
                .bucket(&self.bucket)
                .key(lock_file(key))
                .body(body);
            put.content_type("application/json")
                .if_none_match("*")
                .send()
                .await
                .map_err(Failure::aws(&doing))?;
        }
        if mode.has_item() {
            let put = self
                .clients
                .dynamodb
                .put_item()
                .table_name(&self.table)
                .item("LockID", self.lock_id(key));
            let put = put
                .item("Info", AttributeValue::S(record.text()))
                .condition_expression("attribute_not_exists(LockID)");
            put.send().await.map_err(Failure::aws(&doing))?;
        }
        Ok(())
    }

    /// Releases a lock as Terraform does: unconditionally.
    ///
    /// # Errors
    /// When a call fails; an absent record is no failure.
    pub async fn let_go(&self, key: &str) -> Result<()> {
        let doing = format!("release the lock of {key}");
        self.clients
            .s3
            .delete_object()
            .bucket(&self.bucket)
            .key(lock_file(key))
            .send()
            .await
            .map_err(Failure::aws(&doing))?;
        let delete = self
            .clients
            .dynamodb
            .delete_item()
            .table_name(&self.table)
            .key("LockID", self.lock_id(key));
        delete.send().await.map_err(Failure::aws(&doing))?;
        Ok(())
    }

    /// Writes a state and its digest item, in Terraform's order.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn write_state(&self, key: &str, state: &str) -> Result<()> {
        let object = self.put_object(key, state.as_bytes()).await?;
        // Without encryption by KMS the ETag of a small object is its MD5, which is what a digest item holds.
        let digest = object.trim_matches('"').to_owned();
        let id = AttributeValue::S(format!("{}/{key}-md5", self.bucket));
        self.put_item(
            [
                ("LockID".to_owned(), id),
                ("Digest".to_owned(), AttributeValue::S(digest)),
            ]
            .into(),
        )
        .await
    }

    /// Writes any item, for records that Terraform would not write.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn put_item(&self, item: Item) -> Result<()> {
        let put = self
            .clients
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item.into_iter().collect()));
        put.send()
            .await
            .map_err(Failure::aws(format!("write to the table {}", self.table)))?;
        Ok(())
    }

    /// Writes any object and returns its `ETag`.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn put_object(&self, key: &str, bytes: &[u8]) -> Result<String> {
        let put = self
            .clients
            .s3
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .body(ByteStream::from(bytes.to_vec()));
        let written = put
            .send()
            .await
            .map_err(Failure::aws(format!("write the object {key}")))?;
        Ok(written.e_tag.unwrap_or_default())
    }

    /// Whether every record that a mode writes for this state is there.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn is_locked(&self, mode: Mode, key: &str) -> Result<bool> {
        let doing = format!("look for the lock of {key}");
        let get = self
            .clients
            .dynamodb
            .get_item()
            .table_name(&self.table)
            .key("LockID", self.lock_id(key));
        let item = get
            .consistent_read(true)
            .send()
            .await
            .map_err(Failure::aws(&doing))?
            .item;
        let list = self
            .clients
            .s3
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(lock_file(key));
        let files = list.send().await.map_err(Failure::aws(&doing))?;
        let file = files
            .contents()
            .iter()
            .any(|object| object.key() == Some(lock_file(key).as_str()));
        Ok((!mode.has_item() || item.is_some()) && (!mode.has_file() || file))
    }

    /// Reads everything.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        Ok(Snapshot {
            items: self.items().await?,
            objects: self.objects().await?,
        })
    }

    async fn items(&self) -> Result<BTreeMap<String, Item>> {
        let scan = self
            .clients
            .dynamodb
            .scan()
            .table_name(&self.table)
            .consistent_read(true);
        let found: std::result::Result<Vec<_>, _> =
            scan.into_paginator().items().send().collect().await;
        let items = found.map_err(Failure::aws(format!("read the table {}", self.table)))?;
        let named = items.into_iter().map(|item| {
            let id = item
                .get("LockID")
                .and_then(|id| id.as_s().ok())
                .cloned()
                .unwrap_or_default();
            (id, item.into_iter().collect())
        });
        Ok(named.collect())
    }

    async fn objects(&self) -> Result<BTreeMap<String, Object>> {
        let mut objects = BTreeMap::new();
        let mut pages = self
            .clients
            .s3
            .list_objects_v2()
            .bucket(&self.bucket)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(Failure::aws(format!("list the bucket {}", self.bucket)))?;
            for key in page.contents().iter().filter_map(|object| object.key()) {
                objects.insert(key.to_owned(), self.object(key).await?);
            }
        }
        Ok(objects)
    }

    async fn object(&self, key: &str) -> Result<Object> {
        let get = self.clients.s3.get_object().bucket(&self.bucket).key(key);
        let got = get
            .send()
            .await
            .map_err(Failure::aws(format!("read the object {key}")))?;
        let etag = got.e_tag.unwrap_or_default();
        let body = got
            .body
            .collect()
            .await
            .map_err(Failure::aws(format!("read the object {key}")))?;
        Ok(Object {
            etag,
            bytes: body.to_vec(),
        })
    }

    fn lock_id(&self, key: &str) -> AttributeValue {
        AttributeValue::S(format!("{}/{key}", self.bucket))
    }
}

/// The key of the lock file beside a state.
fn lock_file(key: &str) -> String {
    format!("{key}.tflock")
}
