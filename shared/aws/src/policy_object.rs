//! Reads the object with the policy.
//!
//! Each process keeps what it read last and asks for something else only (`If-None-Match`): most reads then carry no body.

use std::cell::RefCell;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use lockwarden_core::error_chain;
use lockwarden_core::policy::{Flaw, PolicyReading, PolicyUri, PolicyVersion};

use crate::failure::{Failure, Kind};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["s3:GetObject"];

/// The status of an answer that says that nothing has changed.
const NOT_MODIFIED: u16 = 304;

/// The version that a process read last.
#[derive(Debug, Default)]
pub struct Held(RefCell<Option<PolicyVersion>>);

/// What the object says now. Of one with more than `longest` bytes nothing is read.
///
/// What fails and may work at the next try is [`PolicyReading::NotNow`]; whatever else keeps the text from us is wrong with
/// the object until somebody changes something.
pub async fn read(client: &Client, held: &Held, uri: &PolicyUri, longest: usize) -> PolicyReading {
    let known = held.0.borrow().clone();
    let answer = client
        .get_object()
        .bucket(uri.bucket())
        .key(uri.key())
        .set_if_none_match(known.as_ref().map(|known| known.etag.clone()))
        .send()
        .await;
    let answer = match (answer, known) {
        (Ok(answer), _) => answer,
        (Err(error), Some(known)) if is_unchanged(&error) => return PolicyReading::Text(known),
        (Err(error), _) => return not_read(uri, error),
    };
    let Some(etag) = answer.e_tag.clone().filter(|etag| !etag.is_empty()) else {
        let why = "S3's answer has no entity tag; it may have been cut off";
        return PolicyReading::NotNow(failure(uri, why).to_string());
    };
    let bytes = answer.content_length().unwrap_or_default();
    if usize::try_from(bytes).is_ok_and(|bytes| bytes > longest) {
        return too_long(uri, etag, longest);
    }
    let body = match body(answer.body, longest).await {
        Ok(Some(body)) => body,
        Ok(None) => return too_long(uri, etag, longest),
        Err(why) => return PolicyReading::NotNow(failure(uri, why).to_string()),
    };
    let Ok(text) = String::from_utf8(body) else {
        let why = format!("{uri} is not UTF-8 text");
        return PolicyReading::NoText(Flaw { version: etag, why });
    };
    let version = PolicyVersion { etag, text };
    held.0.replace(Some(version.clone()));
    PolicyReading::Text(version)
}

/// The body, as long as it is short enough; S3 need not say its length.
async fn body(mut stream: ByteStream, longest: usize) -> Result<Option<Vec<u8>>, String> {
    let mut body = Vec::new();
    while let Some(part) = stream.next().await {
        let part = part.map_err(|error| error_chain::chain(&error))?;
        body.extend_from_slice(&part);
        if body.len() > longest {
            return Ok(None);
        }
    }
    Ok(Some(body))
}

fn is_unchanged(error: &SdkError<GetObjectError>) -> bool {
    let answer = error.raw_response();
    answer.is_some_and(|answer| answer.status().as_u16() == NOT_MODIFIED)
}

fn not_read(uri: &PolicyUri, error: SdkError<GetObjectError>) -> PolicyReading {
    let code = error.code().map(str::to_owned);
    let failure = Failure::of(doing(uri))(error);
    if failure.is_transient() {
        return PolicyReading::NotNow(failure.to_string());
    }
    // Who may not list a bucket does not learn that an object is not there.
    let why = match code.as_deref() {
        Some("AccessDenied") => format!("{failure}; S3 says so also where the object is gone"),
        Some(_) | None => failure.to_string(),
    };
    PolicyReading::NoText(Flaw {
        // Messages can name what differs from call to call; a code stays the same.
        version: code.unwrap_or_else(|| "unreadable".to_owned()),
        why,
    })
}

fn too_long(uri: &PolicyUri, etag: String, longest: usize) -> PolicyReading {
    PolicyReading::NoText(Flaw {
        version: etag,
        why: format!("{uri} has more than {longest} bytes, which no policy may have"),
    })
}

fn failure(uri: &PolicyUri, why: impl Into<String>) -> Failure {
    Failure::new(doing(uri), why, Kind::Transient)
}

fn doing(uri: &PolicyUri) -> String {
    format!("read the policy {uri}")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::testing::{Answer, Aws, object};

    /// The answer to who has this version already.
    fn unchanged() -> Answer {
        Answer::Http(304, vec![("etag", "\"d4a4\"".to_owned())], Vec::new())
    }

    /// With a point in its name the bucket stands in the path, where a test can see it.
    fn uri() -> PolicyUri {
        PolicyUri::parse("s3://acme.config/teams/lockwarden.hcl").unwrap()
    }

    async fn read_with(aws: &Aws, held: &Held) -> PolicyReading {
        read(&aws.s3(), held, &uri(), 16).await
    }

    async fn flaw(answer: Answer) -> Flaw {
        let reading = read_with(&Aws::in_turn([answer]), &Held::default()).await;
        let PolicyReading::NoText(flaw) = reading else {
            panic!("{reading:?}")
        };
        flaw
    }

    fn text(text: &str) -> PolicyReading {
        PolicyReading::Text(PolicyVersion {
            etag: "\"d4a4\"".to_owned(),
            text: text.to_owned(),
        })
    }

    #[tokio::test]
    async fn a_version_is_read_once_and_then_only_asked_about() {
        let aws = Aws::in_turn([object(b"default {}"), unchanged(), object(b"# new")]);
        let held = Held::default();
        assert_eq!(read_with(&aws, &held).await, text("default {}"));
        assert_eq!(read_with(&aws, &held).await, text("default {}"));
        assert_eq!(read_with(&aws, &held).await, text("# new"));
        let asked = aws.asked();
        assert_eq!(
            (asked[0].method.as_str(), asked[0].path.as_str()),
            ("GET", "acme.config/teams/lockwarden.hcl")
        );
        let tags: Vec<_> = asked
            .iter()
            .map(|asked| asked.headers.get("if-none-match").map(String::as_str))
            .collect();
        assert_eq!(tags, [None, Some("\"d4a4\""), Some("\"d4a4\"")]);
    }

    #[tokio::test]
    async fn what_is_too_long_is_left_unread_and_not_held() {
        let longest = "x".repeat(16);
        let aws = Aws::in_turn([object(longest.as_bytes())]);
        assert_eq!(read_with(&aws, &Held::default()).await, text(&longest));

        let told = flaw(object("x".repeat(17).as_bytes())).await;
        assert_eq!(told.version, "\"d4a4\"");
        assert_snapshot!(told.why, @"s3://acme.config/teams/lockwarden.hcl has more than 16 bytes, which no policy may have");
        let Answer::Http(status, mut headers, _) = object(b"short") else {
            panic!("it is an answer")
        };
        headers.push(("content-length", "17".to_owned()));
        let told_by_length = flaw(Answer::Http(status, headers, b"short".to_vec())).await;
        assert_eq!(told_by_length, told, "nobody reads it");
    }

    #[tokio::test]
    async fn what_is_no_text_is_a_version_that_is_wrong() {
        let told = flaw(object(&[0xff, 0xfe])).await;
        assert_eq!(told.version, "\"d4a4\"");
        assert_snapshot!(told.why, @"s3://acme.config/teams/lockwarden.hcl is not UTF-8 text");
    }

    #[tokio::test]
    async fn what_s3_refuses_stays_so_until_somebody_changes_something() {
        for (status, code) in [
            (404, "NoSuchKey"),
            (404, "NoSuchBucket"),
            (403, "AccessDenied"),
            (400, "KMS.DisabledException"),
            (301, "PermanentRedirect"),
        ] {
            let told = flaw(Answer::s3_error(status, code)).await;
            assert_eq!(told.version, code);
            let why = format!(
                "cannot read the policy s3://acme.config/teams/lockwarden.hcl: {code}: so it is"
            );
            assert!(told.why.starts_with(&why), "{}", told.why);
            let may_be_gone = told
                .why
                .ends_with("; S3 says so also where the object is gone");
            assert_eq!(may_be_gone, code == "AccessDenied");
        }
    }

    #[tokio::test]
    async fn what_may_work_at_the_next_try_says_nothing_about_the_object() {
        for answer in [
            Answer::s3_error(503, "SlowDown"),
            Answer::s3_error(500, "InternalError"),
            Answer::TimedOut,
            Answer::Http(200, Vec::new(), b"default {}".to_vec()),
        ] {
            let held = Held::default();
            let reading = read_with(&Aws::in_turn([answer]), &held).await;
            assert!(matches!(reading, PolicyReading::NotNow(_)), "{reading:?}");
        }
    }

    #[tokio::test]
    async fn a_version_outlives_a_read_that_fails() {
        let denied = Answer::s3_error(403, "AccessDenied");
        let aws = Aws::in_turn([object(b"default {}"), denied, unchanged()]);
        let held = Held::default();
        assert_eq!(read_with(&aws, &held).await, text("default {}"));
        let reading = read_with(&aws, &held).await;
        assert!(matches!(reading, PolicyReading::NoText(_)), "{reading:?}");
        assert_eq!(read_with(&aws, &held).await, text("default {}"));
    }
}
