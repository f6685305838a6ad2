//! Who may publish to the topics.

use serde_json::json;

use super::cloudformation::Stack;
use super::iam::Policy;

const NOTICES: &str = "arn:aws:sns:eu-west-1:111122223333:NoticeTopic";
const APPROVE: &str = "arn:aws:lambda:eu-west-1:111122223333:function:ApproveFunction";
const APPROVALS: &str = "arn:aws:sns:eu-west-1:111122223333:ApprovalTopic";

fn policy(id: &str, approvers: &str) -> Policy {
    let parameters = [
        ("LockTableNames", "tf-locks"),
        ("ApproverPrincipalArns", approvers),
    ];
    Policy::of_resource(&Stack::with(&parameters), id)
}

#[test]
fn a_list_of_approvers_shuts_out_everybody_else() {
    let roles = ["on-call", "aws-reserved/sso.amazonaws.com/*/OnCall_*"];
    let approvers = roles
        .map(|role| format!("arn:aws:iam::111122223333:role/{role}"))
        .join(",");
    let policy = policy("ApprovalTopicPolicy", &approvers);
    let may = |role: &str| {
        let principal = format!("arn:aws:iam::111122223333:role/{role}");
        policy.may(
            "sns:Publish",
            APPROVALS,
            &[
                ("aws:PrincipalArn", &principal),
                ("aws:SecureTransport", "true"),
            ],
        )
    };
    assert!(may("on-call") && may("aws-reserved/sso.amazonaws.com/eu-west-1/OnCall_0123"));
    assert!(!may("ci") && !may("on-call-2"));
    let by_a_service = [("aws:SecureTransport", "true")];
    assert!(
        !policy.may("sns:Publish", APPROVALS, &by_a_service),
        "it has no principal ARN"
    );
}

#[test]
fn decisions_come_from_this_account_only() {
    let policy = policy("ApprovalTopicPolicy", "");
    let principals: Vec<_> = policy
        .allows()
        .map(|statement| &statement["Principal"])
        .collect();
    assert_eq!(
        principals,
        [&json!({"AWS": "arn:aws:iam::111122223333:root"})]
    );
}

const SMS_VOICE: &str = "arn:aws:sms-voice:eu-west-1:111122223333:phone-number/phone-1";
const ON_CALL: &str = "arn:aws:iam::111122223333:role/on-call";

/// The approvals topic's policy for these approvers by IAM and by text message.
fn approvals(approvers: &str, numbers: &str) -> Policy {
    let parameters = [
        ("LockTableNames", "tf-locks"),
        ("ApproverPrincipalArns", approvers),
        ("SmsApprovers", numbers),
    ];
    Policy::of_resource(&Stack::with(&parameters), "ApprovalTopicPolicy")
}

/// Whether the policy denies a publish with these condition keys to everybody.
fn is_denied(policy: &Policy, context: &[(&str, &str)]) -> bool {
    !policy.may("sns:Publish", APPROVALS, context)
}

/// What a publish for this number, or whatever it is, in this account carries.
fn text_message<'a>(source: &'a str, account: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("aws:SourceArn", source),
        ("aws:SourceAccount", account),
        ("aws:SecureTransport", "true"),
    ]
}

#[test]
fn text_messages_come_in_only_where_numbers_may_decide() {
    let closed = approvals("", "");
    let principals = |policy: &Policy| -> Vec<serde_json::Value> {
        let allows = policy.allows();
        allows
            .map(|statement| statement["Principal"].clone())
            .collect()
    };
    let account = json!({"AWS": "arn:aws:iam::111122223333:root"});
    let sms_voice = json!({"Service": "sms-voice.amazonaws.com"});
    assert_eq!(principals(&closed), std::slice::from_ref(&account));
    let open = approvals("", "+14255550182");
    assert_eq!(principals(&open), [account, sms_voice]);
    let condition = json!({
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:sms-voice:eu-west-1:111122223333:*"},
    });
    let statement = open.statement("TextMessages");
    assert_eq!(statement["Condition"], condition);
    assert_eq!(
        (&statement["Action"], &statement["Resource"]),
        (&json!("sns:Publish"), &json!(APPROVALS))
    );
}

#[test]
fn a_list_of_approvers_does_not_shut_out_text_messages_and_nothing_else_with_them() {
    let both = approvals(ON_CALL, "+14255550182");
    assert!(!is_denied(&both, &text_message(SMS_VOICE, "111122223333")));
    let other_region = "arn:aws:sms-voice:us-east-1:111122223333:phone-number/phone-1";
    let other_account = "arn:aws:sms-voice:eu-west-1:999999999999:phone-number/phone-1";
    let other_service = "arn:aws:events:eu-west-1:111122223333:rule/sms-voice";
    for source in [other_region, other_account, other_service] {
        assert!(
            is_denied(&both, &text_message(source, "111122223333")),
            "{source}"
        );
    }
    let by = |role: &str| {
        let principal = format!("arn:aws:iam::111122223333:role/{role}");
        is_denied(
            &both,
            &[
                ("aws:PrincipalArn", &principal),
                ("aws:SecureTransport", "true"),
            ],
        )
    };
    assert!(!by("on-call") && by("ci"));
    let no_numbers = approvals(ON_CALL, "");
    assert!(is_denied(
        &no_numbers,
        &text_message(SMS_VOICE, "111122223333")
    ));
}

#[test]
fn messages_travel_encrypted() {
    let approvals = policy("ApprovalTopicPolicy", "");
    let may = |tls| approvals.may("sns:Publish", APPROVALS, &[("aws:SecureTransport", tls)]);
    assert!(may("true") && !may("false"));
    let notices = policy("NoticeTopicPolicy", "");
    let plain = json!({"Bool": {"aws:SecureTransport": "false"}});
    assert_eq!(notices.statement("TlsOnly")["Effect"], "Deny");
    assert_eq!(notices.statement("TlsOnly")["Condition"], plain);
}

#[test]
fn the_policy_for_approvers_lets_them_decide_and_nothing_else() {
    let approver = policy("ApproverPolicy", "");
    assert_eq!(approver.actions_on(APPROVALS), ["sns:Publish"]);
    assert_eq!(approver.actions_on(APPROVE), ["lambda:InvokeFunction"]);
    assert!(approver.actions_on(NOTICES).is_empty());
}
