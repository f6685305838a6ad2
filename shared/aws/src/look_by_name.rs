//! Asks `sweep` to look at a few states by name, and waits for what it saw.

use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use lockwarden_core::ids::LockPath;
use lockwarden_core::report::LookReply;
use serde_json::json;

use crate::failure::{Failure, Kind};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["lambda:InvokeFunction"];

/// How long one invocation may take: a cold start and a few consistent reads. Another one beside it would only look at the
/// same again, so that there is one long try instead of the usual short ones.
const ONE_LOOK: Duration = Duration::from_secs(40);
/// How long all of it may take, with what is tried again when `sweep` is throttled because it is just sweeping.
const ALL_TRIES: Duration = Duration::from_secs(45);

/// Looks at some states by their paths (`bucket/key`).
///
/// # Errors
/// When Lambda does not answer or does not let us, and when `sweep` fails or answers in another form.
pub async fn look_at(
    client: &Client,
    function: &str,
    paths: &[LockPath],
) -> Result<LookReply, Failure> {
    let doing = || format!("have {function} look at a state");
    let event = json!({"look_at": paths}).to_string();
    let answer = client
        .invoke()
        .function_name(function)
        .payload(Blob::new(event))
        .customize()
        .config_override(patiently())
        .send()
        .await
        .map_err(Failure::of(doing()))?;
    if let Some(error) = answer.function_error() {
        // What it says is in the log of `sweep`; here it could hold anything.
        let why = format!("the function failed ({error}); its log says why");
        return Err(Failure::new(doing(), why, Kind::Lasting));
    }
    let payload = answer.payload().map(Blob::as_ref).unwrap_or_default();
    serde_json::from_slice(payload).map_err(|_| {
        let why = "its reply is of another version";
        Failure::new(doing(), why, Kind::Lasting)
    })
}

fn patiently() -> Builder {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ONE_LOOK)
        .operation_timeout(ALL_TRIES)
        .build();
    Builder::new().timeout_config(timeouts)
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::testing::{Answer, Aws, path};

    const SEEN: &str =
        r#"{"looked_at":[{"lock_id":"b/k","locks":[],"tables":["locks"],"incomplete":[]}]}"#;

    async fn looked(answer: Answer) -> Result<LookReply, Failure> {
        let aws = Aws::in_turn([answer]);
        let looked = look_at(&aws.lambda(), "sweep", &[path("b/k")]).await;
        let asked = aws.only_asked();
        assert_eq!(asked.path, "2015-03-31/functions/sweep/invocations");
        assert_eq!(asked.body, r#"{"look_at":["b/k"]}"#);
        looked
    }

    fn answered(headers: Vec<(&'static str, &'static str)>, body: &str) -> Answer {
        let headers = headers.into_iter();
        let headers = headers
            .map(|(name, value)| (name, value.to_owned()))
            .collect();
        Answer::Http(200, headers, body.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn sweep_is_asked_and_waited_for() {
        let reply = looked(answered(Vec::new(), SEEN)).await.unwrap();
        assert_eq!(reply.looked_at[0].lock_id, path("b/k"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_look_is_waited_for_and_not_begun_again_and_again() {
        let aws = Aws::answering(|_| Answer::Silence);
        let asked_at = Instant::now();
        let looked = look_at(&aws.lambda(), "sweep", &[path("b/k")]).await;
        assert!(looked.unwrap_err().is_transient());
        assert!((ONE_LOOK..=ALL_TRIES).contains(&asked_at.elapsed()));
        assert_eq!(aws.asked().len(), 1);
    }

    #[tokio::test]
    async fn a_sweep_that_fails_or_answers_otherwise_is_a_failure() {
        for answer in [
            answered(vec![("x-amz-function-error", "Unhandled")], SEEN),
            answered(Vec::new(), "null"),
            answered(Vec::new(), r#"{"tables":1}"#),
        ] {
            assert!(looked(answer).await.is_err());
        }
    }
}
