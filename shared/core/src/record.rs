//! The text of a lock record: what Terraform and OpenTofu write when they take a lock.
//!
//! Terraform's `internal/states/statemgr/locker.go: LockInfo`, the same seven fields from 0.9 to 1.16 and in OpenTofu.
//! The text itself is never changed or written anew: a release compares it as it was read, and OpenTofu refuses to
//! unlock a record that is not byte for byte what Go would print.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::ids::LockId;
use crate::text;

/// A lock record that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockInfo {
    /// The lock ID.
    pub id: LockId,
    /// What the holder said it was doing.
    pub operation: Operation,
    /// Always empty for S3 backends; kept because others may fill it.
    pub info: String,
    /// The holder, `user@host`; either side may be empty.
    pub who: String,
    /// The version of Terraform or OpenTofu; the record does not tell which of the two.
    pub version: String,
    /// The holder's clock when it *began trying* to take the lock (`statemgr.NewLockInfo` runs before the retries).
    pub created: Timestamp,
    /// What the record says its path is. Shown, never used to find anything.
    pub path: String,
    /// Fields that no known version writes.
    pub unknown_fields: Vec<String>,
}

/// The `Operation` field: free text, of which some values are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Operation(String);

/// Why a text is not a usable lock record. The text itself is not part of it: raw records stay out of logs.
#[derive(Debug, Error)]
pub enum ParseRecordError {
    /// Nothing there. A script that "unlocks" by writing an empty `Info` leaves this.
    #[error("the record is empty")]
    Empty,
    /// Not JSON, or cut short.
    #[error("the record is not JSON (line {line}, column {column})")]
    NotJson {
        /// Line of the first wrong character, from 1.
        line: usize,
        /// Column of the first wrong character, from 1.
        column: usize,
    },
    /// JSON, but not an object.
    #[error("the record is JSON but not an object")]
    NotAnObject,
    /// A field has another type than a string.
    #[error("the field `{0}` of the record is not a string")]
    NotAString(&'static str),
    /// No lock ID: nobody could name this lock.
    #[error("the record has no `ID`")]
    NoId,
    /// No time.
    #[error("the record has no `Created` time")]
    NoCreated,
    /// A time that cannot be read, or Go's zero time, which stands for none.
    #[error(
        "the record's `Created` time `{text}` is not a time such as `2024-01-15T03:42:11.823456789Z`"
    )]
    BadCreated {
        /// The text, shortened.
        text: String,
    },
}

/// Reads the text of a lock record.
///
/// # Errors
/// [`ParseRecordError`] where the text has no ID or no time that can be used. Any other field may be missing.
pub fn parse(text: &str) -> Result<LockInfo, ParseRecordError> {
    if text.trim().is_empty() {
        return Err(ParseRecordError::Empty);
    }
    let value: Value = serde_json::from_str(text).map_err(|error| ParseRecordError::NotJson {
        line: error.line(),
        column: error.column(),
    })?;
    let Value::Object(fields) = value else {
        return Err(ParseRecordError::NotAnObject);
    };
    let mut fields: BTreeMap<String, Value> = fields.into_iter().collect();
    let mut take = |name: &'static str| match fields.remove(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(ParseRecordError::NotAString(name))
        }
    };
    let id = take("ID")?;
    let created = take("Created")?;
    let info = LockInfo {
        id: LockId::new(id).map_err(|_| ParseRecordError::NoId)?,
        created: parse_created(&created)?,
        operation: Operation(take("Operation")?),
        info: take("Info")?,
        who: take("Who")?,
        version: take("Version")?,
        path: take("Path")?,
        unknown_fields: Vec::new(),
    };
    Ok(LockInfo {
        unknown_fields: fields.into_keys().collect(),
        ..info
    })
}

fn parse_created(text: &str) -> Result<Timestamp, ParseRecordError> {
    if text.is_empty() {
        return Err(ParseRecordError::NoCreated);
    }
    let bad = || ParseRecordError::BadCreated {
        text: text::shown(text, 60),
    };
    let created: Timestamp = text.parse().map_err(|_| bad())?;
    // `Created: 0001-01-01T00:00:00Z` is Go's way to say that there is no time.
    if created.to_zoned(TimeZone::UTC).year() <= 1 {
        Err(bad())
    } else {
        Ok(created)
    }
}

impl LockInfo {
    /// What in this record no known version of Terraform or OpenTofu writes; empty for an ordinary lock.
    ///
    /// Such a lock is judged like any other, but a person must say with open eyes that it may go: what we do not know
    /// may change what the lock means (`Operation: "tflock"` is a freeze taken by hand, for example).
    #[must_use]
    pub fn oddities(&self) -> Vec<String> {
        let mut odd: Vec<String> = self
            .unknown_fields
            .iter()
            .map(|name| format!("an unknown field `{}`", text::shown(name, 60)))
            .collect();
        if !self.operation.is_known() {
            odd.push(format!(
                "an unknown operation `{}`",
                text::shown(self.operation.as_str(), 60)
            ));
        }
        odd
    }

    /// The host of the holder: what stands after the last `@` of `user@host` (`statemgr/locker.go: NewLockInfo`). In a container it
    /// is the container's name. `None` where there is none.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        let (_, host) = self.who.rsplit_once('@')?;
        (!host.is_empty()).then_some(host)
    }
}

/// The values that some released version of Terraform or OpenTofu writes (each was found in source), with
/// the name that people use and whether the holder may have been writing the state.
const KNOWN_OPERATIONS: [(&str, &str, bool); 23] = [
    ("OperationTypeApply", "apply or destroy", true),
    ("OperationTypePlan", "plan", false),
    ("OperationTypeRefresh", "refresh", true),
    ("OperationTypeInvalid", "console or import", true),
    ("init", "creating a workspace", true),
    ("workspace-new", "workspace new", true),
    ("state-mv", "state mv", true),
    ("state-rm", "state rm", true),
    ("state-push", "state push", true),
    (
        "state-replace-provider",
        "state replace-provider or workspace delete",
        true,
    ),
    ("taint", "taint", true),
    ("untaint", "untaint", true),
    (
        "migration source state",
        "init -migrate-state, from here",
        true,
    ),
    (
        "migration destination state",
        "init -migrate-state, to here",
        true,
    ),
    ("migration", "init (migration)", true),
    ("backend from plan", "init (backend change)", true),
    ("backend from config", "init (backend change)", true),
    (
        "init is initializing state_store first time",
        "init (state store)",
        true,
    ),
    ("state store from plan", "init (state store)", true),
    ("env new", "env new", true),
    ("env delete", "env delete", true),
    ("workspace_new", "workspace new", true),
    ("workspace_delete", "workspace new or delete", true),
];

impl Operation {
    /// Wraps the raw text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The raw text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether some version of Terraform or OpenTofu writes this value.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.known().is_some()
    }

    /// Whether the holder may have been writing the state. What is unknown may.
    #[must_use]
    pub fn may_write(&self) -> bool {
        self.known().is_none_or(|(_, _, writes)| *writes)
    }

    fn known(&self) -> Option<&'static (&'static str, &'static str, bool)> {
        KNOWN_OPERATIONS.iter().find(|(raw, _, _)| *raw == self.0)
    }
}

impl fmt::Display for Operation {
    /// The name that people use, or the raw text, made safe to show.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            Some((_, name, _)) => formatter.write_str(name),
            None if self.0.is_empty() => formatter.write_str("not said"),
            None => formatter.write_str(&text::shown(&self.0, 60)),
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    const FROM_TERRAFORM: &str = concat!(
        r#"{"ID":"19a6fe30-cf25-8eaf-077f-083449d678bd","Operation":"OperationTypeApply","Info":"","#,
        r#""Who":"root@vm","Version":"1.11.4","Created":"2026-11-23T02:33:15.820960928Z","#,
        r#""Path":"tfstate-lab/stacks/ddb/terraform.tfstate"}"#
    );

    fn refused(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_record_from_terraform_is_read_whole() {
        let info = parse(FROM_TERRAFORM).unwrap();
        assert_eq!(info.id.as_str(), "19a6fe30-cf25-8eaf-077f-083449d678bd");
        assert_eq!(info.created.to_string(), "2026-11-23T02:33:15.820960928Z");
        assert_eq!(
            (info.who.as_str(), info.version.as_str()),
            ("root@vm", "1.11.4")
        );
        assert_eq!(info.operation.to_string(), "apply or destroy");
        assert!(info.oddities().is_empty());
    }

    #[test]
    fn a_record_needs_an_id_and_a_time_and_nothing_else() {
        let info = parse(r#"{"ID":"x","Created":"2024-01-15T03:42:11Z"}"#).unwrap();
        assert_eq!((info.who.as_str(), info.path.as_str()), ("", ""));
    }

    #[test]
    fn go_trims_zeros_so_any_count_of_digits_is_a_time() {
        for digits in ["", ".8", ".82345678", ".823456789"] {
            let text = format!(r#"{{"ID":"x","Created":"2024-01-15T03:42:11{digits}Z"}}"#);
            assert!(parse(&text).is_ok(), "{digits}");
        }
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        assert_snapshot!(refused(""), @"the record is empty");
        assert_snapshot!(refused("  \n"), @"the record is empty");
        assert_snapshot!(refused("locked by hand"), @"the record is not JSON (line 1, column 1)");
        assert_snapshot!(refused(&FROM_TERRAFORM[..60]), @"the record is not JSON (line 1, column 60)");
        assert_snapshot!(refused("null"), @"the record is JSON but not an object");
        assert_snapshot!(refused("{}"), @"the record has no `ID`");
        assert_snapshot!(refused(r#"{"ID":"","Created":"2024-01-15T03:42:11Z"}"#), @"the record has no `ID`");
        assert_snapshot!(refused(r#"{"ID":7}"#), @"the field `ID` of the record is not a string");
        assert_snapshot!(refused(r#"{"ID":"x"}"#), @"the record has no `Created` time");
        assert_snapshot!(refused(r#"{"ID":"x","Created":"yesterday"}"#), @"the record's `Created` time `yesterday` is not a time such as `2024-01-15T03:42:11.823456789Z`");
        assert_snapshot!(refused(r#"{"ID":"x","Created":"0001-01-01T00:00:00Z"}"#), @"the record's `Created` time `0001-01-01T00:00:00Z` is not a time such as `2024-01-15T03:42:11.823456789Z`");
    }

    #[test]
    fn what_nobody_writes_is_named() {
        let text =
            r#"{"ID":"x","Created":"2024-01-15T03:42:11Z","Operation":"tflock","Lease":"5m"}"#;
        assert_eq!(
            parse(text).unwrap().oddities(),
            ["an unknown field `Lease`", "an unknown operation `tflock`"]
        );
    }

    #[test]
    fn an_unknown_operation_is_a_writer_and_invalid_is_a_real_one() {
        assert!(Operation::new("tflock").may_write());
        assert!(Operation::new("").may_write());
        assert!(Operation::new("OperationTypeInvalid").may_write());
        assert!(Operation::new("OperationTypeInvalid").is_known());
        assert!(!Operation::new("OperationTypePlan").may_write());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*|\\{.*\\}") {
            drop(parse(&text));
        }
    }
}
