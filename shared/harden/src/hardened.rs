//! From a pasted text to the answer.

use std::collections::BTreeSet;
use std::ops::Range;

use lockwarden_core::text::shown;
use serde::Serialize;

use crate::companion;
use crate::config::{Config, Document, Item, Source};
use crate::diff;
use crate::endpoint::Endpoint;
use crate::finding::{Finding, Severity};
use crate::format::{self, Format, MOST_BACKENDS, NotRead};
use crate::place::Lines;
use crate::rules::{self, Context};
use crate::secrets::{self, PLACEHOLDER, SecretValue};
use crate::stretches::Stretches;
use crate::version::Version;
use crate::{hcl, json, write};

/// Rounds after which the rules must have nothing left to wish; two are the most that any known text needs.
const ROUNDS: usize = 10;

/// Lines outside of the backends that each get a finding; more are counted.
const MOST_FILE_FINDINGS: usize = 50;

/// What is known besides the text.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The syntax, where somebody said it; else it is guessed.
    pub format: Option<Format>,
    /// The version of Terraform or OpenTofu in use, for example from a lock record; nothing newer is written for it.
    pub terraform: Option<Version>,
}

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
    let cleaned = secrets::take_out(text, &document, |clean| read(clean, format).is_ok());
    let in_comments =
        lines_of_comments((text, &cleaned.text), &cleaned.places, &document.stretches);
    let clean = cleaned.text;
    let document = read(&clean, format)?;
    let lines = Lines::of(&clean);
    let about = |config| Context {
        config,
        document: &document,
        text: &clean,
        lines: &lines,
        terraform: options.terraform,
    };
    let backends: Vec<Backend> = document
        .configs
        .iter()
        .map(|config| describe(&about(config)))
        .collect();
    let hardened = rewrite(&clean, format, options);
    let diff = diff::between((text, &clean, &hardened), &in_comments, format);
    Ok(Hardened {
        format,
        backends,
        findings: secrets_elsewhere((text, &clean, &hardened), &in_comments),
        companion: document.configs.iter().find_map(companion::for_backend),
        hardened,
        diff: diff.text,
        secret_lines: diff.secret_lines,
        secret_values: cleaned.values,
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
        let lines = Lines::of(&text);
        let wishes = document.configs.iter().map(|config| {
            let context = Context {
                config,
                document: &document,
                text: &text,
                lines: &lines,
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
    match config.endpoint(service) {
        Endpoint::NotSet if config.is_partial() => Endpoint::Unknown,
        told => told,
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

/// The lines (from 0) that hold secrets in comments and nowhere else.
fn lines_of_comments(
    (text, clean): (&str, &str),
    secrets: &[Range<usize>],
    stretches: &Stretches,
) -> BTreeSet<usize> {
    let lines = Lines::of(text);
    let (mut inside, mut outside) = (BTreeSet::new(), BTreeSet::new());
    for at in secrets {
        let touched = lines.of_offset(at.start)..=lines.of_offset(at.end.saturating_sub(1));
        let is_comment = stretches.is_comment(at);
        (if is_comment {
            &mut inside
        } else {
            &mut outside
        })
        .extend(touched);
    }
    let pairs = text.split('\n').zip(clean.split('\n')).enumerate();
    let changed = pairs
        .filter(|(_, (old, new))| old != new)
        .map(|(index, _)| index);
    changed
        .filter(|line| inside.contains(line) && !outside.contains(line))
        .collect()
}

/// Secrets that the rewritten file shows as placeholders, since no rule removes them: those in comments, and those that are
/// not the backend's.
fn secrets_elsewhere(
    (text, clean, hardened): (&str, &str, &str),
    in_comments: &BTreeSet<usize>,
) -> Vec<Finding> {
    if !hardened.contains(PLACEHOLDER) {
        return Vec::new();
    }
    let kept: BTreeSet<&str> = hardened.split('\n').map(str::trim).collect();
    let pairs = text.split('\n').zip(clean.split('\n')).enumerate();
    let lines = pairs.filter(|(_, (old, new))| old != new);
    let mut findings = lines.filter_map(|(index, (_, new))| {
        if in_comments.contains(&index) {
            Some(in_comment(index + 1))
        } else {
            kept.contains(new.trim()).then(|| in_code(index + 1))
        }
    });
    let mut told: Vec<Finding> = findings.by_ref().take(MOST_FILE_FINDINGS).collect();
    if let Some(next) = findings.next() {
        let more = findings.count() + 1;
        let message = format!(
            "{}; so it is with {more} lines from this one on",
            next.message
        );
        told.push(Finding { message, ..next });
    }
    told
}

fn in_comment(line: usize) -> Finding {
    Finding {
        rule: "secret-in-comment",
        severity: Severity::Medium,
        message: "a secret, or something that looks like one, is in a comment on this line"
            .to_owned(),
        change: format!(
            "the comment has `{PLACEHOLDER}` in its place: delete the line first, the diff brings it back so. Treat the secret as known to others"
        ),
        line,
    }
}

fn in_code(line: usize) -> Finding {
    Finding {
        rule: "secret-in-file",
        severity: Severity::Medium,
        message: "a secret, or something that looks like one, is on this line".to_owned(),
        change: format!(
            "shown as `{PLACEHOLDER}` and left alone by the diff; move it out of the file and treat it as known to others"
        ),
        line,
    }
}
