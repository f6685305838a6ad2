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
