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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Aws};

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:notices";

    /// A page of subscribers: protocol, endpoint and ARN of each.
    fn page(members: &[[&str; 3]], next: &str) -> Answer {
        let members: String = members
            .iter()
            .map(|[protocol, endpoint, arn]| {
                format!(
                    "<member><Protocol>{protocol}</Protocol><Endpoint>{endpoint}</Endpoint>\
                     <SubscriptionArn>{arn}</SubscriptionArn></member>"
                )
            })
            .collect();
        let result = format!("<Subscriptions>{members}</Subscriptions>{next}");
        Answer::xml(&format!(
            "<ListSubscriptionsByTopicResponse><ListSubscriptionsByTopicResult>{result}\
             </ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>"
        ))
    }

    #[tokio::test]
    async fn every_subscriber_is_named_and_who_has_not_confirmed() {
        let arn = format!("{TOPIC}:1");
        let aws = Aws::in_turn([
            page(
                &[["email", "alice@example.com", "PendingConfirmation"]],
                "<NextToken>more</NextToken>",
            ),
            page(&[["sqs", "arn:aws:sqs:::q", &arn]], ""),
        ]);
        let found = list(&aws.sns(), &TopicArn::parse(TOPIC).unwrap()).await;
        let subscriber = |protocol: &str, endpoint: &str, confirmed| Subscriber {
            protocol: protocol.to_owned(),
            endpoint: endpoint.to_owned(),
            confirmed,
        };
        let expected = vec![
            subscriber("email", "alice@example.com", false),
            subscriber("sqs", "arn:aws:sqs:::q", true),
        ];
        assert_eq!(found, Ok(expected));
        let asked = aws.asked();
        assert_eq!(asked[0].form()["TopicArn"], TOPIC);
        assert_eq!(asked[1].form()["NextToken"], "more");
    }
}
