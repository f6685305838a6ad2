//! Decisions by text message.
//!
//! A number can be forged and a message can be anybody's, so only listed numbers are heard at all, and only where the list
//! is set. A message decides about one request that it names, never with `even_if`.

use lockwarden_aws::Failure;
use lockwarden_core::decision::{Action, Decision, Rejection};
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::Channel;
use lockwarden_core::outcome::{Outcome, OutcomeKind};
use lockwarden_core::sms::{self, PhoneNumber};

use crate::answer::Approve;
use crate::incoming::{Delivered, LONGEST_ID, TextMessage};
use crate::ports::World;

impl<W: World> Approve<'_, W> {
    /// The number of a message, if it may decide.
    pub(crate) fn approver(&self, message: &TextMessage) -> Option<&PhoneNumber> {
        let mut approvers = self.settings.sms_approvers.iter();
        approvers.find(|approver| approver.as_str() == message.from)
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

    /// Answers a message of a number that may decide.
    pub(crate) async fn answer_text(
        &self,
        delivered: &Delivered,
        message: &TextMessage,
    ) -> Result<Outcome, Failure> {
        let Some(approver) = self.approver(message) else {
            return Ok(self.turn_away(message));
        };
        let text = message.text.as_deref().unwrap_or_default();
        let decision = match sms::parse(text, approver) {
            Ok(decision) => decision,
            Err(rejection) => return self.reject(delivered, rejection).await,
        };
        match self.answered_request(message).await? {
            Some(other) if Some(&other) != decision.target.request.as_ref() => {
                self.reject(delivered, mixed_up(&decision, &other)).await
            }
            Some(_) | None => self.follow(delivered, decision).await,
        }
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

/// The message answers the notice of one request and names another. The notice of this refusal is not written down as one to
/// answer, so whoever meant it says it again.
fn mixed_up(decision: &Decision, answered: &RequestCode) -> Rejection {
    let named = decision.target.request.as_ref();
    let code = named.map_or("none", RequestCode::as_str);
    Rejection {
        why: format!(
            "the text message answers the notice about request {answered}, and names request {code}; if {code} is meant, \
             send it again"
        ),
        example: sms::example(decision.action, named),
        by: Some(decision.by.clone()),
    }
}

#[cfg(test)]
mod tests;
