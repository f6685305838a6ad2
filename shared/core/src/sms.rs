//! A decision as a text message: `RELEASE 7F3K2QWX`, typed on a phone at night.
//!
//! Forgiven is what a phone or a tired thumb does to a text: case, spaces, hyphens, a full stop at the end. Nothing is
//! guessed: what is not wholly understood is refused with what to send instead.

use std::collections::BTreeSet;
use std::fmt;

use jiff::SignedDuration;

use crate::decision::{Action, Decision, KEEP_AT_MOST, KEEP_FOR, Rejection, Target};
use crate::ids::RequestCode;
use crate::{span, text};

/// A message longer than this (characters) is no decision. An ordinary one has 16; SMS itself ends a part at 160.
pub const LONGEST: usize = 160;

/// A telephone number in the form of E.164: `+`, the country, the rest, nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads a number; `None` where it is not one that can send text messages across the world.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let fits = (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        fits.then(|| Self(text.to_owned()))
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A number belongs to a person, so a log shows its end only.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PhoneNumber({})", masked(&self.0))
    }
}

/// What a log may show of a sender: its last two digits, and nothing of a sender that is no number.
#[must_use]
pub fn masked(sender: &str) -> String {
    let tail = sender.len().checked_sub(2).and_then(|at| sender.get(at..));
    let digits = tail.filter(|tail| tail.bytes().all(|byte| byte.is_ascii_digit()));
    format!("...{}", digits.unwrap_or_default())
}

/// Reads a decision from the text of a message: a word, the code of the request, and after `KEEP` for how long.
///
/// # Errors
/// [`Rejection`], with what is wrong and what to send, for anything that is not exactly a decision.
pub fn parse(message: &str, from: &PhoneNumber) -> Result<Decision, Rejection> {
    let by = from.as_str().to_owned();
    match order(message) {
        Ok((action, code)) => Ok(Decision {
            action,
            target: Target {
                storm: None,
                request: Some(code),
                lock: None,
            },
            by,
            reason: None,
            even_if: BTreeSet::new(),
        }),
        Err((why, example)) => Err(Rejection {
            why,
            example,
            by: Some(by),
        }),
    }
}

/// A message that would be right, for the request where it is known.
#[must_use]
pub fn example(action: Action, code: Option<&RequestCode>) -> String {
    let code = code.map_or("7F3K2QWX", RequestCode::as_str);
    match action {
        Action::Release => format!("RELEASE {code}"),
        Action::Restore => format!("RESTORE {code}"),
        // Nobody can send it: whoever would stop it keeps the lock.
        Action::Keep { .. } | Action::Expire => format!("KEEP {code} 2h"),
    }
}

/// Whether a text is a right message: then it may be shown to whoever can send one.
#[must_use]
pub fn is_order(text: &str) -> bool {
    order(text).is_ok()
}

/// What a message orders, or why it cannot be followed and what would be right. The example does what the message meant to
/// do: nobody who wanted to keep a lock is shown how to release it.
fn order(message: &str) -> Result<(Action, RequestCode), (String, String)> {
    let length = message.chars().count();
    if length > LONGEST {
        let why = format!("the text message has {length} characters, more than {LONGEST}");
        return Err((why, example(Action::Release, None)));
    }
    let mut words = message.split_whitespace().map(bare);
    let first = words.find(|word| !word.is_empty()).unwrap_or_default();
    let Some(action) = meant(first) else {
        let why = "a text message begins with RELEASE, KEEP or RESTORE".to_owned();
        return Err((why, example(Action::Release, None)));
    };
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let Some((code, rest)) = split(&words) else {
        return Err((without_code(&words), example(action, None)));
    };
    match with_time(action, &rest) {
        Ok(action) => Ok((action, code)),
        Err(why) => Err((why, example(action, Some(&code)))),
    }
}

fn meant(word: &str) -> Option<Action> {
    match word.to_uppercase().as_str() {
        "RELEASE" => Some(Action::Release),
        "RESTORE" => Some(Action::Restore),
        "KEEP" => Some(Action::Keep { for_: KEEP_FOR }),
        _ => None,
    }
}

/// A word without the punctuation around it: the brackets of the notice, the full stop that a phone adds.
fn bare(word: &str) -> &str {
    word.trim_matches(|character: char| {
        matches!(
            character,
            '.' | ',' | ';' | ':' | '!' | '?' | '"' | '\'' | '`' | '(' | ')'
        )
    })
}

/// The code, which may be typed in groups, and what follows it.
///
/// The fewest words that are a code are taken for it. A code that was extended and is typed in groups is so read as a
/// shorter one with something behind it; that is refused, or after `KEEP` may be a time.
fn split(tokens: &[&str]) -> Option<(RequestCode, String)> {
    (1..=tokens.len()).find_map(|count| {
        let (code, rest) = tokens.split_at_checked(count)?;
        let code = RequestCode::parse(&code.concat()).ok()?;
        Some((code, rest.join(" ")))
    })
}

fn without_code(words: &[&str]) -> String {
    if words.is_empty() {
        return "the code of the request is missing".to_owned();
    }
    let typed = text::shown(&words.join(" "), 40);
    format!("there is no request code in `{typed}`; one looks like `7F3K2QWX`")
}

/// The action with what stands after the code.
fn with_time(action: Action, rest: &str) -> Result<Action, String> {
    match action {
        _ if rest.is_empty() => Ok(action),
        Action::Keep { .. } => kept_for(rest).map(|for_| Action::Keep { for_ }),
        Action::Release | Action::Restore | Action::Expire => Err(format!(
            "after the code stands `{}`; only KEEP takes more than the code",
            text::shown(rest, 40)
        )),
    }
}

fn kept_for(rest: &str) -> Result<SignedDuration, String> {
    let for_ = span::parse(&rest.to_lowercase()).map_err(|error| error.to_string())?;
    if for_ > KEEP_AT_MOST {
        let (asked, most) = (span::shown(for_), span::shown(KEEP_AT_MOST));
        return Err(format!("{asked} is more than the longest time of {most}"));
    }
    Ok(for_)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn number() -> PhoneNumber {
        PhoneNumber::parse("+14255550182").unwrap()
    }

    fn read(message: &str) -> (Action, String) {
        let decision = parse(message, &number()).unwrap();
        let code = decision.target.request.unwrap();
        (decision.action, code.as_str().to_owned())
    }

    fn refused(message: &str) -> String {
        let rejection = parse(message, &number()).unwrap_err();
        format!("{}; send {}", rejection.why, rejection.example)
    }

    fn keep(text: &str) -> Action {
        Action::Keep {
            for_: span::parse(text).unwrap(),
        }
    }

    #[test]
    fn a_word_and_a_code_are_a_decision_of_the_number() {
        let decision = parse("RELEASE 7F3K2QWX", &number()).unwrap();
        assert_eq!(decision.action, Action::Release);
        assert_eq!(decision.target.request.unwrap().as_str(), "7F3K2QWX");
        assert_eq!(decision.target.lock, None);
        assert_eq!(decision.by, "+14255550182");
        assert!(decision.even_if.is_empty() && decision.reason.is_none());
        assert_eq!(read("RESTORE 7F3K2QWX").0, Action::Restore);
        assert_eq!(read("KEEP 7F3K2QWX 2h").0, keep("2h"));
        assert_eq!(read("KEEP 7F3K2QWX").0, keep("1h"));
    }

    #[test]
    fn what_a_thumb_or_a_phone_does_to_a_text_is_forgiven() {
        for message in [
            "release 7f3k2qwx",
            "Release 7F3K-2QWX.",
            "  RELEASE\t7F3K 2QWX \r\n",
            "RELEASE: (7F3K2QWX)!",
            "release \"7f3k2qwx\",",
            "RELEASE\u{a0}7F3K2QWX ...",
        ] {
            assert_eq!(read(message), (Action::Release, "7F3K2QWX".to_owned()));
        }
        for message in [
            "keep 7f3k-2qwx 90 M.",
            "Keep 7F3K 2QWX 1H30M",
            "KEEP 7F3K2QWX 90m",
        ] {
            assert_eq!(read(message), (keep("90m"), "7F3K2QWX".to_owned()));
        }
    }

    #[test]
    fn a_time_that_could_be_a_part_of_the_code_is_a_time() {
        assert_eq!(
            read("KEEP 7F3K2QWX 120m"),
            (keep("2h"), "7F3K2QWX".to_owned())
        );
        assert_eq!(read("KEEP 7F3K2QWX120M").1, "7F3K2QWX120M");
    }

    #[test]
    fn nothing_is_released_that_was_not_wholly_named() {
        assert_snapshot!(refused("RELEASE 7F3K2QWX ABCD"), @"after the code stands `ABCD`; only KEEP takes more than the code; send RELEASE 7F3K2QWX");
        assert_snapshot!(refused("RELEASE 7F3K2QWX 9HXM4TQA"), @"after the code stands `9HXM4TQA`; only KEEP takes more than the code; send RELEASE 7F3K2QWX");
        assert_snapshot!(refused("RESTORE 7F3K2QWX even_if fresh"), @"after the code stands `even_if fresh`; only KEEP takes more than the code; send RESTORE 7F3K2QWX");
    }

    #[test]
    fn what_is_no_decision_is_answered_with_what_to_send() {
        assert_snapshot!(refused(""), @"a text message begins with RELEASE, KEEP or RESTORE; send RELEASE 7F3K2QWX");
        assert_snapshot!(refused("yes"), @"a text message begins with RELEASE, KEEP or RESTORE; send RELEASE 7F3K2QWX");
        assert_snapshot!(refused("9HXM4TQA"), @"a text message begins with RELEASE, KEEP or RESTORE; send RELEASE 7F3K2QWX");
        assert_snapshot!(refused("Release!"), @"the code of the request is missing; send RELEASE 7F3K2QWX");
        assert_snapshot!(refused("release it\u{202e}"), @r"there is no request code in `it\u{202e}`; one looks like `7F3K2QWX`; send RELEASE 7F3K2QWX");
        assert_snapshot!(refused("keep 9hxm4tqa soon"), @"`soon` is not a span of time; one looks like `90s`, `15m`, `4h` or `1d`; send KEEP 9HXM4TQA 2h");
        assert_snapshot!(refused("keep 9hxm4tqa -2h"), @"`-2h` is not usable here: a span must be longer than zero and use days, hours, minutes or seconds; send KEEP 9HXM4TQA 2h");
        assert_snapshot!(refused("keep 9hxm4tqa 25h"), @"1 d 1 h is more than the longest time of 1 d; send KEEP 9HXM4TQA 2h");
        assert_snapshot!(refused(&format!("RELEASE 9HXM4TQA{}", " ".repeat(145))), @"the text message has 161 characters, more than 160; send RELEASE 7F3K2QWX");
    }

    #[test]
    fn who_did_not_say_what_to_do_is_not_shown_how_to_release_that_very_lock() {
        let answer = refused("STOP 9HXM4TQA");
        assert!(!answer.contains("9HXM4TQA"), "{answer}");
        let answer = refused("KEEP 9HXM4TQA forever");
        assert!(!answer.contains("RELEASE"), "{answer}");
    }

    #[test]
    fn a_refusal_names_the_number() {
        let by = parse("yes", &number()).unwrap_err().by;
        assert_eq!(by.as_deref(), Some("+14255550182"));
    }

    #[test]
    fn every_example_is_itself_a_right_message() {
        let code = RequestCode::parse("9HXM4TQA").unwrap();
        for action in [Action::Release, Action::Restore, keep("1h")] {
            for text in [example(action, None), example(action, Some(&code))] {
                assert!(is_order(&text), "{text}");
            }
        }
        assert!(!is_order(&crate::decision::example(None, &[])));
    }

    #[test]
    fn a_number_is_international_or_none() {
        for number in [
            "+14255550182",
            "+4915112345678",
            "+1234567",
            "+123456789012345",
        ] {
            assert_eq!(PhoneNumber::parse(number).unwrap().as_str(), number);
        }
        for other in [
            "",
            "+",
            "14255550182",
            "+123456",
            "+1234567890123456",
            "+01234567",
            "+1425555018x",
            " +14255550182",
            "72345",
            "AWS",
        ] {
            assert_eq!(PhoneNumber::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_log_shows_the_end_of_a_number_and_nothing_else() {
        assert_eq!(masked("+14255550182"), "...82");
        assert_eq!(format!("{:?}", number()), "PhoneNumber(...82)");
        for sender in ["", "7", "EVIL", "+1425555018\u{1b}", "日本", "x\n9"] {
            assert_eq!(masked(sender), "...", "{sender:?}");
        }
    }

    proptest! {
        #[test]
        fn no_message_makes_the_parser_panic(message in "(?s)(RELEASE|keep|restore)? ?.{0,200}") {
            drop(parse(&message, &number()));
        }

        /// Whatever stands around it, a message that is followed names exactly the request that was typed.
        #[test]
        fn a_message_that_is_followed_says_which_request(
            code in "[0-9A-HJKMNP-TV-Z]{8}",
            tail in "[ .,a-zA-Z0-9-]{0,20}",
        ) {
            if let Ok(decision) = parse(&format!("RELEASE {code}{tail}"), &number()) {
                let typed = format!("{code}{tail}");
                let read = RequestCode::parse(&typed.replace(['.', ','], "")).unwrap();
                prop_assert_eq!(decision.target.request.unwrap(), read);
            }
        }

        #[test]
        fn no_sender_writes_into_the_log(sender in "\\PC{0,30}") {
            prop_assert!(masked(&sender).len() <= 5);
            prop_assert!(masked(&sender).bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
        }
    }
}
