//! What is said about a configuration.

use serde::Serialize;

/// One thing that could be better.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's name, stable, for machines and for talking about it.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Why it matters, for a person.
    pub message: String,
    /// What the rewritten file does about it, or what to do by hand.
    pub change: String,
    /// The line of the pasted text that it is about, from 1.
    pub line: usize,
}

/// How much a finding matters, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// State or credentials are open to loss or theft now.
    High,
    /// A safeguard is missing, or the next version of Terraform refuses this.
    Medium,
    /// A leftover or a weaker habit.
    Low,
    /// Advice, or something that this text alone does not tell.
    Info,
}
