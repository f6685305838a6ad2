use insta::assert_snapshot;

use super::*;
use crate::policy::{Complaint, Policy};

const GOOD: [(&str, &str); 6] = [
    (LOCK_TABLES, "terraform-state-locks"),
    (LEDGER_TABLE, "ledger"),
    (
        NOTICE_TOPIC_ARN,
        "arn:aws:sns:eu-west-1:123456789012:notices",
    ),
    (
        APPROVAL_TOPIC_ARN,
        "arn:aws:sns:eu-west-1:123456789012:approvals",
    ),
    (APPROVE_FUNCTION, "approve"),
    (STATE_BUCKETS, ""),
];

fn value(changes: &[(&str, &str)], name: &str) -> Option<String> {
    let mut all = changes.iter().chain(&GOOD);
    let (_, value) = all.find(|(known, _)| *known == name)?;
    Some((*value).to_owned())
}

/// Stands for the reader of HCL: any text is wrong.
fn read_policy(text: &str, name: &str, base: Terms) -> Result<Policy, Refused> {
    if text.is_empty() {
        return Ok(Policy::without_rules(base));
    }
    let complaint = Complaint {
        line: 1,
        column: 1,
        text: text.to_owned(),
        why: "it is wrong".to_owned(),
        right: "write nothing".to_owned(),
    };
    Err(Refused {
        name: name.to_owned(),
        complaints: vec![complaint],
    })
}

fn sweep_with(changes: &[(&str, &str)]) -> Result<SweepSettings, SettingError> {
    SweepSettings::read(|name| value(changes, name), read_policy)
}

fn refused(changes: &[(&str, &str)]) -> String {
    sweep_with(changes).unwrap_err().to_string()
}

#[test]
fn unset_spans_have_their_documented_defaults() {
    let settings = sweep_with(&[]).unwrap();
    let asking = Terms::asking(
        SignedDuration::from_mins(15),
        SignedDuration::from_mins(5),
        SignedDuration::from_hours(1),
    );
    let policy = PolicySource::Setting(Policy::without_rules(asking));
    assert_eq!(settings.common.policy, policy);
    assert_eq!(
        settings.common.ledger_keep_for,
        SignedDuration::from_hours(400 * 24)
    );
}

#[test]
fn tables_come_as_names_arns_and_indexes() {
    let list = "locks, other/by-info,arn:aws:dynamodb:eu-west-1:123456789012:table/far,\
                arn:aws:dynamodb:us-east-1:123456789012:table/far/index/by-info";
    let settings = sweep_with(&[(LOCK_TABLES, list)]).unwrap().common;
    let read: Vec<_> = settings
        .tables
        .iter()
        .map(|t| (t.name.as_str(), t.index.as_deref()))
        .collect();
    assert_eq!(
        read,
        [
            ("locks", None),
            ("other", Some("by-info")),
            ("arn:aws:dynamodb:eu-west-1:123456789012:table/far", None),
            (
                "arn:aws:dynamodb:us-east-1:123456789012:table/far",
                Some("by-info")
            ),
        ]
    );
    let shared: Vec<_> = settings
        .tables
        .iter()
        .map(|table| settings.shares_ledger_region(table))
        .collect();
    assert_eq!(shared, [true, true, true, false]);
}

#[test]
fn buckets_come_with_and_without_a_prefix() {
    let settings = sweep_with(&[(STATE_BUCKETS, "all-of-it,acme/prod/")])
        .unwrap()
        .common;
    assert!(settings.covers_object("all-of-it", "any"));
    assert!(settings.covers_object("acme", "prod/x") && !settings.covers_object("acme", "dev/x"));
    assert!(!settings.covers_object("other", "prod/x"));
}

#[test]
fn a_wrong_setting_is_named_with_a_right_one() {
    assert_snapshot!(refused(&[(LEDGER_TABLE, " ")]), @"the setting LEDGER_TABLE is missing; it looks like `lockwarden-LedgerTable-1A2B3C`");
    assert_snapshot!(refused(&[(STALE_AFTER, "15")]), @"the setting STALE_AFTER is `15`: `15` is not a span of time; one looks like `90s`, `15m`, `4h` or `1d`; it looks like `15m`");
    assert_snapshot!(refused(&[(LOCK_TABLES, "")]), @"neither LOCK_TABLES nor STATE_BUCKETS is set; give at least one, such as `terraform-state-locks`");
    assert_snapshot!(refused(&[(LOCK_TABLES, "my locks")]), @"the setting LOCK_TABLES is `my locks`: a table's or index's name has 3 to 255 letters, digits, `_`, `-` or `.`; it looks like `terraform-state-locks`");
    assert_snapshot!(refused(&[(LOCK_TABLES, "arn:aws:s3:x:1:table/locks")]), @"the setting LOCK_TABLES is `arn:aws:s3:x:1:table/locks`: it is not the ARN of a DynamoDB table; it looks like `terraform-state-locks`");
    assert_snapshot!(refused(&[(STATE_BUCKETS, "s3://acme")]), @"the setting STATE_BUCKETS is `s3://acme`: a bucket's name has 3 to 63 lower-case letters, digits, `-` or `.`; it looks like `acme-tf-state` or `acme-tf-state/prod/`");
    assert_snapshot!(refused(&[(POLICY, " x")]), @"the policy cannot be used: POLICY:1:1: ` x`: it is wrong; write nothing");
    assert_snapshot!(refused(&[(NOTICE_TOPIC_ARN, "notices")]), @"the setting NOTICE_TOPIC_ARN is `notices`: it is not the ARN of an SNS topic; it looks like `arn:aws:sns:eu-west-1:123456789012:lockwarden-notices`");
}

#[test]
fn a_policy_in_an_object_is_an_address_until_it_is_read() {
    let uri = "s3://acme-config/lockwarden.hcl";
    let changes = [(POLICY_URI, uri), (STALE_AFTER, "2h"), (POLICY, " ")];
    let settings = sweep_with(&changes).unwrap().common;
    let PolicySource::Object(object) = settings.policy else {
        panic!("{:?}", settings.policy)
    };
    assert_eq!(object.uri.to_string(), uri);
    assert_eq!(object.base.stale_after, SignedDuration::from_hours(2));
}

#[test]
fn two_policies_or_a_wrong_address_stop_the_function() {
    let uri = (POLICY_URI, "s3://acme-config/lockwarden.hcl");
    assert_snapshot!(refused(&[uri, (POLICY, "default {}")]), @"POLICY and POLICY_URI are both set, and only one can hold; leave one of them empty");
    assert_snapshot!(refused(&[(POLICY_URI, "acme-config/lockwarden.hcl")]), @"the setting POLICY_URI is `acme-config/lockwarden.hcl`: it is not the address of an object in S3; it looks like `s3://acme-config/lockwarden.hcl`");
}

fn approve(changes: &[(&str, &str)]) -> Result<ApproveSettings, SettingError> {
    ApproveSettings::read(|name| value(changes, name), read_policy)
}

#[test]
fn nobody_decides_by_text_message_until_numbers_are_given() {
    for empty in ["", " ", ","] {
        let settings = approve(&[(SMS_APPROVERS, empty)]).unwrap();
        assert_eq!(settings.sms_approvers, []);
    }
    assert_eq!(approve(&[]).unwrap().sms_approvers, []);
    let given = approve(&[(SMS_APPROVERS, "+14255550182, +4915112345678")]).unwrap();
    let numbers: Vec<&str> = given
        .sms_approvers
        .iter()
        .map(PhoneNumber::as_str)
        .collect();
    assert_eq!(numbers, ["+14255550182", "+4915112345678"]);
}

#[test]
fn a_number_that_nobody_could_answer_from_is_named() {
    let refused = |number: &str| approve(&[(SMS_APPROVERS, number)]).unwrap_err();
    assert_snapshot!(refused("+14255550182,0151 2345678"), @"the setting SMS_APPROVERS is `0151 2345678`: a number has a `+`, the country, and 7 to 15 digits in all, without spaces; it looks like `+14255550182`");
    for number in ["*", "+", "+1 425 555 0182", "+0425555018", "14255550182"] {
        assert!(refused(number).to_string().contains(number), "{number}");
    }
}

#[test]
fn no_lock_expires_and_no_state_is_read_unless_that_is_set() {
    for unset in ["", " "] {
        let settings = approve(&[(EXPIRE_AFTER, unset), (READ_STATE, unset)]).unwrap();
        assert_eq!(settings.common.expire_after, None);
        assert!(!settings.read_state);
    }
    let set = approve(&[(EXPIRE_AFTER, "36h"), (READ_STATE, "true")]).unwrap();
    let expected = Some(SignedDuration::from_hours(36));
    assert_eq!((set.common.expire_after, set.read_state), (expected, true));
    assert_snapshot!(refused(&[(EXPIRE_AFTER, "never")]), @"the setting EXPIRE_AFTER is `never`: `never` is not a span of time; one looks like `90s`, `15m`, `4h` or `1d`; it looks like `24h`");
    assert_snapshot!(refused(&[(EXPIRE_AFTER, "59m")]), @"the setting EXPIRE_AFTER is `59m`: people have 1 h to answer at least; it looks like `24h`");
    assert!(approve(&[(EXPIRE_AFTER, "60m")]).is_ok());
}

#[test]
fn switches_take_their_two_words_only() {
    let unset = approve(&[]).unwrap();
    assert!(unset.releases && !unset.topic_restricted);
    let set = approve(&[(RELEASES, "disabled"), (TOPIC_RESTRICTED, "true")]).unwrap();
    assert!(!set.releases && set.topic_restricted);
    assert_snapshot!(approve(&[(RELEASES, "off")]).unwrap_err(), @"the setting RELEASES is `off`: it must be `enabled` or `disabled`; it looks like `enabled`");
}
