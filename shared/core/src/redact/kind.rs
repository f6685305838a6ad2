//! What a secret is, and what stands in its place.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern::compiled;

/// What sort of secret was found. The words are part of the output: `[redacted:password:1]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The ID of an AWS access key, `AKIA…` or `ASIA…`.
    AwsAccessKey,
    /// The secret half of an AWS access key.
    AwsSecretKey,
    /// An AWS session token, or a token of another service known by its form.
    Token,
    /// A JSON Web Token.
    Jwt,
    /// A private key, whole or cut off.
    PrivateKey,
    /// A key that encrypts, such as `sse_customer_key`.
    EncryptionKey,
    /// A signature that is as good as the right it signs, as in a presigned address.
    Signature,
    /// A key of a service's interface or of a storage account.
    ApiKey,
    /// A password.
    Password,
    /// Anything else that is named like a secret, and what the caller said is one.
    Secret,
    /// The number of an AWS account; only on request.
    Account,
}

impl Kind {
    /// All kinds. Where two finds are equally long, the first in this order names them.
    pub const ALL: [Self; 11] = [
        Self::AwsAccessKey,
        Self::AwsSecretKey,
        Self::Token,
        Self::Jwt,
        Self::PrivateKey,
        Self::EncryptionKey,
        Self::Signature,
        Self::ApiKey,
        Self::Password,
        Self::Secret,
        Self::Account,
    ];

    /// The word in the placeholder.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::AwsAccessKey => "aws-access-key",
            Self::AwsSecretKey => "aws-secret-key",
            Self::Token => "token",
            Self::Jwt => "jwt",
            Self::PrivateKey => "private-key",
            Self::EncryptionKey => "encryption-key",
            Self::Signature => "signature",
            Self::ApiKey => "api-key",
            Self::Password => "password",
            Self::Secret => "secret",
            Self::Account => "account",
        }
    }
}

/// What stands where a secret stood. It tells nothing of the secret but its kind and whether two are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placeholder {
    pub(super) kind: Kind,
    pub(super) number: u32,
}

impl Placeholder {
    /// The pattern of every placeholder there can be.
    pub(super) fn pattern() -> String {
        let words = Kind::ALL.map(Kind::word).join("|");
        format!(r"\[redacted:(?:{words}):([0-9]{{1,10}})\]")
    }

    /// The numbers of the placeholders in `text`. One of more digits than any redactor writes is somebody's joke; it
    /// would use up all numbers.
    pub(super) fn numbers_in(text: &str) -> impl Iterator<Item = u32> {
        static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| compiled(&Placeholder::pattern()));
        PLACEHOLDER
            .captures_iter(text)
            .filter_map(|captures| captures.get(1)?.as_str().parse().ok())
            .filter(|number| *number < 1_000_000)
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[redacted:{}:{}]", self.kind.word(), self.number)
    }
}
