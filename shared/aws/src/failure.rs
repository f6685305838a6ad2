//! What went wrong with a call, in words for the log, and whether trying again can mend it.

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use lockwarden_core::error_chain;
use thiserror::Error;

/// A call that did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot {doing}: {why}")]
pub struct Failure {
    /// What was tried, as in `read the table locks`.
    pub doing: String,
    /// What AWS said.
    pub why: String,
    /// What that means for the next try.
    pub kind: Kind,
}

/// What a failure means for the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Throttled, timed out, or AWS was at fault: the same call may work later.
    Transient,
    /// The role lacks a right, or the store does not exist, or the call was wrong: it will not work until somebody
    /// changes something.
    Lasting,
}

/// The codes that the services give to failures that pass; whatever has an HTTP status of 5xx passes too.
const PASSING: [&str; 19] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "InternalError",
    "InternalServerError",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

impl Failure {
    /// A failure that is not an SDK's error.
    #[must_use]
    pub fn new(doing: impl Into<String>, why: impl Into<String>, kind: Kind) -> Self {
        Self {
            doing: doing.into(),
            why: why.into(),
            kind,
        }
    }

    /// Whether the same call may work later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind == Kind::Transient
    }

    /// What an SDK's error means; for `map_err`.
    pub(crate) fn of<E>(doing: impl Into<String>) -> impl FnOnce(SdkError<E, HttpResponse>) -> Self
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        move |error| Self {
            doing: doing.into(),
            why: why(&error),
            kind: kind(&error),
        }
    }
}

/// Code and message of the service, or everything that is known where no service answered.
fn why<E: Error + ProvideErrorMetadata + 'static>(error: &SdkError<E, HttpResponse>) -> String {
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => error_chain::chain(error),
    }
}

fn kind<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Kind {
    // A success that is an error all the same has a body that was cut off.
    let odd_answer = error.raw_response().is_some_and(|response| {
        response.status().is_server_error() || response.status().is_success()
    });
    let named_so = error.code().is_some_and(|code| PASSING.contains(&code));
    // Nobody answered, or what came back could not be read.
    let unanswered = !matches!(
        error,
        SdkError::ServiceError(_) | SdkError::ConstructionFailure(_)
    );
    if odd_answer || named_so || unanswered {
        Kind::Transient
    } else {
        Kind::Lasting
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_config::timeout::TimeoutConfig;
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;
    use crate::testing::{Answer, Aws, path};
    use crate::{bucket_read, subscribers, table_read};

    /// What DynamoDB's answer to a read means.
    async fn dynamodb(answer: Answer) -> Failure {
        let client = Aws::in_turn([answer]).dynamodb();
        let read = table_read::record(&client, "locks", &path("b/k")).await;
        read.unwrap_err()
    }

    async fn s3(answer: Answer) -> Failure {
        let client = Aws::in_turn([answer]).s3();
        bucket_read::record(&client, &path("b/k"))
            .await
            .unwrap_err()
    }

    async fn sns(answer: Answer) -> Failure {
        let topic = lockwarden_core::settings::TopicArn::parse(
            "arn:aws:sns:eu-west-1:123456789012:notices",
        );
        let client = Aws::in_turn([answer]).sns();
        subscribers::list(&client, &topic.unwrap())
            .await
            .unwrap_err()
    }

    #[tokio::test]
    async fn what_dynamodb_says_tells_whether_to_try_again() {
        for (status, code, kind) in [
            (500, "InternalServerError", Kind::Transient),
            (503, "SomethingNew", Kind::Transient),
            (
                400,
                "ProvisionedThroughputExceededException",
                Kind::Transient,
            ),
            (400, "ThrottlingException", Kind::Transient),
            (400, "RequestLimitExceeded", Kind::Transient),
            (400, "TransactionInProgressException", Kind::Transient),
            (400, "TransactionConflictException", Kind::Transient),
            (400, "AccessDeniedException", Kind::Lasting),
            (400, "ResourceNotFoundException", Kind::Lasting),
            (400, "ValidationException", Kind::Lasting),
        ] {
            let failure = dynamodb(Answer::dynamodb_error(status, code, json!({}))).await;
            assert_eq!(failure.kind, kind, "{code}");
            assert_eq!(failure.is_transient(), kind == Kind::Transient);
        }
    }

    #[tokio::test]
    async fn what_s3_says_tells_whether_to_try_again() {
        for (status, code, kind) in [
            (503, "SlowDown", Kind::Transient),
            (500, "InternalError", Kind::Transient),
            (400, "RequestTimeout", Kind::Transient),
            (403, "AccessDenied", Kind::Lasting),
            (404, "NoSuchBucket", Kind::Lasting),
        ] {
            let failure = s3(Answer::s3_error(status, code)).await;
            assert_eq!(failure.kind, kind, "{code}");
        }
    }

    #[tokio::test]
    async fn what_sns_says_tells_whether_to_try_again() {
        for (status, code, kind) in [
            (503, "ServiceUnavailable", Kind::Transient),
            (429, "Throttled", Kind::Transient),
            (400, "ThrottlingException", Kind::Transient),
            (403, "AuthorizationError", Kind::Lasting),
            (404, "NotFound", Kind::Lasting),
        ] {
            let failure = sns(Answer::sns_error(status, code)).await;
            assert_eq!(failure.kind, kind, "{code}");
        }
    }

    #[tokio::test]
    async fn a_throttled_call_may_work_later_whatever_the_status_says() {
        for code in PASSING {
            let failure = dynamodb(Answer::dynamodb_error(400, code, json!({}))).await;
            assert!(failure.is_transient(), "{code}");
        }
    }

    #[tokio::test]
    async fn where_nobody_answered_the_next_try_may_be_answered() {
        for answer in [Answer::TimedOut, Answer::Unreachable] {
            let failure = dynamodb(answer.clone()).await;
            assert!(failure.is_transient(), "{answer:?}: {failure}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_never_answered_ends_and_may_work_later() {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_secs(8))
            .build();
        let config = Aws::in_turn([Answer::Silence]).config();
        let config = config.into_builder().timeout_config(timeouts).build();
        let client = aws_sdk_dynamodb::Client::new(&config);
        let read = table_read::record(&client, "locks", &path("b/k")).await;
        assert!(read.unwrap_err().is_transient());
    }

    #[tokio::test]
    async fn a_failure_says_what_was_tried_and_what_aws_said() {
        let denied = Answer::dynamodb_error(400, "AccessDeniedException", json!({}));
        assert_snapshot!(dynamodb(denied).await, @"cannot read an item of the table locks: AccessDeniedException: so it is");
        let timed_out = dynamodb(Answer::TimedOut).await;
        assert_snapshot!(timed_out, @"cannot read an item of the table locks: dispatch failure: timeout: too slow");
    }
}
