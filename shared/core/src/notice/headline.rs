//! What a notice says at first sight: what happened, and the code to answer with.

use std::borrow::Cow;

use super::{Notice, NoticeKind};
use crate::ids::{RequestCode, StormCode};
use crate::outcome::OutcomeKind;

impl Notice {
    /// What happened, in a few words of ASCII.
    pub(super) fn headline(&self) -> Cow<'static, str> {
        let outcome = self.outcome.as_ref();
        if let Some(storm) = outcome.and_then(|outcome| outcome.storm.as_ref()) {
            let (released, count) = (storm.released, storm.count);
            return format!("{released} of {count} locks released").into();
        }
        if let Some(storm) = &self.storm {
            return format!("{} stale locks at once", storm.count).into();
        }
        if let Some(many) = &self.many {
            let what = if self.kind == NoticeKind::Released {
                "released"
            } else {
                "are gone, nothing to do"
            };
            return format!("{} locks {what}", many.count).into();
        }
        Cow::Borrowed(self.headline_of_one())
    }

    /// The code to answer with or to ask for.
    pub(super) fn code(&self) -> Option<&str> {
        let asked = self.storm.as_ref().map(|storm| &storm.code);
        let outcome = self.outcome.as_ref();
        let answered = outcome.and_then(|outcome| outcome.storm.as_ref());
        let storm = asked.or(answered.map(|storm| &storm.code));
        let request = self.request.as_ref().map(RequestCode::as_str);
        request.or(storm.map(StormCode::as_str))
    }

    fn headline_of_one(&self) -> &'static str {
        match (
            self.kind,
            self.outcome.as_ref().map(|outcome| outcome.result),
        ) {
            (_, Some(OutcomeKind::PartlyReleased)) => "Lock released by half",
            (_, Some(OutcomeKind::ChangedHands)) => "Not released, another lock is there",
            (_, Some(OutcomeKind::NotStale)) => "Not released, the lock is not stale",
            (NoticeKind::StaleLock, _) => "Stale lock",
            (NoticeKind::Reminder, _) => "Still stuck",
            (NoticeKind::UnreadableLock, _) => "Unreadable lock",
            (NoticeKind::SplitLock, _) => "Two holders at once",
            (NoticeKind::Storm, _) => "Stale locks at once",
            (NoticeKind::Released, _) => "Lock released",
            (NoticeKind::Kept, _) => "Lock kept",
            (NoticeKind::Restored, _) => "Lock put back",
            (NoticeKind::Expiring, _) => "Lock expires unless it is kept",
            (NoticeKind::Ended, _) if self.expired => "Lock is gone, its time was over",
            (NoticeKind::Ended, _) => "Lock is gone, nothing to do",
            (NoticeKind::Rejected, _) => "Decision not carried out",
            (NoticeKind::ZombieWrite, _) if self.expired => "State written after its lock expired",
            (NoticeKind::ZombieWrite, _) => "State written after the release",
            (NoticeKind::PolicyError, _) => "Policy is broken, somebody has to mend it",
            (NoticeKind::Test, _) => "Test notice, nothing to do",
        }
    }
}
