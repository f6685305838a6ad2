//! Everything that the page shows about a request, gathered at this moment.

use lockwarden_aws::Failure;
use lockwarden_core::commands;
use lockwarden_core::item::Place;
use lockwarden_core::ledger::{Entry, Event, Status};
use lockwarden_core::lock::Lock;
use lockwarden_core::notice::{Commands, Desk};
use lockwarden_core::outcome::{DigestCheck, NewHolder};
use lockwarden_core::policy::{Judgement, StateObject};
use lockwarden_core::release::{self, Standing};
use lockwarden_core::settings::TopicArn;
use lockwarden_core::token::Admission;

use super::request::PageRequest;
use crate::answer::Approve;
use crate::ports::World;

/// How many lines of the audit log the page shows.
const EVENTS: i32 = 30;
/// What a command is for that only looks.
const LOOK: &str = "Look at the record as it is stored";

/// A request as it is now.
pub(crate) struct View {
    /// What the ledger knows.
    pub(crate) entry: Entry,
    /// What the link may do.
    pub(crate) admission: Admission,
    /// Who looks, as AWS vouches for.
    pub(crate) caller: Option<String>,
    /// What is there.
    pub(crate) now: Now,
    /// Whether the state's digest fits the state; `None` where no table holds the lock.
    pub(crate) digest: Option<DigestCheck>,
    /// What happened so far, newest first; `None` where it cannot be read, which hides nothing else.
    pub(crate) events: Option<Vec<Event>>,
    /// Commands to copy.
    pub(crate) commands: Vec<(&'static str, String)>,
    /// The topic that tells people.
    pub(crate) told_by: String,
    /// Whether releases are switched off.
    pub(crate) observe_only: bool,
}

/// What is there at this moment.
pub(crate) enum Now {
    /// The lock, as the notice told it.
    Same(Box<Judgement>, Lock),
    /// Another lock.
    Other(NewHolder),
    /// Nothing.
    Gone,
    /// Nobody can look; why.
    Unknown(String),
}

/// A word to the person, and the field it is about.
pub(crate) struct Notice {
    /// The form's field; empty: the whole form.
    pub(crate) field: &'static str,
    /// The word.
    pub(crate) text: String,
}

impl Notice {
    /// A word about the whole form.
    pub(crate) fn told(text: impl Into<String>) -> Self {
        Self::at("", text)
    }

    /// A word about one field.
    pub(crate) fn at(field: &'static str, text: impl Into<String>) -> Self {
        Self {
            field,
            text: text.into(),
        }
    }
}

impl View {
    /// Whether the lock of the notice is there and this link says nothing about it any more.
    pub(crate) fn is_spent(&self) -> bool {
        self.admission != Admission::Decide
            && !self.entry.status.is_over()
            && matches!(self.now, Now::Same(..))
    }

    /// Why nobody can release this lock from here at all, if that is so.
    pub(crate) fn not_by_lockwarden(&self) -> Option<String> {
        match &self.now {
            Now::Same(_, lock) => release::by_hand_only(lock),
            Now::Other(_) | Now::Gone | Now::Unknown(_) => None,
        }
    }

    /// Whether the form to release or keep is shown.
    pub(crate) fn may_decide(&self) -> bool {
        self.admission == Admission::Decide
            && !self.entry.status.is_over()
            && matches!(self.now, Now::Same(..))
    }

    /// Whether the form to put the lock back is shown.
    pub(crate) fn may_restore(&self) -> bool {
        // A record without a text cannot be written again.
        if self.entry.content.text().is_none() {
            return false;
        }
        match self.entry.status {
            Status::Released => matches!(self.now, Now::Gone),
            // The item may be there still, and then only the object comes back.
            Status::PartlyReleased => matches!(self.now, Now::Gone | Now::Same(..)),
            Status::Seen
            | Status::Asked
            | Status::Kept
            | Status::Deciding
            | Status::ChangedHands
            | Status::AlreadyReleased
            | Status::Restored
            | Status::Ended => false,
        }
    }

    /// Whether this person may say that they know: their name is vouched for.
    pub(crate) fn may_say_even_if(&self) -> bool {
        self.caller.is_some()
    }
}

impl<W: World> Approve<'_, W> {
    pub(super) async fn view(
        &self,
        entry: &Entry,
        admission: Admission,
        request: &PageRequest,
    ) -> Result<View, Failure> {
        let (now, digest) = self.now(entry).await?;
        let mut view = View {
            events: self.world.events(&entry.code, EVENTS).await.ok(),
            commands: Vec::new(),
            entry: entry.clone(),
            admission,
            caller: self.caller(request),
            now,
            digest,
            told_by: self.told_by(entry).name().to_owned(),
            observe_only: !self.settings.releases,
        };
        view.commands = self.commands(&view, &request.function);
        Ok(view)
    }

    /// The topic that hears what comes of a decision.
    fn told_by<'e>(&'e self, entry: &'e Entry) -> &'e TopicArn {
        let own = entry.told.topic.as_ref();
        own.unwrap_or(&self.settings.common.notice_topic)
    }

    async fn now(&self, entry: &Entry) -> Result<(Now, Option<DigestCheck>), Failure> {
        let sight = match self.look(entry).await? {
            Ok(sight) => sight,
            Err(why) => return Ok((Now::Unknown(why), None)),
        };
        let digest = self.digest_now(entry, &sight.state).await;
        let now = match release::standing(entry, &sight.present) {
            Standing::Same(lock) => match self.as_look(&sight).await {
                Ok(look) => {
                    let judgement = release::judge_again(entry, lock, &look);
                    Now::Same(Box::new(judgement), lock.clone())
                }
                Err(failure) if failure.is_transient() => return Err(failure),
                Err(failure) => Now::Unknown(failure.to_string()),
            },
            Standing::ChangedHands(holder) => Now::Other(holder),
            Standing::Gone => Now::Gone,
        };
        Ok((now, digest))
    }

    async fn digest_now(&self, entry: &Entry, state: &StateObject) -> Option<DigestCheck> {
        let table = entry.places.iter().find_map(|place| match place {
            Place::Dynamodb { table } => self.settings.common.table(table),
            Place::S3 { .. } => None,
        })?;
        match self.world.digest(table, &entry.path).await {
            // A first apply: there is nothing to fit.
            Ok(None) if *state == StateObject::Absent => None,
            Ok(digest) => Some(DigestCheck::of(digest.as_deref(), state)),
            Err(_) => Some(DigestCheck::Unknown),
        }
    }

    /// What can be copied, for the lock as it is now.
    fn commands(&self, view: &View, function: &str) -> Vec<(&'static str, String)> {
        let topic = &self.settings.common.approval_topic;
        let code = &view.entry.code;
        let mut copied: Vec<(&'static str, Option<String>)> = Vec::new();
        if let Now::Same(judgement, lock) = &view.now {
            let desk = Desk {
                topic,
                function,
                link: None,
            };
            let about = Commands::about(code, lock, judgement, desk);
            let looks = about.inspect.into_iter().chain(about.inspect_others);
            copied.extend(looks.map(|look| (LOOK, Some(look))));
            if !view.entry.status.is_over() {
                let release = about.release.filter(|_| !view.observe_only);
                let keep = about.keep.filter(|_| view.entry.status.may_be_kept());
                copied.extend([
                    ("Release it", release),
                    ("Remove it by hand, as Lockwarden may not", about.by_hand),
                    ("Keep it, and be left in peace for 2 h", keep),
                    (
                        "Terraform's own unlock, in the directory and workspace of the state",
                        about.force_unlock,
                    ),
                ]);
            }
        } else {
            let places = view.entry.places.iter();
            copied.extend(places.map(|place| {
                let look = commands::inspect(&view.entry.path, place, topic.region());
                (LOOK, look)
            }));
        }
        if view.may_restore() {
            copied.push(("Put it back", commands::restore(topic, code)));
        }
        let printable = copied.into_iter();
        printable
            .filter_map(|(what, command)| Some((what, command?)))
            .collect()
    }
}
