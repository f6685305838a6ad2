//! Are safeguards turned off, and is there a store that needs it?

use super::{Change, Context, Problem};
use crate::config::{Config, Item, Source};
use crate::finding::Severity;

/// An argument that is certainly true.
fn turned_on<'a>(config: &'a Config, name: &str) -> Option<&'a Item> {
    config
        .item(name)
        .filter(|item| item.value.truth() == Some(true))
}

/// Whether the state is certainly at Amazon's. The endpoint of a partial configuration may be in its other half.
fn is_at_amazon(config: &Config) -> bool {
    !config.is_partial() && !config.has_any_endpoint()
}

pub(super) fn public_acl(context: &Context<'_>) -> Vec<Problem> {
    let Some(item) = context.config.item("acl") else {
        return Vec::new();
    };
    let open = ["public-read", "public-read-write", "authenticated-read"];
    if !item.value.text().is_some_and(|acl| open.contains(&acl)) {
        return Vec::new();
    }
    let message =
        "this `acl` lets everybody, or every AWS account, read the state with all its secrets";
    vec![Problem::at(item, Severity::High, message).rewritten(
        "removed; objects are private by default. Objects that were written with it stay open: set their ACL to `private` and turn on \
         the bucket's public access block",
        vec![Change::Remove(item.clone())],
    )]
}

pub(super) fn insecure(context: &Context<'_>) -> Vec<Problem> {
    let Some(item) = turned_on(context.config, "insecure") else {
        return Vec::new();
    };
    let problem = Problem::at(
        item,
        Severity::High,
        "certificates are not checked: anyone on the way can read and change the state",
    );
    if is_at_amazon(context.config) {
        return vec![problem.rewritten(
            "removed; Amazon's certificates are valid everywhere",
            vec![Change::Remove(item.clone())],
        )];
    }
    vec![
        problem
            .by_hand("give the store's own certificate authority with `custom_ca_bundle` instead"),
    ]
}

/// Made for stores that are not Amazon's; the documentation says so of each.
const FOR_OTHER_STORES: [(&str, &str); 3] = [
    (
        "skip_credentials_validation",
        "wrong credentials are noticed late, perhaps after resources were changed",
    ),
    (
        "skip_requesting_account_id",
        "`allowed_account_ids` cannot protect against the wrong account",
    ),
    (
        "skip_s3_checksum",
        "a state that was damaged on its way is not noticed",
    ),
];
/// Also used at Amazon's, for speed or for a new region.
const WITH_REASONS: [(&str, &str); 2] = [
    (
        "skip_region_validation",
        "a mistyped region is noticed late; only a region newer than this Terraform needs it",
    ),
    (
        "skip_metadata_api_check",
        "credentials of the instance are not found; only a runner without a metadata service gains by it",
    ),
];

pub(super) fn skipped_checks(context: &Context<'_>) -> Vec<Problem> {
    let config = context.config;
    if config.has_any_endpoint() {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for (name, effect) in FOR_OTHER_STORES {
        let Some(item) = turned_on(config, name) else {
            continue;
        };
        let problem = Problem::at(
            item,
            Severity::Low,
            format!("`{name}` is made for stores that are not Amazon's: with it, {effect}"),
        );
        problems.push(if is_at_amazon(config) {
            problem.rewritten(
                "removed; put it back if a store of your own is set by `AWS_ENDPOINT_URL_S3`",
                vec![Change::Remove(item.clone())],
            )
        } else {
            problem.by_hand(
                "remove it, unless the other half of this partial configuration names an endpoint",
            )
        });
    }
    for (name, effect) in WITH_REASONS {
        let Some(item) = turned_on(config, name) else {
            continue;
        };
        problems.push(
            Problem::at(item, Severity::Info, format!("with `{name}`, {effect}"))
                .by_hand("remove it if that is not your case"),
        );
    }
    problems
}

/// Terragrunt creates a missing bucket and protects it; these leave a protection out.
const TERRAGRUNT_SKIPS: [(&str, &str); 5] = [
    (
        "skip_bucket_versioning",
        "a broken or lost state cannot be brought back",
    ),
    (
        "skip_bucket_ssencryption",
        "the bucket has no default encryption of your choice",
    ),
    (
        "skip_bucket_enforced_tls",
        "the bucket accepts requests without TLS",
    ),
    (
        "skip_bucket_public_access_blocking",
        "nothing stops somebody from opening the bucket to the public",
    ),
    (
        "skip_bucket_root_access",
        "the account's root may be locked out of the bucket",
    ),
];

pub(super) fn terragrunt_skips(context: &Context<'_>) -> Vec<Problem> {
    let config = context.config;
    if config.source != Source::RemoteState {
        return Vec::new();
    }
    let on = TERRAGRUNT_SKIPS
        .into_iter()
        .filter_map(|(name, effect)| Some((turned_on(config, name)?, name, effect)));
    on.map(|(item, name, effect)| {
        Problem::at(item, Severity::Low, format!("a bucket that Terragrunt creates with `{name}` lacks a safeguard: {effect}"))
            .by_hand("remove it if Terragrunt creates the bucket; a bucket made elsewhere needs the safeguard there")
    })
    .collect()
}

pub(super) fn path_style(context: &Context<'_>) -> Vec<Problem> {
    let config = context.config;
    let (old, new) = (
        config.item("force_path_style"),
        config.item("use_path_style"),
    );
    let unneeded = is_at_amazon(config);
    let mut problems = Vec::new();
    if let Some(old) = old {
        let problem = Problem::at(
            old,
            Severity::Low,
            "`force_path_style` is deprecated since Terraform 1.6 and excludes `use_path_style`",
        );
        problems.push(if unneeded {
            problem.rewritten(
                "removed; Amazon's S3 does not need it",
                vec![Change::Remove(old.clone())],
            )
        } else if new.is_some() {
            problem.rewritten(
                "removed; `use_path_style` is there",
                vec![Change::Remove(old.clone())],
            )
        } else if context.may_use(crate::version::NESTED_FORMS) {
            problem.rewritten(
                "renamed to `use_path_style`",
                vec![Change::Rename(old.clone(), "use_path_style")],
            )
        } else {
            problem.by_hand("with Terraform 1.6 or later, rename it to `use_path_style`")
        });
    }
    if let Some(new) = new.filter(|new| unneeded && new.value.truth().is_some()) {
        problems.push(
            Problem::at(
                new,
                Severity::Low,
                "`use_path_style` is for stores that are not Amazon's, and no endpoint is set",
            )
            .rewritten(
                "removed; put it back if a store of your own is set by `AWS_ENDPOINT_URL_S3`",
                vec![Change::Remove(new.clone())],
            ),
        );
    }
    problems
}
