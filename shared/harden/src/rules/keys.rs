//! Is the state where nobody else's is?

use lockwarden_core::text::shown;

use super::{Context, Problem};
use crate::config::Config;
use crate::finding::Severity;

fn place(config: &Config) -> Option<(&str, &str)> {
    Some((config.text("bucket")?, config.text("key")?))
}

pub(super) fn shared(context: &Context<'_>) -> Vec<Problem> {
    let config = context.config;
    let Some((bucket, key)) = place(config) else {
        return Vec::new();
    };
    let mut others = context
        .document
        .configs
        .iter()
        .filter(|other| other.start != config.start && other.backend == "s3");
    if !others.any(|other| place(other) == Some((bucket, key))) {
        return Vec::new();
    }
    let path = shown(&format!("{bucket}/{key}"), 200);
    let message = format!(
        "two backends in this text keep their state at `{path}`: each apply of one plans to destroy what the other made"
    );
    let at = config
        .item("key")
        .map_or(config.start, |item| item.name_at.start);
    vec![Problem { at, ..Problem::about(config, Severity::High, message) }
        .by_hand("give each configuration a key of its own (`terraform init -migrate-state` moves a state); nothing is rewritten, since a new key is a new, empty state")]
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
