//! Does anything stop two runs from writing the state at once?

use super::{Change, Context, Problem};
use crate::config::{Config, Source};
use crate::finding::Severity;
use crate::version::LOCK_FILE;

const OTHER_STORE: &str = "the state is in a store of its own (`endpoint`): turn `use_lockfile` on only if that store honours \
    `If-None-Match` on PUT, since one that ignores it lets two runs hold the lock; try it on a scratch key first";
const TOO_OLD: &str =
    "raise Terraform or OpenTofu to 1.10 or later first, then add `use_lockfile = true`";

/// Whether a lock file is certainly, certainly not, or perhaps used.
enum LockFile {
    On,
    Off,
    Unknown,
}

fn lock_file(config: &Config) -> LockFile {
    match config.item("use_lockfile").map(|item| &item.value) {
        None => LockFile::Off,
        Some(value) => match value.truth() {
            Some(true) => LockFile::On,
            Some(false) => LockFile::Off,
            None => LockFile::Unknown,
        },
    }
}

fn has_table(config: &Config) -> bool {
    config.has("dynamodb_table") || config.has("lock_table")
}

/// The lock file is turned on, unless this version or this store cannot have one.
fn with_lock_file(context: &Context<'_>, problem: Problem, change: &str) -> Problem {
    if context.config.has_own_endpoint() {
        return problem.by_hand(OTHER_STORE);
    }
    if !context.may_use(LOCK_FILE) {
        return problem.by_hand(TOO_OLD);
    }
    let wish = match context.config.item("use_lockfile") {
        Some(item) => Change::Set(item.clone(), "true".to_owned()),
        None => Change::Add {
            name: "use_lockfile",
            value: "true",
            beside: &["dynamodb_table", "lock_table", "encrypt", "region", "key"],
        },
    };
    problem.rewritten(change, vec![wish])
}

pub(super) fn none(context: &Context<'_>) -> Vec<Problem> {
    let config = context.config;
    let is_known = !config.is_partial() || config.truth("use_lockfile") == Some(false);
    if has_table(config) || !is_known || !matches!(lock_file(config), LockFile::Off) {
        return Vec::new();
    }
    let message =
        "nothing locks this state: two runs at the same time write over each other's state";
    let problem = match config.item("use_lockfile") {
        Some(item) => Problem::at(item, Severity::High, message),
        None => Problem::about(config, Severity::High, message),
    };
    vec![with_lock_file(
        context,
        problem,
        "first get everyone (CI too) to Terraform or OpenTofu 1.10 or later, with rights to get, put and delete the object `KEY.tflock`: an \
         older one refuses `use_lockfile` (experimental in Terraform 1.10, stable from 1.11); then `use_lockfile = true`",
    )]
}

pub(super) fn table_only(context: &Context<'_>) -> Vec<Problem> {
    let config = context.config;
    if !has_table(config) || !matches!(lock_file(config), LockFile::Off) {
        return Vec::new();
    }
    let Some(item) = config
        .item("dynamodb_table")
        .or_else(|| config.item("lock_table"))
    else {
        return Vec::new();
    };
    let elsewhere = if config.is_partial() {
        ", unless the other half of this partial configuration sets `use_lockfile`"
    } else {
        ""
    };
    let message = format!(
        "locks are kept in DynamoDB only{elsewhere}; Terraform deprecates `dynamodb_table` since 1.11 and says that a later version \
         removes it (OpenTofu keeps both)"
    );
    let problem = Problem::at(item, Severity::Medium, message);
    vec![with_lock_file(
        context,
        problem,
        "the safe order: 1. get everyone (CI too) to Terraform or OpenTofu 1.10 or later (an older one refuses `use_lockfile`), with rights \
         to get, put and delete `KEY.tflock`; 2. run with both: `use_lockfile = true` is added and `dynamodb_table` stays, so that \
         old and new clients still see each other's locks; 3. when no client without `use_lockfile` is left and no lock is held, take \
         `dynamodb_table` away. Going straight from one to the other leaves a time in which nothing excludes anything",
    )]
}

pub(super) fn old_table_argument(context: &Context<'_>) -> Vec<Problem> {
    let Some(item) = context.config.item("lock_table") else {
        return Vec::new();
    };
    let problem = Problem::at(
        item,
        Severity::Medium,
        "`lock_table` is the name from before Terraform 0.9.7; 0.13 and later refuse it",
    );
    let twin = context
        .config
        .item("dynamodb_table")
        .map(|twin| &twin.value);
    let problem = match twin {
        None => problem.rewritten(
            "renamed to `dynamodb_table`",
            vec![Change::Rename(item.clone(), "dynamodb_table")],
        ),
        Some(_) => problem.rewritten(
            "removed; `dynamodb_table` is there",
            vec![Change::Remove(item.clone())],
        ),
    };
    vec![problem]
}

pub(super) fn partial(context: &Context<'_>) -> Vec<Problem> {
    let config = context.config;
    if !config.is_partial() {
        return Vec::new();
    }
    let missing = ["bucket", "key", "encrypt", "kms_key_id"]
        .into_iter()
        .filter(|name| !config.has(name));
    let mut unknown: Vec<String> = missing.map(|name| format!("`{name}`")).collect();
    if !has_table(config) && !config.has("use_lockfile") {
        unknown.push("locking".to_owned());
    }
    if unknown.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "unknown here: {}; this is part of a configuration, and the rest may set it",
        unknown.join(", ")
    );
    let by_hand = match config.source {
        Source::BackendConfigFile => "paste the `backend` block as well, or check there",
        Source::GenerateBlock if !config.is_readable => {
            "paste the file that Terragrunt makes of it instead"
        }
        Source::BackendBlock | Source::GenerateBlock => {
            "paste the file given to `-backend-config` as well, or check there"
        }
        Source::RemoteState => "paste the file that is included or merged as well, or check there",
    };
    vec![Problem::about(config, Severity::Info, message).by_hand(by_hand)]
}
