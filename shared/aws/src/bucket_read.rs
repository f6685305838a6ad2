//! Reads one lock object, and looks whether a state exists and when it was written.
//!
//! A state itself is never opened: nobody gets `s3:GetObject` on it, and without that not even `HeadObject` is allowed. Its
//! existence, time and entity tag come from a listing with its exact key as the prefix.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::Object;
use jiff::Timestamp;
use lockwarden_core::error_chain;
use lockwarden_core::ids::LockPath;
use lockwarden_core::item::{Content, MAX_RECORD_BYTES, Place, Record};
use lockwarden_core::policy::StateObject;

use crate::failure::{Failure, Kind};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["s3:GetObject", "s3:ListBucket"];

/// What a listing says about an object.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    key: String,
    etag: String,
    modified: Timestamp,
    bytes: u64,
}

impl Listed {
    /// `None` for an entry that lacks what S3 always gives.
    pub(crate) fn of(object: &Object) -> Option<Self> {
        Some(Self {
            key: object.key()?.to_owned(),
            etag: object.e_tag()?.to_owned(),
            modified: timestamp(object.last_modified()?)?,
            bytes: u64::try_from(object.size().unwrap_or(0)).unwrap_or(0),
        })
    }
}

/// The lock record beside a state; `None` where there is none.
///
/// # Errors
/// When S3 does not answer or does not let us list the key. An object that exists and cannot be opened is a record that
/// is closed, not an error.
pub async fn record(client: &Client, path: &LockPath) -> Result<Option<Record>, Failure> {
    let Some((bucket, key)) = path.lock_file() else {
        return Ok(None);
    };
    match find(client, &bucket, &key).await? {
        Some(object) => listed(client, &bucket, object).await,
        None => Ok(None),
    }
}

/// What can be known of a state object without opening it.
pub async fn state(client: &Client, path: &LockPath) -> StateObject {
    let Some((bucket, key)) = path.bucket_and_key() else {
        return StateObject::Unknown("the path names no bucket".to_owned());
    };
    match find(client, bucket, key).await {
        Ok(Some(object)) => StateObject::Written {
            at: object.modified,
            etag: Some(object.etag.trim_matches('"').to_owned()),
        },
        Ok(None) => StateObject::Absent,
        Err(failure) => StateObject::Unknown(failure.to_string()),
    }
}

/// Reads an object that a listing named; `None` where it is gone meanwhile.
pub(crate) async fn listed(
    client: &Client,
    bucket: &str,
    object: Listed,
) -> Result<Option<Record>, Failure> {
    let Some(path) = LockPath::of_lock_file(bucket, &object.key) else {
        return Ok(None);
    };
    if object.bytes > MAX_RECORD_BYTES as u64 {
        let content = Content::too_large(object.bytes);
        return Ok(Some(record_of(path, bucket, object, content)));
    }
    let answer = client
        .get_object()
        .bucket(bucket)
        .key(&object.key)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return unread(path, bucket, object, error),
    };
    // Text, tag and time of one answer belong together, whatever the listing said.
    let object = Listed {
        etag: answer.e_tag().unwrap_or(&object.etag).to_owned(),
        modified: answer
            .last_modified()
            .and_then(timestamp)
            .unwrap_or(object.modified),
        ..object
    };
    let body = answer.body.collect().await.map_err(|error| {
        Failure::new(
            format!("read a lock object of the bucket {bucket}"),
            error_chain::chain(&error),
            Kind::Transient,
        )
    })?;
    let content = Content::of_bytes(body.to_vec());
    Ok(Some(record_of(path, bucket, object, content)))
}

fn unread(
    path: LockPath,
    bucket: &str,
    object: Listed,
    error: SdkError<GetObjectError>,
) -> Result<Option<Record>, Failure> {
    if error.code() == Some("NoSuchKey") {
        return Ok(None);
    }
    let failure = Failure::of(format!("read a lock object of the bucket {bucket}"))(error);
    match failure.kind {
        Kind::Transient => Err(failure),
        // One object under a KMS key or with SSE-C that we cannot use: it blocks people all the same.
        Kind::Lasting => {
            let content = Content::Closed(format!("S3 does not let us open it ({})", failure.why));
            Ok(Some(record_of(path, bucket, object, content)))
        }
    }
}

fn record_of(path: LockPath, bucket: &str, object: Listed, content: Content) -> Record {
    Record {
        path,
        place: Place::S3 {
            bucket: bucket.to_owned(),
            key: object.key,
            etag: object.etag,
            modified: object.modified,
        },
        content,
    }
}

/// What a listing says about exactly this key. It comes first among the keys that begin with it.
async fn find(client: &Client, bucket: &str, key: &str) -> Result<Option<Listed>, Failure> {
    let answer = client
        .list_objects_v2()
        .bucket(bucket)
        .prefix(key)
        .max_keys(1)
        .send()
        .await
        .map_err(Failure::of(format!(
            "look for a key in the bucket {bucket}"
        )))?;
    let object = answer.contents().first();
    Ok(object
        .and_then(Listed::of)
        .filter(|object| object.key == key))
}

fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}
