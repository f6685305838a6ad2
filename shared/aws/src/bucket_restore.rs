//! Puts one lock object back, where none is.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use lockwarden_core::restore::LockFileToPut;

use crate::failure::{Failure, Kind};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["s3:PutObject"];

/// Writes the object with Terraform's own condition (`s3/client.go: lockWithFile`), and returns its entity tag; `None` where
/// the place was not free.
///
/// # Errors
/// When S3 does not answer or does not let us.
pub async fn put(client: &Client, to_put: &LockFileToPut) -> Result<Option<String>, Failure> {
    let answer = client
        .put_object()
        .bucket(to_put.bucket())
        .key(to_put.key())
        .body(ByteStream::from(to_put.text().as_bytes().to_vec()))
        .content_type("application/json")
        .if_none_match("*")
        .send()
        .await;
    let error = match answer {
        Ok(answer) => return Ok(Some(answer.e_tag.unwrap_or_default())),
        Err(error) => error,
    };
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    let doing = format!("put a lock object back into the bucket {}", to_put.bucket());
    match status {
        Some(412) => Ok(None),
        // Somebody else writes the same key at this moment.
        Some(409) => Err(Failure {
            kind: Kind::Transient,
            ..Failure::of(doing)(error)
        }),
        _ => Err(Failure::of(doing)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Aws, TEXT, restore};

    async fn is_put(aws: &Aws) -> Result<Option<String>, Failure> {
        put(&aws.s3(), restore().lock_file().unwrap()).await
    }

    #[tokio::test]
    async fn an_object_goes_back_with_its_exact_text_and_only_where_none_is() {
        let tag = ("etag", "\"beef\"".to_owned());
        let aws = Aws::in_turn([Answer::Http(200, vec![tag], Vec::new())]);
        assert_eq!(is_put(&aws).await, Ok(Some("\"beef\"".to_owned())));
        let asked = aws.only_asked();
        assert_eq!(asked.method, "PUT");
        assert_eq!(asked.path, "b/k.tflock");
        assert_eq!(asked.headers["if-none-match"], "*");
        assert_eq!(asked.headers["content-type"], "application/json");
        // The SDK sends a checksum behind the body, in chunks; the text between is the text.
        assert!(asked.body.contains(TEXT), "{}", asked.body);
    }

    #[tokio::test]
    async fn an_object_that_somebody_else_holds_is_left_alone() {
        let aws = Aws::in_turn([Answer::s3_error(412, "PreconditionFailed")]);
        assert_eq!(is_put(&aws).await, Ok(None));
    }

    #[tokio::test]
    async fn a_write_that_nobody_carried_out_is_a_failure() {
        for (status, code, kind) in [
            (404, "NoSuchBucket", Kind::Lasting),
            (403, "AccessDenied", Kind::Lasting),
            (409, "ConditionalRequestConflict", Kind::Transient),
            (503, "SlowDown", Kind::Transient),
        ] {
            let aws = Aws::in_turn([Answer::s3_error(status, code)]);
            let failure = is_put(&aws).await.unwrap_err();
            assert_eq!(failure.kind, kind, "{failure}");
            assert_eq!(failure.doing, "put a lock object back into the bucket b");
        }
    }
}
