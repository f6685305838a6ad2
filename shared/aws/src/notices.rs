//! Publishes a notice.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use lockwarden_core::notice::Rendered;
use lockwarden_core::settings::TopicArn;

use crate::failure::{Failure, Kind};

/// What a role needs for this.
pub const ACTIONS: &[&str] = &["sns:Publish"];

/// Publishes a notice in all its forms, and returns the id of its message.
///
/// # Errors
/// When SNS does not answer or does not take it.
pub async fn publish(
    client: &Client,
    topic: &TopicArn,
    notice: &Rendered,
) -> Result<String, Failure> {
    let doing = format!("publish to {}", topic.as_str());
    let mut request = client
        .publish()
        .topic_arn(topic.as_str())
        .subject(&notice.subject)
        .message_structure("json")
        .message(&notice.message);
    for (name, value) in &notice.attributes {
        let value = MessageAttributeValue::builder()
            .data_type(value.data_type())
            .string_value(value.value())
            .build()
            .map_err(|error| Failure::new(&doing, error.to_string(), Kind::Lasting))?;
        request = request.message_attributes(*name, value);
    }
    let answer = request.send().await.map_err(Failure::of(doing))?;
    Ok(answer.message_id.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockwarden_core::notice::Attribute;

    use crate::testing::{Answer, Aws};

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:notices";

    async fn published(aws: &Aws) -> Result<String, Failure> {
        let notice = Rendered {
            subject: "Stale lock on b/k".to_owned(),
            message: r#"{"default":"a & b","sqs":"{\"kind\":\"stale_lock\"}"}"#.to_owned(),
            attributes: [
                ("kind", Attribute::Text("storm".to_owned())),
                ("severity", Attribute::Text("warning".to_owned())),
                (
                    "operation",
                    Attribute::Text("OperationTypeApply".to_owned()),
                ),
                (
                    "path",
                    Attribute::List(vec!["b/env:/dev/k".to_owned(), "b/l".to_owned()]),
                ),
            ],
        };
        publish(&aws.sns(), &TopicArn::parse(TOPIC).unwrap(), &notice).await
    }

    #[tokio::test]
    async fn a_notice_goes_out_in_all_its_forms_with_what_filters_need() {
        let answer = "<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>";
        let aws = Aws::in_turn([Answer::xml(answer)]);
        assert_eq!(published(&aws).await.as_deref(), Ok("m-1"));
        let form = aws.only_asked().form();
        let field = |name: &str| form.get(name).map(String::as_str);
        assert_eq!(field("Action"), Some("Publish"));
        assert_eq!(field("TopicArn"), Some(TOPIC));
        assert_eq!(field("Subject"), Some("Stale lock on b/k"));
        assert_eq!(field("MessageStructure"), Some("json"));
        assert_eq!(
            field("Message"),
            Some(r#"{"default":"a & b","sqs":"{\"kind\":\"stale_lock\"}"}"#)
        );
        let mut attributes: Vec<[&str; 3]> = (1..=4)
            .map(|entry| {
                ["Name", "Value.DataType", "Value.StringValue"]
                    .map(|part| field(&format!("MessageAttributes.entry.{entry}.{part}")).unwrap())
            })
            .collect();
        attributes.sort_unstable();
        assert_eq!(
            attributes,
            [
                ["kind", "String", "storm"],
                ["operation", "String", "OperationTypeApply"],
                ["path", "String.Array", r#"["b/env:/dev/k","b/l"]"#],
                ["severity", "String", "warning"],
            ]
        );
        assert_eq!(field("MessageAttributes.entry.5.Name"), None);
    }

    #[tokio::test]
    async fn a_notice_that_did_not_go_out_is_a_failure() {
        let aws = Aws::in_turn([Answer::sns_error(403, "AuthorizationError")]);
        let failure = published(&aws).await.unwrap_err();
        assert_eq!(
            failure.to_string(),
            format!("cannot publish to {TOPIC}: AuthorizationError: so it is")
        );
    }
}
