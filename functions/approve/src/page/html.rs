//! The two pages of a request, in HTML: no script, nothing from elsewhere, readable on a phone at night.
//!
//! Every value goes through maud, which escapes it, and through `text::shown`, which makes what cannot be seen visible.

use lockwarden_core::ledger::Status;
use lockwarden_core::outcome::{DigestCheck, DigestRead, Outcome, OutcomeKind};
use lockwarden_core::policy::Judgement;
use lockwarden_core::text::shown;
use lockwarden_core::token::Token;
use maud::{Markup, html};

use super::explained;
use super::facts::{commands, essentials, history, new_holder, particulars};
use super::forms::{alert, forms, is_by_a_field, restore_form};
use super::frame::{PageReply, page};
use super::request::Form;
use super::view::{Notice, Now, View};
use super::words::{FIELD, time};

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
            @if let Some(wrong) = wrong.as_ref().filter(|wrong| !is_by_a_field(view, form, wrong)) { (alert(wrong)) }
            (situation(view))
            (essentials(view))
            (forms(view, token, form, wrong.as_ref()))
            (particulars(view))
            (commands(view))
            (history(view.events.as_deref()))
            (explained::form(&view.entry.code, token))
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
            (next(outcome))
            @if let Some(view) = view {
                p { a href={ (view.entry.code) "?t=" (token.reveal()) } { "Back to this lock, as it is now" } }
                @if view.may_restore() { (restore_form(view, token, &Form::default(), None)) }
                (commands(view))
                (history(view.events.as_deref()))
            }
        },
    )
}

fn headline(view: &View) -> &'static str {
    match (&view.now, view.entry.status) {
        (Now::Other(_), _) => "Another lock is there now",
        (Now::Unknown(_), _) => "Nobody can look at this lock",
        (Now::Gone, Status::Released) => "This lock was released",
        (Now::Gone, _) => "This lock is gone",
        (Now::Same(..), Status::Deciding) => "A decision is being carried out",
        (Now::Same(..), Status::Restored) => "This lock was put back",
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
            @if view.is_spent() {
                p { "This link decides nothing more: it has decided, or the lock was put back since. The next notice about this lock has a new one, and the " a href="#commands" { "commands" } " work at any time." }
            }
            @if let Some(until) = view.entry.kept_until.filter(|_| view.entry.status == Status::Kept) {
                p { "It is being kept: nobody is reminded until " (time(until)) "." }
            }
            @if let (Some(until), Now::Same(..)) = (view.entry.time_to_exist, &view.now) {
                p { "Nobody answered, so it expires: DynamoDB deletes it some time after " (time(until)) ". Keep it, and it does not." }
            }
            @if let Some(outcome) = &view.entry.outcome {
                @let (title, _) = told(outcome);
                p { "Last decision: " (title) (by(outcome)) "." }
            }
        }
    }
}

fn by(outcome: &Outcome) -> Markup {
    html! {
        @if let Some(by) = &outcome.by { ", by " (shown(by, FIELD)) " (claimed)" }
        @if let Some(verified) = &outcome.by_verified { ", verified " (shown(verified, FIELD)) }
    }
}

fn sentence(judgement: &Judgement) -> String {
    let mut why = shown(&judgement.why, 1_000);
    if let Some(first) = why.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    format!("{why}.")
}

/// What to do next.
fn next(outcome: &Outcome) -> Markup {
    let steps: &[&str] = match outcome.result {
        OutcomeKind::Released => return after_release(outcome),
        OutcomeKind::PartlyReleased => &[
            "Look at both stores, by the commands below.",
            "Then release the half that is left, or put the other one back.",
        ],
        OutcomeKind::AlreadyReleased => &["Run the plan again: nothing holds the state."],
        OutcomeKind::ChangedHands => {
            &["Nothing. If the lock that is there now gets stale, you are asked about it."]
        }
        OutcomeKind::NotStale => &["Wait, and look at the lock again."],
        OutcomeKind::Expiring => &["Keep it, if its holder is alive."],
        OutcomeKind::Kept => &["Decide later, by this link or by the next notice."],
        OutcomeKind::Restored => &[
            "Let its holder finish.",
            "If the holder is dead after all, release the lock by the link of the next notice or by a command.",
        ],
        OutcomeKind::Rejected => &["Look at the lock as it is now, and decide again."],
    };
    html! {
        h2 { "Next" }
        ol { @for step in steps { li { (step) } } }
    }
}

fn after_release(outcome: &Outcome) -> Markup {
    html! {
        h2 { "Next" }
        ol {
            li { "Run " code { (outcome.next.as_deref().unwrap_or("terraform plan")) } " in the directory and workspace of this state." }
            @if outcome.digest == Some(DigestCheck::Mismatch) {
                @if outcome.digest_read == Some(DigestRead::Whole) {
                    li { "The state's digest is not the state's checksum. The plan will say so, and how to repair it." }
                } @else {
                    li { "The state's digest does not look like the state's checksum. Unless the bucket is encrypted with KMS, the plan will say so, and how to repair it." }
                }
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
            "Another lock is there now",
            "It was left alone. The one in the notice is gone.",
        ),
        (OutcomeKind::NotStale, _) => ("Not released", "The lock is not stale."),
        (OutcomeKind::Kept, _) => (
            "Kept",
            "The lock stays, and nobody is reminded for a while.",
        ),
        (OutcomeKind::Expiring, _) => (
            "Expiring",
            "Nobody answered, so the lock expires. It is still there.",
        ),
        (OutcomeKind::Restored, _) => ("Put back", "The lock is there again, byte for byte."),
        (OutcomeKind::PartlyReleased, _) => (
            "Released by half",
            "The lock object is gone, and the DynamoDB item was left alone.",
        ),
        (OutcomeKind::Rejected, Some(false)) => (
            "Interrupted",
            "The release was interrupted, and it may be that the lock or half of it is gone. Look again.",
        ),
        (OutcomeKind::Rejected, _) => ("Not carried out", "Nothing was changed."),
    }
}
