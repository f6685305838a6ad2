//! Whose turn it is: people are asked about a lock, unless a rule releases it.
//!
//! Sweep has no right to release anything. It gives the lock to `approve`, which derives the rule's decision anew.

use lockwarden_core::decision;
use lockwarden_core::evidence::{Looked, Run};
use lockwarden_core::ledger::{Entry, Event, EventKind, Status};
use lockwarden_core::policy::{Action, ByRule, Known};
use lockwarden_core::report::Incomplete;

use crate::attend::About;
use crate::ports::World;
use crate::sweep::Sweep;

/// Who is to act on a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// People, if anybody.
    People,
    /// The rule.
    Rule,
    /// Nobody yet: the rule will be there in a moment.
    Nobody,
}

impl<W: World> Sweep<'_, W> {
    /// Whose turn it is. A rule has one try at each lock.
    pub(crate) async fn turn(&self, about: About<'_>, entry: &Entry) -> Turn {
        let is_open = matches!(entry.status, Status::Seen | Status::Asked);
        let may_act = about.judgement.terms.action == Action::Release
            && is_open
            && entry.rule_tried_at.is_none();
        if !may_act {
            return Turn::People;
        }
        let mut by_rule = self.by_rule(about, entry, &Looked::At(None));
        if by_rule == ByRule::Release {
            // Its run is looked at only where all the rest says so.
            let run = self.run_of(about.lock).await;
            by_rule = self.by_rule(about, entry, &run);
        }
        match by_rule {
            ByRule::Release => self.turn_of_rule(),
            ByRule::Wait => Turn::Nobody,
            ByRule::Nothing(_) => Turn::People,
        }
    }

    fn by_rule(&self, about: About<'_>, entry: &Entry, run: &Looked<Option<Run>>) -> ByRule {
        let known = Known {
            sightings: entry.sightings,
            is_in_hands: entry.is_in_hands(),
            run,
        };
        about.judgement.by_rule(known, self.world.now())
    }

    /// Gives a lock to `approve`. That it was given is written down first: a try that comes to nothing is not made again, and
    /// people are asked at the next sweep.
    pub(crate) async fn give_to_rule(
        &self,
        entry: &mut Entry,
        rule: &str,
    ) -> Result<Option<Incomplete>, Option<Incomplete>> {
        let now = self.world.now();
        entry.rule_tried_at = Some(now);
        let event = Event::new(
            EventKind::ByRule,
            now,
            format!("the rule `{rule}` releases it"),
        );
        self.save(entry, Some(event)).await?;
        let decision = decision::of_rule(rule, &entry.code);
        Ok(self.give_to_approve(&decision).await)
    }
}
