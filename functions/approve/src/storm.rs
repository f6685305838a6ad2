//! One decision about many locks: each is looked at, compared and judged on its own, as if the decision were about it alone.

use futures_util::stream::{self, StreamExt as _};
use lockwarden_aws::Failure;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_core::decision::{self, Decision, Rejection, Target};
use lockwarden_core::ids::{RequestCode, StormCode};
use lockwarden_core::ledger::Change;
use lockwarden_core::outcome::{Outcome, OutcomeKind};
use lockwarden_core::storm::Storm;

use crate::answer::Approve;
use crate::incoming::Delivered;
use crate::outcomes::NEXT;
use crate::ports::World;

/// How many locks are looked after at once.
const AT_ONCE: usize = 16;

impl<W: World> Approve<'_, W> {
    /// Follows a decision about the locks of a storm to what comes of each. A delivery that comes again goes on where the first
    /// one stopped: of each lock it is remembered what came of it.
    pub(crate) async fn follow_storm(
        &self,
        delivered: &Delivered,
        decision: Decision,
        code: StormCode,
    ) -> Result<Outcome, Failure> {
        let by = Some(decision.by.clone());
        if let Some(why) = self.switched_off(decision.action) {
            let rejection = decision::reject(why);
            return self.reject(delivered, Rejection { by, ..rejection }).await;
        }
        let Some(storm) = self.world.storm(&code).await? else {
            let rejection = decision::reject(format!(
                "there is no storm {code}; the code stands in the notice, after the word `Storm`"
            ));
            return self.reject(delivered, Rejection { by, ..rejection }).await;
        };
        let each = storm.requests.iter();
        let each = each.map(|request| self.follow_one_of(&storm, delivered, &decision, request));
        // All of them, before any failure counts: one lock that fails does not keep the others waiting.
        let each: Vec<Result<Outcome, Failure>> =
            stream::iter(each).buffered(AT_ONCE).collect().await;
        let each = each
            .into_iter()
            .collect::<Result<Vec<Outcome>, Failure>>()?;
        let outcome = Outcome::of_storm(code, decision.by, &each);
        let next = (outcome.result == OutcomeKind::Released).then(|| NEXT.to_owned());
        let outcome = Outcome {
            by_verified: delivered.verified.clone(),
            next,
            ..outcome
        };
        self.tell_of_many(delivered, &storm, outcome, &each).await
    }

    async fn follow_one_of(
        &self,
        storm: &Storm,
        delivered: &Delivered,
        decision: &Decision,
        request: &RequestCode,
    ) -> Result<Outcome, Failure> {
        let one = Delivered {
            id: format!("{}#{request}", delivered.id),
            // It is about the locks that were there when people were asked, and not about what came back since. The same locks may
            // have been asked about again after the decision was sent.
            sent_at: Some(
                delivered
                    .sent_at
                    .map_or(storm.at, |sent| sent.min(storm.at)),
            ),
            token: None,
            of_many: true,
            ..delivered.clone()
        };
        // A second try comes quickly to where the first one stopped.
        if let Some(known) = self.world.delivery(&one.id).await? {
            return Ok(known.outcome);
        }
        let about_it = Decision {
            target: Target {
                request: Some(request.clone()),
                ..decision.target.clone()
            },
            ..decision.clone()
        };
        Box::pin(self.follow(&one, about_it)).await
    }

    /// Answers and tells what came of all. Who dies before that leaves each entry with a notice that it owes.
    async fn tell_of_many(
        &self,
        delivered: &Delivered,
        storm: &Storm,
        outcome: Outcome,
        each: &[Outcome],
    ) -> Result<Outcome, Failure> {
        let answer = delivered.answer_owing(outcome, self.world.now());
        let change = Change {
            answered: Some(answer.clone()),
            ..Change::default()
        };
        match self.world.commit(&change).await {
            Ok(()) => {}
            Err(NotWritten::AnsweredBefore | NotWritten::Outdated) => {
                let known = self.world.delivery(&delivered.id).await?;
                return Ok(known.map_or(answer.outcome, |known| known.outcome));
            }
            Err(NotWritten::Failed(failure)) => return Err(failure),
        }
        self.publish_answer(&answer).await?;
        // What is half gone is told of once more, alone.
        let told = each
            .iter()
            .filter(|outcome| outcome.result != OutcomeKind::PartlyReleased);
        let told = told.map(|outcome| self.note_told_with_others(storm, outcome));
        let mut told = stream::iter(told).buffer_unordered(AT_ONCE);
        while let Some(told) = told.next().await {
            if let Err(failure) = told {
                tracing::warn!(?failure, storm = %storm.code, "of a lock of this storm the next sweep may tell again");
            }
        }
        Ok(answer.outcome)
    }

    /// Notes that the notice about many told of this one too, which its entry owes no more.
    async fn note_told_with_others(
        &self,
        storm: &Storm,
        outcome: &Outcome,
    ) -> Result<(), NotWritten> {
        let Some(request) = &outcome.request else {
            return Ok(());
        };
        let Some(mut entry) = self.world.entry(request).await? else {
            return Ok(());
        };
        let owed = entry.unsent.iter();
        let mut owed = owed.filter(|unsent| unsent.outcome.as_ref() == Some(outcome));
        let Some(unsent) = owed.next().cloned() else {
            return Ok(());
        };
        let with = format!("in the storm {}", storm.code);
        let event = entry.sent_with(&unsent, None, self.world.now(), &with);
        self.world.commit(&Change::of(&entry, vec![event])).await
    }
}
