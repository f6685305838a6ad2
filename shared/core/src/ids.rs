//! The three names a lock goes by, and that of many locks together, each its own type so that none is taken for another.

use std::fmt;

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Where a lock is: `bucket/key` of the state, as DynamoDB's `LockID` attribute holds it.
///
/// Built by Terraform's `internal/backend/remote-state/s3/client.go: lockPath`. Any non-empty text is kept as it is,
/// because a lock under an odd key blocks people all the same; [`LockPath::bucket_and_key`] says whether it has the
/// usual form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LockPath(String);

/// Which lock it is: the `ID` in the record, the argument of `terraform force-unlock`.
///
/// It looks like a UUID but is 16 random bytes in UUID shape (`statemgr/locker.go: NewLockInfo`), and other tools
/// write other things, so it is only required not to be empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LockId(String);

/// What people call a lock when they decide about it: 8 characters of Crockford's base32 (12, 16 … where shorter ones
/// are taken), the same for the same lock every time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestCode(String);

/// What people call a storm, which is many locks that are told in one notice. It is written like a [`RequestCode`], and is the same
/// for the same locks every time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StormCode(String);

/// Text that cannot be the identifier it was given for.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ParseIdError {
    /// A lock path must not be empty.
    #[error("the lock path is empty; it looks like `acme-tf-state/prod/terraform.tfstate`")]
    EmptyPath,
    /// A lock ID must not be empty.
    #[error("the lock ID is empty; it looks like `a1b2c3d4-e5f6-7890-abcd-ef1234567890`")]
    EmptyId,
    /// A request code has 8, 12, 16 … characters of Crockford's alphabet.
    #[error("`{0}` is not a request code; one looks like `7F3K2QWX`")]
    BadCode(String),
    /// A storm's code has 8 characters of Crockford's alphabet.
    #[error("`{0}` is not the code of a storm; one looks like `9HXM4TQA`")]
    BadStorm(String),
}

/// The end that Terraform appends to a state's key for its S3 lock object (`s3/backend_state.go: lockFileSuffix`).
pub const LOCK_FILE_SUFFIX: &str = ".tflock";

impl LockPath {
    /// Wraps a path as stored.
    ///
    /// # Errors
    /// [`ParseIdError::EmptyPath`] for the empty text.
    pub fn new(text: impl Into<String>) -> Result<Self, ParseIdError> {
        let text = text.into();
        if text.is_empty() {
            return Err(ParseIdError::EmptyPath);
        }
        Ok(Self(text))
    }

    /// The path of the state that the lock object `key` in `bucket` locks; `None` when the key has no lock file's end.
    #[must_use]
    pub fn of_lock_file(bucket: &str, key: &str) -> Option<Self> {
        let state = key.strip_suffix(LOCK_FILE_SUFFIX)?;
        if bucket.is_empty() || state.is_empty() || state.ends_with('/') {
            return None;
        }
        Some(Self(format!("{bucket}/{state}")))
    }

    /// Bucket and key of the state; `None` when the text is not of the form `bucket/key`.
    #[must_use]
    pub fn bucket_and_key(&self) -> Option<(&str, &str)> {
        let (bucket, key) = self.0.split_once('/')?;
        (!bucket.is_empty() && !key.is_empty()).then_some((bucket, key))
    }

    /// Bucket and key of the S3 lock object beside the state.
    #[must_use]
    pub fn lock_file(&self) -> Option<(String, String)> {
        let (bucket, key) = self.bucket_and_key()?;
        Some((bucket.to_owned(), format!("{key}{LOCK_FILE_SUFFIX}")))
    }

    /// The `LockID` of the state's digest item (`s3/client.go: stateIDSuffix`).
    #[must_use]
    pub fn digest_key(&self) -> String {
        format!("{}-md5", self.0)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LockId {
    /// Wraps an ID as stored.
    ///
    /// # Errors
    /// [`ParseIdError::EmptyId`] for the empty text.
    pub fn new(text: impl Into<String>) -> Result<Self, ParseIdError> {
        let text = text.into();
        if text.is_empty() {
            return Err(ParseIdError::EmptyId);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the ID may stand in a printed command: letters, digits and `-`, not starting with `-`, at most 64 long.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.len() <= 64
            && !self.0.starts_with('-')
            && self
                .0
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    }
}

/// What a request code is made from: the lock ID, or the raw text where no ID can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The `ID` of a record that could be read.
    Id(LockId),
    /// The raw text (or another fingerprint) of a record that could not.
    Raw(String),
}

impl RequestCode {
    /// The code's length where no other lock has it already.
    pub const SHORTEST: usize = 8;
    /// By how much it grows where another lock has it.
    pub const STEP: usize = 4;
    /// More than the 256 bits behind it can fill is never asked for.
    const LONGEST: usize = 48;

    /// The code of the lock `identity` on `path`, `extensions` steps longer than the shortest.
    #[must_use]
    pub fn of(path: &LockPath, identity: &Identity, extensions: usize) -> Self {
        let (kind, which) = match identity {
            Identity::Id(id) => ("id", id.as_str()),
            Identity::Raw(text) => ("raw", text.as_str()),
        };
        let mut code = code_of([kind, path.as_str(), which]);
        code.truncate((Self::SHORTEST + Self::STEP * extensions).min(Self::LONGEST));
        Self(code)
    }

    /// Reads a code as a person types it: case, spaces and hyphens do not matter, `O` is `0`, `I` and `L` are `1`.
    ///
    /// # Errors
    /// [`ParseIdError::BadCode`] with the text, shortened.
    pub fn parse(text: &str) -> Result<Self, ParseIdError> {
        let code = as_typed(text);
        let fits = code.len() >= Self::SHORTEST
            && code.len() <= Self::LONGEST
            && code.len().is_multiple_of(Self::STEP)
            && is_code(&code);
        if fits {
            Ok(Self(code))
        } else {
            Err(ParseIdError::BadCode(crate::text::shown(text, 40)))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl StormCode {
    /// How long it is (characters).
    const LENGTH: usize = 8;

    /// The code of these locks together, in whatever order they come.
    #[must_use]
    pub fn of(requests: &[RequestCode]) -> Self {
        let mut sorted: Vec<&str> = requests.iter().map(RequestCode::as_str).collect();
        sorted.sort_unstable();
        let mut code = code_of(std::iter::once("storm").chain(sorted));
        code.truncate(Self::LENGTH);
        Self(code)
    }

    /// Reads a code as a person types it, like [`RequestCode::parse`].
    ///
    /// # Errors
    /// [`ParseIdError::BadStorm`] with the text, shortened.
    pub fn parse(text: &str) -> Result<Self, ParseIdError> {
        let code = as_typed(text);
        if code.len() == Self::LENGTH && is_code(&code) {
            Ok(Self(code))
        } else {
            Err(ParseIdError::BadStorm(crate::text::shown(text, 40)))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Case, spaces and hyphens do not matter, `O` is `0`, `I` and `L` are `1`.
fn as_typed(text: &str) -> String {
    text.chars()
        .filter(|character| !matches!(character, ' ' | '-'))
        .map(|character| match character.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

fn is_code(text: &str) -> bool {
    text.chars().all(|character| ALPHABET.contains(character))
}

/// SHA-256 over some parts, as long as it is.
fn code_of<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // The length in front keeps `a` + `bc` and `ab` + `c` apart.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    crockford().encode(&hash.finalize())
}

/// Crockford's base32 alphabet: no I, L, O, U.
const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn crockford() -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str(ALPHABET);
    // The alphabet is a constant with 32 different ASCII characters, so this cannot fail; the fallback only keeps
    // the function total, and `codes_use_crockfords_alphabet` would notice it.
    specification
        .encoding()
        .unwrap_or(data_encoding::BASE32_NOPAD)
}

macro_rules! text_conversions {
    ($type:ident, $parse:expr) => {
        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.0
            }
        }
        impl TryFrom<String> for $type {
            type Error = ParseIdError;
            fn try_from(text: String) -> Result<Self, ParseIdError> {
                $parse(text)
            }
        }
    };
}

text_conversions!(LockPath, LockPath::new);
text_conversions!(LockId, LockId::new);
text_conversions!(RequestCode, |text: String| RequestCode::parse(&text));
text_conversions!(StormCode, |text: String| StormCode::parse(&text));

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> LockPath {
        LockPath::new(text).unwrap()
    }

    fn id(text: &str) -> Identity {
        Identity::Id(LockId::new(text).unwrap())
    }

    #[test]
    fn a_path_splits_at_its_first_slash() {
        assert_eq!(
            path("b/env:/dev/a/b.tfstate").bucket_and_key(),
            Some(("b", "env:/dev/a/b.tfstate"))
        );
        assert_eq!(path("no-slash").bucket_and_key(), None);
        assert_eq!(path("/key").bucket_and_key(), None);
        assert_eq!(path("bucket/").bucket_and_key(), None);
    }

    #[test]
    fn a_lock_file_names_its_state() {
        assert_eq!(
            LockPath::of_lock_file("b", "x/y.tfstate.tflock"),
            Some(path("b/x/y.tfstate"))
        );
        assert_eq!(
            LockPath::of_lock_file("b", "any-key.tflock"),
            Some(path("b/any-key"))
        );
        for not_one in ["x.tfstate", ".tflock", "folder/.tflock", "x.tflock.bak"] {
            assert_eq!(LockPath::of_lock_file("b", not_one), None, "{not_one}");
        }
        assert_eq!(
            path("b/x").lock_file(),
            Some(("b".to_owned(), "x.tflock".to_owned()))
        );
    }

    #[test]
    fn codes_use_crockfords_alphabet_and_never_change() {
        // A changed code would open a second request for every lock that is open when the change is deployed.
        assert_eq!(
            RequestCode::of(&path("b/k"), &id("x"), 0).as_str(),
            "NQ48D9VM"
        );
        let long = RequestCode::of(&path("b/k"), &id("x"), 1);
        assert!(long.as_str().starts_with("NQ48D9VM") && long.as_str().len() == 12);
    }

    #[test]
    fn different_locks_get_different_codes() {
        let codes = [
            RequestCode::of(&path("b/k"), &id("x"), 0),
            RequestCode::of(&path("b/k"), &id("y"), 0),
            RequestCode::of(&path("b/kx"), &id("z"), 0),
            RequestCode::of(&path("b/k"), &Identity::Raw("x".to_owned()), 0),
        ];
        for (index, code) in codes.iter().enumerate() {
            assert!(!codes[..index].contains(code));
        }
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = RequestCode::parse("7F3K2QWX").unwrap();
        for typed in ["7f3k2qwx", " 7f3k-2qwx ", "7F3K 2QWX"] {
            assert_eq!(RequestCode::parse(typed).unwrap(), code);
        }
        assert_eq!(RequestCode::parse("OIL00000").unwrap().as_str(), "01100000");
        for wrong in [
            "",
            "7F3K2QW",
            "7F3K2QWXX",
            "7F3K2QWU",
            "7F3K2QW!",
            "ÄÖÜÄÖÜÄÖ",
        ] {
            assert!(RequestCode::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_same_locks_are_the_same_storm() {
        let code = |text: &str| RequestCode::parse(text).unwrap();
        let [a, b, c] = ["7F3K2QWX", "NQ48D9VM", "00000000"].map(code);
        let storm = StormCode::of(&[a.clone(), b.clone()]);
        assert_eq!(storm, StormCode::of(&[b.clone(), a.clone()]));
        assert_ne!(storm, StormCode::of(&[a.clone(), b, c]));
        assert_ne!(storm.as_str(), a.as_str());
        assert_eq!(StormCode::parse(&storm.as_str().to_lowercase()), Ok(storm));
        assert!(StormCode::parse("7F3K2QWX0000").is_err());
    }

    #[test]
    fn only_plain_ids_are_printed_in_commands() {
        assert!(
            LockId::new("a1b2c3d4-e5f6-7890-abcd-ef1234567890")
                .unwrap()
                .is_plain()
        );
        for odd in ["a;rm -rf /", "$(x)", "-force", "a b", "é"] {
            assert!(!LockId::new(odd).unwrap().is_plain(), "{odd}");
        }
    }
}
