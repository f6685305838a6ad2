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
