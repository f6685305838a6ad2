//! What is asked: the event of `triage`.

use std::fmt;

use lockwarden_core::redact::Accounts;
use lockwarden_harden::Format;
use serde::Deserialize;
use thiserror::Error;

/// A pasted error text, a pasted configuration, or both. Its `Debug` output shows neither, as either may hold a secret.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// What was printed, or the log of a whole CI job.
    #[serde(default)]
    pub text: Option<String>,
    /// The file with the backend in it.
    #[serde(default)]
    pub config: Option<String>,
    /// What the file is written in; guessed where nobody says it.
    #[serde(default)]
    pub config_format: Option<Format>,
    /// Whether account numbers are hidden like secrets.
    #[serde(default)]
    pub hide_accounts: bool,
}

impl fmt::Debug for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Question").finish_non_exhaustive()
    }
}

/// Why a question cannot be answered.
#[derive(Debug, Error)]
pub enum NotAsked {
    /// It is no such event.
    #[error(
        "the event is no question: {why}; a right one is {{\"text\":\"Error: Error acquiring the state lock …\"}}, \
         with `config` and `config_format` (hcl, json or tfbackend) if you like"
    )]
    NotRead {
        /// What is wrong with it.
        why: String,
    },
    /// It holds nothing.
    #[error(
        "the question is empty: give `text` (what was printed), `config` (the file with the backend), or both"
    )]
    Empty,
}

impl Question {
    /// Reads an event.
    ///
    /// # Errors
    /// [`NotAsked`], with what a right question looks like. It quotes nothing of the event, which may hold a secret.
    pub fn read(event: &str) -> Result<Self, NotAsked> {
        let question: Self =
            serde_json::from_str(event).map_err(|error| NotAsked::NotRead { why: why(&error) })?;
        let is_blank =
            |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
        if is_blank(&question.text) && is_blank(&question.config) {
            return Err(NotAsked::Empty);
        }
        Ok(question)
    }

    /// Whether account numbers stay.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        if self.hide_accounts {
            Accounts::Hidden
        } else {
            Accounts::Shown
        }
    }
}

/// What is wrong, without the value that is: serde quotes values, and one may be a secret.
fn why(error: &serde_json::Error) -> String {
    let place = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof => {
            format!("it is not JSON at {place}")
        }
        serde_json::error::Category::Data | serde_json::error::Category::Io => {
            format!("a field is unknown or of another type at {place}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(event: &str) -> String {
        match Question::read(event) {
            Ok(_) => panic!("read: {event}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_question_has_a_text_or_a_configuration() {
        for event in [
            r#"{"text":"x"}"#,
            r#"{"config":"x"}"#,
            r#"{"text":"","config":"x","config_format":"json"}"#,
        ] {
            assert!(Question::read(event).is_ok(), "{event}");
        }
        for event in ["{}", r#"{"text":" "}"#, r#"{"text":null,"config":"\n"}"#] {
            assert!(refused(event).contains("is empty"), "{event}");
        }
    }

    #[test]
    fn what_is_no_question_is_refused_without_a_word_of_it() {
        for event in [
            r#"{"text":"x","hunter2":1}"#,
            r#"{"text":["hunter2"]}"#,
            r#"{"config":"x","config_format":"hunter2"}"#,
            r#"{"text":"hunter2"#,
        ] {
            let words = refused(event);
            assert!(
                !words.contains("hunter2") && words.contains("a right one is"),
                "{words}"
            );
        }
    }
}
