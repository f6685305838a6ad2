//! What is said about the parts of an answer.

use lockwarden_core::text::shown;
use serde_json::Value;

use super::at;

/// The MD5 checksum of no bytes at all, which a shell works out as well where the state could not be read.
const OF_NOTHING: &str = "d41d8cd98f00b204e9800998ecf8427e";

/// The commands, each under what it is for.
pub(super) fn commands(error: &Value) -> [(String, &Value); 6] {
    let cause = at(error, "/cause").as_str();
    // A lock without a known holder is released when what was in the way is mended.
    let when = if matches!(cause, Some("unreadable" | "empty-or-gone")) {
        "if nobody is at work on this state"
    } else if at(error, "/errored_state") == true {
        "once the state is pushed"
    } else if at(error, "/kind") == "unlock-failed" {
        "once that is mended and the run is over"
    } else if cause == Some("lock-file-left") {
        "if it is that run's own"
    } else if at(error, "/own_at").is_u64() {
        "once that run is over"
    } else {
        "once the holder is dead"
    };
    let command = |name: &str| at(error, &format!("/commands/{name}"));
    [
        (look(command("inspect")), command("inspect")),
        (
            format!(
                "Work out the checksum of the state ({OF_NOTHING} is that of nothing: then it was not read):"
            ),
            command("verify"),
        ),
        (
            "Set the digest, if the state is right and its checksum is the new value here:"
                .to_owned(),
            command("set_digest"),
        ),
        (format!("Unlock, {when}:"), command("force_unlock")),
        (
            format!("Remove the record by hand, {when}:"),
            command("remove"),
        ),
        (
            format!("Or release it through Lockwarden, {when}:"),
            command("release"),
        ),
    ]
}

/// What a command looks at.
fn look(command: &Value) -> String {
    let command = command.as_str().unwrap_or_default();
    let what = if command.contains(" describe-table") {
        "Look at the table"
    } else if command.contains(" head-bucket") {
        "Look at the bucket"
    } else if command.contains(" list-object-versions") {
        "Look for a former version of the state"
    } else if command.contains(" get-caller-identity") {
        "See who you are to AWS"
    } else {
        "Look at the record"
    };
    format!("{what}:")
}

/// That nobody looked at the lock, where there may be one, and how to look.
pub(super) fn unseen(error: &Value) -> Option<&'static str> {
    let kind = at(error, "/kind").as_str().unwrap_or_default();
    let is_told = at(error, "/live").is_object() || at(error, "/unlocked_at").is_u64();
    let is_of_s3 = at(error, "/backend_name").is_null();
    let is_perhaps_there = match at(error, "/cause").as_str() {
        None | Some("unreadable" | "empty-or-gone") => true,
        Some(_) => kind == "unlock-failed" || at(error, "/held") == true,
    };
    if is_told
        || !is_perhaps_there
        || at(error, "/held") == false
        || ["digest-mismatch", "not-a-lock-error"].contains(&kind)
    {
        return None;
    }
    if at(error, "/commands/inspect").is_string() {
        return Some("Nobody has looked whether the lock is still there. The next command does.");
    }
    if !is_of_s3 {
        return Some("Nobody has looked whether the lock is still there. The next plan does.");
    }
    Some(
        "Nobody has looked whether the lock is still there, and the text does not show where. With the backend configuration beside \
         the text, the command that looks is printed here.",
    )
}

/// What it is, in a line. Where it is no lock error, the advice says all.
pub(super) fn title(error: &Value) -> Option<String> {
    let is_released = at(error, "/unlocked_at").is_u64();
    let is_held = match at(error, "/held").as_bool() {
        _ if is_released => true,
        Some(is_held) => is_held,
        // What stands behind it is known, and it is not a holder.
        None => at(error, "/cause").is_null(),
    };
    let title = match at(error, "/kind").as_str().unwrap_or_default() {
        "dynamodb" if is_held => "A lock in DynamoDB",
        "dynamodb" => "Locking in DynamoDB failed",
        "s3-lockfile" if is_held => "A lock file in S3",
        "s3-lockfile" => "Locking by a lock file in S3 failed",
        "digest-mismatch" => "A state that does not fit its digest",
        "unlock-failed" if at(error, "/cause") == "half-released" => {
            "A lock that is released, although an error was printed"
        }
        "unlock-failed" => "A release that failed",
        "other-backend" if at(error, "/digest").is_object() => {
            "A state that does not fit its checksum, in another backend"
        }
        "other-backend" if is_held => "A lock of another backend",
        "other-backend" => "Locking in another backend failed",
        "unknown-backend" if is_held => "A lock of a backend that the text does not name",
        "unknown-backend" => "Locking failed",
        _ => return None,
    };
    let name = at(error, "/backend_name").as_str();
    let name = name.map_or_else(String::new, |name| format!(": {}", shown(name, 40)));
    let since = if is_released { ", released since" } else { "" };
    Some(format!("{title}{name}{since}"))
}
