//! One delivery, from memory to answer.

use std::cell::OnceCell;

use jiff::Timestamp;
use lockwarden_aws::ledger_refusals::Kept;
use lockwarden_aws::{Failure, policy};
use lockwarden_core::decision::{self, Decision, Rejection};
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::{Change, Channel, Delivery, Entry, Event, EventKind, NOTICE_LEASE};
use lockwarden_core::metrics;
use lockwarden_core::notice::{Notice, NoticeKind};
use lockwarden_core::outcome::{Outcome, OutcomeKind};
use lockwarden_core::policy::Policy;
use lockwarden_core::settings::ApproveSettings;
use serde::Serialize;

use crate::history::History;
use crate::incoming::{self, Body, Delivered, Incoming};
use crate::page::PageReply;
use crate::ports::World;

/// The reply of the function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// To a direct invoke.
    One(Box<Outcome>),
    /// To a query.
    History(Box<History>),
    /// To a browser.
    Page(Box<PageReply>),
    /// To SNS: one for each record.
    Many {
        /// In the order of the records.
        outcomes: Vec<Outcome>,
    },
}

/// A world with the settings that hold in it.
#[derive(Debug)]
pub struct Approve<'a, W> {
    /// What is outside.
    pub world: &'a W,
    /// What was configured.
    pub settings: &'a ApproveSettings,
    /// What holds for which locks, once somebody had to know: who is turned away costs no read of it.
    policy: OnceCell<Policy>,
}

/// The alias of the function that the page's URL stands for. A verified name is taken only from an invoke of this alias:
/// whoever may invoke the function itself can make up such an event.
pub const PAGE_ALIAS: &str = "page";

/// How many of a request's latest events count for [`MOST_PAGE_REFUSALS`].
const LATEST_EVENTS: i32 = 30;
/// So many refusals of the page are written down among the latest events of a request.
const MOST_PAGE_REFUSALS: usize = 10;

/// How the function was invoked.
#[derive(Clone, Copy, Debug)]
pub struct Invoked<'a> {
    /// The id that Lambda gave to this invoke and keeps when it tries again.
    pub request_id: &'a str,
    /// The ARN that was invoked, with the alias if there was one.
    pub function_arn: &'a str,
}

impl Invoked<'_> {
    /// Whether the page's URL was called.
    fn is_page(&self) -> bool {
        let alias = self.function_arn.split(':').nth(7);
        alias == Some(PAGE_ALIAS)
    }

    /// The name of the function, without the alias.
    pub(crate) fn function_name(&self) -> &str {
        self.function_arn.split(':').nth(6).unwrap_or_default()
    }
}

/// Answers an event.
///
/// # Errors
/// Only what a retry can mend: AWS did not answer, or somebody else is just carrying out a decision about the same lock.
/// Everything else is an outcome.
pub async fn handle(
    world: &impl World,
    settings: &ApproveSettings,
    invoked: Invoked<'_>,
    event: &str,
) -> Result<Reply, Failure> {
    let approve = Approve {
        world,
        settings,
        policy: OnceCell::new(),
    };
    if invoked.is_page() {
        let reply = approve.page(invoked, event).await;
        return Ok(Reply::Page(Box::new(reply)));
    }
    match incoming::read(event, invoked.request_id, &settings.common.approval_topic) {
        Incoming::History(path) => Ok(Reply::History(Box::new(approve.history(path).await?))),
        // Sweep hands over no decision, only where to find one, so there is nothing to remember.
        Incoming::Finish(code) => Ok(Reply::One(Box::new(approve.finish(&code).await?))),
        Incoming::Direct(delivered) => {
            let outcome = approve.answer(&delivered).await?;
            Ok(Reply::One(Box::new(outcome)))
        }
        Incoming::Sns(deliveries) => {
            let mut outcomes = Vec::new();
            let mut failed = None;
            // One that fails does not keep the others waiting.
            for delivered in &deliveries {
                match approve.answer(delivered).await {
                    Ok(outcome) => outcomes.push(outcome),
                    Err(failure) => {
                        tracing::error!(%failure, delivery = delivered.id, "not answered");
                        failed = Some(failure);
                    }
                }
            }
            match failed {
                Some(failure) => Err(failure),
                None => Ok(Reply::Many { outcomes }),
            }
        }
    }
}

/// One line of the log about what came of a decision, always with the same fields: the template has queries by them.
pub(crate) fn log_outcome(what: &str, outcome: &Outcome, delivery: &str) {
    tracing::info!(
        outcome = outcome.result.word(),
        why = outcome.why,
        lock_id = outcome.lock_id.as_ref().map(ToString::to_string),
        request = outcome.request.as_ref().map(ToString::to_string),
        storm = outcome.storm.as_ref().map(|storm| storm.code.to_string()),
        by = outcome.by,
        by_verified = outcome.by_verified,
        delivery,
        "{what}"
    );
}

impl<W: World> Approve<'_, W> {
    /// The policy that is in force. It is the same for all of one invoke.
    ///
    /// # Errors
    /// Where there is none: then nobody judges anything.
    pub(crate) async fn policy(&self) -> Result<&Policy, Failure> {
        if let Some(policy) = self.policy.get() {
            return Ok(policy);
        }
        let source = &self.settings.common.policy;
        let current = policy::in_force(self.world, source, lockwarden_policy::read).await?;
        if let Some(why) = current.why_last_good {
            tracing::warn!(why, "the last good version of the policy is in force");
        }
        Ok(self.policy.get_or_init(|| current.policy))
    }

    async fn answer(&self, delivered: &Delivered) -> Result<Outcome, Failure> {
        let read = match &delivered.body {
            Body::Message(message) => decision::parse(message),
            Body::Text(text) => match self.read_text(text) {
                Some(read) => read,
                // Anybody can send a text message, so a stranger's is turned away before anything is looked up.
                None => return Ok(self.turn_away(text)),
            },
            Body::OfRule(decision) => Ok(Decision::clone(decision)),
            Body::Refused(rejection) => Err(rejection.clone()),
        };
        if let Some(known) = self.world.delivery(&delivered.id).await? {
            return self.repeat(known).await;
        }
        let outcome = match read {
            // Boxed, as their futures are by far the largest.
            Ok(decision) => match decision.target.storm.clone() {
                Some(code) => Box::pin(self.follow_storm(delivered, decision, code)).await?,
                None => Box::pin(self.follow(delivered, decision)).await?,
            },
            Err(rejection) => self.reject(delivered, rejection).await?,
        };
        log_outcome("decision answered", &outcome, &delivered.id);
        Ok(outcome)
    }

    /// The same answer as before; what was owed then and not told is told now.
    pub(crate) async fn repeat(&self, known: Delivery) -> Result<Outcome, Failure> {
        tracing::info!(delivery = known.id, "delivery answered before");
        self.tell_answer(&known).await?;
        if let Some(code) = &known.outcome.request {
            self.tell_owed(code).await;
        }
        Ok(known.outcome)
    }

    /// Refuses what names no lock that we know.
    pub(crate) async fn reject(
        &self,
        delivered: &Delivered,
        rejection: Rejection,
    ) -> Result<Outcome, Failure> {
        let now = self.world.now();
        let outcome = Outcome {
            example: Some(delivered.example(rejection.example)),
            ..Outcome::new(OutcomeKind::Rejected, rejection.by).because(rejection.why)
        };
        let event = delivered.event(EventKind::Refusal, now, &outcome);
        let answer = delivered.answer_owing(outcome, now);
        match self.world.keep_refusal(&event, &answer).await? {
            Kept::Yes => {
                self.count_rejection();
                self.publish_answer(&answer).await?;
            }
            Kept::TooMany => {
                self.count_rejection();
                tracing::warn!(
                    why = answer.outcome.why,
                    "refused; too many today to tell each"
                );
            }
            Kept::AnsweredBefore => {
                if let Some(known) = self.world.delivery(&delivered.id).await? {
                    return Ok(known.outcome);
                }
            }
        }
        Ok(answer.outcome)
    }

    /// Tells of an answer if that is still owed and nobody else is at it.
    async fn tell_answer(&self, known: &Delivery) -> Result<(), Failure> {
        let now = self.world.now();
        if known.unsent_until.is_none_or(|until| until > now) {
            return Ok(());
        }
        let claimed = Delivery {
            unsent_until: Some(now + NOTICE_LEASE),
            ..known.clone()
        };
        if self.world.update_delivery(known, &claimed).await? {
            self.publish_answer(&claimed).await?;
        }
        Ok(())
    }

    /// Publishes an answer that we took upon us, a refusal or what came of many locks, and notes that it went out.
    pub(crate) async fn publish_answer(&self, answer: &Delivery) -> Result<(), Failure> {
        let entry = match &answer.outcome.request {
            Some(code) => self.world.entry(code).await?,
            None => None,
        };
        let mut notice = Notice::of_outcome(answer.outcome.clone(), entry.as_ref());
        if let Some(of_many) = &answer.outcome.storm {
            let storm = self.world.storm(&of_many.code).await?;
            notice.topic = storm.and_then(|storm| storm.topic);
        }
        let kind = notice.kind;
        self.publish(notice).await?;
        let sent = Delivery {
            unsent_until: None,
            ..answer.clone()
        };
        if let Err(failure) = self.world.update_delivery(answer, &sent).await {
            tracing::warn!(%failure, "a notice may go out twice");
        }
        if let Some(entry) = entry {
            self.note_refusal_told(&entry, kind, &answer.id).await;
        }
        Ok(())
    }

    /// Writes into the audit log that people heard of a refusal. The refusal itself stands there already.
    async fn note_refusal_told(&self, entry: &Entry, kind: NoticeKind, delivery: &str) {
        let event = Event {
            delivery: Some(delivery.to_owned()),
            ..Event::new(EventKind::Notice, self.world.now(), kind.word())
        };
        let change = Change::noting(entry.code.clone(), event);
        if let Err(failure) = self.world.commit(&change).await {
            tracing::warn!(?failure, request = %entry.code, "a notice of a refusal is missing in the audit log");
        }
    }

    /// Writes down a refusal that the page has shown. A page's request never comes twice, so no answer to it is kept, and as
    /// nothing was decided, nothing is lost where this fails. A program that sends one form after the other must not fill the
    /// ledger.
    pub(crate) async fn note_page_refusal(&self, code: &RequestCode, event: Event) {
        let is_of_page = |event: &&Event| {
            event.what == EventKind::Refusal && event.channel == Some(Channel::Page)
        };
        let noted = match self.world.events(code, LATEST_EVENTS).await {
            Ok(latest) => latest.iter().filter(is_of_page).count(),
            Err(failure) => {
                tracing::warn!(%failure, request = %code, "a refusal of the page was not written down");
                return;
            }
        };
        if noted >= MOST_PAGE_REFUSALS {
            tracing::warn!(request = %code, "the page refuses much; this one was not written down");
            return;
        }
        let change = Change::noting(code.clone(), event);
        if let Err(failure) = self.world.commit(&change).await {
            tracing::warn!(?failure, request = %code, "a refusal of the page was not written down");
        }
    }

    pub(crate) fn count_rejection(&self) {
        let line = metrics::line(self.world.now(), &[(metrics::REJECTED_DECISIONS, 1)]);
        self.world.metrics(&line);
    }
}

impl Delivered {
    /// A line for the audit log.
    pub(crate) fn event(&self, what: EventKind, at: Timestamp, outcome: &Outcome) -> Event {
        Event {
            channel: Some(self.channel),
            delivery: Some(self.id.clone()),
            by: outcome.by.clone(),
            verified: self.verified.clone(),
            source: self.source.clone(),
            ..Event::new(what, at, outcome.in_words())
        }
    }

    /// The answer, whose notice is ours to send for a while.
    pub(crate) fn answer_owing(&self, outcome: Outcome, now: Timestamp) -> Delivery {
        Delivery {
            id: self.id.clone(),
            outcome,
            unsent_until: Some(now + NOTICE_LEASE),
        }
    }

    /// Whether the decision came by a way on which AWS knows the approver.
    pub(crate) fn is_vouched_for(&self) -> bool {
        match self.channel {
            Channel::Invoke => true,
            Channel::Page => self.verified.is_some(),
            Channel::Sns | Channel::Sms | Channel::Rule => false,
        }
    }

    /// The link of this delivery has decided.
    pub(crate) fn spend_token(&self, entry: &mut Entry) {
        if let Some(token) = &self.token {
            entry.tokens.spend(token);
        }
    }
}
