//! Secrets wherever a paste can hold them: no output tells one, and what an error is made of comes through.

use lockwarden_core::redact::{Accounts, Redactor};
use lockwarden_explain::{Answer, print};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{answer, answer_with, lock_error};

/// What shows a secret to be one. The secret stands for `{}`.
const SIGNS: &[&str] = &[
    "password={}",
    "password = \"{}\"",
    "export AWS_SECRET_ACCESS_KEY={} && terraform plan",
    "-backend-config=\"secret_key={}\"",
    "TF_VAR_db_password={}",
    "Authorization: Bearer {}",
    "X-Amz-Security-Token={}",
    "https://x-access-token:{}@github.com/acme/modules.git",
    "postgres://alice:{}@db.example.com:5432/app?sslmode=require",
    "AccountName=acme;AccountKey={};EndpointSuffix=core.windows.net",
    "{\"sse_customer_key\":\"{}\"}",
];

/// Secrets that need no sign.
const BARE: &[&str] = &[
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
];

/// Where in an error a text can hide.
const PLACES: &[&str] = &[
    "before",
    "after",
    "message",
    "path",
    "operation",
    "who",
    "info",
    "id",
    "table",
    "unit",
];

/// Lines of a configuration, with a secret for `{}`.
const CONFIG_LINES: &[&str] = &[
    "    secret_key = \"{}\"",
    "    access_key = \"{}\"",
    "    token = \"{}\"",
    "    sse_customer_key = \"{}\"",
    "    # secret_key = \"{}\"",
    "    secret_key = <<EOT\n{}\nEOT",
    "    endpoint = \"https://alice:{}@minio.example.com\"",
    "    assume_role = { role_arn = \"arn:aws:iam::123456789012:role/x\", tags = { password = \"{}\" } }",
    "  }\n}\nprovider \"postgresql\" {\n  password = \"{}\"\n  nested {",
    "  }\n}\nlocals {\n  conn = {\n    url = \"postgres://alice:{}@db.example.com/app\"\n  }\n  nested = {",
    "    // {}",
];

const ID: &str = "a1b2c3d4-e5f6-7890-abcd-ef1234567890";
const PATH: &str = "acme-tf-state/prod/terraform.tfstate";

/// A sign with a secret. An address cannot hold a slash in its password as it is.
fn signed(sign: &str, secret: &str) -> String {
    if sign.contains("://") {
        return sign.replace("{}", &secret.replace('/', "%2F"));
    }
    sign.replace("{}", secret)
}

/// A lock error with a text at a place.
fn error_with(place: &str, text: &str) -> String {
    let at = |name: &str, usual: &str| {
        if name == place {
            text.to_owned()
        } else {
            usual.to_owned()
        }
    };
    let mut error = lock_error(
        &at("path", PATH),
        &at("operation", "OperationTypeApply"),
        &at("who", "alice@ci-node-07"),
        &at("info", ""),
    );
    match place {
        "before" => format!("{text}\nplan\n\n{error}"),
        "after" => format!("{error}\n\n{text}\n"),
        "message" => error.replace("The conditional", &format!("{text} The conditional")),
        "id" => error.replace(ID, text),
        "table" => {
            error = error.replace(
                "The conditional request failed\n",
                &format!(
                    "The conditional request failed\nUnable to retrieve item from DynamoDB table \"{text}\": AccessDeniedException\n"
                ),
            );
            error
        }
        "unit" => format!("{error}\nERROR Failed to execute \"terraform plan\" in \"./{text}\"\n"),
        _ => error,
    }
}

fn config_with(line: &str) -> String {
    format!(
        "terraform {{\n  backend \"s3\" {{\n    bucket = \"acme-tf-state\"\n    key = \"prod/terraform.tfstate\"\n    region = \"eu-west-1\"\n    \
         dynamodb_table = \"locks\"\n{line}\n  }}\n}}\n"
    )
}

/// What a CI or a terminal makes of a text.
fn wrapped(text: &str, wrapper: usize) -> String {
    let lines = |prefix: &str| {
        text.lines()
            .map(|line| format!("{prefix}{line}\n"))
            .collect::<String>()
    };
    match wrapper {
        0 => text.to_owned(),
        1 => lines("2024-01-15T03:42:11.1234567Z "),
        2 => lines("\u{1b}[31m│\u{1b}[0m \u{1b}[0m"),
        3 => lines("> "),
        4 => text.replace('\n', "\r\n"),
        5 => json!({"@level": "error", "@message": text}).to_string(),
        6 => json!({"log": json!({"message": text}).to_string()}).to_string(),
        _ => text
            .replace('&', "&amp;")
            .replace('"', "&quot;")
            .replace('<', "&lt;"),
    }
}

/// Every text of a reply, as it is once the JSON is read.
fn texts<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => into.push(text),
        Value::Array(values) => values.iter().for_each(|value| texts(value, into)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The first piece of `secret` that an answer still tells: 12 characters, or all of a shorter one.
fn told(answer: &Answer, secret: &str) -> Option<String> {
    let mut read = Vec::new();
    texts(answer.json(), &mut read);
    let outputs = format!(
        "{}\n{}\n{}",
        answer.json(),
        print::text(answer),
        read.join("\n")
    );
    let characters: Vec<char> = secret.chars().collect();
    characters
        .windows(characters.len().clamp(1, 12))
        .map(|piece| piece.iter().collect::<String>())
        .find(|piece| outputs.contains(piece) || outputs.contains(&piece.replace('/', "%2F")))
}

fn check(text: &str, config: &str, secret: &str) -> Result<Answer, TestCaseError> {
    let answer = answer(text, config);
    let piece = told(&answer, secret);
    prop_assert!(
        piece.is_none(),
        "{piece:?} in\n{:#}\n{}\nfrom\n{text}\n{config}",
        answer.json(),
        print::text(&answer)
    );
    // What went through the redaction goes through it again unchanged.
    let mut read = Vec::new();
    texts(answer.json(), &mut read);
    for text in read {
        let mut redactor = Redactor::new(Accounts::Shown);
        prop_assert_eq!(redactor.redact(text), text);
    }
    Ok(answer)
}

fn check_error(secret: &str, sign: &str, place: &str, wrapper: usize) -> Result<(), TestCaseError> {
    let text = wrapped(&error_with(place, &signed(sign, secret)), wrapper);
    let answer = check(&text, "", secret)?;
    let lock = &answer.json()["lock"];
    if place != "id" {
        prop_assert_eq!(&lock["id"], ID, "{}\n{:#}", text, answer.json());
    }
    if place != "path" {
        prop_assert_eq!(&lock["path"], PATH, "{}\n{:#}", text, answer.json());
    }
    Ok(())
}

#[test]
fn no_secret_of_a_known_form_comes_out_of_an_error() {
    for secret in BARE {
        for sign in ["{}", "ci {} end", SIGNS[0]] {
            for place in PLACES {
                for wrapper in 0..8 {
                    check_error(secret, sign, place, wrapper).unwrap();
                }
            }
        }
    }
}

#[test]
fn no_secret_with_a_sign_beside_it_comes_out_of_an_error() {
    for sign in SIGNS {
        for place in PLACES {
            for secret in ["hunter2x", "wJalrXUtnFEMIzK7MDENGzbPxRfiCYEXAMPLEKEY"] {
                check_error(secret, sign, place, 0).unwrap();
            }
        }
    }
}

#[test]
fn no_line_of_a_private_key_comes_out() {
    let body = "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MhgHcTz6sE2I2yPB\naFDrBz9vFqU4yKk2sGq0mX1wZbJv7nQe8tYpRr3uXc5dLhWoVgTiMsNaKbEfHj9q";
    let key = format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----");
    for wrapper in 0..8 {
        for place in ["before", "after", "info"] {
            let text = wrapped(&error_with(place, &key), wrapper);
            for line in body.lines() {
                check(&text, "", line).unwrap();
            }
        }
    }
    let config = config_with(&format!("    secret_key = <<EOT\n{key}\nEOT"));
    for line in body.lines() {
        check("", &config, line).unwrap();
    }
}

#[test]
fn no_piece_of_a_secret_comes_out_of_a_field_that_is_cut() {
    for secret in [
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMIzK7MDENGzbPxRfiCYEXAMPLEKEY",
    ] {
        for padding in [250, 285, 290, 295, 299, 970, 985, 990, 995, 1000, 4_080] {
            for sign in [" {}", " token={}"] {
                let is_bare = sign == " {}";
                if is_bare && !secret.starts_with("AKIA") {
                    continue;
                }
                let field = format!("{}{}", "x".repeat(padding), signed(sign, secret));
                for place in ["who", "operation", "info", "path", "message"] {
                    let text = error_with(place, &field);
                    check(&text, "", secret).unwrap();
                    // So long that only the error is given back.
                    let noise = "module.vpc: Still creating... [10s elapsed]\n".repeat(2_000);
                    check(&format!("{noise}{text}"), "", secret).unwrap();
                }
            }
        }
    }
}

#[test]
fn a_command_with_a_secret_in_it_is_no_command() {
    for place in ["id", "path"] {
        let answer = answer(&error_with(place, "AKIAIOSFODNN7EXAMPLE/x"), "");
        let commands = &answer.json()["commands"];
        assert_eq!(commands["release"], Value::Null, "{place}: {commands}");
        let kept = if place == "id" {
            "inspect"
        } else {
            "force_unlock"
        };
        assert!(commands[kept].is_string(), "{place}: {commands}");
    }
}

#[test]
fn no_account_number_comes_out_when_they_are_hidden() {
    let config = config_with("    role_arn = \"arn:aws:iam::210987654321:role/terraform\"");
    let text = error_with("before", "assumed arn:aws:iam::210987654321:role/ci");
    let shown = answer_with(&text, &config, Accounts::Shown);
    assert!(told(&shown, "210987654321").is_some());
    assert!(shown.json()["commands"]["release"].is_string());
    let hidden = answer_with(&text, &config, Accounts::Hidden);
    assert_eq!(told(&hidden, "210987654321"), None);
    // The topic's own account number is in the command, which would be wrong without it.
    assert_eq!(told(&hidden, "123456789012"), None);
    assert_eq!(hidden.json()["commands"]["release"], Value::Null);
    assert!(hidden.json()["commands"]["force_unlock"].is_string());
}

#[test]
fn no_secret_comes_out_of_a_configuration() {
    for line in CONFIG_LINES {
        for secret in [
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "hunter2x",
        ] {
            let is_bare = line.trim() == "// {}";
            if is_bare && !secret.starts_with("AKIA") {
                continue;
            }
            let config = config_with(&signed(line, secret));
            let answer = check("", &config, secret).unwrap();
            let backend = &answer.json()["backend"];
            assert_eq!(
                backend["key"], "prod/terraform.tfstate",
                "{config}\n{backend:#}"
            );
            // The same secret in the text, where nothing else shows what it is.
            let text = error_with("before", &format!("login with {secret} failed"));
            check(&text, &config, secret).unwrap();
            let text = error_with("who", &format!("ci {secret}"));
            check(&text, &config, secret).unwrap();
        }
    }
}

#[test]
fn a_configuration_that_cannot_be_read_tells_nothing_of_itself() {
    for config in [
        "password = \"hunter2x\" }}}",
        "{\"password\": \"hunter2x\"",
        "resource \"x\" \"y\" { password = \"hunter2x\" }",
        "terraform { backend \"s3\" { secret_key = hunter2x\" } }",
    ] {
        let answer = check("", config, "hunter2x").unwrap();
        assert!(answer.json()["backend"]["not_read"].is_string(), "{config}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_secret_comes_out_whatever_field_it_hides_in(
        secret in "[A-Za-z0-9][A-Za-z0-9+/_.-]{10,40}[A-Za-z0-9]",
        sign in prop::sample::select(SIGNS),
        place in prop::sample::select(PLACES),
        wrapper in 0_usize..8,
    ) {
        check_error(&secret, sign, place, wrapper)?;
    }

    #[test]
    fn no_secret_of_text_and_configuration_at_once_comes_out(
        secret in "[A-Za-z0-9][A-Za-z0-9+/_.-]{10,40}[A-Za-z0-9]",
        sign in prop::sample::select(SIGNS),
        place in prop::sample::select(PLACES),
        line in prop::sample::select(&CONFIG_LINES[..CONFIG_LINES.len() - 1]),
        wrapper in 0_usize..8,
    ) {
        let text = wrapped(&error_with(place, &signed(sign, &secret)), wrapper);
        check(&text, &config_with(&signed(line, &secret)), &secret)?;
    }
}
