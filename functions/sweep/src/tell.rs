//! Publishes what an entry owes.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt as _};
use lockwarden_aws::own_topic::{self, Published};
use lockwarden_core::evidence::Evidence;
use lockwarden_core::ledger::{Change, Entry, Event, EventKind, Unsent};
use lockwarden_core::lock::Lock;
use lockwarden_core::notice::{Notice, NoticeKind};
use lockwarden_core::policy::Judgement;
use lockwarden_core::report::Incomplete;
use lockwarden_core::settings::TopicArn;
use lockwarden_core::storm;

use crate::ports::World;
use crate::sweep::{AT_ONCE, Sweep, trouble, write_trouble};

/// What a notice that asks is about.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) lock: &'a Lock,
    pub(crate) judgement: &'a Judgement,
    /// What else is known of its holder.
    pub(crate) evidence: &'a Evidence,
    /// The link to the approval page.
    pub(crate) link: Option<&'a str>,
}

/// Something that an entry owes, and that asks nothing. Its entry is saved.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) entry: Entry,
    pub(crate) unsent: Unsent,
}

impl<W: World> Sweep<'_, W> {
    /// Tells what is owed: the same of more than [`storm::MANY`] locks in one notice, the rest of each alone.
    pub(crate) async fn tell_news(&self, news: Vec<News>) -> Vec<Incomplete> {
        let mut trouble = Vec::new();
        // Of what expired more is to be told than that it ended.
        let (mut alone, news): (Vec<News>, Vec<News>) =
            news.into_iter().partition(|one| one.entry.has_expired());
        // Those who were asked in different places are told in different places.
        let mut alike: BTreeMap<(NoticeKind, Option<TopicArn>), Vec<News>> = BTreeMap::new();
        for one in news {
            let topic = one.entry.told.topic.clone();
            alike.entry((one.unsent.kind, topic)).or_default().push(one);
        }
        for ((kind, _), mut news) in alike {
            if kind.may_be_of_many() && news.len() > storm::MANY {
                trouble.extend(self.tell_of_many(kind, news).await);
            } else {
                alone.append(&mut news);
            }
        }
        for mut one in alone {
            let told = self.tell(&mut one.entry, &one.unsent, None).await;
            trouble.extend(told.err().flatten());
        }
        trouble
    }

    /// Tells the same of many, and notes it of each.
    async fn tell_of_many(&self, kind: NoticeKind, news: Vec<News>) -> Vec<Incomplete> {
        let entries: Vec<&Entry> = news.iter().map(|one| &one.entry).collect();
        let notice = Notice::of_many(kind, &entries);
        if let Err(trouble) = self.send(notice).await {
            return vec![trouble];
        }
        let others = news.len() - 1;
        let noted = news.into_iter().map(|one| self.note_told(one, others));
        let noted = stream::iter(noted).buffer_unordered(AT_ONCE);
        noted
            .filter_map(|trouble| async { trouble })
            .collect()
            .await
    }

    async fn note_told(&self, one: News, others: usize) -> Option<Incomplete> {
        let News { mut entry, unsent } = one;
        let topic = entry.told.topic.clone();
        let with = format!("with {others} others");
        let event = entry.sent_with(&unsent, topic.as_ref(), self.world.now(), &with);
        let change = Change::of(&entry, vec![event]);
        write_trouble(self.world.commit(&change).await.err()?)
    }

    /// Publishes the notice that we took upon us, and notes that it went out. Should this fail, the debt stays written down
    /// and is paid when its lease is over.
    pub(crate) async fn tell(
        &self,
        entry: &mut Entry,
        unsent: &Unsent,
        sight: Option<Sight<'_>>,
    ) -> Result<(), Option<Incomplete>> {
        let Some(notice) = self.notice(unsent, entry, sight) else {
            return Ok(());
        };
        let sent = self.send(notice).await.map_err(Some)?;
        let now = self.world.now();
        entry.sent(unsent, sent.topic.as_ref(), now);
        let event = Event::new(EventKind::Notice, now, unsent.kind.word());
        let change = Change::of(entry, vec![event]).publishing(sent.message_id);
        self.world.commit(&change).await.map_err(write_trouble)?;
        entry.revision += 1;
        Ok(())
    }

    /// Publishes a notice where it belongs. Where its own topic does not take it, people are told all the same, and somebody has to
    /// mend the topic: the report says so.
    pub(crate) async fn send(&self, notice: Notice) -> Result<Published, Incomplete> {
        let publish = async |notice: &Notice| self.world.publish(notice).await;
        let published = own_topic::publish(notice, publish).await;
        let published = published.map_err(|failure| trouble("the notice topic", &failure))?;
        if let Some((topic, failure)) = &published.refused {
            let topic = format!("topic {}", topic.as_str());
            self.mishaps.borrow_mut().push(trouble(topic, failure));
        }
        Ok(published)
    }

    fn notice(&self, unsent: &Unsent, entry: &Entry, sight: Option<Sight<'_>>) -> Option<Notice> {
        match (unsent.kind, sight, &unsent.outcome) {
            (_, _, Some(outcome)) => Some(Notice::of_outcome(outcome.clone(), Some(entry))),
            (NoticeKind::Ended, _, None) => Some(Notice::ended(entry)),
            (NoticeKind::ZombieWrite, _, None) => Notice::of_zombie(entry),
            (kind, Some(sight), None) if kind.asks() => {
                let desk = self.desk(sight.link);
                let (lock, judgement) = (sight.lock, sight.judgement);
                let notice = Notice::asking(kind, entry, lock, judgement, desk);
                Some(notice.showing(sight.evidence.clone()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
