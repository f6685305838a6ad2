//! The forms. Each wants a name and something typed, so that no program sends one by itself.

use lockwarden_core::policy::Judgement;
use lockwarden_core::text::shown;
use lockwarden_core::token::Token;
use maud::{Markup, html};

use super::ToType;
use super::request::Form;
use super::view::{Notice, Now, View};
use super::words::FIELD;

pub(super) fn forms(view: &View, token: &Token, form: &Form, wrong: Option<&Notice>) -> Markup {
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
    let no_release = no_release(view, judgement);
    let may_keep = view.entry.status.may_be_kept();
    html! {
        h2 #decide { "Decide" }
        @if let Some(why) = no_release.as_ref().filter(|_| !may_keep) {
            (why)
        } @else {
            form method="post" action=(view.entry.code) {
                (no_button_by_enter())
                (who_and_why(view, token, form, wrong, "decide"))
                @if let Some(why) = &no_release { (why) } @else { (release(form, judgement)) }
                @if may_keep { (keep(form)) }
            }
        }
    }
}

/// Why there is no button to release the lock, if that is so.
fn no_release(view: &View, judgement: &Judgement) -> Option<Markup> {
    if view.observe_only {
        return Some(html! { p { "Releases are switched off here: Lockwarden only observes." } });
    }
    if let Some(why) = view.not_by_lockwarden() {
        return Some(html! {
            p { "Lockwarden may not release this lock: " (shown(&why, FIELD)) ". " a href="#commands" { "How to do it by hand" } "." }
        });
    }
    let must_be_known = !judgement.objections.is_empty() && !view.may_say_even_if();
    must_be_known.then(|| html! {
        p {
            "This link cannot release the lock, because it is "
            @for (index, word) in judgement.objections.iter().enumerate() { @if index > 0 { ", " } strong { (word.word()) } }
            ". Who releases it all the same must be known by name, and a link tells no names: there is a "
            a href="#commands" { "command" } " for it. Or wait, and look again."
        }
    })
}

fn release(form: &Form, judgement: &Judgement) -> Markup {
    html! {
        @for word in &judgement.objections {
            label.check {
                input type="checkbox" name="even_if" value=(word.word()) checked[form.even_if.iter().any(|said| said == word.word())];
                " I know that this lock is " strong { (word.word()) } "."
            }
        }
        p.note { "Releasing deletes exactly this lock, and only if it is unchanged. It does not stop a job that still runs: make sure that it is gone." }
        button.danger type="submit" name="action" value="release" { "Release this lock" }
    }
}

fn keep(form: &Form) -> Markup {
    html! {
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

/// The Enter key presses the first button of a form, and none if that one is disabled. Two decisions stand behind this form, and
/// a phone's "Go" must not choose one of them.
/// <https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#implicit-submission>
fn no_button_by_enter() -> Markup {
    html! { button type="submit" disabled hidden {} }
}

pub(super) fn restore_form(
    view: &View,
    token: &Token,
    form: &Form,
    wrong: Option<&Notice>,
) -> Markup {
    html! {
        h2 { "Undo" }
        p { "Puts the record back, byte for byte, if nothing holds the state by then. Nobody can plan or apply the state again until it is released or its holder lets go." }
        form method="post" action=(view.entry.code) {
            (who_and_why(view, token, form, wrong, "undo"))
            button type="submit" name="action" value="restore" { "Put this lock back" }
        }
    }
}

/// Whether the page has the field that a notice is about, which then shows it.
pub(super) fn is_by_a_field(view: &View, form: &Form, wrong: &Notice) -> bool {
    let has_form = if form.action == "restore" {
        view.may_restore()
    } else {
        view.may_decide()
    };
    has_form && !wrong.field.is_empty()
}

/// What has to be corrected.
pub(super) fn alert(wrong: &Notice) -> Markup {
    html! { p.wrong role="alert" id="wrong" { (wrong.text) } }
}

/// The fields that both forms have; `form_name` tells their ids apart where a page has both.
fn who_and_why(
    view: &View,
    token: &Token,
    form: &Form,
    wrong: Option<&Notice>,
    form_name: &str,
) -> Markup {
    let ToType { whose, text, .. } = ToType::of(&view.entry);
    let length = text.chars().count();
    // Of two forms the one that was sent is the one to correct.
    let was_sent = (form.action == "restore") == (form_name == "undo");
    let empty = Form::default();
    let form = if was_sent { form } else { &empty };
    let wrong = wrong.filter(|wrong| was_sent && !wrong.field.is_empty());
    let is_wrong = |field: &str| wrong.is_some_and(|wrong| wrong.field == field);
    let id = |field: &str| format!("{form_name}-{field}");
    html! {
        input type="hidden" name="t" value=(token.reveal());
        @if let Some(caller) = &view.caller {
            p.note { "AWS says that you are " strong { (shown(caller, FIELD)) } "." }
        }
        @if let Some(wrong) = wrong { (alert(wrong)) }
        label for=(id("by")) { "Your name" }
        input id=(id("by")) type="text" name="by" required autocomplete="name" maxlength="200" value=(form.by)
            autofocus[is_wrong("by")] aria-invalid=[is_wrong("by").then_some("true")] aria-describedby=[is_wrong("by").then_some("wrong")];
        label for=(id("typed")) { "First " (length) " characters of the " (whose) ": " code { (text) } }
        input id=(id("typed")) type="text" name="typed" required autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false" maxlength="40" value=(form.typed)
            autofocus[is_wrong("typed")] aria-invalid=[is_wrong("typed").then_some("true")] aria-describedby=[is_wrong("typed").then_some("wrong")];
        label for=(id("reason")) { "Reason (for the audit log, optional)" }
        input id=(id("reason")) type="text" name="reason" maxlength="500" autocomplete="off" value=(form.reason);
    }
}
