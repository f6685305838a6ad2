//! The secrets that were found so far, and where each of them is hidden too.

use std::collections::BTreeMap;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use super::accounts;
use super::found::{Found, led_back};
use super::kind::{Kind, Placeholder};
use super::reach::{self, Reach};
use super::view::View;

/// Of one paste not more secrets are looked for elsewhere: each costs memory, and a log of any size must not.
const MOST: usize = 4_000;
/// Nor more bytes of them.
const MOST_BYTES: usize = 512 * 1024;

/// What is known of the secrets of one reply.
#[derive(Clone, Default)]
pub(super) struct Learned {
    /// What was found, with all escapes undone, and what stands in its place.
    known: BTreeMap<String, Placeholder>,
    /// What is looked for in every text: as it was found and with all escapes undone (a backslash may be an escape or a part
    /// of the secret).
    everywhere: BTreeMap<String, Sought>,
    bytes: usize,
    last_number: u32,
    /// Made of `everywhere` when it is needed, and dropped when that changes.
    search: Option<Arc<Search>>,
}

/// A secret that is looked for.
#[derive(Clone)]
struct Sought {
    /// Its key in `known`.
    bare: String,
    kind: Kind,
    reach: Reach,
}

/// All that is looked for, at once.
struct Search {
    automaton: AhoCorasick,
    each: Vec<Sought>,
}

impl Learned {
    /// How many different secrets of each kind there are.
    pub(super) fn count(&self) -> BTreeMap<Kind, usize> {
        let mut count = BTreeMap::new();
        for placeholder in self.known.values() {
            *count.entry(placeholder.kind).or_default() += 1;
        }
        count
    }

    /// What stands for `secret`, whose escapes are undone.
    pub(super) fn placeholder(&mut self, kind: Kind, secret: String) -> Placeholder {
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

    /// A number that stands in a text already is not given again.
    pub(super) fn keep_clear_of(&mut self, number: u32) {
        self.last_number = self.last_number.max(number);
    }

    /// Whether so much was learnt that nothing more is taken from a log.
    pub(super) fn is_full(&self) -> bool {
        self.everywhere.len() >= MOST || self.bytes >= MOST_BYTES
    }

    /// What is looked for.
    #[cfg(test)]
    pub(super) fn sought(&self) -> Vec<&str> {
        self.everywhere.keys().map(String::as_str).collect()
    }

    /// How many bytes are looked for.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.bytes
    }

    /// Looks for what was found wherever else it stands, as far as [`reach`] allows.
    pub(super) fn learn(&mut self, found: &Found) {
        if found.kind == Kind::Account {
            for spelling in accounts::spellings(&found.secret) {
                self.seek(spelling, found.identity(), found.kind, Reach::Number);
            }
            return;
        }
        let reach = reach::of(&found.secret);
        if reach != Reach::Nowhere {
            self.seek(found.secret.clone(), found.identity(), found.kind, reach);
        }
    }

    /// Looks for `form`, and for the same with its escapes undone.
    pub(super) fn seek(&mut self, form: String, bare: String, kind: Kind, reach: Reach) {
        let sought = Sought { bare, kind, reach };
        for form in [form, sought.bare.clone()] {
            let length = form.len();
            if form.is_empty() || self.everywhere.contains_key(&form) {
                continue;
            }
            self.everywhere.insert(form, sought.clone());
            self.bytes += length;
            self.search = None;
        }
    }

    /// Where in the views the learnt secrets stand.
    pub(super) fn found_in(&mut self, views: &[View<'_>]) -> Vec<Found> {
        let Some(search) = self.search() else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for view in views {
            let here = search.found_in(&view.text, &self.known);
            found.extend(led_back(view, here));
        }
        found
    }

    fn search(&mut self) -> Option<Arc<Search>> {
        if self.everywhere.is_empty() {
            return None;
        }
        if self.search.is_none() {
            self.search = Search::of(&self.everywhere).map(Arc::new);
        }
        self.search.clone()
    }
}

impl Search {
    /// `None` only for gigabytes of secrets; they have been hidden where they were found.
    fn of(everywhere: &BTreeMap<String, Sought>) -> Option<Self> {
        // Forms and addresses write a space as `+`.
        let with_plus = everywhere
            .iter()
            .filter(|(form, _)| form.contains(' '))
            .map(|(form, sought)| (form.replace(' ', "+"), sought.clone()));
        let plain = everywhere
            .iter()
            .map(|(form, sought)| (form.clone(), sought.clone()));
        let (forms, each): (Vec<String>, Vec<Sought>) = plain.chain(with_plus).unzip();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // What it looks for is too mixed for a quick look to help.
            .prefilter(false)
            .build(forms)
            .ok()?;
        Some(Self { automaton, each })
    }

    fn found_in(&self, text: &str, known: &BTreeMap<String, Placeholder>) -> Vec<Found> {
        let mut found = Vec::new();
        for place in self.automaton.find_iter(text) {
            let Some(sought) = self.each.get(place.pattern().as_usize()) else {
                continue;
            };
            if reach::covers(sought.reach, text, place.range()) {
                let known = known.get(&sought.bare);
                found.push(Found {
                    kind: known.map_or(sought.kind, |placeholder| placeholder.kind),
                    range: place.range(),
                    secret: sought.bare.clone(),
                });
            }
        }
        found
    }
}
