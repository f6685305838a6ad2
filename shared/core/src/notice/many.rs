//! Many locks of which the same is told, and nothing is asked: in one notice.

use serde::Serialize;

use super::rendered::fitting;
use super::{Notice, NoticeKind};
use crate::decision::RULE_PREFIX;
use crate::ids::{LockId, LockPath, RequestCode};
use crate::ledger::Entry;
use crate::outcome::DigestCheck;
use crate::text::shown;

/// How much of a path a line shows (characters).
const PATH: usize = 300;
/// How much of any other foreign field.
const FIELD: usize = 120;

/// Many locks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ManyFacts {
    /// How many, also those that are not listed.
    pub count: usize,
    /// The locks, by state.
    pub locks: Vec<ToldLock>,
}

/// One lock of many.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToldLock {
    /// Its request.
    pub request: RequestCode,
    /// The state.
    pub lock_id: LockPath,
    /// The lock ID.
    pub id: Option<LockId>,
    /// The holder.
    pub who: Option<String>,
    /// As in the record.
    pub operation: Option<String>,
    /// Who decided about it, where somebody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Whether the state's digest in the lock table fits the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<DigestCheck>,
}

impl ToldLock {
    fn of(entry: &Entry) -> Self {
        let lock = entry.lock();
        let info = lock.info().ok();
        let short = |text: &str| text.chars().take(FIELD).collect();
        let outcome = entry.outcome.as_ref();
        Self {
            request: entry.code.clone(),
            lock_id: lock.path.clone(),
            id: lock.id(),
            who: info.as_ref().map(|info| short(&info.who)),
            operation: info.as_ref().map(|info| short(info.operation.as_str())),
            by: outcome.and_then(|outcome| outcome.by.clone()),
            digest: outcome.and_then(|outcome| outcome.digest),
        }
    }
}

impl NoticeKind {
    /// Whether what is told of one lock can be told of many at once.
    #[must_use]
    pub fn may_be_of_many(self) -> bool {
        matches!(self, Self::Ended | Self::Released)
    }
}

impl Notice {
    /// Tells the same of many locks: that their holders let go, or that rules released them. What SNS would not take is left out of the
    /// list, from its end, and counted.
    #[must_use]
    pub fn of_many(kind: NoticeKind, entries: &[&Entry]) -> Self {
        let mut locks: Vec<ToldLock> = entries.iter().map(|entry| ToldLock::of(entry)).collect();
        locks.sort_by(|a, b| a.lock_id.cmp(&b.lock_id));
        let count = locks.len();
        // They were asked about in one place.
        let topic = entries.first().and_then(|entry| entry.told.topic.clone());
        fitting(locks, |locks| Self {
            kind,
            many: Some(ManyFacts { count, locks }),
            topic: topic.clone(),
            ..Self::BLANK
        })
    }
}

/// What is told of all of them, in a sentence.
pub(super) fn opening(kind: NoticeKind, many: &ManyFacts) -> String {
    let count = many.count;
    if kind == NoticeKind::Released {
        return format!(
            "{count} locks were released. Releasing does not stop the old holders: make sure that they are gone."
        );
    }
    format!(
        "{count} locks that you were asked about are gone: their holders let go. There is nothing to do."
    )
}

/// A line for each.
pub(super) fn lines(many: &ManyFacts) -> Vec<String> {
    let mut lines: Vec<String> = many.locks.iter().map(line).collect();
    let more = many.count.saturating_sub(many.locks.len());
    if more > 0 {
        lines.push(format!(
            "- and {more} more, for which there is no room here"
        ));
    }
    lines
}

fn line(lock: &ToldLock) -> String {
    let mut line = format!(
        "- {} ({})",
        shown(lock.lock_id.as_str(), PATH),
        lock.request
    );
    if let Some(who) = lock.who.as_deref().filter(|who| !who.is_empty()) {
        line.push_str(&format!(", {}", shown(who, FIELD)));
    }
    // No person's name may begin so.
    let rule = lock
        .by
        .as_deref()
        .and_then(|by| by.strip_prefix(RULE_PREFIX));
    if let Some(rule) = rule {
        line.push_str(&format!(", by the rule `{}`", shown(rule, FIELD)));
    }
    if lock.digest == Some(DigestCheck::Mismatch) {
        line.push_str("; its digest does not look like its checksum");
    }
    line
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::lock::gather;
    use crate::testing::item_with;
    use crate::text;

    fn entry(number: usize, path: &str, who: &str) -> Entry {
        let record = serde_json::json!({
            "ID": format!("0000-{number}"), "Operation": "OperationTypePlan", "Info": "", "Who": who, "Version": "1.11.4",
            "Created": "2026-01-01T00:00:00Z", "Path": path,
        });
        let lock = gather(vec![item_with("locks", path, &record.to_string())]).remove(0);
        Entry::first_sight(lock.code(0), &lock, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let path = |number: usize| format!("b/{number:04}{}", "ü\"".repeat(500));
        let entries: Vec<Entry> = (0..500)
            .map(|number| entry(number, &path(number), "\"".repeat(500).as_str()))
            .collect();
        let entries: Vec<&Entry> = entries.iter().collect();
        let rendered = Notice::of_many(NoticeKind::Ended, &entries).render();
        assert!(rendered.size() <= 256 * 1024, "{}", rendered.size());
        let message: Value = serde_json::from_str(&rendered.message).unwrap();
        let email = message["email"].as_str().unwrap();
        let listed = email.matches("- b/").count();
        assert!((1..500).contains(&listed));
        let rest = format!(
            "- and {} more, for which there is no room here",
            500 - listed
        );
        assert!(email.contains(&rest), "{email}");
    }

    proptest! {
        /// Whatever holders write, each form keeps to what its readers take.
        #[test]
        fn no_holder_breaks_it(paths in proptest::collection::vec("[^\0]{1,400}", 1..8), who in "\\PC{0,400}|.{0,60}") {
            let entries: Vec<Entry> = (0..)
                .zip(&paths)
                .map(|(number, path)| entry(number, path, &who))
                .collect();
            let entries: Vec<&Entry> = entries.iter().collect();
            let rendered = Notice::of_many(NoticeKind::Released, &entries).render();
            prop_assert!(rendered.subject.len() < 100 && rendered.subject.is_ascii());
            let message: Value = serde_json::from_str(&rendered.message).unwrap();
            let email = message["email"].as_str().unwrap();
            prop_assert!(email.chars().all(|character| character == '\n' || text::is_printable(character)));
            prop_assert!(message["sms"].as_str().unwrap().len() <= 140);
            let chat: Value = serde_json::from_str(message["https"].as_str().unwrap()).unwrap();
            prop_assert!(chat["content"]["description"].as_str().unwrap().chars().count() <= 8_000);
        }
    }
}
