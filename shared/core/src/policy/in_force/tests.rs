use jiff::SignedDuration;

use super::*;
use crate::policy::{Complaint, Refused, Terms};
use crate::testing::at;

/// Stands for the reader of HCL: a text is wrong if it says so, and else names the limit in minutes.
fn read(text: &str, name: &str, base: Terms) -> Result<Policy, Refused> {
    let Ok(mins) = text.parse() else {
        let complaint = Complaint {
            line: 1,
            column: 1,
            text: text.to_owned(),
            why: "it is wrong".to_owned(),
            right: "write a number".to_owned(),
        };
        return Err(Refused {
            name: name.to_owned(),
            complaints: vec![complaint],
        });
    };
    Ok(Policy::without_rules(Terms {
        stale_after: SignedDuration::from_mins(mins),
        ..base
    }))
}

fn object() -> PolicyObject {
    let mins = SignedDuration::from_mins;
    PolicyObject {
        uri: PolicyUri::parse("s3://acme-config/lockwarden.hcl").unwrap(),
        base: Terms::asking(mins(15), mins(5), mins(60)),
    }
}

fn text(text: &str) -> PolicyReading {
    PolicyReading::Text(PolicyVersion {
        etag: "2".to_owned(),
        text: text.to_owned(),
    })
}

fn last_good(text: &str) -> GoodPolicy {
    GoodPolicy {
        etag: "1".to_owned(),
        text: text.to_owned(),
        since: at("2026-01-01T03:00:00Z"),
    }
}

fn limit(in_force: &InForce) -> i64 {
    in_force.policy.default.stale_after.as_mins()
}

/// Every way in which an object gives no policy.
fn unusable() -> [PolicyReading; 5] {
    let flaw = Flaw {
        version: "NoSuchKey".to_owned(),
        why: "it is gone".to_owned(),
    };
    [
        text("x"),
        text(""),
        text(" \n\t"),
        PolicyReading::NoText(flaw),
        PolicyReading::NotNow("SlowDown".to_owned()),
    ]
}

#[test]
fn a_good_version_is_in_force_whatever_was_before() {
    for last in [None, Some(&last_good("30")), Some(&last_good("x"))] {
        let in_force = object().in_force(text("45"), last, read).unwrap();
        assert_eq!(limit(&in_force), 45);
        assert!(matches!(in_force.object, ObjectIs::Good(version) if version.etag == "2"));
    }
}

#[test]
fn whatever_is_wrong_the_last_good_version_stays_in_force() {
    for reading in unusable() {
        let last = last_good("30");
        let in_force = object().in_force(reading, Some(&last), read).unwrap();
        assert_eq!(limit(&in_force), 30);
        assert!(!matches!(in_force.object, ObjectIs::Good(_)));
    }
}

#[test]
fn without_a_good_version_there_is_no_policy_and_never_the_defaults() {
    for reading in unusable() {
        for last in [None, Some(&last_good("x")), Some(&last_good(""))] {
            let outcome = object().in_force(reading.clone(), last, read);
            assert!(outcome.is_err(), "{reading:?} {last:?}");
        }
    }
}

#[test]
fn who_has_no_policy_is_told_the_whole_story() {
    let told = |reading, last: Option<&GoodPolicy>| {
        let none = object().in_force(reading, last, read).unwrap_err();
        (none.to_string(), none.flaw.map(|flaw| flaw.version))
    };
    let (why, version) = told(text("x"), None);
    insta::assert_snapshot!(why, @"
    s3://acme-config/lockwarden.hcl:1:1: `x`: it is wrong; write a number
    and no version of it was ever good
    ");
    assert_eq!(version.as_deref(), Some("2"));
    let (why, version) = told(
        PolicyReading::NotNow("SlowDown".to_owned()),
        Some(&last_good("y")),
    );
    insta::assert_snapshot!(why, @"
    SlowDown
    and the last good version cannot be used any more: s3://acme-config/lockwarden.hcl:1:1: `y`: it is wrong; write a number
    ");
    assert_eq!(
        version, None,
        "nothing is known to be wrong with the object"
    );
    insta::assert_snapshot!(told(text(" "), None).0, @"
    s3://acme-config/lockwarden.hcl is empty; a policy without rules is written as `default {}`
    and no version of it was ever good
    ");
}

#[test]
fn what_is_wrong_is_told_without_the_secrets_of_the_text() {
    let foreign = "db_password = \"correct-horse-7421\"";
    let none = object().in_force(text(foreign), None, read).unwrap_err();
    assert_eq!(
        none.flaw.unwrap().why,
        "s3://acme-config/lockwarden.hcl:1:1: `db_password = \"[redacted:password:1]\"`: it is wrong; write a number"
    );
    assert!(!none.why.contains("horse"), "{}", none.why);
}
