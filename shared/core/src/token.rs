//! The random token in an approval link.
//!
//! Whoever has it may see one request and decide about it once, so it is kept by nobody: the ledger holds a hash.

use std::fmt;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Random bytes in a token: 160 bits, which is 32 characters that need no escaping in a URL.
pub const TOKEN_BYTES: usize = 20;
/// The most tokens that an entry keeps; a reminder every five minutes for a day gives 288. The oldest give way.
const MOST: usize = 300;
/// So long an expired token is told from one that never was: yesterday's mail is opened today.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(48);

/// A token. Its `Debug` output does not show it, so that it does not get into a log by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// What the ledger keeps of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenMark {
    /// SHA-256, in hexadecimal digits.
    hash: String,
    /// From when on it opens nothing.
    expires_at: Timestamp,
    /// Whether it decides nothing more. Then it may still look, and undo.
    #[serde(default)]
    spent: bool,
}

/// The marks of an entry's tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenMarks(Vec<TokenMark>);

/// What a token may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Look, decide, undo.
    Decide,
    /// It decides nothing more, as it did already or the lock was put back since: look, undo.
    Undo,
    /// Nothing any more.
    Expired,
}

impl Token {
    /// A token of random bytes.
    #[must_use]
    pub fn of(random: [u8; TOKEN_BYTES]) -> Self {
        Self(BASE32_NOPAD.encode(&random).to_ascii_lowercase())
    }

    /// A token as it stands in a link. Anything is taken: what is not one fits no mark.
    #[must_use]
    pub fn given(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, for the link and for nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.0.as_bytes()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

impl TokenMarks {
    /// Keeps the mark of a new token. Older ones open their page until they expire, and are known for some time after that.
    pub fn add(&mut self, token: &Token, now: Timestamp, expires_at: Timestamp) {
        self.0
            .retain(|mark| now.duration_since(mark.expires_at) < REMEMBERED_FOR);
        let too_many = (self.0.len() + 1).saturating_sub(MOST);
        self.0.drain(..too_many);
        self.0.push(TokenMark {
            hash: token.hash(),
            expires_at,
            spent: false,
        });
    }

    /// What the token may do; `None`: it is unknown.
    #[must_use]
    pub fn admit(&self, token: &Token, now: Timestamp) -> Option<Admission> {
        let mark = self.0.get(self.find(token)?)?;
        if mark.expires_at <= now {
            Some(Admission::Expired)
        } else if mark.spent {
            Some(Admission::Undo)
        } else {
            Some(Admission::Decide)
        }
    }

    /// Whether the token is one of these, whatever it may still do.
    #[must_use]
    pub fn knows(&self, token: &Token) -> bool {
        self.find(token).is_some()
    }

    /// The token has decided.
    pub fn spend(&mut self, token: &Token) {
        if let Some(mark) = self.find(token).and_then(|index| self.0.get_mut(index)) {
            mark.spent = true;
        }
    }

    /// Nothing can be decided with any of them any more: what they were for is over.
    pub fn spend_all(&mut self) {
        for mark in &mut self.0 {
            mark.spent = true;
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every mark is compared, and each in constant time, so that the time does not tell how near a guess was.
    fn find(&self, token: &Token) -> Option<usize> {
        let hash = token.hash();
        let mut found = None;
        for (index, mark) in self.0.iter().enumerate() {
            if bool::from(mark.hash.as_bytes().ct_eq(hash.as_bytes())) {
                found = Some(index);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    const NOON: &str = "2026-01-01T12:00:00Z";
    const LATER: &str = "2026-01-02T12:00:00Z";

    fn token(byte: u8) -> Token {
        Token::of([byte; TOKEN_BYTES])
    }

    fn marks() -> TokenMarks {
        let mut marks = TokenMarks::default();
        marks.add(&token(1), at(NOON), at(LATER));
        marks
    }

    #[test]
    fn a_token_decides_once_and_looks_until_it_expires() {
        let mut marks = marks();
        assert_eq!(marks.admit(&token(1), at(NOON)), Some(Admission::Decide));
        marks.spend(&token(1));
        assert_eq!(marks.admit(&token(1), at(NOON)), Some(Admission::Undo));
        assert_eq!(marks.admit(&token(1), at(LATER)), Some(Admission::Expired));
    }

    #[test]
    fn another_token_opens_nothing() {
        for wrong in [token(2), Token::given(""), Token::given(&token(1).hash())] {
            assert_eq!(marks().admit(&wrong, at(NOON)), None);
        }
    }

    #[test]
    fn older_tokens_stay_valid_and_expired_ones_are_known_for_two_days() {
        let mut marks = marks();
        let expired = "2026-01-03T00:00:00Z";
        marks.add(&token(2), at("2026-01-01T13:00:00Z"), at(expired));
        assert!(marks.admit(&token(1), at("2026-01-01T14:00:00Z")).is_some());
        let later = at("2026-01-04T23:59:59Z");
        marks.add(&token(3), later, at("2026-01-06T00:00:00Z"));
        assert_eq!(marks.admit(&token(1), later), None);
        assert_eq!(marks.admit(&token(2), later), Some(Admission::Expired));
        let two_days = at("2026-01-05T00:00:00Z");
        marks.add(&token(4), two_days, at("2026-01-06T00:00:00Z"));
        assert_eq!(marks.admit(&token(2), two_days), None);
    }

    #[test]
    fn of_too_many_tokens_the_oldest_give_way() {
        let mut marks = marks();
        for byte in 2..=u8::MAX {
            marks.add(&token(byte), at(NOON), at(LATER));
        }
        for byte in 0..50 {
            let mut random = [byte; TOKEN_BYTES];
            random[0] = 255 - byte;
            marks.add(&Token::of(random), at(NOON), at(LATER));
        }
        assert_eq!(marks.0.len(), MOST);
        assert_eq!(marks.admit(&token(1), at(NOON)), None);
        assert_eq!(marks.admit(&token(255), at(NOON)), Some(Admission::Decide));
    }

    #[test]
    fn the_ledger_holds_no_token_and_a_log_shows_none() {
        let stored = serde_json::to_string(&marks()).unwrap();
        assert!(!stored.contains(token(1).reveal()), "{stored}");
        assert_eq!(format!("{:?}", token(1)), "Token(…)");
        assert!(
            token(1)
                .reveal()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric())
        );
        assert_eq!(token(1).reveal().len(), 32);
    }
}
