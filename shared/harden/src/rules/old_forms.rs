//! Are there arguments that newer versions refuse or warn about?

use super::{Change, Context, Member, Problem};
use crate::config::{Item, Source, Value};
use crate::endpoint;
use crate::finding::Severity;
use crate::place::slice;
use crate::version::NESTED_FORMS;

/// The flat arguments and what they are called in `assume_role`.
///
/// Terraform v1.9.8 `s3/backend.go: assumeRoleDeprecatedFields`.
pub(super) const ASSUME_ROLE: [(&str, &str); 8] = [
    ("role_arn", "role_arn"),
    ("session_name", "session_name"),
    ("external_id", "external_id"),
    ("assume_role_duration_seconds", "duration"),
    ("assume_role_policy", "policy"),
    ("assume_role_policy_arns", "policy_arns"),
    ("assume_role_tags", "tags"),
    ("assume_role_transitive_tag_keys", "transitive_tag_keys"),
];

const TOO_OLD: &str = "with Terraform 1.6 or later, move it there";

/// The flat arguments that are there, in the order of the file.
fn flat<'a>(
    context: &'a Context<'_>,
    names: &[(&'static str, &'static str)],
) -> Vec<(&'a Item, &'static str)> {
    let set = context.config.set_items();
    set.filter_map(|item| {
        let (_, new) = names.iter().find(|(old, _)| *old == item.name)?;
        Some((item, *new))
    })
    .collect()
}

pub(super) fn assume_role(context: &Context<'_>) -> Vec<Problem> {
    let found = flat(context, &ASSUME_ROLE);
    let Some((first, _)) = found.first() else {
        return Vec::new();
    };
    let names: Vec<String> = found
        .iter()
        .map(|(item, _)| format!("`{}`", item.name))
        .collect();
    let message = format!(
        "{} outside of `assume_role`: deprecated since Terraform 1.6, refused from 1.10 on",
        names.join(", ")
    );
    let problem = Problem::at(first, Severity::Medium, message);
    if context.config.has("assume_role") {
        return vec![problem.by_hand(
            "`assume_role` is there already: move what is missing into it and remove the rest",
        )];
    }
    if !context.config.has("role_arn") {
        return vec![problem.by_hand("move it into `assume_role`, beside the `role_arn` that the other half of the configuration gives")];
    }
    if !context.may_use(NESTED_FORMS) {
        return vec![problem.by_hand(TOO_OLD)];
    }
    let mut members = Vec::new();
    for (item, name) in found {
        let value = match (&item.value, name) {
            (Value::Number(seconds) | Value::Text(seconds), "duration")
                if seconds.parse::<u32>().is_ok() =>
            {
                Some(format!("\"{seconds}s\""))
            }
            (_, "duration") => {
                return vec![problem.by_hand(
                "move them into `assume_role`; the seconds become a `duration` such as `\"900s\"`",
            )];
            }
            _ => None,
        };
        members.push(Member {
            item: item.clone(),
            name,
            value,
        });
    }
    vec![problem.rewritten(
        "moved into `assume_role = {…}`, which Terraform knows since 1.6",
        vec![Change::Group {
            name: "assume_role",
            members,
        }],
    )]
}

pub(super) fn endpoints(context: &Context<'_>) -> Vec<Problem> {
    let found = flat(context, &endpoint::FLAT);
    let Some((first, _)) = found.first() else {
        return Vec::new();
    };
    let names: Vec<String> = found
        .iter()
        .map(|(item, _)| format!("`{}`", item.name))
        .collect();
    let problem = Problem::at(
        first,
        Severity::Low,
        format!(
            "{} outside of `endpoints`: deprecated since Terraform 1.6",
            names.join(", ")
        ),
    );
    if context.config.has("endpoints") {
        return vec![problem.by_hand(
            "`endpoints` is there already: move what is missing into it and remove the rest",
        )];
    }
    if !context.may_use(NESTED_FORMS) {
        return vec![problem.by_hand(TOO_OLD)];
    }
    // Terragrunt makes clients of its own from the flat arguments, and only newer versions know the nested ones.
    if context.config.source == Source::RemoteState {
        return vec![
            problem
                .by_hand("move them into `endpoints = {…}` once your Terragrunt knows that form"),
        ];
    }
    let members = found.into_iter().map(|(item, name)| Member {
        item: item.clone(),
        name,
        value: None,
    });
    vec![problem.rewritten(
        "moved into `endpoints = {…}`, which Terraform knows since 1.6",
        vec![Change::Group {
            name: "endpoints",
            members: members.collect(),
        }],
    )]
}

pub(super) fn shared_credentials_file(context: &Context<'_>) -> Vec<Problem> {
    let name = "shared_credentials_file";
    let Some(item) = context.config.item(name) else {
        return Vec::new();
    };
    let problem = Problem::at(
        item,
        Severity::Low,
        "`shared_credentials_file` is deprecated since Terraform 1.6",
    );
    let is_known = item.value.text().is_some_and(|text| !text.contains('\n'));
    if context.config.has("shared_credentials_files") || !is_known || !context.may_use(NESTED_FORMS)
    {
        return vec![problem.by_hand("use `shared_credentials_files`, a list, instead")];
    }
    let list = format!("[{}]", slice(context.text, item.value_at.clone()));
    vec![problem.rewritten(
        "became `shared_credentials_files`, a list, which Terraform knows since 1.6",
        vec![
            Change::Rename(item.clone(), "shared_credentials_files"),
            Change::Set(item.clone(), list),
        ],
    )]
}
