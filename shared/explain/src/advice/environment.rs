//! What is wrong around a lock, and how to mend it.

use lockwarden_core::paste::{Cause, Kind, LockError, Store};
use lockwarden_core::text::shown;

use super::FIELD;

/// If only the answer of a request was lost, the SDK asks again and the run collides with the lock that it has just taken.
const MAY_BE_OWN: &str =
    "If only the answer got lost, a lock of this very run is left: its host and its time tell.";

/// What is wrong, as the end of a sentence, and what mends it; `None` where the lock itself is the trouble.
pub(super) fn trouble(cause: Cause, error: &LockError) -> Option<(&'static str, String)> {
    let is_release = error.kind == Kind::UnlockFailed;
    let or_own = |mend: &str| {
        if is_release {
            mend.to_owned()
        } else {
            format!("{mend} {MAY_BE_OWN}")
        }
    };
    Some(match cause {
        Cause::MissingTable => (
            "the lock table does not exist",
            format!(
                "There is no {} in the account and region that the credentials point to. Check `dynamodb_table`, `region` and the profile; make \
                 the table only if it never existed.",
                table(error, "such table", "table")
            ),
        ),
        Cause::MissingBucket => (
            "the bucket does not exist for these credentials",
            "Check its name, the account or project, and the region.".to_owned(),
        ),
        Cause::AccessDenied => ("the credentials lack a right", rights(error).to_owned()),
        Cause::ExpiredCredentials => ("the credentials have expired", "Get new ones.".to_owned()),
        Cause::BadCredentials => (
            "there are no usable credentials",
            if error.backend_name.is_some() {
                "Check the user, the token and the environment.".to_owned()
            } else {
                "Check the profile, the role and the environment.".to_owned()
            },
        ),
        Cause::WrongKeySchema => (
            "the lock table cannot hold a lock",
            format!(
                "The partition key has to be `LockID` of type string, and {} has another. Make a right table and name it in the backend.",
                table(error, "this table", "the table")
            ),
        ),
        Cause::Unreachable => (
            "the service did not answer",
            or_own("Check the network, the endpoint, the certificates and the region."),
        ),
        Cause::Throttled => ("the service asked for patience", "Wait a moment.".to_owned()),
        Cause::DiskFull => (
            "the machine that ran this has no room left on its disk",
            "Make room.".to_owned(),
        ),
        Cause::WrongPassphrase => (
            "the state or the plan could not be decrypted",
            "Check the passphrase or the key of the encryption.".to_owned(),
        ),
        Cause::KmsKey => (
            "the encryption key cannot be used",
            kms(error).to_owned(),
        ),
        Cause::WrongRegion => (
            "the bucket is in another region than the request",
            "Set `region` in the backend to that of the bucket, then run `init -reconfigure`.".to_owned(),
        ),
        Cause::ClockSkew => (
            "the clock of the machine that ran this is wrong, so its signatures are refused",
            "Set the clock right: a machine that slept, or a container's host without NTP, is the usual reason.".to_owned(),
        ),
        Cause::ObjectLock => (
            "Object Lock of the bucket asks for a checksum that this version did not send",
            "Use Terraform 1.10.1 or later, and take `skip_s3_checksum` away.".to_owned(),
        ),
        Cause::NotImplemented => (
            "the store does not know a request that a lock file needs",
            "`use_lockfile` needs conditional writes (`If-None-Match`) and checksums, which not every S3-compatible store has: ask its \
             vendor, and lock by another way until then. `-lock=false` is no way as long as others work on this state."
                .to_owned(),
        ),
        Cause::ServiceFault => (
            "the service failed by itself",
            or_own("Wait a moment, and look at the health page of the service."),
        ),
        Cause::TableNotReady => (
            "the lock table is being made, changed or deleted",
            "Wait until it is active. If it is being deleted, find out by whom.".to_owned(),
        ),
        Cause::Interrupted => (
            "the run was interrupted while it asked for the lock",
            or_own("Find out who stopped it: a person, a timeout, or the end of its job."),
        ),
        Cause::Conflict
        | Cause::LockFileLeft
        | Cause::Unreadable
        | Cause::EmptyOrGone
        | Cause::NoSuchLock
        | Cause::WrongId
        | Cause::HalfReleased
        | Cause::Split
        | Cause::NewWorkspace
        | Cause::DigestStateMissing
        | Cause::LocalLock => return None,
    })
}

/// The table in a sentence, by its name where the message has it.
fn table(error: &LockError, without_name: &str, before_name: &str) -> String {
    match error.table.as_deref() {
        None => without_name.to_owned(),
        Some(table) => format!("{before_name} `{}`", shown(table, FIELD)),
    }
}

/// The rights that locking needs (the permissions in the documentation of the S3 backend).
fn rights(error: &LockError) -> &'static str {
    match error.backend_name.as_deref() {
        Some("remote" | "cloud") => {
            return "HCP Terraform answers alike for a workspace that is not there and for a token without rights on it: check the organization, \
                    the workspace and the token.";
        }
        Some(_) => {
            return "Give them the rights that the backend needs to read, write and delete its locks.";
        }
        None => {}
    }
    match (error.kind, error.left) {
        (Kind::Dynamodb, _) | (_, Some(Store::Dynamodb)) => {
            "Locking needs dynamodb:GetItem, PutItem and DeleteItem on the table. Grant what is missing."
        }
        (Kind::S3Lockfile, _) | (_, Some(Store::S3Lockfile)) => {
            "Locking needs s3:GetObject, PutObject and DeleteObject on the `.tflock`, and the rights on its KMS key. Grant what is missing."
        }
        (Kind::UnknownBackend, None) => {
            "Give them the rights to read, write and delete a lock where the backend keeps it."
        }
        (
            Kind::DigestMismatch | Kind::UnlockFailed | Kind::OtherBackend | Kind::NotALockError,
            None,
        ) => {
            "Locking needs dynamodb:GetItem, PutItem and DeleteItem on the table, or s3:GetObject, PutObject and DeleteObject on the \
             `.tflock`, and KMS rights where they are encrypted. Grant what is missing."
        }
    }
}

/// What a customer's key needs (the rights in the S3 guide's "Using SSE-KMS", and DynamoDB's "encryption at rest").
fn kms(error: &LockError) -> &'static str {
    if error.backend_name.is_some() {
        return "Is the key enabled, and may these credentials use it?";
    }
    "Is the KMS key of the bucket or the table enabled, not waiting for its deletion, and in the right account and region? Do its policy \
     and the role allow kms:Decrypt and kms:GenerateDataKey? Without the key the state cannot be read either."
}
