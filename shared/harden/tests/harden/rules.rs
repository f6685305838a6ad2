//! Each rule: what it finds, how bad that is, and what becomes of the lines.

use std::collections::BTreeSet;

use lockwarden_harden::{Endpoint, RULES, SecretValue, Severity};

use crate::{read, read_for, s3_with};

/// Lines of a backend; the rule that speaks about them and its severity; the lines that go and come.
type Case = (
    &'static str,
    &'static str,
    Severity,
    &'static [&'static str],
);

const CASES: &[Case] = &[
    (
        "-use_lockfile",
        "no-locking",
        Severity::High,
        &["+use_lockfile = true"],
    ),
    (
        "use_lockfile = false",
        "no-locking",
        Severity::High,
        &["-use_lockfile = false", "+use_lockfile = true"],
    ),
    (
        "use_lockfile = null",
        "no-locking",
        Severity::High,
        &["-use_lockfile = null", "+use_lockfile = true"],
    ),
    (
        "-use_lockfile\ndynamodb_table = \"locks\"",
        "dynamodb-locking-only",
        Severity::Medium,
        &["+use_lockfile   = true"],
    ),
    (
        "use_lockfile = \"false\"\ndynamodb_table = \"locks\"",
        "dynamodb-locking-only",
        Severity::Medium,
        &["-use_lockfile = \"false\"", "+use_lockfile = true"],
    ),
    (
        "lock_table = \"locks\"",
        "lock-table-argument",
        Severity::Medium,
        &["-lock_table = \"locks\"", "+dynamodb_table = \"locks\""],
    ),
    (
        "dynamodb_table = \"locks\"\nlock_table = \"old\"",
        "lock-table-argument",
        Severity::Medium,
        &["-lock_table = \"old\""],
    ),
    ("-bucket", "partial-configuration", Severity::Info, &[]),
    (
        "encrypt = false",
        "not-encrypted",
        Severity::Medium,
        &["-encrypt = false", "+encrypt = true"],
    ),
    (
        "encrypt = \"false\"",
        "not-encrypted",
        Severity::Medium,
        &["-encrypt = \"false\"", "+encrypt = true"],
    ),
    (
        "-encrypt",
        "not-encrypted",
        Severity::Medium,
        &["+encrypt    = true"],
    ),
    ("-kms_key_id", "no-kms-key", Severity::Low, &[]),
    (
        "access_key = \"AKIAIOSFODNN7EXAMPLE\"",
        "static-credentials",
        Severity::High,
        &["-access_key = \"(sensitive value removed)\""],
    ),
    (
        "secret_key = \"tiny\"",
        "static-credentials",
        Severity::High,
        &["-secret_key = \"(sensitive value removed)\""],
    ),
    (
        "token = 123456",
        "static-credentials",
        Severity::High,
        &["-token = \"(sensitive value removed)\""],
    ),
    (
        "secret_key = get_env(\"AWS_SECRET_ACCESS_KEY\")",
        "static-credentials",
        Severity::Medium,
        &[],
    ),
    (
        "secret_key = local.secret",
        "static-credentials",
        Severity::Medium,
        &[],
    ),
    (
        "-kms_key_id\nsse_customer_key = \"MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\"",
        "customer-key-in-file",
        Severity::High,
        &["-sse_customer_key = \"(sensitive value removed)\""],
    ),
    (
        "assume_role_with_web_identity = { role_arn = \"arn:aws:iam::123456789012:role/x\", web_identity_token = \"abcd\" }",
        "web-identity-token-in-file",
        Severity::High,
        &[
            "-assume_role_with_web_identity = { role_arn = \"arn:aws:iam::123456789012:role/x\", web_identity_token = \"(sensitive value removed)\" }",
            "+assume_role_with_web_identity = { role_arn = \"arn:aws:iam::123456789012:role/x\" }",
        ],
    ),
    (
        "endpoints = { s3 = \"https://user:hunter2@minio.example.com/x\" }",
        "credentials-in-url",
        Severity::High,
        &[
            "-endpoints = { s3 = \"https://user:(sensitive value removed)@minio.example.com/x\" }",
            "+endpoints = { s3 = \"https://minio.example.com/x\" }",
        ],
    ),
    (
        "https_proxy = \"http://user:hunter2@proxy.example.com:3128\"",
        "credentials-in-url",
        Severity::High,
        &[
            "-https_proxy = \"http://user:(sensitive value removed)@proxy.example.com:3128\"",
            "+https_proxy = \"http://proxy.example.com:3128\"",
        ],
    ),
    (
        "acl = \"public-read\"",
        "public-acl",
        Severity::High,
        &["-acl = \"public-read\""],
    ),
    (
        "insecure = true",
        "insecure-tls",
        Severity::High,
        &["-insecure = true"],
    ),
    (
        "insecure = true\nendpoints = { s3 = \"https://minio.example.com\" }",
        "insecure-tls",
        Severity::High,
        &[],
    ),
    (
        "skip_credentials_validation = true",
        "skipped-checks",
        Severity::Low,
        &["-skip_credentials_validation = true"],
    ),
    (
        "skip_s3_checksum = \"true\"",
        "skipped-checks",
        Severity::Low,
        &["-skip_s3_checksum = \"true\""],
    ),
    (
        "skip_region_validation = true",
        "skipped-checks",
        Severity::Info,
        &[],
    ),
    (
        "force_path_style = true",
        "path-style-leftover",
        Severity::Low,
        &["-force_path_style = true"],
    ),
    (
        "use_path_style = true",
        "path-style-leftover",
        Severity::Low,
        &["-use_path_style = true"],
    ),
    (
        "endpoints = { s3 = \"https://minio.example.com\" }\nforce_path_style = true",
        "path-style-leftover",
        Severity::Low,
        &["-force_path_style = true", "+use_path_style = true"],
    ),
    (
        "role_arn = \"arn:aws:iam::123456789012:role/x\"",
        "flat-assume-role",
        Severity::Medium,
        &[
            "-role_arn = \"arn:aws:iam::123456789012:role/x\"",
            "+assume_role = {",
            "+role_arn = \"arn:aws:iam::123456789012:role/x\"",
            "+}",
        ],
    ),
    (
        "external_id = \"x1\"",
        "flat-assume-role",
        Severity::Medium,
        &[],
    ),
    (
        "endpoint = \"https://minio.example.com\"",
        "flat-endpoints",
        Severity::Low,
        &[
            "-endpoint = \"https://minio.example.com\"",
            "+endpoints = {",
            "+s3 = \"https://minio.example.com\"",
            "+}",
        ],
    ),
    (
        "shared_credentials_file = \"~/.aws/ci\"",
        "shared-credentials-file",
        Severity::Low,
        &[
            "-shared_credentials_file = \"~/.aws/ci\"",
            "+shared_credentials_files = [\"~/.aws/ci\"]",
        ],
    ),
    (
        "role_arn = \"\"",
        "empty-argument",
        Severity::Medium,
        &["-role_arn = \"\""],
    ),
    (
        "role_arn = null",
        "empty-argument",
        Severity::Medium,
        &["-role_arn = null"],
    ),
    (
        "lock_table = null",
        "empty-argument",
        Severity::Medium,
        &["-lock_table = null"],
    ),
    (
        "endpoint = \"\"",
        "empty-argument",
        Severity::Medium,
        &["-endpoint = \"\""],
    ),
    (
        "endpoints = { s3 = \"\", sts = \"https://sts.example.com\" }",
        "empty-argument",
        Severity::Medium,
        &[
            "-endpoints = { s3 = \"\", sts = \"https://sts.example.com\" }",
            "+endpoints = { sts = \"https://sts.example.com\" }",
        ],
    ),
    (
        "kms_key_id = \"\"",
        "empty-argument",
        Severity::Medium,
        &["-kms_key_id = \"\""],
    ),
    (
        "retry_mode = \"\"",
        "empty-argument",
        Severity::Medium,
        &["-retry_mode = \"\""],
    ),
    (
        "dynamodb_table = \"\"",
        "empty-argument",
        Severity::Low,
        &["-dynamodb_table = \"\""],
    ),
    (
        "shared_credentials_file = \"\"",
        "empty-argument",
        Severity::Low,
        &["-shared_credentials_file = \"\""],
    ),
    ("key = \"/a/b\"", "refused-state-key", Severity::Medium, &[]),
    ("key = \"a//b\"", "refused-state-key", Severity::Medium, &[]),
    (
        "key = \"terraform.tfstate\"",
        "bare-state-key",
        Severity::Info,
        &[],
    ),
];

/// These rules speak about more than the lines of one backend block; they have tests of their own.
const ELSEWHERE: [&str; 3] = [
    "bucket-safeguards-skipped",
    "one-key-for-all-units",
    "shared-state-key",
];

/// The lines that go (`-`) and come (`+`) between the cleaned and the rewritten text, without their indentation.
fn change(lines: &str) -> Vec<String> {
    let text = s3_with(lines);
    let answer = read(&text);
    let diff = similar::TextDiff::from_lines(&text, &answer.hardened);
    let changed = diff
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal);
    changed
        .map(|change| format!("{}{}", change.tag(), change.value().trim()))
        .collect()
}

#[test]
fn each_rule_finds_its_case_and_changes_only_that() {
    for (lines, rule, severity, expected) in CASES {
        let answer = read(&s3_with(lines));
        let findings = &answer.main().unwrap().findings;
        let found: Vec<_> = findings
            .iter()
            .filter(|finding| finding.rule == *rule)
            .collect();
        assert_eq!(found.len(), 1, "{lines}: {findings:#?}");
        assert_eq!(found[0].severity, *severity, "{lines}");
        assert!(
            !found[0].message.is_empty() && !found[0].change.is_empty(),
            "{lines}"
        );
        let without_secrets: Vec<String> = change(lines)
            .into_iter()
            .map(|line| {
                let secrets = answer.secret_values.iter().map(SecretValue::expose);
                secrets.fold(line, |line, secret| {
                    line.replace(&format!("\"{secret}\""), "\"(sensitive value removed)\"")
                        .replace(&format!("= {secret}"), "= \"(sensitive value removed)\"")
                        .replace(&format!(":{secret}@"), ":(sensitive value removed)@")
                })
            })
            .collect();
        assert_eq!(without_secrets, *expected, "{lines}");
    }
}

#[test]
fn every_rule_has_a_case() {
    let known: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    let told: BTreeSet<&str> = CASES.iter().map(|case| case.1).chain(ELSEWHERE).collect();
    assert_eq!(known, told);
    assert_eq!(known.len(), RULES.len(), "a name is there twice");
    assert!(
        RULES
            .iter()
            .all(|rule| !rule.finds.is_empty() && !rule.source.is_empty())
    );
}

#[test]
fn a_sound_backend_has_no_findings_and_stays_as_it_is() {
    let text = s3_with("");
    let answer = read(&text);
    assert_eq!(answer.main().unwrap().findings, []);
    assert_eq!(
        (answer.hardened.as_str(), answer.diff.as_str()),
        (text.as_str(), "")
    );
    assert_eq!(answer.findings, []);
}

/// Generated configurations are full of arguments that are set to nothing.
#[test]
fn what_is_set_to_nothing_counts_as_not_set() {
    for nothing in ["\"\"", "null"] {
        for (lines, expected) in [
            (
                "access_key = NOTHING\nsecret_key = NOTHING\ntoken = NOTHING",
                &[][..],
            ),
            ("profile = NOTHING\nacl = NOTHING\nregion = NOTHING", &[]),
            ("encrypt = NOTHING", &["not-encrypted"]),
            ("use_lockfile = NOTHING", &["no-locking"]),
            ("-use_lockfile\ndynamodb_table = NOTHING", &["no-locking"]),
            ("-use_lockfile\nlock_table = NOTHING", &["no-locking"]),
            ("kms_key_id = NOTHING", &["no-kms-key"]),
            ("-kms_key_id\nsse_customer_key = NOTHING", &["no-kms-key"]),
            ("bucket = NOTHING", &["partial-configuration"]),
            ("key = NOTHING", &["partial-configuration"]),
            (
                "role_arn = NOTHING\nassume_role_duration_seconds = NOTHING",
                &[],
            ),
            ("endpoint = NOTHING\nsts_endpoint = NOTHING", &[]),
            (
                "endpoints = { s3 = NOTHING }\nuse_path_style = true",
                &["path-style-leftover"],
            ),
            (
                "endpoint = NOTHING\nskip_s3_checksum = true",
                &["skipped-checks"],
            ),
        ] {
            let found = rules_of(&s3_with(&lines.replace("NOTHING", nothing)));
            let others: Vec<_> = found
                .into_iter()
                .filter(|rule| *rule != "empty-argument")
                .collect();
            assert_eq!(others, expected, "{lines} {nothing}");
        }
    }
    // Nothing but the empty arguments goes.
    let empty = s3_with("role_arn = \"\"\nendpoint = \"\" # later\ndynamodb_table = \"\"");
    let hardened = read(&empty).hardened;
    assert_eq!(hardened, s3_with("# later"), "{hardened}");
}

#[test]
fn a_name_from_the_text_is_never_shown_raw() {
    let answer = read(&s3_with("endpoints = { \"x\u{202e}y\" = \"\" }"));
    let message = &answer.main().unwrap().findings[0].message;
    assert!(message.contains("`x\\u{202e}y`"), "{message}");
}

#[test]
fn what_commands_need_is_told_as_far_as_it_is_known() {
    let told = |lines: &str| {
        let answer = read(&s3_with(lines));
        let backend = answer.main().unwrap().clone();
        (backend.s3, backend.dynamodb)
    };
    let at = |url: &str| Endpoint::At(url.to_owned());
    for (lines, s3, dynamodb) in [
        ("", Endpoint::NotSet, Endpoint::NotSet),
        (
            "endpoint = \"\"\nendpoints = null",
            Endpoint::NotSet,
            Endpoint::NotSet,
        ),
        (
            "endpoint = \"https://minio.example.com\"",
            at("https://minio.example.com"),
            Endpoint::NotSet,
        ),
        (
            "endpoints = { s3 = \"https://user:hunter2@minio.example.com\", dynamodb = \"http://localhost:8000\" }",
            at("https://minio.example.com"),
            at("http://localhost:8000"),
        ),
        (
            "endpoint = \"https://old.example.com\"\nendpoints = { s3 = \"https://new.example.com\" }",
            at("https://new.example.com"),
            Endpoint::NotSet,
        ),
        (
            "endpoints = { s3 = var.url }",
            Endpoint::Unknown,
            Endpoint::NotSet,
        ),
        (
            "endpoints = local.endpoints",
            Endpoint::Unknown,
            Endpoint::Unknown,
        ),
        (
            "-bucket\ndynamodb_endpoint = \"http://localhost:8000\"",
            Endpoint::Unknown,
            at("http://localhost:8000"),
        ),
    ] {
        assert_eq!(told(lines), (s3, dynamodb), "{lines}");
    }

    let backend = read(&s3_with("profile = \"ci\"\nworkspace_key_prefix = \"ws\""));
    let backend = backend.main().unwrap();
    assert_eq!(
        (
            backend.profile.as_deref(),
            backend.workspace_key_prefix.as_deref(),
            backend.is_partial
        ),
        (Some("ci"), Some("ws"), false)
    );
    let backend = read(&s3_with(
        "-key\nprofile = local.ci\nworkspace_key_prefix = \"\"",
    ));
    let backend = backend.main().unwrap();
    assert_eq!(
        (
            backend.profile.as_deref(),
            backend.workspace_key_prefix.as_deref(),
            backend.is_partial
        ),
        (None, Some(""), true)
    );
}

fn rules_of(text: &str) -> Vec<&'static str> {
    read(text)
        .main()
        .unwrap()
        .findings
        .iter()
        .map(|finding| finding.rule)
        .collect()
}

#[test]
fn the_table_stays_beside_the_lock_file_and_the_safe_order_is_told() {
    let answer = read(&s3_with("-use_lockfile\ndynamodb_table = \"locks\""));
    assert!(
        answer
            .hardened
            .contains("dynamodb_table = \"locks\"\n    use_lockfile   = true\n")
    );
    let change = &answer.main().unwrap().findings[0].change;
    for step in ["1.10 or later", "2. run with both", "3. when no client"] {
        assert!(change.contains(step), "{change}");
    }
}

#[test]
fn a_lock_file_is_never_turned_on_for_another_store() {
    for endpoint in [
        "endpoint = \"https://minio.example.com\"",
        "endpoints = { s3 = \"http://localhost:4566\" }",
        "endpoints = { s3 = var.endpoint }",
        "endpoints = local.endpoints",
    ] {
        for locking in [
            "-use_lockfile",
            "-use_lockfile\ndynamodb_table = \"locks\"",
            "use_lockfile = false",
        ] {
            let answer = read(&s3_with(&format!("{locking}\n{endpoint}")));
            assert!(
                !answer.hardened.contains("use_lockfile = true"),
                "{}",
                answer.hardened
            );
            let finding = &answer.main().unwrap().findings[0];
            assert!(finding.change.contains("If-None-Match"), "{finding:?}");
        }
    }
    let amazon = read(&s3_with(
        "-use_lockfile\nendpoints = { s3 = \"https://s3-fips.us-east-1.amazonaws.com\" }",
    ));
    assert!(amazon.hardened.contains("use_lockfile = true"));
    // A DynamoDB endpoint says nothing about the bucket.
    let table = read(&s3_with(
        "-use_lockfile\nendpoints = { dynamodb = \"https://d.example.com\" }",
    ));
    assert!(table.hardened.contains("use_lockfile = true"));
}

#[test]
fn nothing_is_written_that_the_version_in_use_does_not_know() {
    let text = s3_with("-use_lockfile\nrole_arn = \"arn:aws:iam::123456789012:role/x\"");
    assert_eq!(read_for(&text, "1.5.7").hardened, text);
    let nested = read_for(&text, "1.9.8").hardened;
    assert!(
        nested.contains("assume_role = {") && !nested.contains("use_lockfile"),
        "{nested}"
    );
    assert!(read_for(&text, "1.10.0").hardened.contains("use_lockfile"));

    let pinned = text.replacen(
        "terraform {\n",
        "terraform {\n  required_version = \"~> 1.9.0\"\n",
        1,
    );
    assert!(!read(&pinned).hardened.contains("use_lockfile"));
    let open = text.replacen(
        "terraform {\n",
        "terraform {\n  required_version = \"~> 1.9\"\n",
        1,
    );
    assert!(read(&open).hardened.contains("use_lockfile"));
}

#[test]
fn what_only_terraform_can_work_out_is_neither_found_nor_changed() {
    let text = s3_with(
        "bucket = local.bucket\nkey = \"${path_relative_to_include()}/x\"\nencrypt = var.encrypt\nkms_key_id = local.key\nuse_lockfile = local.lock",
    );
    assert_eq!(rules_of(&text), [""; 0]);
    let answer = read(&text);
    let backend = answer.main().unwrap();
    assert_eq!(
        (
            &backend.bucket,
            &backend.key,
            backend.encrypt,
            backend.use_lockfile
        ),
        (&None, &None, None, None)
    );
    assert_eq!(answer.hardened, text);
}

#[test]
fn what_the_other_half_may_set_is_unknown_and_not_missing() {
    let empty = "terraform {\n  backend \"s3\" {}\n}\n";
    let answer = read(empty);
    assert_eq!(rules_of(empty), ["partial-configuration"]);
    let message = &answer.main().unwrap().findings[0].message;
    assert!(
        message.starts_with("unknown here: `bucket`, `key`, `encrypt`, `kms_key_id`, locking"),
        "{message}"
    );
    assert_eq!(answer.hardened, empty);

    let half = "bucket = \"acme-tf-state\"\nkey = \"a/b\"\n";
    assert_eq!(rules_of(half), ["partial-configuration"]);
    // What is there counts, wherever the rest is.
    assert!(
        rules_of("terraform {\n  backend \"s3\" {\n    encrypt = false\n  }\n}\n")
            .contains(&"not-encrypted")
    );
    assert!(
        rules_of("bucket = \"b\"\ndynamodb_table = \"locks\"\n").contains(&"dynamodb-locking-only")
    );
}

#[test]
fn nothing_is_removed_that_the_other_half_may_need() {
    for line in [
        "skip_credentials_validation = true",
        "insecure = true",
        "use_path_style = true",
    ] {
        let text =
            format!("terraform {{\n  backend \"s3\" {{\n    key = \"a/b\"\n    {line}\n  }}\n}}\n");
        assert_eq!(read(&text).hardened, text);
    }
}

#[test]
fn flat_arguments_beside_their_new_form_are_left_to_a_person() {
    for lines in [
        "role_arn = \"a\"\nassume_role = { role_arn = \"b\" }",
        "endpoint = \"https://a.example.com\"\nendpoints = { sts = \"https://b.example.com\" }",
        "role_arn = \"a\"\nassume_role_duration_seconds = local.seconds",
    ] {
        let text = s3_with(lines);
        assert_eq!(read(&text).hardened, text);
    }
}

#[test]
fn what_terragrunt_leaves_out_of_a_new_bucket_is_found_in_its_files_only() {
    let config = "bucket = \"b\"\nkey = \"${path_relative_to_include()}/k\"\nencrypt = true\nkms_key_id = \"k\"\nuse_lockfile = true\nskip_bucket_versioning = true";
    let text = format!("remote_state {{\n  backend = \"s3\"\n  config = {{\n{config}\n  }}\n}}\n");
    assert_eq!(rules_of(&text), ["bucket-safeguards-skipped"]);
    assert_eq!(rules_of(&s3_with("skip_bucket_versioning = true")), [""; 0]);
}
