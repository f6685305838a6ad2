//! The name of a rule or a window.

use std::fmt;

use thiserror::Error;

use crate::text;

/// The name of what holds where no rule applies.
pub const DEFAULT_RULE: &str = "default";

/// What else stands after `policy:` in a decision's `by`, so that no rule may have the name.
const RESERVED: [&str; 2] = [DEFAULT_RULE, "expire"];

/// The name of a rule or a window: what reports, notices and the `by` of a rule's decision call it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

/// Why a text is no such name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadName {
    /// Nothing, or nothing but blanks.
    #[error("a name must not be empty")]
    Empty,
    /// Too long.
    #[error("a name has at most {} characters", Name::LONGEST)]
    TooLong,
    /// Blanks around it are lost wherever it is shown.
    #[error("a name must not begin or end with a blank")]
    Blanks,
    /// A reader could not see what it is.
    #[error("a name must be printable")]
    NotPrintable,
    /// It stands for something else already.
    #[error(
        "this name is taken: `default`, `expire` and what begins with `policy:` mean something else"
    )]
    Taken,
}

impl Name {
    /// The most characters of a name.
    pub const LONGEST: usize = 100;

    /// Takes a text as a name.
    ///
    /// # Errors
    /// [`BadName`] where it is none.
    pub fn parse(name: &str) -> Result<Self, BadName> {
        if name.trim().is_empty() {
            return Err(BadName::Empty);
        }
        if name.chars().count() > Self::LONGEST {
            return Err(BadName::TooLong);
        }
        if name.trim() != name {
            return Err(BadName::Blanks);
        }
        if text::shown(name, usize::MAX) != name {
            return Err(BadName::NotPrintable);
        }
        // Nobody should wonder whether `by` names the rule `policy:x` or the policy's `x`.
        if RESERVED.contains(&name) || name.starts_with(crate::decision::RULE_PREFIX) {
            return Err(BadName::Taken);
        }
        Ok(Self(name.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_printable_short_and_its_own() {
        let longest = "é".repeat(Name::LONGEST);
        for good in [
            "long applies",
            "x",
            "Default",
            "the policy: x",
            longest.as_str(),
        ] {
            assert_eq!(Name::parse(good).unwrap().as_str(), good);
        }
        let too_long = "x".repeat(Name::LONGEST + 1);
        for (bad, why) in [
            ("", BadName::Empty),
            (" ", BadName::Empty),
            (too_long.as_str(), BadName::TooLong),
            (" x", BadName::Blanks),
            ("x\n", BadName::Blanks),
            ("x\u{1b}[2J", BadName::NotPrintable),
            ("x\u{202e}y", BadName::NotPrintable),
            ("default", BadName::Taken),
            ("expire", BadName::Taken),
            ("policy:x", BadName::Taken),
        ] {
            assert_eq!(Name::parse(bad), Err(why), "{bad:?}");
        }
    }
}
