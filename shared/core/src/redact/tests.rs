//! What a redactor does with whole texts.

use insta::assert_snapshot;

use super::*;

mod forms;
mod gated;
mod listed;
mod planted;
mod untouched;

/// An access key of AWS's documentation.
const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
/// And its secret key.
const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn redacted(text: &str) -> String {
    Redactor::new(Accounts::Shown).redact(text)
}

#[test]
fn the_same_secret_has_the_same_number_and_another_secret_another() {
    assert_snapshot!(redacted("password=hunter2 token=hunter3 password=hunter2 token=hunter2"), @"password=[redacted:password:1] token=[redacted:token:2] password=[redacted:password:1] token=[redacted:password:1]");
}

#[test]
fn numbers_hold_across_the_texts_of_one_reply() {
    let mut redactor = Redactor::new(Accounts::Shown);
    assert_snapshot!(redactor.redact("password=one1 token=two2"), @"password=[redacted:password:1] token=[redacted:token:2]");
    assert_snapshot!(redactor.redact("token=two2 password=three3"), @"token=[redacted:token:2] password=[redacted:password:3]");
}

#[test]
fn one_secret_in_two_spellings_is_one_secret() {
    let text =
        r#"password = "a\"b" {"msg":"{\"password\":\"a\\\"b\"}"} password=&quot;a&quot;b&quot;"#;
    let hidden = redacted(text);
    assert_eq!(
        hidden.matches("[redacted:password:1]").count(),
        2,
        "{hidden}"
    );
    let coloured = redacted("password=\u{1b}[1mhunter2\u{1b}[0m password=hunter2");
    assert_snapshot!(coloured.escape_debug(), @r"password=\u{1b}[1m[redacted:password:1]\u{1b}[0m password=[redacted:password:1]");
}

#[test]
fn numbers_of_an_earlier_run_are_not_given_again() {
    assert_snapshot!(redacted("password=[redacted:password:3] token=abc123"), @"password=[redacted:password:3] token=[redacted:token:4]");
    // A number that no run can have reached does not use up all others.
    assert_snapshot!(redacted("[redacted:password:4294967295] token=abc123"), @"[redacted:password:4294967295] token=[redacted:token:1]");
}

#[test]
fn only_a_real_placeholder_is_taken_for_one() {
    let hidden = redacted("password=[redacted:hunter2:1]");
    assert!(!hidden.contains("hunter2"), "{hidden}");
}

#[test]
fn a_secret_that_cannot_be_mistaken_is_hidden_wherever_it_stands() {
    let text = "password = \"Tr0ub4dor+3horse\"\nError: login with Tr0ub4dor+3horse failed\nat http://x/?q=Tr0ub4dor%2B3horse";
    assert_snapshot!(redacted(text), @r#"
    password = "[redacted:password:1]"
    Error: login with [redacted:password:1] failed
    at http://x/?q=[redacted:password:1]
    "#);
}

#[test]
fn a_word_that_is_somebodys_password_stays_a_word_elsewhere() {
    assert_snapshot!(redacted("password = \"terraform\"\nterraform force-unlock x"), @r#"
    password = "[redacted:password:1]"
    terraform force-unlock x
    "#);
}

#[test]
fn what_the_caller_knows_is_hidden_in_every_spelling() {
    let secret = "it's \"a/b\"+é";
    let spellings = [
        secret.to_owned(),
        serde_json::to_string(secret).unwrap(),
        serde_json::to_string(&serde_json::to_string(secret).unwrap()).unwrap(),
        secret.replace('"', "&quot;"),
        secret.replace('é', "\\u00e9"),
        form_urlencoded(secret, "%20"),
        form_urlencoded(secret, "+"),
    ];
    for spelling in spellings {
        let mut redactor = Redactor::new(Accounts::Shown);
        assert!(redactor.remember(Kind::Password, secret));
        let hidden = redactor.redact(&format!("x {spelling} y"));
        assert!(
            hidden.contains("[redacted:password:1]"),
            "{spelling}: {hidden}"
        );
        assert!(
            !hidden.contains("it") && !hidden.contains("a/b"),
            "{hidden}"
        );
        assert!(
            hidden.starts_with("x ") && hidden.ends_with(" y"),
            "{hidden}"
        );
    }
}

/// As the browsers do it, but with a choice of how to write a space.
fn form_urlencoded(text: &str, space: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b' ' => space.to_owned(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[test]
fn what_the_caller_knows_in_hcls_spelling_is_the_same() {
    let mut redactor = Redactor::new(Accounts::Shown);
    assert!(redactor.remember(Kind::Secret, "a${b}c\nd"));
    assert_snapshot!(redactor.redact(r#"x = "a$${b}c\nd""#), @r#"x = "[redacted:secret:1]""#);
}

#[test]
fn a_short_secret_is_hidden_as_a_word_and_a_trivial_one_not_at_all() {
    let mut redactor = Redactor::new(Accounts::Shown);
    assert!(redactor.remember(Kind::Secret, "lock"));
    assert_snapshot!(redactor.redact("lock unlock lock_table lock."), @"[redacted:secret:1] unlock lock_table [redacted:secret:1].");
    for trivial in ["", "abc", "null", "${var.password}"] {
        assert!(!redactor.remember(Kind::Secret, trivial), "{trivial}");
    }
}

#[test]
fn a_secret_of_a_later_text_is_hidden_in_an_earlier_one_by_learning_first() {
    let mut redactor = Redactor::new(Accounts::Shown);
    redactor.learn("secret_key = \"Tr0ub4dor+3horse\"");
    assert_snapshot!(redactor.redact("said Tr0ub4dor+3horse"), @"said [redacted:aws-secret-key:1]");
}

#[test]
fn what_is_found_is_told_by_kind_and_debug_tells_no_more() {
    let mut redactor = Redactor::new(Accounts::Shown);
    redactor.learn("password=hunter2 db_password=hunter3 token=t0ken");
    assert_eq!(
        redactor.secrets_found(),
        BTreeMap::from([(Kind::Password, 2), (Kind::Token, 1)])
    );
    assert_snapshot!(format!("{redactor:?}"), @"Redactor { accounts: Shown, secrets_found: {Token: 1, Password: 2}, .. }");
}

#[test]
fn a_secret_inside_a_value_that_is_none_is_hidden() {
    assert_snapshot!(redacted("auth=pass=ab auth: {pass: \"a\"}"), @r#"auth=pass=[redacted:password:1] auth: {pass: "[redacted:password:2]"}"#);
}

#[test]
fn a_bare_value_ends_where_its_line_ends_also_inside_json() {
    assert_snapshot!(redacted(r#"{"msg":"password=abc\nLock Info:\n  ID: x","n":1}"#), @r#"{"msg":"password=[redacted:password:1]\nLock Info:\n  ID: x","n":1}"#);
    // Outside of JSON the same is a part of the secret.
    assert_snapshot!(redacted(r"password=abc\nLock x"), @"password=[redacted:password:1] x");
}

#[test]
fn accounts_are_hidden_only_on_request() {
    let text = "arn:aws:iam::123456789012:role/ci account_id = \"123456789012\" \"Account\": \"210987654321\"\n\
        https://sqs.eu-west-1.amazonaws.com/123456789012/q 123456789012.dkr.ecr.eu-west-1.amazonaws.com\n\
        build 123456789012 bucket acme-123456789012";
    assert_eq!(redacted(text), text);
    assert_snapshot!(Redactor::new(Accounts::Hidden).redact(text), @r#"
    arn:aws:iam::[redacted:account:1]:role/ci account_id = "[redacted:account:1]" "Account": "[redacted:account:2]"
    https://sqs.eu-west-1.amazonaws.com/[redacted:account:1]/q [redacted:account:1].dkr.ecr.eu-west-1.amazonaws.com
    build [redacted:account:1] bucket acme-[redacted:account:1]
    "#);
}

#[test]
fn a_backend_block_keeps_all_that_is_no_secret() {
    let block = format!(
        r#"terraform {{
  backend "s3" {{
    bucket           = "acme-tf-state"
    key              = "prod/terraform.tfstate" # the key of the state
    region           = "eu-west-1"
    dynamodb_table   = "terraform-locks"
    kms_key_id       = "arn:aws:kms:eu-west-1:123456789012:key/19a6fe30-cf25-8eaf-077f-083449d678bd"
    access_key       = "{ACCESS_KEY}"
    secret_key       = "{SECRET_KEY}"
    token            = "${{var.session_token}}"
    sse_customer_key = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="
    endpoints        = {{ s3 = "https://admin:pa55@minio.example.com:9000" }}
    shared_credentials_files = ["~/.aws/credentials"]
    skip_credentials_validation = true
  }}
}}"#
    );
    assert_snapshot!(redacted(&block), @r#"
    terraform {
      backend "s3" {
        bucket           = "acme-tf-state"
        key              = "prod/terraform.tfstate" # the key of the state
        region           = "eu-west-1"
        dynamodb_table   = "terraform-locks"
        kms_key_id       = "arn:aws:kms:eu-west-1:123456789012:key/19a6fe30-cf25-8eaf-077f-083449d678bd"
        access_key       = "[redacted:aws-access-key:1]"
        secret_key       = "[redacted:aws-secret-key:2]"
        token            = "${var.session_token}"
        sse_customer_key = "[redacted:encryption-key:3]"
        endpoints        = { s3 = "https://admin:[redacted:password:4]@minio.example.com:9000" }
        shared_credentials_files = ["~/.aws/credentials"]
        skip_credentials_validation = true
      }
    }
    "#);
}

#[test]
fn credentials_of_sts_are_hidden_in_json_and_in_tables() {
    let json = format!(
        r#"{{"Credentials": {{"AccessKeyId": "{}", "SecretAccessKey": "{SECRET_KEY}", "SessionToken": "IQoJb3JpZ2luX2VjEXAMPLEEXAMPLE==", "Expiration": "2024-01-15T03:42:11Z"}}}}"#,
        ACCESS_KEY.replace("AKIA", "ASIA")
    );
    assert_snapshot!(redacted(&json), @r#"{"Credentials": {"AccessKeyId": "[redacted:aws-access-key:1]", "SecretAccessKey": "[redacted:aws-secret-key:2]", "SessionToken": "[redacted:token:3]", "Expiration": "2024-01-15T03:42:11Z"}}"#);
    let table = format!(
        "CREDENTIALS\t{ACCESS_KEY}\t2024-01-15T03:42:11Z\t{SECRET_KEY}\tFwoGZXIvYXdzEXAMPLEEXAMPLEEXAMPLE"
    );
    assert_snapshot!(redacted(&table), @"CREDENTIALS	[redacted:aws-access-key:1]	2024-01-15T03:42:11Z	[redacted:aws-secret-key:2]	[redacted:token:3]");
}
