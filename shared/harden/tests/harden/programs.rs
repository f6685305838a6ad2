//! Real programs on what comes out: `patch`, and Terraform where there is one.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use lockwarden_harden::{Format, PLACEHOLDER};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::aloud::{on_path, say_skipped};
use crate::companion::companions;
use crate::followed::followed;
use crate::generated::configuration;
use crate::{read, s3_with, try_read};

/// Does what the head of the diff says to a file of this format, and returns the file afterwards.
fn follow(text: &str, format: Format, diff: &str) -> String {
    let name = match format {
        Format::Hcl => "backend.tf",
        Format::Json => "backend.tf.json",
        Format::Tfbackend => "backend.tfbackend",
    };
    followed(name, text, diff)
}

fn check_patch(text: &str, secrets: &[String], in_comments: &[String]) {
    let answer = read(text);
    if answer.diff.is_empty() {
        assert!(in_comments.is_empty(), "{text}");
        return;
    }
    let patched = follow(text, answer.format, &answer.diff);
    for secret in in_comments {
        assert!(!patched.contains(secret.as_str()), "{patched}");
    }
    // What is not the backend's keeps its secrets in the user's file, and is shown without them.
    let shown = secrets.iter().fold(patched, |text, secret| {
        text.replace(secret.as_str(), PLACEHOLDER)
    });
    assert_eq!(shown, answer.hardened, "{}\n{text}", answer.diff);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn patch_makes_the_rewritten_file_as_the_head_of_the_diff_says(given in configuration()) {
        check_patch(&given.text, &given.secrets, &given.in_comments);
    }
}

#[test]
fn patch_works_where_secrets_are_on_the_lines_beside_a_change() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned();
    for text in [
        s3_with(&format!(
            "# secret_key = \"{secret}\"\nencrypt = false\n# token: {secret}"
        )),
        s3_with(&format!("encrypt = false # secret_key = \"{secret}\"")),
        s3_with(&format!(
            "encrypt = false\n# {secret} secret_key = \"{secret}\"\nacl = \"public-read\""
        )),
        format!(
            "{{\"terraform\":{{\"backend\":{{\"s3\":{{\"secret_key\":\"{secret}\",\"bucket\":\"b\"}}}}}}}}"
        ),
        format!("secret_key = \"{secret}\"\nencrypt = true"),
        format!(
            "secret_key = \"{secret}\"\nbucket = \"b-b\"\n# secret_key = \"{secret}\"\nlock_table = \"x\""
        ),
    ] {
        check_patch(&text, std::slice::from_ref(&secret), &[]);
    }
}

/// The program; where there is none, the tests of it say so.
fn terraform(tests: &str) -> Option<Terraform> {
    let program = on_path("terraform");
    if program.is_none() {
        say_skipped(tests, "No terraform is on PATH");
    }
    Some(Terraform {
        program: program?,
        folder: TempDir::new().unwrap(),
    })
}

struct Terraform {
    program: PathBuf,
    folder: TempDir,
}

impl Terraform {
    /// Runs it on one file. Amazon is a server in this process that refuses everything.
    fn run(&self, file: (&str, &str), arguments: &[&str], amazon: &str) -> Output {
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let removed = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            removed.unwrap();
        }
        fs::write(self.folder.path().join(file.0), file.1).unwrap();
        self.command(self.folder.path(), amazon)
            .args(arguments)
            .arg("-no-color")
            .output()
            .unwrap()
    }

    fn command(&self, folder: &Path, amazon: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(folder)
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap())
            .env("HOME", folder)
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_INPUT", "0")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "example")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", amazon)
            .env("AWS_ENDPOINT_URL_S3", amazon)
            .env("AWS_ENDPOINT_URL_STS", amazon);
        command
    }
}

/// An Amazon that denies every request, on a free port of this machine.
fn denying_amazon() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut length = 0;
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            std::io::Read::read_exact(&mut reader, &mut vec![0; length]).unwrap();
            let body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
            let head = format!(
                "HTTP/1.1 403 Forbidden\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all((head + body).as_bytes()).unwrap();
        }
    });
    address
}

fn said(output: &Output) -> String {
    let words = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Backends with all that the rules rewrite. None of them is accepted, or accepted in silence, as it stands.
fn to_rewrite(amazon: &str) -> Vec<(&'static str, String)> {
    let json = r#"{"terraform":{"backend":{"s3":{"bucket":"acme-tf-state","key":"a/b","region":"eu-west-1","lock_table":"locks",
        "role_arn":"arn:aws:iam::123456789012:role/state","session_name":"ci","secret_key":"hidden","force_path_style":true}}}}"#;
    vec![
        ("backend.tf", s3_with("role_arn = \"arn:aws:iam::123456789012:role/state\"\n# why\nsession_name = \"ci\"\nassume_role_duration_seconds = 3600")),
        ("backend.tf", s3_with("role_arn = \"arn:aws:iam::123456789012:role/state\"\nmax_retries = 1\nassume_role_policy_arns = [\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]\nassume_role_policy = <<EOT\n{\"Version\": \"2012-10-17\"}\nEOT")),
        ("backend.tf", s3_with("lock_table = \"locks\"\nsse_customer_key = \"short\"\naccess_key = \"AKIAIOSFODNN7EXAMPLE\"\nsecret_key = \"x\"\n-kms_key_id")),
        ("backend.tf", s3_with("endpoint = \"http://user:hunter2@AMAZON\"\nforce_path_style = true\nsts_endpoint = \"http://AMAZON\"\nskip_credentials_validation = true\nskip_requesting_account_id = true").replace("http://AMAZON", amazon).replace("AMAZON", amazon.trim_start_matches("http://"))),
        ("backend.tf", s3_with("force_path_style = true\nuse_path_style = true\nacl = \"public-read\"\nshared_credentials_file = \"/dev/null\"")),
        ("backend.tf.json", json.to_owned()),
        ("backend.tf", s3_with("role_arn = \"\"\nsession_name = null\nlock_table = \"\"\nendpoint = \"\"\nkms_key_id = \"\"\nretry_mode = \"\"\nshared_credentials_file = \"\"")),
        ("backend.tf", s3_with("dynamodb_endpoint = \"\"\nendpoints = {\n  s3 = \"\" # here\n  sts = \"AMAZON\"\n}\n# secret_key = \"hidden\"").replace("AMAZON", amazon)),
        ("backend.tf.json", json.replace("\"force_path_style\":true", "\"external_id\":\"\",\"kms_key_id\":\"\",\"endpoints\":{\"s3\":\"\",\"iam\":\"\"}")),
        ("backend.tf", format!("\u{feff}{}", s3_with("-use_lockfile\n-encrypt\ndynamodb_table = \"locks\"").replace('\n', "\r\n"))),
    ]
}

#[test]
fn terraform_accepts_every_rewritten_backend() {
    let Some(terraform) = terraform("rewritten backends that Terraform accepts") else {
        return;
    };
    let amazon = denying_amazon();
    for (name, text) in to_rewrite(&amazon) {
        let hardened = read(&text).hardened;
        assert_ne!(hardened, text);
        for arguments in [&["init", "-backend=false"][..], &["validate"]] {
            let output = terraform.run((name, &hardened), arguments, &amazon);
            assert!(output.status.success(), "{}\n{hardened}", said(&output));
        }
        // Only a real `init` asks the backend about its arguments. It gets as far as Amazon's refusal, and no warning but
        // that about the table, which stays on purpose.
        let before = said(&terraform.run((name, &text), &["init"], &amazon));
        let after = said(&terraform.run((name, &hardened), &["init"], &amazon));
        let complaints = [
            "Unsupported argument",
            "Extraneous JSON object property",
            "Conflicting",
            "Invalid",
            "Deprecated Parameter",
            "Missing",
        ];
        let complains = |said: &str| complaints.iter().any(|word| said.contains(word));
        assert!(after.contains("StatusCode: 403"), "{after}\n{hardened}");
        let without_table = after.replacen(
            "Deprecated Parameter",
            "",
            usize::from(hardened.contains("dynamodb_table")),
        );
        assert!(!complains(&without_table), "{after}\n{hardened}");
        assert!(
            complains(&before) || text.contains("dynamodb_table"),
            "{before}\n{text}"
        );
    }
}

/// The secret goes, and Terraform itself says what has to come in its place.
#[test]
fn terraform_asks_for_the_file_of_a_token_that_was_removed() {
    let Some(terraform) = terraform("the file of a token, which Terraform asks for") else {
        return;
    };
    let amazon = denying_amazon();
    let with = "assume_role_with_web_identity = {\n  role_arn = \"arn:aws:iam::123456789012:role/x\"\n  web_identity_token = \"hidden\"\n}";
    let text = s3_with(with);
    let hardened = read(&text).hardened;
    assert!(!hardened.contains("web_identity_token"), "{hardened}");
    let asked = said(&terraform.run(("backend.tf", &hardened), &["init"], &amazon));
    assert!(
        asked.contains("Exactly one of web_identity_token, web_identity_token_file must be set"),
        "{asked}"
    );
    let with_file = hardened.replace(
        "role/x\"",
        "role/x\"\n  web_identity_token_file = \"token\"",
    );
    let answered = said(&terraform.run(("backend.tf", &with_file), &["init"], &amazon));
    assert!(
        !answered.contains("Missing") && !answered.contains("Invalid"),
        "{answered}"
    );
}

#[test]
fn terraform_accepts_every_generated_backend_that_it_accepted_before() {
    let Some(terraform) = terraform("generated backends that Terraform accepts") else {
        return;
    };
    let amazon = "http://127.0.0.1:1";
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(24)
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&configuration(), |given| {
            let answer = read(&given.text);
            let name = match answer.format {
                Format::Hcl => "backend.tf",
                Format::Json => "backend.tf.json",
                Format::Tfbackend => return Ok(()),
            };
            if answer.backends[0].source != lockwarden_harden::Source::BackendBlock {
                return Ok(());
            }
            // The second top-level member of the JSON is not Terraform's, and the provider cannot be had here.
            let strip = |text: &str| {
                text.split("\nprovider")
                    .next()
                    .unwrap()
                    .replace(", \"x\": [ 1 ]", "")
            };
            let before = terraform.run((name, &strip(&given.text)), &["validate"], amazon);
            let after = terraform.run((name, &strip(&answer.hardened)), &["validate"], amazon);
            prop_assert!(
                !before.status.success() || after.status.success(),
                "{}\n{}",
                said(&after),
                answer.hardened
            );
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_companion_is_formatted_as_terraform_formats_it() {
    let Some(terraform) = terraform("the companion as Terraform formats it") else {
        return;
    };
    for companion in companions() {
        check_companion(&terraform, &companion);
    }
}

fn check_companion(terraform: &Terraform, companion: &str) {
    let output = terraform.run(
        ("companion.tf", companion),
        &["fmt", "-check", "-diff"],
        "http://127.0.0.1:1",
    );
    assert!(output.status.success(), "{}", said(&output));
    // It reads as a configuration, and names no backend of its own.
    let error = try_read(companion, Some(Format::Hcl))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("the configuration holds no backend"),
        "{error}"
    );
}
