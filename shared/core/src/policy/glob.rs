//! Patterns with `*`.

use std::fmt;

use globset::{ErrorKind, GlobBuilder, GlobMatcher};
use thiserror::Error;

/// A pattern that a whole text matches or not: `*` any characters, `?` one, `{a,b}` either, `\` takes the next character as
/// it is. Upper and lower case differ.
///
/// In a path `*` and `?` stop at `/`, and `**` stands for whole folders. `?` is one byte: globset has no other characters.
#[derive(Clone)]
pub struct Glob {
    text: String,
    kind: Kind,
    matcher: GlobMatcher,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadGlob {
    /// It matches nothing at all.
    #[error("an empty pattern matches nothing")]
    Empty,
    /// Longer than anything it could be meant for.
    #[error("a pattern has at most {} bytes", Glob::LONGEST)]
    TooLong,
    /// `**` beside other characters: globset would read it as `*`, and the writer hardly meant that.
    #[error("`**` stands for whole folders, so nothing but `/` may be beside it")]
    StarsInAWord,
    /// `**` where there are no folders.
    #[error("`**` has no meaning here, where `*` matches everything")]
    StarsInAText,
    /// Sets would match `/` too, which no other sign for one character does.
    #[error("sets in `[…]` are not understood")]
    Set,
    /// A brace without its partner.
    #[error("a `{{` without a `}}`, or a `}}` without a `{{`")]
    Braces,
    /// Whatever else globset cannot read or will not build.
    #[error("it is no pattern: {0}")]
    NoPattern(String),
}

/// What a pattern is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Path,
    Text,
}

impl Glob {
    /// The longest pattern (bytes): S3's longest key is as long.
    pub const LONGEST: usize = 1_024;

    /// A pattern for paths, where `/` is between folders.
    ///
    /// # Errors
    /// [`BadGlob`] where it is none.
    pub fn of_path(text: &str) -> Result<Self, BadGlob> {
        Self::new(text, Kind::Path)
    }

    /// A pattern for a text where `/` is a character like any other.
    ///
    /// # Errors
    /// [`BadGlob`] where it is none.
    pub fn of_text(text: &str) -> Result<Self, BadGlob> {
        Self::new(text, Kind::Text)
    }

    fn new(text: &str, kind: Kind) -> Result<Self, BadGlob> {
        if text.is_empty() {
            return Err(BadGlob::Empty);
        }
        if text.len() > Self::LONGEST {
            return Err(BadGlob::TooLong);
        }
        if has_set(text) {
            return Err(BadGlob::Set);
        }
        match kind {
            Kind::Path if !stars_are_folders(text) => return Err(BadGlob::StarsInAWord),
            Kind::Text if text.contains("**") => return Err(BadGlob::StarsInAText),
            Kind::Path | Kind::Text => {}
        }
        let glob = GlobBuilder::new(text)
            .literal_separator(kind == Kind::Path)
            .backslash_escape(true)
            .empty_alternates(true)
            .build()
            .map_err(|error| BadGlob::of(error.kind()))?;
        Ok(Self {
            text: text.to_owned(),
            kind,
            matcher: glob.compile_matcher(),
        })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.matcher.is_match(text)
    }

    /// Whether everything that matches `other` is known to match this one too. `false` may also mean: not known.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        // Of `folder/**`: whatever begins with `folder/` matches.
        let folder = self
            .text
            .strip_suffix("**")
            .filter(|folder| is_plain(folder));
        self.text == other.text
            || self.matches_everything()
            || is_plain(&other.text) && self.matches(&other.text)
            || folder.is_some_and(|folder| other.text.starts_with(folder))
    }

    /// Whether there is nothing that does not match.
    pub(super) fn matches_everything(&self) -> bool {
        match self.kind {
            Kind::Path => self.text == "**",
            Kind::Text => self.text == "*",
        }
    }
}

impl BadGlob {
    fn of(kind: &ErrorKind) -> Self {
        // Globset's own words for braces advise sets, which are refused here.
        if matches!(
            kind,
            ErrorKind::UnclosedAlternates | ErrorKind::UnopenedAlternates
        ) {
            return Self::Braces;
        }
        Self::NoPattern(kind.to_string())
    }
}

/// Without the automaton behind it, which fills pages.
impl fmt::Debug for Glob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} for a {:?}", self.text, self.kind)
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.kind) == (&other.text, other.kind)
    }
}

impl Eq for Glob {}

/// Whether a pattern matches itself and nothing else.
fn is_plain(text: &str) -> bool {
    !text.contains(['*', '?', '{', '}', '[', ']', '\\', ','])
}

/// Whether a `[` stands there that no `\` takes away.
fn has_set(text: &str) -> bool {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '[' => return true,
            _ => {}
        }
    }
    false
}

/// Whether each `**` is a folder's name of its own.
fn stars_are_folders(text: &str) -> bool {
    text.split('/')
        .all(|name| name == "**" || !name.contains("**"))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn path(text: &str) -> Glob {
        Glob::of_path(text).unwrap()
    }

    #[test]
    fn a_star_stays_in_its_folder_and_two_cross_folders() {
        for (glob, matched, not_matched) in [
            ("prod/**", "prod/a", "dev/a"),
            ("prod/**", "prod/a/b/c.tfstate", "prod"),
            ("prod/**", "prod/x", "xprod/x"),
            ("prod/*", "prod/a.tfstate", "prod/a/b.tfstate"),
            ("prod/?.tfstate", "prod/a.tfstate", "prod//.tfstate"),
            ("**/network/*", "a/b/network/x", "a/b/xnetwork/x"),
            ("**/network/*", "network/x", "network/x/y"),
            ("prod/**/x", "prod/x", "prod/ax"),
            ("prod/**/x", "prod/a/b/x", "prod/a/b/y"),
            ("**", "a/b/c", ""),
            ("{prod,live}/**", "live/a", "dev/a"),
            ("prod/net{,work}/x", "prod/net/x", "prod/networks/x"),
            ("Prod/*", "Prod/a", "prod/a"),
            ("env:/prod/*", "env:/prod/a", "env:/dev/a"),
            ("a\\*/x", "a*/x", "ab/x"),
            ("a\\[/x", "a[/x", "a/x"),
        ] {
            let glob = path(glob);
            assert!(glob.matches(matched), "{glob:?} {matched}");
            assert!(
                not_matched.is_empty() || !glob.matches(not_matched),
                "{glob:?} {not_matched}"
            );
        }
    }

    #[test]
    fn in_a_text_a_slash_is_a_character_like_any_other() {
        let glob = Glob::of_text("runner@*").unwrap();
        for matched in ["runner@", "runner@ci-7", "runner@a/b\nc", "runner@é"] {
            assert!(glob.matches(matched), "{matched}");
        }
        for other in ["Runner@ci-7", "xrunner@ci-7", "runner"] {
            assert!(!glob.matches(other), "{other}");
        }
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        let why = |text: &str| Glob::of_path(text).unwrap_err().to_string();
        assert_snapshot!(why(""), @"an empty pattern matches nothing");
        assert_snapshot!(why(&"x".repeat(1_025)), @"a pattern has at most 1024 bytes");
        assert_snapshot!(why("prod**"), @"`**` stands for whole folders, so nothing but `/` may be beside it");
        assert_snapshot!(why("a/***/b"), @"`**` stands for whole folders, so nothing but `/` may be beside it");
        assert_snapshot!(why("{a/**,b}"), @"`**` stands for whole folders, so nothing but `/` may be beside it");
        assert_snapshot!(why("a[bc]"), @"sets in `[…]` are not understood");
        assert_snapshot!(why("{a,b"), @"a `{` without a `}`, or a `}` without a `{`");
        assert_snapshot!(why("a}"), @"a `{` without a `}`, or a `}` without a `{`");
        assert_snapshot!(why("a\\"), @r"it is no pattern: dangling '\'");
        let why = |text: &str| Glob::of_text(text).unwrap_err().to_string();
        assert_snapshot!(why("runner@**"), @"`**` has no meaning here, where `*` matches everything");
    }

    #[test]
    fn a_pattern_covers_what_it_surely_matches() {
        for (general, special) in [
            ("**", "prod/*"),
            ("prod/**", "prod/a"),
            ("prod/**", "prod/*/x"),
            ("prod/**", "prod/app/**"),
            ("prod/*", "prod/a"),
            ("{a,b}", "{a,b}"),
        ] {
            assert!(path(general).covers(&path(special)), "{general} {special}");
        }
        for (one, other) in [
            ("prod/a", "prod/*"),
            ("prod/*", "prod/a/b"),
            ("*", "prod/a"),
            ("prod/**", "prod*/a"),
            ("prod/**", "{prod,dev}/a"),
            ("pro?/**", "pro?d/a"),
        ] {
            assert!(!path(one).covers(&path(other)), "{one} {other}");
        }
        let text = |text: &str| Glob::of_text(text).unwrap();
        assert!(text("*").covers(&text("runner@*")));
        assert!(text("*").covers(&text("a?")));
        assert!(!text("runner@*").covers(&text("*")));
    }

    proptest! {
        #[test]
        fn no_text_makes_a_pattern_panic(text in "[a-c*?{},/\\\\\\[\\]!.-]{0,30}|\\PC{0,30}", candidate in "\\PC{0,20}") {
            for glob in [Glob::of_path(&text), Glob::of_text(&text)].into_iter().flatten() {
                let _either = glob.matches(&candidate);
            }
        }

        #[test]
        fn what_a_covered_pattern_matches_its_cover_matches_too(
            one in "(a/|b/|\\*\\*/|\\*/|\\{a,b\\}/){0,2}(\\*\\*|\\*|a|a\\*|\\?)",
            other in "(a/|b/|\\*\\*/|\\*/|\\{a,b\\}/){0,2}(\\*\\*|\\*|a|a\\*|\\?)",
            candidates in proptest::collection::vec("([ab]{0,2}/){0,3}[ab]{1,2}", 20),
        ) {
            for make in [Glob::of_path, Glob::of_text] {
                let (Ok(one), Ok(other)) = (make(&one), make(&other)) else { continue };
                if one.covers(&other) {
                    for candidate in &candidates {
                        prop_assert!(!other.matches(candidate) || one.matches(candidate), "{one:?} {other:?} {candidate}");
                    }
                }
            }
        }
    }
}
