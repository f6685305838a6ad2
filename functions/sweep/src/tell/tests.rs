use std::cell::RefCell;

use jiff::Timestamp;
use lockwarden_aws::ledger_find::Entries;
use lockwarden_aws::ledger_write::NotWritten;
use lockwarden_aws::look::Look;
use lockwarden_aws::policy::ReadPolicy;
use lockwarden_aws::subscribers::Subscriber;
use lockwarden_aws::{Failure, Kind, Listing};
use lockwarden_core::evidence::Run;
use lockwarden_core::ids::{LockId, LockPath, RequestCode};
use lockwarden_core::item::{Content, Place, Record};
use lockwarden_core::lock::gather;
use lockwarden_core::policy::{PolicyEntry, PolicyReading, PolicySource, PolicyUri, StateObject};
use lockwarden_core::report::SweepReport;
use lockwarden_core::settings::{self, Bucket, SweepSettings, Table};
use lockwarden_core::storm::Storm;
use lockwarden_core::token::TOKEN_BYTES;
use lockwarden_core::versions::Versions;

use super::*;
use crate::ports::{Approve, KeepPolicy, Ledger, Locks, Machine, Notices};

const NOW: &str = "2026-01-01T03:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A write of the ledger: how many notices the entry still owes, and the one that went out.
type Written = (usize, Option<(String, RequestCode)>);

/// A topic that works or does not, and a ledger that notes what it is given. Nobody here looks at a lock.
struct Post {
    works: bool,
    written: RefCell<Vec<Written>>,
}

impl Look for Post {
    async fn item(&self, _: &Table, _: &LockPath) -> Result<Option<Record>, Failure> {
        panic!("nobody looks at a lock here")
    }

    async fn lock_file(&self, _: &LockPath) -> Result<Option<Record>, Failure> {
        panic!("nobody looks at a lock here")
    }

    async fn state_object(&self, _: &LockPath) -> StateObject {
        panic!("nobody looks at a state here")
    }
}

impl Locks for Post {
    async fn list_table(&self, _: &Table) -> Listing {
        panic!("nobody lists locks here")
    }

    async fn list_bucket(&self, _: &Bucket) -> Listing {
        panic!("nobody lists locks here")
    }

    async fn versions(&self, _: &str, _: &str, _: Timestamp) -> Result<Versions, Failure> {
        panic!("nobody lists versions here")
    }
}

impl ReadPolicy for Post {
    async fn policy_object(&self, _: &PolicyUri) -> PolicyReading {
        panic!("nobody judges here")
    }

    async fn policy_entry(&self) -> Result<Option<PolicyEntry>, Failure> {
        panic!("nobody judges here")
    }
}

impl KeepPolicy for Post {
    async fn save_policy(&self, _: &PolicyEntry) -> Result<(), NotWritten> {
        panic!("nobody judges here")
    }
}

impl Ledger for Post {
    async fn entries(&self, _: &[RequestCode]) -> Result<Entries, Failure> {
        panic!("nobody reads the ledger here")
    }

    async fn entry(&self, _: &RequestCode) -> Result<Option<Entry>, Failure> {
        panic!("nobody reads the ledger here")
    }

    async fn codes(&self, _: &LockPath, _: i32) -> Result<Vec<RequestCode>, Failure> {
        panic!("nobody reads the ledger here")
    }

    async fn open(&self) -> Result<Vec<RequestCode>, Failure> {
        panic!("nobody reads the ledger here")
    }

    async fn commit(&self, change: &Change<'_>) -> Result<(), NotWritten> {
        let owed = change.entry.unwrap().unsent.len();
        let written = (owed, change.published.clone());
        self.written.borrow_mut().push(written);
        Ok(())
    }

    async fn keep_storm(&self, _: &Storm) -> Result<(), Failure> {
        panic!("nobody asks about many locks here")
    }

    async fn run(&self, _: &LockId) -> Result<Option<Run>, Failure> {
        panic!("nobody reads the ledger here")
    }

    async fn last_report(&self) -> Result<Option<SweepReport>, Failure> {
        panic!("nobody reads the ledger here")
    }

    async fn keep_report(&self, _: &SweepReport) -> Result<(), Failure> {
        panic!("there is no report here")
    }
}

impl Notices for Post {
    async fn publish(&self, _: &Notice) -> Result<String, Failure> {
        if self.works {
            Ok("n-1".to_owned())
        } else {
            Err(Failure::new("publish", "throttled", Kind::Transient))
        }
    }

    async fn subscribers(&self) -> Result<Vec<Subscriber>, Failure> {
        panic!("nobody asks who is told here")
    }
}

impl Approve for Post {
    async fn hand_over(&self, _: &str) -> Result<(), Failure> {
        panic!("there is no decision here")
    }
}

impl Machine for Post {
    fn now(&self) -> Timestamp {
        at(NOW)
    }

    fn random(&self) -> [u8; TOKEN_BYTES] {
        panic!("there is no link here")
    }

    fn metrics(&self, _: &str) {}
}

fn settings() -> SweepSettings {
    SweepSettings::read(
        |name| {
            let value = match name {
                settings::LOCK_TABLES => "locks",
                settings::LEDGER_TABLE => "ledger",
                settings::APPROVE_FUNCTION => "approve",
                settings::NOTICE_TOPIC_ARN => "arn:aws:sns:eu-west-1:123456789012:notices",
                settings::APPROVAL_TOPIC_ARN => "arn:aws:sns:eu-west-1:123456789012:approvals",
                _ => return None,
            };
            Some(value.to_owned())
        },
        lockwarden_policy::read,
    )
    .unwrap()
}

/// The entry of a lock whose end people are owed to hear.
fn ended() -> Entry {
    let record = Record {
        path: LockPath::new("b/k").unwrap(),
        place: Place::Dynamodb {
            table: "locks".to_owned(),
        },
        content: Content::Text("{}".to_owned()),
    };
    let lock = gather(vec![record]).remove(0);
    let mut entry = Entry::first_sight(lock.code(0), &lock, at("2026-01-01T00:10:00Z"));
    entry.ask(NoticeKind::UnreadableLock, at(NOW)).unwrap();
    entry.end(at(NOW)).unwrap();
    entry
}

/// Tells the first notice that is owed, and says whether it went out and what was written.
async fn told(works: bool, entry: &mut Entry) -> (bool, Vec<Written>) {
    let post = Post {
        works,
        written: RefCell::default(),
    };
    let settings = settings();
    let PolicySource::Setting(policy) = &settings.common.policy else {
        panic!("it is in no object")
    };
    let sweep = Sweep::new(&post, &settings, policy, at("2026-01-01T03:05:00Z"), None);
    let unsent = entry.unsent[0].clone();
    let is_told = sweep.tell(entry, &unsent, None).await.is_ok();
    (is_told, post.written.into_inner())
}

#[tokio::test]
async fn a_notice_that_went_out_is_written_down_with_the_id_of_its_message() {
    let mut entry = ended();
    entry.revision = 5;
    let (is_told, written) = told(true, &mut entry).await;
    assert!(is_told);
    let published = Some(("n-1".to_owned(), entry.code.clone()));
    assert_eq!(written, [(0, published)]);
    assert_eq!(entry.revision, 6, "the next write goes on from this one");
}

#[tokio::test]
async fn a_notice_that_did_not_go_out_is_owed_still() {
    let mut entry = ended();
    let (is_told, written) = told(false, &mut entry).await;
    assert!(!is_told);
    assert_eq!(written, []);
    assert_eq!(entry.unsent.len(), 1);
}
