//! What holds for every configuration.

use lockwarden_harden::{Options, harden};
use proptest::prelude::*;

use crate::generated::configuration;
use crate::read;

/// The marks of comments in a text, in their order.
fn notes(text: &str) -> Vec<String> {
    let starts = text.match_indices("note-");
    starts
        .map(|(start, _)| text[start..start + 8].to_owned())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn hardening_twice_is_hardening_once(given in configuration()) {
        let once = read(&given.text).hardened;
        let twice = read(&once);
        prop_assert_eq!(&twice.hardened, &once);
        prop_assert_eq!(twice.diff, "");
    }

    #[test]
    fn every_comment_is_kept_in_its_order(given in configuration()) {
        let hardened = read(&given.text).hardened;
        prop_assert_eq!(notes(&hardened), given.notes);
        for inner in ["in a map", "no comment"] {
            prop_assert_eq!(hardened.matches(inner).count(), given.text.matches(inner).count(), "{}", hardened);
        }
    }

    #[test]
    fn no_secret_is_in_any_output(given in configuration()) {
        let answer = read(&given.text);
        let outputs = [
            serde_json::to_string(&answer.reply()).unwrap(),
            answer.hardened.clone(),
            answer.diff.clone(),
            format!("{answer:?}"),
        ];
        for secret in &given.secrets {
            for output in &outputs {
                prop_assert!(!output.contains(secret), "{} in {}", secret, output);
                // Nor a piece of it that would be worth something.
                prop_assert!(secret.len() < 24 || !output.contains(&secret[6..18]), "{} in {}", secret, output);
            }
        }
        for secret in &given.secrets {
            prop_assert!(answer.secret_values.iter().any(|value| value.expose() == secret));
        }
    }

    /// After the rewriting, nothing is left that a rule would rewrite; what the rules cannot rewrite, they still say.
    #[test]
    fn what_a_finding_says_was_rewritten_is_found_no_more(given in configuration()) {
        let (before, after) = (read(&given.text), read(&read(&given.text).hardened));
        for rule in ["static-credentials", "customer-key-in-file", "public-acl", "credentials-in-url"] {
            let left: Vec<_> = after.backends[0].findings.iter().filter(|finding| finding.rule == rule).collect();
            prop_assert!(left.is_empty(), "{:?}", left);
        }
        prop_assert_eq!(before.backends.len(), after.backends.len());
        prop_assert_eq!(&before.backends[0].bucket, &after.backends[0].bucket);
        prop_assert_eq!(&before.backends[0].key, &after.backends[0].key);
    }

    /// Every line that is no argument of the backend stays, byte for byte.
    #[test]
    fn lines_around_the_backend_stay(given in configuration()) {
        let hardened = read(&given.text).hardened;
        let frame = ["terraform", "backend", "remote_state", "config", "generate", "contents", "EOF", "provider", "region     =", "\"x\":"];
        for line in given.text.lines().filter(|line| frame.iter().any(|start| line.trim_start().starts_with(start))) {
            if !given.is_json || !line.contains("s3") {
                prop_assert!(hardened.contains(line), "{}", line);
            }
        }
        prop_assert_eq!(hardened.starts_with('\u{feff}'), given.text.starts_with('\u{feff}'));
        let bare = hardened.replace("\r\n", "");
        prop_assert!(!given.text.contains("\r\n") || !bare.contains('\n'), "{}", hardened);
    }

    #[test]
    fn a_text_without_findings_is_not_changed(given in configuration()) {
        let hardened = read(&given.text).hardened;
        let again = read(&hardened);
        if again.backends.iter().all(|backend| backend.findings.is_empty()) && again.findings.is_empty() {
            prop_assert_eq!(again.diff, "");
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = harden(&bytes, Options { format: None, terraform: None, file: None });
    }

    #[test]
    fn no_text_of_this_grammar_panics(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "terraform", "backend", "\"s3\"", "{", "}", "\n", "=", "\"", "bucket", "key", "<<EOT\n", "EOT\n", "#", "/*", "*/", ",", "[", "]",
                "secret_key", "\"x\"", ":", "${", "remote_state", "config", "é", "\r\n", "generate \"x\"", "contents", "role_arn", "true",
                "-----BEGIN PRIVATE KEY-----", "://a:b@c", "dynamodb_table",
            ]),
            0..40,
        ),
    ) {
        for text in [words.concat(), words.join(" ")] {
            let _ = harden(text.as_bytes(), Options { format: None, terraform: None, file: None });
        }
    }
}
