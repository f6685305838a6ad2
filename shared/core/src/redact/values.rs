//! What a value looks like: nothing, a reference to elsewhere, or something that had better not be read.

use std::sync::LazyLock;

use data_encoding::{BASE64, BASE64_NOPAD};
use regex::Regex;

use super::pattern::compiled;
use super::undress::REDACTED;

/// Whether there is nothing to hide: empty, a constant word, a mask, a name of something that is elsewhere, or already hidden.
pub(super) fn is_trivial(value: &str) -> bool {
    static WORD: LazyLock<Regex> = LazyLock::new(|| {
        compiled(concat!(
            r"(?i-u)\A[\s(<{]*(?:true|false|null|nil|none|yes|no|on|off|undefined|redacted|hidden|masked|sensitive(?: value(?: removed)?)?|computed",
            r"|known(?: after apply)?|default|unset|n/a|AWS4-HMAC-SHA256|x+)[\s)>}]*\z",
        ))
    });
    static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
        compiled(concat!(
            r"\A(?:\$[A-Z_][A-Z0-9_]*|\$\([^)]*\)?|%[A-Za-z_][A-Za-z0-9_]*%",
            r"|(?:var|local|data|module|each|self|path|dependency|include|ephemeral|secrets|env)\.[A-Za-z_][A-Za-z0-9_.\[\]*-]*",
            // Of the ways to name a file only those that no password begins with.
            r"|(?:fileb?|ssm|vault|secretsmanager|op|gcpsecretsmanager)://[^\s]*|(?:~|\.\.?)/[A-Za-z0-9._/-]*",
            r"|arn:aws[a-z-]*:[^\s]*)\z",
        ))
    });
    // Interpolations say where the value comes from. What stands around them may be a secret, so only they are ignored.
    static INTERPOLATION: LazyLock<Regex> =
        LazyLock::new(|| compiled(r"[$%]\{[^}]*(?:\}|\z)|\$?\{\{[^}]*(?:\}\}|\z)"));
    let rest = INTERPOLATION.replace_all(value, "");
    let rest = rest.replace(REDACTED, "");
    let says_nothing = !rest.chars().any(char::is_alphanumeric);
    says_nothing && (rest.len() < value.len() || is_mask(value))
        || WORD.is_match(value)
        || REFERENCE.is_match(value)
}

/// Whether the value, which nobody put in quotes, is an expression of HCL: `random_password.db.result`, `file("key.pem")`.
pub(super) fn is_expression(value: &str) -> bool {
    static EXPRESSION: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"\A(?:[a-z][a-z0-9]*_[a-z0-9_]*(?:\.[a-z_][a-z0-9_]*|\[[^\]\s]*\])+|[a-z][a-z0-9_]*\(.*)\z",
        )
    });
    EXPRESSION.is_match(value)
}

/// Whether the value looks like a secret even where its name does not settle it: no prose, no identifier of something else.
pub(super) fn is_mixed(value: &str) -> bool {
    // What is left beside a hidden part is judged by itself.
    let value = &value.replace(REDACTED, "");
    let has = |test: fn(&char) -> bool| value.chars().any(|character| test(&character));
    let letters = has(char::is_ascii_alphabetic);
    let digits = has(char::is_ascii_digit);
    let symbols = value.chars().any(|character| {
        !character.is_alphanumeric() && !matches!(character, '-' | '_' | '.' | ',' | ':')
    });
    value.len() >= 6
        && !value.contains(char::is_whitespace)
        && letters
        && (digits || symbols && value.len() >= 8)
        && !is_identifier(value)
}

/// Whether the value, in the middle of prose, is a token rather than `http2:` or `status=403`.
pub(super) fn is_token(value: &str) -> bool {
    value.len() >= 12 && !value.trim_end_matches('=').contains(['=', ':'])
}

/// Whether the value is `user:password` in base64, as in a `config.json` of Docker.
pub(super) fn is_user_and_password(value: &str) -> bool {
    let padded = BASE64.decode(value.as_bytes());
    let decoded = padded.or_else(|_| BASE64_NOPAD.decode(value.as_bytes()));
    value.len() >= 8
        && decoded.is_ok_and(|bytes| {
            bytes.contains(&b':') && bytes.iter().all(|byte| !byte.is_ascii_control())
        })
}

/// Whether the value is so surely a secret that it is one wherever else it stands.
pub(super) fn is_unmistakable(value: &str) -> bool {
    let has = |test: fn(&u8) -> bool| usize::from(value.bytes().any(|byte| test(&byte)));
    let classes = has(u8::is_ascii_lowercase)
        + has(u8::is_ascii_uppercase)
        + has(u8::is_ascii_digit)
        + has(|byte| byte.is_ascii_punctuation() && !matches!(byte, b'-' | b'_' | b'.'));
    value.len() >= 12
        && classes >= 3
        && !value.contains(REDACTED)
        && !value.contains("://")
        && !value.contains(char::is_whitespace)
        && !is_identifier(value)
}

/// Whether the value is a time, a version, an address or a file, which may stand in many places. A secret that looks like a lock
/// ID is none of these.
pub(super) fn is_name_of_something(value: &str) -> bool {
    let is_id = value.len() == 36
        && value
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_identifier(value) && !is_id
}

/// Names of things that triage is about: lock IDs, digests, times, versions, addresses, files.
fn is_identifier(value: &str) -> bool {
    static IDENTIFIER: LazyLock<Regex> = LazyLock::new(|| {
        compiled(concat!(
            r"(?i-u)\A(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\z|arn:|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ]|\z)",
            r"|v?[0-9]+(?:\.[0-9]+)+\z|[a-z][a-z0-9+.-]*://",
            r"|(?:[a-z0-9._~-]*/)*[a-z0-9._-]+\.(?:json|ya?ml|tf|tfvars|tfstate|pem|key|crt|txt|ini|env|go|rs|py|sh)\z)",
        ))
    });
    IDENTIFIER.is_match(value)
}

/// Stars, dots and dashes in place of a value.
fn is_mask(value: &str) -> bool {
    value.chars().all(|character| {
        matches!(character, '*' | '.' | '-' | '•' | '…' | '?' | ' ') || character == REDACTED
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_is_no_secret() {
        for value in [
            "",
            "null",
            "True",
            "(sensitive value)",
            "(sensitive value removed)",
            "(known after apply)",
            "<computed>",
            "${var.password}",
            "${{ secrets.X }}",
            "{{ .Values.password }}",
            "$DB_PASSWORD",
            "$(pass show db)",
            "%DB_PASSWORD%",
            "var.db_password",
            "data.aws_x.y.secret",
            "***",
            "file://key.bin",
            "~/.ssh/id_rsa",
            "./key.pem",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-x1",
            "\u{fdd0}",
            "xxxx",
            "${lookup(var.m, ",
        ] {
            assert!(is_trivial(value), "{value}");
        }
    }

    #[test]
    fn a_short_or_odd_value_can_be_a_secret() {
        for value in [
            "a",
            "1",
            "hunter2",
            "/slash",
            "$ecret",
            "!!!",
            "pre${var.x}",
            "no-way",
            "variable.x",
            "x1",
        ] {
            assert!(!is_trivial(value), "{value}");
        }
    }

    #[test]
    fn an_expression_is_told_from_a_value() {
        for value in [
            "random_password.db.result",
            "aws_ssm_parameter.x[0].value",
            "file(\"x\")",
            "sensitive(\"x\")",
        ] {
            assert!(is_expression(value), "{value}");
        }
        for value in ["a.b", "Hunter_2.x", "hunter2"] {
            assert!(!is_expression(value), "{value}");
        }
    }

    #[test]
    fn only_what_looks_like_a_secret_is_mixed() {
        for value in [
            "hunter2",
            "abc12345",
            "correct+horse",
            "wJalrXUtnFEMI/K7MDENG",
        ] {
            assert!(is_mixed(value), "{value}");
        }
        for value in [
            "password",
            "expired",
            "basic",
            "a-b-c-d-e-f",
            "123456",
            "19a6fe30-cf25-8eaf-077f-083449d678bd",
            "v1.11.4",
            "2024-01-15T03:42:11Z",
            "https://vault.example.com:8200",
            "credentials-v2.json",
            "the 2nd one",
        ] {
            assert!(!is_mixed(value), "{value}");
        }
    }

    #[test]
    fn only_what_cannot_be_a_word_is_looked_for_everywhere() {
        assert!(is_unmistakable("wJalrXUtnFEMI/K7MDENG"));
        for value in [
            "terraform",
            "prod-eu-west-1",
            "28877368bfd2175bbaf0a00a2b3f261d",
            "Hunter2",
        ] {
            assert!(!is_unmistakable(value), "{value}");
        }
    }
}
