//! Gives a decision that was left half-done to `approve`.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;

use crate::failure::Failure;

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["lambda:InvokeFunction"];

/// Puts an event into the function's queue; Lambda retries it, and keeps it in the dead-letter queue if that is in vain.
///
/// # Errors
/// When Lambda does not answer or does not take it.
pub async fn hand_over(client: &Client, function: &str, event: &str) -> Result<(), Failure> {
    client
        .invoke()
        .function_name(function)
        .invocation_type(InvocationType::Event)
        .payload(Blob::new(event))
        .send()
        .await
        .map_err(Failure::of(format!("hand a decision to {function}")))?;
    Ok(())
}
