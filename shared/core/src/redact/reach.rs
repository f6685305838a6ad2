//! How far a secret reaches: whether the same text is hidden where nothing says that it is one.
//!
//! A password stands beside its name once, and alone in the message of the program that refused it. But passwords are also
//! called `admin` and `terraform`, and a lock error without these words is of no use. So a secret of six characters or more is
//! hidden everywhere, unless it is made of words: then of eight, only where it stands by itself, and not at all where all its
//! words are ordinary ones of such a text.

use std::ops::Range;

use super::accounts;
use super::undress::REDACTED;
use super::values;

/// How far a secret reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It is hidden in the middle of anything.
    Anywhere,
    /// It is hidden where no letter or digit touches it.
    AsAWord,
    /// It is hidden where it is no name, and no part of a name or a path.
    Alone,
    /// The digits of an account, with no other digit beside them.
    Number,
    /// It is hidden only where it was found.
    Nowhere,
}

/// Shorter secrets are in the middle of everything.
const SHORTEST: usize = 6;
/// Longer ones are not sought: nobody writes them twice, and looking for many would cost much memory.
const LONGEST: usize = 4096;
/// Shorter ones are a part of other words.
const SHORTEST_INSIDE: usize = 8;

impl Reach {
    /// The reach of a secret of which the caller is sure.
    pub(super) fn at_least_as_a_word(secret: &str) -> Self {
        if is_made_of_words(secret) && secret.len() >= SHORTEST_INSIDE {
            Self::Alone
        } else if secret.len() < SHORTEST_INSIDE {
            Self::AsAWord
        } else {
            Self::Anywhere
        }
    }
}

/// The reach of a secret that was found beside its name.
pub(super) fn of(secret: &str) -> Reach {
    let length = secret.chars().count();
    let is_no_secret_elsewhere = !(SHORTEST..=LONGEST).contains(&length)
        || secret.contains(['\n', REDACTED])
        || secret.contains("://")
        || values::is_trivial(secret)
        || values::is_name_of_something(secret);
    if is_no_secret_elsewhere {
        return Reach::Nowhere;
    }
    if is_made_of_words(secret) {
        let is_telling = length >= SHORTEST_INSIDE && parts(secret).flat_map(words).any(is_telling);
        return if is_telling {
            Reach::Alone
        } else {
            Reach::Nowhere
        };
    }
    if length < SHORTEST_INSIDE || secret.bytes().all(|byte| byte.is_ascii_digit()) {
        return Reach::AsAWord;
    }
    Reach::Anywhere
}

/// Whether a secret of this reach is hidden at `place`.
pub(super) fn covers(reach: Reach, text: &str, place: Range<usize>) -> bool {
    let before = text
        .get(..place.start)
        .and_then(|text| text.chars().next_back());
    let rest = text.get(place.end..).unwrap_or_default();
    let after = rest.chars().next();
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let touches = before.is_some_and(is_word) || after.is_some_and(is_word);
    match reach {
        Reach::Anywhere => true,
        Reach::AsAWord => !touches,
        Reach::Alone => !touches && !is_of_a_name(text, &place, before, rest),
        Reach::Number => !accounts::is_in_longer(text, place),
        Reach::Nowhere => false,
    }
}

/// Whether what stands at `place` is a part of a longer name, or the name of a value.
fn is_of_a_name(text: &str, place: &Range<usize>, before: Option<char>, rest: &str) -> bool {
    const LINKS: [char; 7] = ['-', '/', '\\', '@', '.', '$', '~'];
    let mut behind = rest.chars();
    let is_linked = match (behind.next(), behind.next()) {
        (Some('.' | ':'), Some(next)) => next.is_alphanumeric() || next == '/',
        (Some(link), _) => link != '.' && LINKS.contains(&link),
        (None, _) => false,
    };
    let behind = rest
        .trim_start_matches(['"', '\''])
        .trim_start_matches([' ', '\t']);
    let is_first = || {
        let near = text.get(..place.start).unwrap_or_default();
        let margin = near.len() - near.trim_end_matches([' ', '\t', '"', '\'', '-']).len();
        near.get(..near.len() - margin)
            .is_none_or(|near| near.is_empty() || near.ends_with(['\n', '{', ',']))
    };
    let is_named =
        behind.starts_with('=') || behind.starts_with(':') && is_first() || behind.starts_with('{');
    before.is_some_and(|before| LINKS.contains(&before)) || is_linked || is_named
}

/// Whether the value is made of letters as words are, and of small numbers: `prod-eu-west-1`, `OperationTypeApply`.
fn is_made_of_words(value: &str) -> bool {
    parts(value).all(|part| {
        let is_number = part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_upper = part.chars().all(char::is_uppercase);
        let is_lower = |word: &str| {
            let mut rest = word.chars();
            let first = rest.next();
            first.is_some_and(char::is_alphabetic) && rest.all(char::is_lowercase)
        };
        is_number
            || is_upper
            || words(part)
                .all(|word| is_lower(word) && word.len() > 2 || word == part && is_lower(word))
    })
}

/// The words of a part, each of which may begin with a capital.
fn words(part: &str) -> impl Iterator<Item = &str> {
    let is_upper = part.chars().all(char::is_uppercase);
    let mut rest = part;
    std::iter::from_fn(move || {
        let mut characters = rest.char_indices().skip(1);
        let end = characters.find(|(_, character)| !is_upper && character.is_uppercase());
        let end = end.map_or(rest.len(), |(at, _)| at);
        let (word, behind) = rest.split_at_checked(end)?;
        rest = behind;
        (!word.is_empty()).then_some(word)
    })
}

/// Whether a word is none of those that every such text has.
fn is_telling(part: &str) -> bool {
    part.len() >= 5
        && !ORDINARY
            .split(' ')
            .any(|word| word.eq_ignore_ascii_case(part))
}

fn parts(value: &str) -> impl Iterator<Item = &str> {
    value
        .split([' ', '-', '_', '.', '/', ','])
        .filter(|part| !part.is_empty())
}

/// Words of Terraform's messages, of backends, CI jobs and their surroundings.
const ORDINARY: &str = "access account acquire acquiring action admin administrator amazon amazonaws api apply arn artifact aws azure \
    backend branch bucket build changeme change checksum client cloud cluster command commit config configuration consul container \
    create created creating credential credentials data database default delete demo deploy deployment destroy dev develop development \
    digest directory docker dynamodb enabled encrypt encrypted endpoint environment error example failed false file force github gitlab \
    google guest host import info init internal jenkins job kubernetes lambda local localhost lock locked locking locks main manager \
    master message migrate module mysql network number object operation opentofu output owner pass passwd password path permission \
    pipeline plan platform postgres postgresql preprod private prod production profile project provider public qa read readonly refresh \
    region release remote request required resource role root runner sandbox secret secrets server service session stage staging state \
    status stderr stdout storage string system table team terraform terragrunt test testing token true unlock update user username users \
    vault version west workspace write";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reaches_as_far_as_it_is_no_word() {
        for (secret, reach) in [
            ("wJalrXUtnFEMI/K7MDENG", Reach::Anywhere),
            ("p@ssword", Reach::Anywhere),
            ("28877368bfd2175bbaf0a00a2b3f261d", Reach::Anywhere),
            ("5bd2a7c4-91e0-4c1d-8a6f-0e3d94b7a210", Reach::Anywhere),
            ("hunter2", Reach::AsAWord),
            ("4711081512", Reach::AsAWord),
            ("swordfish", Reach::Alone),
            ("correct horse battery staple", Reach::Alone),
            ("abc12", Reach::Nowhere),
            ("admin", Reach::Nowhere),
            ("terraform", Reach::Nowhere),
            ("Production", Reach::Nowhere),
            ("prod-eu-west-1", Reach::Nowhere),
            ("changeme", Reach::Nowhere),
            ("OperationTypeApply", Reach::Nowhere),
            ("CorrectHorseBattery", Reach::Alone),
            ("qWeRtYuIoPaS", Reach::Anywhere),
            ("true", Reach::Nowhere),
            ("v1.11.4", Reach::Nowhere),
            ("2024-01-15T03:42:11Z", Reach::Nowhere),
            ("credentials-v2.json", Reach::Nowhere),
        ] {
            assert_eq!(of(secret), reach, "{secret}");
        }
    }

    #[test]
    fn a_word_is_hidden_where_it_stands_by_itself() {
        for (text, is_hidden) in [
            ("login with swordfish failed", true),
            ("'swordfish'", true),
            ("tried swordfish.", true),
            ("refused: swordfish", true),
            ("x=swordfish", true),
            ("acme-swordfish/prod", false),
            ("a/swordfish", false),
            ("swordfish/a", false),
            ("swordfish.example.com", false),
            ("alice@swordfish", false),
            ("swordfish = 1", false),
            ("\"swordfish\": 1", false),
            ("  swordfish: 1", false),
            ("swordfishes", false),
        ] {
            let at = text.find("swordfish").unwrap();
            assert_eq!(covers(Reach::Alone, text, at..at + 9), is_hidden, "{text}");
        }
    }
}
