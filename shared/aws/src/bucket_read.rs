//! Reads one lock object, and looks whether a state exists and when it was written.
//!
//! A state itself is never opened: nobody gets `s3:GetObject` on it, and without that not even `HeadObject` is allowed. Its
//! existence, time and entity tag come from a listing with its exact key as the prefix.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
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
    /// An entry of a listing.
    ///
    /// # Errors
    /// Where it lacks what S3 always gives; it must not be taken for nothing.
    pub(crate) fn of(bucket: &str, object: &Object) -> Result<Self, Failure> {
        Self::whole(object).ok_or_else(|| cut_off(bucket))
    }

    fn whole(object: &Object) -> Option<Self> {
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
    let answer = whole(bucket, answer)?;
    let object = answer.contents().first();
    let object = object.filter(|object| object.key() == Some(key));
    object.map(|object| Listed::of(bucket, object)).transpose()
}

/// A listing that was cut off on its way reads like a shorter one. A whole one says whether there is more.
pub(crate) fn whole(
    bucket: &str,
    page: ListObjectsV2Output,
) -> Result<ListObjectsV2Output, Failure> {
    match (page.is_truncated(), page.next_continuation_token()) {
        (Some(false), _) | (Some(true), Some(_)) => Ok(page),
        (None, _) | (Some(true), None) => Err(cut_off(bucket)),
    }
}

pub(crate) fn cut_off(bucket: &str) -> Failure {
    let why = "S3's answer lacks what S3 always says; it may have been cut off";
    Failure::new(format!("list the bucket {bucket}"), why, Kind::Transient)
}

pub(crate) fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::testing::{
        Answer, Aws, Stored, TEXT, at, listing_page, object, object_record, path,
    };

    const LOCK: Stored = Stored {
        key: "k.tflock",
        bytes: 200,
    };

    /// A bucket with one lock object, of which `answer` is what a read gives.
    fn bucket(listed: Stored, answer: Answer) -> Aws {
        Aws::in_turn([listing_page(&[listed], None), answer])
    }

    async fn read(aws: &Aws) -> Result<Option<Record>, Failure> {
        record(&aws.s3(), &path("b/k")).await
    }

    /// Why the record cannot be compared.
    async fn closed(aws: &Aws) -> String {
        match read(aws).await.unwrap().unwrap().content {
            Content::Closed(why) => why,
            open @ (Content::Text(_) | Content::Phantom) => panic!("{open:?}"),
        }
    }

    #[tokio::test]
    async fn a_lock_is_found_by_its_exact_key_and_read() {
        let aws = bucket(LOCK, object(TEXT.as_bytes()));
        // Tag and time are those of the body that was read, not those of the listing before it.
        let expected = object_record(Content::Text(TEXT.to_owned()));
        assert_eq!(read(&aws).await, Ok(Some(expected)));
        let asked = aws.asked();
        assert_eq!(asked[0].query["prefix"], "k.tflock");
        assert_eq!(
            (asked[1].method.as_str(), asked[1].path.as_str()),
            ("GET", "b/k.tflock")
        );
        assert_eq!(asked.len(), 2);
    }

    #[tokio::test]
    async fn a_longer_key_with_the_same_beginning_is_not_the_lock() {
        let longer = Stored {
            key: "k.tflock.tflock",
            ..LOCK
        };
        let aws = Aws::in_turn([listing_page(&[longer], None)]);
        assert_eq!(read(&aws).await, Ok(None));
    }

    #[tokio::test]
    async fn a_path_without_a_bucket_has_no_lock_object() {
        let aws = Aws::in_turn([]);
        assert_eq!(record(&aws.s3(), &path("no-slash")).await, Ok(None));
        assert!(aws.asked().is_empty());
    }

    #[tokio::test]
    async fn text_is_kept_byte_for_byte() {
        for text in [
            "",
            " {}\n",
            "\u{feff}{}\r\n",
            "{\"Who\":\"\u{202e}é\u{0}\"}",
        ] {
            let aws = bucket(LOCK, object(text.as_bytes()));
            let content = read(&aws).await.unwrap().unwrap().content;
            assert_eq!(content, Content::Text(text.to_owned()));
        }
    }

    #[tokio::test]
    async fn what_is_too_large_for_a_lock_is_closed_unread() {
        let large = |bytes| Stored { bytes, ..LOCK };
        let aws = Aws::in_turn([listing_page(&[large(MAX_RECORD_BYTES + 1)], None)]);
        assert_snapshot!(closed(&aws).await, @"it is 65537 bytes long; a lock record has at most 65536");
        assert_eq!(aws.asked().len(), 1, "nobody opens it");

        let text = "x".repeat(MAX_RECORD_BYTES);
        let aws = bucket(large(MAX_RECORD_BYTES), object(text.as_bytes()));
        let content = read(&aws).await.unwrap().unwrap().content;
        assert_eq!(content, Content::Text(text));
    }

    #[tokio::test]
    async fn what_grew_after_it_was_listed_is_closed() {
        let text = "x".repeat(MAX_RECORD_BYTES + 1);
        let aws = bucket(LOCK, object(text.as_bytes()));
        assert_snapshot!(closed(&aws).await, @"it is 65537 bytes long; a lock record has at most 65536");
    }

    #[tokio::test]
    async fn what_s3_does_not_let_us_open_blocks_people_all_the_same() {
        let aws = bucket(LOCK, Answer::s3_error(403, "AccessDenied"));
        assert_snapshot!(closed(&aws).await, @"S3 does not let us open it (AccessDenied: so it is)");
        let aws = bucket(LOCK, Answer::s3_error(400, "KMS.DisabledException"));
        assert_snapshot!(closed(&aws).await, @"S3 does not let us open it (KMS.DisabledException: so it is)");
        let aws = bucket(LOCK, object(&[0xff, 0xfe]));
        assert_snapshot!(closed(&aws).await, @"its body is not UTF-8 text");
    }

    #[tokio::test]
    async fn a_closed_lock_has_the_tag_of_its_listing() {
        let aws = bucket(LOCK, Answer::s3_error(403, "AccessDenied"));
        let Place::S3 { etag, modified, .. } = read(&aws).await.unwrap().unwrap().place else {
            panic!("it is an object")
        };
        assert_eq!(
            (etag.as_str(), modified),
            ("\"listed\"", at("2026-01-01T00:00:05Z"))
        );
    }

    #[tokio::test]
    async fn a_lock_that_went_between_list_and_read_is_gone() {
        let aws = bucket(LOCK, Answer::s3_error(404, "NoSuchKey"));
        assert_eq!(read(&aws).await, Ok(None));
    }

    #[tokio::test]
    async fn a_read_that_may_work_later_is_a_failure_and_no_record() {
        for answer in [
            Answer::s3_error(503, "SlowDown"),
            Answer::s3_error(500, "InternalError"),
            Answer::TimedOut,
        ] {
            let failure = read(&bucket(LOCK, answer)).await.unwrap_err();
            assert!(failure.is_transient(), "{failure}");
        }
    }

    #[tokio::test]
    async fn a_listing_that_is_denied_is_no_empty_bucket() {
        let aws = Aws::in_turn([Answer::s3_error(403, "AccessDenied")]);
        assert_snapshot!(read(&aws).await.unwrap_err(), @"cannot look for a key in the bucket b: AccessDenied: so it is");
    }

    #[tokio::test]
    async fn a_state_is_looked_at_without_opening_it() {
        let stored = Stored { key: "k", bytes: 9 };
        let aws = Aws::in_turn([listing_page(&[stored], None)]);
        let known = state(&aws.s3(), &path("b/k")).await;
        let expected = StateObject::Written {
            at: at("2026-01-01T00:00:05Z"),
            etag: Some("listed".to_owned()),
        };
        assert_eq!(known, expected);
        assert_eq!(aws.only_asked().query["prefix"], "k");
    }

    #[tokio::test]
    async fn the_lock_of_a_state_that_was_never_written_is_not_the_state() {
        for listed in [&[LOCK][..], &[]] {
            let aws = Aws::in_turn([listing_page(listed, None)]);
            let known = state(&aws.s3(), &path("b/k")).await;
            assert_eq!(known, StateObject::Absent);
        }
    }

    #[tokio::test]
    async fn where_nobody_can_look_the_state_is_unknown_and_the_reason_told() {
        let aws = Aws::in_turn([Answer::s3_error(403, "AccessDenied")]);
        for (at_path, why) in [
            (
                "b/k",
                "cannot look for a key in the bucket b: AccessDenied: so it is",
            ),
            ("no-slash", "the path names no bucket"),
        ] {
            let known = state(&aws.s3(), &path(at_path)).await;
            assert_eq!(known, StateObject::Unknown(why.to_owned()));
        }
    }
}
