//! What a notice shows of a lock, and of how it is judged.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::evidence::Evidence;
use crate::ids::{LockId, LockPath};
use crate::lock::Lock;
use crate::outcome::RecordName;
use crate::policy::{EvenIf, Judgement, Severity, SignOfLife, Verdict};
use crate::record::LockInfo;
use crate::text;

/// The longest foreign text in a notice (characters): whoever can lock can write novels.
const LONGEST: usize = 2_000;
/// A lock as a notice shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LockFacts {
    /// The state, as the store names it.
    pub lock_id: LockPath,
    /// The lock ID.
    pub id: Option<LockId>,
    /// The path in the record; only shown.
    pub path: Option<String>,
    /// As in the record.
    pub operation: Option<String>,
    /// The holder.
    pub who: Option<String>,
    /// Of Terraform or OpenTofu.
    pub version: Option<String>,
    /// The holder's clock when it began trying.
    pub created: Option<Timestamp>,
    /// As in the record.
    pub info: Option<String>,
    /// The text of a record that cannot be understood, made safe to show and cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Where it is stored.
    pub records: Vec<RecordName>,
}

/// Why people are asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerdictFacts {
    /// The verdict in a word.
    pub verdict: Verdict,
    /// In a sentence.
    pub why: String,
    /// The rule behind it.
    pub rule: String,
    /// The shortest time it can have been held, seconds.
    pub held_at_least_seconds: i64,
    /// The longest, seconds.
    pub held_at_most_seconds: i64,
    /// How loud a notice about it is: an attribute of the message, and no part of the document.
    #[serde(skip)]
    pub severity: Severity,
    /// What was seen of the holder.
    pub sign_of_life: Value,
    /// What else speaks for and against its life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// What a release must say it does not mind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs_even_if: Vec<EvenIf>,
}

impl LockFacts {
    pub(super) fn of(lock: &Lock) -> Self {
        let info = lock.info().ok();
        let field = |get: fn(&LockInfo) -> &str| info.as_ref().map(|info| cut(get(info)));
        Self {
            lock_id: lock.path.clone(),
            id: info.as_ref().map(|info| info.id.clone()),
            path: field(|info| &info.path),
            operation: field(|info| info.operation.as_str()),
            who: field(|info| &info.who),
            version: field(|info| &info.version),
            created: info.as_ref().map(|info| info.created),
            info: field(|info| &info.info),
            raw: match info {
                Some(_) => None,
                None => lock.content.text().map(|raw| text::shown(raw, LONGEST)),
            },
            records: lock.places.iter().map(RecordName::from).collect(),
        }
    }
}

/// The document keeps a field as it is (JSON escapes it), only cut.
fn cut(value: &str) -> String {
    value.chars().take(LONGEST).collect()
}

impl VerdictFacts {
    pub(super) fn of(judgement: &Judgement) -> Self {
        Self {
            verdict: judgement.verdict,
            why: judgement.why.clone(),
            rule: judgement.rule.clone(),
            held_at_least_seconds: judgement.held.at_least.as_secs(),
            held_at_most_seconds: judgement.held.at_most.as_secs(),
            severity: judgement.terms.severity,
            sign_of_life: match &judgement.life {
                SignOfLife::Seen { state_written } => {
                    json!({"status": "seen", "state_written": state_written})
                }
                SignOfLife::NoneSeen { state_written } => {
                    json!({"status": "none_seen", "state_written": state_written})
                }
                SignOfLife::Unknown(why) => {
                    json!({"status": "unknown", "why": why, "state_written": null})
                }
            },
            evidence: None,
            needs_even_if: judgement.objections.clone(),
        }
    }
}
