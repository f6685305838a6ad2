//! Are there secrets in the file? Their values were taken out before; the names and what to do are said here.

use super::{Change, Context, Problem};
use crate::config::{Config, Item};
use crate::endpoint::without_user;
use crate::finding::Severity;
use crate::secrets::PLACEHOLDER;

const LEAKS: &str = "whoever can read the repository has it, and Terraform writes it in plain text to `.terraform` and into plan files";

/// Whether the argument held a literal, in whole or in part.
pub(crate) fn held_a_secret(text: &str, item: &Item) -> bool {
    crate::place::slice(text, item.value_at.clone()).contains(PLACEHOLDER)
}

pub(super) fn in_arguments(context: &Context<'_>) -> Vec<Problem> {
    let arguments = ["access_key", "secret_key", "token"].into_iter();
    let items = arguments.flat_map(|name| {
        context
            .config
            .set_items()
            .filter(move |item| item.name == name)
    });
    items.map(|item| {
        let name = &item.name;
        let problem = |severity, message: String| Problem::at(item, severity, message);
        if held_a_secret(context.text, item) {
            problem(Severity::High, format!("`{name}` is in the file: {LEAKS}")).rewritten(
                format!(
                    "removed. Treat it as known to others: revoke it in IAM. Let Terraform find credentials by itself: a role of the \
                     runner (OIDC), `profile`, or {}",
                    variable(name)
                ),
                vec![Change::Remove(item.clone())],
            )
        } else {
            problem(Severity::Medium, format!("`{name}` is set here: Terraform writes its value in plain text to `.terraform` and into plan files"))
                .by_hand(format!("take it away and let Terraform find credentials by itself: a role of the runner, `profile`, or {}", variable(name)))
        }
    })
    .collect()
}

fn variable(name: &str) -> &'static str {
    match name {
        "access_key" => "the environment variable `AWS_ACCESS_KEY_ID`",
        "secret_key" => "the environment variable `AWS_SECRET_ACCESS_KEY`",
        _ => "the environment variable `AWS_SESSION_TOKEN`",
    }
}

pub(super) fn customer_key(context: &Context<'_>) -> Vec<Problem> {
    let items = context
        .config
        .items
        .iter()
        .filter(|item| item.name == "sse_customer_key");
    let held = items.filter(|item| held_a_secret(context.text, item));
    held.map(|item| {
        Problem::at(item, Severity::High, format!("the key that encrypts the state is in the file: {LEAKS}")).rewritten(
            "removed. The state cannot be read without it: before the next run, set the environment variable `AWS_SSE_CUSTOMER_KEY` to \
             the same key, wherever Terraform runs. Better: move to `kms_key_id` (decrypt with the old key, write with the new one)",
            vec![Change::Remove(item.clone())],
        )
    })
    .collect()
}

pub(super) fn web_identity_token(context: &Context<'_>) -> Vec<Problem> {
    let Some(outer) = context.config.item("assume_role_with_web_identity") else {
        return Vec::new();
    };
    let items = outer.value.members();
    let held = items
        .iter()
        .filter(|item| item.name == "web_identity_token" && held_a_secret(context.text, item));
    held.map(|item| {
        let problem = Problem::at(item, Severity::High, format!("`web_identity_token` is in the file: {LEAKS}"));
        problem.rewritten(
            "removed; such a token is short-lived and no part of a configuration. Before the next run, name the file that the runner keeps it in by \
             `web_identity_token_file`: Terraform asks for one of the two",
            vec![Change::RemoveFrom { outer: outer.clone(), item: item.clone() }],
        )
    })
    .collect()
}

pub(super) fn in_urls(context: &Context<'_>) -> Vec<Problem> {
    let with_user = urls(context.config)
        .into_iter()
        .filter_map(|item| Some((item, without_user(item.value.text()?)?)));
    with_user
        .map(|(item, url)| {
            Problem::at(item, Severity::High, format!("user and password stand in the address `{}`: {LEAKS}", item.name)).rewritten(
                "taken out of the address. An endpoint needs none, since requests are signed; for a proxy, set `HTTPS_PROXY` in the \
                 environment. Treat the password as known to others",
                vec![Change::Set(item.clone(), quoted(&url))],
            )
        })
        .collect()
}

/// The arguments that are addresses, those in `endpoints` included.
fn urls(config: &Config) -> Vec<&Item> {
    let names = [
        "endpoint",
        "dynamodb_endpoint",
        "iam_endpoint",
        "sts_endpoint",
        "ec2_metadata_service_endpoint",
        "http_proxy",
        "https_proxy",
    ];
    let nested = config.item("endpoints").map(|item| item.value.members());
    let flat = config
        .items
        .iter()
        .filter(|item| names.contains(&item.name.as_str()));
    flat.chain(nested.into_iter().flatten()).collect()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
