//! Asks people about the locks that want it: each alone, or many of them together.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use lockwarden_core::evidence::Holders;
use lockwarden_core::ledger::{Change, Entry, Unsent};
use lockwarden_core::lock::Lock;
use lockwarden_core::notice::{Notice, NoticeKind, StormLock};
use lockwarden_core::policy::Judgement;
use lockwarden_core::report::Incomplete;
use lockwarden_core::settings::TopicArn;
use lockwarden_core::storm::{self, Storm};

use crate::ports::World;
use crate::sweep::{AT_ONCE, Sweep, out_of_time, trouble, write_trouble};
use crate::tell::Sight;

/// What people are to be asked about a lock. Nothing of it is written down yet.
#[derive(Debug)]
pub(crate) struct Question {
    asking: Asking,
    entry: Entry,
    lock: Lock,
    judgement: Judgement,
}

/// Since when the question is owed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asking {
    /// From now on.
    Anew(NoticeKind),
    /// An earlier sweep took it upon itself and did not come back.
    Owed,
}

impl Question {
    pub(crate) fn of(asking: Asking, entry: Entry, lock: &Lock, judgement: Judgement) -> Self {
        Self {
            asking,
            entry,
            lock: lock.clone(),
            judgement,
        }
    }

    /// Whether it may be one of many. Of what expires there is more to say.
    fn may_join(&self) -> bool {
        storm::may_join(&self.judgement) && self.entry.time_to_exist.is_none()
    }

    /// Takes the notice upon us; `None` where there is nothing to ask any more.
    fn take(&mut self, now: Timestamp) -> Option<Unsent> {
        match self.asking {
            Asking::Anew(kind) => {
                self.entry.ask(kind, now).ok()?;
                self.entry.unsent.last().cloned()
            }
            Asking::Owed => self.entry.claim_unsent(now),
        }
    }
}

/// What came of the questions of a sweep.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// About how many locks people were asked.
    pub(crate) locks: usize,
    /// How many notices told of many locks at once.
    pub(crate) storms: usize,
    /// What could not be done.
    pub(crate) trouble: Vec<Incomplete>,
}

/// A lock whose entry is saved, and so owes its notice.
struct Saved {
    entry: Entry,
    unsent: Unsent,
    lock: Lock,
    judgement: Judgement,
    link: Option<String>,
}

impl<W: World> Sweep<'_, W> {
    /// Asks all the questions of a sweep.
    pub(crate) async fn ask(&self, questions: Vec<Question>, holders: &Holders) -> Asked {
        let (alike, mut alone): (Vec<_>, Vec<_>) =
            questions.into_iter().partition(Question::may_join);
        let mut asked = Asked::default();
        for alike in by_topic(alike) {
            for mut group in storm::together(alike, |question| storm::origin(&question.lock)) {
                if group.len() > 1 {
                    self.ask_together(group, &mut asked).await;
                } else {
                    alone.append(&mut group);
                }
            }
        }
        let alone = alone.into_iter().map(|it| self.ask_alone(it, holders));
        let mut alone = stream::iter(alone).buffer_unordered(AT_ONCE);
        while let Some(told) = alone.next().await {
            match told {
                Ok(()) => asked.locks += 1,
                Err(trouble) => asked.trouble.extend(trouble),
            }
        }
        asked
    }

    /// Asks about one lock.
    async fn ask_alone(
        &self,
        question: Question,
        holders: &Holders,
    ) -> Result<(), Option<Incomplete>> {
        if !self.has_time() {
            return Err(Some(out_of_time()));
        }
        let Saved {
            mut entry,
            unsent,
            lock,
            judgement,
            link,
        } = self.save_question(question).await?;
        let evidence = self.evidence(&entry.code, &lock, holders).await;
        let sight = Sight {
            lock: &lock,
            judgement: &judgement,
            evidence: &evidence,
            link: link.as_deref(),
        };
        self.tell(&mut entry, &unsent, Some(sight)).await
    }

    /// Takes a question upon us, if its lock is still there: a list may be older than the holder's unlock, and it was a while
    /// ago. The mark of the notice's link is saved before anybody has the link.
    async fn save_question(&self, mut question: Question) -> Result<Saved, Option<Incomplete>> {
        if self.is_there(&question.entry).await? != Some(true) {
            return Err(None);
        }
        let unsent = question.take(self.world.now()).ok_or(None)?;
        let Question {
            mut entry,
            lock,
            judgement,
            ..
        } = question;
        let link = self.new_link(&mut entry);
        // Should it go out and nobody note it, what is told next finds the same people.
        entry.told.topic.clone_from(&judgement.terms.topic);
        self.save(&mut entry, None).await?;
        Ok(Saved {
            entry,
            unsent,
            lock,
            judgement,
            link,
        })
    }

    /// Asks about many locks in one notice, whatever the time: they are few calls. Each entry owes its own notice until that one
    /// is out, so that whatever happens on the way, nobody is left unasked: the next sweep finds the debts and asks again.
    async fn ask_together(&self, mut questions: Vec<Question>, asked: &mut Asked) {
        questions.sort_by(|a, b| {
            let worse = storm::worst_first(&a.judgement, &b.judgement);
            worse.then_with(|| a.lock.path.cmp(&b.lock.path))
        });
        while !questions.is_empty() {
            let rest = questions.split_off(questions.len().min(storm::LARGEST));
            self.ask_about_storm(questions, asked).await;
            questions = rest;
        }
    }

    async fn ask_about_storm(&self, questions: Vec<Question>, asked: &mut Asked) {
        let saved = questions.into_iter().map(|it| self.save_question(it));
        let mut saved = stream::iter(saved).buffered(AT_ONCE);
        let mut owing = Vec::new();
        while let Some(saved) = saved.next().await {
            match saved {
                Ok(saved) => owing.push(saved),
                Err(trouble) => asked.trouble.extend(trouble),
            }
        }
        if owing.is_empty() {
            return;
        }
        match self.publish_storm(&owing).await {
            Ok((storm, topic)) => {
                asked.storms += 1;
                asked.locks += owing.len();
                let sent = owing
                    .into_iter()
                    .map(|saved| self.note_asked(saved, &storm, topic.as_ref()));
                let mut sent = stream::iter(sent).buffer_unordered(AT_ONCE);
                while let Some(sent) = sent.next().await {
                    asked.trouble.extend(sent);
                }
            }
            Err(trouble) => asked.trouble.push(trouble),
        }
    }

    /// What a decision by the storm's code is about is written down before anybody knows the code. Says where it went.
    async fn publish_storm(
        &self,
        owing: &[Saved],
    ) -> Result<(Storm, Option<TopicArn>), Incomplete> {
        let requests = owing.iter().map(|saved| saved.entry.code.clone());
        let storm = Storm {
            topic: owing
                .first()
                .and_then(|saved| saved.entry.told.topic.clone()),
            ..Storm::of(requests.collect(), self.world.now())
        };
        let kept = self.world.keep_storm(&storm).await;
        kept.map_err(|failure| trouble("the ledger", &failure))?;
        let listed = owing.iter().map(|saved| {
            let desk = self.desk(saved.link.as_deref());
            StormLock::of(
                saved.entry.code.clone(),
                &saved.lock,
                &saved.judgement,
                desk,
            )
        });
        let listed = listed.collect();
        let notice = Notice::of_storm(&storm, listed, one_origin(owing), self.desk(None));
        let published = self.send(notice).await?;
        Ok((storm, published.topic))
    }

    /// Notes that people were asked about a lock by the notice of a storm.
    async fn note_asked(
        &self,
        saved: Saved,
        storm: &Storm,
        topic: Option<&TopicArn>,
    ) -> Option<Incomplete> {
        let Saved {
            mut entry, unsent, ..
        } = saved;
        let others = storm.requests.len().saturating_sub(1);
        let with = format!("with {others} others in the storm {}", storm.code);
        let event = entry.sent_with(&unsent, topic, self.world.now(), &with);
        let change = Change::of(&entry, vec![event]);
        write_trouble(self.world.commit(&change).await.err()?)
    }
}

/// The questions apart by the topics where they are asked: who reads one topic is not asked about the locks of another.
fn by_topic(questions: Vec<Question>) -> Vec<Vec<Question>> {
    let mut by_topic: BTreeMap<Option<TopicArn>, Vec<Question>> = BTreeMap::new();
    for question in questions {
        let topic = question.judgement.terms.topic.clone();
        by_topic.entry(topic).or_default().push(question);
    }
    by_topic.into_values().collect()
}

/// Where all of the locks come from, if that is one place.
fn one_origin(owing: &[Saved]) -> Option<String> {
    let mut origins = owing.iter().map(|saved| storm::origin(&saved.lock));
    let first = origins.next()??;
    let is_one = origins.all(|origin| origin.as_ref() == Some(&first));
    is_one.then_some(first)
}
