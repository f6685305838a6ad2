//! Which version of a policy object is in force.
//!
//! An object changes while the functions live, so a version can be wrong with nobody there to see it. A wrong one changes
//! nothing: the last good one stays in force, and without any there is no policy and nobody judges. What is not said, or could
//! not be read, is never taken for "no rules".

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Policy, PolicyObject, PolicyUri, Reader};
use crate::redact::{Accounts, Redactor};

/// A version of the object, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Its entity tag.
    pub etag: String,
    /// Its text.
    pub text: String,
}

/// What a look at the object gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyReading {
    /// A text.
    Text(PolicyVersion),
    /// No text: it is gone, closed, too large, or not text. It stays so until somebody changes something.
    NoText(Flaw),
    /// Nobody could look, and the next try may work. Why.
    NotNow(String),
}

/// What is wrong with a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What tells it from the next: the entity tag, or the reason where there is none.
    pub version: String,
    /// What is wrong, made safe to show and without secrets; each mistake on a line of its own.
    pub why: String,
}

/// A version that could be understood, as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoodPolicy {
    /// Its entity tag.
    pub etag: String,
    /// Its text.
    pub text: String,
    /// When a sweep first saw it.
    pub since: Timestamp,
}

/// The policy that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The policy.
    pub policy: Policy,
    /// How its object is.
    pub object: ObjectIs,
}

/// How the object is from which a policy comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectIs {
    /// Good; this is it.
    Good(PolicyVersion),
    /// Broken; the last good version is in force.
    Broken(Flaw),
    /// Not to be reached just now; the last good version is in force. Why.
    OutOfReach(String),
}

/// There is no policy to judge by.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{why}")]
pub struct NoPolicy {
    /// What is wrong with the object; `None` where it could only not be reached.
    pub flaw: Option<Flaw>,
    /// The whole story, each mistake on a line of its own.
    pub why: String,
}

/// What is wrong with the policy object, as reports and notices tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyError {
    /// The object.
    pub uri: PolicyUri,
    /// The version that is wrong: its entity tag, or why there is none.
    pub version: String,
    /// Since when it is known.
    pub since: Timestamp,
    /// What is wrong, each mistake on a line of its own.
    pub why: String,
    /// The version that is in force instead; `None`: there is none, and nobody judges.
    pub in_force: Option<InForceInstead>,
}

/// The last good version, as reports and notices tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForceInstead {
    /// Its entity tag.
    pub etag: String,
    /// When a sweep first saw it.
    pub since: Timestamp,
}

impl From<&GoodPolicy> for InForceInstead {
    fn from(good: &GoodPolicy) -> Self {
        Self {
            etag: good.etag.clone(),
            since: good.since,
        }
    }
}

impl PolicyObject {
    /// Understands a version.
    ///
    /// # Errors
    /// [`Flaw`] with every mistake. A text without a word in it is one: it would read as "no rules", and is more likely an
    /// accident.
    pub fn understand(&self, version: &PolicyVersion, read: Reader) -> Result<Policy, Flaw> {
        let flaw = |why: String| Flaw {
            version: version.etag.clone(),
            why: without_secrets(&why, &version.text),
        };
        if version.text.trim().is_empty() {
            let uri = &self.uri;
            return Err(flaw(format!(
                "{uri} is empty; a policy without rules is written as `default {{}}`"
            )));
        }
        read(&version.text, &self.uri.to_string(), self.base.clone())
            .map_err(|refused| flaw(refused.to_string()))
    }

    /// The policy that is in force after a look at the object.
    ///
    /// # Errors
    /// [`NoPolicy`] where neither the object nor the last good version can be used.
    pub fn in_force(
        &self,
        reading: PolicyReading,
        last_good: Option<&GoodPolicy>,
        read: Reader,
    ) -> Result<InForce, NoPolicy> {
        let object = match reading {
            PolicyReading::Text(version) => match self.understand(&version, read) {
                Ok(policy) => {
                    let object = ObjectIs::Good(version);
                    return Ok(InForce { policy, object });
                }
                Err(flaw) => ObjectIs::Broken(flaw),
            },
            PolicyReading::NoText(flaw) => ObjectIs::Broken(flaw),
            PolicyReading::NotNow(why) => ObjectIs::OutOfReach(why),
        };
        let why = match &object {
            ObjectIs::Broken(flaw) => &flaw.why,
            ObjectIs::OutOfReach(why) => why,
            ObjectIs::Good(_) => "",
        };
        let without = |besides: &str| NoPolicy {
            why: format!("{why}\n{besides}"),
            flaw: match &object {
                ObjectIs::Broken(flaw) => Some(flaw.clone()),
                ObjectIs::Good(_) | ObjectIs::OutOfReach(_) => None,
            },
        };
        let Some(good) = last_good else {
            return Err(without("and no version of it was ever good"));
        };
        // It was good once; another base, or another release of this program, may see that differently.
        let version = PolicyVersion {
            etag: good.etag.clone(),
            text: good.text.clone(),
        };
        match self.understand(&version, read) {
            Ok(policy) => Ok(InForce { policy, object }),
            Err(flaw) => Err(without(&format!(
                "and the last good version cannot be used any more: {}",
                flaw.why
            ))),
        }
    }
}

/// What is said of a text, without the secrets of that text: a wrong address may lead to any object, and what is wrong with it
/// is told by mail.
fn without_secrets(why: &str, text: &str) -> String {
    let mut redactor = Redactor::new(Accounts::Shown);
    redactor.learn(text);
    redactor.redact(why)
}

#[cfg(test)]
mod tests;
