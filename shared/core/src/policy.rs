//! What a deployment wants with a lock: the rules as data, and the judging by them.
//!
//! How rules are written is no business of this crate: `lockwarden-policy` reads them from HCL.

mod name;
mod glob;
mod conditions;
mod refused;
mod source;
mod in_force;
mod entry;
mod verdict;
mod judge;
mod by_rule;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::lock::Lock;
use crate::settings::TopicArn;

pub use self::by_rule::{ByRule, Known, RULE_IS_NEAR};
pub use self::conditions::{Conditions, OperationPattern};
pub use self::entry::{BrokenPolicy, Duty, PolicyEntry, TOLD_ONCE_WITHIN, ToldOfPolicy};
pub use self::glob::{BadGlob, Glob};
pub use self::in_force::{
    Flaw, GoodPolicy, InForce, InForceInstead, NoPolicy, ObjectIs, PolicyError, PolicyReading,
    PolicyVersion,
};
pub use self::judge::{
    ALLOWED_SKEW, SIGHTINGS_FOR_GHOSTS, Sighting, StateObject, judge, wants_state,
};
pub use self::name::{BadName, DEFAULT_RULE, Name};
pub use self::refused::{Complaint, Reader, Refused};
pub use self::source::{BadPolicyUri, PolicyObject, PolicySource, PolicyUri};
pub use self::verdict::{EvenIf, HoldTime, Judgement, SignOfLife, Verdict};

/// What a deployment wants: the rules in order, and what holds where none applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What holds where no rule applies.
    pub default: Terms,
    /// The first that applies holds.
    pub rules: Vec<Rule>,
    /// Times at which less is done than the rules say.
    pub windows: Vec<Window>,
    /// How many locks a sweep may release by rules.
    pub max_releases_per_sweep: u32,
}

/// What holds for one lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// From which hold time on the lock is stale.
    pub stale_after: SignedDuration,
    /// For how long a write of the state counts as a sign of life.
    pub quiet_for: SignedDuration,
    /// After what time people are reminded who were asked and did not answer; then after twice as long each time.
    pub remind_every: SignedDuration,
    /// How loud the notices are that ask about it.
    pub severity: Severity,
    /// What is done about it when it is stale.
    pub action: Action,
    /// A topic of its own for its notices.
    pub topic: Option<TopicArn>,
}

/// Terms for some locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What reports, notices and the audit log call it.
    pub name: Name,
    /// Which locks.
    pub applies: Conditions,
    /// What holds for them, filled up from the default.
    pub terms: Terms,
}

/// A time at which no more than this is done, whatever the rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its name.
    pub name: Name,
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub to: Timestamp,
    /// The most that is done in it.
    pub most: Action,
}

/// What is done about a stale lock. Each includes the ones before it, so that the lesser of two is their minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Nobody is asked. The lock is in the report and in the ledger.
    Ignore,
    /// People are asked.
    Notify,
    /// It is released, if all that is known of it allows that; else people are asked.
    Release,
}

/// How loud a notice is: the attribute `severity`, for filter policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For whoever looks anyway.
    Info,
    /// Somebody should act.
    Warning,
    /// Something is wrong.
    Error,
    /// Somebody should be woken up.
    Page,
}

/// What holds for one lock at one moment, and where that comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied<'a> {
    /// The rule; `None` where no rule applies.
    pub rule: Option<&'a Rule>,
    /// What holds. The action is the one that is left.
    pub terms: Terms,
    /// The window that took away of the action; of several, the one that ends last.
    pub window: Option<&'a Window>,
}

impl Policy {
    /// How many locks a sweep may release by rules, where nothing is said about it.
    pub const DEFAULT_MAX_RELEASES: u32 = 3;

    /// A policy that treats all locks alike.
    #[must_use]
    pub const fn without_rules(default: Terms) -> Self {
        Self {
            default,
            rules: Vec::new(),
            windows: Vec::new(),
            max_releases_per_sweep: Self::DEFAULT_MAX_RELEASES,
        }
    }

    /// Whether a window is open in which no lock goes by itself, whatever else says so.
    #[must_use]
    pub fn holds_back_releases(&self, now: Timestamp) -> bool {
        let mut windows = self.windows.iter();
        windows.any(|window| window.is_open(now) && window.most < Action::Release)
    }

    /// What holds for a lock: by the first rule that applies, or by default.
    ///
    /// Windows take away of the action what is more than theirs. A lock that cannot be read or is one side of a split is
    /// never released by a rule, so its action is at most to notify.
    #[must_use]
    pub fn terms(&self, lock: &Lock, now: Timestamp) -> Applied<'_> {
        let info = lock.info().ok();
        let rule = self
            .rules
            .iter()
            .find(|rule| rule.applies.hold_for(&lock.path, info.as_ref()));
        let mut terms = rule.map_or(&self.default, |rule| &rule.terms).clone();
        if info.is_none() || !lock.rivals.is_empty() {
            terms.action = terms.action.min(Action::Notify);
        }
        let open = self.windows.iter().filter(|window| window.is_open(now));
        let lowest = open.min_by_key(|window| (window.most, std::cmp::Reverse(window.to)));
        let window = lowest.filter(|window| window.most < terms.action);
        if let Some(window) = window {
            terms.action = window.most;
        }
        Applied {
            rule,
            terms,
            window,
        }
    }
}

impl Terms {
    /// People are asked, with a warning: what holds where nothing else is said.
    #[must_use]
    pub const fn asking(
        stale_after: SignedDuration,
        quiet_for: SignedDuration,
        remind_every: SignedDuration,
    ) -> Self {
        Self {
            stale_after,
            quiet_for,
            remind_every,
            severity: Severity::Warning,
            action: Action::Notify,
            topic: None,
        }
    }
}

impl Window {
    /// Whether this is a moment of it.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.to
    }
}

impl Applied<'_> {
    /// The name of the rule.
    #[must_use]
    pub fn rule_name(&self) -> &str {
        self.rule.map_or(DEFAULT_RULE, |rule| rule.name.as_str())
    }
}

impl Action {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Ignore, Self::Notify, Self::Release];

    /// The word in a policy.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Notify => "notify",
            Self::Release => "release",
        }
    }
}

impl Severity {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Error, Self::Page];

    /// The word in a policy and in a message attribute.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Page => "page",
        }
    }
}

#[cfg(test)]
mod tests;
