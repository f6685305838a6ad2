//! Whether a rule may release a lock without anybody being asked.

use jiff::{SignedDuration, Timestamp};

use super::{Action, Judgement, SIGHTINGS_FOR_GHOSTS, SignOfLife, Verdict};
use crate::evidence::{Beat, Looked, Run};

/// By how much a lock may look older than it surely is, and people are not asked before the rule may act: about two sweeps.
/// Where the doubt is larger (a stack that was just deployed, a holder that waited long for its lock), they are.
pub const RULE_IS_NEAR: SignedDuration = SignedDuration::from_mins(10);

/// What a rule may do about a lock now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByRule {
    /// Release it.
    Release,
    /// Nothing yet. Nobody needs to be asked: it may release the lock in a moment, if the lock is still there.
    Wait,
    /// Nothing; why, in a sentence without a full stop.
    Nothing(String),
}

/// What else is known of the lock, which a rule has to respect.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// How many looks have seen the lock.
    pub sightings: u32,
    /// Whether a person has decided anything about it, or put it back.
    pub is_in_hands: bool,
    /// What its run says of itself.
    pub run: &'a Looked<Option<Run>>,
}

impl Judgement {
    /// Whether the rule that applies may release the lock.
    #[must_use]
    pub fn by_rule(&self, known: Known<'_>, now: Timestamp) -> ByRule {
        if self.terms.action != Action::Release {
            return ByRule::Nothing("no rule releases it".to_owned());
        }
        self.is_surely_dead(known, now)
    }

    /// Whether a lock may go without anybody's word. It goes by what is certain: the lower bound of the hold time, two
    /// sightings, nothing odd, and a look at the state that saw no sign of life. Not to know is not to release.
    #[must_use]
    pub fn is_surely_dead(&self, known: Known<'_>, now: Timestamp) -> ByRule {
        let nothing = |why: &str| ByRule::Nothing(why.to_owned());
        if self.verdict != Verdict::Stale {
            return ByRule::Nothing(format!("it is {}: {}", self.verdict.word(), self.why));
        }
        if !self.objections.is_empty() {
            let words: Vec<&str> = self.objections.iter().map(|word| word.word()).collect();
            return ByRule::Nothing(format!(
                "a person has to say that it may go although it is {}",
                words.join(" and ")
            ));
        }
        if known.is_in_hands {
            return nothing("a person has decided about it");
        }
        match &self.life {
            SignOfLife::NoneSeen { .. } => {}
            SignOfLife::Seen { .. } => return nothing("its holder shows signs of life"),
            SignOfLife::Unknown(_) => return nothing("nobody can look for a sign of life"),
        }
        match known.run {
            Looked::Unknown(_) => return nothing("nobody can look for its run"),
            Looked::At(Some(run)) if run.beat(now, self.terms.quiet_for) == Beat::Alive => {
                return nothing("its run was heard of a moment ago");
            }
            Looked::At(_) => {}
        }
        let is_sure =
            self.held.at_least >= self.terms.stale_after && known.sightings >= SIGHTINGS_FOR_GHOSTS;
        if is_sure {
            return ByRule::Release;
        }
        if self.held.at_most.saturating_sub(self.held.at_least) <= RULE_IS_NEAR {
            return ByRule::Wait;
        }
        nothing("nobody has watched it for long enough")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{EvenIf, HoldTime, Severity, Terms};
    use super::*;
    use crate::testing::at;

    const NOW: &str = "2026-01-01T10:00:00Z";

    /// A stale lock that a rule with a limit of half an hour releases.
    fn judgement() -> Judgement {
        let mins = SignedDuration::from_mins;
        Judgement {
            verdict: Verdict::Stale,
            why: "held for 40 min".to_owned(),
            rule: "dead plans".to_owned(),
            terms: Terms {
                severity: Severity::Warning,
                action: Action::Release,
                ..Terms::asking(mins(30), mins(10), mins(60))
            },
            held: HoldTime {
                at_least: mins(30),
                at_most: mins(40),
            },
            life: SignOfLife::NoneSeen {
                state_written: None,
            },
            objections: Vec::new(),
        }
    }

    fn by_rule(judgement: &Judgement, sightings: u32, is_in_hands: bool) -> ByRule {
        let known = Known {
            sightings,
            is_in_hands,
            run: &Looked::At(None),
        };
        judgement.by_rule(known, at(NOW))
    }

    #[test]
    fn what_is_certain_is_released_and_what_will_be_in_a_moment_is_waited_for() {
        let judged = judgement();
        assert_eq!(by_rule(&judged, 2, false), ByRule::Release);
        assert_eq!(by_rule(&judged, 1, false), ByRule::Wait);
        let mut nearly = judged;
        nearly.held.at_least = SignedDuration::from_secs(30 * 60 - 1);
        nearly.held.at_most = nearly.held.at_least + RULE_IS_NEAR;
        assert_eq!(by_rule(&nearly, 2, false), ByRule::Wait);
        nearly.held.at_most += SignedDuration::from_secs(1);
        assert!(matches!(by_rule(&nearly, 2, false), ByRule::Nothing(_)));
    }

    #[test]
    fn why_a_rule_does_nothing_is_said() {
        type Change = fn(&mut Judgement);
        let changes: [(&str, Change); 5] = [
            ("no rule releases it", |judged| {
                judged.terms.action = Action::Notify;
            }),
            ("it is alive: held for 40 min", |judged| {
                judged.verdict = Verdict::Alive;
            }),
            (
                "a person has to say that it may go although it is unreadable",
                |judged| judged.objections = vec![EvenIf::Unreadable],
            ),
            ("its holder shows signs of life", |judged| {
                judged.life = SignOfLife::Seen {
                    state_written: at(NOW),
                };
            }),
            ("nobody can look for a sign of life", |judged| {
                judged.life = SignOfLife::Unknown("AccessDenied".to_owned());
            }),
        ];
        for (why, change) in changes {
            let mut judged = judgement();
            change(&mut judged);
            assert_eq!(by_rule(&judged, 2, false), ByRule::Nothing(why.to_owned()));
        }
        let in_hands = ByRule::Nothing("a person has decided about it".to_owned());
        assert_eq!(by_rule(&judgement(), 2, true), in_hands);
    }
}
