//! Sentences that e-mail and chat share.

use jiff::{SignedDuration, Timestamp};

use super::{LockFacts, Notice, NoticeKind, VerdictFacts, storm};
use crate::expire::ATTRIBUTE;
use crate::ledger::ZombieWrite;
use crate::outcome::{Outcome, OutcomeKind, RecordName};
use crate::policy::Verdict;
use crate::span;
use crate::text::{shown, shown_time};

/// How much of a foreign field a line shows (characters).
const FIELD: usize = 300;
/// Who decided where nobody did.
pub(super) const BY_SWITCH: &str = "nobody; EXPIRE_AFTER holds where nobody answers";

/// The lock that people were asked about is gone, and nobody here deleted it.
pub(super) fn gone(notice: &Notice) -> &'static str {
    if notice.expired {
        "The lock that you were asked about is gone: nobody answered, and its time to exist was over. That does not stop its\n\
         holder: make sure that it is gone. For two hours the state is watched."
    } else {
        "The lock that you were asked about is gone: its holder let go. There is nothing to do."
    }
}

/// When a lock goes that nobody answered about.
pub(super) fn expires(until: Timestamp) -> String {
    format!(
        "some time after {}; DynamoDB may take days, and does it only with TTL on for `{ATTRIBUTE}`. KEEP it, and it stays",
        shown_time(until)
    )
}

pub(super) fn opening(notice: &Notice, verdict: Verdict) -> &'static str {
    let kind = notice.kind;
    if notice.time_to_exist.is_some() {
        return "A Terraform state lock that you were asked about still looks stale. Nobody can plan or apply this state.\n\
                Nobody answered, so it goes by itself some time after it expires, below, unless somebody keeps it.";
    }
    if verdict == Verdict::Skewed {
        return "A Terraform state is locked, and the time in the lock is in the future: a clock is wrong somewhere, and nobody\n\
                can tell how old the lock is. Nothing has been changed yet; you decide.";
    }
    match kind {
        NoticeKind::StaleLock => {
            "A Terraform state lock looks stale. Nobody can plan or apply this state until it is released.\n\
             Nothing has been changed yet; you decide."
        }
        NoticeKind::Reminder => {
            "A Terraform state lock that you were asked about still looks stale. Nobody can plan or apply this state.\n\
             Nothing has been changed yet; you decide."
        }
        NoticeKind::UnreadableLock => {
            "A Terraform state is locked by a record that cannot be understood. Nobody can plan or apply this state,\n\
             and nobody can tell how old the lock is. Nothing has been changed yet; you decide."
        }
        NoticeKind::SplitLock => {
            "TWO HOLDERS HOLD ONE STATE: the DynamoDB item and the S3 lock file name different locks. Some clients use\n\
             one store and some the other, so the state is not protected right now. Stop both before you release any."
        }
        NoticeKind::Storm
        | NoticeKind::Released
        | NoticeKind::Kept
        | NoticeKind::Restored
        | NoticeKind::Expiring
        | NoticeKind::Ended
        | NoticeKind::Rejected
        | NoticeKind::ZombieWrite
        | NoticeKind::PolicyError
        | NoticeKind::Test => "",
    }
}

pub(super) fn stored_in(record: &RecordName) -> String {
    match record {
        RecordName::Dynamodb { table } => format!("DynamoDB table {}", shown(table, FIELD)),
        RecordName::S3 { bucket, key } => format!(
            "S3 object s3://{}/{}",
            shown(bucket, FIELD),
            shown(key, 1_100)
        ),
    }
}

pub(super) fn held(lock: &LockFacts, verdict: &VerdictFacts) -> String {
    let at_least = span::shown(SignedDuration::from_secs(verdict.held_at_least_seconds));
    let at_most = span::shown(SignedDuration::from_secs(verdict.held_at_most_seconds));
    let created = lock.created.map(shown_time);
    match created {
        Some(created) if at_least == at_most => {
            format!("{at_least}; it began trying at {created} by its own clock")
        }
        Some(created) => format!(
            "at least {at_least}, at most {at_most}; it began trying at {created} by its own clock"
        ),
        None => format!("at least {at_least}"),
    }
}

pub(super) fn life(verdict: &VerdictFacts) -> String {
    let sign = &verdict.sign_of_life;
    let written = sign.get("state_written").and_then(|at| at.as_str());
    match (
        sign.get("status").and_then(|status| status.as_str()),
        written,
    ) {
        (Some("seen"), Some(at)) => {
            format!("the state was written at {at}: the holder is probably alive")
        }
        (Some("none_seen"), Some(at)) => {
            format!(
                "no sign of life seen; the state was last written at {at}. A long step writes nothing either"
            )
        }
        (Some("none_seen"), None) => {
            "no sign of life seen; there is no state yet. A first apply looks like this".to_owned()
        }
        _ => {
            let why = sign
                .get("why")
                .and_then(|why| why.as_str())
                .unwrap_or_default();
            format!("unknown: {}", shown(why, FIELD))
        }
    }
}

/// What became of the lock whose state was written later.
pub(super) fn gone_how(notice: &Notice) -> &'static str {
    if notice.expired {
        "expired"
    } else {
        "was released"
    }
}

/// How much a write after a release means.
pub(super) fn how_sure(zombie: &ZombieWrite) -> &'static str {
    if zombie.knows_every_lock {
        "Each lock of this state leaves an object, and none was taken in time. Only a run with -lock=false, or one that uses the\n\
         table alone, looks the same."
    } else {
        "This was seen, and proves nothing: a normal run that began and ended between two sweeps looks the same."
    }
}

/// What came of a decision, where it may be that the lock expired before.
pub(super) fn came_to(outcome: &Outcome, expired: bool) -> &'static str {
    if expired {
        "The lock was gone already: its time to exist was over. That does not stop its holder: make sure that it is gone."
    } else {
        sentence(outcome)
    }
}

fn sentence(outcome: &Outcome) -> &'static str {
    if outcome.storm.is_some() {
        return storm::sentence(outcome.result);
    }
    match (outcome.result, outcome.confirmed) {
        (OutcomeKind::Released, Some(false)) => {
            "The lock is gone. The release was interrupted half-way, so it may be that the holder let go itself."
        }
        (OutcomeKind::Released, _) => {
            "The lock was released. Releasing does not stop the old holder: make sure that it is gone."
        }
        (OutcomeKind::AlreadyReleased, _) => "The lock was gone already. There is nothing to do.",
        (OutcomeKind::ChangedHands, _) => {
            "NOT released: another lock is there now, and it was left alone. The one you decided about is gone."
        }
        (OutcomeKind::NotStale, _) => "NOT released: the lock is not stale.",
        (OutcomeKind::Kept, _) => "The lock stays. Nobody is reminded for a while.",
        (OutcomeKind::Expiring, _) => {
            "Nobody answered, so this lock expires. It is still there, and you may still decide."
        }
        (OutcomeKind::Restored, _) => {
            "The lock that was released was put back, byte for byte. Nobody can plan or apply this state again."
        }
        (OutcomeKind::PartlyReleased, _) => {
            "Released by half: the S3 lock file is gone, and the DynamoDB item was left alone.\n\
             Look at it before you decide about it."
        }
        (OutcomeKind::Rejected, Some(false)) => {
            "A decision was begun, interrupted, and cannot be finished. Look at the lock before you decide about it again."
        }
        (OutcomeKind::Rejected, _) => "A decision was NOT carried out. Nothing was changed.",
    }
}
