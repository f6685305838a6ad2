//! Hiding secrets in text that people paste.
//!
//! Whoever pastes an error or a configuration seldom looks for passwords in it first. A [`Redactor`] puts a placeholder
//! such as `[redacted:password:1]` in place of each secret and leaves all else as it is. What a lock error is made of (lock
//! IDs, digests, paths, names of buckets and tables) must come through: a redacted error that nobody can act on helps nobody.
//!
//! A secret is found by its own form (`shapes`, `pem`), by what it stands in (`web`, `arguments`), or by the name beside it
//! (`assignments`, `phrase`) or above it (`members`), in each `view` of the text: without colours, with one level of escapes
//! undone after the other (`undress`), and with the lines `joined` that a terminal has broken (`glue` says which). To add a
//! secret, add a line to the table of its file.
//!
//! What was found is then looked for wherever else it stands; `reach` says how far, so that a password which is an ordinary
//! word does not blank half a paste.
//!
//! The time is linear in the text, for patterns without backtracking and a fixed number of views. The memory is a few times
//! the text, so a log of many megabytes is read in pieces (see [`Learner`]), and of each piece only what is behind the `gate`:
//! the parts with `signs` of a secret.

use std::collections::BTreeMap;
use std::fmt;

mod kind;
mod pattern;
mod found;
mod undress;
mod view;
mod margin;
mod glue;
mod joined;
mod worth;
mod values;
mod reach;
mod learned;
mod names;
mod shapes;
mod accounts;
mod pem;
mod table;
mod web;
mod arguments;
mod phrase;
mod tie;
mod value_text;
mod assignments;
mod members;
mod signs;
mod gate;
mod stream;

use found::{Found, led_back, merged};
pub use kind::Kind;
use kind::Placeholder;
use learned::Learned;
use reach::Reach;
pub use stream::Learner;
use view::Views;

/// Whether the numbers of AWS accounts are hidden too. They are no secrets, but some do not want them in a public thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// They stay.
    Shown,
    /// They are hidden in ARNs and addresses, in the names of buckets and roles, and beside a word such as `account_id`; then
    /// wherever else the same number stands.
    Hidden,
}

/// Hides secrets in the texts of one reply: the same secret has the same placeholder in all of them.
///
/// ```
/// use lockwarden_core::redact::{Accounts, Redactor};
///
/// let mut redactor = Redactor::new(Accounts::Shown);
/// assert_eq!(
///     redactor.redact("password = \"hunter2\"\nkey = \"prod/terraform.tfstate\""),
///     "password = \"[redacted:password:1]\"\nkey = \"prod/terraform.tfstate\""
/// );
/// ```
#[derive(Clone)]
pub struct Redactor {
    accounts: Accounts,
    learned: Learned,
}

/// Shorter texts are not looked for, not even when the caller says so: they would be found in the middle of everything.
const SHORTEST_TO_REMEMBER: usize = 4;
/// How often a text is gone over. Placing a placeholder could make something beside it look like a secret; a second time
/// finds that, and a text that does not settle has not been met.
const ROUNDS: usize = 4;

impl Redactor {
    /// A redactor that has seen nothing yet.
    #[must_use]
    pub fn new(accounts: Accounts) -> Self {
        Self {
            accounts,
            learned: Learned::default(),
        }
    }

    /// `text` with every secret replaced. A text that went through once goes through again unchanged.
    pub fn redact(&mut self, text: &str) -> String {
        self.keep_clear_of_placeholders_in(text);
        let mut redacted = text.to_owned();
        for _ in 0..ROUNDS {
            let secrets = self.secrets_in(&redacted);
            if secrets.is_empty() {
                break;
            }
            redacted = self.with_placeholders(&redacted, &secrets);
        }
        redacted
    }

    /// Looks for secrets in `text` without writing it anew, so that they are hidden in texts that come before it.
    pub fn learn(&mut self, text: &str) {
        self.keep_clear_of_placeholders_in(text);
        let found = self.found_in(&view::all(text));
        for found in &found {
            self.learned.learn(found);
        }
        for found in merged(text, found) {
            self.learned.placeholder(found.kind, found.identity());
        }
    }

    /// The same for a piece of a log, of which little is shown: its secrets get their placeholders when they are met.
    fn learn_of_log(&mut self, piece: &str) {
        if self.learned.is_full() {
            return;
        }
        for part in gate::parts(piece, self.accounts) {
            for found in self.found_in(&view::all(piece.get(part).unwrap_or_default())) {
                self.learned.learn(&found);
            }
        }
    }

    /// Hides `secret`, which the caller found by other means, wherever it stands from now on, however it is escaped.
    ///
    /// Returns whether it will: a text of less than 4 bytes, or one that says nothing (`null`, `${var.x}`), is not
    /// looked for, because it would be found everywhere. One of less than 8 is hidden only as a whole word.
    pub fn remember(&mut self, kind: Kind, secret: &str) -> bool {
        let bare = view::bare(secret);
        let is_usable = bare.len() >= SHORTEST_TO_REMEMBER && !values::is_trivial(&bare);
        if is_usable {
            self.learned.placeholder(kind, bare.clone());
            let reach = Reach::at_least_as_a_word(&bare);
            self.learned.seek(secret.to_owned(), bare, kind, reach);
        }
        is_usable
    }

    /// How many different secrets of each kind were found or remembered.
    #[must_use]
    pub fn secrets_found(&self) -> BTreeMap<Kind, usize> {
        self.learned.count()
    }

    /// The secrets of `text`, in order, none overlapping another. What was found is looked for everywhere from now on.
    fn secrets_in(&mut self, text: &str) -> Vec<Found> {
        let views = view::all(text);
        let found = self.found_in(&views);
        for found in &found {
            self.learned.learn(found);
        }
        let elsewhere = [&views.whole, &views.joined]
            .into_iter()
            .flat_map(|views| self.learned.found_in(views))
            .collect::<Vec<Found>>();
        merged(text, found.into_iter().chain(elsewhere).collect())
    }

    /// What the finders see in the views. Where one takes more for the secret than another, it may be either: both are learnt.
    fn found_in(&self, views: &Views<'_>) -> Vec<Found> {
        let mut found = Vec::new();
        for view in views.whole.iter().chain(&views.runs) {
            let mut here = Vec::new();
            shapes::find(&view.text, &mut here);
            if worth::may_name_a_secret(&view.text) {
                for find in [pem::find, web::find, arguments::find, assignments::find] {
                    find(&view.text, &mut here);
                }
            }
            if self.accounts == Accounts::Hidden {
                accounts::find(&view.text, &mut here);
            }
            found.extend(led_back(view, here));
        }
        // Only a name and its value are in two objects of a log.
        for view in &views.said {
            let mut here = Vec::new();
            assignments::find(&view.text, &mut here);
            found.extend(led_back(view, here));
        }
        found
    }

    fn with_placeholders(&mut self, text: &str, secrets: &[Found]) -> String {
        let mut redacted = String::with_capacity(text.len());
        let mut copied = 0;
        for found in secrets {
            redacted.push_str(text.get(copied..found.range.start).unwrap_or_default());
            let placeholder = self.learned.placeholder(found.kind, found.identity());
            redacted.push_str(&placeholder.to_string());
            copied = found.range.end;
        }
        redacted.push_str(text.get(copied..).unwrap_or_default());
        redacted
    }

    /// A placeholder that an earlier redactor left in the text keeps its number for itself.
    fn keep_clear_of_placeholders_in(&mut self, text: &str) {
        let taken = Placeholder::numbers_in(text).max();
        self.learned.keep_clear_of(taken.unwrap_or_default());
    }
}

/// Shows that there are secrets, and none of them.
impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Redactor")
            .field("accounts", &self.accounts)
            .field("secrets_found", &self.secrets_found())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
