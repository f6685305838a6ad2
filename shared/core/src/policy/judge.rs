//! Whether a lock is stale, and why.

use jiff::{SignedDuration, Timestamp};

use crate::lock::Lock;
use crate::record::LockInfo;
use crate::{span, text};

use super::verdict::{EvenIf, HoldTime, Judgement, SignOfLife, Verdict};
use super::{Action, Applied, Policy, Terms};

/// By how much a holder's clock may be ahead before its `Created` is not believed.
pub const ALLOWED_SKEW: SignedDuration = SignedDuration::from_mins(2);

/// How often a lock must be seen before it is called split or, as a lone lock object, unreadable: clients that lose on
/// DynamoDB make and remove a lock object on every retry.
pub const SIGHTINGS_FOR_GHOSTS: u32 = 2;

/// A lock with what is known about it at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// The lock.
    pub lock: &'a Lock,
    /// When the ledger first saw it.
    pub first_seen: Timestamp,
    /// How many looks have seen the other side of its split, this one included; 0 where there is none.
    pub split_sightings: u32,
    /// What is known about the state object.
    pub state: &'a StateObject,
}

/// What a look at the state object gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateObject {
    /// It exists.
    Written {
        /// When it was last written, by S3's clock.
        at: Timestamp,
        /// Its entity tag without quotes: the MD5 of its bytes unless KMS or a multipart upload made it something else.
        etag: Option<String>,
    },
    /// There is none (a first apply, say).
    Absent,
    /// It could not be looked at; why.
    Unknown(String),
}

/// Judges one lock by what the policy wants with it.
///
/// A rule that ignores a lock takes the place of a verdict that people would be asked about, and of no other: that a holder is
/// at work stays worth knowing, to whoever looks at the lock. The objections stay too, so that a release by a person needs the
/// words that it would need without the rule.
#[must_use]
pub fn judge(policy: &Policy, now: Timestamp, sighting: &Sighting<'_>) -> Judgement {
    let applied = policy.terms(sighting.lock, now);
    let judgement = judge_by(&applied, now, sighting);
    if applied.terms.action == Action::Ignore && judgement.verdict.asks() {
        return Judgement {
            verdict: Verdict::Ignored,
            why: ignored_because(&applied),
            ..judgement
        };
    }
    judgement
}

fn judge_by(applied: &Applied<'_>, now: Timestamp, sighting: &Sighting<'_>) -> Judgement {
    let terms = &applied.terms;
    let info = sighting.lock.info();
    let held = hold_time(now, sighting, info.as_ref().ok());
    let life = sign_of_life(terms, now, sighting);
    let is_alive = matches!(life, SignOfLife::Seen { .. });
    let is_fresh = held.at_most < terms.stale_after;
    let is_split = !sighting.lock.rivals.is_empty();
    let mut objections = Vec::new();
    let mut object_if = |applies: bool, word: EvenIf| {
        if applies {
            objections.push(word);
        }
    };
    let (verdict, why) = match &info {
        Err(why) => {
            object_if(is_alive, EvenIf::Alive);
            object_if(true, EvenIf::Unreadable);
            object_if(is_split, EvenIf::Split);
            (Verdict::Unreadable, why.clone())
        }
        Ok(info) => {
            let is_skewed = info.created > now + ALLOWED_SKEW;
            object_if(is_fresh && !is_skewed, EvenIf::Fresh);
            object_if(is_alive, EvenIf::Alive);
            object_if(!info.oddities().is_empty(), EvenIf::Unreadable);
            object_if(is_skewed, EvenIf::Skewed);
            object_if(is_split, EvenIf::Split);
            if is_split && sighting.split_sightings >= SIGHTINGS_FOR_GHOSTS {
                (
                    Verdict::Split,
                    "another holder holds the same state in the other store".to_owned(),
                )
            } else if is_skewed {
                (
                    Verdict::Skewed,
                    format!("its `Created` time {} is in the future", info.created),
                )
            } else if is_fresh {
                let limit = span::shown(terms.stale_after);
                (Verdict::Held, format!("younger than the limit of {limit}"))
            } else if is_alive {
                (
                    Verdict::Alive,
                    format!(
                        "its state was written within the last {}",
                        span::shown(terms.quiet_for)
                    ),
                )
            } else {
                (Verdict::Stale, stale_because(terms, held, &life, info))
            }
        }
    };
    Judgement {
        verdict,
        why,
        rule: applied.rule_name().to_owned(),
        terms: terms.clone(),
        held,
        life,
        objections,
    }
}

/// Whether the state object matters for the verdict: only for locks near or past their limit, so that a sweep does not
/// look at the state of every lock.
#[must_use]
pub fn wants_state(policy: &Policy, now: Timestamp, lock: &Lock, first_seen: Timestamp) -> bool {
    let terms = policy.terms(lock, now).terms;
    let sighting = Sighting {
        lock,
        first_seen,
        split_sightings: 0,
        state: &StateObject::Unknown("not looked at yet".to_owned()),
    };
    match lock.info() {
        Ok(info) => hold_time(now, &sighting, Some(&info)).at_most >= terms.stale_after,
        Err(_) => true,
    }
}

fn hold_time(now: Timestamp, sighting: &Sighting<'_>, info: Option<&LockInfo>) -> HoldTime {
    if let Some(taken) = sighting.lock.taken() {
        let exact = since(now, taken);
        return HoldTime {
            at_least: exact,
            at_most: exact,
        };
    }
    let at_least = since(now, sighting.first_seen);
    let at_most = info.map_or(at_least, |info| since(now, info.created).max(at_least));
    HoldTime { at_least, at_most }
}

fn since(now: Timestamp, then: Timestamp) -> SignedDuration {
    now.duration_since(then).max(SignedDuration::ZERO)
}

/// A write of the state that may be the holder's: recent, and not older than the lock. A write from before is that of the
/// holder before, and says nothing.
fn sign_of_life(terms: &Terms, now: Timestamp, sighting: &Sighting<'_>) -> SignOfLife {
    let at = match sighting.state {
        StateObject::Written { at, .. } => *at,
        StateObject::Absent => {
            return SignOfLife::NoneSeen {
                state_written: None,
            };
        }
        StateObject::Unknown(why) => return SignOfLife::Unknown(why.clone()),
    };
    // S3 tells whole seconds.
    let taken = sighting.lock.since();
    let since_taken = taken.is_none_or(|taken| at.as_second() >= taken.as_second());
    if since_taken && since(now, at) <= terms.quiet_for {
        SignOfLife::Seen { state_written: at }
    } else {
        SignOfLife::NoneSeen {
            state_written: Some(at),
        }
    }
}

fn ignored_because(applied: &Applied<'_>) -> String {
    let who = match (applied.window, applied.rule) {
        (Some(window), _) => format!(
            "the window `{}` says until {}",
            window.name,
            text::shown_time(window.to)
        ),
        (None, Some(rule)) => format!("the rule `{}` says", rule.name),
        (None, None) => "the default of the policy says".to_owned(),
    };
    format!("{who} that nobody is asked about it")
}

fn stale_because(terms: &Terms, held: HoldTime, life: &SignOfLife, info: &LockInfo) -> String {
    let how_long = if held.at_least >= terms.stale_after {
        "held"
    } else {
        "held, by the holder's clock,"
    };
    let seen = match life {
        SignOfLife::Seen { .. } | SignOfLife::NoneSeen { .. } => "no sign of life seen",
        SignOfLife::Unknown(_) => "no way to look for a sign of life",
    };
    let mut why = format!(
        "{how_long} for {}, over the limit of {}; {seen}",
        span::shown(held.at_most),
        span::shown(terms.stale_after)
    );
    let oddities = info.oddities();
    if !oddities.is_empty() {
        why.push_str(&format!("; the record has {}", oddities.join(" and ")));
    }
    why
}

#[cfg(test)]
mod tests;
