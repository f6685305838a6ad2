//! Decisions by text message.
//!
//! A number can be forged and a message can be anybody's, so only listed numbers are heard at all, and only where the list
//! is set. A message decides about one request that it names, never with `even_if`.

use lockwarden_aws::Failure;
use lockwarden_core::decision::{Action, Decision, Rejection};
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::{Channel, Entry};
use lockwarden_core::outcome::{Outcome, OutcomeKind};
use lockwarden_core::sms;

use crate::answer::Approve;
use crate::incoming::{Body, Delivered, LONGEST_ID, TextMessage};
use crate::outcomes::about;
use crate::ports::World;

impl<W: World> Approve<'_, W> {
    /// What a message decides, or what is wrong with it; `None` if its number may not decide.
    pub(crate) fn read_text(&self, message: &TextMessage) -> Option<Result<Decision, Rejection>> {
        let mut approvers = self.settings.sms_approvers.iter();
        let approver = approvers.find(|approver| approver.as_str() == message.from)?;
        let text = message.text.as_deref().unwrap_or_default();
        Some(sms::parse(text, approver))
    }

    /// Refuses a message of a number that is not listed. Nothing is written and nobody is told: else whoever knows the
    /// number could fill the ledger and wake people.
    pub(crate) fn turn_away(&self, message: &TextMessage) -> Outcome {
        self.count_rejection();
        tracing::warn!(
            number = sms::masked(&message.from),
            "a text message was refused; its number may not decide"
        );
        Outcome::new(OutcomeKind::Rejected, None).because("this number may not decide")
    }

    /// The refusal of a message that answers the notice of another request than the one that it names.
    pub(crate) async fn answers_another(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        entry: &Entry,
    ) -> Result<Option<Outcome>, Failure> {
        let Body::Text(message) = &delivered.body else {
            return Ok(None);
        };
        let answered = self.answered_request(message).await?;
        let another = answered.filter(|answered| *answered != entry.code);
        Ok(another.map(|another| mixed_up(decision, entry, &another)))
    }

    /// The request of the notice that a message answers, as far as anybody can tell. An unknown id is no reason to refuse: the
    /// id that SNS gave to the notice and the one that the network gave to the message need not be the same.
    async fn answered_request(
        &self,
        message: &TextMessage,
    ) -> Result<Option<RequestCode>, Failure> {
        let id = message.answers.as_deref().unwrap_or_default();
        // Longer than any id that was written down, and perhaps than any key may be.
        if id.is_empty() || id.len() > LONGEST_ID {
            return Ok(None);
        }
        self.world.notice_request(id).await
    }
}

impl Delivered {
    /// What would be right, in the form that the way of this delivery takes.
    pub(crate) fn example(&self, example: String) -> String {
        if self.channel == Channel::Sms && !sms::is_order(&example) {
            sms::example(Action::Release, None)
        } else {
            example
        }
    }
}

/// The notice of this refusal is not written down as one to answer, so whoever meant it says it again.
fn mixed_up(decision: &Decision, entry: &Entry, answered: &RequestCode) -> Outcome {
    let code = &entry.code;
    Outcome {
        example: Some(sms::example(decision.action, Some(code))),
        ..about(entry, OutcomeKind::Rejected, &decision.by).because(format!(
            "the text message answers the notice about request {answered}, and names request {code}; if {code} is meant, \
             send it again"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_vouches_for_nobody_who_sends_a_text_message() {
        for verified in [None, Some("arn:aws:iam::123456789012:user/bob".to_owned())] {
            let delivered = Delivered {
                id: "m-1".to_owned(),
                channel: Channel::Sms,
                sent_at: None,
                verified,
                source: None,
                token: None,
                of_many: false,
                body: Body::Message(String::new()),
            };
            assert!(!delivered.is_vouched_for());
        }
    }
}
