//! What a person decided: the message on the approvals topic or of a direct invoke, read strictly.
//!
//! A message that cannot be followed is never dropped: [`parse`] says what is wrong with it and what a right one looks
//! like, and that goes back to the people as the outcome `rejected`.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ids::{LockId, LockPath, RequestCode, StormCode};
use crate::policy::EvenIf;
use crate::{span, text};

/// A decision larger than this (bytes) is refused unread. An ordinary one has 150.
pub const MAX_MESSAGE_BYTES: usize = 8 * 1024;
/// `keep` without `for`.
pub const KEEP_FOR: SignedDuration = SignedDuration::from_hours(1);
/// The longest `keep`.
pub const KEEP_AT_MOST: SignedDuration = SignedDuration::from_hours(24);
/// What `by` may not begin with unless a rule decided.
pub const RULE_PREFIX: &str = "policy:";
/// Whose decision `expire` is: nobody's. No rule of a policy may have the name behind the colon.
pub const EXPIRE_BY: &str = "policy:expire";
/// The longest `by` and `reason` (characters).
const LONGEST_TEXT: usize = 1_000;

/// A decision about one lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What to do.
    #[serde(flatten)]
    pub action: Action,
    /// With which lock.
    #[serde(flatten)]
    pub target: Target,
    /// Who decided, as the message claims.
    pub by: String,
    /// Why, if somebody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the approver says they do not mind.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub even_if: BTreeSet<EvenIf>,
}

/// What to do with a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Action {
    /// Delete exactly this lock.
    Release,
    /// Put exactly this lock back.
    Restore,
    /// Give it a time to exist, as nobody answered, or take that away again, as its holder shows signs of life. Only the
    /// dead-man's switch decides so.
    Expire,
    /// Leave it, and do not remind anybody for a while.
    Keep {
        /// For how long, seconds.
        #[serde(rename = "for_seconds", with = "seconds")]
        for_: SignedDuration,
    },
}

/// Which lock is meant: by `request` or `lock` or, where both are given, by both, which must agree. Or many locks, by `storm`; with
/// `request` besides it is one of them, whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The locks that were told together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<StormCode>,
    /// By request code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestCode>,
    /// By path and lock ID.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<NamedLock>,
}

/// A lock by path and ID. A path without the ID would mean "whatever is there", so there is no such thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedLock {
    /// The state.
    #[serde(rename = "lock_id")]
    pub path: LockPath,
    /// The lock ID.
    pub id: LockId,
}

/// Why a message cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// What is wrong, in a sentence without a full stop.
    pub why: String,
    /// A message that would be right.
    pub example: String,
    /// Who sent it, where that could be read.
    pub by: Option<String>,
}

/// The message as it comes: everything optional, nothing unknown.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    v: Option<u64>,
    decision: Option<String>,
    request: Option<String>,
    storm: Option<String>,
    lock_id: Option<String>,
    id: Option<String>,
    by: Option<String>,
    reason: Option<String>,
    #[serde(rename = "for")]
    for_: Option<String>,
    even_if: Option<Vec<String>>,
}

/// Reads a decision.
///
/// # Errors
/// [`Rejection`], with what is wrong and a right example, for anything that is not exactly a decision.
pub fn parse(message: &str) -> Result<Decision, Rejection> {
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(reject(format!(
            "the message has {} bytes, more than the {MAX_MESSAGE_BYTES} that a decision may have",
            message.len()
        )));
    }
    // serde would also take an array, by position.
    if !message.trim_start().starts_with('{') {
        return Err(reject(
            "the message is not a decision: it is not a JSON object",
        ));
    }
    let message: Message = serde_json::from_str(message).map_err(|error| {
        reject(format!(
            "the message is not a decision: {}",
            text::shown(&error.to_string(), 300)
        ))
    })?;
    let by = message.by.clone().map(|by| text::shown(&by, 200));
    message
        .decision_of()
        .map_err(|rejection| Rejection { by, ..rejection })
}

/// The decision of a rule about a request, as `sweep` hands it to `approve`.
#[must_use]
pub fn of_rule(rule: &str, request: &RequestCode) -> Value {
    json!({"decision": "release", "request": request, "by": format!("{RULE_PREFIX}{rule}")})
}

/// The decision of the dead-man's switch about a request, as `sweep` hands it to `approve`.
#[must_use]
pub fn of_expiry(request: &RequestCode) -> Value {
    json!({"decision": "expire", "request": request, "by": EXPIRE_BY})
}

/// Reads the decision of a rule or of the dead-man's switch; `None` where it is none. It only says what to look at: whether the rule says so is for the
/// reader to find out, since whoever may invoke `approve` can write such a message.
#[must_use]
pub fn parse_of_rule(message: &str) -> Option<Decision> {
    let message: OfRule = serde_json::from_str(message).ok()?;
    let is_of_rule = message.by.starts_with(RULE_PREFIX) && plain("by", &message.by).is_ok();
    let action = match (message.decision.as_str(), message.by == EXPIRE_BY) {
        ("release", false) if is_of_rule => Action::Release,
        ("expire", true) => Action::Expire,
        _ => return None,
    };
    Some(Decision {
        action,
        target: Target {
            storm: None,
            request: Some(message.request),
            lock: None,
        },
        by: message.by,
        reason: None,
        even_if: BTreeSet::new(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfRule {
    decision: String,
    request: RequestCode,
    by: String,
}

impl Message {
    fn decision_of(self) -> Result<Decision, Rejection> {
        if let Some(other) = self.v.filter(|version| *version != 1) {
            return Err(reject(format!(
                "version {other} of the message format is unknown; this is version 1"
            )));
        }
        let action = self.action()?;
        let by = self.by()?;
        let even_if = self.even_if()?;
        if let Some(reason) = &self.reason {
            plain("reason", reason)?;
        }
        let target = Target {
            storm: self.storm(action, &even_if)?,
            request: self
                .request
                .as_deref()
                .map(RequestCode::parse)
                .transpose()
                .map_err(|e| reject(e.to_string()))?,
            lock: self.named_lock()?,
        };
        let names_one = target.request.is_some() || target.lock.is_some();
        match (names_one, &target.storm) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(_)) => {
                return Err(reject(
                    "`storm` names many locks, so it goes without `request`, `lock_id` and `id`",
                ));
            }
            (false, None) => {
                return Err(reject(
                    "the decision names no lock: give `request`, or `storm`, or `lock_id` and `id`",
                ));
            }
        }
        Ok(Decision {
            action,
            target,
            by,
            reason: self.reason,
            even_if,
        })
    }

    fn action(&self) -> Result<Action, Rejection> {
        match (self.decision.as_deref(), &self.for_) {
            (None, _) => Err(reject(
                "`decision` is missing: `release`, `keep` or `restore`",
            )),
            (Some("release"), None) => Ok(Action::Release),
            (Some("restore"), None) => Ok(Action::Restore),
            (Some(word @ ("release" | "restore")), Some(_)) => {
                Err(reject(format!("`for` belongs to `keep`, not to `{word}`")))
            }
            (Some("keep"), None) => Ok(Action::Keep { for_: KEEP_FOR }),
            (Some("keep"), Some(text)) => {
                let for_ = span::parse(text).map_err(|error| reject(format!("`for`: {error}")))?;
                if for_ > KEEP_AT_MOST {
                    let limit = span::shown(KEEP_AT_MOST);
                    return Err(reject(format!(
                        "`for` is {}, more than the longest time of {limit}",
                        span::shown(for_)
                    )));
                }
                Ok(Action::Keep { for_ })
            }
            (Some("expire"), _) => Err(reject(
                "nobody sends `expire`: the setting EXPIRE_AFTER decides it, where nobody answers",
            )),
            (Some(other), _) => {
                let other = text::shown(other, 40);
                Err(reject(format!(
                    "the decision `{other}` is unknown; it is `release`, `keep` or `restore`"
                )))
            }
        }
    }

    fn by(&self) -> Result<String, Rejection> {
        let by = self.by.as_deref().map(str::trim).unwrap_or_default();
        if by.is_empty() {
            return Err(reject("`by` is missing: who decides?"));
        }
        plain("by", by)?;
        if by.starts_with(RULE_PREFIX) {
            return Err(reject(format!(
                "a name that begins with `{RULE_PREFIX}` is reserved for rules"
            )));
        }
        Ok(by.to_owned())
    }

    fn even_if(&self) -> Result<BTreeSet<EvenIf>, Rejection> {
        let words = self.even_if.as_deref().unwrap_or_default();
        words
            .iter()
            .map(|word| {
                EvenIf::ALL
                    .into_iter()
                    .find(|known| known.word() == word)
                    .ok_or_else(|| {
                        let known = EvenIf::ALL.map(EvenIf::word).join("`, `");
                        reject(format!(
                            "`even_if` holds `{}`; it may hold `{known}`",
                            text::shown(word, 40)
                        ))
                    })
            })
            .collect()
    }

    /// Many locks at once can be released only, and only those of which nothing has to be said with open eyes.
    fn storm(
        &self,
        action: Action,
        even_if: &BTreeSet<EvenIf>,
    ) -> Result<Option<StormCode>, Rejection> {
        let Some(storm) = &self.storm else {
            return Ok(None);
        };
        let storm = StormCode::parse(storm).map_err(|error| reject(error.to_string()))?;
        if action != Action::Release || !even_if.is_empty() {
            return Err(reject(
                "`storm` goes with `release` only, and without `even_if`; decide about one of its locks by its `request`",
            ));
        }
        Ok(Some(storm))
    }

    fn named_lock(&self) -> Result<Option<NamedLock>, Rejection> {
        match (&self.lock_id, &self.id) {
            (None, None) => Ok(None),
            (Some(_), None) => Err(reject(
                "`lock_id` without `id` would mean whatever lock is there now; give both",
            )),
            (None, Some(_)) => Err(reject(
                "`id` without `lock_id`: give the path of the state as `lock_id`",
            )),
            (Some(path), Some(id)) => Ok(Some(NamedLock {
                path: LockPath::new(path.as_str()).map_err(|error| reject(error.to_string()))?,
                id: LockId::new(id.as_str()).map_err(|error| reject(error.to_string()))?,
            })),
        }
    }
}

/// Free text of a message: shown to people and kept for good, so no control characters and no novels.
fn plain(field: &str, value: &str) -> Result<(), Rejection> {
    if value.chars().count() > LONGEST_TEXT {
        return Err(reject(format!(
            "`{field}` has more than {LONGEST_TEXT} characters"
        )));
    }
    if value.chars().all(text::is_printable) {
        return Ok(());
    }
    Err(reject(format!(
        "`{field}` holds characters that cannot be printed"
    )))
}

/// A rejection with the plain example.
#[must_use]
pub fn reject(why: impl Into<String>) -> Rejection {
    Rejection {
        why: why.into(),
        example: example(None, &[]),
        by: None,
    }
}

/// A right `release`, for `request` where it is known, with the words that it needs.
#[must_use]
pub fn example(request: Option<&RequestCode>, even_if: &[EvenIf]) -> String {
    let request = request.map_or("7F3K2QWX", RequestCode::as_str);
    let mut text = format!(r#"{{"decision":"release","request":"{request}","by":"your name""#);
    if !even_if.is_empty() {
        let words: Vec<String> = even_if
            .iter()
            .map(|word| format!("\"{}\"", word.word()))
            .collect();
        text.push_str(&format!(r#","even_if":[{}]"#, words.join(",")));
    }
    text.push('}');
    text
}

mod seconds {
    use jiff::SignedDuration;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        duration: &SignedDuration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(duration.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SignedDuration, D::Error> {
        Ok(SignedDuration::from_secs(i64::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn why(message: &str) -> String {
        parse(message).unwrap_err().why
    }

    #[test]
    fn the_messages_of_the_contract_are_read() {
        let by_code = parse(r#"{"decision":"release","request":"7f3k2qwx","by":"alice@example.com","reason":"OOM"}"#).unwrap();
        assert_eq!(by_code.target.request.unwrap().as_str(), "7F3K2QWX");
        let by_id =
            parse(r#"{"v":1,"decision":"release","lock_id":"b/k","id":"a1b2","by":"alice"}"#)
                .unwrap();
        assert_eq!(by_id.target.lock.unwrap().id.as_str(), "a1b2");
        let many = parse(r#"{"decision":"release","storm":"9hxm-4tqa","by":"alice"}"#).unwrap();
        assert_eq!(many.target.storm.unwrap().as_str(), "9HXM4TQA");
        let keep =
            parse(r#"{"decision":"keep","request":"7F3K2QWX","by":"alice","for":"2h"}"#).unwrap();
        assert_eq!(
            keep.action,
            Action::Keep {
                for_: SignedDuration::from_hours(2)
            }
        );
        let eyes = parse(r#"{"decision":"release","request":"7F3K2QWX","by":"alice","even_if":["split","fresh"]}"#).unwrap();
        assert_eq!(eyes.even_if, BTreeSet::from([EvenIf::Fresh, EvenIf::Split]));
    }

    #[test]
    fn keep_is_an_hour_unless_it_says_otherwise_and_never_more_than_a_day() {
        let keep = |rest: &str| {
            parse(&format!(
                r#"{{"decision":"keep","request":"7F3K2QWX","by":"a"{rest}}}"#
            ))
        };
        assert_eq!(
            keep("").unwrap().action,
            Action::Keep {
                for_: SignedDuration::from_hours(1)
            }
        );
        assert!(keep(r#","for":"24h""#).is_ok());
        assert_snapshot!(keep(r#","for":"25h""#).unwrap_err().why, @"`for` is 1 d 1 h, more than the longest time of 1 d");
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_snapshot!(why(""), @"the message is not a decision: it is not a JSON object");
        assert_snapshot!(why("yes please"), @"the message is not a decision: it is not a JSON object");
        assert_snapshot!(why(r#"[null,"release"]"#), @"the message is not a decision: it is not a JSON object");
        assert_snapshot!(why(r#"{"decision":"#), @"the message is not a decision: EOF while parsing a value at line 1 column 12");
        assert_snapshot!(why(r#"{"request":"7F3K2QWX","by":"a"}"#), @"`decision` is missing: `release`, `keep` or `restore`");
        assert_snapshot!(why(r#"{"decision":"approve","request":"7F3K2QWX","by":"a"}"#), @"the decision `approve` is unknown; it is `release`, `keep` or `restore`");
        assert_snapshot!(why(r#"{"decision":"release","request":"7F3K2QWX"}"#), @"`by` is missing: who decides?");
        assert_snapshot!(why(r#"{"decision":"release","by":"a"}"#), @"the decision names no lock: give `request`, or `storm`, or `lock_id` and `id`");
        assert_snapshot!(why(r#"{"decision":"release","lock_id":"b/k","by":"a"}"#), @"`lock_id` without `id` would mean whatever lock is there now; give both");
        assert_snapshot!(why(r#"{"decision":"release","id":"x","by":"a"}"#), @"`id` without `lock_id`: give the path of the state as `lock_id`");
        assert_snapshot!(why(r#"{"decision":"release","request":"nope","by":"a"}"#), @"`nope` is not a request code; one looks like `7F3K2QWX`");
        assert_snapshot!(why(r#"{"decision":"release","request":"7F3K2QWX","by":"policy:x"}"#), @"a name that begins with `policy:` is reserved for rules");
        assert_snapshot!(why(r#"{"decision":"release","request":"7F3K2QWX","by":"a","force":true}"#), @"the message is not a decision: unknown field `force`, expected one of `v`, `decision`, `request`, `storm`, `lock_id`, `id`, `by`, `reason`, `for`, `even_if` at line 1 column 59");
        assert_snapshot!(why(r#"{"decision":"release","request":"7F3K2QWX","by":"a","even_if":["stale"]}"#), @"`even_if` holds `stale`; it may hold `fresh`, `alive`, `unreadable`, `skewed`, `split`");
        assert_snapshot!(why(r#"{"decision":"release","storm":"nope","by":"a"}"#), @"`nope` is not the code of a storm; one looks like `9HXM4TQA`");
        assert_snapshot!(why(r#"{"decision":"release","storm":"9HXM4TQA","request":"7F3K2QWX","by":"a"}"#), @"`storm` names many locks, so it goes without `request`, `lock_id` and `id`");
        for not_together in [
            r#"{"decision":"keep","storm":"9HXM4TQA","by":"a"}"#,
            r#"{"decision":"restore","storm":"9HXM4TQA","by":"a"}"#,
            r#"{"decision":"release","storm":"9HXM4TQA","by":"a","even_if":["fresh"]}"#,
        ] {
            let told = "`storm` goes with `release` only, and without `even_if`; decide about one of its locks by its `request`";
            assert_eq!(why(not_together), told);
        }
        assert_snapshot!(why(r#"{"v":2,"decision":"release","request":"7F3K2QWX","by":"a"}"#), @"version 2 of the message format is unknown; this is version 1");
        assert_snapshot!(why(r#"{"decision":"release","request":"7F3K2QWX","by":"a","for":"1h"}"#), @"`for` belongs to `keep`, not to `release`");
        assert_snapshot!(why("{\"decision\":\"release\",\"request\":\"7F3K2QWX\",\"by\":\"a\\u001b[2J\"}"), @"`by` holds characters that cannot be printed");
        assert_snapshot!(why(&"x".repeat(9_000)), @"the message has 9000 bytes, more than the 8192 that a decision may have");
    }

    #[test]
    fn only_the_switch_itself_says_expire_and_says_nothing_else() {
        let code = RequestCode::parse("7F3K2QWX").unwrap();
        let read = |decision: &str, by: &str| {
            let message = json!({"decision": decision, "request": code, "by": by});
            parse_of_rule(&message.to_string()).map(|decision| decision.action)
        };
        assert_eq!(
            parse_of_rule(&of_expiry(&code).to_string()).unwrap().action,
            Action::Expire
        );
        for (decision, by, action) in [
            ("expire", "policy:expire", Some(Action::Expire)),
            ("expire", "policy:dead plans", None),
            ("expire", "alice", None),
            ("release", "policy:expire", None),
            ("release", "policy:dead plans", Some(Action::Release)),
            ("keep", "policy:expire", None),
        ] {
            assert_eq!(read(decision, by), action, "{decision} {by}");
        }
        assert_snapshot!(why(r#"{"decision":"expire","request":"7F3K2QWX","by":"alice"}"#), @"nobody sends `expire`: the setting EXPIRE_AFTER decides it, where nobody answers");
    }

    #[test]
    fn every_example_is_itself_a_right_decision() {
        for even_if in [&[][..], &[EvenIf::Fresh, EvenIf::Split]] {
            let decision = parse(&example(None, even_if)).unwrap();
            assert_eq!(decision.even_if, even_if.iter().copied().collect());
        }
    }

    proptest! {
        #[test]
        fn a_stored_decision_is_read_again_as_it_was(
            keep in proptest::option::of(1_i64..86_400),
            by in "[a-z@.]{1,20}",
            reason in proptest::option::of("[a-zA-Z0-9 ,'\"]{0,40}"),
            (storm, named) in any::<(bool, bool)>(),
            words in proptest::collection::btree_set(proptest::sample::select(&EvenIf::ALL[..]), 0..5),
        ) {
            let decision = Decision {
                action: keep.map_or(Action::Release, |seconds| Action::Keep { for_: SignedDuration::from_secs(seconds) }),
                target: Target {
                    storm: storm.then(|| StormCode::parse("9HXM4TQA").unwrap()),
                    request: Some(RequestCode::parse("7F3K2QWX").unwrap()),
                    lock: named.then(|| NamedLock { path: LockPath::new("b/k").unwrap(), id: LockId::new("x").unwrap() }),
                },
                by,
                reason,
                even_if: words,
            };
            let stored = serde_json::to_string(&decision).unwrap();
            prop_assert_eq!(serde_json::from_str::<Decision>(&stored).unwrap(), decision);
        }

        #[test]
        fn no_message_makes_the_parser_panic(text in "\\PC*|\\{.*\\}") {
            drop(parse(&text));
        }
    }
}
