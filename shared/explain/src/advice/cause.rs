//! What to do where it is known why a lock was not to be had, or not to be released.

use lockwarden_core::paste::{Cause, Kind, LockError, Store};
use lockwarden_core::text::shown;

use super::{Advice, FIELD, Ways, environment, held, program};
use crate::run::is_plain;

/// The advice for an error with a known cause.
pub(super) fn of_cause(cause: Cause, error: &LockError) -> Advice {
    if let Some((why, mend)) = environment::trouble(cause, error) {
        return failed_by(error, why, &mend);
    }
    of_record(cause, error)
}

/// The advice where the lock itself, or what is stored in its place, is the trouble.
fn of_record(cause: Cause, error: &LockError) -> Advice {
    match cause {
        Cause::Conflict => Advice::never(
            "Two runs asked for the lock at the same moment. Run the command again; if somebody holds it, the error then says who.",
        ),
        Cause::LockFileLeft => lock_file_left(error),
        Cause::Unreadable => by_hand(
            "Something is stored in the lock's place that is no lock record, so `force-unlock` has no ID to go by. Look at it as it is \
             stored, find out who wrote it, and make sure that nobody is at work on this state. Only then remove it by hand, if it is \
             still what you looked at.",
        ),
        Cause::EmptyOrGone => by_hand(
            "The record was empty, or gone by the time it was read. Run the command again. If the same comes back, look at the record as \
             it is stored: an empty one is nobody's lock, stops everybody, and has no ID that `force-unlock` could go by. Make sure that \
             nobody is at work on this state, then remove it by hand, if it is still empty.",
        ),
        Cause::NoSuchLock => Advice::never(no_such_lock(error)),
        Cause::WrongId => Advice::never(wrong_id(error)),
        Cause::HalfReleased => Advice::never(
            "`force-unlock` ended with an error, but the record that was there is released, and the other one was not there. Run the plan: \
             it should work. If it names a lock again, look at both records as they are stored.",
        ),
        Cause::Split => Advice::never(
            "The lock table and the lock file name two different locks. One of them is released now, and somebody else holds the other \
             half. Look at both records as they are stored, and find out who is at work before you touch the second one.",
        ),
        Cause::NewWorkspace => Advice {
            words: format!(
                "Do NOT unlock with `force-unlock`: this workspace has no state yet, so it would take the lock first, and fail as this run did. \
                 {}",
                held(
                    error,
                    "release it through Lockwarden, or remove its record by hand if it is still the same one, then run the command again"
                )
            ),
            ways: Ways::NotForceUnlock,
        },
        Cause::DigestStateMissing => Advice::never(
            "This is no lock. The table has a digest, and the state object is missing. Restore the state first (a former version in the \
             bucket). Delete the digest only if this state is really meant to begin anew.",
        ),
        Cause::LocalLock => Advice::never(
            "This is the lock of a local state file. It ends with the process that holds it, and no command releases it: find that process \
             on this machine.",
        ),
        Cause::MissingTable
        | Cause::MissingBucket
        | Cause::AccessDenied
        | Cause::ExpiredCredentials
        | Cause::BadCredentials
        | Cause::WrongKeySchema
        | Cause::Unreachable
        | Cause::Throttled
        | Cause::DiskFull
        | Cause::WrongPassphrase
        | Cause::KmsKey
        | Cause::WrongRegion
        | Cause::ClockSkew
        | Cause::ObjectLock
        | Cause::NotImplemented
        | Cause::ServiceFault
        | Cause::TableNotReady
        | Cause::Interrupted => Advice::never(
            "The text does not say what stands behind this. Look at the record as it is stored.",
        ),
    }
}

/// What stands in the lock's place can go only by hand.
fn by_hand(why: &str) -> Advice {
    Advice {
        ways: Ways::ByHand,
        ..Advice::never(why)
    }
}

/// Something around the lock failed. What that says about a lock depends on what was tried.
fn failed_by(error: &LockError, why: &str, mend: &str) -> Advice {
    if error.kind == Kind::UnlockFailed {
        return not_released(error, why, mend);
    }
    let (what, then) = match error.held {
        Some(true) => (
            "Somebody holds the lock, and it cannot be read who",
            "Then run the command again: its error says who.",
        ),
        Some(false) => ("No lock stopped this run", "Then run the command again."),
        None => (
            "This says nothing about a lock",
            "Then run the command again; if somebody holds the lock, its error says who.",
        ),
    };
    Advice::never(format!("{what}: {why}. {mend} {then}"))
}

/// A release that failed for a reason that can be mended. With the ID it can be done again: it compares the ID, so it hits
/// this lock or none.
fn not_released(error: &LockError, why: &str, mend: &str) -> Advice {
    let what = match error.left {
        None => "The lock was not released, or not all of it",
        Some(Store::Dynamodb) => {
            "Half of the lock is released: the lock file is gone and the item in the table is left"
        }
        Some(Store::S3Lockfile) => {
            "Half of the lock is released: the item in the table is gone and the lock file is left"
        }
    };
    let id = error.lock.id.as_deref().filter(|id| is_plain(id));
    if id.is_none() || error.held == Some(false) {
        return Advice::never(format!(
            "{what}: {why}. {mend} Then run the plan: its error says whether a lock is left, and whose."
        ));
    }
    let whose = if error.is_by_holder {
        "What is left is the lock of the run in this text, and nobody else's. When that run is over, release it"
    } else {
        "Then release it again with the same ID"
    };
    let (ways, how) = match error.left {
        None => (Ways::All, "."),
        // Both mechanisms are tried, and the half that is gone counts as a failure (`s3/client.go: Unlock`).
        Some(_) => (
            Ways::NotForceUnlock,
            ", or remove exactly that half by hand; `force-unlock` would release it too, but end with an error about the other half.",
        ),
    };
    Advice {
        words: format!("Do NOT unlock yet. {what}: {why}. {mend} {whose}{how}"),
        ways,
    }
}

/// With both mechanisms, the lock file is taken first and removed again where the table says no (`s3/client.go: Lock`).
fn lock_file_left(error: &LockError) -> Advice {
    let of_table = if error.held == Some(true) {
        "The lock in the table is somebody else's: leave it, and find out whose it is by the next error."
    } else {
        "In the table nobody holds a lock."
    };
    Advice {
        words: format!(
            "Do NOT unlock by an ID yet. This run took the lock file, did not get the lock in the table, and could not remove its lock file \
             again, most often because s3:DeleteObject is missing. So the lock file beside the state is this run's own: nobody works under it, \
             and every later run stops at it. {of_table} Look at the lock file: are its `Who` and `Created` those of the run that failed, and \
             is that run over? Then remove exactly that object, by the ETag that the look shows."
        ),
        ways: Ways::NotForceUnlock,
    }
}

fn no_such_lock(error: &LockError) -> String {
    let id = error.tried.as_deref().map_or_else(String::new, |id| {
        format!(" with the ID {}", shown(id, FIELD))
    });
    format!(
        "There is no lock{id} where `force-unlock` looked. You are probably in another workspace or directory than the run that failed, or \
         the lock is gone. Check `{} workspace show` and the backend's key, and run the plan: if it works, there is nothing to do. If it \
         cannot read a lock there either, paste its error: an empty record is in the way.",
        program(error.tool)
    )
}

fn wrong_id(error: &LockError) -> String {
    let there = error.lock.id.as_deref().map_or_else(String::new, |id| {
        let who = error.lock.who.as_deref().unwrap_or("somebody");
        format!(
            " The lock that is there is {}, held by {}.",
            shown(id, FIELD),
            shown(who, FIELD)
        )
    });
    format!(
        "The ID that was given is not the ID of the lock.{there} It may be the lock of a run that began since: take the ID from the line \
         `ID:` of a new error, never a request ID, and only after you know that its holder is dead."
    )
}
