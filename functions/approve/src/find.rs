//! Which entry of the ledger a decision means, whether all of it means that one, and what is on its path.

use lockwarden_aws::Failure;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::look;
use lockwarden_core::decision::{self, Decision, NamedLock, Rejection, Target};
use lockwarden_core::ids::{Identity, LockPath, RequestCode};
use lockwarden_core::item::Place;
use lockwarden_core::ledger::{Change, Entry, Event, EventKind};
use lockwarden_core::lock::Lock;
use lockwarden_core::outcome::{Outcome, OutcomeKind};
use lockwarden_core::policy::StateObject;
use lockwarden_core::text;

use crate::answer::Approve;
use crate::incoming::Delivered;
use crate::outcomes::about;
use crate::ports::World;

/// The entry that a decision means.
pub(crate) enum Found {
    /// This one.
    Entry(Box<Entry>),
    /// None, and the decision is wrong.
    Nothing(Rejection),
}

/// What is there.
pub(crate) struct Sight {
    /// Every lock on the path, read consistently.
    pub(crate) present: Vec<Lock>,
    /// What is known about the state object.
    pub(crate) state: StateObject,
}

/// A look at a lock: what is there, or why nobody can look until somebody changes something.
pub(crate) type Look = Result<Sight, String>;

impl<W: World> Approve<'_, W> {
    /// Finds the entry of a decision. A lock that is named by path and ID and that no sweep has seen yet gets one.
    pub(crate) async fn find(&self, target: &Target) -> Result<Found, Failure> {
        match (&target.request, &target.lock) {
            (Some(code), _) => self.by_code(code).await,
            (None, Some(named)) => self.by_name(named).await,
            (None, None) => Ok(nothing("the decision names no lock")),
        }
    }

    async fn by_code(&self, code: &RequestCode) -> Result<Found, Failure> {
        let entry = self.world.entry(code).await?;
        Ok(entry.map_or_else(
            || {
                nothing(format!(
                    "there is no request {code}; the code stands in the notice, after the word `Request`"
                ))
            },
            |entry| Found::Entry(Box::new(entry)),
        ))
    }

    /// The refusal of a decision that contradicts itself: what else it says points to another lock than its request.
    ///
    /// The lock of the request is known, so its history has the refusal, and no daily limit counts it: whoever knows the
    /// code of a lock can be refused about it in other ways just as often.
    pub(crate) async fn contradicts_itself(
        &self,
        delivered: &Delivered,
        decision: &Decision,
        entry: &Entry,
    ) -> Result<Option<Outcome>, Failure> {
        let named = decision.target.lock.as_ref();
        if named.is_some_and(|named| !is_named(entry, named)) {
            let why = format!(
                "request {} is about another lock than the `lock_id` and `id` of the decision: it is about the state {}",
                entry.code,
                text::shown(entry.path.as_str(), 300)
            );
            // Nobody can tell which of the two is meant, so the example names neither.
            return Ok(Some(Outcome {
                example: Some(decision::example(None, &[])),
                ..about(entry, OutcomeKind::Rejected, &decision.by).because(why)
            }));
        }
        self.answers_another(delivered, decision, entry).await
    }

    async fn by_name(&self, named: &NamedLock) -> Result<Found, Failure> {
        let identity = Identity::Id(named.id.clone());
        let mut known = Vec::new();
        let mut extensions = 0;
        let mut last = None;
        // A code that another lock has is extended, so the entries of one name form a chain.
        let free = loop {
            let code = RequestCode::of(&named.path, &identity, extensions);
            match self.world.entry(&code).await? {
                Some(entry) if is_named(&entry, named) => known.push(entry),
                // The longest code cannot grow any more.
                Some(_) if last.as_ref() == Some(&code) => break code,
                Some(_) => {}
                None => break code,
            }
            last = Some(code);
            extensions += 1;
        };
        let open: Vec<&Entry> = known
            .iter()
            .filter(|entry| !entry.status.is_over())
            .collect();
        match (&open[..], &known[..]) {
            ([one], _) => Ok(Found::Entry(Box::new((*one).clone()))),
            ([], [.., last]) => Ok(Found::Entry(Box::new(last.clone()))),
            ([_, _, ..], _) => {
                let codes: Vec<&str> = open.iter().map(|entry| entry.code.as_str()).collect();
                Ok(nothing(format!(
                    "several locks have this name; decide by `request`, which is one of {}",
                    codes.join(", ")
                )))
            }
            ([], []) => self.open_entry(named, free).await,
        }
    }

    /// Looks for a lock that the ledger does not know, and opens its entry.
    async fn open_entry(&self, named: &NamedLock, code: RequestCode) -> Result<Found, Failure> {
        let present = match self.present(&named.path, &[]).await? {
            Ok(present) => present,
            Err(why) => return Ok(nothing(why)),
        };
        let of_this_id: Vec<&Lock> = present
            .iter()
            .filter(|lock| lock.id().as_ref() == Some(&named.id))
            .collect();
        match of_this_id[..] {
            [lock] => {
                let now = self.world.now();
                let mut entry = Entry::first_sight(code, lock, now);
                let seen = Event::new(EventKind::Seen, now, "named by a decision");
                match self.world.commit(&Change::of(&entry, vec![seen])).await {
                    Ok(()) => {
                        entry.revision += 1;
                        Ok(Found::Entry(Box::new(entry)))
                    }
                    // Somebody opened it at the same moment.
                    Err(NotWritten::Outdated | NotWritten::AnsweredBefore) => {
                        let entry = self.world.entry(&entry.code).await?;
                        Ok(entry.map_or_else(
                            || nothing("the entry of this lock vanished"),
                            |entry| Found::Entry(Box::new(entry)),
                        ))
                    }
                    Err(NotWritten::Failed(failure)) => Err(failure),
                }
            }
            [] => Ok(nothing(no_such_lock(named, &present))),
            _ => Ok(nothing(
                "several tables hold a lock of this path and ID; the next sweep asks about each, then decide by `request`",
            )),
        }
    }

    /// What is there now, for the lock of an entry.
    pub(crate) async fn look(&self, entry: &Entry) -> Result<Look, Failure> {
        let present = match self.present(&entry.path, &entry.every_place()).await? {
            Ok(present) => present,
            Err(why) => return Ok(Err(why)),
        };
        let state = look::state(self.world, &self.settings.common, &entry.path).await;
        Ok(Ok(Sight { present, state }))
    }

    async fn present(
        &self,
        path: &LockPath,
        places: &[Place],
    ) -> Result<Result<Vec<Lock>, String>, Failure> {
        match look::present(self.world, &self.settings.common, path, places).await {
            Ok(present) => Ok(present.map_err(|out_of_reach| out_of_reach.to_string())),
            Err(failure) if failure.is_transient() => Err(failure),
            // A retry would not mend it, so a person is told.
            Err(failure) => Ok(Err(failure.to_string())),
        }
    }
}

fn is_named(entry: &Entry, named: &NamedLock) -> bool {
    entry.path == named.path && entry.lock().id().as_ref() == Some(&named.id)
}

fn no_such_lock(named: &NamedLock, present: &[Lock]) -> String {
    let there = match present {
        [] => "nothing holds this state".to_owned(),
        [lock, ..] => match lock.info() {
            Ok(info) => format!(
                "the lock there now has the ID {} and is held by {}",
                text::shown(info.id.as_str(), 100),
                text::shown(&info.who, 300)
            ),
            Err(why) => format!("the record there now cannot be understood: {why}"),
        },
    };
    format!(
        "there is no lock {} on the state {}; {there}",
        text::shown(named.id.as_str(), 100),
        text::shown(named.path.as_str(), 300)
    )
}

fn nothing(why: impl Into<String>) -> Found {
    Found::Nothing(decision::reject(why))
}
