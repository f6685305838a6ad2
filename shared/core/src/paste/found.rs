//! What is found in a paste.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The lock errors of a paste, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Different errors, at most [`MOST_ERRORS`](super::MOST_ERRORS). Repeats of one error are merged into the first.
    pub errors: Vec<LockError>,
    /// How many errors more there were.
    pub more: u64,
    /// The program of the first error that names one.
    pub tool: Option<Tool>,
    /// Whether the text names `errored.tfstate`: a state that could not be saved and must be pushed before anything
    /// else runs (Terraform's `backend/local/backend_apply.go: backupStateForError`).
    pub errored_state: bool,
}

/// One lock error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockError {
    /// What it is.
    pub kind: Kind,
    /// The backend where it is not S3: `azurerm`, `gcs`, `remote` …, as in a `backend` block.
    pub backend_name: Option<String>,
    /// The program that printed it, where the text tells.
    pub tool: Option<Tool>,
    /// The lock, as far as it was printed.
    pub lock: PastedLock,
    /// Whether somebody holds a lock; `None` where the text does not tell.
    pub held: Option<bool>,
    /// Why nobody holds a lock, why it could not be released, or what else stands in the way.
    pub cause: Option<Cause>,
    /// The ID that a failed release was given, which may be another than the lock's.
    pub tried: Option<String>,
    /// The two checksums of a digest mismatch.
    pub digest: Option<PastedDigest>,
    /// Where a release that failed was tried, as far as its message tells; empty for every other error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried_in: Vec<Store>,
    /// The DynamoDB table that the message names.
    pub table: Option<String>,
    /// Which half of a lock a failed release left, where the message says that the other half is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Store>,
    /// A failed release that the holder itself tried at its end (`Error releasing the state lock`), not a person by
    /// `force-unlock`: `tried` is then the holder's own lock.
    #[serde(default, skip_serializing_if = "is_not")]
    pub is_by_holder: bool,
    /// The Terragrunt unit or the working directory, where the text shows it.
    pub unit: Option<String>,
    /// `unit` was given by `-chdir`, not by `cd`.
    #[serde(default, skip_serializing_if = "is_not")]
    pub is_chdir: bool,
    /// The workspace that was selected before the error, where the text shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The earlier line on which a run of this very text shows that the lock is its own: it could not release it, or its
    /// debug log says that it asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_at: Option<u64>,
    /// The later line on which the text says that this lock was released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlocked_at: Option<u64>,
    /// The line of the paste on which it begins, from 1.
    pub line: u64,
    /// How often it stands in the paste.
    pub times: u64,
    /// Its lines without frames and prefixes, at most a few KB; unprintable characters are escaped, secrets are not
    /// redacted.
    pub excerpt: String,
}

/// The fields of `Lock Info:` (Terraform's `statemgr/locker.go: LockInfo.String`), each as it was printed. A field that
/// is not there, cut off or printed empty is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastedLock {
    /// What `force-unlock` takes. Where the fields are those of the run that failed, this comes from the message alone.
    pub id: Option<String>,
    /// The path that the holder printed; for a failed release of a lock file, the state of the bucket and key named.
    pub path: Option<String>,
    /// What the holder was doing.
    pub operation: Option<String>,
    /// The holder.
    pub who: Option<String>,
    /// The holder's version of Terraform or OpenTofu.
    pub version: Option<String>,
    /// The holder's clock when it began trying.
    pub created: Option<Timestamp>,
    /// Only Consul fills it.
    pub info: Option<String>,
    /// The fields describe the run that *failed*, not the holder: what `remote`, `cloud`, `pg` and `http` print
    /// (`remote/backend_state.go: Lock`, `pg/client.go: Lock`, `http/client.go: Lock`).
    pub is_of_caller: bool,
}

/// What a digest mismatch says. `None`: not printed, or printed empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastedDigest {
    /// The state's bucket; since Terraform 1.6.
    pub bucket: Option<String>,
    /// The state's key; since Terraform 1.6.
    pub key: Option<String>,
    /// MD5 of the state that is there now. Empty where the state object is missing.
    pub calculated: Option<String>,
    /// What the table holds; since Terraform 1.6.
    pub stored: Option<String>,
}

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A lock in a DynamoDB table was not to be had.
    Dynamodb,
    /// A lock object beside the state was not to be had.
    S3Lockfile,
    /// The state is not the one that the table's digest belongs to.
    DigestMismatch,
    /// A lock could not be released.
    UnlockFailed,
    /// A lock of another backend.
    OtherBackend,
    /// A lock error whose text does not say which backend.
    UnknownBackend,
    /// No lock error at all.
    NotALockError,
}

/// One of the two places in which the S3 backend keeps a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// An item of the lock table.
    Dynamodb,
    /// An object beside the state.
    S3Lockfile,
}

/// What stands behind an error, other than a lock that somebody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The table is not there.
    MissingTable,
    /// The bucket is not there.
    MissingBucket,
    /// A right is missing.
    AccessDenied,
    /// The credentials have expired.
    ExpiredCredentials,
    /// There are no credentials, or they are refused.
    BadCredentials,
    /// The table's key is not the string `LockID`.
    WrongKeySchema,
    /// Nothing answered.
    Unreachable,
    /// The service asks for patience.
    Throttled,
    /// Two requests for the object at the same moment: S3's `ConditionalRequestConflict`.
    Conflict,
    /// No room on the disk of the failed run.
    DiskFull,
    /// The state or plan encryption cannot be opened.
    WrongPassphrase,
    /// The KMS key of the bucket or of the table is disabled, gone, or not for these credentials.
    KmsKey,
    /// The bucket is in another region than the request.
    WrongRegion,
    /// The clock of the failed run is wrong, so its signatures are refused.
    ClockSkew,
    /// The bucket's Object Lock asks for a checksum that the program does not send.
    ObjectLock,
    /// The store does not know the request: some S3-compatible ones have no conditional writes.
    NotImplemented,
    /// The service failed by itself, so that nobody knows what came of the request.
    ServiceFault,
    /// The table is being made, changed or deleted.
    TableNotReady,
    /// The run was interrupted while it asked for the lock.
    Interrupted,
    /// The lock file was taken, the table was not to be had, and the lock file could not be removed again.
    LockFileLeft,
    /// Something is stored where the lock belongs, but it cannot be read as a lock record.
    Unreadable,
    /// The record is empty, or it went away between the attempt and the look.
    EmptyOrGone,
    /// No lock where `force-unlock` looked: another workspace, another directory, or no lock at all.
    NoSuchLock,
    /// The ID given is not the ID of the lock.
    WrongId,
    /// One of the two records was released, the other one was not there.
    HalfReleased,
    /// One of the two records was released, the other one has another lock ID.
    Split,
    /// Somebody holds the lock of a workspace that has no state yet. `force-unlock` cannot release it: it makes the state
    /// first, and takes the lock for that (`s3/backend_state.go: StateMgr`).
    NewWorkspace,
    /// The table has a digest, the bucket has no state.
    DigestStateMissing,
    /// Locks of the local backend end with their process; no command can release them.
    LocalLock,
}

/// The program that printed an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tool {
    /// HashiCorp Terraform.
    Terraform,
    /// OpenTofu.
    OpenTofu,
    /// Terragrunt, around either of the two.
    Terragrunt,
}

impl Cause {
    /// Every cause, so that whoever explains them forgets none.
    pub const ALL: [Self; 29] = [
        Self::MissingTable,
        Self::MissingBucket,
        Self::AccessDenied,
        Self::ExpiredCredentials,
        Self::BadCredentials,
        Self::WrongKeySchema,
        Self::Unreachable,
        Self::Throttled,
        Self::Conflict,
        Self::DiskFull,
        Self::WrongPassphrase,
        Self::KmsKey,
        Self::WrongRegion,
        Self::ClockSkew,
        Self::ObjectLock,
        Self::NotImplemented,
        Self::ServiceFault,
        Self::TableNotReady,
        Self::Interrupted,
        Self::LockFileLeft,
        Self::Unreadable,
        Self::EmptyOrGone,
        Self::NoSuchLock,
        Self::WrongId,
        Self::HalfReleased,
        Self::Split,
        Self::NewWorkspace,
        Self::DigestStateMissing,
        Self::LocalLock,
    ];
}

impl Found {
    /// The kind of the first error.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.errors
            .first()
            .map_or(Kind::NotALockError, |error| error.kind)
    }
}

impl Kind {
    /// The word for it in replies.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Dynamodb => "dynamodb",
            Self::S3Lockfile => "s3-lockfile",
            Self::DigestMismatch => "digest-mismatch",
            Self::UnlockFailed => "unlock-failed",
            Self::OtherBackend => "other-backend",
            Self::UnknownBackend => "unknown-backend",
            Self::NotALockError => "not-a-lock-error",
        }
    }
}

impl Tool {
    /// The word for it in replies, and the name of the program but for OpenTofu's `tofu`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::OpenTofu => "opentofu",
            Self::Terragrunt => "terragrunt",
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_not(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A match without `_`: a new cause does not compile until it has a place here, and fails until it is in the list.
    #[test]
    fn the_list_of_causes_is_whole() {
        let place = |cause: Cause| match cause {
            Cause::MissingTable => 0,
            Cause::MissingBucket => 1,
            Cause::AccessDenied => 2,
            Cause::ExpiredCredentials => 3,
            Cause::BadCredentials => 4,
            Cause::WrongKeySchema => 5,
            Cause::Unreachable => 6,
            Cause::Throttled => 7,
            Cause::Conflict => 8,
            Cause::DiskFull => 9,
            Cause::WrongPassphrase => 10,
            Cause::KmsKey => 11,
            Cause::WrongRegion => 12,
            Cause::ClockSkew => 13,
            Cause::ObjectLock => 14,
            Cause::NotImplemented => 15,
            Cause::ServiceFault => 16,
            Cause::TableNotReady => 17,
            Cause::Interrupted => 18,
            Cause::LockFileLeft => 19,
            Cause::Unreadable => 20,
            Cause::EmptyOrGone => 21,
            Cause::NoSuchLock => 22,
            Cause::WrongId => 23,
            Cause::HalfReleased => 24,
            Cause::Split => 25,
            Cause::NewWorkspace => 26,
            Cause::DigestStateMissing => 27,
            Cause::LocalLock => 28,
        };
        let places: Vec<usize> = Cause::ALL.into_iter().map(place).collect();
        assert_eq!(places, (0..Cause::ALL.len()).collect::<Vec<_>>());
    }

    #[test]
    fn the_words_are_the_same_in_json() {
        for kind in [
            Kind::Dynamodb,
            Kind::S3Lockfile,
            Kind::DigestMismatch,
            Kind::UnlockFailed,
            Kind::OtherBackend,
            Kind::UnknownBackend,
            Kind::NotALockError,
        ] {
            assert_eq!(serde_json::json!(kind), kind.word());
        }
        for tool in [Tool::Terraform, Tool::OpenTofu, Tool::Terragrunt] {
            assert_eq!(serde_json::json!(tool), tool.word());
        }
    }

    #[test]
    fn a_paste_without_errors_is_not_a_lock_error() {
        assert_eq!(Found::default().kind(), Kind::NotALockError);
    }
}
