//! The ledger's table. Everything goes in and out as a DynamoDB item, so that what is not part of the item is lost.

use std::collections::{BTreeMap, HashMap};

use jiff::SignedDuration;
use lockwarden_aws::ledger_refusals::{Kept, MOST_PER_DAY};
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::{Failure, Kind};
use lockwarden_core::evidence::Run;
use lockwarden_core::ids::{LockId, LockPath, RequestCode, StormCode};
use lockwarden_core::ledger::{Change, Delivery, Entry, Event, Status};
use lockwarden_core::policy::PolicyEntry;
use lockwarden_core::report::SweepReport;
use lockwarden_core::storm::Storm;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::AttributeValue;
use serde_json::Value;

type Item = HashMap<String, AttributeValue>;

/// DynamoDB takes no longer partition key (bytes), and each of ours has a word in front.
const LONGEST_KEY: usize = 2_000;

/// The ledger's items, by what they hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    entries: BTreeMap<RequestCode, Item>,
    events: BTreeMap<(RequestCode, String), Item>,
    deliveries: BTreeMap<String, Item>,
    notices: BTreeMap<String, RequestCode>,
    storms: BTreeMap<StormCode, Item>,
    refusals: BTreeMap<(String, String), Item>,
    refusals_of_day: BTreeMap<String, u32>,
    pub(crate) report: Option<SweepReport>,
    /// What is known of the policy object.
    policy: Option<Item>,
    /// What runs that wrap Terraform said, by the IDs of their locks.
    pub(crate) runs: BTreeMap<LockId, Run>,
    /// Codes that the index shows although it should not any more, or the other way round: it is a moment behind.
    pub(crate) index_lags: bool,
    open_a_moment_ago: Vec<RequestCode>,
}

impl Ledger {
    pub(crate) fn entry(&self, code: &RequestCode) -> Option<Entry> {
        self.entries.get(code).map(value_of)
    }

    /// What a function reads: an item that cannot be understood is an error.
    pub(super) fn read(&self, code: &RequestCode) -> Result<Option<Entry>, Failure> {
        let item = self.entries.get(code).cloned();
        let entry = item.map(serde_dynamo::from_item).transpose();
        entry.map_err(|error: serde_dynamo::Error| {
            let doing = "understand an entry of the ledger";
            Failure::new(doing, error.to_string(), Kind::Lasting)
        })
    }

    /// Somebody else's hand, or another version, makes of an entry what this one cannot understand.
    pub(crate) fn spoil(&mut self, code: &RequestCode) {
        let item = self.entries.get_mut(code).unwrap();
        let status = AttributeValue::S("of another version".to_owned());
        item.insert("status".to_owned(), status);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.values().map(value_of).collect()
    }

    /// What the index `open` shows.
    pub(super) fn open(&self) -> Vec<RequestCode> {
        if self.index_lags {
            self.open_a_moment_ago.clone()
        } else {
            self.open_now()
        }
    }

    fn open_now(&self) -> Vec<RequestCode> {
        let open = self
            .entries
            .iter()
            .filter(|(_, item)| item.contains_key("open"));
        open.map(|(code, _)| code.clone()).collect()
    }

    /// The ledger without its audit log.
    pub(crate) fn without_audit(&self) -> Self {
        Self {
            events: BTreeMap::new(),
            ..self.clone()
        }
    }

    pub(crate) fn audit(&self, code: &RequestCode) -> Vec<Event> {
        let events = self.events.iter().filter(|((of, _), _)| of == code);
        events.map(|(_, item)| value_of(item)).collect()
    }

    pub(super) fn latest_events(&self, code: &RequestCode, most: i32) -> Vec<Event> {
        let events = self.audit(code).into_iter().rev();
        events.take(usize::try_from(most).unwrap()).collect()
    }

    /// What the index `by-state` shows.
    pub(super) fn latest_codes(&self, path: &LockPath, most: i32) -> Vec<RequestCode> {
        // The index has the keys alone, also those of an entry that nobody understands.
        let text = |item: &Item, name: &str| match item.get(name) {
            Some(AttributeValue::S(text)) => Some(text.clone()),
            Some(_) | None => None,
        };
        let of_state = |item: &&Item| text(item, "state").as_deref() == Some(path.as_str());
        let entries = self.entries.iter();
        let mut entries: Vec<_> = entries.filter(|(_, item)| of_state(item)).collect();
        entries.sort_by_key(|(_, item)| std::cmp::Reverse(text(item, "first_seen")));
        let codes = entries.into_iter().map(|(code, _)| code.clone());
        // An index that is behind does not have the latest yet.
        let codes = codes.skip(usize::from(self.index_lags));
        codes.take(usize::try_from(most).unwrap()).collect()
    }

    pub(super) fn notice_request(&self, message_id: &str) -> Option<RequestCode> {
        assert!(!message_id.is_empty() && message_id.len() < LONGEST_KEY);
        self.notices.get(message_id).cloned()
    }

    pub(super) fn keep_storm(&mut self, storm: &Storm) {
        self.storms.insert(storm.code.clone(), item_of(storm));
    }

    pub(super) fn storm(&self, code: &StormCode) -> Option<Storm> {
        self.storms.get(code).map(value_of)
    }

    /// Everything that is stored, as text that is the same for what is the same.
    pub(crate) fn as_text(&self) -> String {
        let sorted =
            |items: Vec<&Item>| items.into_iter().map(value_of::<Value>).collect::<Vec<_>>();
        let entries = sorted(self.entries.values().collect());
        let events = sorted(self.events.values().collect());
        let deliveries = sorted(self.deliveries.values().collect());
        let refusals = sorted(self.refusals.values().collect());
        let storms = sorted(self.storms.values().collect());
        let (notices, of_day, report) = (&self.notices, &self.refusals_of_day, &self.report);
        let policy = self.policy();
        format!(
            "{entries:?} {events:?} {deliveries:?} {storms:?} {refusals:?} {notices:?} {of_day:?} {report:?} {policy:?}"
        )
    }

    pub(crate) fn refusals(&self) -> Vec<Event> {
        self.refusals.values().map(value_of).collect()
    }

    pub(super) fn delivery(&self, id: &str) -> Option<Delivery> {
        assert!(id.len() < LONGEST_KEY);
        self.deliveries.get(id).map(value_of)
    }

    /// Whether a change would be taken.
    pub(super) fn would_take(&self, change: &Change<'_>) -> Result<(), NotWritten> {
        let answered = change.answered.as_ref();
        if answered.is_some_and(|answer| self.deliveries.contains_key(&answer.id)) {
            return Err(NotWritten::AnsweredBefore);
        }
        let Some(entry) = change.entry else {
            return Ok(());
        };
        let stored = self.entries.get(&entry.code);
        let expected = (entry.revision > 0).then(|| AttributeValue::N(entry.revision.to_string()));
        if stored.and_then(|item| item.get("revision")) == expected.as_ref() {
            Ok(())
        } else {
            Err(NotWritten::Outdated)
        }
    }

    pub(super) fn commit(&mut self, change: &Change<'_>) -> Result<(), NotWritten> {
        self.would_take(change)?;
        self.open_a_moment_ago = self.open_now();
        if let Some(entry) = change.entry {
            self.put_entry(entry);
        }
        for (code, event) in &change.events {
            let key = (code.clone(), event.sort_key());
            self.events.insert(key, item_of(event));
        }
        if let Some(answer) = &change.answered {
            self.deliveries.insert(answer.id.clone(), item_of(answer));
        }
        self.notices.extend(change.published.clone());
        Ok(())
    }

    pub(super) fn save_policy(&mut self, entry: &PolicyEntry) -> Result<(), NotWritten> {
        let stored = self.policy().map_or(0, |stored| stored.revision);
        if stored != entry.revision {
            return Err(NotWritten::Outdated);
        }
        self.policy = Some(item_of(&PolicyEntry {
            revision: entry.revision + 1,
            ..entry.clone()
        }));
        Ok(())
    }

    pub(crate) fn policy(&self) -> Option<PolicyEntry> {
        self.policy.as_ref().map(value_of)
    }

    fn put_entry(&mut self, entry: &Entry) {
        if let Some(before) = self.entry(&entry.code) {
            assert_allowed(&before, entry);
        }
        let mut item = item_of(entry);
        let revision = AttributeValue::N((entry.revision + 1).to_string());
        item.insert("revision".to_owned(), revision);
        if entry.is_open() {
            item.insert("open".to_owned(), AttributeValue::S("yes".to_owned()));
        }
        if let Some(second) = entry.expires_at(SignedDuration::from_hours(400 * 24)) {
            let second = AttributeValue::N(second.to_string());
            item.insert("expires_at".to_owned(), second);
        }
        self.entries.insert(entry.code.clone(), item);
    }

    pub(super) fn keep_refusal(&mut self, event: &Event, answer: &Delivery) -> Kept {
        if self.deliveries.contains_key(&answer.id) {
            return Kept::AnsweredBefore;
        }
        let day = event.at.strftime("%Y-%m-%d").to_string();
        let kept = self.refusals_of_day.entry(day.clone()).or_default();
        if *kept >= MOST_PER_DAY {
            return Kept::TooMany;
        }
        *kept += 1;
        self.refusals
            .insert((day, event.sort_key()), item_of(event));
        self.deliveries.insert(answer.id.clone(), item_of(answer));
        Kept::Yes
    }

    pub(super) fn update_delivery(&mut self, before: &Delivery, after: &Delivery) -> bool {
        let stored = self.deliveries.get(&before.id);
        let stored = stored.and_then(|item| item.get("unsent_until")).cloned();
        let expected = before
            .unsent_until
            .map(|until| AttributeValue::S(until.to_string()));
        let is_so = stored == expected;
        if is_so {
            self.deliveries.insert(after.id.clone(), item_of(after));
        }
        is_so
    }
}

/// Whatever the functions do, an entry takes only the steps of its life cycle; deciding and concluding may be one
/// write.
fn assert_allowed(before: &Entry, after: &Entry) {
    let (from, to) = (before.status, after.status);
    let through_deciding = from.may_become(Status::Deciding) && Status::Deciding.may_become(to);
    let lives_again = after.generation == before.generation + 1 && from.is_over();
    assert!(
        from == to || from.may_become(to) || through_deciding || lives_again,
        "request {} went from {from:?} to {to:?}",
        before.code
    );
    assert!(
        before.generation == after.generation || lives_again,
        "request {} jumped a generation",
        before.code
    );
}

fn item_of<T: Serialize>(value: &T) -> Item {
    serde_dynamo::to_item(value).unwrap()
}

fn value_of<T: DeserializeOwned>(item: &Item) -> T {
    serde_dynamo::from_item(item.clone()).unwrap()
}
