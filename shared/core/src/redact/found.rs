//! A secret that was found, and how several finds of the same place become one.

use std::cmp::Reverse;
use std::ops::Range;

use super::kind::Kind;
use super::pem;
use super::undress;
use super::view::{self, View};

/// A secret in one view of a text, or in the text itself.
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
    /// The secret as the view shows it.
    pub(super) secret: String,
}

impl Found {
    pub(super) fn new(kind: Kind, text: &str, range: Range<usize>) -> Self {
        let secret = text.get(range.clone()).unwrap_or_default().to_owned();
        Self {
            kind,
            range,
            secret,
        }
    }

    /// What makes two finds the same secret.
    pub(super) fn identity(&self) -> String {
        let secret = view::bare(&self.secret);
        match self.kind {
            Kind::PrivateKey => pem::without_prefixes(&secret),
            // `1234-5678-9012` is `123456789012`.
            Kind::Account => secret.chars().filter(char::is_ascii_digit).collect(),
            Kind::AwsAccessKey
            | Kind::AwsSecretKey
            | Kind::Token
            | Kind::Jwt
            | Kind::EncryptionKey
            | Kind::Signature
            | Kind::ApiKey
            | Kind::Password
            | Kind::Secret => secret,
        }
    }
}

/// What was found in a view, as ranges of the given text, none beyond a doubtful end of a line.
pub(super) fn led_back(view: &View<'_>, found: Vec<Found>) -> impl Iterator<Item = Found> {
    found.into_iter().filter_map(|found| {
        let is_news = |found: &Found| {
            let mut characters = found.secret.chars();
            characters.any(|character| character != undress::REDACTED)
        };
        let end = is_news(&found).then(|| view.limit(&found.range))?;
        let found = if end < found.range.end {
            Found::new(found.kind, &view.text, found.range.start..end)
        } else {
            found
        };
        is_news(&found).then(|| Found {
            range: view.origin(found.range.clone()),
            ..found
        })
    })
}

/// Overlapping finds as one, which is named by the longest of them.
pub(super) fn merged(text: &str, mut found: Vec<Found>) -> Vec<Found> {
    // Among equally long ones the kind decides; of the same kind the last view, which shows the secret barest, comes first.
    found.reverse();
    found.retain(|found| !found.range.is_empty());
    found.sort_by_key(|found| (found.range.start, Reverse(found.range.end), found.kind));
    let mut merged: Vec<Found> = Vec::new();
    for next in found {
        match merged.last_mut() {
            Some(last) if next.range.start < last.range.end => {
                if next.range.end > last.range.end {
                    let range = last.range.start..next.range.end;
                    *last = Found::new(last.kind, text, range);
                }
            }
            _ => merged.push(next),
        }
    }
    merged
}
