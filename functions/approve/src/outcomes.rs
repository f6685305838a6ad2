//! What comes of a decision, as values.

use jiff::Timestamp;
use lockwarden_aws::{Failure, Kind};
use lockwarden_core::decision::{self, Action, Decision};
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::{Decided, Entry, Event, EventKind, Status};
use lockwarden_core::outcome::{NewHolder, Outcome, OutcomeKind, RecordName};
use lockwarden_core::policy::EvenIf;
use lockwarden_core::release::Refusal;
use lockwarden_core::restore::NotRestored;
use lockwarden_core::span;

use crate::incoming::Delivered;

/// What to do after a release.
pub(crate) const NEXT: &str = "terraform plan";

pub(crate) fn decision_event(delivered: &Delivered, decision: &Decision, now: Timestamp) -> Event {
    let mut detail = match decision.action {
        Action::Release => "release".to_owned(),
        Action::Restore => "restore".to_owned(),
        Action::Expire => "expire".to_owned(),
        Action::Keep { for_ } => format!("keep for {}", span::shown(for_)),
    };
    if let Some(storm) = &decision.target.storm {
        detail.push_str(&format!(" of all in the storm {storm}"));
    }
    for word in &decision.even_if {
        detail.push_str(&format!(", even if {}", word.word()));
    }
    if let Some(reason) = &decision.reason {
        detail.push_str(&format!(": {reason}"));
    }
    Event {
        channel: Some(delivered.channel),
        delivery: Some(delivered.id.clone()),
        by: Some(decision.by.clone()),
        verified: delivered.verified.clone(),
        source: delivered.source.clone(),
        ..Event::new(EventKind::Decision, now, detail)
    }
}

/// An outcome about the lock of an entry.
pub(crate) fn about(entry: &Entry, result: OutcomeKind, by: &str) -> Outcome {
    Outcome {
        request: Some(entry.code.clone()),
        lock_id: Some(entry.path.clone()),
        id: entry.lock().id(),
        ..Outcome::new(result, Some(by.to_owned()))
    }
}

pub(crate) fn decided_by(entry: &Entry) -> String {
    by(entry.decided.as_ref())
}

/// Who began what is being carried out.
pub(crate) fn begun_by(entry: &Entry) -> String {
    by(entry.begun())
}

fn by(decided: Option<&Decided>) -> String {
    decided.map_or_else(String::new, |decided| decided.decision.by.clone())
}

pub(crate) fn released(entry: &Entry) -> Outcome {
    Outcome {
        records: entry.places.iter().map(RecordName::from).collect(),
        next: Some(NEXT.to_owned()),
        ..about(entry, OutcomeKind::Released, &decided_by(entry))
    }
}

pub(crate) fn changed_hands(entry: &Entry, holder: NewHolder, by: &str) -> Outcome {
    Outcome {
        now_held_by: Some(holder),
        ..about(entry, OutcomeKind::ChangedHands, by)
    }
}

/// A refusal as an outcome.
pub(crate) fn refused(entry: &Entry, decision: &Decision, refusal: Refusal) -> Outcome {
    let with_example = |result, why: String, needs: &[EvenIf]| Outcome {
        example: Some(decision::example(Some(&entry.code), needs)),
        ..about(entry, result, &decision.by).because(why)
    };
    match refusal {
        Refusal::ChangedHands(holder) => changed_hands(entry, holder, &decision.by),
        Refusal::Gone => {
            let how = if entry.time_to_exist.is_some() {
                "its holder let go, or its time to exist was over"
            } else {
                "its holder let go"
            };
            about(entry, OutcomeKind::AlreadyReleased, &decision.by)
                .because(format!("the lock was gone before the decision came; {how}"))
        }
        Refusal::NotStale { judgement, needs } => with_example(
            OutcomeKind::NotStale,
            format!("{}: {}", judgement.verdict.word(), judgement.why),
            &needs,
        ),
        Refusal::Unmentioned { judgement, needs } => {
            let words: Vec<&str> = needs.iter().map(|word| word.word()).collect();
            let why = format!(
                "{}; the decision must say that it knows ({})",
                judgement.why,
                words.join(", ")
            );
            with_example(OutcomeKind::Rejected, why, &needs)
        }
        Refusal::NotByRule(why) => about(entry, OutcomeKind::NotStale, &decision.by).because(why),
        Refusal::ByHandOnly(why) => about(entry, OutcomeKind::Rejected, &decision.by)
            .because(format!("{why}; it has to be removed by hand")),
    }
}

/// A restore that is refused, as an outcome.
pub(crate) fn not_restored(entry: &Entry, by: &str, refusal: NotRestored) -> Outcome {
    let rejected = |why: String| about(entry, OutcomeKind::Rejected, by).because(why);
    match refusal {
        NotRestored::NotReleased => rejected(
            "the lock was not released by Lockwarden, so there is nothing to put back".to_owned(),
        ),
        NotRestored::Held(holder) => Outcome {
            now_held_by: Some(holder),
            ..rejected("somebody holds the state now, so nothing was put back".to_owned())
        },
        NotRestored::ThereAgain => rejected(
            "what was released is there again, or half of it, and not by this decision; look at the stores first".to_owned(),
        ),
        NotRestored::NoText(why) => rejected(format!("there is no text to put back: {why}")),
    }
}

/// How the lock of an entry that is over came to its end.
pub(crate) fn how_it_ended(entry: &Entry) -> String {
    let when = entry
        .ended_at
        .map_or_else(|| "earlier".to_owned(), |at| format!("at {at:.0}"));
    match entry.status {
        Status::Released => format!(
            "it was released {when} by a decision of {}",
            decided_by(entry)
        ),
        Status::ChangedHands => format!("another lock had taken its place {when}"),
        Status::Seen
        | Status::Asked
        | Status::Kept
        | Status::Deciding
        | Status::AlreadyReleased
        | Status::PartlyReleased
        | Status::Restored
        | Status::Ended => {
            let ended = entry.ended_at.unwrap_or_default();
            format!("it was gone {when}; {}", entry.why_gone(ended))
        }
    }
}

pub(crate) fn busy(code: &RequestCode) -> Failure {
    Failure::new(
        format!("carry out a decision about request {code}"),
        "another decision about the same lock is being carried out; try again in a minute",
        Kind::Transient,
    )
}
