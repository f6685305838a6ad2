//! Deletes one lock object, if it is still what was judged.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use lockwarden_core::release::LockFileHalf;

use crate::deleted::Deleted;
use crate::failure::{Failure, Kind};

/// What a role needs for this. S3 asks for `s3:GetObject` as well before it compares, which reading brings.
pub const ACTIONS: &[&str] = &["s3:DeleteObject"];

/// Deletes the object only while it has the entity tag that was judged, and never by version: in a versioned bucket what
/// was deleted can be brought back.
///
/// # Errors
/// When S3 does not answer or does not let us.
pub async fn delete(client: &Client, half: &LockFileHalf) -> Result<Deleted, Failure> {
    let answer = client
        .delete_object()
        .bucket(half.bucket())
        .key(half.key())
        .if_match(half.etag())
        .send()
        .await;
    let error = match answer {
        Ok(_) => return Ok(Deleted::Yes),
        Err(error) => error,
    };
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    let doing = format!("delete a lock object of the bucket {}", half.bucket());
    match (status, error.code()) {
        (_, Some("NoSuchBucket")) => Err(Failure::of(doing)(error)),
        (Some(412), _) => Ok(Deleted::Changed),
        (Some(404), _) => Ok(Deleted::Gone),
        // Somebody else writes the same key at this moment.
        (Some(409), _) => Err(Failure {
            kind: Kind::Transient,
            ..Failure::of(doing)(error)
        }),
        _ => Err(Failure::of(doing)(error)),
    }
}

#[cfg(test)]
mod tests {
    use lockwarden_core::item::Content;

    use super::*;
    use crate::testing::{Answer, Aws, TEXT, object_record, release};

    async fn deleted(aws: &Aws) -> Result<Deleted, Failure> {
        let release = release(&object_record(Content::Text(TEXT.to_owned())));
        delete(&aws.s3(), release.lock_file().unwrap()).await
    }

    #[tokio::test]
    async fn an_object_is_deleted_only_while_it_has_the_tag_that_was_judged() {
        let aws = Aws::in_turn([Answer::Http(204, Vec::new(), Vec::new())]);
        assert_eq!(deleted(&aws).await, Ok(Deleted::Yes));
        let asked = aws.only_asked();
        assert_eq!(asked.method, "DELETE");
        assert_eq!(asked.path, "b/k.tflock");
        assert_eq!(asked.headers["if-match"], "\"d4a4\"");
    }

    #[tokio::test]
    async fn no_version_is_ever_deleted() {
        let version = ("x-amz-version-id", "v-7".to_owned());
        let aws = Aws::in_turn([Answer::Http(204, vec![version], Vec::new())]);
        assert_eq!(deleted(&aws).await, Ok(Deleted::Yes));
        let asked = aws.only_asked();
        let names: Vec<&str> = asked.query.keys().map(String::as_str).collect();
        assert_eq!(names, ["x-id"], "a version is named in the query");
    }

    #[tokio::test]
    async fn a_delete_that_met_something_else_tells_what_it_met() {
        for (status, code, met) in [
            (412, "PreconditionFailed", Deleted::Changed),
            (404, "NoSuchKey", Deleted::Gone),
        ] {
            let aws = Aws::in_turn([Answer::s3_error(status, code)]);
            assert_eq!(deleted(&aws).await, Ok(met), "{code}");
        }
    }

    #[tokio::test]
    async fn a_delete_that_nobody_carried_out_is_a_failure() {
        for (status, code, kind) in [
            // A bucket that is not there is a wrong setting, not a lock that is gone.
            (404, "NoSuchBucket", Kind::Lasting),
            (403, "AccessDenied", Kind::Lasting),
            (409, "ConditionalRequestConflict", Kind::Transient),
            (503, "SlowDown", Kind::Transient),
        ] {
            let aws = Aws::in_turn([Answer::s3_error(status, code)]);
            let failure = deleted(&aws).await.unwrap_err();
            assert_eq!(failure.kind, kind, "{failure}");
        }
    }
}
