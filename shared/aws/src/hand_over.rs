//! Gives a decision to `approve`: one that was left half-done, or what a rule or the dead-man's switch decided.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Aws};

    #[tokio::test]
    async fn a_decision_is_handed_over_without_waiting_for_what_comes_of_it() {
        let aws = Aws::in_turn([Answer::Http(202, Vec::new(), Vec::new())]);
        let event = r#"{"finish":"7F3K2QWX"}"#;
        assert_eq!(hand_over(&aws.lambda(), "approve", event).await, Ok(()));
        let asked = aws.only_asked();
        assert_eq!(asked.path, "2015-03-31/functions/approve/invocations");
        assert_eq!(asked.headers["x-amz-invocation-type"], "Event");
        assert_eq!(asked.body, event);
    }
}
