//! The dead-man's switch: a lock that nobody answered about gets a time to exist, and loses it again when somebody keeps it, its
//! holder shows signs of life, or anything else forbids it by now.
//!
//! The steps are those of a release: the decision is in the ledger first, then the item is changed, by its text, together with
//! the outcome where one transaction reaches both. A decision that was left half-done is derived anew, and where it may have
//! changed the item already and comes to nothing, that is undone.

use jiff::Timestamp;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::{Failure, Stamped};
use lockwarden_core::commands;
use lockwarden_core::decision::{Action, Decision, KEEP_FOR};
use lockwarden_core::expire::{self, Stamp};
use lockwarden_core::ledger::{Decided, Entry};
use lockwarden_core::lock::Lock;
use lockwarden_core::outcome::{Outcome, OutcomeKind, RecordName};
use lockwarden_core::release::Refusal;
use lockwarden_core::text::shown_time;

use crate::answer::Approve;
use crate::carry_out::go_on;
use crate::find::Sight;
use crate::follow::Step;
use crate::incoming::Delivered;
use crate::outcomes::{about, decided_by, refused};
use crate::ports::World;

impl<W: World> Approve<'_, W> {
    /// What `sweep` hands over in the name of the switch, all derived anew.
    pub(crate) async fn expire(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        entry: Entry,
    ) -> Result<Step, Failure> {
        let sight = match self.look(&entry).await? {
            Ok(sight) => sight,
            Err(why) => {
                let outcome = about(&entry, OutcomeKind::Rejected, &decision.by).because(why);
                return self.refuse(delivered, &entry, outcome).await;
            }
        };
        match self.may_stamp(&entry, &sight).await? {
            Ok(stamp) => {
                self.begin_to_stamp(delivered, decision, entry, &stamp)
                    .await
            }
            Err(refusal) => {
                let outcome = refused(&entry, decision, refusal);
                self.refuse(delivered, &entry, outcome).await
            }
        }
    }

    /// Leaves an expiring lock alone for a while: first its time to exist has to go, or it would not stay.
    pub(crate) async fn keep_expiring(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        entry: Entry,
    ) -> Result<Step, Failure> {
        let refusal = match self.look(&entry).await? {
            Ok(sight) => match expire::withdraw(&entry, &sight.present) {
                Ok(stamp) => {
                    return self
                        .begin_to_stamp(delivered, decision, entry, &stamp)
                        .await;
                }
                Err(refusal) => refusal,
            },
            Err(why) => Refusal::NotByRule(why),
        };
        let outcome = match refusal {
            Refusal::ChangedHands(_) | Refusal::Gone => {
                let outcome = refused(&entry, decision, refusal);
                return self
                    .decide_and_conclude(delivered, decision, entry, outcome)
                    .await;
            }
            Refusal::NotByRule(why) | Refusal::ByHandOnly(why) => not_kept(&entry, &why),
            Refusal::NotStale { .. } | Refusal::Unmentioned { .. } => not_kept(&entry, ""),
        };
        let outcome = Outcome {
            by: Some(decision.by.clone()),
            ..outcome
        };
        self.refuse(delivered, &entry, outcome).await
    }

    /// Goes on with an `expire` or a `keep` that was left half-done, from what is there now.
    pub(crate) async fn take_up_expiry(
        &self,
        entry: Entry,
        decision: &Decision,
        sight: &Sight,
    ) -> Result<Step, Failure> {
        let may_stamp = match decision.action {
            Action::Keep { .. } => expire::withdraw(&entry, &sight.present),
            Action::Expire | Action::Release | Action::Restore => {
                match self.may_stamp(&entry, sight).await? {
                    // It was called off, and where no transaction reaches both its time to exist may be gone already.
                    Err(Refusal::NotByRule(_)) if entry.time_to_exist.is_some() => {
                        expire::withdraw(&entry, &sight.present)
                    }
                    may_stamp => may_stamp,
                }
            }
        };
        match may_stamp {
            Ok(stamp) => self.stamp(entry, &stamp).await,
            Err(Refusal::Gone) => self.gone(entry).await,
            Err(Refusal::ChangedHands(holder)) => self.changed(entry, holder, false).await,
            Err(refusal) => {
                let outcome = refused(&entry, decision, refusal);
                self.call_off(entry, outcome, &sight.present).await
            }
        }
    }

    /// Whether the switch may do what it wants, as everything is now.
    ///
    /// # Errors
    /// Where there is no policy to judge by.
    async fn may_stamp(
        &self,
        entry: &Entry,
        sight: &Sight,
    ) -> Result<Result<Stamp, Refusal>, Failure> {
        let expire_after = self.settings.common.expire_after;
        // Where nothing expires nothing is judged, nor what is not there any more; that needs no policy.
        let after = match expire::after(expire_after, self.settings.releases) {
            Ok(after) => after,
            Err(why) => return Ok(expire::decide_where_off(entry, &sight.present, why)),
        };
        if let Err(refusal) = expire::withdraw(entry, &sight.present) {
            return Ok(Err(refusal));
        }
        let look = self.as_look(sight).await?;
        let run = self.run_of(entry).await;
        Ok(expire::decide(entry, &look, after, &run))
    }

    /// Writes the decision down, and then changes the item.
    async fn begin_to_stamp(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        mut entry: Entry,
        stamp: &Stamp,
    ) -> Result<Step, Failure> {
        if entry
            .decide(self.decided(delivered, decision, &entry))
            .is_err()
        {
            return Ok(Step::Again);
        }
        if let Some(instead) = self.write_down(delivered, decision, &mut entry).await? {
            return Ok(instead);
        }
        self.stamp(entry, stamp).await
    }

    /// Changes the item, and writes the outcome with it where one transaction reaches both.
    async fn stamp(&self, entry: Entry, stamp: &Stamp) -> Result<Step, Failure> {
        let Some(outcome) = self.stamped(&entry, stamp) else {
            return Ok(Step::Again);
        };
        let Some(table) = self.settings.common.table(stamp.table()) else {
            // The look has read it, so it is configured.
            return Ok(Step::Again);
        };
        let written = if self.settings.common.shares_ledger_region(table) {
            let Some(concluded) = self.concluded(entry.clone(), outcome.clone()) else {
                return Ok(Step::Again);
            };
            let change = concluded.change(Vec::new());
            match self.world.stamp_item_and_commit(stamp, &change).await {
                Ok(Stamped::Yes) => return Ok(self.after_conclusion(concluded).await),
                Ok(other) => Ok(other),
                Err(NotWritten::Outdated) => return Ok(go_on(&entry)),
                Err(NotWritten::AnsweredBefore) => return Ok(Step::Again),
                Err(NotWritten::Failed(failure)) => Err(failure),
            }
        } else {
            self.world.stamp_item(table, stamp).await
        };
        match written {
            Ok(Stamped::Yes) => self.conclude(entry, outcome).await,
            Ok(Stamped::Gone) => self.gone(entry).await,
            Ok(Stamped::Changed) => self.changed_meanwhile(entry, false).await,
            Err(failure) if failure.is_transient() => Err(failure),
            Err(failure) => {
                let outcome = match stamp.time_to_exist() {
                    Some(_) => about(&entry, OutcomeKind::Rejected, &decided_by(&entry))
                        .because(failure.to_string()),
                    None => not_kept(&entry, &failure.to_string()),
                };
                self.conclude(entry, outcome).await
            }
        }
    }

    /// What it comes to if the item is changed.
    fn stamped(&self, entry: &Entry, stamp: &Stamp) -> Option<Outcome> {
        let decided = entry.decided.as_ref()?;
        let Some(until) = stamp.time_to_exist() else {
            return Some(kept(entry, decided, stamp, self.world.now()));
        };
        let topic = &self.settings.common.approval_topic;
        Some(Outcome {
            records: entry.places.iter().map(RecordName::from).collect(),
            time_to_exist: Some(until),
            next: commands::keep(topic, &entry.code, "2h"),
            ..about(entry, OutcomeKind::Expiring, &decided.decision.by)
                .because("people were asked, and nobody answered")
        })
    }

    /// Ends a decision of the switch that may not go on. Where no transaction reaches both, an earlier try may have stamped the
    /// item, and a lock that is said to stay must not expire.
    async fn call_off(
        &self,
        entry: Entry,
        outcome: Outcome,
        present: &[Lock],
    ) -> Result<Step, Failure> {
        let Ok(stamp) = expire::withdraw(&entry, present) else {
            return self.conclude(entry, outcome).await;
        };
        let table = self.settings.common.table(stamp.table());
        let far = table.filter(|table| !self.settings.common.shares_ledger_region(table));
        if let Some(table) = far {
            match self.world.stamp_item(table, &stamp).await {
                Ok(Stamped::Yes | Stamped::Changed | Stamped::Gone) => {}
                Err(failure) if failure.is_transient() => return Err(failure),
                Err(failure) => {
                    let outcome = not_kept(&entry, &failure.to_string());
                    return self.conclude(entry, outcome).await;
                }
            }
        }
        self.conclude(entry, outcome).await
    }
}

/// What a `keep` comes to, or the second thoughts of the switch, which leave people alone for as long.
fn kept(entry: &Entry, decided: &Decided, stamp: &Stamp, now: Timestamp) -> Outcome {
    let outcome = about(entry, OutcomeKind::Kept, &decided.decision.by);
    let for_ = match decided.decision.action {
        Action::Keep { for_ } => for_,
        Action::Expire | Action::Release | Action::Restore => KEEP_FOR,
    };
    let why = match stamp.why() {
        Some(why) => format!("{why}, so it does not expire any more"),
        None => "it does not expire any more".to_owned(),
    };
    Outcome {
        until: Some(now + for_),
        ..outcome.because(why)
    }
}

/// Its time to exist could not be taken away.
fn not_kept(entry: &Entry, why: &str) -> Outcome {
    let when = entry.time_to_exist.map_or_else(
        || "it may still expire".to_owned(),
        |until| format!("it still expires, after {}", shown_time(until)),
    );
    about(entry, OutcomeKind::Rejected, &decided_by(entry)).because(format!("{why}; {when}"))
}
