//! What a test can do in one word, and what it can ask.

use std::collections::BTreeMap;

use lockwarden_core::ids::RequestCode;
use lockwarden_core::item::{Attribute, ItemKind};
use lockwarden_core::ledger::{Change, Entry, Event, EventKind, Status};
use lockwarden_core::policy::{PolicyEntry, PolicyUri};
use lockwarden_core::record;
use serde_json::{Value, json};

use super::stores::Published;
use super::{Answer, Call, Fate, POLICY_OBJECT, World, by_topic, release};

impl World {
    /// A sweep that works; its report.
    #[track_caller]
    pub(crate) fn sweep(&self) -> Value {
        self.try_sweep().unwrap()
    }

    /// A sweep; its report, or the error that Lambda would see.
    #[track_caller]
    pub(crate) fn try_sweep(&self) -> Answer {
        self.run_one(self.sweeping(Fate::Lives)).unwrap()
    }

    /// A direct invoke of `approve` that works; its reply.
    #[track_caller]
    pub(crate) fn decide(&self, decision: &Value) -> Value {
        self.try_decide(decision).unwrap()
    }

    /// The same where it may fail.
    #[track_caller]
    pub(crate) fn try_decide(&self, decision: &Value) -> Answer {
        let task = self.approving(&self.fresh_id(), decision, Fate::Lives);
        self.run_one(task).unwrap()
    }

    /// A decision that is published to the approvals topic; its outcome.
    #[track_caller]
    pub(crate) fn decide_by_topic(&self, decision: &Value) -> Value {
        let id = self.fresh_id();
        let event = by_topic(self, &id, decision);
        let reply = self.run_one(self.approving(&id, &event, Fate::Lives));
        reply.unwrap().unwrap()["outcomes"][0].clone()
    }

    /// A lock is stale and people were asked about it; its request code.
    #[track_caller]
    pub(crate) fn ask_about(&self, path: &str) -> String {
        self.wait("20m");
        self.sweep();
        let entry = self.entry_of(path);
        assert_eq!(entry.status, Status::Asked, "{entry:?}");
        entry.code.to_string()
    }

    /// `approve` dies right after a decision to release this lock is in the ledger.
    #[track_caller]
    pub(crate) fn leave_half_done(&self, request: &str) {
        let decision = release(request);
        for number in 1..100 {
            if self.entry(request).status == Status::Deciding {
                return;
            }
            let fate = Fate::DiesBefore(number);
            self.run_one(self.approving("invoke-that-dies", &decision, fate));
        }
        panic!("the decision did not get into the ledger");
    }

    /// `approve` gets what sweeps handed over.
    #[track_caller]
    pub(crate) fn deliver_queue(&self) {
        let queue = std::mem::take(&mut self.stores.borrow_mut().queue);
        for event in queue {
            let task = self.approving_text(&self.fresh_id(), &event, Fate::Lives);
            self.run_one(task).unwrap().unwrap();
        }
    }

    /// What sweeps handed over is lost on the way.
    pub(crate) fn lose_queue(&self) {
        self.stores.borrow_mut().queue.clear();
    }

    /// The events that wait for `approve`.
    pub(crate) fn queue(&self) -> Vec<String> {
        self.stores.borrow().queue.clone()
    }

    /// An entry that is in the ledger from before.
    pub(crate) fn put_entry(&self, entry: &Entry) {
        let ledger = &mut self.stores.borrow_mut().ledger;
        ledger.commit(&Change::of(entry, Vec::new())).unwrap();
    }

    /// The entry of a request becomes what nobody here can understand.
    pub(crate) fn spoil_entry(&self, request: &str) {
        let code = RequestCode::parse(request).unwrap();
        self.stores.borrow_mut().ledger.spoil(&code);
    }

    /// The same stores, with the settings of this account.
    pub(crate) fn with_the_stores_of(self, other: &Self) -> Self {
        // What was delivered before was another delivery.
        self.invokes.set(other.invokes.get());
        self.stores.replace(other.stores.borrow().clone());
        self
    }

    /// The one entry about this path.
    #[track_caller]
    pub(crate) fn entry_of(&self, path: &str) -> Entry {
        let mut entries = self.entries_of(path);
        assert_eq!(entries.len(), 1, "{path}: {entries:?}");
        entries.remove(0)
    }

    pub(crate) fn entries_of(&self, path: &str) -> Vec<Entry> {
        let mut entries = self.entries();
        entries.retain(|entry| entry.path.as_str() == path);
        entries
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.stores.borrow().ledger.entries()
    }

    /// The entry of a request.
    #[track_caller]
    pub(crate) fn entry(&self, request: &str) -> Entry {
        let code = RequestCode::parse(request).unwrap();
        self.stores.borrow().ledger.entry(&code).unwrap()
    }

    /// The audit log of a request, in order.
    pub(crate) fn audit(&self, request: &str) -> Vec<Event> {
        let code = RequestCode::parse(request).unwrap();
        self.stores.borrow().ledger.audit(&code)
    }

    /// How many such lines the audit log of a request has.
    pub(crate) fn audited(&self, request: &str, what: EventKind) -> usize {
        let audit = self.audit(request);
        audit.iter().filter(|event| event.what == what).count()
    }

    /// The refusals that name no lock.
    pub(crate) fn refusals(&self) -> Vec<Event> {
        self.stores.borrow().ledger.refusals()
    }

    /// The kind of every notice that went out, in order.
    pub(crate) fn told(&self) -> Vec<&'static str> {
        let published = &self.stores.borrow().published;
        published
            .iter()
            .map(|told| told.notice.kind.word())
            .collect()
    }

    /// The next question is about what comes from now on.
    pub(crate) fn forget_what_was_told(&self) {
        let mut stores = self.stores.borrow_mut();
        stores.published.clear();
        stores.metrics.clear();
    }

    /// How many notices of this kind went out.
    pub(crate) fn told_count(&self, kind: &str) -> usize {
        self.told().iter().filter(|told| **told == kind).count()
    }

    /// The kinds of the notices about this path.
    pub(crate) fn told_about(&self, path: &str) -> Vec<&'static str> {
        let notices = self.notices();
        let about = notices.iter().filter(|told| {
            let lock = told.notice.lock.as_ref();
            lock.is_some_and(|lock| lock.lock_id.as_str() == path)
        });
        about.map(|told| told.notice.kind.word()).collect()
    }

    pub(crate) fn notices(&self) -> Vec<Published> {
        self.stores.borrow().published.clone()
    }

    /// The request of every lock that people were asked about, as often as they were.
    pub(crate) fn asked(&self) -> Vec<String> {
        let entries = self.entries().into_iter();
        entries
            .flat_map(|entry| {
                let times = usize::try_from(entry.told.count).unwrap();
                vec![entry.code.to_string(); times]
            })
            .collect()
    }

    /// The code of the last storm that people were told of.
    #[track_caller]
    pub(crate) fn last_storm(&self) -> String {
        let notices = self.notices().into_iter();
        let mut storms = notices.rev().filter_map(|told| told.notice.storm);
        storms.next().unwrap().code.to_string()
    }

    /// The text that people got last.
    #[track_caller]
    pub(crate) fn last_email(&self) -> String {
        let last = self.notices().pop().unwrap();
        let message: Value = serde_json::from_str(&last.message).unwrap();
        message["email"].as_str().unwrap().to_owned()
    }

    /// Every lock record: where it is and who holds it.
    pub(crate) fn locked(&self) -> Vec<String> {
        let stores = self.stores.borrow();
        let mut locked = Vec::new();
        for (bucket, objects) in &stores.buckets {
            for (key, object) in objects.iter().filter(|(key, _)| key.ends_with(".tflock")) {
                let holder = holder_in(&String::from_utf8_lossy(&object.body));
                locked.push(format!("object {bucket}/{key}: {holder}"));
            }
        }
        for (table, items) in &stores.tables {
            for (key, item) in items {
                if !matches!(ItemKind::of(item), ItemKind::Lock { .. }) {
                    continue;
                }
                let holder = match item.get("Info") {
                    Some(Attribute::Text(text)) => holder_in(text),
                    _ => "nobody".to_owned(),
                };
                let table = table.rsplit('/').next().unwrap();
                locked.push(format!("item {table} {key}: {holder}"));
            }
        }
        locked
    }

    /// One attribute of an item.
    pub(crate) fn attribute(&self, table: &str, key: &str, name: &str) -> Option<Attribute> {
        let stores = self.stores.borrow();
        stores.tables.get(table)?.get(key)?.get(name).cloned()
    }

    /// The bytes of the lock object beside this state.
    pub(crate) fn lock_file_body(&self, path: &str) -> Option<Vec<u8>> {
        let (bucket, key) = path.split_once('/').unwrap();
        let stores = self.stores.borrow();
        let object = stores.buckets.get(bucket)?.get(&format!("{key}.tflock"));
        object.map(|object| object.body.clone())
    }

    /// Everything in the tables that is no lock.
    pub(crate) fn not_locks(&self) -> BTreeMap<String, String> {
        let stores = self.stores.borrow();
        let items = stores.tables.values().flatten();
        items
            .filter(|(_, item)| !matches!(ItemKind::of(item), ItemKind::Lock { .. }))
            .map(|(key, item)| (key.clone(), format!("{item:?}")))
            .collect()
    }

    /// The text of every record that a function deleted; `None` where it had none.
    pub(crate) fn deleted(&self) -> Vec<Option<String>> {
        self.stores.borrow().deleted.clone()
    }

    /// The sum of all values of a metric.
    pub(crate) fn metric(&self, name: &str) -> i64 {
        let values = self.metrics().into_iter();
        values.filter_map(|line| line[name].as_i64()).sum()
    }

    /// The metric lines, in order.
    pub(crate) fn metrics(&self) -> Vec<Value> {
        let lines = &self.stores.borrow().metrics;
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The report that the ledger keeps of the last sweep.
    pub(crate) fn kept_report(&self) -> Option<Value> {
        let report = &self.stores.borrow().ledger.report;
        report.as_ref().map(|report| json!(report))
    }

    /// Somebody puts this text into the object with the policy.
    pub(crate) fn put_policy(&self, text: &str) {
        self.put_policy_bytes(text.as_bytes());
    }

    /// The same where it need not be a text.
    pub(crate) fn put_policy_bytes(&self, body: &[u8]) {
        let uri = PolicyUri::parse(POLICY_OBJECT).unwrap();
        let stores = &mut self.stores.borrow_mut();
        stores.put_object(uri.bucket(), uri.key(), body);
    }

    /// The object with the policy goes.
    pub(crate) fn remove_policy(&self) {
        let uri = PolicyUri::parse(POLICY_OBJECT).unwrap();
        let stores = &mut self.stores.borrow_mut();
        let removed = stores
            .buckets
            .get_mut(uri.bucket())
            .unwrap()
            .remove(uri.key());
        assert!(removed.is_some(), "there was one");
    }

    /// What the ledger knows of the policy object.
    pub(crate) fn policy_entry(&self) -> Option<PolicyEntry> {
        self.stores.borrow().ledger.policy()
    }

    /// The calls that took effect since this was asked last.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.journal.borrow_mut())
    }

    /// Whether the fate of the last run struck.
    pub(crate) fn was_disturbed(&self) -> bool {
        self.was_disturbed.get()
    }

    /// A plain release of a request, by direct invoke; the word of its outcome.
    #[track_caller]
    pub(crate) fn release(&self, request: &str) -> String {
        outcome_of(&self.decide(&release(request)))
    }
}

/// The word of an outcome.
#[track_caller]
pub(crate) fn outcome_of(outcome: &Value) -> String {
    outcome["outcome"].as_str().unwrap().to_owned()
}

fn holder_in(text: &str) -> String {
    record::parse(text).map_or_else(|error| error.to_string(), |info| info.who)
}
