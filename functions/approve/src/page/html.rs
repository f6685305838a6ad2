//! The page in HTML: no script, nothing from elsewhere, readable on a phone at night.
//!
//! Every value goes through maud, which escapes it, and through `text::shown`, which makes what cannot be seen visible.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lockwarden_aws::Failure;
use lockwarden_core::ledger::{Event, Status as Standing};
use lockwarden_core::lock::Lock;
use lockwarden_core::outcome::{DigestCheck, NewHolder, Outcome, OutcomeKind};
use lockwarden_core::policy::{DEFAULT_RULE, Judgement, SignOfLife};
use lockwarden_core::span;
use lockwarden_core::text::shown;
use lockwarden_core::token::Token;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::ToType;
use super::request::Form;
use super::view::{Notice, Now, View};

/// The one style sheet. Its hash stands in the page's security policy, so nothing else can style the page.
const STYLE: &str = include_str!("style.css");
/// How much of a foreign value a line shows (characters).
const FIELD: usize = 300;

/// An answer of a function URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageReply {
    /// The HTTP status.
    pub status_code: u16,
    /// The HTTP headers.
    pub headers: BTreeMap<&'static str, String>,
    /// The page.
    pub body: String,
}

impl PageReply {
    /// Whether somebody asked for what they do not get.
    pub(crate) fn turns_away(&self) -> bool {
        (400..500).contains(&self.status_code)
    }
}

/// The statuses of requests that the page has nothing for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    BadRequest,
    NotFound,
    MethodNotAllowed,
    TooLarge,
    UnsupportedMediaType,
}

impl Status {
    fn code_and_words(self) -> (u16, &'static str) {
        match self {
            Self::BadRequest => (400, "This is not a request that this page understands."),
            Self::NotFound => (404, "There is nothing here."),
            Self::MethodNotAllowed => (
                405,
                "This page can be read and its forms sent, nothing else.",
            ),
            Self::TooLarge => (413, "The form is larger than any form of this page."),
            Self::UnsupportedMediaType => (415, "Only the forms of this page are taken."),
        }
    }
}

/// A request with the forms that its link may use now; with what was filled in before, where that has to be corrected.
pub(super) fn request(view: &View, token: &Token, form: &Form, wrong: Option<Notice>) -> PageReply {
    let status = if wrong.is_some() { 422 } else { 200 };
    let headline = headline(view);
    page(
        status,
        headline,
        &html! {
            h1 { (headline) }
            p.state { (shown(view.entry.path.as_str(), 1_100)) }
            @if let Some(wrong) = &wrong {
                p.wrong role="alert" id="wrong" { (wrong.text) }
            }
            (situation(view))
            (facts(view))
            (forms(view, token, form, wrong.as_ref()))
            (commands(view))
            (history(view.events.as_deref()))
        },
    )
}

/// What came of a decision, and what to do next.
pub(super) fn result(view: Option<&View>, token: &Token, outcome: &Outcome) -> PageReply {
    let (title, words) = told(outcome);
    page(
        200,
        title,
        &html! {
            h1 { (title) }
            @if let Some(path) = &outcome.lock_id { p.state { (shown(path.as_str(), 1_100)) } }
            div.banner { p { (words) } }
            @if let Some(why) = &outcome.why { p { (shown(why, 1_000)) } }
            @if let Some(holder) = &outcome.now_held_by { (new_holder(holder)) }
            @if let Some(until) = outcome.until { p { "Nobody is reminded until " (time(until)) "." } }
            @if outcome.result == OutcomeKind::Released { (after_release(outcome)) }
            @if let Some(view) = view {
                @if view.may_restore() { (restore_form(view, token, &Form::default(), None)) }
                (commands(view))
                (history(view.events.as_deref()))
            }
        },
    )
}

/// An answer that has nothing to do with any request.
pub(super) fn plain(status: Status) -> PageReply {
    let (code, words) = status.code_and_words();
    if status == Status::NotFound {
        return nothing_here();
    }
    let mut reply = page(code, words, &html! { h1 { (words) } });
    if status == Status::MethodNotAllowed {
        reply.headers.insert("allow", "GET, HEAD, POST".to_owned());
    }
    reply
}

/// Whoever has no link need not learn what runs here.
fn nothing_here() -> PageReply {
    let mut headers = headers();
    headers.insert("content-type", "text/plain; charset=utf-8".to_owned());
    PageReply {
        status_code: 404,
        headers,
        body: "404\n".to_owned(),
    }
}

/// The same for a code that does not exist and for a token that does not fit.
pub(super) fn no_such_link() -> PageReply {
    let words = "This link opens nothing";
    page(
        404,
        words,
        &html! {
            h1 { (words) }
            p { "It may have been cut when it was copied. Take it from the notice again, or decide by the command in the notice." }
        },
    )
}

/// The link was right once.
pub(super) fn expired() -> PageReply {
    let words = "This link has expired";
    page(
        410,
        words,
        &html! {
            h1 { (words) }
            p { "A newer notice about the same lock has a new link. The command in the notice works at any time." }
        },
    )
}

/// AWS did not answer, somebody else is just deciding, or something has to be mended first.
pub(super) fn out_of_order(failure: &Failure) -> PageReply {
    let (status, words, more) = if failure.is_transient() {
        (
            503,
            "Not now",
            "AWS did not answer in time, or somebody else is just deciding about this lock. Nothing is lost: load the page again in a minute.",
        )
    } else {
        (
            500,
            "Lockwarden cannot look",
            "Something here has to be mended first; its log says what. The commands in the notice do without this page.",
        )
    };
    let mut reply = page(status, words, &html! { h1 { (words) } p { (more) } });
    if failure.is_transient() {
        reply.headers.insert("retry-after", "60".to_owned());
    }
    reply
}

fn page(status_code: u16, title: &str, content: &Markup) -> PageReply {
    let body = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · Lockwarden" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (content) }
                footer { p { "Lockwarden" } }
            }
        }
    };
    PageReply {
        status_code,
        headers: headers(),
        body: body.into_string(),
    }
}

fn headers() -> BTreeMap<&'static str, String> {
    let hash = BASE64.encode(&Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    BTreeMap::from([
        ("content-type", "text/html; charset=utf-8".to_owned()),
        ("content-security-policy", policy),
        ("referrer-policy", "no-referrer".to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("x-frame-options", "DENY".to_owned()),
        (
            "strict-transport-security",
            "max-age=63072000; includeSubDomains".to_owned(),
        ),
    ])
}

fn headline(view: &View) -> &'static str {
    match (&view.now, view.entry.status) {
        (Now::Other(_), _) => "Another lock is there now",
        (Now::Unknown(_), _) => "Nobody can look at this lock",
        (Now::Gone, Standing::Released) => "This lock was released",
        (Now::Gone, _) => "This lock is gone",
        (Now::Same(..), Standing::Deciding) => "A decision is being carried out",
        (Now::Same(..), Standing::Restored) => "This lock was put back",
        (Now::Same(..), _) => "A state is locked",
    }
}

fn situation(view: &View) -> Markup {
    html! {
        div.banner {
            @match &view.now {
                Now::Same(judgement, _) => {
                    p { strong { "The lock is still the one in the notice." } " " (sentence(judgement)) }
                }
                Now::Other(holder) => {
                    p { strong { "The lock in the notice is gone." } " Another one has its place, and this page leaves it alone." }
                    (new_holder(holder))
                }
                Now::Gone => {
                    p { strong { "Nothing holds this state now." } " There is nothing to release." }
                }
                Now::Unknown(why) => {
                    p { strong { "Lockwarden cannot look." } " " (shown(why, 1_000)) }
                }
            }
            @if view.may_decide() { p { a href="#decide" { "Decide below" } ", after reading what is known:" } }
            @if let Some(outcome) = &view.entry.outcome {
                @let (title, _) = told(outcome);
                p { "Last decision: " (title) (by(outcome)) "." }
            }
        }
    }
}

fn by(outcome: &Outcome) -> String {
    let by = outcome
        .by
        .as_deref()
        .map(|by| format!(", by {}", shown(by, FIELD)));
    by.unwrap_or_default()
}

fn sentence(judgement: &Judgement) -> String {
    let mut why = shown(&judgement.why, 1_000);
    if let Some(first) = why.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    format!("{why}.")
}

fn facts(view: &View) -> Markup {
    let lock = view.entry.lock();
    let info = lock.info();
    html! {
        dl {
            @match &info {
                Ok(info) => {
                    (fact("Holder", &or_not_said(&info.who)))
                    (fact("Operation", &format!("{} ({})", info.operation, if info.operation.may_write() { "may write the state" } else { "only reads" })))
                    (fact("Began trying", &format!("{} by its own clock", time_text(info.created))))
                }
                Err(why) => {
                    (fact("Record", &format!("It cannot be understood: {}", shown(why, FIELD))))
                    @if let Some(raw) = lock.content.text() {
                        dt { "Raw text" } dd { pre { (shown(raw, 2_000)) } }
                    }
                }
            }
            @if let Now::Same(judgement, there) = &view.now {
                (fact("Held", &held(judgement)))
                (fact("Sign of life", &life(judgement)))
                (fact("Judged by", &rule(judgement)))
                (places(there))
            } @else {
                (places(&lock))
            }
            @if let Ok(info) = &info {
                (fact("Version", &or_not_said(&info.version)))
                (fact("Lock ID", &shown(info.id.as_str(), FIELD)))
            }
            @if let Some(digest) = view.digest { (fact("Digest", digest_words(digest))) }
            (fact("Told", &told_so_far(view)))
            (fact("Request", view.entry.code.as_str()))
        }
    }
}

fn fact(name: &str, value: &str) -> Markup {
    html! { dt { (name) } dd { (value) } }
}

fn places(lock: &Lock) -> Markup {
    html! {
        @for place in &lock.places { (fact("Stored in", &place.shown())) }
        @for rival in &lock.rivals {
            @let beside = lock.beside(rival);
            @let held = match beside.info() {
                Ok(info) => format!("{}, {}, lock ID {}", or_not_said(&info.who), info.operation, shown(info.id.as_str(), FIELD)),
                Err(why) => format!("a record that cannot be understood: {}", shown(&why, FIELD)),
            };
            (fact("Other side", &format!("{}: {held}", rival.place.shown())))
        }
    }
}

fn or_not_said(value: &str) -> String {
    if value.is_empty() {
        "not said".to_owned()
    } else {
        shown(value, FIELD)
    }
}

fn rule(judgement: &Judgement) -> String {
    if judgement.rule == DEFAULT_RULE {
        "the default limits".to_owned()
    } else {
        format!("the rule {}", shown(&judgement.rule, FIELD))
    }
}

fn held(judgement: &Judgement) -> String {
    let at_least = span::shown(judgement.held.at_least);
    let at_most = span::shown(judgement.held.at_most);
    if at_least == at_most {
        at_least
    } else {
        format!("at least {at_least}, at most {at_most}")
    }
}

fn life(judgement: &Judgement) -> String {
    match &judgement.life {
        SignOfLife::Seen { state_written } => format!(
            "the state was written at {}: the holder is probably alive",
            time_text(*state_written)
        ),
        SignOfLife::NoneSeen {
            state_written: Some(at),
        } => format!(
            "none seen; the state was last written at {}. A long step writes nothing either",
            time_text(*at)
        ),
        SignOfLife::NoneSeen {
            state_written: None,
        } => "none seen; there is no state yet".to_owned(),
        SignOfLife::Unknown(why) => format!("unknown: {}", shown(why, FIELD)),
    }
}

fn digest_words(digest: DigestCheck) -> &'static str {
    match digest {
        DigestCheck::Match => "fits the state",
        DigestCheck::Mismatch => {
            "does not look like the state's checksum; in a bucket encrypted with KMS this means nothing"
        }
        DigestCheck::Unknown => "cannot be told",
    }
}

fn told_so_far(view: &View) -> String {
    let told = &view.entry.told;
    match told.last {
        Some(last) if told.count == 1 => format!("once, at {}", time_text(last)),
        Some(last) => format!("{} times, last at {}", told.count, time_text(last)),
        None => "nobody yet".to_owned(),
    }
}

fn forms(view: &View, token: &Token, form: &Form, wrong: Option<&Notice>) -> Markup {
    html! {
        @if view.may_decide() {
            @if let Now::Same(judgement, _) = &view.now {
                (decide_form(view, token, form, wrong, judgement))
            }
        }
        @if view.may_restore() { (restore_form(view, token, form, wrong)) }
    }
}

fn decide_form(
    view: &View,
    token: &Token,
    form: &Form,
    wrong: Option<&Notice>,
    judgement: &Judgement,
) -> Markup {
    let blocked = !judgement.objections.is_empty() && !view.may_say_even_if();
    html! {
        h2 #decide { "Decide" }
        form method="post" action=(view.entry.code) {
            (who_and_why(view, token, form, wrong))
            @if view.observe_only {
                p { "Releases are switched off here: Lockwarden only observes." }
            } @else if blocked {
                p {
                    "This lock cannot be released from this page: the decision must say that it knows ("
                    @for (index, word) in judgement.objections.iter().enumerate() { @if index > 0 { ", " } (word.word()) }
                    "), and a link does not say who you are. Use the command in the notice."
                }
            } @else {
                @for word in &judgement.objections {
                    label.check {
                        input type="checkbox" name="even_if" value=(word.word()) checked[form.even_if.iter().any(|said| said == word.word())];
                        " I know that this lock is " strong { (word.word()) } "."
                    }
                }
                p.note { "Releasing deletes exactly this lock, and only if it is unchanged. It does not stop a job that still runs: make sure that it is gone." }
                button.danger type="submit" name="action" value="release" { "Release this lock" }
            }
            fieldset {
                legend { "Or leave it alone" }
                label for="for" { "Do not remind anybody for" }
                select id="for" name="for" {
                    @for (value, words) in [("30m", "30 minutes"), ("2h", "2 hours"), ("8h", "8 hours"), ("24h", "24 hours")] {
                        option value=(value) selected[if form.keep_for.is_empty() { value == "2h" } else { form.keep_for == value }] { (words) }
                    }
                }
                button type="submit" name="action" value="keep" { "Keep this lock" }
            }
        }
    }
}

fn restore_form(view: &View, token: &Token, form: &Form, wrong: Option<&Notice>) -> Markup {
    html! {
        h2 { "Undo" }
        p { "Puts the record back, byte for byte, if nothing holds the state by then. Nobody can plan or apply the state again until it is released or its holder lets go." }
        form method="post" action=(view.entry.code) {
            (who_and_why(view, token, form, wrong))
            button type="submit" name="action" value="restore" { "Put this lock back" }
        }
    }
}

fn who_and_why(view: &View, token: &Token, form: &Form, wrong: Option<&Notice>) -> Markup {
    let ToType { whose, text } = ToType::of(&view.entry);
    let is_wrong = |field: &str| wrong.is_some_and(|wrong| wrong.field == field);
    html! {
        input type="hidden" name="t" value=(token.reveal());
        @if let Some(caller) = &view.caller {
            p.note { "AWS says that you are " strong { (shown(caller, FIELD)) } "." }
        }
        label for="by" { "Your name" }
        input #by type="text" name="by" required autocomplete="name" maxlength="200" value=(form.by)
            aria-invalid=[is_wrong("by").then_some("true")] aria-describedby=[is_wrong("by").then_some("wrong")];
        label for="typed" { "First 8 characters of the " (whose) ": " code { (text) } }
        input #typed type="text" name="typed" required autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="40" value=(form.typed)
            aria-invalid=[is_wrong("typed").then_some("true")] aria-describedby=[is_wrong("typed").then_some("wrong")];
        label for="reason" { "Reason (for the audit log, optional)" }
        input #reason type="text" name="reason" maxlength="500" autocomplete="off" value=(form.reason);
    }
}

fn after_release(outcome: &Outcome) -> Markup {
    html! {
        h2 { "Next" }
        ol {
            li { "Run " code { (outcome.next.as_deref().unwrap_or("terraform plan")) } " in the directory and workspace of this state." }
            @if outcome.digest == Some(DigestCheck::Mismatch) {
                li { "The state's digest does not look like the state's checksum. Unless the bucket is encrypted with KMS, the plan will say so, and how to repair it." }
            }
            li { "If the old job comes back to life, stop it: it may still write the state." }
        }
    }
}

fn told(outcome: &Outcome) -> (&'static str, &'static str) {
    match (outcome.result, outcome.confirmed) {
        (OutcomeKind::Released, Some(false)) => (
            "The lock is gone",
            "The release was interrupted half-way, so it may be that the holder let go itself.",
        ),
        (OutcomeKind::Released, _) => (
            "Released",
            "The lock was released. Nothing else was touched.",
        ),
        (OutcomeKind::AlreadyReleased, _) => (
            "Gone already",
            "The lock was gone before. There is nothing to do.",
        ),
        (OutcomeKind::ChangedHands, _) => (
            "Not released",
            "Another lock is there now, and it was left alone. The one in the notice is gone.",
        ),
        (OutcomeKind::NotStale, _) => ("Not released", "The lock is not stale."),
        (OutcomeKind::Kept, _) => (
            "Kept",
            "The lock stays, and nobody is reminded for a while.",
        ),
        (OutcomeKind::Restored, _) => ("Put back", "The lock is there again, byte for byte."),
        (OutcomeKind::PartlyReleased, _) => (
            "Released by half",
            "The lock object is gone, and the DynamoDB item was left alone.",
        ),
        (OutcomeKind::Rejected, _) => ("Not carried out", "Nothing was changed."),
    }
}

fn new_holder(holder: &NewHolder) -> Markup {
    html! {
        @match &holder.id {
            Some(id) => {
                dl {
                    (fact("Now held by", &or_not_said(&holder.who)))
                    (fact("Lock ID", &shown(id.as_str(), FIELD)))
                    @if let Some(created) = holder.created { (fact("Began trying", &time_text(created))) }
                }
            }
            None => { p { "Its record cannot be read." } }
        }
    }
}

fn commands(view: &View) -> Markup {
    html! {
        @if !view.commands.is_empty() {
            details {
                summary { "The same by commands" }
                @for (what, command) in &view.commands {
                    p { (what) }
                    pre tabindex="0" { code { (command) } }
                }
            }
        }
    }
}

fn history(events: Option<&[Event]>) -> Markup {
    html! {
        @if events.is_none() { p { "What happened so far cannot be read just now." } }
        @if let Some(events) = events.filter(|events| !events.is_empty()) {
            h2 { "What happened so far" }
            ol.history reversed {
                @for event in events {
                    li {
                        (time(event.at)) " " strong { (event.sort_key().split('#').nth(2).unwrap_or_default()) }
                        ": " (shown(&event.detail, FIELD))
                        @if let Some(by) = &event.by { ", by " (shown(by, FIELD)) " (claimed)" }
                        @if let Some(verified) = &event.verified { ", verified " (shown(verified, FIELD)) }
                    }
                }
            }
        }
    }
}

fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (time_text(at)) } }
}

fn time_text(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M:%S UTC")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The palette behind the `nth` `:root`: 0 is for light, 1 for dark.
    fn palette(nth: usize) -> BTreeMap<&'static str, &'static str> {
        let block = STYLE.split(":root{").nth(nth + 1).unwrap();
        let block = block.split('}').next().unwrap();
        let pairs = block.split(';').filter_map(|rule| rule.split_once(':'));
        pairs.filter(|(name, _)| name.starts_with("--")).collect()
    }

    /// Relative luminance, as WCAG 2 defines it.
    fn luminance(color: &str) -> f64 {
        let digits = color.trim_start_matches('#');
        let channel = |index: usize| {
            let hex = match digits.len() {
                3 => digits[index..=index].repeat(2),
                _ => digits[2 * index..2 * index + 2].to_owned(),
            };
            let value = f64::from(u8::from_str_radix(&hex, 16).unwrap()) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2)
    }

    #[test]
    fn every_text_has_the_contrast_that_people_need_by_day_and_by_night() {
        for scheme in [0, 1] {
            let colors = palette(scheme);
            for (text, ground) in [
                ("--ink", "--ground"),
                ("--ink", "--card"),
                ("--ink", "--wrong"),
                ("--soft", "--ground"),
                ("--soft", "--card"),
                ("--accent", "--card"),
                ("--accent", "--ground"),
                ("--on-strong", "--danger"),
            ] {
                let (one, other) = (luminance(colors[text]), luminance(colors[ground]));
                let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
                assert!(
                    contrast >= 4.5,
                    "{text} on {ground}, scheme {scheme}: {contrast:.2}"
                );
            }
        }
    }

    #[test]
    fn every_answer_forbids_what_it_does_not_need() {
        for reply in [
            plain(Status::NotFound),
            no_such_link(),
            expired(),
            out_of_order(&Failure::new(
                "look",
                "busy",
                lockwarden_aws::Kind::Transient,
            )),
        ] {
            let policy = &reply.headers["content-security-policy"];
            assert!(
                policy.starts_with("default-src 'none'; style-src 'sha256-"),
                "{policy}"
            );
            assert_eq!(reply.headers["cache-control"], "no-store");
            assert_eq!(reply.headers["referrer-policy"], "no-referrer");
            assert!(!reply.body.contains("<script") && !reply.body.contains("http"));
        }
    }
}
