//! Reads a state, for its checksum and for nothing else: what it says is hashed piece by piece and forgotten.
//!
//! A state holds secrets. No other file here opens one, and the right to do so comes with a parameter that is off by default.

use std::fmt::Write as _;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use lockwarden_core::error_chain;
use lockwarden_core::ids::LockPath;
use md5::{Digest as _, Md5};

use crate::failure::{Failure, Kind};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["s3:GetObject"];

/// A state larger than this (bytes) is not read: what is gained is a word in a notice.
pub const LARGEST: u64 = 100 * 1024 * 1024;
/// Reading may take this long, out of the half minute that a decision has.
pub const LONGEST: Duration = Duration::from_secs(10);

/// The MD5 of a state, in hexadecimal, if it is still the object with this entity tag.
///
/// Terraform computes the same of what it writes (`s3/client.go: RemoteClient.Put`) and compares it with what it reads.
///
/// # Errors
/// When S3 does not let us read it, the state is too large, or reading takes too long.
pub async fn md5(client: &Client, path: &LockPath, etag: &str) -> Result<String, Failure> {
    let read = tokio::time::timeout(LONGEST, read(client, path, etag));
    read.await.unwrap_or_else(|_| {
        let why = format!("it takes longer than {} s", LONGEST.as_secs());
        Err(unread(why))
    })
}

async fn read(client: &Client, path: &LockPath, etag: &str) -> Result<String, Failure> {
    let (bucket, key) = path
        .bucket_and_key()
        .ok_or_else(|| unread("the path names no bucket"))?;
    let answer = client
        .get_object()
        .bucket(bucket)
        .key(key)
        .if_match(format!("\"{etag}\""))
        .send()
        .await;
    let mut answer = match answer {
        Ok(answer) => answer,
        Err(error) if error.code() == Some("PreconditionFailed") => {
            return Err(unread("it was written meanwhile"));
        }
        Err(error) => return Err(Failure::of("read the state")(error)),
    };
    // Where S3 says how long a body is, the SDK sees to it that it is not cut off on its way.
    let length = answer.content_length();
    let length = length.and_then(|length| u64::try_from(length).ok());
    let length = length.ok_or_else(|| unread("nobody knows how long it is"))?;
    if length > LARGEST {
        return Err(too_large(length));
    }
    let mut hasher = Md5::new();
    let mut bytes = 0_u64;
    while let Some(piece) = answer.body.next().await {
        let piece = piece.map_err(|error| unread(error_chain::chain(&error)))?;
        bytes = bytes.saturating_add(piece.len() as u64);
        if bytes > LARGEST {
            return Err(too_large(bytes));
        }
        hasher.update(&piece);
    }
    Ok(hexadecimal(&hasher.finalize()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn too_large(bytes: u64) -> Failure {
    unread(format!(
        "it has over {bytes} bytes, and no more than {LARGEST} are read"
    ))
}

fn unread(why: impl Into<String>) -> Failure {
    Failure::new("read the state", why, Kind::Lasting)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::testing::{Answer, Aws, path};

    /// A body as S3 sends it: with its length.
    fn body(bytes: &[u8]) -> Answer {
        of_length(bytes.len() as u64, bytes)
    }

    fn of_length(length: u64, bytes: &[u8]) -> Answer {
        let headers = vec![("content-length", length.to_string())];
        Answer::Http(200, headers, bytes.to_vec())
    }

    async fn checksum(answer: Answer) -> Result<String, Failure> {
        let aws = Aws::in_turn([answer]);
        md5(&aws.s3(), &path("b/env:/dev/k"), "d4a4-2").await
    }

    #[tokio::test]
    async fn the_checksum_is_that_of_the_whole_body() {
        for (bytes, sum) in [
            // The test suite of RFC 1321.
            (&b""[..], "d41d8cd98f00b204e9800998ecf8427e"),
            (b"abc", "900150983cd24fb0d6963f7d28e17f72"),
            (
                b"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ] {
            assert_eq!(checksum(body(bytes)).await.unwrap(), sum);
        }
    }

    #[tokio::test]
    async fn only_the_object_that_was_looked_at_is_read() {
        let aws = Aws::in_turn([body(b"abc")]);
        md5(&aws.s3(), &path("b/env:/dev/k"), "d4a4-2")
            .await
            .unwrap();
        let asked = aws.only_asked();
        assert_eq!(
            (asked.method.as_str(), asked.path.as_str()),
            ("GET", "b/env:/dev/k")
        );
        assert_eq!(asked.headers["if-match"], "\"d4a4-2\"");
        let written = Answer::s3_error(412, "PreconditionFailed");
        assert_snapshot!(checksum(written).await.unwrap_err(), @"cannot read the state: it was written meanwhile");
    }

    #[tokio::test]
    async fn what_cannot_be_read_to_its_end_has_no_checksum() {
        let denied = Answer::s3_error(403, "AccessDenied");
        assert_snapshot!(checksum(denied).await.unwrap_err(), @"cannot read the state: AccessDenied: so it is");
        let large = of_length(LARGEST + 1, b"abc");
        assert_snapshot!(checksum(large).await.unwrap_err(), @"cannot read the state: it has over 104857601 bytes, and no more than 104857600 are read");
        let cut_off = of_length(4, b"abc");
        assert_snapshot!(checksum(cut_off).await.unwrap_err(), @"cannot read the state: streaming error: Invalid Content-Length: Expected 4 bytes but 3 bytes were received");
        let endless = Answer::Http(200, Vec::new(), b"abc".to_vec());
        assert_snapshot!(checksum(endless).await.unwrap_err(), @"cannot read the state: nobody knows how long it is");
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_that_takes_too_long_holds_nothing_up() {
        assert_snapshot!(checksum(Answer::Silence).await.unwrap_err(), @"cannot read the state: it takes longer than 10 s");
    }
}
