//! The code that `lockwarden-harden` gives for a bucket and a table says what the template says of those that it makes.
//!
//! The code is put into the words of CloudFormation, whole, and compared with the template's properties, whole; so neither can get a
//! property that the other lacks without a word here.

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};
use hcl_edit::template::Element;
use lockwarden_harden::{Options, harden};
use serde_json::{Map, Value, json};

use super::cloudformation::Stack;

const BUCKET_ARN: &str = "arn:aws:s3:::acme-tf-state";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/NewStateKey";

/// What the template's bucket has and the code has not, since its bucket is in use already: age must delete nothing there, and the
/// second would refuse a write with an `acl`. S3 itself has switched ACLs off for every new bucket since April 2023.
const OF_A_NEW_BUCKET: [&str; 2] = ["LifecycleConfiguration", "OwnershipControls"];
/// The same for its policy: other backends may still have `encrypt = true` without a key, and no role of a stack is known there.
const OF_A_NEW_BUCKETS_POLICY: [&str; 2] = ["NoOtherEncryption", "LockwardenDeletesByETag"];

fn stack() -> Stack {
    Stack::with(&[
        ("NewStateBucketName", "acme-tf-state"),
        ("NewLockTableName", "tf-locks"),
    ])
}

fn companion() -> Body {
    let backend = "terraform {\n  backend \"s3\" {\n    bucket = \"acme-tf-state\"\n    key = \"a/b\"\n    dynamodb_table = \"tf-locks\"\n  }\n}\n";
    let options = Options {
        format: None,
        terraform: None,
        file: None,
    };
    let hardened = harden(backend.as_bytes(), options).unwrap();
    hardened.companion.unwrap().parse().unwrap()
}

/// The one block with this label.
fn block<'b>(body: &'b Body, label: &str) -> &'b Block {
    let has = |block: &&Block| {
        block
            .labels
            .first()
            .is_some_and(|own| own.as_str() == label)
    };
    let mut blocks = body.blocks().filter(has);
    let block = blocks.next().unwrap_or_else(|| panic!("no {label}"));
    assert!(blocks.next().is_none(), "two of {label}");
    block
}

/// A block as JSON: attributes by name, inner blocks as lists, references as what they stand for.
fn json_of(body: &Body) -> Map<String, Value> {
    let mut fields = Map::new();
    for attribute in body.attributes() {
        fields.insert(attribute.key.as_str().to_owned(), value(&attribute.value));
    }
    for block in body.blocks() {
        let blocks = fields
            .entry(block.ident.as_str())
            .or_insert_with(|| json!([]));
        let inner = json_of(&block.body).into();
        blocks.as_array_mut().unwrap().push(inner);
    }
    fields
}

fn value(expression: &Expression) -> Value {
    if let Some(truth) = expression.as_bool() {
        return json!(truth);
    }
    if let Some(text) = expression.as_str() {
        return json!(text);
    }
    if let Some(values) = expression.as_array() {
        return values.iter().map(value).collect();
    }
    let Expression::StringTemplate(template) = expression else {
        return json!(reference(&expression.to_string()));
    };
    let parts = template.iter().map(|element| match element {
        Element::Literal(text) => text.to_string(),
        Element::Interpolation(inner) => reference(&inner.expr.to_string()),
        Element::Directive(_) => panic!("{template:?}"),
    });
    json!(parts.collect::<String>())
}

/// What a reference stands for, in the world of the template's tests.
fn reference(text: &str) -> String {
    let value = match text.trim() {
        "aws_s3_bucket.terraform_state.id" => "acme-tf-state",
        "aws_s3_bucket.terraform_state.arn" => BUCKET_ARN,
        "aws_kms_key.terraform_state.arn" => KEY,
        other => panic!("{other}"),
    };
    value.to_owned()
}

/// The only one of the inner blocks of this name, and it is gone afterwards: what is left was not compared.
fn take(fields: &mut Map<String, Value>, name: &str) -> Value {
    let taken = fields.remove(name).unwrap_or_else(|| panic!("no {name}"));
    match taken.as_array().map(Vec::as_slice) {
        Some([block]) => block.clone(),
        _ => taken,
    }
}

/// The code's table as a resource of the template.
fn table() -> Value {
    let mut fields = json_of(&block(&companion(), "aws_dynamodb_table").body);
    let hash_key = take(&mut fields, "hash_key");
    let attribute = take(&mut fields, "attribute");
    let encryption = take(&mut fields, "server_side_encryption");
    let ttl = take(&mut fields, "ttl");
    let table = json!({
        "TableName": take(&mut fields, "name"),
        "BillingMode": take(&mut fields, "billing_mode"),
        "DeletionProtectionEnabled": take(&mut fields, "deletion_protection_enabled"),
        "PointInTimeRecoverySpecification": {
            "PointInTimeRecoveryEnabled": take(&mut fields, "point_in_time_recovery")["enabled"],
        },
        "SSESpecification": {"SSEEnabled": encryption["enabled"]},
        "TimeToLiveSpecification": {"AttributeName": ttl["attribute_name"], "Enabled": ttl["enabled"]},
        "AttributeDefinitions": [{"AttributeName": attribute["name"], "AttributeType": attribute["type"]}],
        "KeySchema": [{"AttributeName": hash_key, "KeyType": "HASH"}],
    });
    assert_eq!(encryption, json!({"enabled": true}), "AWS's own key");
    assert_kept(&mut fields);
    assert_eq!(fields, Map::new(), "not compared");
    table
}

/// The code's bucket as a resource of the template.
fn bucket() -> Value {
    let code = companion();
    let of = |label: &str| {
        let mut fields = json_of(&block(&code, label).body);
        assert_eq!(take(&mut fields, "bucket"), "acme-tf-state", "{label}");
        fields
    };
    assert_kept(&mut of("aws_s3_bucket"));
    let versioning = take(
        &mut of("aws_s3_bucket_versioning"),
        "versioning_configuration",
    );
    let mut encryption = of("aws_s3_bucket_server_side_encryption_configuration");
    let rule = take(&mut encryption, "rule");
    let default = &rule["apply_server_side_encryption_by_default"][0];
    let public = of("aws_s3_bucket_public_access_block");
    json!({
        "BucketName": "acme-tf-state",
        "VersioningConfiguration": {"Status": versioning["status"]},
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [{
            "BucketKeyEnabled": rule["bucket_key_enabled"],
            "ServerSideEncryptionByDefault": {
                "SSEAlgorithm": default["sse_algorithm"],
                "KMSMasterKeyID": default["kms_master_key_id"],
            },
        }]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": public["block_public_acls"],
            "BlockPublicPolicy": public["block_public_policy"],
            "IgnorePublicAcls": public["ignore_public_acls"],
            "RestrictPublicBuckets": public["restrict_public_buckets"],
        },
    })
}

/// A statement of the code's policy document as IAM writes it.
fn statement(of: &Value) -> Value {
    let one_or_all = |value: &Value| match value.as_array().map(Vec::as_slice) {
        Some([one]) => one.clone(),
        _ => value.clone(),
    };
    let principals = json!([{"type": "*", "identifiers": ["*"]}]);
    assert_eq!(of["principals"], principals, "{of}");
    let condition = &of["condition"][0];
    let test = json!({condition["variable"].as_str().unwrap(): one_or_all(&condition["values"])});
    json!({
        "Sid": of["sid"],
        "Effect": of["effect"],
        "Principal": "*",
        "Action": one_or_all(&of["actions"]),
        "Resource": one_or_all(&of["resources"]),
        "Condition": {condition["test"].as_str().unwrap(): test},
    })
}

/// Terraform destroys it as little as CloudFormation does.
fn assert_kept(fields: &mut Map<String, Value>) {
    let lifecycle = take(fields, "lifecycle");
    assert_eq!(lifecycle, json!({"prevent_destroy": true}));
}

#[test]
fn the_code_for_a_table_says_what_the_template_says() {
    assert_eq!(table(), stack().properties("NewLockTable").unwrap());
}

#[test]
fn the_code_for_a_bucket_says_what_the_template_says() {
    let mut of_template = stack().properties("NewStateBucket").unwrap();
    for name in OF_A_NEW_BUCKET {
        let left_out = of_template.as_object_mut().unwrap().remove(name);
        assert!(left_out.is_some(), "{name}");
    }
    assert_eq!(bucket(), of_template);
}

#[test]
fn the_code_for_a_key_says_what_the_template_says() {
    let code = companion();
    let mut fields = json_of(&block(&code, "aws_kms_key").body);
    let made = stack().properties("NewStateKey").unwrap();
    assert_eq!(
        take(&mut fields, "enable_key_rotation"),
        made["EnableKeyRotation"]
    );
    assert_kept(&mut fields);
    take(&mut fields, "description");
    // Without a policy of its own, a key has the one that the template spells out: whom IAM lets in.
    assert_eq!(fields, Map::new(), "not compared");
    let of_template: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!(
        of_template,
        ["Description", "EnableKeyRotation", "KeyPolicy"]
    );
    let allowed = &made["KeyPolicy"]["Statement"];
    assert_eq!(allowed.as_array().unwrap().len(), 1);
    assert_eq!(allowed[0]["Sid"], "ThisAccountByIam");
}

#[test]
fn the_code_for_a_buckets_policy_says_what_the_template_says() {
    let code = companion();
    let fields = json_of(&block(&code, "aws_iam_policy_document").body);
    let statements = fields["statement"].as_array().unwrap();
    let of_code: Vec<Value> = statements.iter().map(statement).collect();
    let policy = stack().properties("NewStateBucketPolicy").unwrap();
    let mut of_template = policy["PolicyDocument"]["Statement"]
        .as_array()
        .unwrap()
        .clone();
    let all = of_template.len();
    of_template.retain(|one| !OF_A_NEW_BUCKETS_POLICY.contains(&one["Sid"].as_str().unwrap()));
    assert_eq!(of_template.len() + OF_A_NEW_BUCKETS_POLICY.len(), all);
    assert_eq!(of_code, of_template);
}
