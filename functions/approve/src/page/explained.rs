//! What somebody with a valid link has pasted, an error or a backend, explained. It decides nothing and looks at nothing:
//! what is true of the lock of this link, its page shows.

use lockwarden_core::ids::RequestCode;
use lockwarden_core::redact::Accounts;
use lockwarden_core::settings::Settings;
use lockwarden_core::token::Token;
use lockwarden_explain::answer::{Desk, Pasted};
use lockwarden_explain::{explain, print};
use maud::{Markup, html};

use super::frame::{self, PageReply};
use super::request::{EXPLAIN, Form};

/// What is said to an empty form.
const NOTHING: &str = "Nothing was pasted. Paste what was printed, from the line with `Error` to the end of `Lock Info`, or a \
    backend configuration.";

/// The form to paste an error or a backend into, for whoever met another lock on the way here.
pub(super) fn form(code: &RequestCode, token: &Token) -> Markup {
    html! {
        details {
            summary { "Explain another error or a backend" }
            form method="post" action=(code) {
                input type="hidden" name="t" value=(token.reveal());
                label for="pasted" { "What Terraform, OpenTofu or Terragrunt printed" }
                textarea id="pasted" name="pasted" rows="8" spellcheck="false" {}
                label for="config" { "The backend configuration (if you have it)" }
                textarea id="config" name="config" rows="4" spellcheck="false" {}
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
    let words = words(form, settings).unwrap_or_else(|| NOTHING.to_owned());
    let title = "What it means";
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

/// The answer for people; `None` where nothing was pasted.
fn words(form: &Form, settings: &Settings) -> Option<String> {
    let (text, config) = (form.pasted.clone(), form.config.clone());
    let pasted = Pasted::read(Some(text), Some(config), None, Accounts::Shown);
    let desk = Desk {
        topic: Some(&settings.approval_topic),
    };
    (!pasted.is_blank()).then(|| print::text(&explain(&pasted, desk, |_| None)))
}
