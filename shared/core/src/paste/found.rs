//! What is found in a paste.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

mod cause;

pub use cause::Cause;

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

impl Found {
    /// The kind of the first error.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.errors
            .first()
            .map_or(Kind::NotALockError, |error| error.kind)
    }
}

impl LockError {
    /// An error of this kind of which nothing else is known.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            backend_name: None,
            tool: None,
            lock: PastedLock::default(),
            held: None,
            cause: None,
            tried: None,
            digest: None,
            tried_in: Vec::new(),
            left: None,
            is_by_holder: false,
            table: None,
            unit: None,
            is_chdir: false,
            workspace: None,
            own_at: None,
            unlocked_at: None,
            line: 1,
            times: 1,
            excerpt: String::new(),
        }
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
    /// The word for it in replies.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::OpenTofu => "opentofu",
            Self::Terragrunt => "terragrunt",
        }
    }

    /// The name of the program, as a shell finds it.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::OpenTofu => "tofu",
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
