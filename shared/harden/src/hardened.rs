//! From a pasted text to the answer.

use lockwarden_core::text::shown;
use serde::Serialize;

use crate::companion;
use crate::config::{Document, Item, Source, Value};
use crate::diff;
use crate::finding::{Finding, Severity};
use crate::format::{self, Format, MOST_BACKENDS, NotRead};
use crate::place::line_and_column;
use crate::rules::{self, Context};
use crate::secrets::{self, PLACEHOLDER, SecretValue};
use crate::version::Version;
use crate::{hcl, json, write};

/// Rounds after which the rules must have nothing left to wish; two are the most that any known text needs.
const ROUNDS: usize = 10;

/// What is known besides the text.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The syntax, where somebody said it; else it is guessed.
    pub format: Option<Format>,
    /// The version of Terraform or OpenTofu in use, for example from a lock record; nothing newer is written for it.
    pub terraform: Option<Version>,
}

/// What is known about one backend. Values that only Terraform or Terragrunt can work out are `None`.
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
    /// Where in the text it was found.
    pub source: Source,
    /// Its line, from 1.
    pub line: usize,
    /// What could be better, in the order of the rules.
    pub findings: Vec<Finding>,
    /// The names of its arguments that hold secrets; never a value.
    pub secrets: Vec<String>,
}

/// The answer. None of its texts holds a secret of the pasted one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hardened {
    /// What it was read as.
    pub format: Format,
    /// Every backend of the text, in its order; at least one.
    pub backends: Vec<Backend>,
    /// What is to say about the rest of the text.
    pub findings: Vec<Finding>,
    /// The whole text, rewritten.
    pub hardened: String,
    /// The change as a unified diff, empty where there is none. Where `secret_lines` are to be deleted first, it begins
    /// with the command for that.
    pub diff: String,
    /// The lines of the pasted text (from 1) that have to be deleted before the diff applies, as they hold secrets.
    pub secret_lines: Vec<usize>,
    /// Terraform code for a lock table and a bucket with all safeguards, where their names are known.
    pub companion: Option<String>,
    /// The secrets that were taken out, for removing them from other texts as well.
    pub secret_values: Vec<SecretValue>,
}

/// The `backend` object of triage's reply: the first S3 backend (else the first one), the rest in `others`.
#[derive(Clone, Debug, Serialize)]
pub struct Reply<'a> {
    #[serde(flatten)]
    backend: Option<&'a Backend>,
    others: Vec<&'a Backend>,
    file_findings: &'a [Finding],
    hardened: &'a str,
    diff: &'a str,
    secret_lines: &'a [usize],
    companion: Option<&'a str>,
}

impl Hardened {
    /// The backend that matters most: the first of S3, else the first.
    #[must_use]
    pub fn main(&self) -> Option<&Backend> {
        let s3 = self.backends.iter().find(|backend| backend.backend == "s3");
        s3.or_else(|| self.backends.first())
    }

    /// The answer in the shape of the contract.
    #[must_use]
    pub fn reply(&self) -> Reply<'_> {
        let main = self.main();
        let is_other = |backend: &&Backend| main.is_none_or(|main| !std::ptr::eq(*backend, main));
        Reply {
            backend: main,
            others: self.backends.iter().filter(is_other).collect(),
            file_findings: &self.findings,
            hardened: &self.hardened,
            diff: &self.diff,
            secret_lines: &self.secret_lines,
            companion: self.companion.as_deref(),
        }
    }
}

/// Reads a pasted configuration, says what could be better, and rewrites it.
///
/// # Errors
/// [`NotRead`] where it is no text, no HCL or JSON, or holds no backend.
pub fn harden(pasted: &[u8], options: Options) -> Result<Hardened, NotRead> {
    let text = format::text(pasted)?;
    let format = options.format.unwrap_or_else(|| Format::guess(text));
    let document = read(text, format)?;
    let (clean, secret_values) =
        secrets::take_out(text, &document, |clean| read(clean, format).is_ok());
    let document = read(&clean, format)?;
    let about = |config| Context {
        config,
        document: &document,
        text: &clean,
        terraform: options.terraform,
    };
    let backends: Vec<Backend> = document
        .configs
        .iter()
        .map(|config| describe(&about(config)))
        .collect();
    let hardened = rewrite(&clean, format, options);
    let diff = diff::between(text, &clean, &hardened, format);
    Ok(Hardened {
        format,
        backends,
        findings: secrets_elsewhere(text, &clean, &hardened),
        companion: document.configs.iter().find_map(companion::for_backend),
        hardened,
        diff: diff.text,
        secret_lines: diff.secret_lines,
        secret_values,
    })
}

fn read(text: &str, format: Format) -> Result<Document, NotRead> {
    let document = match format {
        Format::Hcl | Format::Tfbackend => hcl::read(text),
        Format::Json => json::read(text),
    }?;
    match document.configs.len() {
        0 => Err(NotRead::NoBackend),
        count if count > MOST_BACKENDS => Err(NotRead::TooManyBackends { count }),
        _ => Ok(document),
    }
}

/// Asks all rules and carries out what they wish, until they wish nothing more.
fn rewrite(clean: &str, format: Format, options: Options) -> String {
    let mut text = clean.to_owned();
    for _ in 0..ROUNDS {
        let Ok(document) = read(&text, format) else {
            break;
        };
        let wishes = document.configs.iter().map(|config| {
            let context = Context {
                config,
                document: &document,
                text: &text,
                terraform: options.terraform,
            };
            (config, rules::ask(&context).1)
        });
        let next = write::carry_out(&text, wishes.collect());
        if next == text {
            return text;
        }
        // In the contents of a `generate` block, nothing else would tell that the rewriting went wrong.
        if !read(&next, format).is_ok_and(|next| next.has_the_backends_of(&document)) {
            break;
        }
        text = next;
    }
    // A layout that the edits do not understand: better no rewriting than a wrong one.
    clean.to_owned()
}

fn describe(context: &Context<'_>) -> Backend {
    let Context { config, text, .. } = context;
    let (line, _) = line_and_column(text, config.start);
    let known = |name: &str| config.text(name).map(str::to_owned);
    Backend {
        backend: config.backend.clone(),
        bucket: known("bucket"),
        key: known("key"),
        region: known("region"),
        dynamodb_table: known("dynamodb_table").or_else(|| known("lock_table")),
        use_lockfile: config.truth("use_lockfile"),
        encrypt: config.truth("encrypt"),
        kms_key_id: known("kms_key_id"),
        source: config.source,
        line,
        findings: rules::ask(context).0,
        secrets: secret_arguments(&config.items, text),
    }
}

/// The names of the arguments that held a secret; of an object, those inside of it.
fn secret_arguments(items: &[Item], text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for item in items.iter().filter(|item| rules::held_a_secret(text, item)) {
        match &item.value {
            Value::Object(inner) => names.extend(secret_arguments(inner, text)),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Unknown => names.push(shown(&item.name, 60)),
        }
    }
    names.dedup();
    names
}

/// Secrets that the rewritten file shows as placeholders, since they are not the backend's to remove.
fn secrets_elsewhere(text: &str, clean: &str, hardened: &str) -> Vec<Finding> {
    if !hardened.contains(PLACEHOLDER) {
        return Vec::new();
    }
    let pairs = text.split('\n').zip(clean.split('\n')).enumerate();
    let lines = pairs.filter(|(_, (old, new))| old != new && hardened.contains(new.trim()));
    lines
        .map(|(index, _)| Finding {
            rule: "secret-in-file",
            severity: Severity::Medium,
            message: "a secret, or something that looks like one, is on this line".to_owned(),
            change: format!("shown as `{PLACEHOLDER}` and left alone by the diff; move it out of the file and treat it as known to others"),
            line: index + 1,
        })
        .collect()
}
