//! A policy object that is broken, and how to mend it.

use super::Text;
use crate::commands;
use crate::notice::policy::{facts, mistakes, opening};
use crate::policy::PolicyError;

pub(super) fn broken(text: &mut Text, error: &PolicyError) {
    text.line(opening(error));
    text.gap();
    for (label, words) in facts(error) {
        text.field(label, words);
    }
    text.gap();
    text.line("What is wrong:");
    for mistake in mistakes(error) {
        text.line(mistake);
    }
    text.gap();
    text.line("1. LOOK at it as it is stored:");
    text.command(commands::read_object(&error.uri).as_ref());
    text.gap();
    text.line("2. MEND it, or the right to read it, or put back the version before. Nothing has to be restarted: the next sweep reads it.");
    text.line("   Nothing is told when it is good again; the report of the sweep then says no more about it.");
}
