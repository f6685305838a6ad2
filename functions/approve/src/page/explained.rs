//! An error that somebody with a valid link has pasted, explained. It decides nothing and looks at nothing: what is true of the
//! lock of this link, its page shows.

use lockwarden_core::ids::RequestCode;
use lockwarden_core::paste;
use lockwarden_core::redact::Accounts;
use lockwarden_core::settings::Settings;
use lockwarden_core::token::Token;
use lockwarden_explain::answer::{Desk, Pasted};
use lockwarden_explain::{explain, print};
use maud::{Markup, html};

use super::frame::{self, PageReply};
use super::request::{EXPLAIN, Form};

/// What is said to an empty form.
const NOTHING: &str = "Nothing was pasted. Paste what was printed, from the line with `Error` to the end of `Lock Info`.";

/// The form to paste an error into, for whoever met another lock on the way here.
pub(super) fn form(code: &RequestCode, token: &Token) -> Markup {
    html! {
        details {
            summary { "Explain another error" }
            form method="post" action=(code) {
                input type="hidden" name="t" value=(token.reveal());
                label for="pasted" { "What Terraform, OpenTofu or Terragrunt printed" }
                textarea id="pasted" name="pasted" rows="8" spellcheck="false" {}
                button type="submit" name="action" value=(EXPLAIN) { "Explain it" }
            }
        }
    }
}

/// The answer. Secrets in what was pasted do not come back with it.
pub(super) fn page(
    code: &RequestCode,
    token: &Token,
    form: &Form,
    settings: &Settings,
) -> PageReply {
    let words = if form.pasted.trim().is_empty() {
        NOTHING.to_owned()
    } else {
        words(&form.pasted, settings)
    };
    let title = "What the error means";
    frame::page(
        200,
        title,
        &html! {
            h1 { (title) }
            pre tabindex="0" { (words) }
            p { a href={ (code) "?t=" (token.reveal()) } { "Back to the lock of this link" } }
            (self::form(code, token))
        },
    )
}

fn words(text: &str, settings: &Settings) -> String {
    let pasted = Pasted {
        found: paste::find(text),
        text: Some(text.to_owned()),
        config: None,
        accounts: Accounts::Shown,
    };
    let desk = Desk {
        topic: Some(&settings.approval_topic),
    };
    print::text(&explain(&pasted, desk, |_| None))
}
