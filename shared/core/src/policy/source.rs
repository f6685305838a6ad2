//! Where the policy of a deployment stands: in a setting, or in an object.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Policy, Terms};

/// Where the policy stands. Nothing judges by this: whoever judges needs the [`Policy`] itself, and what is in an object has to
/// be read first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicySource {
    /// In a setting, understood when the function started.
    Setting(Policy),
    /// In an object, which may change while the function lives.
    Object(PolicyObject),
}

/// An object with the text of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyObject {
    /// Where it is.
    pub uri: PolicyUri,
    /// What holds where the text says nothing.
    pub base: Terms,
}

/// The address of an object in S3, as `s3://bucket/key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PolicyUri {
    bucket: String,
    key: String,
}

/// A text that is no address of an object in S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is not the address of an object in S3")]
pub struct BadPolicyUri;

impl PolicyUri {
    /// The longest key of an object (bytes).
    const LONGEST_KEY: usize = 1_024;

    /// Reads an address. Keys with spaces or control characters could be stored, and nobody could print a command with them.
    ///
    /// # Errors
    /// [`BadPolicyUri`] where the text is not of the form `s3://bucket/key`.
    pub fn parse(text: &str) -> Result<Self, BadPolicyUri> {
        let (bucket, key) = text
            .strip_prefix("s3://")
            .and_then(|rest| rest.split_once('/'))
            .ok_or(BadPolicyUri)?;
        let in_bucket = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
        };
        let is_bucket = (3..=63).contains(&bucket.len()) && bucket.bytes().all(in_bucket);
        let is_key = (1..=Self::LONGEST_KEY).contains(&key.len())
            && !key.ends_with('/')
            && key.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_bucket || !is_key {
            return Err(BadPolicyUri);
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The key of the object.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for PolicyUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "s3://{}/{}", self.bucket, self.key)
    }
}

impl TryFrom<String> for PolicyUri {
    type Error = BadPolicyUri;

    fn try_from(text: String) -> Result<Self, BadPolicyUri> {
        Self::parse(&text)
    }
}

impl From<PolicyUri> for String {
    fn from(uri: PolicyUri) -> Self {
        uri.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_bucket_and_a_key() {
        for (text, bucket, key) in [
            (
                "s3://acme-config/lockwarden.hcl",
                "acme-config",
                "lockwarden.hcl",
            ),
            ("s3://a.b-1/x/y//z=1", "a.b-1", "x/y//z=1"),
        ] {
            let uri = PolicyUri::parse(text).unwrap();
            assert_eq!((uri.bucket(), uri.key()), (bucket, key));
            assert_eq!(uri.to_string(), text);
            let json = serde_json::to_string(&uri).unwrap();
            assert_eq!(serde_json::from_str(&json).ok(), Some(uri));
        }
    }

    #[test]
    fn what_names_no_object_is_no_address() {
        let too_long = format!("s3://acme-config/{}", "k".repeat(1_025));
        for text in [
            "",
            "lockwarden.hcl",
            "acme-config/lockwarden.hcl",
            "s3://",
            "s3://acme-config",
            "s3://acme-config/",
            "s3://acme-config/folder/",
            "s3:///lockwarden.hcl",
            "s3://ab/lockwarden.hcl",
            "s3://Acme/lockwarden.hcl",
            "S3://acme-config/lockwarden.hcl",
            "s3://acme-config/my policy.hcl",
            "s3://acme-config/a\nb",
            "s3://acme-config/ü",
            "https://acme-config.s3.amazonaws.com/lockwarden.hcl",
            "arn:aws:s3:::acme-config/lockwarden.hcl",
            &too_long,
        ] {
            assert_eq!(PolicyUri::parse(text), Err(BadPolicyUri), "{text}");
        }
    }
}
