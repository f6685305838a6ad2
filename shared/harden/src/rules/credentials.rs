//! Are there secrets in the file? Their values were taken out before; the names and what to do are said here.

use super::{Change, Context, Problem};
use crate::config::{Config, Item, Value};
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
            .items
            .iter()
            .filter(move |item| item.name == name)
    });
    let set = items.filter(|item| item.value != Value::Null);
    set.map(|item| {
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
    let Some(Value::Object(items)) = context
        .config
        .item("assume_role_with_web_identity")
        .map(|item| &item.value)
    else {
        return Vec::new();
    };
    let held = items
        .iter()
        .filter(|item| item.name == "web_identity_token" && held_a_secret(context.text, item));
    held.map(|item| {
        Problem::at(item, Severity::High, format!("`web_identity_token` is in the file: {LEAKS}"))
            .by_hand("its value is not shown; replace the argument by `web_identity_token_file`, or set `AWS_WEB_IDENTITY_TOKEN_FILE`")
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
    let nested = config
        .items
        .iter()
        .filter(|item| item.name == "endpoints")
        .filter_map(|item| match &item.value {
            Value::Object(items) => Some(items),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Unknown => None,
        });
    let flat = config
        .items
        .iter()
        .filter(|item| names.contains(&item.name.as_str()));
    flat.chain(nested.flatten()).collect()
}

/// The address without its user part; `None` where it has none.
fn without_user(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    // A password can hold a slash, but by now it is a placeholder, which holds none.
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (_, host) = rest.get(..authority)?.rsplit_once('@')?;
    Some(format!("{scheme}://{host}{}", rest.get(authority..)?))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_loses_its_user_and_nothing_else() {
        for (url, clean) in [
            ("https://u:p@host:9000/x@y", Some("https://host:9000/x@y")),
            (
                "https://u:(sensitive value removed)@host/x",
                Some("https://host/x"),
            ),
            ("https://u@host", Some("https://host")),
            ("https://host/a@b", None),
            ("host:80", None),
        ] {
            assert_eq!(without_user(url).as_deref(), clean, "{url}");
        }
    }
}
