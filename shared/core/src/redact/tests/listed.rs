//! Every way to write a secret that was met, one line each: `§` stands for the secret.

use super::*;

/// Whether `text` still tells eight characters of `secret`, or all of a shorter one.
pub(super) fn tells(text: &str, secret: &str) -> bool {
    let characters: Vec<char> = secret.chars().collect();
    characters
        .windows(characters.len().clamp(1, 8))
        .any(|piece| text.contains(&piece.iter().collect::<String>()))
}

#[track_caller]
fn check(form: &str, secret: &str) {
    let text = form.replace('§', secret);
    let hidden = redacted(&text);
    assert!(!tells(&hidden, secret), "{text}\nas\n{hidden}");
    assert_eq!(redacted(&hidden), hidden, "{text}");
    assert_eq!(gated::lost(&text), None);
    // What stands around the secret stays.
    let (before, after) = form.split_once('§').unwrap();
    let word = before.split_whitespace().next().unwrap_or_default();
    assert!(hidden.starts_with(word), "{text}\nas\n{hidden}");
    let last = after.lines().last().unwrap_or_default();
    assert!(hidden.ends_with(last), "{text}\nas\n{hidden}");
}

const SECRETS: &[&str] = &[
    "Tr0ub4dor+3horse",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "x9q8w7e6r5t4",
];

#[test]
fn names_are_read_as_people_write_them() {
    for form in [
        "Secret Key: §",
        "Secret access key  §",
        "Secret Key (rotated): §",
        "secret_key was §",
        "The password is now §",
        "Password for bob: §",
        "Password for 'https://alice@github.com': §",
        "**Password:** §",
        "**Password**: §",
        "- **API key**: `§`",
        "password -> §",
        "password => §",
        "password＝§",
        "パスワード password：§",
        "pass\u{200b}word = §",
        "aws_secret_access_key\t§",
        "secret_key     §   env",
        "| secret | § |",
        "| password | `§` | rotate it |",
        "password:\n  §",
        "password:\n    \"§\"",
        "terraform apply --password \\\n  § \\\n  --yes",
        "secrets = { db = \"§\" }",
        "secrets = {\n  db  = \"§\"\n  url = \"none\"\n}",
        "passwords = { a = \"x\", \"b\" = \"§\" }",
        "\"secrets\": {\"db\": \"§\"}",
        "passwords:\n  db: §\n  name: app\nbucket: b",
        "passwords:\n- §\nbucket: b",
        "secrets:\n    db:\n      app: §\nbucket: b",
        "salt = \"§\"",
        "sse_customer_key: §",
        ".dockerconfigjson: §",
    ] {
        for secret in SECRETS {
            check(form, secret);
        }
    }
}

/// A shell's quotes may stand around the name too, and what programs read up to the end of the line has none.
#[test]
fn a_passphrase_of_several_words_is_hidden_to_its_last_word() {
    for form in [
        "passphrase = \"§\"",
        "passphrase = '§'",
        "passphrase = §",
        "passphrase: §",
        "DB_PASSPHRASE=\"§\"",
        "DB_PASSPHRASE='§' next",
        "export DB_PASSPHRASE=\"§\" && terraform plan",
        "export \"DB_PASSPHRASE=§\" && terraform plan",
        "docker run -e DB_PASSPHRASE=\"§\" nginx",
        "docker run -e \"DB_PASSPHRASE=§\" nginx",
        "docker run -e 'DB_PASSPHRASE=§' nginx",
        "docker run --env='DB_PASSPHRASE=§' nginx",
        "terraform plan -var \"db_passphrase=§\" -no-color",
        "terraform init '-backend-config=passphrase=§' -no-color",
        "environment:\n  - \"DB_PASSPHRASE=§\"\n  - x",
        "[\"-e\", \"DB_PASSPHRASE=§\", \"nginx\"]",
        "{\"args\": \"run -e \\\"DB_PASSPHRASE=§\\\" nginx\"}",
        "ENV DB_PASSPHRASE §",
        "Step 3/9 : ENV DB_PASSPHRASE §",
        "DB_PASSPHRASE §",
        "DB_PASSPHRASE\t§",
        "DB_PASSPHRASE     §",
        "| passphrase | § |",
        "SET DB_PASSPHRASE=§",
        "setenv DB_PASSPHRASE '§'",
        "--passphrase \"§\" --yes",
        "--passphrase '§' --yes",
        "gpg --batch --passphrase=\"§\" -c x",
    ] {
        for secret in ["correct horse battery staple", "Tr0ub4dor plus 3horse"] {
            check(form, secret);
        }
    }
}

#[test]
fn variables_of_a_container_are_known() {
    for form in [
        "docker run -e PASSWORD=§ nginx",
        "docker run -e PASSWORD §",
        "docker run --env DB_PASSWORD=§ nginx",
        "docker run --env=DB_PASSWORD=§ nginx",
        "docker run -eDB_PASSWORD=§ nginx",
        "docker run -e \"PASSWORD\"=\"§\" nginx",
        "podman run -e TOKEN § nginx",
        "kubectl set env deploy/x DB_PASSWORD=§",
        "heroku config:set DB_PASSWORD=§",
        "pw = \"§\"",
        "db_pw: §",
        "PW=§",
        "-e PW=§ x",
        "sas = \"§\"",
    ] {
        for secret in SECRETS {
            check(form, secret);
        }
    }
}

#[test]
fn arguments_and_files_of_programs_are_known() {
    for form in [
        "set -x DB_PASSWORD §",
        "set -gx GITHUB_TOKEN §",
        "$env:DB_PASSWORD = \"§\"",
        "set DB_PASSWORD=§",
        "ConvertTo-SecureString \"§\" -AsPlainText -Force",
        "ConvertTo-SecureString -String '§' -AsPlainText",
        "az login --service-principal -u app -p § --tenant x",
        "mysql -u app -p§ app",
        "mysqldump --host db -p§ app",
        "curl -u alice:§ https://example.com",
        "curl -u 'alice:§' https://example.com",
        "curl --user \"alice:§\" https://example.com",
        "aws ssm put-parameter --name x --value § --type SecureString",
        "aws ssm put-parameter --type SecureString --name x --value \"§\"",
        "kubectl create secret generic x --from-literal=foo=§ --from-literal=a=$B",
        "redis-cli -h cache -a § ping",
        "sqlcmd -S db -U sa -P § -Q x",
        "openssl rsa -in a -passin pass:§ -out b",
        "htpasswd -bc file alice §",
        "machine example.com\n  login alice\n  password §",
        "machine example.com password §",
        "db.example.com:5432:app:alice:§",
        "vault login §",
    ] {
        for secret in SECRETS {
            if !(form.contains("vault") && secret.len() < 16) {
                check(form, secret);
            }
        }
    }
}

#[test]
fn the_auth_of_a_registry_is_known_by_what_it_decodes_to() {
    let hidden = redacted(r#"{"auths":{"ghcr.example.com":{"auth":"YWxpY2U6cGFzc3dvcmQ="}}}"#);
    assert_snapshot!(hidden, @r#"{"auths":{"ghcr.example.com":{"auth":"[redacted:secret:1]"}}}"#);
    assert_eq!(redacted(r#"{"auth":"kerberos"}"#), r#"{"auth":"kerberos"}"#);
}

#[test]
fn an_address_can_hold_a_secret_in_many_ways() {
    for (form, secret) in [
        (
            "https://§@github.com/acme/x.git",
            "ghx7e42f292c6912e7710c838347ae178b4a",
        ),
        (
            "git clone https://§@github.com/acme/x.git",
            "16c7e42f292c6912e7710c838347ae178b4a1234",
        ),
        (
            "https://§:${X}@github.com/acme/x.git",
            "16c7e42f292c6912e7710c838347ae178b4a1234",
        ),
        ("https://user:§@host/x", "0/abcdefgh"),
        ("https://user:§@host.example.com/x", "8080/abcdefgh"),
        ("https://user:§@host/x", "p@ss@word@1"),
        (
            "https://§@o123.ingest.sentry.io/456",
            "5f4dcc3b5aa765d61d8327deb882cf99",
        ),
        (
            "https://a1b2:§@sentry.example.com/2",
            "5f4dcc3b5aa765d61d8327deb882cf99",
        ),
        (
            "https://§ x",
            "hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        ),
        (
            "https://§ x",
            "discord.com/api/webhooks/123456789012345678/abcDEF-ghiJKL_mnoPQR012345",
        ),
        (
            "https://acme.§ x",
            "webhook.office.com/webhookb2/5bd2a7c4-91e0@5bd2a7c4/IncomingWebhook/abc/5bd2",
        ),
    ] {
        check(form, secret);
    }
}

#[test]
fn tokens_are_known_by_their_form() {
    let hex = "0123456789abcdef0123456789abcdef";
    let mixed = "a1B2c3D4e5F6g7H8a1B2c3D4e5F6g7H8a1B2c3D4";
    for token in [
        format!("hf_{mixed}"),
        format!("SK{hex}"),
        format!("AC{hex}"),
        format!("s.{}", &mixed[..24]),
        format!("dop_v1_{hex}{hex}"),
        format!("glptt-{mixed}"),
        format!("gho_{mixed}"),
        format!("npm_{mixed}"),
        format!("SG.{}.{mixed}", &mixed[..22]),
        format!("pypi-{mixed}{mixed}"),
        format!("abc8Q~{}", &mixed[..34]),
    ] {
        check("said § to", &token);
        check("said (§)", &token);
    }
}

#[test]
fn a_key_of_a_service_account_is_hidden() {
    let key = "{\"type\": \"service_account\", \"private_key_id\": \"9fceb02d0ae598e95dc970b74767f19372d61af8\", \"private_key\": \
               \"-----BEGIN PRIVATE KEY-----\\nMIIEowIBAAKCAQEA7bq0W1oYp9cPmZxV\\nqK3b4Jt0Yy8s1hVv\\n-----END PRIVATE KEY-----\\n\", \
               \"client_email\": \"ci@acme.example.com\"}";
    let hidden = redacted(key);
    for piece in ["MIIEowIB", "qK3b4Jt0"] {
        assert!(!hidden.contains(piece), "{hidden}");
    }
    assert!(hidden.contains("ci@acme.example.com"), "{hidden}");
}

#[test]
fn a_learnt_password_is_hidden_where_it_stands_bare() {
    for (secret, said) in [
        ("hunter2", "login with hunter2 failed"),
        ("Tr0ub4dor", "login (Tr0ub4dor)"),
        ("swordfish", "login as alice with swordfish failed"),
        ("correct horse battery", "tried: correct horse battery"),
        ("4711081512", "pin 4711081512"),
    ] {
        for text in [
            format!("password = \"{secret}\"\n{said}\n"),
            format!("{said}\npassword = \"{secret}\"\n"),
        ] {
            let hidden = redacted(&text);
            assert!(!tells(&hidden, secret), "{hidden}");
        }
    }
}

#[test]
fn a_weak_password_does_not_blank_a_paste() {
    let error = include_str!("samples/lockfail-ddb-plan-nocolor.txt");
    for weak in [
        "true",
        "admin",
        "prod",
        "terraform",
        "state",
        "lock",
        "Production",
        "postgres",
        "OperationTypeApply",
    ] {
        let hidden = redacted(&format!("db_password = \"{weak}\"\n{error}"));
        assert!(hidden.ends_with(error), "{weak}\n{hidden}");
    }
}

#[test]
fn accounts_are_hidden_in_every_spelling() {
    let hidden = |text: &str| Redactor::new(Accounts::Hidden).redact(text);
    for text in [
        "arn:aws:iam::123456789012:role/ci",
        "/accounts/123456789012/",
        "account 1234-5678-9012",
        "signed in to 1234-5678-9012",
        "bucket = \"acme-tf-state-123456789012\"",
        "acme-123456789012-eu-west-1/prod",
        "123456789012-cloudtrail",
        "Account: 123456789012",
        "accountId=123456789012",
        "AWS account (123456789012)",
        "arn:aws:iam::123456789012:root\nbuild of 123456789012 and 1234-5678-9012",
    ] {
        let hidden = hidden(text);
        assert!(
            !tells(&hidden, "123456789012") && !hidden.contains("5678"),
            "{hidden}"
        );
        assert!(!hidden.contains(":2]"), "{hidden}");
    }
    for text in [
        "build 123456789012",
        "a1b2c3d4-e5f6-7890-abcd-123456789012",
        "  ID:        1705290131823456",
        "20240115034211",
    ] {
        assert_eq!(hidden(text), text);
    }
    let text = "account 123456789012\n  ID: a1b2c3d4-e5f6-7890-abcd-123456789012";
    assert!(hidden(text).ends_with("a1b2c3d4-e5f6-7890-abcd-123456789012"));
}
