//! Publishes a notice.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use lockwarden_core::notice::Rendered;
use lockwarden_core::settings::TopicArn;

use crate::failure::{Failure, Kind};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["sns:Publish"];

/// Publishes a notice in all its forms.
///
/// # Errors
/// When SNS does not answer or does not take it.
pub async fn publish(client: &Client, topic: &TopicArn, notice: &Rendered) -> Result<(), Failure> {
    let doing = format!("publish to {}", topic.as_str());
    let mut request = client
        .publish()
        .topic_arn(topic.as_str())
        .subject(&notice.subject)
        .message_structure("json")
        .message(&notice.message);
    for (name, value) in &notice.attributes {
        let value = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(value)
            .build()
            .map_err(|error| Failure::new(&doing, error.to_string(), Kind::Lasting))?;
        request = request.message_attributes(*name, value);
    }
    request.send().await.map_err(Failure::of(doing))?;
    Ok(())
}
