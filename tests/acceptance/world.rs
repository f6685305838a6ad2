//! An AWS account in memory, with people who lock states in it.
//!
//! `stores` and `ledger` hold what is stored, with the conditions of the real services. `holders` is what Terraform
//! does. `process` is one run of a function with all that may happen to it, `run` runs many at once. The two `…_ports`
//! files say how each port reaches the stores, `pages` is a browser, `phones` send text messages, and `seen` is what a test can do and ask in a word.

mod stores;
mod ledger;
mod holders;
mod process;
mod run;
mod sweep_ports;
mod triage_ports;
mod approve_ports;
mod messages;
mod pages;
mod phones;
mod seen;

use std::cell::{Cell, RefCell};

use jiff::{SignedDuration, Timestamp};
use lockwarden_aws::Kind as Lasts;
use lockwarden_core::settings::{self, ApproveSettings, SweepSettings, TriageSettings};

pub(crate) use holders::{Kind, buckets, id_of, record_text};
pub(crate) use messages::{
    by_topic, keep, release, release_by_name, release_even_if, release_storm, restore,
};
pub(crate) use pages::{Link, Page, Visit};
pub(crate) use phones::{ALICE, BOB, STRANGER, Sms};
pub(crate) use process::{Answer, Fate};
pub(crate) use run::Task;
pub(crate) use seen::outcome_of;
pub(crate) use stores::Stores;

use run::Hook;

/// The lock table.
pub(crate) const TABLE: &str = "terraform-state-locks";
/// A lock table in another region: no transaction reaches it and the ledger.
pub(crate) const FAR_TABLE: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/far-state-locks";
/// The bucket with the states.
pub(crate) const BUCKET: &str = "acme-tf-state";
/// The state of most stories.
pub(crate) const STATE: &str = "acme-tf-state/prod/network.tfstate";
/// Where decisions come from.
pub(crate) const APPROVALS: &str = "arn:aws:sns:eu-west-1:123456789012:lockwarden-approvals";
/// The object with the policy, where it is in one.
pub(crate) const POLICY_OBJECT: &str = "s3://acme-config/lockwarden.hcl";
/// When every story begins.
pub(crate) const START: &str = "2026-03-02T08:00:00Z";

/// The function that carries out decisions.
pub(crate) const FUNCTION: &str =
    "arn:aws:lambda:eu-west-1:123456789012:function:lockwarden-approve";
/// Where the page is.
pub(crate) const PAGE: &str = "https://abc123.lambda-url.eu-west-1.on.aws/";

const DEFAULTS: [(&str, &str); 9] = [
    (settings::LOCK_TABLES, TABLE),
    (settings::STATE_BUCKETS, BUCKET),
    (settings::LEDGER_TABLE, "lockwarden-ledger"),
    (
        settings::NOTICE_TOPIC_ARN,
        "arn:aws:sns:eu-west-1:123456789012:lockwarden-notices",
    ),
    (settings::APPROVAL_TOPIC_ARN, APPROVALS),
    (settings::APPROVE_FUNCTION, "lockwarden-approve"),
    (settings::SWEEP_FUNCTION, "lockwarden-sweep"),
    (settings::APPROVAL_URL, PAGE),
    (settings::APPROVAL_PAGE, "iam"),
];

/// An account with the two functions in it.
pub(crate) struct World {
    stores: RefCell<Stores>,
    sweep_settings: SweepSettings,
    approve_settings: ApproveSettings,
    triage_settings: TriageSettings,
    hooks: RefCell<Vec<Hook>>,
    outages: RefCell<Vec<Outage>>,
    chance: RefCell<Chance>,
    /// One of so many writes of the ledger meets another writer; 0: none does.
    conflicts: Cell<u64>,
    /// Calls under way, counted, so that a standstill is noticed.
    steps: Cell<u64>,
    /// Until when each waiting function waits.
    sleepers: RefCell<Vec<Timestamp>>,
    /// When sweeps begin nothing new any more.
    deadline: Cell<Timestamp>,
    invokes: Cell<u32>,
    /// How many tokens were made.
    tokens: Cell<u64>,
    journal: RefCell<Vec<Call>>,
    /// Whether the fate of the last run struck; its calls may have been too few for that.
    was_disturbed: Cell<bool>,
}

/// The calls that the functions make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    ListTable,
    ListBucket,
    Item,
    LockFile,
    StateObject,
    Versions,
    Digest,
    DeleteLockFile,
    DeleteItem,
    DeleteItemAndCommit,
    PutLockFile,
    PutItem,
    PutItemAndCommit,
    StampItem,
    StampItemAndCommit,
    StateMd5,
    Entry,
    Entries,
    Open,
    Delivery,
    NoticeRequest,
    Events,
    Codes,
    Commit,
    KeepRefusal,
    UpdateDelivery,
    KeepReport,
    LastReport,
    PolicyObject,
    PolicyEntry,
    SavePolicy,
    Run,
    KeepStorm,
    Storm,
    Publish,
    Subscribers,
    HandOver,
    LookAt,
}

impl Call {
    /// Whether it changes a lock record or the ledger.
    pub(crate) fn writes(self) -> bool {
        matches!(
            self,
            Self::DeleteLockFile
                | Self::DeleteItem
                | Self::DeleteItemAndCommit
                | Self::PutLockFile
                | Self::PutItem
                | Self::PutItemAndCommit
                | Self::StampItem
                | Self::StampItemAndCommit
                | Self::Commit
                | Self::KeepRefusal
                | Self::UpdateDelivery
                | Self::KeepReport
                | Self::KeepStorm
                | Self::SavePolicy
        )
    }

    /// Whether the SDK sends a token with it, so that sending it twice has one effect and one answer.
    fn has_token(self) -> bool {
        matches!(
            self,
            Self::Commit
                | Self::DeleteItemAndCommit
                | Self::PutItemAndCommit
                | Self::StampItemAndCommit
                | Self::KeepRefusal
        )
    }
}

/// A store that does not work.
#[derive(Clone)]
struct Outage {
    store: String,
    why: String,
    lasts: Lasts,
    /// How many records of a list come through before it breaks off.
    listed: usize,
}

/// Numbers that look random and are the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

impl World {
    /// An account with one lock table and one bucket, and the default settings.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// The same with other settings.
    pub(crate) fn with(changes: &[(&str, &str)]) -> Self {
        let lookup = |name: &str| {
            let all = changes.iter().chain(&DEFAULTS);
            all.clone()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Self {
            stores: RefCell::new(Stores::at(START.parse().unwrap())),
            sweep_settings: SweepSettings::read(lookup, lockwarden_policy::read).unwrap(),
            approve_settings: ApproveSettings::read(lookup, lockwarden_policy::read).unwrap(),
            triage_settings: TriageSettings::read(lookup).unwrap(),
            hooks: RefCell::default(),
            outages: RefCell::default(),
            chance: RefCell::new(Chance(0)),
            conflicts: Cell::new(0),
            steps: Cell::new(0),
            sleepers: RefCell::default(),
            deadline: Cell::new(Timestamp::MAX),
            invokes: Cell::new(0),
            tokens: Cell::new(0),
            journal: RefCell::default(),
            was_disturbed: Cell::new(false),
        }
    }

    /// An account whose stores hold locks of this kind.
    pub(crate) fn of_kind(kind: Kind) -> Self {
        Self::of_kind_with(kind, &[])
    }

    /// The same with other settings.
    pub(crate) fn of_kind_with(kind: Kind, changes: &[(&str, &str)]) -> Self {
        let table = [(settings::LOCK_TABLES, kind.table())];
        let changes: Vec<(&str, &str)> = changes.iter().chain(&table).copied().collect();
        Self::with(&changes)
    }

    /// The order of what happens at the same time.
    pub(crate) fn seeded(self, seed: u64) -> Self {
        self.chance.borrow_mut().0 = seed.wrapping_mul(0x0DEF_ACED_BAD5_EED1);
        self
    }

    /// One of `of` writes of the ledger is refused, since another writer was at the same item at that moment.
    pub(crate) fn with_conflicts(self, of: u64) -> Self {
        self.conflicts.set(of);
        self
    }

    pub(crate) fn let_no_writes_collide(&self) {
        self.conflicts.set(0);
    }

    pub(crate) fn clock(&self) -> Timestamp {
        self.stores.borrow().clock
    }

    /// Lets time pass: `90s`, `20m`, `1h`.
    pub(crate) fn wait(&self, span: &str) {
        let span: SignedDuration = lockwarden_core::span::parse(span).unwrap();
        self.stores.borrow_mut().clock += span;
    }

    /// From now on, sweeps have this long.
    pub(crate) fn give_sweeps(&self, span: &str) {
        let span: SignedDuration = lockwarden_core::span::parse(span).unwrap();
        self.deadline.set(self.clock() + span);
    }

    /// A store is too busy to answer: `table NAME`, `lists of the table NAME`, the same of a `bucket`, `state`, `ledger`,
    /// `reads of the ledger`, `writes of the ledger`, `writes of the table NAME`, `topic`, `topic NAME` of a rule's own, `policy`,
    /// `approve`, `bodies of states`.
    pub(crate) fn throttle(&self, store: &str) {
        self.break_off(
            store,
            "ThrottlingException: Rate exceeded",
            Lasts::Transient,
            0,
        );
    }

    /// The role lacks a right on a store.
    pub(crate) fn deny(&self, store: &str) {
        self.break_off(store, "AccessDenied: not authorized", Lasts::Lasting, 0);
    }

    /// A list breaks off after so many records.
    pub(crate) fn break_off_after(&self, listed: usize, store: &str) {
        let why = "ThrottlingException: Rate exceeded";
        self.break_off(store, why, Lasts::Transient, listed);
    }

    /// A store fails with this error of AWS.
    pub(crate) fn break_off(&self, store: &str, why: &str, lasts: Lasts, listed: usize) {
        self.outages.borrow_mut().push(Outage {
            store: store.to_owned(),
            why: why.to_owned(),
            lasts,
            listed,
        });
    }

    /// Everything works again.
    pub(crate) fn mend(&self) {
        self.outages.borrow_mut().clear();
    }

    fn outage(&self, store: &str) -> Option<Outage> {
        let outages = self.outages.borrow();
        outages.iter().find(|outage| outage.store == store).cloned()
    }

    fn below(&self, limit: u64) -> u64 {
        self.chance.borrow_mut().below(limit)
    }
}
