//! Why a lock was not to be had, or not to be released.

use serde::{Deserialize, Serialize};

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
}
