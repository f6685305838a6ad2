//! What the audit log says about a state.

use futures_util::future::try_join_all;
use jiff::Timestamp;
use lockwarden_aws::Failure;
use lockwarden_core::ids::{LockPath, RequestCode};
use lockwarden_core::ledger::Event;
use serde::Serialize;

use crate::answer::Approve;
use crate::ports::World;

/// How many locks of a state, and how many events of each, an answer holds.
const LOCKS: i32 = 20;
const EVENTS: i32 = 50;

/// The answer to `{"query":"history"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct History {
    /// The state.
    pub lock_id: LockPath,
    /// What happened, newest first.
    pub history: Vec<HistoryLine>,
    /// Whether the ledger has more: older locks of this state, or older events of one of these.
    pub more: bool,
}

/// A line of the audit log, with the request it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryLine {
    /// The request.
    pub request: RequestCode,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl<W: World> Approve<'_, W> {
    /// The latest events of the latest locks of a state, newest first.
    pub(crate) async fn history(&self, path: LockPath) -> Result<History, Failure> {
        // One more than is answered tells whether there is more.
        let mut codes = self.world.codes(&path, LOCKS + 1).await?;
        let locks = usize::try_from(LOCKS).unwrap_or_default();
        let events = usize::try_from(EVENTS).unwrap_or_default();
        let mut more = codes.len() > locks;
        codes.truncate(locks);
        let reads = codes.iter().map(|code| self.world.events(code, EVENTS + 1));
        let mut each = try_join_all(reads).await?;
        for of_lock in &mut each {
            more |= of_lock.len() > events;
            of_lock.truncate(events);
        }
        let mut history: Vec<HistoryLine> = codes
            .iter()
            .zip(each)
            .flat_map(|(request, events)| {
                events.into_iter().map(|event| HistoryLine {
                    request: request.clone(),
                    event,
                })
            })
            .collect();
        history.sort_by_key(|line| std::cmp::Reverse::<Timestamp>(line.event.at));
        Ok(History {
            lock_id: path,
            history,
            more,
        })
    }
}
