//! Whatever field a secret hides in, no output has it.

use lockwarden_harden::PLACEHOLDER;

use crate::{read, s3_with, try_read};

const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const CUSTOMER_KEY: &str = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=";

/// Texts with `SECRET` somewhere, and what stands for it.
const PLACES: &[(&str, &str)] = &[
    ("secret_key = \"SECRET\"", SECRET_KEY),
    ("secret_key = \"SECRET\"", "x"),
    ("secret_key = \"a \\\"SECRET\\\" b\"", "with-quotes"),
    ("\"secret_key\" = \"SECRET\"", "tiny1"),
    ("token = SECRET", "123456"),
    ("secret_key = <<EOT\nSECRET\nEOT", "in-a-heredoc"),
    (
        "secret_key = <<-EOT\n  first\n  SECRET\n  EOT",
        "in-a-heredoc",
    ),
    (
        "secret_key = get_env(\"AWS_SECRET_ACCESS_KEY\", \"SECRET\")",
        "the-default",
    ),
    (
        "secret_key = \"${get_env(\"AWS_SECRET_ACCESS_KEY\", \"SECRET\")}\"",
        "the-default",
    ),
    ("secret_key = local.is_ci ? \"SECRET\" : null", "one-of-two"),
    ("secret_key = \"${local.prefix}SECRET\"", "the-rest"),
    ("# secret_key = \"SECRET\"", "a twin"),
    ("/* secret_key = \"SECRET\" */", "a twin"),
    ("# secret_key=SECRET", "hunter2hunter2hunter2"),
    ("# aws_secret_access_key = SECRET", SECRET_KEY),
    (
        "# terraform init -backend-config=\"secret_key=SECRET\"",
        "hunter2hunter2hunter2",
    ),
    ("// secret_key = SECRET", "hunter2"),
    ("/* password=SECRET */", "hunter2"),
    ("/*\n  secret_key = \"SECRET\"\n  since 2019\n*/", "a twin"),
    (
        "# -----BEGIN PRIVATE KEY-----\n# SECRET\n# SECRET\n# -----END PRIVATE KEY-----",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
    ),
    (
        "/*\n * -----BEGIN RSA PRIVATE KEY-----\n * SECRET\n * -----END RSA PRIVATE KEY-----\n */",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
    ),
    (
        "# -----BEGIN PRIVATE KEY-----\n# SECRET\n# -----END PRIVATE KEY-----",
        "MIIEshort",
    ),
    (
        "/*\n * -----BEGIN PRIVATE KEY-----\n * SECRET\n * -----END PRIVATE KEY-----\n */",
        "MIIEshort",
    ),
    (
        "# git clone https://SECRET@git.example.com/x",
        "x-oauth-0123456789abcdef",
    ),
    (
        "assume_role_with_web_identity = {\n  role_arn = \"a\" # why\n  web_identity_token = \"SECRET\" // whose\n}",
        "tiny1",
    ),
    (
        "assume_role_with_web_identity = {\n  web_identity_token = <<EOT\nSECRET\nEOT\n}",
        "tiny1",
    ),
    (
        "endpoints = {\n  # where\n  s3 = \"https://k:SECRET@minio.example.com\"\n}",
        "hunter2",
    ),
    (
        "assume_role_tags = {\n  secrets = {\n    db = \"SECRET\"\n  }\n}",
        "hunter2",
    ),
    (
        "}\n}\nprovider \"x\" {\ny {\napi_key = <<EOT\nSECRET\nEOT",
        "in-a-heredoc",
    ),
    (
        "}\n}\nlocals {\ny {\nsecrets = { db = { main = \"SECRET\" } }",
        "hunter2",
    ),
    (
        "}\n}\nlocals {\ny {\ntokens = [\"a\", \"SECRET\"]",
        "hunter2",
    ),
    (
        "}\n}\nvariable \"db_password\" {\ntype = string\ndefault = \"SECRET\"\nvalidation {",
        "hunter2",
    ),
    (
        "}\n}\nlocals {\ny {\ncommand = \"deploy --token=SECRET\"",
        "hunter2hunter2hunter2",
    ),
    ("# AWS_ACCESS_KEY_ID=SECRET", "AKIAIOSFODNN7EXAMPLE"),
    ("# ask alice for SECRET", "ASIAIOSFODNN7EXAMPLE"),
    ("secret_key = \"SECRET\" # SECRET", "said-twice"),
    (
        "secret_key = \"SECRET\"\nprofile = \"SECRET\"",
        "said-twice",
    ),
    ("bucket = \"SECRET\"", SECRET_KEY),
    ("kms_key_id = \"SECRET\"", CUSTOMER_KEY),
    ("profile = \"SECRET\"", "AKIAIOSFODNN7EXAMPLE"),
    ("dynamodb_table = \"t-SECRET\"", "AKIAIOSFODNN7EXAMPLE"),
    ("sse_customer_key = \"SECRET\"", CUSTOMER_KEY),
    (
        "endpoint = \"https://user:SECRET@minio.example.com\"",
        "hunter2",
    ),
    (
        "endpoint = \"https://user:SECRET@minio.example.com\"",
        "p@ss/w:rd",
    ),
    (
        "endpoints = { s3 = \"https://user:SECRET@minio.example.com/a@b\" }",
        "hunter2",
    ),
    (
        "https_proxy = \"http://user:SECRET@proxy.example.com:3128\"",
        "hunter2",
    ),
    (
        "assume_role_with_web_identity = { role_arn = \"a\", web_identity_token = \"SECRET\" }",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln",
    ),
    (
        "assume_role_with_web_identity = { role_arn = \"a\", web_identity_token = local.is_ci ? \"SECRET\" : null }",
        "one-of-two",
    ),
    (
        "assume_role = { role_arn = \"a\", external_id = \"x\", tags = { password = \"SECRET\" } }",
        "hunter2",
    ),
    ("password = \"SECRET\"", "hunter2"),
    (
        "custom_ca_bundle = \"-----BEGIN PRIVATE KEY-----\\nSECRET\\n-----END PRIVATE KEY-----\"",
        "MIIEvQIBADANBg",
    ),
    (
        "}\n}\nprovider \"aws\" {\nx {\nsecret_key = \"SECRET\"",
        SECRET_KEY,
    ),
    (
        "}\n}\nvariable \"x\" {\ny {\ndefault = \"SECRET\"",
        SECRET_KEY,
    ),
    (
        "}\n}\nlocals {\ny {\njson = \"{\\\"secret_key\\\": \\\"SECRET\\\"}\"",
        "in-json-in-hcl",
    ),
    (
        "}\n}\nresource \"x\" \"y\" {\ny {\ndsn = \"postgres://app:SECRET@db.example.com/app\"",
        "hunter2",
    ),
    (
        "}\n}\nlocals {\ny {\npem = <<EOT\n -----BEGIN RSA PRIVATE KEY-----\nSECRET\nSECRET\n -----END RSA PRIVATE KEY-----\nEOT",
        "MIIEvQIBADANBg",
    ),
];

/// Lines with secrets are deleted before the diff is applied, or a finding says that they stay.
#[test]
fn every_line_with_a_secret_is_told_by_its_number() {
    for (place, secret) in PLACES.iter().filter(|(place, _)| !place.starts_with('"')) {
        let text = s3_with(&place.replace("SECRET", secret));
        let answer = read(&text);
        let findings = answer
            .backends
            .iter()
            .flat_map(|backend| &backend.findings)
            .chain(&answer.findings);
        let told: Vec<usize> = findings
            .map(|finding| finding.line)
            .chain(answer.secret_lines.iter().copied())
            .collect();
        let shown: Vec<&str> = answer.hardened.lines().collect();
        for (index, line) in text.lines().enumerate() {
            // A placeholder that is left in the backend is the value of an argument that `secrets` names.
            let is_left =
                line.contains(secret) && *secret != "x" && answer.backends[0].secrets.is_empty();
            assert!(
                !is_left || told.contains(&(index + 1)),
                "{line}\n{told:?}\n{shown:#?}"
            );
        }
    }
}

#[test]
fn a_comment_keeps_its_words_and_loses_its_secret() {
    let text = s3_with(&format!(
        "# the old one: secret_key = \"{SECRET_KEY}\" (2019)\nencrypt = true // token=hunter2hunter2 of alice\n/* -----BEGIN PRIVATE KEY-----\n * MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n */\n# -----BEGIN PRIVATE KEY-----\n# MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n# -----END PRIVATE KEY-----"
    ));
    let answer = read(&text);
    insta::assert_snapshot!(answer.diff, @r#"
# Lines with secrets are not in this diff. Delete them first, then apply it:
#   sed '8d;9d;11d;14d' backend.tf > backend.tf.new && mv backend.tf.new backend.tf
#   patch backend.tf hardening.diff
--- a/backend.tf
+++ b/backend.tf
@@ -5,9 +5,13 @@
     region = "eu-west-1"
     kms_key_id = "alias/state"
     use_lockfile = true
+    # the old one: secret_key = "(sensitive value removed)" (2019)
+    encrypt = true // token=(sensitive value removed) of alice
     /* -----BEGIN PRIVATE KEY-----
+     * (sensitive value removed)
      */
     # -----BEGIN PRIVATE KEY-----
+    # (sensitive value removed)
     # -----END PRIVATE KEY-----
   }
 }
"#);
    assert_eq!(
        answer
            .findings
            .iter()
            .map(|finding| finding.rule)
            .collect::<Vec<_>>(),
        ["secret-in-comment"; 4]
    );
    assert_eq!(
        answer.secret_lines,
        answer
            .findings
            .iter()
            .map(|finding| finding.line)
            .collect::<Vec<_>>()
    );
}

/// What looks like a secret in code cannot be one, and taking it out must not make the text unreadable.
#[test]
fn what_is_read_before_is_read_after_its_secrets_are_gone() {
    for lines in [
        "# paste it here: -----BEGIN PRIVATE KEY-----\nencrypt = true",
        "# -----BEGIN PRIVATE KEY-----\n# MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nencrypt = true",
        "}\n}\nlocals {\n  y {\n    token = AKIAIOSFODNN7EXAMPLE",
        "}\n}\nlocals {\n  y {\n    AKIAIOSFODNN7EXAMPLE = \"hunter2hunter2\"",
        "}\n}\nlocals {\n  y {\n    api_key = local0123456789abcdef0123456789",
    ] {
        let text = s3_with(lines);
        let answer = read(&text);
        assert_eq!(
            answer.hardened.lines().count(),
            text.lines().count(),
            "{lines}"
        );
        assert!(
            answer.hardened.contains("encrypt = true"),
            "{}",
            answer.hardened
        );
        assert!(!answer.hardened.contains("MIIE"), "{}", answer.hardened);
    }
}

/// In a log, a key of several lines may be indented in another way, or have lost some of them.
#[test]
fn each_long_line_of_a_secret_is_known_by_itself() {
    let lines = [
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
    ];
    let text = s3_with(&format!(
        "secret_key = <<EOT\n  -----BEGIN PRIVATE KEY-----\n  {}\n  {}\n  abc=\n  -----END PRIVATE KEY-----\nEOT",
        lines[0], lines[1]
    ));
    let answer = read(&text);
    let known: Vec<&str> = answer
        .secret_values
        .iter()
        .map(lockwarden_harden::SecretValue::expose)
        .collect();
    assert!(
        lines.iter().all(|line| known.contains(line)),
        "{}",
        known.len()
    );
    assert!(!known.contains(&"abc="));
}

#[test]
fn a_line_with_a_secret_in_its_code_as_well_is_no_comment() {
    let text = s3_with("").replace(
        "}\n}\n",
        "}\n}\nprovider \"x\" {\n  secret_key = \"hunter2\" # token = \"hunter3\"\n}\n",
    );
    let answer = read(&text);
    assert_eq!((answer.secret_lines.len(), answer.diff.as_str()), (0, ""));
    assert_eq!(answer.findings[0].rule, "secret-in-file");
}

#[test]
fn thousands_of_secrets_have_a_bounded_number_of_findings() {
    let comments = "# secret_key = \"hunter2\"\n".repeat(3_000);
    let answer = read(&format!("{}{comments}", s3_with("")));
    assert_eq!(
        (answer.findings.len(), answer.secret_lines.len()),
        (51, 3_000)
    );
    let last = &answer.findings[50];
    assert_eq!(
        last.message,
        "a secret, or something that looks like one, is in a comment on this line; so it is with 2950 lines from this one on"
    );
}

fn check(text: &str, secret: &str) {
    let answer = read(text);
    let outputs = [
        answer.hardened.clone(),
        answer.diff.clone(),
        serde_json::to_string(&answer.reply()).unwrap(),
        format!("{answer:?}"),
    ];
    // A secret of one character is in every text; that it went is seen by what stands there instead.
    let plain: Vec<&String> = outputs.iter().filter(|_| secret.len() > 1).collect();
    for output in plain {
        assert!(!output.contains(secret), "{text}\n{output}");
    }
    assert!(
        !answer.hardened.contains(&format!("\"{secret}\"")),
        "{text}"
    );
    assert!(
        answer
            .secret_values
            .iter()
            .any(|value| value.expose().contains(secret) || secret.contains(value.expose())),
        "{text}"
    );
    // What the user has to do is said: as a finding about the backend or about the rest of the file.
    let told = answer.findings.len()
        + answer
            .backends
            .iter()
            .map(|backend| backend.secrets.len())
            .sum::<usize>();
    assert!(told > 0, "{text}");
}

#[test]
fn no_secret_gets_out_of_hcl_whatever_field_it_hides_in() {
    for (place, secret) in PLACES {
        if !place.starts_with('"') {
            check(&s3_with(&place.replace("SECRET", secret)), secret);
        }
        if !place.starts_with('}') {
            let lines = place.replace("SECRET", secret);
            check(
                &format!(
                    "remote_state {{\n  backend = \"s3\"\n  config = {{\nkey = \"k/k\"\n{lines}\n  }}\n}}\n"
                ),
                secret,
            );
            if !place.contains("EOT") && !place.contains('$') {
                check(
                    &format!(
                        "generate \"backend\" {{\n  contents = <<EOF\nterraform {{\nbackend \"s3\" {{\n{}\n}}\n}}\nEOF\n}}\n",
                        lines.trim_start_matches('"').replacen("\" =", " =", 1)
                    ),
                    secret,
                );
            }
        }
    }
}

#[test]
fn no_secret_gets_out_of_json() {
    for (member, secret) in [
        ("\"secret_key\": \"SECRET\"", "tiny1"),
        ("\"token\": SECRET", "123456"),
        (
            "\"secret_key\": \"${get_env(\\\"X\\\", \\\"SECRET\\\")}\"",
            "the-default",
        ),
        ("\"//\": \"secret_key = SECRET\"", "hunter2hunter2hunter2"),
        (
            "\"endpoints\": {\"s3\": \"https://user:SECRET@minio.example.com\"}",
            "hunter2",
        ),
        ("\"profile\": \"SECRET\"", SECRET_KEY),
        (
            "\"secret_key\": \"one\", \"secret_key\": \"SECRET\"",
            "two-of-them",
        ),
        ("\"access\\u005fkey\": \"SECRET\"", "an-escaped-name"),
    ] {
        let text = format!(
            "{{\"terraform\":{{\"backend\":{{\"s3\":{{\"bucket\":\"b\",\n{}}}}}}}}}",
            member.replace("SECRET", secret)
        );
        check(&text, secret);
    }
}

#[test]
fn other_backends_keep_no_secret_either() {
    for (arguments, secret) in [
        ("access_key = \"SECRET\"", "c3RvcmFnZQ"),
        ("client_secret = \"SECRET\"", "hunter2"),
        (
            "conn_str = \"postgres://app:SECRET@db.example.com/state\"",
            "hunter2",
        ),
        ("password = \"SECRET\"", "hunter2"),
        ("sas_token = \"SECRET\"", "sv=2020&sig=x"),
    ] {
        let arguments = arguments.replace("SECRET", secret);
        let text = format!("terraform {{\n  backend \"azurerm\" {{\n    {arguments}\n  }}\n}}\n");
        check(&text, secret);
        assert!(read(&text).hardened.contains(PLACEHOLDER));
    }
}

#[test]
fn what_is_no_secret_stays() {
    for line in [
        "kms_key_id = \"arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab\"",
        "skip_credentials_validation = \"false\"",
        "shared_credentials_files = [\"~/.aws/credentials\"]",
        "assume_role_with_web_identity = { role_arn = \"a\", web_identity_token_file = \"/var/run/secrets/token\" }",
        "# the token is in the vault, ask alice@example.com",
        "# rotate secrets: never",
        "# token = see docs/secrets.md, or ask",
        "# token = var.token2",
        "# password=random_password.db2.result",
        "# password=db2secret.main.result",
        "profile = \"0123456789abcdef0123456789abcdef01234567\"",
        "endpoints = { s3 = \"http://127.0.0.1:9000/x@y\" }",
        "secret_key = null",
        "secret_names = [\"prod/db\", \"prod/cache\"]",
        "secrets = [{ name = \"DB_PASSWORD\", valueFrom = \"arn:aws:secretsmanager:eu-west-1:123456789012:secret:db\" }]",
        "secrets = { db = var.db, cache = \"${var.cache}\", api = jsondecode(file(\"api.json\")) }",
    ] {
        let text = s3_with(&format!("-kms_key_id\n{line}"));
        let answer = read(&text);
        assert_eq!((answer.secret_values.len(), answer.hardened), (0, text));
    }
    let references = "}\n}\nprovider \"vault\" {\n  x {\n    token = var.token\n    password = \"${data.x.y[\"a\"]}\"\n    secret = \"\"";
    let text = s3_with(references);
    assert_eq!(read(&text).hardened, text);
}

#[test]
fn a_value_with_a_secret_in_it_is_not_told() {
    let answer = read(&s3_with(&format!(
        "bucket = \"{SECRET_KEY}\"\nregion = \"AKIAIOSFODNN7EXAMPLE\""
    )));
    let backend = answer.main().unwrap();
    assert_eq!(
        (&backend.bucket, &backend.region, &answer.companion),
        (&None, &None, &None)
    );
    assert_eq!(backend.secrets, ["bucket", "region"]);
}

#[test]
fn a_secret_that_is_an_everyday_word_breaks_no_code() {
    let text = s3_with(
        "secret_key = \"production\"\n}\n}\nresource \"x\" \"production\" {\n  y {\n    z = x.production.id",
    );
    let hardened = read(&text).hardened;
    assert!(
        hardened.contains("z = x.production.id") && !hardened.contains("secret_key"),
        "{hardened}"
    );
}

#[test]
fn an_error_says_nothing_of_the_text() {
    for text in [
        format!("terraform {{\n  secret_key = {SECRET_KEY} {SECRET_KEY}\n}}"),
        format!("{{\"secret_key\": {SECRET_KEY}}}"),
        format!("secret_key = \"{SECRET_KEY}\"\n\"{SECRET_KEY}"),
    ] {
        let error = try_read(&text, None).unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains(&SECRET_KEY[..8]),
            "{error:?}"
        );
    }
}
