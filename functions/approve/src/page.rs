//! The approval page: what is true now, and a form that decides.
//!
//! GET never acts. POST acts only with a valid token *and* something that a person has typed, because some mail scanners
//! follow every link and submit every form. Unknown code and wrong token look the same to a stranger, and cost one read.
//!
//! Whoever has no valid link is turned away and counted, and nothing is written about it. Whoever has one and sends a form
//! that is not right gets into the audit log, some times.

mod request;
mod view;

mod html;
mod facts;
mod forms;
mod explained;
mod words;
mod turned_away;
mod frame;

use lockwarden_aws::Failure;
use lockwarden_core::decision::{self, Action, Decision};
use lockwarden_core::ids::{LockId, RequestCode};
use lockwarden_core::ledger::{Channel, Entry, EventKind};
use lockwarden_core::metrics;
use lockwarden_core::outcome::{Outcome, OutcomeKind};
use lockwarden_core::text;
use lockwarden_core::token::{Admission, Token};
use serde_json::json;

use crate::answer::{Approve, Invoked, log_outcome};
use crate::follow::{is_same_press, pressed_twice};
use crate::incoming::{Body, Delivered};
use crate::ports::World;

pub use self::frame::PageReply;
use self::request::{Asked, Form, PageRequest};
use self::view::{Notice, View};

/// Who may decide nothing any more with this link gets this.
const SPENT: &str = "This link decides nothing more: it has decided, or the lock was put back since. It can still show what happened, and undo a release.";

impl<W: World> Approve<'_, W> {
    /// Answers a request of the page. What goes wrong outside is a page as well, so that nobody sees a bare error.
    pub(crate) async fn page(&self, invoked: Invoked<'_>, event: &str) -> PageReply {
        let mut decides = false;
        let answered = match PageRequest::read(event, invoked) {
            Ok(request) => {
                decides = request.decides();
                self.answer_page(&request).await
            }
            Err(status) => Ok(self.turn_away_page(turned_away::plain(status))),
        };
        answered.unwrap_or_else(|failure| {
            tracing::error!(%failure, "the page could not be shown");
            turned_away::out_of_order(&failure, decides)
        })
    }

    /// Counts who is turned away at the door; apart from refused decisions, as the whole internet may knock.
    fn turn_away_page(&self, reply: PageReply) -> PageReply {
        let line = metrics::line(self.world.now(), &[(metrics::PAGE_TURNED_AWAY, 1)]);
        self.world.metrics(&line);
        reply
    }

    async fn answer_page(&self, request: &PageRequest) -> Result<PageReply, Failure> {
        match request.asked() {
            Ok(Asked::Show { code, token }) => match self.admitted(&code, &token).await? {
                Ok((entry, admission)) => {
                    let view = self.view(&entry, admission, request).await?;
                    Ok(html::request(&view, &token, &Form::default(), None))
                }
                Err(reply) => Ok(reply),
            },
            Ok(Asked::Explain { code, form }) => {
                let token = form.token();
                Ok(match self.admitted(&code, &token).await? {
                    Ok(_) => explained::page(&code, &token, &form, &self.settings.common),
                    Err(reply) => reply,
                })
            }
            Ok(Asked::Act { code, form }) => self.act(request, &code, &form).await,
            Err(status) => Ok(self.turn_away_page(turned_away::plain(status))),
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
            (_, Some(Admission::Expired)) => Ok(Err(self.turn_away_page(turned_away::expired()))),
            (Some(entry), Some(admission)) => Ok(Ok((entry, admission))),
            (_, None) | (None, _) => Ok(Err(self.turn_away_page(turned_away::no_such_link()))),
        }
    }

    /// Who asks, as AWS vouches for; on a page without signatures nobody knows, whatever the event says.
    pub(crate) fn caller(&self, request: &PageRequest) -> Option<String> {
        request.caller().filter(|_| self.settings.page_is_signed)
    }

    async fn act(
        &self,
        request: &PageRequest,
        code: &RequestCode,
        form: &Form,
    ) -> Result<PageReply, Failure> {
        let token = form.token();
        let (entry, admission) = match self.admitted(code, &token).await? {
            Ok(admitted) => admitted,
            Err(reply) => return Ok(reply),
        };
        let delivered = Delivered {
            id: request.id.clone(),
            channel: Channel::Page,
            sent_at: None,
            verified: self.caller(request),
            source: request.source(),
            token: Some(token.clone()),
            of_many: false,
            body: Body::Message(String::new()),
        };
        let decision = match form.decision(&entry) {
            Ok(decision) => decision,
            Err(wrong) => {
                let view = self.view(&entry, admission, request).await?;
                return Ok(self.correct(&delivered, &view, form, wrong).await);
            }
        };
        let now = self.world.now();
        let again = pressed_twice(&delivered, &decision, &entry, now);
        let begun = entry.begun();
        let is_begun = begun.is_some_and(|begun| is_same_press(&delivered, &decision, begun, now));
        let is_spent = admission == Admission::Undo && decision.action != Action::Restore;
        if is_spent && again.is_none() && !is_begun {
            let view = self.view(&entry, admission, request).await?;
            return Ok(self
                .correct(&delivered, &view, form, Notice::told(SPENT))
                .await);
        }
        let outcome = match again {
            Some(outcome) => outcome,
            // Boxed, as its future is by far the largest.
            None => Box::pin(self.follow(&delivered, decision)).await?,
        };
        log_outcome("decision answered", &outcome, &delivered.id);
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

    /// Shows a form that was not right once more, with what is wrong with it. It is counted and written down: somebody with a
    /// valid link tried, or a mail scanner did.
    async fn correct(
        &self,
        delivered: &Delivered,
        view: &View,
        form: &Form,
        wrong: Notice,
    ) -> PageReply {
        self.count_rejection();
        let by = Some(form.by.trim())
            .filter(|by| !by.is_empty() && !form.tells_a_token(&view.entry.tokens));
        let by = by.map(|by| text::shown(by, 200));
        let outcome = Outcome {
            request: Some(view.entry.code.clone()),
            lock_id: Some(view.entry.path.clone()),
            by_verified: delivered.verified.clone(),
            ..Outcome::new(OutcomeKind::Rejected, by).because(&wrong.text)
        };
        log_outcome("decision answered", &outcome, &delivered.id);
        let event = delivered.event(EventKind::Refusal, self.world.now(), &outcome);
        self.note_page_refusal(&view.entry.code, event).await;
        html::request(view, &form.token(), form, Some(wrong))
    }
}

impl Form {
    /// The decision that was filled in.
    ///
    /// # Errors
    /// What is missing or wrong, for the person who has to correct it.
    fn decision(&self, entry: &Entry) -> Result<Decision, Notice> {
        if self.tells_a_token(&entry.tokens) {
            return Err(Notice::told(
                "A link to this page stands in the form. It opens the page to whoever has it, so it does not go into the audit log.",
            ));
        }
        if self.by.trim().is_empty() {
            return Err(Notice::at(
                "by",
                "Your name is missing: the audit log keeps who decided.",
            ));
        }
        let to_type = ToType::of(entry);
        if !to_type.is_typed(&self.typed) {
            let ToType { whose, text, .. } = to_type;
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
    /// All of it.
    whole: String,
}

impl ToType {
    /// The start of the lock ID, or the request code where there is no ID that can be typed.
    pub(crate) fn of(entry: &Entry) -> Self {
        const LENGTH: usize = 8;
        let id = entry.lock().id().filter(LockId::is_plain);
        let (whose, whole) = match id {
            Some(id) => ("lock ID", id.to_string()),
            None => ("request code", entry.code.to_string()),
        };
        Self {
            whose,
            text: whole.chars().take(LENGTH).collect(),
            whole,
        }
    }

    /// Whether that is what was typed; who pastes all of it means the same.
    fn is_typed(&self, typed: &str) -> bool {
        let typed = typed.trim();
        [&self.text, &self.whole]
            .iter()
            .any(|right| typed.eq_ignore_ascii_case(right))
    }
}
