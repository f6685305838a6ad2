//! Hiding secrets in text that people paste.
//!
//! Whoever pastes an error or a configuration seldom looks for passwords in it first. A [`Redactor`] puts a placeholder
//! such as `[redacted:password:1]` in place of each secret and leaves all else as it is. What a lock error is made of (lock
//! IDs, digests, paths, names of buckets and tables) must come through: a redacted error that nobody can act on helps nobody.
//!
//! A secret is found by its own form (`shapes`, `pem`), by what it stands in (`web`), or by the name beside it
//! (`assignments`), in each `view` of the text: without colours, and with one level of escapes undone after the other. A
//! secret that nothing else can be is then looked for wherever else it stands.
//!
//! The time is linear in the text, for patterns without backtracking and a fixed number of views. The memory is a few times
//! the text, so a log of many megabytes is given in pieces.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

mod kind;
mod pattern;
mod found;
mod view;
mod values;
mod names;
mod shapes;
mod pem;
mod web;
mod value_text;
mod assignments;
mod wrapped;

use found::{Found, led_back, merged};
pub use kind::Kind;
use kind::Placeholder;
use view::View;

/// Whether the numbers of AWS accounts are hidden too. They are no secrets, but some do not want them in a public thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// They stay.
    Shown,
    /// They are hidden in ARNs, in addresses, and beside a name such as `account_id`.
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
pub struct Redactor {
    accounts: Accounts,
    /// What was found so far, with all escapes undone, and what stands in its place.
    known: BTreeMap<String, Placeholder>,
    /// What is looked for in every text: those that cannot be mistaken and what the caller told, as they are and with all
    /// escapes undone (a backslash may be an escape or a part of the secret); each with its key in `known`.
    everywhere: BTreeMap<String, String>,
    last_number: u32,
}

/// Shorter texts are not looked for everywhere: they would be found in the middle of everything.
const SHORTEST_TO_REMEMBER: usize = 4;
/// Up to this length a remembered secret is hidden only where it is a whole word.
const SHORT_AS_A_WORD: usize = 8;
/// How often a text is gone over. Placing a placeholder could make something beside it look like a secret; a second time
/// finds that, and a text that does not settle has not been met.
const ROUNDS: usize = 4;

impl Redactor {
    /// A redactor that has seen nothing yet.
    #[must_use]
    pub fn new(accounts: Accounts) -> Self {
        Self {
            accounts,
            known: BTreeMap::new(),
            everywhere: BTreeMap::new(),
            last_number: 0,
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
        drop(self.redact(text));
    }

    /// Hides `secret`, which the caller found by other means, wherever it stands from now on, however it is escaped.
    ///
    /// Returns whether it will: a text of less than 4 bytes, or one that says nothing (`null`, `${var.x}`), is not
    /// looked for, because it would be found everywhere. One of less than 8 is hidden only as a whole word.
    pub fn remember(&mut self, kind: Kind, secret: &str) -> bool {
        let bare = view::bare(secret);
        let is_usable = bare.len() >= SHORTEST_TO_REMEMBER && !values::is_trivial(&bare);
        if is_usable {
            self.placeholder(kind, bare.clone());
            self.look_everywhere_for(secret, bare);
        }
        is_usable
    }

    /// How many different secrets of each kind were found or remembered.
    #[must_use]
    pub fn secrets_found(&self) -> BTreeMap<Kind, usize> {
        let mut count = BTreeMap::new();
        for placeholder in self.known.values() {
            *count.entry(placeholder.kind).or_default() += 1;
        }
        count
    }

    /// The secrets of `text`, in order, none overlapping another. What cannot be mistaken is remembered.
    fn secrets_in(&mut self, text: &str) -> Vec<Found> {
        let views = view::all(text);
        let mut found = Vec::new();
        for view in &views {
            let mut here = Vec::new();
            for find in [shapes::find, pem::find, web::find, assignments::find] {
                find(&view.text, &mut here);
            }
            if self.accounts == Accounts::Hidden {
                shapes::find_accounts(&view.text, &mut here);
            }
            for found in &mut here {
                wrapped::extend(&view.text, found);
            }
            found.extend(led_back(view, here));
        }
        let found = merged(text, found);
        for found in &found {
            if values::is_unmistakable(&found.secret) {
                self.look_everywhere_for(&found.secret, found.identity());
            }
        }
        let elsewhere = self.remembered_in(&views);
        merged(text, found.into_iter().chain(elsewhere).collect())
    }

    /// Where in the views the remembered secrets stand.
    fn remembered_in(&self, views: &[View<'_>]) -> Vec<Found> {
        let secrets: Vec<(&String, &String)> = self.everywhere.iter().collect();
        // Forms and addresses write a space as `+`.
        let with_plus: Vec<String> = secrets
            .iter()
            .map(|(form, _)| form.replace(' ', "+"))
            .collect();
        let searched = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(secrets.iter().map(|(form, _)| *form).chain(&with_plus));
        let Ok(searched) = searched else {
            // Only for gigabytes of secrets; they have been hidden where they were found.
            return Vec::new();
        };
        let mut found = Vec::new();
        for view in views {
            let mut here = Vec::new();
            for place in searched.find_iter(view.text.as_ref()) {
                let which = place.pattern().as_usize() % secrets.len().max(1);
                let Some((form, secret)) = secrets.get(which) else {
                    continue;
                };
                if form.len() < SHORT_AS_A_WORD && !is_whole_word(&view.text, place.range()) {
                    continue;
                }
                let known = self.known.get(*secret);
                here.push(Found {
                    kind: known.map_or(Kind::Secret, |placeholder| placeholder.kind),
                    range: place.range(),
                    secret: (*secret).clone(),
                });
            }
            found.extend(led_back(view, here));
        }
        found
    }

    fn with_placeholders(&mut self, text: &str, secrets: &[Found]) -> String {
        let mut redacted = String::with_capacity(text.len());
        let mut copied = 0;
        for found in secrets {
            redacted.push_str(text.get(copied..found.range.start).unwrap_or_default());
            let placeholder = self.placeholder(found.kind, found.identity());
            redacted.push_str(&placeholder.to_string());
            copied = found.range.end;
        }
        redacted.push_str(text.get(copied..).unwrap_or_default());
        redacted
    }

    /// What stands for `secret`, whose escapes are undone.
    fn placeholder(&mut self, kind: Kind, secret: String) -> Placeholder {
        if let Some(known) = self.known.get(&secret) {
            return *known;
        }
        self.last_number = self.last_number.saturating_add(1);
        let placeholder = Placeholder {
            kind,
            number: self.last_number,
        };
        self.known.insert(secret, placeholder);
        placeholder
    }

    fn look_everywhere_for(&mut self, secret: &str, bare: String) {
        self.everywhere.insert(secret.to_owned(), bare.clone());
        self.everywhere.insert(bare.clone(), bare);
    }

    /// A placeholder that an earlier redactor left in the text keeps its number for itself.
    fn keep_clear_of_placeholders_in(&mut self, text: &str) {
        let taken = Placeholder::numbers_in(text).max();
        self.last_number = self.last_number.max(taken.unwrap_or_default());
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

fn is_whole_word(text: &str, range: Range<usize>) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let before = text
        .get(..range.start)
        .and_then(|text| text.chars().next_back());
    let after = text.get(range.end..).and_then(|text| text.chars().next());
    !before.is_some_and(is_word) && !after.is_some_and(is_word)
}

#[cfg(test)]
mod tests;
