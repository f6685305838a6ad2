//! Looking at records as they are stored.

use lockwarden_core::commands::quoted;
use lockwarden_core::paste::{Cause, Kind, LockError, Store};
use serde_json::json;

use crate::state::State;

/// What stands behind a state's path in the key of its digest (Terraform's `s3/client.go: stateIDSuffix`).
pub(super) const DIGEST: &str = "-md5";

/// What is worth a look first: the record as it is stored; where no lock is the trouble, what is.
pub(super) fn at_first(error: &LockError, state: &State) -> Option<String> {
    match error.kind {
        Kind::OtherBackend | Kind::NotALockError => None,
        Kind::Dynamodb | Kind::S3Lockfile if error.held == Some(false) => {
            let cause = error.cause.filter(|_| error.unlocked_at.is_none());
            match cause {
                Some(cause) => at_trouble(cause, error, state),
                None => at_record(error, state),
            }
        }
        Kind::Dynamodb | Kind::S3Lockfile | Kind::DigestMismatch => at_record(error, state),
        Kind::UnlockFailed if error.backend_name.is_some() => None,
        Kind::UnlockFailed => match error.left.as_slice() {
            [Store::S3Lockfile] => object(state),
            [Store::Dynamodb] => item(state, ""),
            _ => at_tried(error, state),
        },
        // A path with a slash is no proof of S3; a configuration that names the table is.
        Kind::UnknownBackend if state.table.is_some() => item(state, ""),
        Kind::UnknownBackend => None,
    }
}

fn at_record(error: &LockError, state: &State) -> Option<String> {
    if error.cause == Some(Cause::LockFileLeft) || error.kind == Kind::S3Lockfile {
        return object(state);
    }
    item(state, "")
}

fn at_tried(error: &LockError, state: &State) -> Option<String> {
    match error.tried_in.as_slice() {
        [] if state.table.is_none() => object(state),
        [] | [Store::Dynamodb] => item(state, ""),
        [Store::S3Lockfile] => object(state),
        _ => Some(format!("{}; {}", item(state, "")?, object(state)?)),
    }
}

/// Where nobody holds a lock, the record tells nothing.
fn at_trouble(cause: Cause, error: &LockError, state: &State) -> Option<String> {
    match cause {
        Cause::MissingTable | Cause::WrongKeySchema | Cause::TableNotReady => Some(format!(
            "aws dynamodb describe-table{} --table-name {}",
            dynamodb(state)?,
            table(state)?
        )),
        Cause::MissingBucket | Cause::WrongRegion => {
            let (bucket, _) = state.path.as_ref()?.bucket_and_key()?;
            Some(format!(
                "aws s3api head-bucket{} --bucket {}",
                s3(state)?,
                quoted(bucket)?
            ))
        }
        Cause::AccessDenied | Cause::KmsKey | Cause::ExpiredCredentials | Cause::BadCredentials => {
            Some(format!("aws sts get-caller-identity{}", profile(state)?))
        }
        Cause::DiskFull
        | Cause::WrongPassphrase
        | Cause::ClockSkew
        | Cause::ObjectLock
        | Cause::NotImplemented
        | Cause::LocalLock => None,
        Cause::Unreachable
        | Cause::Throttled
        | Cause::Conflict
        | Cause::ServiceFault
        | Cause::Interrupted
        | Cause::LockFileLeft
        | Cause::Unreadable
        | Cause::EmptyOrGone
        | Cause::NoSuchLock
        | Cause::WrongId
        | Cause::HalfReleased
        | Cause::Split
        | Cause::NewWorkspace
        | Cause::DigestStateMissing => at_record(error, state),
    }
}

/// Reads an item of the lock table: the lock, or with `-md5` the digest.
pub(super) fn item(state: &State, suffix: &str) -> Option<String> {
    Some(format!(
        "aws dynamodb get-item{} --consistent-read --table-name {} --key {}",
        dynamodb(state)?,
        table(state)?,
        key(state, suffix)?
    ))
}

/// Reads the lock object beside the state; its ETag stands in the answer.
fn object(state: &State) -> Option<String> {
    let (bucket, key) = state.path.as_ref()?.lock_file()?;
    Some(format!(
        "aws s3api get-object{} --bucket {} --key {} /dev/stdout",
        s3(state)?,
        quoted(&bucket)?,
        quoted(&key)?
    ))
}

/// Lists what the state was before it went away.
pub(super) fn versions(state: &State) -> Option<String> {
    let (bucket, key) = state.path.as_ref()?.bucket_and_key()?;
    Some(format!(
        "aws s3api list-object-versions{} --bucket {} --prefix {}",
        s3(state)?,
        quoted(bucket)?,
        quoted(key)?
    ))
}

/// The table's name, or a variable that a shell asks for: an error text seldom names the table.
pub(super) fn table(state: &State) -> Option<String> {
    match state.table.as_deref() {
        None => Some("\"${LOCK_TABLE:?set it to the dynamodb_table of the backend}\"".to_owned()),
        Some(table) => quoted(table),
    }
}

/// The key of an item, as the AWS CLI takes it.
pub(super) fn key(state: &State, suffix: &str) -> Option<String> {
    let path = state.path.as_ref()?.as_str();
    // JSON would escape what must not be shown; such a path is refused like any other.
    quoted(path)?;
    quoted(&json!({"LockID": {"S": format!("{path}{suffix}")}}).to_string())
}

/// How the AWS CLI reaches S3 as the backend does.
pub(super) fn s3(state: &State) -> Option<String> {
    options(state, state.s3.as_deref())
}

/// How the AWS CLI reaches DynamoDB as the backend does.
pub(super) fn dynamodb(state: &State) -> Option<String> {
    options(state, state.dynamodb.as_deref())
}

/// Who is asked about: the person of the profile, whatever else the backend is told.
fn profile(state: &State) -> Option<String> {
    let own = State {
        profile: state.profile.clone(),
        ..State::default()
    };
    options(&own, None)
}

/// The options that the configuration gives, or nothing where only the person's own settings know them.
fn options(state: &State, endpoint: Option<&str>) -> Option<String> {
    let mut options = String::new();
    for (name, value) in [
        ("--region", state.region.as_deref()),
        ("--endpoint-url", endpoint),
        ("--profile", state.profile.as_deref()),
    ] {
        if let Some(value) = value {
            options.push_str(&format!(" {name} {}", quoted(value)?));
        }
    }
    Some(options)
}
