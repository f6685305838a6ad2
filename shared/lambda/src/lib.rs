#![doc = include_str!("../README.md")]

use std::error::Error;
use std::fmt;

use lambda_runtime::Diagnostic;
use lockwarden_core::error_chain;
use tracing_subscriber::EnvFilter;

/// A failure as Lambda and its alarms see it: a type that stays the same, and every cause in one line.
///
/// What the runtime makes of an error by itself is the name of a Rust type and the words `service error`.
#[derive(Debug)]
pub struct Failed {
    kind: &'static str,
    message: String,
}

impl Failed {
    /// A failure of this `kind`, which alarms and people may search for.
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// A failure with all its causes.
    pub fn of(kind: &'static str, error: &dyn Error) -> Self {
        Self::new(kind, error_chain::chain(error))
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What happened.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<Failed> for Diagnostic {
    fn from(failed: Failed) -> Self {
        Self {
            error_type: failed.kind.to_owned(),
            error_message: failed.message,
        }
    }
}

/// A function cannot start. Rust prints the error of `main` by its `Debug` form, so that form is the sentence.
pub struct CannotStart(String);

impl CannotStart {
    /// Logs why, and stands for it.
    pub fn because(error: impl Error) -> Self {
        let why = error_chain::chain(&error);
        tracing::error!(why, "cannot start");
        Self(why)
    }
}

impl fmt::Debug for CannotStart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for CannotStart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for CannotStart {}

/// Sends the log to standard output: one JSON object a line with `timestamp` and `level`, which Lambda's log filter wants.
///
/// `RUST_LOG` changes what is logged; without it, what this project says at `info` and what others say at `warn`.
pub fn log_to_stdout() {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,lockwarden_sweep=info,lockwarden_approve=info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .init();
}

/// Prints a line of metrics. It must stand alone on its line, so it does not go through the log.
#[allow(
    clippy::print_stdout,
    reason = "CloudWatch reads metrics from a line of standard output"
)]
pub fn print_metrics(line: &str) {
    println!("{line}");
}
