//! From a pasted text to the answer.

use serde::Serialize;

use crate::backend::Backend;
use crate::companion;
use crate::config::Document;
use crate::diff;
use crate::finding::Finding;
use crate::format::{self, Format, MOST_BACKENDS, NotRead};
use crate::place::Lines;
use crate::rules::{self, Context};
use crate::secrets::{self, SecretValue, told};
use crate::version::Version;
use crate::{hcl, json, write};

/// Rounds after which the rules must have nothing left to wish; two are the most that any known text needs.
const ROUNDS: usize = 10;

/// What is known besides the text.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The syntax, where somebody said it; else it is guessed.
    pub format: Option<Format>,
    /// The version of Terraform or OpenTofu in use, for example from a lock record; nothing newer is written for it.
    pub terraform: Option<Version>,
    /// The file, for the commands that change it; where nobody said it, one that Terraform would read this syntax under. In the
    /// place of a name that does not belong into a command stands `YOUR-FILE`.
    pub file: Option<&'a str>,
}

impl Options<'_> {
    fn file_name(&self, format: Format) -> &str {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/+=@".contains(&byte);
        match self.file {
            None => format.file_name(),
            Some(file) if !file.starts_with('-') && file.bytes().all(is_plain) => file,
            Some(_) => "YOUR-FILE",
        }
    }
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
pub fn harden(pasted: &[u8], options: Options<'_>) -> Result<Hardened, NotRead> {
    let text = format::text(pasted)?;
    let format = options.format.unwrap_or_else(|| Format::guess(text));
    let document = read(text, format)?;
    let cleaned = secrets::take_out(text, &document, |clean| read(clean, format).is_ok());
    let in_comments = told::lines_of_comments(text, &cleaned.places, &document.stretches);
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
        .map(|config| Backend::of(&about(config)))
        .collect();
    let hardened = rewrite(&clean, format, options);
    let diff = diff::between(
        (text, &clean, &hardened),
        &in_comments,
        options.file_name(format),
    );
    Ok(Hardened {
        format,
        backends,
        findings: told::findings((text, &clean, &hardened), &in_comments),
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
        0 if document.has_include => Err(NotRead::InIncludedFile),
        0 => Err(NotRead::NoBackend),
        count if count > MOST_BACKENDS => Err(NotRead::TooManyBackends { count }),
        _ => Ok(document),
    }
}

/// Asks all rules and carries out what they wish, until they wish nothing more.
fn rewrite(clean: &str, format: Format, options: Options<'_>) -> String {
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
