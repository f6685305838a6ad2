//! Is the state where nobody else's is?

use lockwarden_core::text::shown;

use super::{Context, Problem};
use crate::config::{Config, Source};
use crate::endpoint::Endpoint;
use crate::finding::Severity;

/// Where the state is, as far as it is certain: which store, which bucket, which key. A bucket's name is unique among those
/// of one store. Workspaces add to the key, and the default one does not.
fn place(config: &Config) -> Option<(Endpoint, &str, &str)> {
    let store = config.endpoint("s3");
    let place = (store, config.text("bucket")?, config.text("key")?);
    (place.0 != Endpoint::Unknown).then_some(place)
}

pub(super) fn shared(context: &Context<'_>) -> Vec<Problem> {
    let config = context.config;
    let Some(own) = place(config) else {
        return Vec::new();
    };
    let mut others = context
        .document
        .configs
        .iter()
        .filter(|other| other.start != config.start && other.backend == "s3");
    if !others.any(|other| place(other).as_ref() == Some(&own)) {
        return Vec::new();
    }
    let (_, bucket, key) = own;
    let path = shown(&format!("{bucket}/{key}"), 200);
    let message = format!(
        "two backends in this text keep their state at `{path}`: each apply of one plans to destroy what the other made, unless one stands \
         in an override file of the other"
    );
    let at = config
        .item("key")
        .map_or(config.start, |item| item.name_at.start);
    vec![Problem { at, ..Problem::about(config, Severity::High, message) }
        .by_hand("give each configuration a key of its own (`terraform init -migrate-state` moves a state); nothing is rewritten, since a new key is a new, empty state")]
}

/// A Terragrunt file that includes no other may be the one that all units include.
pub(super) fn of_all_units(context: &Context<'_>) -> Vec<Problem> {
    let config = context.config;
    let is_of_terragrunt = match config.source {
        Source::RemoteState | Source::GenerateBlock => true,
        Source::BackendBlock | Source::BackendConfigFile => false,
    };
    let item = config.item("key").filter(|_| config.text("key").is_some());
    let Some(item) = item.filter(|_| is_of_terragrunt && !context.document.has_include) else {
        return Vec::new();
    };
    let message = "all units that include this file would keep their states at this one `key`";
    vec![Problem::at(item, Severity::Low, message)
        .by_hand("begin the key with `${path_relative_to_include()}/`, unless this is the file of a single unit; move a state that exists along with it")]
}

pub(super) fn refused(context: &Context<'_>) -> Vec<Problem> {
    let item = context.config.item("key").filter(|_| {
        context
            .config
            .text("key")
            .is_some_and(|key| key.starts_with('/') || key.ends_with('/') || key.contains("//"))
    });
    let Some(item) = item else {
        return Vec::new();
    };
    let message =
        "Terraform 1.6 and later refuse a `key` that begins or ends with `/` or holds `//`";
    vec![Problem::at(item, Severity::Medium, message)
        .by_hand("copy the state object to the cleaned key first, then change `key`; nothing is rewritten, since a new key is a new, empty state")]
}

pub(super) fn bare(context: &Context<'_>) -> Vec<Problem> {
    let item = context.config.item("key").filter(|_| {
        context
            .config
            .text("key")
            .is_some_and(|key| !key.contains('/'))
    });
    let Some(item) = item else {
        return Vec::new();
    };
    let message = "the `key` has no directory: the next configuration that is copied from this one gets the same state";
    vec![Problem::at(item, Severity::Info, message)
        .by_hand("name team and purpose in the key, such as `network/prod/terraform.tfstate`; move the state along with `terraform init -migrate-state`")]
}
