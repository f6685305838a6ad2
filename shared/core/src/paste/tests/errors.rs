//! The errors that Terraform and OpenTofu print, and what is to come out of each.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;

use super::layers::{self, Layer};
use super::locks;
use super::wordings::{OTHER_ID, OTHER_LOCK, REQUEST, TAKEN, TRIED};
use super::wraps::{self, Wrap};
use crate::paste::{Kind, LockError, PastedDigest, PastedLock};
use crate::testing::at;

/// How the program lays an error out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Up to 0.14.
    Old,
    New,
    OpenTofu,
    /// `-json`: one object a line, and the message and the block in `detail` (`views/json/diagnostic.go`).
    Json,
}

/// What an error is to be read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) kind: Kind,
    pub(super) backend: Option<String>,
    pub(super) lock: PastedLock,
    pub(super) held: Option<bool>,
    pub(super) tried: Option<String>,
    pub(super) digest: Option<PastedDigest>,
}

impl From<LockError> for Told {
    fn from(error: LockError) -> Self {
        Self {
            kind: error.kind,
            backend: error.backend_name,
            lock: error.lock,
            held: error.held,
            tried: error.tried,
            digest: error.digest,
        }
    }
}

/// An error as it is printed, before anything is done to it.
#[derive(Clone, Debug)]
pub(super) struct Printed {
    pub(super) text: String,
    pub(super) told: Told,
    /// Whether a program breaks its lines: nothing does that to JSON.
    pub(super) has_lines: bool,
}

impl Told {
    /// Forgets what nobody can tell from such a paste.
    pub(super) fn forget_what_was_lost(&mut self, wrap: Wrap, layers: &[Layer]) {
        let lock = &mut self.lock;
        if layers.contains(&Layer::CurlyQuotes) {
            lock.info = lock
                .info
                .take()
                .map(|info| info.replace(['"', '“', '”'], ""));
        }
        without_doubtful_spaces(lock, wrap);
    }
}

/// A line that ends at a space at the very edge looks like one that was cut inside a word.
pub(super) fn without_doubtful_spaces(lock: &mut PastedLock, wrap: Wrap) {
    if !matches!(wrap, Wrap::Words(_)) {
        return;
    }
    for value in [
        &mut lock.path,
        &mut lock.operation,
        &mut lock.who,
        &mut lock.info,
    ] {
        *value = value.take().map(|value| value.replace(' ', ""));
    }
}

impl Printed {
    /// A paste of it, and the layers that could be put on.
    pub(super) fn paste(&self, wrap: Wrap, layers: &[Layer]) -> (String, Vec<Layer>) {
        let wrap = if self.has_lines { wrap } else { Wrap::No };
        // The quotes of JSON are no quotes of a sentence.
        let can_be = |layer: &Layer| self.has_lines || *layer != Layer::CurlyQuotes;
        let layers: Vec<Layer> = layers.iter().copied().filter(can_be).collect();
        let text = layers::put_all_on(&wraps::wrap(&self.text, wrap), &layers);
        (text, layers)
    }
}

/// Every kind of error.
pub(super) fn any() -> impl Strategy<Value = Printed> {
    prop_oneof![8 => taken(), 2 => releases(), 2 => digests()]
}

/// A lock that cannot be had because it is taken, in any backend.
pub(super) fn taken() -> impl Strategy<Value = Printed> {
    let layout = select(&[Layout::Old, Layout::New, Layout::OpenTofu, Layout::Json][..]);
    (
        locks::locks(),
        select(&TAKEN[..]),
        layout,
        proptest::option::weighted(0.2, locks::infos()),
    )
        .prop_map(|(mut lock, (kind, backend, message), layout, info)| {
            lock.info = info;
            if backend == Some("consul") {
                lock.info = lock.id.as_ref().map(|id| format!("consul session: {id}"));
            }
            let path = lock.path.clone().unwrap_or_default();
            let message = message
                .replace("{r}", REQUEST)
                .replace("{o}", OTHER_ID)
                .replace("{p}", &path);
            let text = acquiring(&message, &lock, layout);
            let id_of_message = match backend {
                Some("pg") => Some(None),
                Some("http") => Some(Some(OTHER_ID.to_owned())),
                Some("remote") => Some(Some("acme/prod-network".to_owned())),
                _ => None,
            };
            if let Some(id) = id_of_message {
                lock.id = id;
                lock.is_of_caller = true;
            }
            Printed {
                text,
                has_lines: layout != Layout::Json,
                told: Told {
                    kind,
                    backend: backend.map(str::to_owned),
                    lock,
                    held: Some(true),
                    tried: None,
                    digest: None,
                },
            }
        })
}

/// The same as it is printed for people.
pub(super) fn taken_in_lines() -> impl Strategy<Value = Printed> {
    taken().prop_filter("is JSON", |printed| printed.has_lines)
}

/// A `force-unlock` with the ID of another lock.
pub(super) fn releases() -> impl Strategy<Value = Printed> {
    (locks::locks(), select(&OTHER_LOCK[..])).prop_map(|(lock, message)| {
        let id = lock.id.clone().unwrap_or_default();
        let message = message.replace("{t}", TRIED).replace("{i}", &id);
        Printed {
            text: format!("Failed to unlock state: {message}\n{}", block(&lock)),
            has_lines: true,
            told: Told {
                kind: Kind::UnlockFailed,
                backend: None,
                lock,
                held: Some(true),
                tried: Some(TRIED.to_owned()),
                digest: None,
            },
        }
    })
}

/// A state that is not the one that the table's digest belongs to.
pub(super) fn digests() -> impl Strategy<Value = Printed> {
    let heading = select(
        &[
            "Error: Error refreshing state: ",
            "Error: Error loading state: ",
            "Error: error loading state: ",
            "Error: Failed to load state: ",
        ][..],
    );
    let bucket_and_key = ("[a-z]{3,20}", "[a-z0-9/_-]{1,60}\\.tfstate");
    (heading, bucket_and_key, "[0-9a-f]{32}", "[0-9a-f]{32}", proptest::bool::ANY).prop_map(
        |(heading, (bucket, key), calculated, stored, is_labelled)| {
            let labels = if is_labelled {
                format!(
                    "The checksum calculated for the state stored in S3 does not match the checksum stored in DynamoDB.\n\nBucket: {bucket}\nKey:    {key}\nCalculated checksum: {calculated}\nStored checksum:     {stored}\n\n"
                )
            } else {
                String::new()
            };
            let text = format!(
                "{heading}state data in S3 does not have the expected content.\n\n{labels}This may be caused by unusually long delays in S3 processing a previous state update. Please wait for a minute or two and try again.\n\nIf this problem persists, and neither S3 nor DynamoDB are experiencing an outage, you may need to manually verify the remote state and update the Digest value stored in the DynamoDB table to the following value: {calculated}"
            );
            let lock = PastedLock {
                path: is_labelled.then(|| format!("{bucket}/{key}")),
                ..PastedLock::default()
            };
            let digest = PastedDigest {
                bucket: is_labelled.then_some(bucket),
                key: is_labelled.then_some(key),
                calculated: Some(calculated),
                stored: is_labelled.then_some(stored),
            };
            Printed {
                text,
                has_lines: true,
                told: Told {
                    kind: Kind::DigestMismatch,
                    backend: None,
                    lock,
                    held: None,
                    tried: None,
                    digest: Some(digest),
                },
            }
        },
    )
}

/// The error of a lock that is taken in a DynamoDB table, for tests that are about something else.
pub(super) fn of_dynamodb(lock: &PastedLock) -> String {
    acquiring(&TAKEN[0].2.replace("{r}", REQUEST), lock, Layout::New)
}

/// Terraform's `clistate/state.go: LockErrorMessage` and what is printed around it.
fn acquiring(message: &str, lock: &PastedLock, layout: Layout) -> String {
    let program = match layout {
        Layout::OpenTofu => "OpenTofu",
        Layout::Old | Layout::New | Layout::Json => "Terraform",
    };
    // Consul's errors are nothing but the block (`statemgr/locker.go: LockError.Error`).
    let message = if message.is_empty() {
        String::new()
    } else {
        format!("{message}\n")
    };
    let about = format!(
        "{message}{}\n\n{program} acquires a state lock to protect the state from being written\nby multiple users at the same time. Please resolve the issue above and try\nagain. For most commands, you can disable locking with the \"-lock=false\"\nflag, but this is not recommended.",
        block(lock)
    );
    match layout {
        Layout::Old => {
            format!("Error: Error locking state: Error acquiring the state lock: {about}")
        }
        Layout::New | Layout::OpenTofu => {
            format!("Error: Error acquiring the state lock\n\nError message: {about}")
        }
        Layout::Json => {
            let version = serde_json::json!({
                "@level": "info", "@message": "Terraform 1.11.4", "@module": "terraform.ui",
                "@timestamp": "2024-01-15T03:50:00.000000Z", "terraform": "1.11.4", "type": "version", "ui": "1.2",
            });
            let error = serde_json::json!({
                "@level": "error", "@message": "Error: Error acquiring the state lock", "@module": "terraform.ui",
                "@timestamp": "2024-01-15T03:50:00.100000Z",
                "diagnostic": {
                    "severity": "error", "summary": "Error acquiring the state lock",
                    "detail": format!("Error message: {about}"),
                },
                "type": "diagnostic",
            });
            format!("{version}\n{error}")
        }
    }
}

/// `statemgr/locker.go: LockInfo.String`.
fn block(lock: &PastedLock) -> String {
    let created = lock.created.unwrap_or(at("0001-01-01T00:00:00Z"));
    let created = created
        .to_string()
        .replace('T', " ")
        .replace('Z', " +0000 UTC");
    let fields = [
        ("ID:", &lock.id),
        ("Path:", &lock.path),
        ("Operation:", &lock.operation),
        ("Who:", &lock.who),
        ("Version:", &lock.version),
        ("Created:", &Some(created)),
        ("Info:", &lock.info),
    ];
    let mut block = "Lock Info:\n".to_owned();
    for (name, value) in fields {
        writeln!(
            block,
            "  {name:<11}{}",
            value.as_deref().unwrap_or_default()
        )
        .unwrap();
    }
    block
}
