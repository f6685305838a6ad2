//! A lock with a time to exist: when it was tried to give it one, and whether that is over.

use jiff::Timestamp;

use super::{Entry, Watch};
use crate::decision::Action;
use crate::expire::TRY_AGAIN_AFTER;
use crate::outcome::{Outcome, OutcomeKind};

impl Entry {
    /// Whether the lock may be given to `approve` to get a time to exist: it was not, or long ago. To take one away is never
    /// too often, as time runs.
    #[must_use]
    pub fn may_try_expiry(&self, now: Timestamp) -> bool {
        self.expiry_tried_at
            .is_none_or(|tried| now.duration_since(tried) >= TRY_AGAIN_AFTER)
    }

    /// Whether the time to exist of the lock is over, so that DynamoDB may have deleted it.
    #[must_use]
    pub fn is_past_its_time(&self, now: Timestamp) -> bool {
        self.time_to_exist.is_some_and(|until| until <= now)
    }

    /// Whether the lock was still there when its time to exist was over, and is gone.
    #[must_use]
    pub fn has_expired(&self) -> bool {
        self.ended_at
            .is_some_and(|ended| self.is_past_its_time(ended))
    }

    /// Why the lock is gone that was there a while ago, in a few words: DynamoDB tells nobody whom it deletes.
    #[must_use]
    pub fn why_gone(&self, now: Timestamp) -> &'static str {
        if self.is_past_its_time(now) {
            "its time to exist was over"
        } else {
            "its holder let go"
        }
    }

    /// The lock is gone without a decision. Where its time to exist was over, its holder was not stopped by that, so its state
    /// is watched as after a release.
    pub(super) fn watch_if_expired(&mut self, now: Timestamp) {
        if self.is_past_its_time(now) {
            self.watch = Some(Watch::from(now));
        }
    }

    /// Whether people have heard a while ago what this outcome tells: that the time to exist could not be taken away. It is
    /// tried at each sweep, and told now and then.
    pub(super) fn was_told_a_while_ago(&mut self, outcome: &Outcome, now: Timestamp) -> bool {
        let action = self.decided.as_ref().map(|it| it.decision.action);
        let is_call_off = action == Some(Action::Expire) && self.time_to_exist.is_some();
        if !is_call_off || outcome.result != OutcomeKind::Rejected {
            return false;
        }
        let was_told = self
            .call_off_failed_at
            .is_some_and(|told| now.duration_since(told) < TRY_AGAIN_AFTER);
        if !was_told {
            self.call_off_failed_at = Some(now);
        }
        was_told
    }

    /// What an outcome means for the time to exist.
    pub(super) fn take_note_of_expiry(&mut self, outcome: &Outcome, now: Timestamp) {
        match outcome.result {
            OutcomeKind::Expiring => {
                self.time_to_exist = outcome.time_to_exist;
                self.expiry_tried_at = None;
                // Nobody answered, so the reminders go on as they would have, from this notice on.
                self.told.last = Some(now);
            }
            OutcomeKind::Kept => {
                self.time_to_exist = None;
                self.expiry_tried_at = None;
                self.call_off_failed_at = None;
            }
            // What came back or took its place has no such time.
            OutcomeKind::Released | OutcomeKind::ChangedHands | OutcomeKind::Restored => {
                self.time_to_exist = None;
            }
            OutcomeKind::AlreadyReleased => self.watch_if_expired(now),
            OutcomeKind::NotStale | OutcomeKind::PartlyReleased | OutcomeKind::Rejected => {}
        }
    }
}
