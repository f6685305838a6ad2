//! What a pasted configuration is written in, and why it may not be readable at all.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The largest configuration that is read, in bytes. Real ones have a few kilobytes.
pub const LARGEST: usize = 1024 * 1024;

/// The most backends in one text. Real ones have one; each is asked about all others.
pub const MOST_BACKENDS: usize = 100;

/// The syntax of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// HCL: `.tf`, `terragrunt.hcl`.
    Hcl,
    /// Terraform's JSON syntax: `.tf.json`.
    Json,
    /// Arguments without a block around them, as `terraform init -backend-config=FILE` takes them: HCL as well.
    Tfbackend,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Hcl, Self::Json, Self::Tfbackend];

    /// How the event's `config_format` names it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hcl => "hcl",
            Self::Json => "json",
            Self::Tfbackend => "tfbackend",
        }
    }

    /// The format that a text seems to have when nobody says it. No HCL file begins with a brace, and every JSON
    /// configuration does (or, as Terraform allows, with a bracket).
    #[must_use]
    pub fn guess(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        if text.trim_start().starts_with(['{', '[']) {
            return Self::Json;
        }
        let mut lines = text.lines().map(str::trim);
        if lines
            .any(|line| line.ends_with('{') && !line.starts_with(['#', '/']) && !line.contains('='))
        {
            Self::Hcl
        } else {
            Self::Tfbackend
        }
    }

    /// A file name that Terraform would read this format under.
    pub(crate) fn file_name(self) -> &'static str {
        match self {
            Self::Hcl => "backend.tf",
            Self::Json => "backend.tf.json",
            Self::Tfbackend => "backend.tfbackend",
        }
    }
}

/// A word that is not a format.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a format of a configuration; use `hcl`, `json` or `tfbackend`")]
pub struct ParseFormatError(String);

impl FromStr for Format {
    type Err = ParseFormatError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|format| format.word() == word);
        found.ok_or_else(|| ParseFormatError(lockwarden_core::text::shown(word, 40)))
    }
}

/// A right configuration, for whoever pasted a wrong one.
const EXAMPLE: &str = r#"a right one looks like `terraform { backend "s3" { bucket = "…" key = "…" } }` over several lines"#;

/// Why a configuration could not be read. Nothing of its text is in here, since it may be a secret.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NotRead {
    /// Over the limit.
    #[error(
        "the configuration has {size} bytes, and at most {LARGEST} are read; paste only the file with the backend"
    )]
    TooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// Not text.
    #[error(
        "the configuration is not UTF-8 from line {line}, column {column} on; save it as UTF-8 and paste it again"
    )]
    NotText {
        /// Line of the first wrong byte, from 1.
        line: usize,
        /// Its column in characters, from 1.
        column: usize,
    },
    /// Not the syntax that it should be.
    #[error("the configuration is not valid {} at line {line}, column {column} ({problem}); a template has to be rendered first; {EXAMPLE}", if *.json { "JSON" } else { "HCL" })]
    NotValid {
        /// Whether it was read as JSON, else as HCL.
        json: bool,
        /// Line of the first wrong character, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
        /// What the parser says; it knows grammar, not the text.
        problem: String,
    },
    /// More than anybody pastes.
    #[error(
        "the configuration holds {count} backends, and at most {MOST_BACKENDS} are read; paste fewer files at once"
    )]
    TooManyBackends {
        /// How many.
        count: usize,
    },
    /// A Terragrunt file whose backend is in the one that it includes.
    #[error(
        "the configuration holds no backend, but includes another file, which does; paste that one (most often `find_in_parent_folders()` finds \
         it): a right one has a block such as `remote_state {{ backend = \"s3\" config = {{…}} }}`"
    )]
    InIncludedFile,
    /// Readable, but nothing in it configures a backend.
    #[error("the configuration holds no backend; {EXAMPLE}")]
    NoBackend,
}

/// The bytes as text, when they are text of a bearable size.
///
/// # Errors
/// [`NotRead::TooLarge`], [`NotRead::NotText`].
pub(crate) fn text(bytes: &[u8]) -> Result<&str, NotRead> {
    if bytes.len() > LARGEST {
        return Err(NotRead::TooLarge { size: bytes.len() });
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let good = String::from_utf8_lossy(good);
        let (line, column) = crate::place::line_and_column(&good, good.len());
        NotRead::NotText { line, column }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_read_by_its_word() {
        for format in Format::ALL {
            assert_eq!(format.word().parse(), Ok(format));
            assert_eq!(serde_json::to_value(format).unwrap(), format.word());
        }
        let error = "yaml\u{1b}".parse::<Format>().unwrap_err().to_string();
        assert_eq!(
            error,
            "`yaml\\u{1b}` is not a format of a configuration; use `hcl`, `json` or `tfbackend`"
        );
    }

    #[test]
    fn a_format_is_guessed_from_how_the_text_begins() {
        for (text, format) in [
            ("\n {\"terraform\": {}}", Format::Json),
            ("\u{feff}[{}]", Format::Json),
            ("# x\nterraform {\n}", Format::Hcl),
            ("terraform {\r\n}", Format::Hcl),
            ("bucket = \"b\"\nendpoints = {\n}", Format::Tfbackend),
            ("# terraform {\nbucket = \"b\"", Format::Tfbackend),
        ] {
            assert_eq!(Format::guess(text), format, "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_place() {
        assert_eq!(
            text(b"a\nb\xc3\xa9\xff"),
            Err(NotRead::NotText { line: 2, column: 3 })
        );
        assert_eq!(
            text(&vec![b' '; LARGEST + 1]),
            Err(NotRead::TooLarge { size: LARGEST + 1 })
        );
        assert_eq!(text("\u{feff}é".as_bytes()), Ok("\u{feff}é"));
    }
}
