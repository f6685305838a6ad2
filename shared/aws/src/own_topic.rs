//! Publishes a notice where it belongs, or where people hear of it all the same.

use lockwarden_core::notice::Notice;
use lockwarden_core::settings::TopicArn;

use crate::failure::Failure;

/// A notice that went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The id of its message.
    pub message_id: String,
    /// The topic of its own that it went to; `None`: to the notice topic.
    pub topic: Option<TopicArn>,
    /// The topic of its own that did not take it, and why.
    pub refused: Option<(TopicArn, Failure)>,
}

/// Publishes a notice. One that its own topic does not take, and will not take at the next try, goes to the notice topic: a
/// wrong ARN must leave nobody untold.
///
/// # Errors
/// When it went out nowhere.
pub async fn publish(
    mut notice: Notice,
    publish: impl AsyncFn(&Notice) -> Result<String, Failure>,
) -> Result<Published, Failure> {
    let failure = match publish(&notice).await {
        Ok(message_id) => {
            return Ok(Published {
                message_id,
                topic: notice.topic,
                refused: None,
            });
        }
        Err(failure) => failure,
    };
    match notice.topic.take() {
        Some(topic) if !failure.is_transient() => Ok(Published {
            message_id: publish(&notice).await?,
            topic: None,
            refused: Some((topic, failure)),
        }),
        Some(_) | None => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::failure::Kind;

    fn own_topic() -> TopicArn {
        TopicArn::parse("arn:aws:sns:eu-west-1:123456789012:team-a").unwrap()
    }

    fn notice(topic: Option<TopicArn>) -> Notice {
        Notice {
            topic,
            ..Notice::test()
        }
    }

    fn failure(kind: Kind) -> Failure {
        Failure::new("publish", "so it is", kind)
    }

    /// What comes of a notice whose own topic and whose notice topic answer so, and how often each was tried.
    async fn published(
        topic: Option<TopicArn>,
        own: Result<(), Kind>,
        other: Result<(), Kind>,
    ) -> (Result<Published, Failure>, Vec<bool>) {
        let tried = RefCell::new(Vec::new());
        let outcome = publish(notice(topic), async |notice: &Notice| {
            let is_own = notice.topic.is_some();
            tried.borrow_mut().push(is_own);
            let answer = if is_own { own } else { other };
            answer.map(|()| "m-1".to_owned()).map_err(failure)
        });
        (outcome.await, tried.into_inner())
    }

    #[tokio::test]
    async fn a_notice_goes_to_its_own_topic_and_to_no_other() {
        for topic in [None, Some(own_topic())] {
            let (outcome, tried) = published(topic.clone(), Ok(()), Ok(())).await;
            let published = outcome.unwrap();
            assert_eq!((&published.topic, published.refused), (&topic, None));
            assert_eq!(tried, [topic.is_some()]);
        }
    }

    #[tokio::test]
    async fn what_its_own_topic_will_never_take_goes_to_the_notice_topic() {
        let (outcome, tried) = published(Some(own_topic()), Err(Kind::Lasting), Ok(())).await;
        let published = outcome.unwrap();
        assert_eq!(published.topic, None);
        let refused = Some((own_topic(), failure(Kind::Lasting)));
        assert_eq!(published.refused, refused);
        assert_eq!(tried, [true, false]);
    }

    #[tokio::test]
    async fn what_its_own_topic_may_take_later_waits_for_it() {
        let (outcome, tried) = published(Some(own_topic()), Err(Kind::Transient), Ok(())).await;
        assert_eq!(outcome, Err(failure(Kind::Transient)));
        assert_eq!(tried, [true]);
    }

    #[tokio::test]
    async fn what_nobody_takes_is_a_failure() {
        for topic in [None, Some(own_topic())] {
            let (outcome, _) = published(topic, Err(Kind::Lasting), Err(Kind::Lasting)).await;
            assert_eq!(outcome, Err(failure(Kind::Lasting)));
        }
    }
}
