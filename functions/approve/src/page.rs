//! The approval page: what is true now, and a form that decides.
//!
//! GET never acts. POST acts only with a valid token *and* something that a person has typed, because some mail scanners
//! follow every link and submit every form. Unknown code and wrong token look the same to a stranger, and cost one read.

mod html;
mod request;
mod view;

use lockwarden_aws::Failure;
use lockwarden_core::decision::{self, Decision};
use lockwarden_core::ids::{LockId, RequestCode};
use lockwarden_core::ledger::{Channel, Entry};
use lockwarden_core::token::{Admission, Token};
use serde_json::json;

use crate::answer::Approve;
use crate::incoming::{Body, Delivered};
use crate::ports::World;

pub use self::html::PageReply;
use self::request::{Asked, Form, PageRequest};
use self::view::Notice;

/// Who may decide nothing any more with this link gets this.
const SPENT: &str =
    "This link has decided already. It can still show what happened, and undo a release.";

impl<W: World> Approve<'_, W> {
    /// Answers a request of the page. What goes wrong outside is a page as well, so that nobody sees a bare error.
    pub(crate) async fn page(&self, request_id: &str, event: &str) -> PageReply {
        let answered = match PageRequest::read(event) {
            Ok(request) => self.answer_page(request_id, &request).await,
            Err(status) => Ok(html::plain(status)),
        };
        let reply = answered.unwrap_or_else(|failure| {
            tracing::error!(%failure, "the page could not be shown");
            html::out_of_order(&failure)
        });
        if reply.turns_away() {
            self.count_rejection();
        }
        reply
    }

    async fn answer_page(
        &self,
        request_id: &str,
        request: &PageRequest,
    ) -> Result<PageReply, Failure> {
        match request.asked() {
            Ok(Asked::Show { code, token }) => match self.admitted(&code, &token).await? {
                Ok((entry, admission)) => {
                    let view = self.view(&entry, admission, request).await?;
                    Ok(html::request(&view, &token, &Form::default(), None))
                }
                Err(reply) => Ok(reply),
            },
            Ok(Asked::Act { code, form }) => self.act(request_id, request, &code, &form).await,
            Err(status) => Ok(html::plain(status)),
        }
    }

    /// The entry behind a link, if the token opens it. Costs one read, whatever is asked.
    async fn admitted(
        &self,
        code: &RequestCode,
        token: &Token,
    ) -> Result<Result<(Entry, Admission), PageReply>, Failure> {
        let entry = self.world.entry(code).await?;
        let admission = entry
            .as_ref()
            .and_then(|entry| entry.tokens.admit(token, self.world.now()));
        match (entry, admission) {
            (_, Some(Admission::Expired)) => Ok(Err(html::expired())),
            (Some(entry), Some(admission)) => Ok(Ok((entry, admission))),
            (_, None) | (None, _) => Ok(Err(html::no_such_link())),
        }
    }

    /// Who asks, as AWS vouches for; on a page without signatures nobody knows, whatever the event says.
    pub(crate) fn caller(&self, request: &PageRequest) -> Option<String> {
        request.caller().filter(|_| self.settings.page_is_signed)
    }

    async fn act(
        &self,
        request_id: &str,
        request: &PageRequest,
        code: &RequestCode,
        form: &Form,
    ) -> Result<PageReply, Failure> {
        let token = form.token();
        let (entry, admission) = match self.admitted(code, &token).await? {
            Ok(admitted) => admitted,
            Err(reply) => return Ok(reply),
        };
        if admission == Admission::Undo && form.action != "restore" {
            let view = self.view(&entry, admission, request).await?;
            return Ok(html::request(
                &view,
                &token,
                form,
                Some(Notice::told(SPENT)),
            ));
        }
        let decision = match form.decision(&entry) {
            Ok(decision) => decision,
            Err(wrong) => {
                let view = self.view(&entry, admission, request).await?;
                return Ok(html::request(&view, &token, form, Some(wrong)));
            }
        };
        let delivered = Delivered {
            id: request_id.to_owned(),
            channel: Channel::Page,
            sent_at: None,
            verified: self.caller(request),
            source: request.source(),
            token: Some(token.clone()),
            body: Body::Message(String::new()),
        };
        // Boxed, as its future is by far the largest.
        let outcome = Box::pin(self.follow(&delivered, decision)).await?;
        // It is done: whatever cannot be shown any more, this is.
        let view = match self.world.entry(code).await {
            Ok(Some(entry)) => {
                let admission = entry.tokens.admit(&token, self.world.now());
                let admission = admission.unwrap_or(Admission::Expired);
                self.view(&entry, admission, request).await.ok()
            }
            Ok(None) | Err(_) => None,
        };
        Ok(html::result(view.as_ref(), &token, &outcome))
    }
}

impl Form {
    /// The decision that was filled in.
    ///
    /// # Errors
    /// What is missing or wrong, for the person who has to correct it.
    fn decision(&self, entry: &Entry) -> Result<Decision, Notice> {
        if self.by.trim().is_empty() {
            return Err(Notice::at(
                "by",
                "Your name is missing: the audit log keeps who decided.",
            ));
        }
        let ToType { whose, text } = ToType::of(entry);
        if !self.typed.trim().eq_ignore_ascii_case(&text) {
            let ask = format!("Type the first characters of the {whose}: {text}");
            return Err(Notice::at("typed", ask));
        }
        let mut message =
            json!({"decision": self.action, "request": entry.code, "by": self.by.trim()});
        if let Some(fields) = message.as_object_mut() {
            if !self.reason.trim().is_empty() {
                fields.insert("reason".to_owned(), json!(self.reason.trim()));
            }
            if self.action == "keep" {
                fields.insert("for".to_owned(), json!(self.keep_for));
            }
            if !self.even_if.is_empty() {
                fields.insert("even_if".to_owned(), json!(self.even_if));
            }
        }
        decision::parse(&message.to_string())
            .map_err(|rejection| Notice::told(format!("That cannot be done: {}.", rejection.why)))
    }
}

/// What a person has to type to confirm.
pub(crate) struct ToType {
    /// Whose first characters.
    pub(crate) whose: &'static str,
    /// The characters.
    pub(crate) text: String,
}

impl ToType {
    /// The start of the lock ID, or the request code where there is no ID that can be typed.
    pub(crate) fn of(entry: &Entry) -> Self {
        const LENGTH: usize = 8;
        let id = entry.lock().id().filter(LockId::is_plain);
        let (whose, text) = match &id {
            Some(id) => ("lock ID", id.as_str()),
            None => ("request code", entry.code.as_str()),
        };
        Self {
            whose,
            text: text.chars().take(LENGTH).collect(),
        }
    }
}
