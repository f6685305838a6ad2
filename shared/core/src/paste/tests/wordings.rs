//! What programs and services say about a lock, word for word.

use crate::paste::Kind;

pub(super) const REQUEST: &str = "0f3c9d1e-7777-4a4a-9b9b-1234567890ab";
/// What a lock has that is in the way of another one.
pub(super) const OTHER_ID: &str = "bbbbbbbb-1111-2222-3333-444444444444";
pub(super) const TRIED: &str = "00000000-0000-0000-0000-000000000000";

/// A lock that is taken: kind, name of the backend, and its message. `{r}` is a request ID, `{p}` the path.
pub(super) const TAKEN: [(Kind, Option<&str>, &str); 17] = [
    (
        Kind::Dynamodb,
        None,
        "operation error DynamoDB: PutItem, https response error StatusCode: 400, RequestID: {r}, ConditionalCheckFailedException: The conditional request failed",
    ),
    (
        Kind::Dynamodb,
        None,
        "ConditionalCheckFailedException: The conditional request failed\n\tstatus code: 400, request id: {r}",
    ),
    (
        Kind::Dynamodb,
        None,
        "ConditionalCheckFailedException: The conditional request failed",
    ),
    (
        Kind::S3Lockfile,
        None,
        "operation error S3: PutObject, https response error StatusCode: 412, RequestID: {r}, HostID: 9W4V39wFmv5v7ldmgoMRDcC7TJWM2czBAmTfBHFOgyPYDlSyIHULbrpZW8FewirY, api error PreconditionFailed: At least one of the pre-conditions you specified did not hold",
    ),
    // A store that is not Amazon's.
    (
        Kind::S3Lockfile,
        None,
        "operation error S3: PutObject, https response error StatusCode: 412, RequestID: {r}, HostID: , api error PreconditionFailed: Condition not satisfied",
    ),
    (
        Kind::OtherBackend,
        Some("azurerm"),
        "state blob is already locked",
    ),
    (
        Kind::OtherBackend,
        Some("gcs"),
        "writing \"gs://{p}\" failed: googleapi: Error 412: At least one of the pre-conditions you specified did not hold., conditionNotMet",
    ),
    (
        Kind::OtherBackend,
        Some("cos"),
        "lock file {p}.tflock exists",
    ),
    (
        Kind::OtherBackend,
        Some("kubernetes"),
        "the state is already locked by another terraform client",
    ),
    (
        Kind::OtherBackend,
        Some("local"),
        "resource temporarily unavailable",
    ),
    (
        Kind::OtherBackend,
        Some("local"),
        "Failed to lock state: The process cannot access the file because another process has locked a portion of the file.",
    ),
    (
        Kind::OtherBackend,
        Some("oci"),
        "Error returned by ObjectStorage Service. Http Status Code: 412. Error Code: IfNoneMatchFailed. Opc request id: {r}. Message: The If-None-Match header is present and the object exists",
    ),
    (
        Kind::OtherBackend,
        Some("oss"),
        "invoking PutRow got an error: &tablestore.OtsError{Code:\"OTSConditionCheckFail\", Message:\"Condition check failed.\", RequestId:\"{r}\"}",
    ),
    (Kind::OtherBackend, Some("consul"), ""),
    (
        Kind::OtherBackend,
        Some("pg"),
        "Workspace is already locked: default",
    ),
    (
        Kind::OtherBackend,
        Some("http"),
        "HTTP remote state already locked: ID={o}",
    ),
    (
        Kind::OtherBackend,
        Some("remote"),
        "workspace already locked (lock ID: \"acme/prod-network\")",
    ),
];

/// A release that found another lock. `{t}` is the ID that it was given, `{i}` the one that is there.
pub(super) const OTHER_LOCK: [&str; 7] = [
    "lock ID \"{t}\" does not match existing lock (\"{i}\")",
    "lock ID '{t}' does not match the existing lock ID '{i}'",
    "lock id \"{t}\" does not match existing lock",
    "lock id \"{t}\" from s3 does not match existing lock",
    "failed to unlock DynamoDB: lock ID \"{t}\" does not match existing lock (\"{i}\")",
    "failed to unlock both S3 and DynamoDB: S3 error: lock ID '{t}' does not match the existing lock ID '{i}', DynamoDB error: lock ID \"{t}\" does not match existing lock (\"{i}\")",
    "2 errors occurred:\n\t* lock id \"{t}\" from s3 does not match existing lock\n\t* lock id \"{t}\" does not match existing lock\n\n",
];
