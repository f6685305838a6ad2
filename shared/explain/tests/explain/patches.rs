//! The hardened configuration of an answer: redaction leaves it as it was made, so that `patch` applies the diff.

use lockwarden_harden::{Options, PLACEHOLDER, harden};
use proptest::prelude::*;
use serde_json::Value;

use crate::followed::{commands, followed};
use crate::generated::{Generated, configuration};
use crate::{a_lock_error, answer};

/// Does what the head of the diff says to the file that it names, and returns the file afterwards.
fn follow(text: &str, diff: &str) -> String {
    let mut named = commands(diff).map(|command| match command.strip_prefix("patch ") {
        Some(names) => names.split(' ').next().unwrap(),
        // A change that only deletes lines needs no patch; its command ends with the name of the file.
        None => command.rsplit(' ').next().unwrap(),
    });
    followed(named.next().unwrap(), text, diff)
}

/// The `backend` of the answer to a configuration, pasted together with an error.
fn backend(config: &str) -> Value {
    answer(&a_lock_error(), config).json()["backend"].clone()
}

/// Returns the patched file, in which secrets that are not the backend's may be left.
fn check_patch(text: &str, secrets: &[String]) -> String {
    let backend = backend(text);
    let diff = backend["diff"].as_str().unwrap();
    if diff.is_empty() {
        return text.to_owned();
    }
    let patched = follow(text, diff);
    let shown = secrets.iter().fold(patched.clone(), |text, secret| {
        text.replace(secret.as_str(), PLACEHOLDER)
    });
    assert_eq!(shown, backend["hardened"], "{diff}\n{text}");
    patched
}

fn check_untouched(text: &str) {
    let options = Options {
        format: None,
        terraform: lockwarden_harden::Version::parse("1.11.4"),
        file: None,
    };
    let made = serde_json::json!(harden(text.as_bytes(), options).unwrap().reply());
    assert_eq!(backend(text), made, "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn redaction_finds_nothing_more_in_what_hardening_has_cleaned(given in configuration()) {
        check_untouched(&given.text);
        let Generated { text, is_json, notes, .. } = given;
        let backend = backend(&text);
        let hardened = backend["hardened"].as_str().unwrap();
        let hardened = hardened.trim_start_matches('\u{feff}');
        prop_assert!(notes.iter().all(|note| hardened.contains(note)), "{}", hardened);
        prop_assert!(!is_json || serde_json::from_str::<Value>(hardened).is_ok(), "{}", hardened);
    }

    #[test]
    fn patch_makes_the_rewritten_file_from_the_diff_of_an_answer(given in configuration()) {
        let patched = check_patch(&given.text, &given.secrets);
        prop_assert!(given.in_comments.iter().all(|secret| !patched.contains(secret.as_str())), "{}", patched);
    }
}

#[test]
fn configurations_of_every_format_come_through_with_their_words() {
    for text in [
        include_str!("backend.tf"),
        "# the token is in the vault, see docs/secrets.md\nterraform {\n  backend \"s3\" {\n    bucket = \"acme-tf-state\"\n    key = \"password-service/prod.tfstate\"\n    \
         region = \"eu-west-1\"\n    role_arn = \"arn:aws:iam::123456789012:role/terraform\"\n    external_id = \"token-service\"\n  }\n}\n",
        "bucket = \"acme-tf-state\"\nkey = \"secrets/prod.tfstate\"\nregion = \"eu-west-1\"\nkms_key_id = \"arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab\"\n\
         dynamodb_table = \"terraform-token-locks\"\nshared_credentials_file = \"~/.aws/credentials\"\n",
        "{\n  \"terraform\": {\n    \"backend\": {\n      \"s3\": {\n        \"bucket\": \"acme-tf-state\",\n        \"key\": \"prod/terraform.tfstate\",\n        \"region\": \"eu-west-1\",\n        \
         \"skip_credentials_validation\": true\n      }\n    }\n  }\n}\n",
        "remote_state {\n  backend = \"s3\"\n  config = {\n    bucket = \"acme-tf-state\"\n    key = \"${path_relative_to_include()}/terraform.tfstate\"\n    region = \"eu-west-1\"\n    \
         secret_key = get_env(\"AWS_SECRET_ACCESS_KEY\")\n  }\n}\n",
        "variable \"db_password\" {\n  type = string\n  sensitive = true\n}\n\nterraform {\n  backend \"s3\" {\n    bucket = \"acme-tf-state\"\n    key = \"a\"\n    region = \"eu-west-1\"\n    \
         token = var.token\n  }\n}\n\nresource \"x\" \"y\" {\n  password = var.db_password\n  secret_id = aws_secretsmanager_secret.db.id\n}\n",
    ] {
        check_untouched(text);
        check_patch(text, &[]);
    }
}

#[test]
fn a_secret_that_only_redaction_knows_is_hidden_in_the_diff_too() {
    // Hardening reads the file; what the error beside it tells about a word in it only redaction knows.
    let secret = "Tr0ub4dor+3horse";
    let config = include_str!("backend.tf").replace("prod/terraform", secret);
    let text = format!("export DB_PASSWORD={secret}\n{}", a_lock_error());
    let answer = answer(&text, &config);
    assert!(!answer.json().to_string().contains(secret));
}
