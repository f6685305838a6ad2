//! What is known about a request: its lock, how it stands now, what happened so far, and the same by commands.

use lockwarden_core::ledger::Event;
use lockwarden_core::lock::Lock;
use lockwarden_core::outcome::NewHolder;
use lockwarden_core::text::{shown, shown_time};
use maud::{Markup, html};

use super::view::{Now, View};
use super::words::{FIELD, digest_words, held, life, or_not_said, rule, time};

/// What a person has to know to decide.
pub(super) fn essentials(view: &View) -> Markup {
    let lock = view.entry.lock();
    html! {
        dl {
            @match &lock.info() {
                Ok(info) => {
                    (fact("Holder", &or_not_said(&info.who)))
                    (fact("Operation", &format!("{} ({})", info.operation, if info.operation.may_write() { "may write the state" } else { "only reads" })))
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
                (rivals(there))
            }
        }
    }
}

/// What else is known.
pub(super) fn particulars(view: &View) -> Markup {
    let lock = view.entry.lock();
    html! {
        h2 { "More about this lock" }
        dl {
            @if let Ok(info) = &lock.info() {
                (fact("Lock ID", &shown(info.id.as_str(), FIELD)))
                (fact("Began trying", &format!("{} by its own clock", shown_time(info.created))))
                (fact("Terraform or OpenTofu", &or_not_said(&info.version)))
            }
            @if let Now::Same(judgement, there) = &view.now {
                (fact("Judged by", &rule(judgement)))
                (places(there))
            } @else {
                (places(&lock))
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
    }
}

/// The other side of a split.
fn rivals(lock: &Lock) -> Markup {
    html! {
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

fn told_so_far(view: &View) -> String {
    let told = &view.entry.told;
    let whom = format!(
        "everybody who subscribed to {}",
        shown(&view.told_by, FIELD)
    );
    match told.last {
        Some(last) if told.count == 1 => format!("{whom}, once, at {}", shown_time(last)),
        Some(last) => format!("{whom}, {} times, last at {}", told.count, shown_time(last)),
        None => "nobody yet".to_owned(),
    }
}

pub(super) fn new_holder(holder: &NewHolder) -> Markup {
    html! {
        @match &holder.id {
            Some(id) => {
                dl {
                    (fact("Now held by", &or_not_said(&holder.who)))
                    (fact("Lock ID", &shown(id.as_str(), FIELD)))
                    @if let Some(created) = holder.created { (fact("Began trying", &shown_time(created))) }
                }
            }
            None => { p { "Its record cannot be read." } }
        }
    }
}

pub(super) fn commands(view: &View) -> Markup {
    html! {
        @if !view.commands.is_empty() {
            details {
                summary { "The same by commands" }
                // Inside, as a link to it opens the details.
                div #commands {
                    @for (what, command) in &view.commands {
                        p { (what) }
                        pre tabindex="0" { code { (command) } }
                    }
                }
            }
        }
    }
}

pub(super) fn history(events: Option<&[Event]>) -> Markup {
    html! {
        @if events.is_none() { p { "What happened so far cannot be read just now." } }
        @if let Some(events) = events.filter(|events| !events.is_empty()) {
            h2 { "What happened so far" }
            ol.history reversed {
                @for event in events {
                    li {
                        (time(event.at)) " " strong { (event.what.word()) }
                        ": " (shown(&event.detail, FIELD))
                        @if let Some(by) = &event.by { ", by " (shown(by, FIELD)) " (claimed)" }
                        @if let Some(verified) = &event.verified { ", verified " (shown(verified, FIELD)) }
                    }
                }
            }
        }
    }
}
