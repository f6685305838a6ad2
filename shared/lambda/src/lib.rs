#![doc = include_str!("../README.md")]

use std::error::Error;
use std::fmt;

use lambda_runtime::Diagnostic;
use lockwarden_core::error_chain;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

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
    let wanted = std::env::var(EnvFilter::DEFAULT_ENV).ok();
    tracing_subscriber::registry()
        .with(log(wanted.as_deref(), std::io::stdout))
        .init();
}

/// The log, as it was `wanted`.
fn log<S, W>(wanted: Option<&str>, writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    let wanted = wanted.and_then(|wanted| EnvFilter::try_new(wanted).ok());
    let filter = wanted.unwrap_or_else(|| {
        EnvFilter::new("warn,lockwarden_sweep=info,lockwarden_approve=info,lockwarden_triage=info")
    });
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(writer)
        .with_filter(filter.and(filter_fn(holds_no_event)))
}

/// What others say below `info` can hold a whole event or request, and with it the token of an approval link or the body of a
/// record, so it stays out whatever is wanted.
/// (`lambda_runtime`, `layers/api_response.rs`; `aws_smithy_runtime`, `client/orchestrator.rs`)
fn holds_no_event(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("lockwarden_") || *metadata.level() <= Level::INFO
}

/// Prints a line of metrics. It must stand alone on its line, so it does not go through the log.
#[allow(
    clippy::print_stdout,
    reason = "CloudWatch reads metrics from a line of standard output"
)]
pub fn print_metrics(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What stands in the log after the runtime and we have said something on every level.
    fn logged(wanted: Option<&str>) -> String {
        let paper = Paper::default();
        let writer = paper.clone();
        let log = tracing_subscriber::registry().with(log(wanted, move || writer.clone()));
        tracing::subscriber::with_default(log, || {
            tracing::trace!(target: "lambda_runtime::layers::api_response", body = "secret", "event");
            tracing::debug!(target: "lambda_runtime::requests", "secret");
            tracing::trace!(target: "aws_smithy_runtime::client::orchestrator", request = "secret", "sent");
            tracing::warn!(target: "lambda_runtime::runtime", "slow");
            tracing::info!(target: "lockwarden_approve::answer", "decided");
            tracing::trace!(target: "lockwarden_approve::answer", "looked");
        });
        String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn no_event_gets_into_the_log_whatever_is_wanted() {
        for wanted in [
            None,
            Some("trace"),
            Some("lambda_runtime::layers::api_response=trace,trace"),
        ] {
            let log = logged(wanted);
            assert!(!log.contains("secret"), "{log}");
            assert!(log.contains("slow") && log.contains("decided"), "{log}");
            assert_eq!(log.contains("looked"), wanted.is_some(), "{log}");
        }
    }
}
