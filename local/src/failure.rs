//! What can go wrong around the local AWS, said so that the reader knows what to do next.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};
use std::time::Duration;

use aws_sdk_dynamodb::error::DisplayErrorContext;

/// Why something local did not come up, run or answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A tool that `make setup` installs is not there.
    #[error("`{}` is missing: run `make setup`", path.display())]
    NotSetUp {
        /// Where the tool should be.
        path: PathBuf,
    },

    /// A binary of this workspace is missing or older than its sources.
    #[error("`{}` {problem}: run `make build`", path.display())]
    NotBuilt {
        /// Where the binary should be.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },

    /// A file, a folder or a process could not be had from the operating system.
    #[error("cannot {doing}")]
    System {
        /// What was tried, as in "create the folder x".
        doing: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },

    /// A program ran and said no.
    #[error("`{program}` ended with {status}; the end of what it said:\n{tail}")]
    Program {
        /// The program and the part of its arguments that tells what it did.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its output.
        tail: String,
    },

    /// Something did not happen in the time it was given.
    #[error("waited {} s for {what}, in vain; the end of the log:\n{tail}", after.as_secs())]
    TimedOut {
        /// What was waited for.
        what: String,
        /// For how long.
        after: Duration,
        /// The last lines of the log of whoever should have done it.
        tail: String,
    },

    /// An AWS call to the local AWS failed.
    #[error("cannot {doing}: {why}")]
    Aws {
        /// What was tried.
        doing: String,
        /// The error and its causes.
        why: String,
    },

    /// The local AWS answered something that makes no sense here.
    #[error("{0}")]
    Unexpected(String),

    /// `template.yaml` does not look as the local copy of it expects.
    #[error(
        "template.yaml: expected `{text}` {expected}, found it {found} time(s); mend local/src/template.rs with it"
    )]
    Template {
        /// The text that was looked for.
        text: String,
        /// How often it should stand there, in words.
        expected: String,
        /// How often it does.
        found: usize,
    },

    /// The Terraform on `PATH` cannot do what was asked.
    #[error("{tool} {version} is too old for this: it needs {needed} or later")]
    TerraformTooOld {
        /// `terraform` or `tofu`.
        tool: String,
        /// Its version.
        version: String,
        /// The first version that can.
        needed: String,
    },
}

/// The result of everything in this crate.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// Wraps an error of the operating system, to be used with `map_err`.
    pub(crate) fn system(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        |source| Self::System { doing, source }
    }

    /// Wraps an SDK error together with its causes: alone it says no more than "service error".
    pub(crate) fn aws<E: std::error::Error>(doing: impl Into<String>) -> impl FnOnce(E) -> Self {
        let doing = doing.into();
        |error| Self::Aws {
            doing,
            why: DisplayErrorContext(error).to_string(),
        }
    }
}

/// The output of a program that succeeded.
pub(crate) fn succeed(program: &str, output: Output) -> Result<Output> {
    if output.status.success() {
        return Ok(output);
    }
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    Err(Failure::Program {
        program: program.to_owned(),
        status: output.status,
        tail: tail(&String::from_utf8_lossy(&said)),
    })
}

/// The last lines of a log file, or what kept them from being read.
pub(crate) fn tail_of(path: &Path) -> String {
    match std::fs::read(path) {
        Ok(bytes) => tail(&String::from_utf8_lossy(&bytes)),
        Err(error) => format!("({} cannot be read: {error})", path.display()),
    }
}

/// The last 30 lines.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.len().saturating_sub(30);
    lines
        .into_iter()
        .skip(skipped)
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn a_long_output_is_cut_to_its_end() {
        let text: String = (1..=40).map(|line| format!("line {line}\n")).collect();
        assert!(tail(&text).starts_with("line 11\n"));
        assert!(tail(&text).ends_with("line 40"));
        assert_eq!(tail("one\ntwo"), "one\ntwo");
    }
}
