//! A decision about a known lock, up to the point where it may be carried out: whose turn it is, whether it is allowed,
//! what is there, how the lock is judged now.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lockwarden_aws::Failure;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_core::decision::{Action, Decision, RULE_PREFIX, Rejection};
use lockwarden_core::evidence::{Looked, Run};
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::{
    Change, Channel, DECISION_LEASE, Decided, Delivery, Entry, EventKind, Status,
};
use lockwarden_core::outcome::{Outcome, OutcomeKind};
use lockwarden_core::release::{self, Refusal, Release, Standing};
use lockwarden_core::settings::RELEASES;
use lockwarden_core::text;
use lockwarden_core::token::Admission;

use crate::answer::Approve;
use crate::find::{Found, Sight};
use crate::incoming::Delivered;
use crate::outcomes::{about, busy, changed_hands, decision_event, how_it_ended, refused};
use crate::ports::World;

/// How long to wait for somebody else who carries out a decision about the same lock.
const PATIENCE: SignedDuration = SignedDuration::from_secs(5);
/// The same decision again from the page within this time is the same press of the button.
const PRESSED_TWICE: SignedDuration = SignedDuration::from_mins(1);
/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// Where an attempt got.
pub(crate) enum Step {
    /// Answered.
    Done(Box<Outcome>),
    /// Somebody wrote the entry in between: read it again.
    Again,
    /// A write of ours met another one in the midst of this decision: go on with it at once.
    GoOn(InHand),
    /// Somebody else is at it.
    Wait,
}

/// A decision that we are carrying out, as the ledger has it. Another lease would say that somebody else took it up.
#[derive(PartialEq, Eq)]
pub(crate) struct InHand {
    delivery: String,
    lease_until: Timestamp,
}

impl InHand {
    /// What an entry says is being carried out.
    pub(crate) fn of(decided: &Decided) -> Self {
        Self {
            delivery: decided.delivery.clone(),
            lease_until: decided.lease_until,
        }
    }
}

impl<W: World> Approve<'_, W> {
    /// Follows a decision to its outcome.
    pub(crate) async fn follow(
        &self,
        delivered: &Delivered,
        decision: Decision,
    ) -> Result<Outcome, Failure> {
        let give_up = self.world.now() + PATIENCE;
        let mut in_hand = None;
        loop {
            let entry = match self.find(&decision.target).await? {
                Found::Entry(entry) => *entry,
                Found::Nothing(rejection) => {
                    let by = Some(decision.by);
                    if delivered.of_many {
                        let outcome = Outcome::new(OutcomeKind::Rejected, by);
                        return Ok(outcome.because(rejection.why));
                    }
                    return self.reject(delivered, Rejection { by, ..rejection }).await;
                }
            };
            let code = entry.code.clone();
            let step = self.step(delivered, &decision, entry, in_hand.take());
            match step.await? {
                Step::Done(outcome) => return Ok(*outcome),
                _ if self.world.now() >= give_up => return Err(busy(&code)),
                Step::Again => {}
                Step::GoOn(in_our_hand) => in_hand = Some(in_our_hand),
                Step::Wait => self.world.pause(PAUSE).await,
            }
        }
    }

    /// Finishes the decision that the ledger says was left half-done. It takes nothing from the event but the code.
    pub(crate) async fn finish(&self, code: &RequestCode) -> Result<Outcome, Failure> {
        let nothing = || {
            let why = format!("no decision about request {code} was left half-done");
            Outcome::new(OutcomeKind::Rejected, None).because(why)
        };
        let give_up = self.world.now() + PATIENCE;
        let mut in_hand = None;
        loop {
            let now = self.world.now();
            let entry = self.world.entry(code).await?;
            let Some(entry) = entry.filter(|entry| may_take_up(entry, in_hand.as_ref(), now))
            else {
                return Ok(nothing());
            };
            match Box::pin(self.take_up(entry)).await? {
                Step::Done(outcome) => return Ok(*outcome),
                Step::GoOn(in_our_hand) if now < give_up => in_hand = Some(in_our_hand),
                Step::Again | Step::GoOn(_) | Step::Wait => return Ok(nothing()),
            }
        }
    }

    async fn step(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        entry: Entry,
        in_hand: Option<InHand>,
    ) -> Result<Step, Failure> {
        if entry.begun().is_some() {
            return self.after_another(delivered, entry, in_hand).await;
        }
        if let Some(outcome) = self.contradicts_itself(delivered, decision, &entry).await? {
            return self.refuse(delivered, &entry, outcome).await;
        }
        if let Some(outcome) = pressed_twice(delivered, decision, &entry, self.world.now()) {
            return Ok(Step::Done(Box::new(outcome)));
        }
        if decision.action == Action::Restore {
            return Box::pin(self.restore(delivered, decision, entry)).await;
        }
        if entry.status.is_over() {
            return self.too_late(delivered, decision, &entry).await;
        }
        if let Some(outcome) = self.not_allowed(delivered, decision, &entry) {
            return self.refuse(delivered, &entry, outcome).await;
        }
        // Boxed, as their futures hold entries and outcomes and would not fit on a stack one in the other.
        match decision.action {
            Action::Keep { .. } if entry.time_to_exist.is_some() => {
                Box::pin(self.keep_expiring(delivered, decision, entry)).await
            }
            Action::Keep { for_ } => Box::pin(self.keep(delivered, decision, entry, for_)).await,
            Action::Expire => Box::pin(self.expire(delivered, decision, entry)).await,
            Action::Release | Action::Restore => {
                Box::pin(self.release(delivered, decision, entry)).await
            }
        }
    }

    /// Leaves a lock alone for a while, if it is still there; where nobody can look, it is kept as it was asked.
    async fn keep(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        entry: Entry,
        for_: SignedDuration,
    ) -> Result<Step, Failure> {
        let by = &decision.by;
        let outcome = match &self.look(&entry).await? {
            Ok(sight) => match release::standing(&entry, &sight.present) {
                Standing::Same(_) => None,
                Standing::ChangedHands(holder) => Some(changed_hands(&entry, holder, by)),
                Standing::Gone => Some(
                    about(&entry, OutcomeKind::AlreadyReleased, by)
                        .because("the lock is gone, so there is nothing to keep"),
                ),
            },
            Err(_) => None,
        };
        let outcome = outcome.unwrap_or_else(|| Outcome {
            until: Some(self.world.now() + for_),
            ..about(&entry, OutcomeKind::Kept, by)
        });
        self.decide_and_conclude(delivered, decision, entry, outcome)
            .await
    }

    /// A decision is being carried out. If it was left half-done it is finished first, whoever made it.
    async fn after_another(
        &self,
        delivered: &Delivered,
        entry: Entry,
        in_hand: Option<InHand>,
    ) -> Result<Step, Failure> {
        if !may_take_up(&entry, in_hand.as_ref(), self.world.now()) {
            return Ok(Step::Wait);
        }
        let decided = entry.begun();
        let is_ours = decided.is_some_and(|decided| decided.delivery == delivered.id);
        match Box::pin(self.take_up(entry)).await? {
            Step::Done(_) if !is_ours => Ok(Step::Again),
            Step::Again | Step::Wait => Ok(Step::Again),
            step @ (Step::Done(_) | Step::GoOn(_)) => Ok(step),
        }
    }

    /// The lock of the decision is gone. The answer is kept, and told only to who would not hear it otherwise.
    async fn too_late(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        entry: &Entry,
    ) -> Result<Step, Failure> {
        let mut now_held_by = None;
        if let Ok(sight) = self.look(entry).await? {
            match release::standing(entry, &sight.present) {
                Standing::Same(_) => {
                    let why = "this lock ended, and the very same record is there again; the next sweep asks about it anew";
                    let outcome = about(entry, OutcomeKind::Rejected, &decision.by).because(why);
                    return self.refuse(delivered, entry, outcome).await;
                }
                Standing::ChangedHands(holder) => now_held_by = Some(holder),
                Standing::Gone => {}
            }
        }
        let result = if now_held_by.is_some() || entry.status == Status::ChangedHands {
            OutcomeKind::ChangedHands
        } else {
            OutcomeKind::AlreadyReleased
        };
        let outcome = Outcome {
            now_held_by,
            ..about(entry, result, &decision.by).because(how_it_ended(entry))
        };
        // People heard that the holder let go, and not that another has the lock since. Whoever invokes sees the answer; a
        // phone has no way to it but the notice.
        let is_news = match delivered.channel {
            _ if delivered.of_many => false,
            Channel::Sms => true,
            Channel::Sns => entry.status == Status::Ended && outcome.now_held_by.is_some(),
            Channel::Invoke | Channel::Page | Channel::Rule => false,
        };
        if is_news {
            return self.refuse(delivered, entry, outcome).await;
        }
        if delivered.channel == Channel::Page {
            let event = delivered.event(EventKind::Refusal, self.world.now(), &outcome);
            self.note_page_refusal(&entry.code, event).await;
            return Ok(Step::Done(Box::new(outcome)));
        }
        self.answer_quietly(delivered, entry, outcome).await
    }

    /// Why nothing is released here at all, if that is so: the kill switch. Nothing is left to expire either, but that is up to
    /// `expire`: what has a time to exist loses it.
    pub(crate) fn switched_off(&self, action: Action) -> Option<String> {
        (action == Action::Release && !self.settings.releases).then(|| {
            format!(
                "releases are switched off here ({RELEASES}=disabled); Lockwarden only observes"
            )
        })
    }

    /// Why a decision is not followed before anything is looked at.
    fn not_allowed(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        entry: &Entry,
    ) -> Option<Outcome> {
        let rejected = |why: &str| about(entry, OutcomeKind::Rejected, &decision.by).because(why);
        let is_keep = matches!(decision.action, Action::Keep { .. });
        if let Some(why) = self.switched_off(decision.action) {
            return Some(rejected(&why));
        }
        if delivered.token.as_ref().is_some_and(|token| {
            entry.tokens.admit(token, self.world.now()) != Some(Admission::Decide)
        }) {
            return Some(rejected("the link has decided already"));
        }
        let is_trusted_topic = delivered.channel == Channel::Sns && self.settings.topic_restricted;
        let may_say_even_if = delivered.is_vouched_for() || is_trusted_topic;
        if !decision.even_if.is_empty() && !may_say_even_if {
            return Some(rejected(
                "`even_if` is honoured only where AWS knows the approver: by a direct invoke, on the page with ApprovalPage=iam, or on an \
                 approvals topic that is restricted to named approvers (ApproverPrincipalArns)",
            ));
        }
        if delivered.of_many && entry.status == Status::Kept {
            let until = entry.kept_until.map(text::shown_time).unwrap_or_default();
            let why = format!(
                "it was decided that it is kept until {until}; release it by its own request"
            );
            return Some(about(entry, OutcomeKind::NotStale, &decision.by).because(why));
        }
        let sent_before = |alive: Timestamp| delivered.sent_at.is_some_and(|sent| sent < alive);
        if entry.alive_since().is_some_and(sent_before) && delivered.of_many {
            return Some(rejected(
                "it was put back, or came back, since people were asked about it",
            ));
        }
        if entry.alive_since().is_some_and(sent_before) {
            return Some(rejected(
                "the decision is older than this lock: the one it was about ended, and the same record came back later",
            ));
        }
        if is_keep && !entry.status.may_be_kept() {
            return Some(rejected(
                "only a lock that people were asked about, and of which no half is gone, can be kept; nobody is asked about this one now",
            ));
        }
        None
    }

    /// Refuses a decision about a known lock. The lock's entry stays as it is. Who decides on the page sees the answer
    /// there; everybody else is told by a notice.
    pub(crate) async fn refuse(
        &self,
        delivered: &Delivered,
        entry: &Entry,
        outcome: Outcome,
    ) -> Result<Step, Failure> {
        let now = self.world.now();
        let outcome = Outcome {
            by_verified: delivered.verified.clone(),
            ..outcome
        };
        let event = delivered.event(EventKind::Refusal, now, &outcome);
        if delivered.channel == Channel::Page {
            self.count_rejection();
            self.note_page_refusal(&entry.code, event).await;
            return Ok(Step::Done(Box::new(outcome)));
        }
        // Nobody was asked about what a rule does not release after all; the next sweep asks. Of one lock of many the notice
        // about all of them tells.
        if delivered.channel == Channel::Rule || delivered.of_many {
            return self.answer_quietly(delivered, entry, outcome).await;
        }
        let answer = delivered.answer_owing(outcome.clone(), now);
        let change = Change::noting(entry.code.clone(), event).answering(answer.clone());
        match self.world.commit(&change).await {
            Ok(()) => {
                self.count_rejection();
                self.publish_answer(&answer).await?;
                Ok(Step::Done(Box::new(outcome)))
            }
            Err(not_written) => self.instead(not_written, delivered).await,
        }
    }

    /// Keeps an answer that nobody but the asker has to hear of.
    async fn answer_quietly(
        &self,
        delivered: &Delivered,
        entry: &Entry,
        outcome: Outcome,
    ) -> Result<Step, Failure> {
        let event = delivered.event(EventKind::Refusal, self.world.now(), &outcome);
        let answer = Delivery {
            id: delivered.id.clone(),
            outcome: outcome.clone(),
            unsent_until: None,
        };
        let change = Change::noting(entry.code.clone(), event).answering(answer);
        match self.world.commit(&change).await {
            Ok(()) => Ok(Step::Done(Box::new(outcome))),
            Err(not_written) => self.instead(not_written, delivered).await,
        }
    }

    /// Whether the lock may be released now: as a person decided or, all derived anew, as a rule says.
    ///
    /// # Errors
    /// Where there is no policy to judge by.
    pub(crate) async fn may_release(
        &self,
        channel: Channel,
        decision: &Decision,
        entry: &Entry,
        sight: &Sight,
    ) -> Result<Result<Release, Refusal>, Failure> {
        // What is not there any more is not judged, so that needs no policy.
        match release::standing(entry, &sight.present) {
            Standing::Same(_) => {}
            Standing::ChangedHands(holder) => return Ok(Err(Refusal::ChangedHands(holder))),
            Standing::Gone => return Ok(Err(Refusal::Gone)),
        }
        let look = self.as_look(sight).await?;
        Ok(match (channel, decision.by.strip_prefix(RULE_PREFIX)) {
            (Channel::Rule, Some(rule)) => {
                let run = self.run_of(entry).await;
                release::decide_by_rule(entry, &look, rule, &run)
            }
            (Channel::Rule, None) => {
                Err(Refusal::NotByRule("the decision names no rule".to_owned()))
            }
            (Channel::Sns | Channel::Invoke | Channel::Page | Channel::Sms, _) => {
                release::decide(entry, &look, &decision.even_if)
            }
        })
    }

    /// What the run of a lock says of itself.
    pub(crate) async fn run_of(&self, entry: &Entry) -> Looked<Option<Run>> {
        let run = match entry.lock().id() {
            Some(id) => self.world.run(&id).await,
            None => Ok(None),
        };
        Looked::of(run)
    }

    async fn release(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        mut entry: Entry,
    ) -> Result<Step, Failure> {
        let sight = match self.look(&entry).await? {
            Ok(sight) => sight,
            Err(why) => {
                let outcome = about(&entry, OutcomeKind::Rejected, &decision.by).because(why);
                return self.refuse(delivered, &entry, outcome).await;
            }
        };
        let may_release = self.may_release(delivered.channel, decision, &entry, &sight);
        match may_release.await? {
            Ok(release) => {
                // Halves may have come or gone since the last look; what is deleted is what is there now.
                if let Standing::Same(lock) = release::standing(&entry, &sight.present) {
                    entry.see(lock, self.world.now());
                }
                if entry
                    .decide(self.decided(delivered, decision, &entry))
                    .is_err()
                {
                    return Ok(Step::Again);
                }
                delivered.spend_token(&mut entry);
                if let Some(instead) = self.write_down(delivered, decision, &mut entry).await? {
                    return Ok(instead);
                }
                Box::pin(self.carry_out(entry, &release, &sight)).await
            }
            Err(refusal) => {
                let is_over = matches!(refusal, Refusal::ChangedHands(_) | Refusal::Gone)
                    // That a lock is gone nobody asked about is no news: the next sweep notes it.
                    && delivered.channel != Channel::Rule;
                let outcome = refused(&entry, decision, refusal);
                if is_over {
                    self.decide_and_conclude(delivered, decision, entry, outcome)
                        .await
                } else {
                    self.refuse(delivered, &entry, outcome).await
                }
            }
        }
    }

    /// Writes a decision down that the entry has just taken upon itself. `Some`: what to do where that was not taken.
    pub(crate) async fn write_down(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        entry: &mut Entry,
    ) -> Result<Option<Step>, Failure> {
        let event = decision_event(delivered, decision, self.world.now());
        match self.world.commit(&Change::of(entry, vec![event])).await {
            Ok(()) => {
                entry.revision += 1;
                Ok(None)
            }
            Err(not_written) => self.instead(not_written, delivered).await.map(Some),
        }
    }

    /// What to do where a write was not taken.
    pub(crate) async fn instead(
        &self,
        not_written: NotWritten,
        delivered: &Delivered,
    ) -> Result<Step, Failure> {
        match not_written {
            NotWritten::Outdated => Ok(Step::Again),
            NotWritten::AnsweredBefore => {
                let known = self.world.delivery(&delivered.id).await?;
                Ok(known.map_or(Step::Again, |known| Step::Done(Box::new(known.outcome))))
            }
            NotWritten::Failed(failure) => Err(failure),
        }
    }

    pub(crate) fn decided(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        entry: &Entry,
    ) -> Decided {
        let now = self.world.now();
        Decided {
            decision: decision.clone(),
            channel: delivered.channel,
            verified: delivered.verified.clone(),
            source: delivered.source.clone(),
            delivery: delivered.id.clone(),
            at: now,
            from: entry.status,
            lease_until: now + DECISION_LEASE,
        }
    }
}

/// Whether a decision that is being carried out is ours to go on with: it was left half-done, or we had it in hand a moment
/// ago.
fn may_take_up(entry: &Entry, in_hand: Option<&InHand>, now: Timestamp) -> bool {
    let begun = entry.begun().map(InHand::of);
    let was_in_hand = begun.is_some() && begun.as_ref() == in_hand;
    was_in_hand || entry.left_half_done(now).is_some()
}

/// The answer to a decision of the page whose button was pressed twice, or whose page was loaded again: the first one's, as
/// long as nothing has happened since.
pub(crate) fn pressed_twice(
    delivered: &Delivered,
    decision: &Decision,
    entry: &Entry,
    now: Timestamp,
) -> Option<Outcome> {
    let last = entry.decided.as_ref()?;
    let is_the_same = entry.begun().is_none()
        && entry.stands_at_its_outcome()
        && is_same_press(delivered, decision, last, now);
    entry.outcome.clone().filter(|_| is_the_same)
}

/// Whether a decision of the page is one that was taken a moment ago, by the same person as far as anybody knows.
pub(crate) fn is_same_press(
    delivered: &Delivered,
    decision: &Decision,
    last: &Decided,
    now: Timestamp,
) -> bool {
    delivered.channel == Channel::Page
        && last.channel == Channel::Page
        && last.decision == *decision
        && last.verified == delivered.verified
        && now.duration_since(last.at) < PRESSED_TWICE
}
