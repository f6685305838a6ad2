//! The entries whose locks were not seen: ended ones, unfinished decisions, notices that are owed.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt as _};
use lockwarden_core::ids::RequestCode;
use lockwarden_core::ledger::{Entry, Event, EventKind};
use lockwarden_core::report::{Incomplete, SweepReport};

use crate::ports::World;
use crate::survey::Survey;
use crate::sweep::{AT_ONCE, Sweep, out_of_time, trouble};
use crate::tell::News;

/// What came of an entry.
#[derive(Debug, Default)]
struct Tied {
    /// Whether its lock ended.
    ended: bool,
    /// What is told of it, by itself or with others.
    news: Option<News>,
}

impl<W: World> Sweep<'_, W> {
    /// Looks after every open entry that no listed lock belongs to.
    pub(crate) async fn loose_ends(&self, survey: &Survey, report: &mut SweepReport) {
        if !survey.ledger_answers {
            return;
        }
        let entries = match self.open_but_not_seen(survey, report).await {
            Ok(entries) => entries,
            Err(incomplete) => {
                report.incomplete.push(incomplete);
                return;
            }
        };
        let tied = entries.into_iter().map(|entry| self.tie_up(survey, entry));
        let mut tied = stream::iter(tied).buffer_unordered(AT_ONCE);
        let mut news = Vec::new();
        while let Some(tied) = tied.next().await {
            match tied {
                Ok(tied) => {
                    report.ended += usize::from(tied.ended);
                    news.extend(tied.news);
                }
                Err(trouble) => report.incomplete.extend(trouble),
            }
        }
        let trouble = self.tell_news(news).await;
        report.incomplete.extend(trouble);
    }

    async fn open_but_not_seen(
        &self,
        survey: &Survey,
        report: &mut SweepReport,
    ) -> Result<Vec<Entry>, Incomplete> {
        let seen: BTreeSet<&RequestCode> = survey
            .locks
            .iter()
            // An entry that is over and whose lock is back was looked after; one whose lock is not back may owe a notice.
            .filter(|known| {
                known
                    .entry
                    .as_ref()
                    .is_none_or(|entry| !entry.status.is_over())
            })
            .map(|known| &known.code)
            .collect();
        let as_trouble = |failure: lockwarden_aws::Failure| trouble("the ledger", &failure);
        let mut codes = self.world.open().await.map_err(as_trouble)?;
        codes.retain(|code| !seen.contains(code));
        codes.sort();
        codes.dedup();
        let read = self.world.entries(&codes).await.map_err(as_trouble)?;
        // Those of listed locks were told with them.
        let failures = read.unreadable.iter();
        report
            .incomplete
            .extend(failures.map(|(_, failure)| trouble("the ledger", failure)));
        Ok(read.found)
    }

    /// Looks after one entry.
    async fn tie_up(&self, survey: &Survey, mut entry: Entry) -> Result<Tied, Option<Incomplete>> {
        let now = self.world.now();
        if !self.has_time() {
            return Err(Some(out_of_time()));
        }
        if entry.left_half_done(now).is_some() {
            return match self.hand_over(&entry.code).await {
                None => Ok(Tied::default()),
                trouble => Err(trouble),
            };
        }
        if entry.begun().is_some() {
            return Ok(Tied::default());
        }
        if entry.status.is_over() {
            let mut owed = None;
            while let Some(unsent) = entry.claim_unsent(now) {
                self.save(&mut entry, None).await?;
                if owed.is_none() && unsent.kind.may_be_of_many() {
                    owed = Some(unsent);
                } else {
                    self.tell(&mut entry, &unsent, None).await?;
                }
            }
            if let Some(watch) = entry.watch {
                self.keep_watch(survey, &mut entry, watch).await?;
            }
            return Ok(Tied {
                ended: false,
                news: owed.map(|unsent| News { entry, unsent }),
            });
        }
        if !self.is_gone(survey, &entry).await? || entry.end(now).is_err() {
            return Ok(Tied::default());
        }
        let event = Event::new(EventKind::Ended, now, entry.why_gone(now));
        self.save(&mut entry, Some(event)).await?;
        let owed = entry.unsent.last().cloned();
        Ok(Tied {
            ended: true,
            news: owed.map(|unsent| News { entry, unsent }),
        })
    }

    /// Gone is only what was looked for in a store that was read to the end, and is not there at a consistent read.
    async fn is_gone(&self, survey: &Survey, entry: &Entry) -> Result<bool, Option<Incomplete>> {
        if !entry.places.iter().all(|place| survey.looked_at(place)) {
            return Ok(false);
        }
        Ok(self.is_there(entry).await? == Some(false))
    }
}
