//! What the ledger knows of the policy object: the last good version, and a broken one that people are told about.
//!
//! It is a value as a lock's entry is: a sweep changes its copy, and the ledger takes the copy only if nobody wrote in between.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Flaw, GoodPolicy, PolicyError, PolicyUri, PolicyVersion};
use crate::ledger::NOTICE_LEASE;

/// A version that is broken again within this time after people were told of it is no news: rights and keys come and go.
pub const TOLD_ONCE_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// What the ledger knows of the policy object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyEntry {
    /// Counts the writes; a write is taken only if it is still the one that was read. 0: not written yet.
    pub revision: u64,
    /// The object. What is known of one says nothing of another.
    pub uri: PolicyUri,
    /// The last good version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<GoodPolicy>,
    /// The version that is there and broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<BrokenPolicy>,
    /// What people were told last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<ToldOfPolicy>,
}

/// A version that is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenPolicy {
    /// What tells it from the next: the entity tag, or the reason where there is none.
    pub version: String,
    /// What is wrong.
    pub why: String,
    /// When a sweep first saw it.
    pub since: Timestamp,
    /// Its notice is owed, and nobody else sends it before this; `None`: people were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsent_until: Option<Timestamp>,
}

/// A notice about a broken version that went out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldOfPolicy {
    /// The version.
    pub version: String,
    /// When.
    pub at: Timestamp,
}

/// What a sweep has to do after it took note of a broken version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Nothing: people were told, or somebody else is just telling them.
    Nothing,
    /// Save the entry; there is no notice to send.
    Save,
    /// Save the entry, and send the notice if nobody saved in between.
    Tell,
}

impl PolicyEntry {
    /// The entry of an object; of what was known before, only what is about the same one.
    #[must_use]
    pub fn about(uri: &PolicyUri, known: Option<Self>) -> Self {
        let revision = known.as_ref().map_or(0, |known| known.revision);
        let same = known.filter(|known| known.uri == *uri);
        same.unwrap_or_else(|| Self {
            revision,
            uri: uri.clone(),
            good: None,
            broken: None,
            told: None,
        })
    }

    /// Takes note of a good version; says whether that changed anything.
    pub fn saw_good(&mut self, version: &PolicyVersion, now: Timestamp) -> bool {
        let was_broken = self.broken.take().is_some();
        let is_known = self
            .good
            .as_ref()
            .is_some_and(|good| good.etag == version.etag);
        if !is_known {
            self.good = Some(GoodPolicy {
                etag: version.etag.clone(),
                text: version.text.clone(),
                since: now,
            });
        }
        was_broken || !is_known
    }

    /// Takes note of a broken version. Its notice is taken upon itself for the length of a lease, unless others have it.
    pub fn saw_broken(&mut self, flaw: &Flaw, now: Timestamp) -> Duty {
        let same = self.broken.as_mut();
        if let Some(broken) = same.filter(|broken| broken.version == flaw.version) {
            let is_owed = broken.unsent_until.is_some_and(|until| until <= now);
            if !is_owed {
                return Duty::Nothing;
            }
            broken.unsent_until = Some(now + NOTICE_LEASE);
            return Duty::Tell;
        }
        let is_no_news = self.told.as_ref().is_some_and(|told| {
            told.version == flaw.version && now.duration_since(told.at) < TOLD_ONCE_WITHIN
        });
        self.broken = Some(BrokenPolicy {
            version: flaw.version.clone(),
            why: flaw.why.clone(),
            since: now,
            unsent_until: (!is_no_news).then_some(now + NOTICE_LEASE),
        });
        if is_no_news { Duty::Save } else { Duty::Tell }
    }

    /// The notice went out.
    pub fn told(&mut self, now: Timestamp) {
        if let Some(broken) = &mut self.broken {
            broken.unsent_until = None;
            self.told = Some(ToldOfPolicy {
                version: broken.version.clone(),
                at: now,
            });
        }
    }

    /// What is wrong, where something is.
    #[must_use]
    pub fn error(&self) -> Option<PolicyError> {
        let broken = self.broken.as_ref()?;
        Some(PolicyError {
            uri: self.uri.clone(),
            version: broken.version.clone(),
            since: broken.since,
            why: broken.why.clone(),
            in_force: self.good.as_ref().map(Into::into),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn uri() -> PolicyUri {
        PolicyUri::parse("s3://acme-config/lockwarden.hcl").unwrap()
    }

    fn version(etag: &str) -> PolicyVersion {
        PolicyVersion {
            etag: etag.to_owned(),
            text: "default {}".to_owned(),
        }
    }

    fn flaw(version: &str) -> Flaw {
        Flaw {
            version: version.to_owned(),
            why: "it is wrong".to_owned(),
        }
    }

    #[test]
    fn a_good_version_is_kept_once_with_the_time_it_was_first_seen() {
        let mut entry = PolicyEntry::about(&uri(), None);
        assert!(entry.saw_good(&version("1"), at("2026-01-01T03:00:00Z")));
        assert!(!entry.saw_good(&version("1"), at("2026-01-01T03:05:00Z")));
        let good = entry.good.clone().unwrap();
        assert_eq!(good.since, at("2026-01-01T03:00:00Z"));
        assert!(entry.saw_good(&version("2"), at("2026-01-01T03:10:00Z")));
        assert_eq!(entry.good.unwrap().since, at("2026-01-01T03:10:00Z"));
    }

    #[test]
    fn a_broken_version_is_told_once_and_another_one_anew() {
        let mut entry = PolicyEntry::about(&uri(), None);
        let now = at("2026-01-01T03:00:00Z");
        for broken in ["2", "3"] {
            assert_eq!(entry.saw_broken(&flaw(broken), now), Duty::Tell);
            entry.told(now);
            for later in ["2026-01-01T03:05:00Z", "2026-03-01T00:00:00Z"] {
                assert_eq!(entry.saw_broken(&flaw(broken), at(later)), Duty::Nothing);
            }
        }
    }

    #[test]
    fn a_notice_that_did_not_go_out_is_anybodys_once_its_lease_is_over() {
        let mut entry = PolicyEntry::about(&uri(), None);
        let now = at("2026-01-01T03:00:00Z");
        assert_eq!(entry.saw_broken(&flaw("2"), now), Duty::Tell);
        let in_lease = now + NOTICE_LEASE - SignedDuration::from_nanos(1);
        assert_eq!(entry.saw_broken(&flaw("2"), in_lease), Duty::Nothing);
        let after = now + NOTICE_LEASE;
        assert_eq!(entry.saw_broken(&flaw("2"), after), Duty::Tell);
        assert_eq!(entry.saw_broken(&flaw("2"), after), Duty::Nothing);
        let since = entry.broken.unwrap().since;
        assert_eq!(since, now, "a lease does not make it younger");
    }

    #[test]
    fn what_is_mended_and_breaks_again_is_told_again_after_a_day() {
        let told = at("2026-01-01T03:00:00Z");
        for (again, duty) in [
            (
                told + TOLD_ONCE_WITHIN - SignedDuration::from_secs(1),
                Duty::Save,
            ),
            (told + TOLD_ONCE_WITHIN, Duty::Tell),
        ] {
            let mut entry = PolicyEntry::about(&uri(), None);
            entry.saw_broken(&flaw("AccessDenied"), told);
            entry.told(told);
            assert!(entry.saw_good(&version("1"), told));
            assert_eq!(entry.error(), None);
            assert_eq!(entry.saw_broken(&flaw("AccessDenied"), again), duty);
            assert_eq!(entry.error().unwrap().since, again);
        }
    }

    #[test]
    fn what_is_known_of_one_object_says_nothing_of_another() {
        let mut entry = PolicyEntry::about(&uri(), None);
        let now = at("2026-01-01T03:00:00Z");
        entry.saw_good(&version("1"), now);
        entry.saw_broken(&flaw("2"), now);
        entry.revision = 7;
        let same = PolicyEntry::about(&uri(), Some(entry.clone()));
        assert_eq!(same, entry);
        let other = PolicyUri::parse("s3://acme-config/other.hcl").unwrap();
        let other = PolicyEntry::about(&other, Some(entry));
        assert_eq!((other.good, other.broken), (None, None));
        assert_eq!(other.revision, 7, "it takes the place of the one before");
    }
}
