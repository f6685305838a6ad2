//! What to do where it is known why a lock was not to be had, or not to be released.

use lockwarden_core::paste::{Cause, Kind, LockError};
use lockwarden_core::text::shown;

use super::{Advice, FIELD, Ways, held};

/// The advice for an error with a known cause.
pub(super) fn of_cause(cause: Cause, error: &LockError) -> Advice {
    let table = error.table.as_deref().map_or_else(
        || "The lock table".to_owned(),
        |table| format!("The lock table `{}`", shown(table, FIELD)),
    );
    match cause {
        Cause::MissingTable => Advice::never(format!(
            "Nobody holds a lock. {table} does not exist in the account and region that the credentials point to. Check `dynamodb_table`, \
             `region` and the profile; make the table only if it never existed."
        )),
        Cause::MissingBucket => Advice::never(
            "Nobody holds a lock. The bucket does not exist for these credentials. Check `bucket`, `region` and the profile.",
        ),
        Cause::AccessDenied => Advice::never(failed_by(
            error,
            "the credentials lack a right",
            rights(error),
        )),
        Cause::ExpiredCredentials => Advice::never(failed_by(
            error,
            "the credentials have expired",
            "Get new ones.",
        )),
        Cause::BadCredentials => Advice::never(failed_by(
            error,
            "there are no usable credentials",
            "Check the profile, the role and the environment.",
        )),
        Cause::WrongKeySchema => Advice::never(format!(
            "Nobody holds a lock. {table} does not have the partition key `LockID` of type string, so it cannot hold one. Make a right \
             table and name it in the backend."
        )),
        Cause::Unreachable if error.kind == Kind::UnlockFailed => Advice::never(failed_by(
            error,
            "the service did not answer",
            "Check the network, the endpoint and the region.",
        )),
        // The SDK tries again when an answer is lost, and the run collides with the lock that it has just taken.
        Cause::Unreachable => Advice::never(failed_by(
            error,
            "the service did not answer",
            "Check the network, the endpoint and the region. If only the answer got lost, a lock of this very run is left: its host and its \
             time tell.",
        )),
        Cause::Throttled => Advice::never(failed_by(
            error,
            "the service asked for patience",
            "Wait a moment.",
        )),
        Cause::Conflict => Advice::never(
            "Two runs asked for the lock at the same moment. Run the command again; if somebody holds it, the error then says who.",
        ),
        Cause::DiskFull => Advice::never(
            "The machine that ran this has no room left on its disk; nobody holds a lock because of that. Make room and run it again.",
        ),
        Cause::WrongPassphrase => Advice::never(
            "The state or the plan could not be decrypted. Nobody holds a lock because of that; check the passphrase or the key.",
        ),
        Cause::Unreadable => Advice::never(
            "Something is stored in the lock's place that is no lock record, so `force-unlock` has no ID to go by. Look at it as it is \
             stored, find out who wrote it, and only then remove it by hand.",
        ),
        Cause::EmptyOrGone => Advice::never(
            "The record was empty, or gone by the time it was read. Run the command again. If the same comes back, look at the record as \
             it is stored: an empty one has to be removed by hand.",
        ),
        Cause::NoSuchLock => Advice::never(
            "There is no lock where `force-unlock` looked. You are probably in another workspace or directory than the run that failed, or \
             the lock is gone. Check `terraform workspace show` and the backend's key, and run the plan: if it works, there is nothing to do.",
        ),
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
    }
}

/// Something around the lock failed. What that says about a lock depends on what was tried.
fn failed_by(error: &LockError, why: &str, mend: &str) -> String {
    let (what, then) = match (error.kind, error.held) {
        (Kind::UnlockFailed, _) => (
            "The lock was not released, or not all of it",
            "Then run the plan: its error says whether a lock is left, and whose.",
        ),
        (_, Some(true)) => (
            "Somebody holds the lock, and it cannot be read who",
            "Then run the command again: its error says who.",
        ),
        (_, Some(false)) => ("No lock stopped this run", "Then run the command again."),
        (_, None) => (
            "This says nothing about a lock",
            "Then run the command again; if somebody holds the lock, its error says who.",
        ),
    };
    format!("{what}: {why}. {mend} {then}")
}

/// The rights that locking needs (the permissions in the documentation of the S3 backend).
fn rights(error: &LockError) -> &'static str {
    if error.backend_name.is_some() {
        return "Give them the rights that the backend needs to read, write and delete its locks.";
    }
    "Locking needs dynamodb:GetItem, PutItem and DeleteItem on the table, or s3:GetObject, PutObject and DeleteObject on the `.tflock`, \
     and KMS rights where they are encrypted. Grant what is missing."
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
