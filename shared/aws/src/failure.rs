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
const PASSING: [&str; 13] = [
    "InternalError",
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttled",
    "ThrottledException",
    "ThrottlingException",
    "TooManyRequestsException",
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
    let answered_5xx = error
        .raw_response()
        .is_some_and(|response| response.status().is_server_error());
    let named_so = error.code().is_some_and(|code| PASSING.contains(&code));
    // Nobody answered, or what came back could not be read.
    let unanswered = !matches!(
        error,
        SdkError::ServiceError(_) | SdkError::ConstructionFailure(_)
    );
    if answered_5xx || named_so || unanswered {
        Kind::Transient
    } else {
        Kind::Lasting
    }
}
