use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::Value;

use super::*;
use crate::notice::Notice;
use crate::policy::{InForceInstead, PolicyUri};
use crate::testing::at;
use crate::text;

const WHY: &str = "s3://acme-config/lockwarden.hcl:4:17: `\"soon\"`: it is not a span; one looks like `\"90s\"`, `\"15m\"`, `\"4h\"` or `\"1d\"`\n\
                   s3://acme-config/lockwarden.hcl:9:3: `holders`: there is no such attribute; a rule has `path`, `holder` and `operations`";

fn error() -> PolicyError {
    PolicyError {
        uri: PolicyUri::parse("s3://acme-config/lockwarden.hcl").unwrap(),
        version: "\"6805f2cfc46c0f04559748bb039d69ae\"".to_owned(),
        since: at("2026-01-01T03:05:00Z"),
        why: WHY.to_owned(),
        in_force: Some(InForceInstead {
            etag: "\"b1946ac92492d2347c6235b4d2611184\"".to_owned(),
            since: at("2025-12-24T10:00:00Z"),
        }),
    }
}

fn without_any() -> PolicyError {
    PolicyError {
        in_force: None,
        version: "AccessDenied".to_owned(),
        why: "cannot read the policy s3://acme-config/lockwarden.hcl: AccessDenied: so it is"
            .to_owned(),
        ..error()
    }
}

fn form(error: PolicyError, name: &str) -> String {
    let message: Value = serde_json::from_str(&Notice::of_policy(error).render().message).unwrap();
    message[name].as_str().unwrap().to_owned()
}

fn document(error: PolicyError, name: &str) -> Value {
    serde_json::from_str(&form(error, name)).unwrap()
}

#[test]
fn a_broken_policy_is_told_with_each_mistake_and_what_holds_instead() {
    assert_snapshot!(form(error(), "email"));
    let rendered = Notice::of_policy(error()).render();
    assert_snapshot!(rendered.subject, @"[Lockwarden] Policy is broken, somebody has to mend it");
    assert_snapshot!(form(error(), "sms"), @"Lockwarden: the policy is broken, the last good one holds, see the e-mail.");
    assert_json_snapshot!(document(error(), "sqs"));
    assert_json_snapshot!(document(error(), "https"));
    let attributes = rendered.attributes.map(|(_, value)| value.value());
    assert_eq!(attributes, ["policy_error", "warning", "none", "none"]);
}

#[test]
fn that_nobody_judges_any_more_is_said_aloud() {
    assert_snapshot!(form(without_any(), "email"));
    assert_snapshot!(form(without_any(), "sms"), @"Lockwarden: the policy is broken and no sweep judges any lock, see the e-mail.");
    let attributes = Notice::of_policy(without_any()).render().attributes;
    assert_eq!(attributes[1].1.value(), "error");
}

#[test]
fn whatever_stands_in_a_policy_does_no_harm() {
    let nasty = "\u{1b}[2J\"'<b>&\r\u{202e}$(x)`y`[z](https://evil.example)@here";
    let lines = format!("{nasty}\n").repeat(1_000);
    let notice = Notice::of_policy(PolicyError {
        why: lines + &"é".repeat(500_000),
        version: nasty.repeat(100),
        ..error()
    });
    let rendered = notice.render();
    // The document has all of it; a policy is no longer than 64 KiB, and a reader says no more than twenty mistakes.
    let message: Value = serde_json::from_str(&rendered.message).unwrap();
    let email = message["email"].as_str().unwrap();
    assert!(email.len() < 40_000, "{}", email.len());
    assert!(email.lines().flat_map(str::chars).all(text::is_printable));
    let sms = message["sms"].as_str().unwrap();
    assert!(sms.is_ascii() && sms.len() <= 140, "{sms}");
    let chat: Value = serde_json::from_str(message["https"].as_str().unwrap()).unwrap();
    let description = chat["content"]["description"].as_str().unwrap();
    assert!(description.chars().count() <= 8_000);
    assert!(
        !description.contains("](") && !description.contains('@'),
        "{description}"
    );
}
