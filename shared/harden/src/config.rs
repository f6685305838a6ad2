//! A backend configuration as it stands in a text: what it says, and where each part of it is.

use std::ops::Range;

use serde::Serialize;

use crate::secrets::PLACEHOLDER;
use crate::stretches::Stretches;

/// What stands for the name of a backend that only Terragrunt can work out.
pub(crate) const UNKNOWN: &str = "unknown";

/// All that a text says about backends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    pub(crate) configs: Vec<Config>,
    /// `required_version` of the `terraform` blocks.
    pub(crate) required_version: Option<String>,
    /// Whether it is a `terraform.tfvars` of Terragrunt before 0.19, and so for a Terraform of that time.
    pub(crate) is_of_old_terragrunt: bool,
    /// Whether it includes another Terragrunt file.
    pub(crate) has_include: bool,
    /// Its comments and quoted texts.
    pub(crate) stretches: Stretches,
    /// The literals under secret-sounding names.
    pub(crate) secret_literals: Vec<Range<usize>>,
}

impl Document {
    /// Whether both have the same backends in the same places of their structure.
    pub(crate) fn has_the_backends_of(&self, other: &Self) -> bool {
        let kinds = |document: &Self| -> Vec<(String, Source, bool)> {
            let kind =
                |config: &Config| (config.backend.clone(), config.source, config.is_readable);
            document.configs.iter().map(kind).collect()
        };
        kinds(self) == kinds(other)
    }
}

/// One backend configuration.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// `s3`, `azurerm`, …; `cloud` for a `cloud` block.
    pub(crate) backend: String,
    pub(crate) source: Source,
    /// Where it begins, for its line.
    pub(crate) start: usize,
    /// What stands between its braces.
    pub(crate) inside: Range<usize>,
    pub(crate) shape: Shape,
    pub(crate) items: Vec<Item>,
    /// Whether the arguments could be read at all; `config = local.backend` cannot.
    pub(crate) is_readable: bool,
}

/// Where in a configuration a backend was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A `backend` (or `cloud`) block of a `terraform` block.
    BackendBlock,
    /// Arguments without a block, as `-backend-config` takes them.
    BackendConfigFile,
    /// Terragrunt's `remote_state`.
    RemoteState,
    /// A backend block in the contents of Terragrunt's `generate`.
    GenerateBlock,
}

/// How arguments are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The body of an HCL block or file: one argument a line.
    Body,
    /// An HCL object: arguments that end in a comma or a line.
    Object,
    /// A JSON object.
    Json,
}

/// One argument.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) name_at: Range<usize>,
    pub(crate) value: Value,
    pub(crate) value_at: Range<usize>,
    /// The string literals anywhere in the value, without their quotes.
    pub(crate) literals: Vec<Range<usize>>,
}

/// What an argument is set to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Self>),
    Object(Vec<Item>),
    /// An interpolation, a function call, a reference: only Terraform or Terragrunt knows.
    Unknown,
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.value == other.value
    }
}

impl Item {
    /// From the name to the end of the value.
    pub(crate) fn at(&self) -> Range<usize> {
        self.name_at.start..self.value_at.end
    }
}

impl Value {
    /// Whether it is something. `null` is not, and neither is an empty text: until Terraform 1.5 both meant the same
    /// (v1.5.7 `s3/backend.go: configure`, where `data.Get` gives `""` for what is not set), and what later versions make
    /// of an empty text is what rule `empty-argument` is about.
    pub(crate) fn is_set(&self) -> bool {
        *self != Self::Null && self.text() != Some("")
    }

    /// The text, where it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null
            | Self::Bool(_)
            | Self::Number(_)
            | Self::List(_)
            | Self::Object(_)
            | Self::Unknown => None,
        }
    }

    /// What is in it, where it is an object.
    pub(crate) fn members(&self) -> &[Item] {
        match self {
            Self::Object(items) => items,
            Self::Null
            | Self::Bool(_)
            | Self::Number(_)
            | Self::Text(_)
            | Self::List(_)
            | Self::Unknown => &[],
        }
    }

    /// The truth value; Terraform takes `"true"` for `true` as well.
    pub(crate) fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            Self::Text(text) => text.parse().ok(),
            Self::Null | Self::Number(_) | Self::List(_) | Self::Object(_) | Self::Unknown => None,
        }
    }
}

impl Config {
    /// The arguments that are set to something.
    pub(crate) fn set_items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.value.is_set())
    }

    /// An argument that is set to something.
    pub(crate) fn item(&self, name: &str) -> Option<&Item> {
        self.set_items().find(|item| item.name == name)
    }

    /// Whether an argument is set to something.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.item(name).is_some()
    }

    /// The text of an argument, where it is known and holds no secret.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = self.item(name)?.value.text()?;
        (!text.contains(PLACEHOLDER)).then_some(text)
    }

    /// The truth value of an argument, where it is known.
    pub(crate) fn truth(&self, name: &str) -> Option<bool> {
        self.item(name)?.value.truth()
    }

    /// Whether the rest of this configuration may be elsewhere: given by `-backend-config`, or in the block that this
    /// file completes. Terraform: "Partial Configuration" in the documentation of the `backend` block.
    pub(crate) fn is_partial(&self) -> bool {
        match self.source {
            Source::BackendConfigFile => true,
            Source::BackendBlock | Source::RemoteState | Source::GenerateBlock => {
                !self.is_readable || !self.has("bucket") || !self.has("key")
            }
        }
    }
}

/// Which backend arguments without a block are for; `None` where they may be anything, such as a `.tfvars` file.
///
/// The names are those that the documentation of each backend requires.
pub(crate) fn backend_of_bare_arguments(items: &[Item]) -> Option<&'static str> {
    let has = |name: &str| items.iter().any(|item| item.name == name);
    let s3_only = [
        "dynamodb_table",
        "lock_table",
        "use_lockfile",
        "kms_key_id",
        "encrypt",
        "workspace_key_prefix",
    ];
    if has("storage_account_name") || (has("container_name") && has("key")) {
        Some("azurerm")
    } else if s3_only.iter().any(|name| has(name))
        || (has("key") && (has("bucket") || has("region")))
    {
        Some("s3")
    } else if has("bucket") {
        Some(if has("prefix") { "gcs" } else { "s3" })
    } else if has("conn_str") {
        Some("pg")
    } else {
        (has("hostname") || has("organization")).then_some("remote")
    }
}
