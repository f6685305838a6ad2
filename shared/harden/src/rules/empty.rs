//! Are there arguments that are set to nothing?
//!
//! Generated configurations have many (`role_arn = ""`). Until Terraform 1.5 that was the same as leaving them out; since
//! then each argument has its own way to go wrong. Without them the configuration says what it said before.

use lockwarden_core::text::shown;

use super::old_forms::ASSUME_ROLE;
use super::{Change, Context, Problem};
use crate::config::{Item, Source, Value};
use crate::endpoint;
use crate::finding::Severity;

/// Arguments whose empty text is refused (`s3/validate.go: validateStringKMSKey`, `validateStringValidURL`,
/// `validateStringRetryMode`; `s3/backend.go: Configure` for `sse_customer_key`).
const REFUSED: [&str; 5] = [
    "kms_key_id",
    "sse_customer_key",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "retry_mode",
];
/// Arguments whose empty text does nothing but bring the warning about the argument (`s3/backend.go: PrepareConfig`).
const WARNED_ABOUT: [&str; 2] = ["dynamodb_table", "shared_credentials_file"];

const REMOVED: &str = "removed, which is what it meant";

pub(super) fn arguments(context: &Context<'_>) -> Vec<Problem> {
    let config = context.config;
    let flat = config.items.iter().filter_map(|item| {
        let (severity, message) = trouble(item, config.source)?;
        let change = Change::Remove(item.clone());
        Some(Problem::at(item, severity, message).rewritten(REMOVED, vec![change]))
    });
    let nested = config
        .items
        .iter()
        .filter(|outer| outer.name == "endpoints")
        .flat_map(|outer| outer.value.members().iter().map(move |item| (outer, item)));
    let nested = nested
        .filter(|(_, item)| is_empty_text(item))
        .map(|(outer, item)| {
            let change = Change::RemoveFrom {
                outer: outer.clone(),
                item: item.clone(),
            };
            Problem::at(item, Severity::Medium, taken_literally(&item.name))
                .rewritten(REMOVED, vec![change])
        });
    flat.chain(nested).collect()
}

/// What is wrong with an argument without a value, where something is.
fn trouble(item: &Item, source: Source) -> Option<(Severity, String)> {
    let name = item.name.as_str();
    let is_empty = is_empty_text(item);
    let is_retired = ASSUME_ROLE.iter().any(|(old, _)| *old == name) || name == "lock_table";
    // Terragrunt hands no `null` over. Everywhere else the name alone is refused.
    let is_null = item.value == Value::Null && source != Source::RemoteState;
    if is_retired && (is_empty || is_null) {
        let since = if name == "lock_table" { "0.13" } else { "1.10" };
        let message =
            format!("Terraform {since} and later refuse `{name}`, even where it is set to nothing");
        return Some((Severity::Medium, message));
    }
    if !is_empty {
        return None;
    }
    if REFUSED.contains(&name) {
        let message = format!("Terraform 1.6 and later refuse `{name} = \"\"`");
        Some((Severity::Medium, message))
    } else if endpoint::FLAT.iter().any(|(old, _)| *old == name) {
        Some((Severity::Medium, taken_literally(name)))
    } else if WARNED_ABOUT.contains(&name) {
        let message = format!(
            "`{name}` is set to nothing, and newer versions of Terraform warn about the argument all the same"
        );
        Some((Severity::Low, message))
    } else {
        None
    }
}

fn is_empty_text(item: &Item) -> bool {
    item.value.text() == Some("")
}

fn taken_literally(name: &str) -> String {
    format!(
        "Terraform 1.6 and later take the empty `{}` for the address, and reach nothing there",
        shown(name, 60)
    )
}
