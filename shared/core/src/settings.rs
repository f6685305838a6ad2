//! The settings of the functions: environment variables, read once at start, strictly.
//!
//! Nothing that decides has a silent fallback: a wrong value stops the function with the setting's name and an example.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::expire::LEAST_TIME_TO_ANSWER;
use crate::ids::{LockPath, RequestCode};
use crate::item::Place;
use crate::policy::{PolicyObject, PolicySource, PolicyUri, Reader, Refused, Terms};
use crate::sms::PhoneNumber;
use crate::token::Token;
use crate::{span, text};

/// Lock tables to look in: comma-separated names or ARNs; `table/index` reads a sparse index on `Info` instead.
pub const LOCK_TABLES: &str = "LOCK_TABLES";
/// State buckets to look for lock objects in: comma-separated `bucket` or `bucket/prefix`.
pub const STATE_BUCKETS: &str = "STATE_BUCKETS";
/// Lockwarden's own table.
pub const LEDGER_TABLE: &str = "LEDGER_TABLE";
/// How long the ledger keeps a lock after its end; a span.
pub const LEDGER_KEEP_FOR: &str = "LEDGER_KEEP_FOR";
/// Where notices go.
pub const NOTICE_TOPIC_ARN: &str = "NOTICE_TOPIC_ARN";
/// Where decisions come from.
pub const APPROVAL_TOPIC_ARN: &str = "APPROVAL_TOPIC_ARN";
/// The `approve` function, by name or ARN: sweep hands it decisions that were left half-done.
pub const APPROVE_FUNCTION: &str = "APPROVE_FUNCTION";
/// The `sweep` function, by name or ARN: triage has it look at a state.
pub const SWEEP_FUNCTION: &str = "SWEEP_FUNCTION";
/// From which hold time on a lock is stale; a span.
pub const STALE_AFTER: &str = "STALE_AFTER";
/// For how long a write of the state counts as a sign of life; a span.
pub const QUIET_FOR: &str = "QUIET_FOR";
/// How often an unanswered request is told again; a span.
pub const REMIND_EVERY: &str = "REMIND_EVERY";
/// What holds for which locks, in HCL; the three spans above are the default that it starts from.
pub const POLICY: &str = "POLICY";
/// The same in an object, as `s3://bucket/key`; instead of [`POLICY`].
pub const POLICY_URI: &str = "POLICY_URI";
/// The base address of the approval page; empty: notices carry no link.
pub const APPROVAL_URL: &str = "APPROVAL_URL";
/// How long an approval link works; a span.
pub const LINK_TTL: &str = "LINK_TTL";
/// `disabled`, `link` or `iam`: whether there is an approval page, and whether its callers sign their requests.
pub const APPROVAL_PAGE: &str = "APPROVAL_PAGE";
/// `enabled` or `disabled`: whether approve releases at all, and a lock may expire.
pub const RELEASES: &str = "RELEASES";
/// How long people may leave a question unanswered before the lock expires, a span of an hour or more; empty: it never does.
pub const EXPIRE_AFTER: &str = "EXPIRE_AFTER";
/// `true` when a state may be read to compare its digest.
pub const READ_STATE: &str = "READ_STATE";
/// `true` when the approvals topic's policy names the approvers.
pub const TOPIC_RESTRICTED: &str = "TOPIC_RESTRICTED";
/// The numbers that may decide by text message: comma-separated, as in `+14255550182`; empty: none.
pub const SMS_APPROVERS: &str = "SMS_APPROVERS";

/// Every setting that `sweep` reads.
pub const SWEEP: &[&str] = &[
    LOCK_TABLES,
    STATE_BUCKETS,
    LEDGER_TABLE,
    LEDGER_KEEP_FOR,
    NOTICE_TOPIC_ARN,
    APPROVAL_TOPIC_ARN,
    APPROVE_FUNCTION,
    RELEASES,
    STALE_AFTER,
    QUIET_FOR,
    REMIND_EVERY,
    POLICY,
    POLICY_URI,
    EXPIRE_AFTER,
    APPROVAL_URL,
    LINK_TTL,
];

/// Every setting that `approve` reads.
pub const APPROVE: &[&str] = &[
    LOCK_TABLES,
    STATE_BUCKETS,
    LEDGER_TABLE,
    LEDGER_KEEP_FOR,
    NOTICE_TOPIC_ARN,
    APPROVAL_TOPIC_ARN,
    STALE_AFTER,
    QUIET_FOR,
    REMIND_EVERY,
    POLICY,
    POLICY_URI,
    EXPIRE_AFTER,
    READ_STATE,
    APPROVAL_PAGE,
    RELEASES,
    TOPIC_RESTRICTED,
    SMS_APPROVERS,
];

/// Every setting that `triage` reads.
pub const TRIAGE: &[&str] = &[SWEEP_FUNCTION, APPROVAL_TOPIC_ARN];

/// What both functions need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The lock tables; together with `buckets` at least one.
    pub tables: Vec<Table>,
    /// The state buckets.
    pub buckets: Vec<Bucket>,
    /// Lockwarden's own table.
    pub ledger_table: String,
    /// How long the ledger keeps a lock after its end.
    pub ledger_keep_for: SignedDuration,
    /// Where notices go.
    pub notice_topic: TopicArn,
    /// Where decisions come from.
    pub approval_topic: TopicArn,
    /// Where it stands when a lock is stale, and what is done about it.
    pub policy: PolicySource,
    /// After what time a lock expires that nobody answers about; `None`: never.
    pub expire_after: Option<SignedDuration>,
}

/// What `sweep` needs besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepSettings {
    /// What both functions need.
    pub common: Settings,
    /// The `approve` function, by name or ARN.
    pub approve_function: String,
    /// `false`: no lock expires. All else that `RELEASES` means is up to `approve`.
    pub releases: bool,
    /// The approval page.
    pub page: Option<PageUrl>,
    /// How long an approval link works.
    pub link_ttl: SignedDuration,
}

/// What `approve` needs besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApproveSettings {
    /// What both functions need.
    pub common: Settings,
    /// Whether the callers of the approval page sign their requests, so that AWS knows them.
    pub page_is_signed: bool,
    /// `false`: refuse every release.
    pub releases: bool,
    /// Whether a state may be read to compare its digest.
    pub read_state: bool,
    /// Whether the approvals topic's policy names the approvers.
    pub topic_restricted: bool,
    /// The numbers that may decide by text message.
    pub sms_approvers: Vec<PhoneNumber>,
}

/// What `triage` needs. It reads no store itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriageSettings {
    /// The `sweep` function, by name or ARN.
    pub sweep_function: String,
    /// Where decisions go.
    pub approval_topic: TopicArn,
}

/// A lock table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name or ARN, as the API takes it.
    pub name: String,
    /// A sparse index on `Info` to read instead of the table.
    pub index: Option<String>,
    /// Region of the ARN; `None` for a plain name, which means the function's own.
    pub region: Option<String>,
    /// Account of the ARN; `None` for a plain name, which means the function's own.
    pub account: Option<String>,
}

/// A bucket with states, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Only keys that begin so; empty for all.
    pub prefix: String,
}

/// The base address of the approval page, with a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageUrl(String);

/// The ARN of an SNS topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TopicArn(String);

/// A text that is not the ARN of an SNS topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is not the ARN of an SNS topic")]
pub struct BadTopicArn;

/// Which slots tell whether a lock is still there and what stands in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots<'a> {
    /// The tables that may hold an item of the state.
    pub tables: Vec<&'a Table>,
    /// Whether there may be a lock object beside the state.
    pub lock_file: bool,
}

/// A lock is stored where the settings do not reach, so nobody can say whether it is still there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place} is in none of the configured {LOCK_TABLES} and {STATE_BUCKETS}")]
pub struct OutOfReach {
    /// Where it is.
    pub place: String,
}

/// A setting that stops the function at start.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SettingError {
    /// Not set.
    #[error("the setting {name} is missing; it looks like `{example}`")]
    Missing {
        /// The setting.
        name: &'static str,
        /// A right value.
        example: &'static str,
    },
    /// Set to something that cannot be used.
    #[error("the setting {name} is `{text}`: {why}; it looks like `{example}`")]
    Bad {
        /// The setting.
        name: &'static str,
        /// Its value, shortened.
        text: String,
        /// What is wrong with it.
        why: String,
        /// A right value.
        example: &'static str,
    },
    /// Neither a table nor a bucket.
    #[error(
        "neither {LOCK_TABLES} nor {STATE_BUCKETS} is set; give at least one, such as `terraform-state-locks`"
    )]
    NoStore,
    /// Two places for one policy.
    #[error(
        "{POLICY} and {POLICY_URI} are both set, and only one can hold; leave one of them empty"
    )]
    TwoPolicies,
    /// A policy with mistakes.
    #[error("the policy cannot be used: {0}")]
    Policy(Refused),
}

impl SweepSettings {
    /// Reads the settings of `sweep`; `lookup` gives the value of an environment variable.
    ///
    /// # Errors
    /// The first setting that is missing or wrong.
    pub fn read(
        lookup: impl Fn(&str) -> Option<String>,
        read_policy: Reader,
    ) -> Result<Self, SettingError> {
        let source = Source(&lookup);
        Ok(Self {
            common: source.common(read_policy)?,
            approve_function: source
                .required(APPROVE_FUNCTION, "lockwarden-ApproveFunction-1A2B3C")?,
            releases: source.choice(RELEASES, ["enabled", "disabled"])?,
            page: source.page()?,
            link_ttl: source.span(LINK_TTL, "24h")?,
        })
    }
}

impl ApproveSettings {
    /// Reads the settings of `approve`; `lookup` gives the value of an environment variable.
    ///
    /// # Errors
    /// The first setting that is missing or wrong.
    pub fn read(
        lookup: impl Fn(&str) -> Option<String>,
        read_policy: Reader,
    ) -> Result<Self, SettingError> {
        let source = Source(&lookup);
        Ok(Self {
            common: source.common(read_policy)?,
            page_is_signed: source.page_is_signed()?,
            releases: source.choice(RELEASES, ["enabled", "disabled"])?,
            read_state: !source.choice(READ_STATE, ["false", "true"])?,
            topic_restricted: !source.choice(TOPIC_RESTRICTED, ["false", "true"])?,
            sms_approvers: source.list(SMS_APPROVERS, approver)?,
        })
    }
}

impl TriageSettings {
    /// Reads the settings of `triage`; `lookup` gives the value of an environment variable.
    ///
    /// # Errors
    /// The first setting that is missing or wrong.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let source = Source(&lookup);
        Ok(Self {
            sweep_function: source.required(SWEEP_FUNCTION, "lockwarden-SweepFunction-1A2B3C")?,
            approval_topic: source.topic(APPROVAL_TOPIC_ARN)?,
        })
    }
}

struct Source<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Source<'_> {
    fn common(&self, read_policy: Reader) -> Result<Settings, SettingError> {
        let tables = self.list(LOCK_TABLES, Table::parse)?;
        let buckets = self.list(STATE_BUCKETS, Bucket::parse)?;
        if tables.is_empty() && buckets.is_empty() {
            return Err(SettingError::NoStore);
        }
        Ok(Settings {
            tables,
            buckets,
            ledger_table: self.required(LEDGER_TABLE, "lockwarden-LedgerTable-1A2B3C")?,
            ledger_keep_for: self.span(LEDGER_KEEP_FOR, "400d")?,
            notice_topic: self.topic(NOTICE_TOPIC_ARN)?,
            approval_topic: self.topic(APPROVAL_TOPIC_ARN)?,
            policy: self.policy(read_policy)?,
            expire_after: self.expire_after()?,
        })
    }

    fn policy(&self, read_policy: Reader) -> Result<PolicySource, SettingError> {
        let base = Terms::asking(
            self.span(STALE_AFTER, "15m")?,
            self.span(QUIET_FOR, "5m")?,
            self.span(REMIND_EVERY, "1h")?,
        );
        // Not trimmed: complaints name lines and columns of the text as it was given.
        let text = (self.0)(POLICY).unwrap_or_default();
        let Some(address) = self.optional(POLICY_URI) else {
            let policy = read_policy(&text, POLICY, base).map_err(SettingError::Policy)?;
            return Ok(PolicySource::Setting(policy));
        };
        if !text.trim().is_empty() {
            return Err(SettingError::TwoPolicies);
        }
        let uri = PolicyUri::parse(&address).map_err(|error| {
            let example = "s3://acme-config/lockwarden.hcl";
            bad(POLICY_URI, &address, error.to_string(), example)
        })?;
        Ok(PolicySource::Object(PolicyObject { uri, base }))
    }

    fn optional(&self, name: &str) -> Option<String> {
        (self.0)(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    fn required(&self, name: &'static str, example: &'static str) -> Result<String, SettingError> {
        self.optional(name)
            .ok_or(SettingError::Missing { name, example })
    }

    /// A span; where it is not set, its example is its default.
    fn span(
        &self,
        name: &'static str,
        default: &'static str,
    ) -> Result<SignedDuration, SettingError> {
        let value = self.optional(name).unwrap_or_else(|| default.to_owned());
        span::parse(&value).map_err(|error| bad(name, &value, error.to_string(), default))
    }

    /// For how long nobody has to answer, if that is set.
    fn expire_after(&self) -> Result<Option<SignedDuration>, SettingError> {
        const EXAMPLE: &str = "24h";
        let Some(value) = self.optional(EXPIRE_AFTER) else {
            return Ok(None);
        };
        let after = self.span(EXPIRE_AFTER, EXAMPLE)?;
        if after < LEAST_TIME_TO_ANSWER {
            let least = span::shown(LEAST_TIME_TO_ANSWER);
            let why = format!("people have {least} to answer at least");
            return Err(bad(EXPIRE_AFTER, &value, why, EXAMPLE));
        }
        Ok(Some(after))
    }

    /// Whether the first of two words is set, or nothing.
    fn choice(
        &self,
        name: &'static str,
        [first, second]: [&'static str; 2],
    ) -> Result<bool, SettingError> {
        match self.optional(name) {
            None => Ok(true),
            Some(value) if value == first => Ok(true),
            Some(value) if value == second => Ok(false),
            Some(value) => Err(bad(
                name,
                &value,
                format!("it must be `{first}` or `{second}`"),
                first,
            )),
        }
    }

    fn page_is_signed(&self) -> Result<bool, SettingError> {
        match self.optional(APPROVAL_PAGE).as_deref() {
            None | Some("disabled" | "link") => Ok(false),
            Some("iam") => Ok(true),
            Some(other) => {
                let why = "it must be `disabled`, `link` or `iam`".to_owned();
                Err(bad(APPROVAL_PAGE, other, why, "link"))
            }
        }
    }

    fn page(&self) -> Result<Option<PageUrl>, SettingError> {
        const EXAMPLE: &str = "https://abc123.lambda-url.eu-west-1.on.aws/";
        let Some(value) = self.optional(APPROVAL_URL) else {
            return Ok(None);
        };
        let url = PageUrl::parse(&value);
        url.map(Some).ok_or_else(|| {
            let why = "it is not the address of a page".to_owned();
            bad(APPROVAL_URL, &value, why, EXAMPLE)
        })
    }

    fn topic(&self, name: &'static str) -> Result<TopicArn, SettingError> {
        const EXAMPLE: &str = "arn:aws:sns:eu-west-1:123456789012:lockwarden-notices";
        let value = self.required(name, EXAMPLE)?;
        TopicArn::parse(&value).ok_or_else(|| {
            bad(
                name,
                &value,
                "it is not the ARN of an SNS topic".to_owned(),
                EXAMPLE,
            )
        })
    }

    fn list<T>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, (String, &'static str)>,
    ) -> Result<Vec<T>, SettingError> {
        let value = self.optional(name).unwrap_or_default();
        value
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| parse(entry).map_err(|(why, example)| bad(name, entry, why, example)))
            .collect()
    }
}

fn bad(name: &'static str, value: &str, why: String, example: &'static str) -> SettingError {
    SettingError::Bad {
        name,
        text: text::shown(value, 200),
        why,
        example,
    }
}

fn approver(entry: &str) -> Result<PhoneNumber, (String, &'static str)> {
    PhoneNumber::parse(entry).ok_or_else(|| {
        let why = "a number has a `+`, the country, and 7 to 15 digits in all, without spaces";
        (why.to_owned(), "+14255550182")
    })
}

impl Table {
    fn parse(entry: &str) -> Result<Self, (String, &'static str)> {
        const EXAMPLE: &str = "terraform-state-locks";
        let refuse = |why: &str| (why.to_owned(), EXAMPLE);
        let (arn, rest) = match entry.split_once(":table/") {
            Some((arn, rest)) => (Some(arn), rest),
            None => (None, entry),
        };
        let (table, index) = match rest.split_once('/') {
            // An index's own ARN has `index/` in front of its name.
            Some((table, index)) => (table, Some(index.strip_prefix("index/").unwrap_or(index))),
            None => (rest, None),
        };
        if !is_dynamodb_name(table) || !index.is_none_or(is_dynamodb_name) {
            return Err(refuse(
                "a table's or index's name has 3 to 255 letters, digits, `_`, `-` or `.`",
            ));
        }
        let Some(arn) = arn else {
            return Ok(Self {
                name: table.to_owned(),
                index: index.map(str::to_owned),
                region: None,
                account: None,
            });
        };
        let ["arn", _partition, "dynamodb", region, account] =
            arn.split(':').collect::<Vec<_>>()[..]
        else {
            return Err(refuse("it is not the ARN of a DynamoDB table"));
        };
        Ok(Self {
            name: format!("{arn}:table/{table}"),
            index: index.map(str::to_owned),
            region: Some(region.to_owned()),
            account: Some(account.to_owned()),
        })
    }
}

fn is_dynamodb_name(name: &str) -> bool {
    (3..=255).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

impl Bucket {
    fn parse(entry: &str) -> Result<Self, (String, &'static str)> {
        const EXAMPLE: &str = "acme-tf-state` or `acme-tf-state/prod/";
        let (name, prefix) = entry.split_once('/').unwrap_or((entry, ""));
        let allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
        };
        if !(3..=63).contains(&name.len()) || !name.bytes().all(allowed) {
            return Err((
                "a bucket's name has 3 to 63 lower-case letters, digits, `-` or `.`".to_owned(),
                EXAMPLE,
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    /// Whether a key of this bucket lies in the part that is looked at.
    #[must_use]
    pub fn covers(&self, bucket: &str, key: &str) -> bool {
        self.name == bucket && key.starts_with(&self.prefix)
    }
}

impl PageUrl {
    /// Reads an address; one without encryption only for this machine itself.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_local =
            text.starts_with("http://127.0.0.1:") || text.starts_with("http://localhost:");
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'<' | b'>'));
        let fits =
            (text.starts_with("https://") || is_local) && is_plain && !text.contains(['?', '#']);
        fits.then(|| Self(format!("{}/", text.trim_end_matches('/'))))
    }

    /// The link to a request.
    #[must_use]
    pub fn link(&self, code: &RequestCode, token: &Token) -> String {
        format!("{}r/{code}?t={}", self.0, token.reveal())
    }
}

impl TopicArn {
    /// Reads an ARN of the form `arn:aws:sns:REGION:ACCOUNT:NAME`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split(':').collect::<Vec<_>>()[..] {
            ["arn", partition, "sns", region, account, name]
                if [partition, region, account, name]
                    .iter()
                    .all(|part| !part.is_empty()) =>
            {
                Some(Self(text.to_owned()))
            }
            _ => None,
        }
    }

    /// The ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The topic's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit(':').next().unwrap_or_default()
    }

    /// The region it names.
    #[must_use]
    pub fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }

    /// The account it names.
    #[must_use]
    pub fn account(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }
}

impl TryFrom<String> for TopicArn {
    type Error = BadTopicArn;

    fn try_from(text: String) -> Result<Self, BadTopicArn> {
        Self::parse(&text).ok_or(BadTopicArn)
    }
}

impl From<TopicArn> for String {
    fn from(topic: TopicArn) -> Self {
        topic.0
    }
}

impl Settings {
    /// Whether a state object may be looked for: its bucket and key are in one of the configured buckets.
    #[must_use]
    pub fn covers_object(&self, bucket: &str, key: &str) -> bool {
        self.buckets
            .iter()
            .any(|covered| covered.covers(bucket, key))
    }

    /// The same of a state, by its path.
    #[must_use]
    pub fn covers_state(&self, path: &LockPath) -> bool {
        path.bucket_and_key()
            .is_some_and(|(bucket, key)| self.covers_object(bucket, key))
    }

    /// The table of this name or ARN.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// Where to look for a lock that is known to be in `places`, and for what could stand in its place or beside it; with
    /// no places, everywhere on its path.
    ///
    /// A lock in a table has nothing to do with other tables: the same path in two tables is two locks.
    ///
    /// # Errors
    /// [`OutOfReach`] where one of the places is not configured any more.
    pub fn slots(&self, path: &LockPath, places: &[Place]) -> Result<Slots<'_>, OutOfReach> {
        let out_of_reach = |place: &Place| OutOfReach {
            place: place.shown(),
        };
        let mut tables = Vec::new();
        for place in places {
            match place {
                Place::Dynamodb { table } => {
                    tables.push(self.table(table).ok_or_else(|| out_of_reach(place))?);
                }
                Place::S3 { bucket, key, .. } if !self.covers_object(bucket, key) => {
                    return Err(out_of_reach(place));
                }
                Place::S3 { .. } => {}
            }
        }
        if tables.is_empty() {
            tables.extend(&self.tables);
        }
        let lock_file = path
            .lock_file()
            .is_some_and(|(bucket, key)| self.covers_object(&bucket, &key));
        Ok(Slots { tables, lock_file })
    }

    /// Whether a table's items and the ledger can be written in one transaction: same account, same region.
    #[must_use]
    pub fn shares_ledger_region(&self, table: &Table) -> bool {
        let own = &self.notice_topic;
        table
            .region
            .as_deref()
            .is_none_or(|region| region == own.region())
            && table
                .account
                .as_deref()
                .is_none_or(|account| account == own.account())
    }
}

#[cfg(test)]
mod tests;
