//! Says who gets the notices.

use aws_sdk_sns::Client;
use lockwarden_core::settings::TopicArn;

use crate::failure::Failure;

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["sns:ListSubscriptionsByTopic"];

/// Somebody who gets the notices, or will once they confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// `email`, `sqs`, `https` and so on.
    pub protocol: String,
    /// Where to.
    pub endpoint: String,
    /// Whether they get anything yet: an address must confirm first.
    pub confirmed: bool,
}

/// Every subscriber of a topic, all pages.
///
/// # Errors
/// When SNS does not answer or does not let us.
pub async fn list(client: &Client, topic: &TopicArn) -> Result<Vec<Subscriber>, Failure> {
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let page = client
            .list_subscriptions_by_topic()
            .topic_arn(topic.as_str())
            .set_next_token(token)
            .send()
            .await
            .map_err(Failure::of(format!(
                "list who subscribes to {}",
                topic.as_str()
            )))?;
        found.extend(page.subscriptions().iter().map(|subscription| {
            Subscriber {
                protocol: subscription.protocol().unwrap_or_default().to_owned(),
                endpoint: subscription.endpoint().unwrap_or_default().to_owned(),
                // `PendingConfirmation` stands in the place of the ARN until then.
                confirmed: subscription
                    .subscription_arn()
                    .is_some_and(|arn| arn.starts_with("arn:")),
            }
        }));
        token = page.next_token;
        if token.is_none() {
            return Ok(found);
        }
    }
}
