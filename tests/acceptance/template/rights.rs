//! What each role may do and, above all, may not.

use serde_json::json;

use super::cloudformation::Stack;
use super::iam::{Policy, texts};

const TABLE: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/tf-locks";
const LEDGER: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/LedgerTable";
const OPEN_INDEX: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/LedgerTable/index/open";
const STATE_INDEX: &str =
    "arn:aws:dynamodb:eu-west-1:111122223333:table/LedgerTable/index/by-state";
const BUCKET: &str = "arn:aws:s3:::acme-state";
const LOCK_FILE: &str = "arn:aws:s3:::acme-state/prod/terraform.tfstate.tflock";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";
const NOTICES: &str = "arn:aws:sns:eu-west-1:111122223333:NoticeTopic";
const APPROVALS: &str = "arn:aws:sns:eu-west-1:111122223333:ApprovalTopic";
const SWEEP: &str = "arn:aws:lambda:eu-west-1:111122223333:function:SweepFunction";
const APPROVE: &str = "arn:aws:lambda:eu-west-1:111122223333:function:ApproveFunction";
const TRIAGE: &str = "arn:aws:lambda:eu-west-1:111122223333:function:TriageFunction";

/// The roles of a stack with two tables, two buckets, and a key.
fn sweep_and_approve() -> [Policy; 2] {
    roles(&[
        ("LockTableNames", "tf-locks,b-locks"),
        ("StateBucketNames", "acme-state,b-state"),
        ("KmsKeyArns", KEY),
    ])
}

fn roles(parameters: &[(&str, &str)]) -> [Policy; 2] {
    let stack = Stack::with(parameters);
    ["SweepRole", "ApproveRole"].map(|role| Policy::of_role(&stack, role))
}

/// The role of triage, and the one that its callers take on, of the same stack.
fn triage_and_its_callers() -> [Policy; 2] {
    let stack = Stack::with(&[
        ("LockTableNames", "tf-locks,b-locks"),
        ("StateBucketNames", "acme-state,b-state"),
        ("KmsKeyArns", KEY),
        ("TriageCallerArns", "arn:aws:iam::111122223333:role/ci"),
    ]);
    ["TriageRole", "TriageCallerRole"].map(|role| Policy::of_role(&stack, role))
}

/// Each allowed action with what it is allowed on.
fn rights(role: &Policy) -> Vec<(&str, &str)> {
    let mut rights = Vec::new();
    for statement in role.allows() {
        for action in texts(&statement["Action"]) {
            let resources = texts(&statement["Resource"]).into_iter();
            rights.extend(resources.map(|resource| (action, resource)));
        }
    }
    rights
}

#[test]
fn sweep_reads_and_tells_and_can_change_no_lock() {
    let [sweep, _] = sweep_and_approve();
    assert_eq!(
        sweep.actions_on(TABLE),
        ["dynamodb:GetItem", "dynamodb:Scan"]
    );
    assert_eq!(
        sweep.actions_on(BUCKET),
        ["s3:ListBucket", "s3:ListBucketVersions"]
    );
    assert_eq!(sweep.actions_on(LOCK_FILE), ["s3:GetObject"]);
    let ledger = [
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
    ];
    assert_eq!(sweep.actions_on(LEDGER), ledger);
    assert_eq!(sweep.actions_on(OPEN_INDEX), ["dynamodb:Query"]);
    assert_eq!(sweep.actions_on(STATE_INDEX), ["dynamodb:Query"]);
    assert_eq!(
        sweep.actions_on(NOTICES),
        ["sns:ListSubscriptionsByTopic", "sns:Publish"]
    );
    assert_eq!(sweep.actions_on(APPROVE), ["lambda:InvokeFunction"]);
}

#[test]
fn approve_reads_deletes_and_puts_back_one_record_and_cannot_search() {
    let [_, approve] = sweep_and_approve();
    assert_eq!(
        approve.actions_on(TABLE),
        [
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem"
        ]
    );
    assert_eq!(approve.actions_on(BUCKET), ["s3:ListBucket"]);
    assert_eq!(
        approve.actions_on(LOCK_FILE),
        ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    );
    let ledger = [
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
    ];
    assert_eq!(approve.actions_on(LEDGER), ledger);
    assert!(approve.actions_on(OPEN_INDEX).is_empty());
    assert_eq!(approve.actions_on(STATE_INDEX), ["dynamodb:Query"]);
    assert_eq!(approve.actions_on(NOTICES), ["sns:Publish"]);
}

#[test]
fn approve_stamps_lock_items_only_where_locks_may_expire_and_never_a_digest() {
    let stores = [
        ("LockTableNames", "tf-locks"),
        ("StateBucketNames", "acme-state"),
    ];
    let [sweep, approve] = roles(&[&stores[..], &[("ExpireAfter", "1d")]].concat());
    let context = |key| [("dynamodb:LeadingKeys", key)];
    let may = |role: &Policy, key| role.may("dynamodb:UpdateItem", TABLE, &context(key));
    assert!(may(&approve, "acme-state/prod/terraform.tfstate"));
    assert!(!may(&approve, "acme-state/prod/terraform.tfstate-md5"));
    assert!(!may(&sweep, "acme-state/prod/terraform.tfstate"));
    let elsewhere = "arn:aws:dynamodb:eu-west-1:111122223333:table/tf-locks-2";
    assert!(
        !approve
            .actions_on(elsewhere)
            .contains(&"dynamodb:UpdateItem")
    );
    for role in roles(&stores) {
        assert!(!role.actions_on(TABLE).contains(&"dynamodb:UpdateItem"));
    }
}

#[test]
fn approve_opens_states_only_where_it_was_asked_to_and_only_those() {
    let stores = [("StateBucketNames", "acme-state,b-state")];
    let [sweep, approve] = roles(&[&stores[..], &[("ReadState", "true")]].concat());
    for state in ["acme-state/prod/terraform.tfstate", "b-state/env:/dev/x"] {
        let state = format!("arn:aws:s3:::{state}");
        assert_eq!(approve.actions_on(&state), ["s3:GetObject"]);
        assert!(sweep.actions_on(&state).is_empty());
    }
    assert!(approve.actions_on("arn:aws:s3:::c-state/x").is_empty());
    let narrow = [
        ("StateBucketNames", "acme-state"),
        ("StateKeyPrefix", "prod/"),
    ];
    let [_, approve] = roles(&[&narrow[..], &[("ReadState", "true")]].concat());
    assert_eq!(
        approve.actions_on("arn:aws:s3:::acme-state/prod/x"),
        ["s3:GetObject"]
    );
    assert!(
        approve
            .actions_on("arn:aws:s3:::acme-state/dev/x")
            .is_empty()
    );
}

/// It reads anybody's text, so whatever that text makes of it, it can do no more than this.
#[test]
fn triage_asks_sweep_and_reaches_nothing_else() {
    let [triage, _] = triage_and_its_callers();
    let log = "arn:aws:logs:eu-west-1:111122223333:log-group:TriageLogs:*";
    assert_eq!(
        rights(&triage),
        [
            ("lambda:InvokeFunction", SWEEP),
            ("logs:CreateLogStream", log),
            ("logs:PutLogEvents", log),
        ]
    );
}

#[test]
fn who_may_ask_triage_may_do_nothing_else() {
    let [_, callers] = triage_and_its_callers();
    assert_eq!(rights(&callers), [("lambda:InvokeFunction", TRIAGE)]);
}

#[test]
fn no_function_can_decide_or_invoke_itself() {
    let [sweep, approve] = sweep_and_approve();
    let [triage, _] = triage_and_its_callers();
    for role in [&sweep, &approve, &triage] {
        assert!(role.actions_on(APPROVALS).is_empty());
        assert!(role.actions_on(TRIAGE).is_empty());
    }
    assert!(sweep.actions_on(SWEEP).is_empty());
    for role in [&approve, &triage] {
        assert!(role.actions_on(APPROVE).is_empty());
    }
    assert!(approve.actions_on(SWEEP).is_empty());
}

#[test]
fn nobody_reads_anything_in_a_state_bucket_but_lock_files() {
    for role in sweep_and_approve() {
        let actions_on = |key| role.actions_on(&format!("arn:aws:s3:::{key}")).len();
        for bucket in ["acme-state", "b-state"] {
            assert!(actions_on(format!("{bucket}/env:/dev/x.tfstate.tflock")) > 0);
            assert_eq!(actions_on(format!("{bucket}/prod/terraform.tfstate")), 0);
            assert_eq!(actions_on(format!("{bucket}/x.tflock.bak")), 0);
            assert_eq!(actions_on(format!("{bucket}-2/x.tflock")), 0);
        }
    }
}

#[test]
fn the_policy_is_read_by_those_who_judge_and_nothing_beside_it() {
    let store = ("LockTableNames", "tf-locks");
    let uri = ("PolicyUri", "s3://acme-config/teams/lockwarden.hcl");
    let object = "arn:aws:s3:::acme-config/teams/lockwarden.hcl";
    for role in roles(&[store, uri]) {
        assert_eq!(role.actions_on(object), ["s3:GetObject"]);
        for other in [
            "arn:aws:s3:::acme-config",
            "arn:aws:s3:::acme-config/teams/other.hcl",
            "arn:aws:s3:::acme-config/teams/lockwarden.hcl.bak",
            "arn:aws:s3:::acme-config-2/teams/lockwarden.hcl",
        ] {
            assert!(role.actions_on(other).is_empty(), "{other}");
        }
    }
    for role in roles(&[store]) {
        assert!(role.actions_on(object).is_empty());
    }
    let triage = Policy::of_role(&Stack::with(&[store, uri]), "TriageRole");
    assert!(triage.actions_on(object).is_empty());
}

#[test]
fn the_topics_of_rules_take_notices_and_no_other_topic_does() {
    let store = ("LockTableNames", "tf-locks");
    let topic = |name: &str| format!("arn:aws:sns:eu-west-1:111122223333:{name}");
    let given = [topic("team-a"), topic("team-b")].join(",");
    for role in roles(&[store, ("RuleTopicArns", &given)]) {
        for name in ["team-a", "team-b"] {
            assert_eq!(role.actions_on(&topic(name)), ["sns:Publish"]);
        }
        assert!(role.actions_on(&topic("team-c")).is_empty());
    }
    for role in roles(&[store]) {
        assert!(role.actions_on(&topic("team-a")).is_empty());
    }
}

#[test]
fn a_table_of_another_name_region_or_account_is_out_of_reach() {
    for role in sweep_and_approve() {
        let may_read = |table: &str| {
            role.may(
                "dynamodb:GetItem",
                &format!("arn:aws:dynamodb:{table}"),
                &[],
            )
        };
        assert!(may_read("eu-west-1:111122223333:table/tf-locks"));
        assert!(may_read("eu-west-1:111122223333:table/b-locks"));
        assert!(!may_read("eu-west-1:111122223333:table/tf-locks-2"));
        assert!(!may_read("us-east-1:111122223333:table/tf-locks"));
        assert!(!may_read("eu-west-1:999999999999:table/tf-locks"));
    }
}

#[test]
fn approve_can_never_write_a_digest() {
    let [_, approve] = sweep_and_approve();
    let may_delete = |key| {
        approve.may(
            "dynamodb:DeleteItem",
            TABLE,
            &[("dynamodb:LeadingKeys", key)],
        )
    };
    assert!(may_delete("acme-state/prod/terraform.tfstate"));
    assert!(!may_delete("acme-state/prod/terraform.tfstate-md5"));
    let wall = approve.statement("NeverTouchDigests");
    let condition = json!({"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": "*-md5"}});
    assert_eq!(
        (&wall["Effect"], &wall["Condition"]),
        (&json!("Deny"), &condition)
    );
    let writes = [
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:PartiQLInsert",
        "dynamodb:PartiQLUpdate",
        "dynamodb:PartiQLDelete",
    ];
    assert_eq!(texts(&wall["Action"]), writes);
}

#[test]
fn approve_deletes_a_lock_file_only_by_its_etag() {
    let [_, approve] = sweep_and_approve();
    let may_delete = |context: &[(&str, &str)]| approve.may("s3:DeleteObject", LOCK_FILE, context);
    assert!(may_delete(&[(
        "s3:if-match",
        "6805f2cfc46c0f04559748bb039d69ae"
    )]));
    assert!(!may_delete(&[]));
    let condition = json!({"Null": {"s3:if-match": "false"}});
    assert_eq!(
        approve.statement("ReleaseLockFiles")["Condition"],
        condition
    );
}

#[test]
fn approve_writes_a_lock_file_only_where_none_is() {
    let [_, approve] = sweep_and_approve();
    let may_put = |context: &[(&str, &str)]| approve.may("s3:PutObject", LOCK_FILE, context);
    assert!(may_put(&[("s3:if-none-match", "*")]));
    assert!(!may_put(&[]));
    let condition = json!({"Null": {"s3:if-none-match": "false"}});
    assert_eq!(
        approve.statement("RestoreLockFiles")["Condition"],
        condition
    );
}

#[test]
fn approve_lists_only_what_it_can_name() {
    let [sweep, approve] = sweep_and_approve();
    assert!(sweep.may("s3:ListBucket", BUCKET, &[]));
    assert!(!approve.may("s3:ListBucket", BUCKET, &[]));
    assert!(!approve.may("s3:ListBucket", BUCKET, &[("s3:prefix", "")]));
    assert!(approve.may(
        "s3:ListBucket",
        BUCKET,
        &[("s3:prefix", "prod/terraform.tfstate")]
    ));
}

#[test]
fn a_prefix_narrows_both_roles() {
    for role in roles(&[
        ("StateBucketNames", "acme-state"),
        ("StateKeyPrefix", "prod/"),
    ]) {
        assert!(role.may("s3:GetObject", LOCK_FILE, &[]));
        assert!(
            role.actions_on("arn:aws:s3:::acme-state/dev/terraform.tfstate.tflock")
                .is_empty()
        );
        let may_list = |prefix| role.may("s3:ListBucket", BUCKET, &[("s3:prefix", prefix)]);
        assert!(may_list("prod/terraform.tfstate"));
        assert!(!may_list("dev/terraform.tfstate") && !may_list(""));
    }
}

#[test]
fn a_prefix_of_several_buckets_is_refused_with_a_reason() {
    let [sweep, _] = roles(&[
        ("StateBucketNames", "acme-state,b-state"),
        ("StateKeyPrefix", "prod/"),
    ]);
    let mut resources = texts(&sweep.statement("ReadLockFiles")["Resource"]);
    resources.retain(|resource| !resource.starts_with("arn:"));
    let reason = "StateKeyPrefix goes with one bucket only and not also with b-state/prod/*.tflock";
    assert_eq!(
        resources,
        [reason],
        "IAM refuses, and prints, what is no ARN"
    );
}

#[test]
fn a_store_that_is_not_given_brings_no_rights() {
    let tables_only = roles(&[("LockTableNames", "tf-locks")]);
    let buckets_only = roles(&[("StateBucketNames", "acme-state")]);
    for (roles, absent) in [
        (tables_only, "arn:*:s3:"),
        (buckets_only, "arn:*:dynamodb:"),
    ] {
        for role in roles {
            let mut resources = role
                .allows()
                .flat_map(|statement| texts(&statement["Resource"]));
            assert!(resources.all(|resource| !resource.starts_with(absent)));
        }
    }
}

#[test]
fn keys_decrypt_only_through_the_stores() {
    let [sweep, approve] = sweep_and_approve();
    assert_eq!(sweep.actions_on(KEY), ["kms:Decrypt"]);
    assert_eq!(
        approve.actions_on(KEY),
        ["kms:Decrypt", "kms:GenerateDataKey"]
    );
    for role in [sweep, approve] {
        assert!(!role.may("kms:Decrypt", KEY, &[]));
        let through = |service| role.may("kms:Decrypt", KEY, &[("kms:ViaService", service)]);
        assert!(
            through("s3.eu-west-1.amazonaws.com") && through("dynamodb.eu-west-1.amazonaws.com")
        );
        assert!(!through("sns.eu-west-1.amazonaws.com") && !through("s3.us-east-1.amazonaws.com"));
    }
    for role in roles(&[("LockTableNames", "tf-locks")]) {
        assert!(role.actions_on(KEY).is_empty());
    }
}

#[test]
fn every_right_names_its_action_and_its_resource() {
    for role in sweep_and_approve()
        .into_iter()
        .chain(triage_and_its_callers())
    {
        for statement in role.allows() {
            let actions = texts(&statement["Action"]);
            assert!(
                actions.iter().all(|action| !action.contains('*')),
                "{statement}"
            );
            let resources = texts(&statement["Resource"]);
            assert!(
                resources
                    .iter()
                    .all(|resource| resource.matches(':').count() >= 5),
                "{statement}"
            );
        }
    }
}

#[test]
fn each_function_writes_its_own_log_only() {
    let [sweep, approve] = sweep_and_approve();
    let log = |id| format!("arn:aws:logs:eu-west-1:111122223333:log-group:{id}:log-stream:x");
    let write = ["logs:CreateLogStream", "logs:PutLogEvents"];
    assert_eq!(sweep.actions_on(&log("SweepLogs")), write);
    assert!(sweep.actions_on(&log("ApproveLogs")).is_empty());
    assert_eq!(approve.actions_on(&log("ApproveLogs")), write);
    assert!(approve.actions_on(&log("SweepLogs")).is_empty());
}
