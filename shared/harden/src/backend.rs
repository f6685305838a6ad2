//! What is said about one backend.

use lockwarden_core::text::shown;
use serde::Serialize;

use crate::config::{Config, Item, Source};
use crate::endpoint::Endpoint;
use crate::finding::Finding;
use crate::rules::{self, Context};

/// What is known about one backend. Values that only Terraform or Terragrunt can work out are `None`, and so is what is not
/// set or held a secret.
///
/// The fields that the contract's `backend` object does not name are for whoever makes commands, and stay out of the JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Backend {
    /// `s3`, `azurerm`, …, `cloud`; `unknown` where it is worked out elsewhere.
    pub backend: String,
    /// The bucket.
    pub bucket: Option<String>,
    /// The state's key.
    pub key: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The lock table, by its old argument as well.
    pub dynamodb_table: Option<String>,
    /// Whether a lock file is used.
    pub use_lockfile: Option<bool>,
    /// Whether S3 is asked to encrypt.
    pub encrypt: Option<bool>,
    /// The KMS key.
    pub kms_key_id: Option<String>,
    /// The credentials' profile.
    #[serde(skip)]
    pub profile: Option<String>,
    /// What stands before the workspace in the key of a named one; an empty text means nothing does.
    #[serde(skip)]
    pub workspace_key_prefix: Option<String>,
    /// Where S3 is, for commands.
    #[serde(skip)]
    pub s3: Endpoint,
    /// Where DynamoDB is, for commands.
    #[serde(skip)]
    pub dynamodb: Endpoint,
    /// Whether the rest of the configuration may be elsewhere. Then `None` means no more than that it is not here.
    #[serde(skip)]
    pub is_partial: bool,
    /// Where in the text it was found.
    pub source: Source,
    /// Its line, from 1.
    pub line: usize,
    /// What could be better, in the order of the rules.
    pub findings: Vec<Finding>,
    /// The names of its arguments that hold secrets; never a value.
    pub secrets: Vec<String>,
}

impl Backend {
    /// What a configuration says, with what the rules find.
    pub(crate) fn of(context: &Context<'_>) -> Self {
        let Context { config, text, .. } = context;
        let known = |name: &str| config.text(name).map(str::to_owned);
        Self {
            backend: config.backend.clone(),
            bucket: known("bucket"),
            key: known("key"),
            region: known("region"),
            dynamodb_table: known("dynamodb_table").or_else(|| known("lock_table")),
            use_lockfile: config.truth("use_lockfile"),
            encrypt: config.truth("encrypt"),
            kms_key_id: known("kms_key_id"),
            profile: known("profile"),
            workspace_key_prefix: workspace_key_prefix(config),
            s3: endpoint(config, "s3"),
            dynamodb: endpoint(config, "dynamodb"),
            is_partial: config.is_partial(),
            source: config.source,
            line: context.lines.of_offset(config.start) + 1,
            findings: rules::ask(context).0,
            secrets: secret_arguments(&config.items, text),
        }
    }
}

/// The one argument whose empty text says something (Terraform `s3/backend_state.go: path`, which joins it as it is).
fn workspace_key_prefix(config: &Config) -> Option<String> {
    let name = "workspace_key_prefix";
    let is_empty = |item: &Item| item.name == name && item.value.text() == Some("");
    if config.items.iter().any(is_empty) {
        return Some(String::new());
    }
    config.text(name).map(str::to_owned)
}

/// The address of a service; of a part of a configuration, another part may set it.
fn endpoint(config: &Config, service: &str) -> Endpoint {
    let told = config.endpoint(service);
    if told == Endpoint::NotSet && config.is_partial() {
        Endpoint::Unknown
    } else {
        told
    }
}

/// The names of the arguments that held a secret; of an object, those inside of it.
fn secret_arguments(items: &[Item], text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for item in items.iter().filter(|item| rules::held_a_secret(text, item)) {
        match item.value.members() {
            [] => names.push(shown(&item.name, 60)),
            inner => names.extend(secret_arguments(inner, text)),
        }
    }
    names.dedup();
    names
}
