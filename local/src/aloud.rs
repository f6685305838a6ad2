//! What whoever runs the tests has to read, also where they all pass.
//!
//! The tests of `lockwarden-harden` share this file without the rest of this crate, which would bring them every client of AWS. So
//! it needs nothing but the standard library.

use std::env;
use std::io::Write as _;
use std::path::PathBuf;

/// The first program of this name on `PATH`.
#[must_use]
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Says that tests pass without having run, and what would let them run.
pub fn say_skipped(tests: &str, why: &str) {
    say_aloud(&format!("SKIPPED: {tests}. {why}"));
}

/// Says something. What goes through `eprintln!` is shown of failed tests only; this goes straight to the stream.
pub fn say_aloud(what: &str) {
    // Nobody is left to tell where even this cannot be written.
    let _ = writeln!(std::io::stderr(), "\n== {what}");
}
