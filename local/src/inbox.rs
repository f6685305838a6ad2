//! A queue that receives what a topic's other subscribers receive as JSON.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::clients::Clients;
use crate::failure::{Failure, Result};

/// A queue that is subscribed to a topic with raw delivery.
#[derive(Clone, Debug)]
pub struct Inbox {
    clients: Clients,
    queue: String,
}

impl Inbox {
    /// Creates a queue of this name and subscribes it. It gets what is published from now on.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn open(clients: &Clients, topic: &str, name: &str) -> Result<Self> {
        let doing = format!("open the inbox {name}");
        let created = clients
            .sqs
            .create_queue()
            .queue_name(name)
            .send()
            .await
            .map_err(Failure::aws(&doing))?;
        let queue = created.queue_url.unwrap_or_default();
        let inbox = Self {
            clients: clients.clone(),
            queue,
        };
        let arn = inbox.arn().await?;
        inbox.allow(topic, &arn).await?;
        let subscribe = clients
            .sns
            .subscribe()
            .topic_arn(topic)
            .protocol("sqs")
            .endpoint(&arn);
        subscribe
            .attributes("RawMessageDelivery", "true")
            .send()
            .await
            .map_err(Failure::aws(&doing))?;
        Ok(inbox)
    }

    async fn arn(&self) -> Result<String> {
        let get = self
            .clients
            .sqs
            .get_queue_attributes()
            .queue_url(&self.queue);
        let got = get
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await
            .map_err(Failure::aws("look at an inbox"))?;
        let arn = got
            .attributes()
            .and_then(|attributes| attributes.get(&QueueAttributeName::QueueArn));
        arn.cloned()
            .ok_or_else(|| Failure::Unexpected(format!("the queue {} has no ARN", self.queue)))
    }

    /// Lets the topic, and nobody else, write to the queue.
    async fn allow(&self, topic: &str, arn: &str) -> Result<()> {
        let statement = json!({
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        });
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let set = self
            .clients
            .sqs
            .set_queue_attributes()
            .queue_url(&self.queue);
        set.attributes(QueueAttributeName::Policy, policy)
            .send()
            .await
            .map_err(Failure::aws("open an inbox to its topic"))?;
        Ok(())
    }

    /// The next document, if one comes within `wait`.
    ///
    /// # Errors
    /// When a call fails or what came is not JSON.
    pub async fn next(&self, wait: Duration) -> Result<Option<Value>> {
        let deadline = Instant::now() + wait;
        loop {
            if let Some(document) = self.receive().await? {
                return Ok(Some(document));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Every document until none has come for `quiet`.
    ///
    /// # Errors
    /// As [`Inbox::next`].
    pub async fn drain(&self, quiet: Duration) -> Result<Vec<Value>> {
        let mut documents = Vec::new();
        while let Some(document) = self.next(quiet).await? {
            documents.push(document);
        }
        Ok(documents)
    }

    /// The first document with this `kind`; others before it are dropped.
    ///
    /// # Errors
    /// As [`Inbox::next`], and when none comes within `wait`.
    pub async fn next_of_kind(&self, kind: &str, wait: Duration) -> Result<Value> {
        let deadline = Instant::now() + wait;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.next(left).await? {
                Some(document) if document.get("kind").and_then(Value::as_str) == Some(kind) => {
                    return Ok(document);
                }
                Some(_) => {}
                None => {
                    return Err(Failure::Unexpected(format!(
                        "no `{kind}` notice came within {} s",
                        wait.as_secs()
                    )));
                }
            }
        }
    }

    async fn receive(&self) -> Result<Option<Value>> {
        let receive = self
            .clients
            .sqs
            .receive_message()
            .queue_url(&self.queue)
            .max_number_of_messages(1);
        let received = receive
            .send()
            .await
            .map_err(Failure::aws("read an inbox"))?;
        let Some(message) = received.messages().first() else {
            return Ok(None);
        };
        let delete = self.clients.sqs.delete_message().queue_url(&self.queue);
        delete
            .set_receipt_handle(message.receipt_handle.clone())
            .send()
            .await
            .map_err(Failure::aws("empty an inbox"))?;
        serde_json::from_str(message.body().unwrap_or_default())
            .map(Some)
            .map_err(|error| Failure::Unexpected(format!("a notice is not JSON: {error}")))
    }
}
