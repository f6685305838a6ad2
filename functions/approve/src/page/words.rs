//! Values in words.

use jiff::Timestamp;
use lockwarden_core::outcome::DigestCheck;
use lockwarden_core::policy::{DEFAULT_RULE, Judgement, SignOfLife};
use lockwarden_core::span;
use lockwarden_core::text::{shown, shown_time};
use maud::{Markup, html};

/// How much of a foreign value a line shows (characters).
pub(super) const FIELD: usize = 300;

pub(super) fn or_not_said(value: &str) -> String {
    if value.is_empty() {
        "not said".to_owned()
    } else {
        shown(value, FIELD)
    }
}

pub(super) fn rule(judgement: &Judgement) -> String {
    if judgement.rule == DEFAULT_RULE {
        "the default limits".to_owned()
    } else {
        format!("the rule {}", shown(&judgement.rule, FIELD))
    }
}

pub(super) fn held(judgement: &Judgement) -> String {
    let at_least = span::shown(judgement.held.at_least);
    let at_most = span::shown(judgement.held.at_most);
    if at_least == at_most {
        at_least
    } else {
        format!("at least {at_least}, at most {at_most}")
    }
}

pub(super) fn life(judgement: &Judgement) -> String {
    match &judgement.life {
        SignOfLife::Seen { state_written } => format!(
            "the state was written at {}: the holder is probably alive",
            shown_time(*state_written)
        ),
        SignOfLife::NoneSeen {
            state_written: Some(at),
        } => format!(
            "none seen; the state was last written at {}. A long step writes nothing either",
            shown_time(*at)
        ),
        SignOfLife::NoneSeen {
            state_written: None,
        } => "none seen; there is no state yet".to_owned(),
        SignOfLife::Unknown(why) => format!("unknown: {}", shown(why, FIELD)),
    }
}

pub(super) fn digest_words(digest: DigestCheck) -> &'static str {
    match digest {
        DigestCheck::Match => "fits the state",
        DigestCheck::Mismatch => {
            "does not look like the state's checksum; in a bucket encrypted with KMS this means nothing"
        }
        DigestCheck::Unknown => "cannot be told",
    }
}

pub(super) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (shown_time(at)) } }
}
