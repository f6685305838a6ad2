//! The rights that the code needs, read from its source: every SDK call of every adapter, and who uses which adapter.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::cloudformation::Stack;
use super::iam::{Policy, texts};

/// The calls of the SDK clients, as they stand in source, with the IAM action that each needs.
const CALLS: &[(&str, &str)] = &[
    (".scan()", "dynamodb:Scan"),
    (".query()", "dynamodb:Query"),
    (".get_item()", "dynamodb:GetItem"),
    (".batch_get_item()", "dynamodb:BatchGetItem"),
    (".put_item()", "dynamodb:PutItem"),
    (".update_item()", "dynamodb:UpdateItem"),
    (".delete_item()", "dynamodb:DeleteItem"),
    (".list_objects_v2()", "s3:ListBucket"),
    (".list_object_versions()", "s3:ListBucketVersions"),
    (".get_object()", "s3:GetObject"),
    (".delete_object()", "s3:DeleteObject"),
    (".put_object()", "s3:PutObject"),
    (".publish()", "sns:Publish"),
    (
        ".list_subscriptions_by_topic()",
        "sns:ListSubscriptionsByTopic",
    ),
    (".invoke()", "lambda:InvokeFunction"),
];

/// A transaction needs the actions of its parts and none of its own; a part may be sent by another module.
const TRANSACTION: &str = ".transact_write_items()";
const TRANSACTION_PARTS: &[(&str, &str)] = &[
    ("Put::builder()", "dynamodb:PutItem"),
    ("Update::builder()", "dynamodb:UpdateItem"),
    ("Delete::builder()", "dynamodb:DeleteItem"),
    ("ConditionCheck::builder()", "dynamodb:ConditionCheckItem"),
];

/// Rights that no adapter asks for, because AWS itself uses them in the function's name.
const USED_BY_AWS: &[&str] = &[
    "logs:CreateLogStream", // Lambda writes the function's log.
    "logs:PutLogEvents",
    "sqs:SendMessage",     // Lambda keeps an event that failed for good.
    "kms:GenerateDataKey", // and write,
    "kms:Decrypt",         // DynamoDB and S3 read what is encrypted with a key of the user's own.
];

type Actions = BTreeSet<String>;

#[test]
fn each_adapter_declares_exactly_what_its_calls_need() {
    let adapters = adapters();
    assert!(!adapters.is_empty(), "no file of shared/aws calls AWS");
    for (module, source) in adapters {
        assert_eq!(
            declared(&source),
            needed(&module, &source),
            "ACTIONS of shared/aws/src/{module}.rs"
        );
    }
}

#[test]
fn each_role_has_exactly_the_rights_that_its_code_needs() {
    let parameters = [
        ("LockTableNames", "tf-locks"),
        ("StateBucketNames", "acme-state"),
        ("KmsKeyArns", "arn:aws:kms:::key/1"),
        ("PolicyUri", "s3://acme-config/lockwarden.hcl"),
        ("RuleTopicArns", "arn:aws:sns:::team-a"),
    ];
    for (function, role) in [
        ("sweep", "SweepRole"),
        ("approve", "ApproveRole"),
        ("triage", "TriageRole"),
    ] {
        let policy = Policy::of_role(&Stack::with(&parameters), role);
        let given: Actions = policy
            .allows()
            .flat_map(|statement| texts(&statement["Action"]))
            .filter(|action| !USED_BY_AWS.contains(action))
            .map(str::to_owned)
            .collect();
        assert_eq!(given, needed_by(function), "{role}");
    }
}

/// The actions of every adapter that a function's sources name.
fn needed_by(function: &str) -> Actions {
    let used: BTreeSet<String> = sources(&format!("functions/{function}/src"))
        .values()
        .flat_map(|source| modules_used(&without_tests(source)))
        .collect();
    let adapters = adapters();
    adapters
        .iter()
        .filter(|(module, _)| used.contains(*module))
        .flat_map(|(_, source)| declared(source))
        .collect()
}

/// The modules of `lockwarden-aws` that call AWS, with their source.
fn adapters() -> BTreeMap<String, String> {
    let mut modules: BTreeMap<String, String> = sources("shared/aws/src")
        .into_iter()
        .map(|(path, source)| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                without_tests(&source),
            )
        })
        .collect();
    modules.retain(|_, source| source.contains(".send()") || source.contains("ACTIONS"));
    modules
}

/// The actions that the calls in an adapter's source need.
fn needed(module: &str, source: &str) -> Actions {
    let count = |call: &str| source.matches(call).count();
    let known: usize =
        CALLS.iter().map(|(call, _)| count(call)).sum::<usize>() + count(TRANSACTION);
    assert_eq!(
        count(".send()"),
        known,
        "{module} makes a call that this test does not know, or sends one call twice"
    );
    let made = CALLS
        .iter()
        .chain(TRANSACTION_PARTS)
        .filter(|(call, _)| count(call) > 0);
    made.map(|(_, action)| (*action).to_owned()).collect()
}

/// The actions that an adapter declares.
fn declared(source: &str) -> Actions {
    let list = source
        .split_once("pub const ACTIONS: &[&str] = &[")
        .map_or("", |(_, rest)| rest);
    let list = list.split_once("];").map_or("", |(list, _)| list);
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The names that follow `lockwarden_aws::`, alone or in braces.
fn modules_used(source: &str) -> Vec<String> {
    source
        .split("lockwarden_aws::")
        .skip(1)
        .flat_map(|after| match after.strip_prefix('{') {
            Some(group) => first_names(group),
            None => vec![leading_name(after)],
        })
        .collect()
}

/// The first name of each entry of a `use` group, which begins after its brace: `a::X, b::{Y, Z}` gives `a`, `b`.
fn first_names(group: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut entries = vec![String::new()];
    for character in group.chars() {
        match character {
            '}' if depth == 0 => break,
            ',' if depth == 0 => entries.push(String::new()),
            other => {
                depth = if other == '{' {
                    depth + 1
                } else {
                    depth - usize::from(other == '}')
                };
                entries.last_mut().unwrap().push(other);
            }
        }
    }
    entries
        .iter()
        .map(|entry| leading_name(entry.trim_start()))
        .collect()
}

fn leading_name(text: &str) -> String {
    text.chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect()
}

/// Tests may call what they like.
fn without_tests(source: &str) -> String {
    source
        .split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// The Rust files below a folder of the workspace.
fn sources(folder: &str) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(folder),
    ];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.insert(path.clone(), fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn this_test_reads_sources_as_they_are_written() {
    let source = r#"
        pub const ACTIONS: &[&str] = &["dynamodb:Scan", "dynamodb:DeleteItem"];
        let page = client
            .scan()
            .table_name(table)
            .send()
            .await?;
        let delete = Delete::builder().build();
        client.transact_write_items().send().await
        #[cfg(test)] mod tests { client.put_item().send() }
    "#;
    let source = without_tests(source);
    assert_eq!(declared(&source), needed("sample", &source));
    assert_eq!(declared(&source).len(), 2);
    let uses = "use lockwarden_aws::{clock, locks::{A, B}, ledger::Ledger};\nlockwarden_aws::notices::Notices::new()";
    assert_eq!(modules_used(uses), ["clock", "locks", "ledger", "notices"]);
}
