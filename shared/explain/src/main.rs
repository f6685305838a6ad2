//! Explains an error that was pasted on standard input, and a backend configuration in a file: `make triage`.
//!
//! The only part of this crate that reads anything. It looks at no AWS account.

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;

use lockwarden_core::paste::{Finder, Found};
use lockwarden_core::redact::{Accounts, Learner, Redactor};
use lockwarden_core::text;
use lockwarden_explain::answer::{Config, LONGEST_GIVEN_BACK, Pasted};
use lockwarden_explain::{Desk, explain, print};

/// What is read at once (bytes).
const PIECE: usize = 64 * 1024;

/// More of an error nobody reads (characters). A file can have any name.
const LONGEST_ERROR: usize = 1000;

const USAGE: &str = "usage: explain [--json] [--hide-accounts] [--config FILE] < ERROR-TEXT";

/// What was asked for.
#[derive(Default)]
struct Wish {
    json: bool,
    hide_accounts: bool,
    config: Option<String>,
}

fn main() -> ExitCode {
    match answer_what_is_asked() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // It names arguments and files, and a CI keeps it: a secret that was typed as one of them is hidden like any other.
            let error = Redactor::new(Accounts::Shown).redact(&error.to_string());
            // Nobody is left to tell where even this cannot be written.
            let _ = writeln!(
                io::stderr(),
                "explain: {}",
                text::shown(&error, LONGEST_ERROR)
            );
            ExitCode::FAILURE
        }
    }
}

fn answer_what_is_asked() -> Result<(), Box<dyn Error>> {
    let wish = wish(std::env::args().skip(1))?;
    let accounts = if wish.hide_accounts {
        Accounts::Hidden
    } else {
        Accounts::Shown
    };
    let (found, text, redactor) = read(io::stdin().lock(), accounts)?;
    let is_blank = text.as_deref().is_none_or(|text| text.trim().is_empty());
    if is_blank && wish.config.is_none() {
        return Err(format!("there is nothing on standard input; {USAGE}").into());
    }
    let config = match &wish.config {
        None => None,
        Some(file) => {
            let bytes = fs::read(file).map_err(|error| format!("{file}: {error}"))?;
            Some(Config::read(bytes, None, Some(file), &found))
        }
    };
    let pasted = Pasted {
        found,
        text,
        config,
        redactor,
    };
    let answer = explain(&pasted, Desk { topic: None }, |_| None);
    let text = if wish.json {
        serde_json::to_string_pretty(answer.json())?
    } else {
        print::text(&answer)
    };
    match writeln!(io::stdout().lock(), "{}", text.trim_end()) {
        // Whoever reads has seen enough, as in `explain | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn wish(mut arguments: impl Iterator<Item = String>) -> Result<Wish, String> {
    let mut wish = Wish::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => wish.json = true,
            "--hide-accounts" => wish.hide_accounts = true,
            "--config" => wish.config = Some(arguments.next().ok_or(USAGE)?),
            _ => return Err(format!("`{argument}` is unknown; {USAGE}")),
        }
    }
    Ok(wish)
}

/// Reads the text in pieces, so that a log of any size needs little memory. Of a long one no more is kept than shows that
/// it is too long to be given back.
fn read(
    mut input: impl io::Read,
    accounts: Accounts,
) -> io::Result<(Found, Option<String>, Redactor)> {
    let mut finder = Finder::new();
    let mut learner = Learner::new(accounts);
    let mut kept = Vec::new();
    let mut piece = vec![0; PIECE];
    loop {
        let count = input.read(&mut piece)?;
        let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        finder.read(bytes);
        learner.read(bytes);
        let room = (LONGEST_GIVEN_BACK + 1).saturating_sub(kept.len());
        kept.extend(bytes.iter().take(room));
    }
    let text = (!kept.is_empty()).then(|| String::from_utf8_lossy(&kept).into_owned());
    Ok((finder.finish(), text, learner.finish()))
}
