//! Releases that failed: which lock was meant, which one is there, and what is left.

use super::found::{Cause, Store};
use super::message::Message;
use super::{cause, fields};

/// Whether the message is about a release.
pub(super) fn is_one(message: &Message) -> bool {
    message.says_one_of(&[
        "failedtounlockstate",
        "errorreleasingthestatelock",
        "failedtounlockboths3anddynamodb",
        "failedtounlocks3:",
        "failedtounlockdynamodb:",
        "lockreleasedbut",
        "localstatecannotbeunlocked",
    ])
}

/// The ID that the release was given.
pub(super) fn tried(message: &Message) -> Option<String> {
    message
        .quoted_after("lockid")
        .or_else(|| message.quoted_after("numericalvalue,got"))
        .or_else(|| message.word_after("!="))
        .map(unbroken)
}

/// An ID without the space that a line's end was taken for: there is none in a UUID.
fn unbroken(id: String) -> String {
    let whole: String = id.split_whitespace().collect();
    if fields::is_uuid(&whole) { whole } else { id }
}

/// Whether the message begins with the ID that was given, as those about another lock do: so begun, it does not name the lock
/// that is there, even where it was cut off before it says so.
pub(super) fn begins_with_the_tried(message: &Message) -> bool {
    message.says_one_of(&[
        "unlockstate:lockid",
        "unlocks3:lockid",
        "unlockdynamodb:lockid",
        "s3error:lockid",
        "dynamodberror:lockid",
        "*lockid",
    ])
}

/// The ID that the message says is there instead: `existing lock ("…")` of DynamoDB, `existing lock ID '…'` of S3,
/// `lock id mismatch, … != …` of COS.
pub(super) fn existing(message: &Message) -> Option<String> {
    message
        .quoted_after("existinglock(")
        .or_else(|| message.quoted_after("existinglockid"))
        .or_else(|| message.word_after("lockidmismatch,"))
        .map(unbroken)
}

/// Where the release was tried, by the words of `s3/client.go: Unlock` and the two functions that it calls. With both
/// mechanisms both are tried, whatever fails.
pub(super) fn tried_in(message: &Message) -> Vec<Store> {
    let is_both_of_opentofu = message.says("errorsoccurred") && message.says("froms3doesnotmatch");
    if message.says_one_of(&[
        "failedtounlockboths3anddynamodb",
        "failedtounlocks3:",
        "failedtounlockdynamodb:",
        "lockreleasedbut",
    ]) || is_both_of_opentofu
    {
        return vec![Store::Dynamodb, Store::S3Lockfile];
    }
    if message.says_one_of(&[
        "froms3",
        "s3lockinfo",
        "doesnotmatchtheexistinglockid",
        "deletethelockfile",
        "operationerrors3:",
    ]) {
        return vec![Store::S3Lockfile];
    }
    let is_of_table = message.says_one_of(&[
        "doesnotmatchexistinglock",
        "failedtoretrievelockinfo",
        "dynamodb",
        "nolockinfofoundfor",
    ]);
    is_of_table.then_some(Store::Dynamodb).into_iter().collect()
}

/// The half that is left where the message names only the other one's failure: with both mechanisms, each half is released by
/// itself (`s3/client.go: Unlock`; the words with `but` are OpenTofu's).
pub(super) fn left(message: &Message) -> Option<Store> {
    if message.says("failedtounlockboth") {
        return None;
    }
    if message.says_one_of(&["failedtounlocks3:", "dynamodblockreleasedbuts3failed"]) {
        return Some(Store::S3Lockfile);
    }
    message
        .says_one_of(&["failedtounlockdynamodb:", "s3lockreleasedbutdynamodbfailed"])
        .then_some(Store::Dynamodb)
}

/// Why it failed.
///
/// With both mechanisms Terraform releases each half by itself (`s3/client.go: Unlock`) and names the one that failed, so
/// an error here may mean that the lock is gone.
pub(super) fn cause(message: &Message) -> Option<Cause> {
    let differs = message.says_one_of(&[
        "doesnotmatchexistinglock",
        "doesnotmatchtheexistinglock",
        "lockidmismatch",
        "froms3doesnotmatch",
        "numericalvalue",
    ]);
    let is_half = message.says_one_of(&[
        "failedtounlocks3:",
        "failedtounlockdynamodb:",
        "lockreleasedbut",
    ]);
    if message.says("localstatecannotbeunlocked") {
        return Some(Cause::LocalLock);
    }
    if differs {
        return Some(if is_half {
            Cause::Split
        } else {
            Cause::WrongId
        });
    }
    let cause = cause::of_environment(message).or_else(|| cause::of_record(message));
    if cause == Some(Cause::EmptyOrGone) {
        return Some(if is_half {
            Cause::HalfReleased
        } else {
            Cause::NoSuchLock
        });
    }
    cause
}

/// Whether a lock is left.
pub(super) fn held(cause: Option<Cause>) -> Option<bool> {
    let is_left = matches!(
        cause,
        Some(Cause::WrongId | Cause::Split | Cause::LocalLock)
    );
    let is_gone = matches!(
        cause,
        Some(Cause::NoSuchLock | Cause::HalfReleased | Cause::MissingTable | Cause::MissingBucket)
    );
    (is_left || is_gone).then_some(is_left)
}

/// Words that OpenTofu's S3 backend prints and Terraform's does not (its `s3/client.go`).
pub(super) fn is_of_opentofu(message: &Message) -> bool {
    message.says_one_of(&[
        "froms3doesnotmatchexistinglock",
        "nolockinfofoundfor:",
        "failedtoretrieves3lockinfo",
        "lockreleasedbut",
    ])
}
