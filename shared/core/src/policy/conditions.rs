//! Which locks a rule is about.

use crate::ids::LockPath;
use crate::record::{LockInfo, Operation};

use super::glob::{BadGlob, Glob};

/// Which locks a rule is about. Each condition that is there must hold; with none, it is about all locks.
///
/// Of a lock that cannot be read only the path is known. So no rule that asks for more is about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The state: its key, or `bucket/key`.
    pub path: Option<Glob>,
    /// The holder: the whole of `Who`.
    pub holder: Option<Glob>,
    /// What the holder is doing: one of these; empty: anything.
    pub operations: Vec<OperationPattern>,
}

/// Operations by the name that people use, by a pattern, or by the raw text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationPattern {
    text: String,
    means: Means,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Means {
    /// One of these raw texts.
    Named(&'static [&'static str]),
    /// A pattern for the raw text.
    Like(Glob),
    /// This raw text.
    Raw,
}

/// The names that people use where the raw text is another one, or one of several: Terraform's
/// `internal/backend/backendrun/operation_type.go: OperationType` and `internal/command/meta_backend_migrate.go`. Each
/// other operation (`init`, `state-mv`, `taint`, `tflock` …) is its own name.
const NAMES: [(&str, &[&str]); 5] = [
    ("plan", &["OperationTypePlan"]),
    // A destroy is an apply of a plan that destroys.
    ("apply", &["OperationTypeApply"]),
    ("refresh", &["OperationTypeRefresh"]),
    // Console and import: `internal/backend/local/backend_local.go: LocalRun` sets it so.
    ("invalid", &["OperationTypeInvalid"]),
    (
        "migration",
        &[
            "migration source state",
            "migration destination state",
            "migration",
        ],
    ),
];

impl Conditions {
    /// Whether they hold for a lock on this path, `info` being what could be read of it.
    #[must_use]
    pub fn hold_for(&self, path: &LockPath, info: Option<&LockInfo>) -> bool {
        let path_fits = self.path.as_ref().is_none_or(|glob| {
            let key = path.bucket_and_key().map(|(_, key)| key);
            glob.matches(path.as_str()) || key.is_some_and(|key| glob.matches(key))
        });
        path_fits
            && match info {
                None => !self.ask_what_it_says(),
                Some(info) => {
                    let holder = self.holder.as_ref();
                    holder.is_none_or(|glob| glob.matches(&info.who))
                        && (self.operations.is_empty()
                            || self.operations.iter().any(|one| one.fits(&info.operation)))
                }
            }
    }

    /// Whether these are known to hold wherever `other` does, so that a rule with `other` behind one with these never
    /// applies. `false` may also mean: not known.
    #[must_use]
    pub fn cover(&self, other: &Self) -> bool {
        let is_everything =
            |glob: &Option<Glob>| glob.as_ref().is_none_or(Glob::matches_everything);
        let covers = |own: &Option<Glob>, others: &Option<Glob>| match (own, others) {
            (Some(own), Some(others)) => own.covers(others),
            (None, _) | (_, None) => false,
        };
        let path = is_everything(&self.path) || covers(&self.path, &other.path);
        // `holder = "*"` takes every lock that can be read; a rule about operations is about no other.
        let holder = self.holder.is_none()
            || (is_everything(&self.holder) && other.ask_what_it_says())
            || covers(&self.holder, &other.holder);
        let covers_one = |one: &OperationPattern| self.operations.iter().any(|own| own.covers(one));
        let operations = self.operations.is_empty()
            || (!other.operations.is_empty() && other.operations.iter().all(covers_one));
        path && holder && operations
    }

    /// Whether they ask for more than the path.
    fn ask_what_it_says(&self) -> bool {
        self.holder.is_some() || !self.operations.is_empty()
    }
}

impl OperationPattern {
    /// Takes a name such as `apply`, a pattern such as `state-*`, or a raw text such as `OperationTypeApply`.
    ///
    /// # Errors
    /// [`BadGlob`] for a pattern that is none, or nothing at all.
    pub fn parse(text: &str) -> Result<Self, BadGlob> {
        let named = NAMES.iter().find(|(name, _)| *name == text);
        let means = match named {
            Some((_, raw)) => Means::Named(raw),
            None if text.is_empty() => return Err(BadGlob::Empty),
            None if text.contains(['*', '?']) => Means::Like(Glob::of_text(text)?),
            None => Means::Raw,
        };
        Ok(Self {
            text: text.to_owned(),
            means,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this is what the record says.
    #[must_use]
    pub fn fits(&self, operation: &Operation) -> bool {
        self.takes(operation.as_str())
    }

    fn takes(&self, raw: &str) -> bool {
        match &self.means {
            Means::Named(all) => all.contains(&raw),
            Means::Like(glob) => glob.matches(raw),
            Means::Raw => self.text == raw,
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match (&self.means, &other.means) {
            (_, Means::Named(all)) => all.iter().all(|raw| self.takes(raw)),
            (_, Means::Raw) => self.takes(&other.text),
            (Means::Like(own), Means::Like(others)) => own.covers(others),
            (Means::Named(_) | Means::Raw, Means::Like(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests;
