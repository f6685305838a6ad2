//! Invoking a deployed function and reading all that comes back.

use aws_sdk_lambda::primitives::Blob;
use serde_json::Value;

use crate::clients::Clients;
use crate::failure::{Failure, Result};

/// What a function answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The reply; of a failed function its `errorType` and `errorMessage`.
    pub reply: Value,
    /// Whether the function failed.
    pub failed: bool,
}

/// Invokes a function with an event and waits for its answer. That the function fails is an answer too.
///
/// # Errors
/// When the call itself fails or what comes back is not JSON.
pub async fn invoke(clients: &Clients, function: &str, event: &Value) -> Result<Invocation> {
    let call = clients.lambda.invoke().function_name(function);
    let answer = call
        .payload(Blob::new(event.to_string()))
        .send()
        .await
        .map_err(Failure::aws(format!("invoke {function}")))?;
    let payload = answer.payload().map(AsRef::as_ref).unwrap_or_default();
    let reply = serde_json::from_slice(payload)
        .map_err(|error| Failure::Unexpected(format!("{function} answered no JSON: {error}")))?;
    Ok(Invocation {
        reply,
        failed: answer.function_error().is_some(),
    })
}
