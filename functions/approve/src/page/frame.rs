//! What all pages have in common: the document around the content, and the headers that lock it down.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The one style sheet. Its hash stands in the page's security policy, so nothing else can style the page.
const STYLE: &str = include_str!("style.css");

/// An answer of a function URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageReply {
    /// The HTTP status.
    pub status_code: u16,
    /// The HTTP headers.
    pub headers: BTreeMap<&'static str, String>,
    /// The page.
    pub body: String,
}

/// The document around the content of a page.
pub(super) fn page(status_code: u16, title: &str, content: &Markup) -> PageReply {
    let body = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · Lockwarden" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (content) }
                footer { p { "Lockwarden" } }
            }
        }
    };
    PageReply {
        status_code,
        headers: headers(),
        body: body.into_string(),
    }
}

/// Nothing is loaded from anywhere, kept by anybody or shown inside another page.
pub(super) fn headers() -> BTreeMap<&'static str, String> {
    let hash = BASE64.encode(&Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    BTreeMap::from([
        ("content-type", "text/html; charset=utf-8".to_owned()),
        ("content-security-policy", policy),
        ("referrer-policy", "no-referrer".to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("x-frame-options", "DENY".to_owned()),
        ("strict-transport-security", "max-age=63072000".to_owned()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The palette behind the `nth` `:root`: 0 is for light, 1 for dark.
    fn palette(nth: usize) -> BTreeMap<&'static str, &'static str> {
        let block = STYLE.split(":root{").nth(nth + 1).unwrap();
        let block = block.split('}').next().unwrap();
        let pairs = block.split(';').filter_map(|rule| rule.split_once(':'));
        pairs.filter(|(name, _)| name.starts_with("--")).collect()
    }

    /// Relative luminance, as WCAG 2 defines it.
    fn luminance(color: &str) -> f64 {
        let digits = color.trim_start_matches('#');
        let channel = |index: usize| {
            let hex = match digits.len() {
                3 => digits[index..=index].repeat(2),
                _ => digits[2 * index..2 * index + 2].to_owned(),
            };
            let value = f64::from(u8::from_str_radix(&hex, 16).unwrap()) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2)
    }

    #[test]
    fn every_text_has_the_contrast_that_people_need_by_day_and_by_night() {
        for scheme in [0, 1] {
            let colors = palette(scheme);
            for (text, ground) in [
                ("--ink", "--ground"),
                ("--ink", "--card"),
                ("--ink", "--wrong"),
                ("--soft", "--ground"),
                ("--soft", "--card"),
                ("--accent", "--card"),
                ("--accent", "--ground"),
                ("--on-strong", "--danger"),
            ] {
                let (one, other) = (luminance(colors[text]), luminance(colors[ground]));
                let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
                assert!(
                    contrast >= 4.5,
                    "{text} on {ground}, scheme {scheme}: {contrast:.2}"
                );
            }
        }
    }
}
