//! The answers to whoever does not get what was asked for. None says more than its reader knows already.

use lockwarden_aws::Failure;
use maud::html;

use super::frame::{PageReply, headers, page};

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
            p { "It may have been cut when it was copied, or it is an old one. Take it from the newest notice, or decide by the command there." }
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

/// AWS did not answer, somebody else is just deciding, or something has to be mended first. What was decided before that is
/// finished by the next sweep.
pub(super) fn out_of_order(failure: &Failure, decides: bool) -> PageReply {
    let (status, words, more) = if failure.is_transient() && decides {
        (
            503,
            "No answer yet",
            "AWS did not answer in time, or somebody else is just deciding about this lock. Your decision may be written down already, and is then carried out without you. Open the link of the notice again in a minute to see.",
        )
    } else if failure.is_transient() {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> Failure {
        Failure::new("look", "busy", lockwarden_aws::Kind::Transient)
    }

    #[test]
    fn who_decides_and_gets_no_answer_is_not_asked_to_send_the_form_again() {
        let body = out_of_order(&busy(), true).body;
        assert!(body.contains("may be written down already") && !body.contains("Nothing is lost"));
    }

    #[test]
    fn every_answer_forbids_what_it_does_not_need() {
        for reply in [
            plain(Status::NotFound),
            no_such_link(),
            expired(),
            out_of_order(&busy(), false),
            out_of_order(&busy(), true),
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
