//! What triage is about comes through as it was: to hide too much is a fault as well.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str) {
    assert_eq!(redacted(text), text);
}

/// Output of Terraform 0.11 and 1.11 and its requests, captured as it was; see the names of the files.
#[test]
fn captured_output_of_terraform_comes_through() {
    let mut count = 0;
    insta::glob!("samples/*", |file| {
        check(&std::fs::read_to_string(file).unwrap());
        count += 1;
    });
    assert!(count >= 9);
}

/// Every way in which a lock error is pasted: these are what triage is for.
#[test]
fn no_pasted_error_of_the_fixtures_is_changed() {
    let mut count = 0;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/paste");
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "txt") {
            check(&String::from_utf8_lossy(&std::fs::read(file).unwrap()));
            count += 1;
        }
    }
    assert!(count > 150);
}

/// A wide line that ends in a secret may have been broken there. The next line loses its first word at most, and none that a lock
/// error begins a line with.
#[test]
fn a_secret_on_a_wide_line_leaves_what_is_below() {
    let secret = "x9q8w7e6r5t4".repeat(5);
    for (lost, below) in [
        ("", "Error: Error acquiring the state lock"),
        ("", "region = \"eu-west-1\""),
        ("", "  bucket: acme-tf-state"),
        ("", "19a6fe30-cf25-8eaf-077f-083449d678bd"),
        ("", "  ID:        19a6fe30-cf25-8eaf-077f-083449d678bd"),
        ("", "Operation: OperationTypeApply"),
        ("", "2024-01-15T03:42:11Z Lock Info:"),
        ("", "- name: x"),
        ("", "3 to add, 0 to change"),
        ("", "+ terraform plan"),
        ("", "$ terraform plan"),
        ("", "}"),
        ("Initializing", " the backend..."),
        ("AWS_REGION=eu-west-1", ""),
    ] {
        let hidden = redacted(&format!(
            "export GITHUB_TOKEN={secret}\n{lost}{below}\nbucket\n"
        ));
        let between = if lost.is_empty() { "\n" } else { "" };
        assert_eq!(
            hidden,
            format!("export GITHUB_TOKEN=[redacted:token:1]{between}{below}\nbucket\n")
        );
        let apart = redacted(&format!(
            "GITHUB_TOKEN={secret}\n{lost}{below}\nsaid {secret} twice"
        ));
        assert!(
            apart.ends_with("said [redacted:token:1] twice") || !apart.contains(&secret),
            "{apart}"
        );
    }
}

/// What ends with its last character takes nothing of the next line with it.
#[test]
fn a_token_that_is_complete_leaves_the_next_line() {
    let github = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let hex = "0123456789abcdef".repeat(4);
    for token in [
        github.to_owned(),
        ACCESS_KEY.to_owned(),
        format!("glpat-{}", &github[4..24]),
        format!("npm_{}", &github[4..]),
        format!("dop_v1_{hex}"),
        format!("dapi{}", &hex[..32]),
        format!("AIza{}", &github[4..39]),
        format!("github_pat_{}_{}", &github[4..26], &hex[..59]),
        format!("xoxb-{0}-{0}-{1}", "1234567890123", &github[4..28]),
    ] {
        for before in [
            "said ",
            "github token ",
            "export CI_SECRET=",
            "this is the one that we use in all pipelines: ",
        ] {
            for below in [
                "acme-tf-state",
                "acme-tf-state and more",
                "19a6fe30cf258eaf077f083449d678bd",
            ] {
                let hidden = redacted(&format!("{before}{token}\n{below}\nx\n"));
                assert!(
                    hidden.starts_with(before) && hidden.ends_with(&format!(":1]\n{below}\nx\n")),
                    "{hidden}"
                );
            }
        }
    }
}

#[test]
fn tokens_in_a_list_are_as_many_secrets() {
    let tokens =
        ["a", "b", "c"].map(|last| format!("ghp_16C7e42F292c6912E7710c838347Ae178B4{last}"));
    assert_snapshot!(redacted(&tokens.join("\n")), @"
    [redacted:token:1]
    [redacted:token:2]
    [redacted:token:3]
    ");
}

/// A wider line below shows that nobody had to break this one.
#[test]
fn a_secret_above_a_wider_line_takes_none_of_it() {
    let secret = format!("export GITHUB_TOKEN={}", "x9q8w7e6r5t4".repeat(4));
    let wide = "Initializing: module.vpc.aws_subnet.private[2]: Still creating... [10s elapsed], and so on\n";
    let expected = format!("export GITHUB_TOKEN=[redacted:token:1]\n{wide}");
    assert_eq!(redacted(&format!("{secret}\n{wide}")), expected);
}

#[test]
fn a_command_in_quotes_keeps_what_follows_its_password() {
    let command = |password: &str| {
        format!(
            "sh -c \"DB_PASSWORD={password} terraform apply\" && sh -lc 'TOKEN={password} make'"
        )
    };
    let hidden = redacted(&command("x9q8w7e6r5t4"));
    assert_eq!(hidden, command("[redacted:password:1]"));
}

#[test]
fn ordinary_logs_and_configurations_come_through() {
    for text in [
        "kubectl create secret generic app --from-file=app.json",
        "docker run -u 1000:1000 -p 8080:80 nginx",
        "ssh -p 2222 deploy@host.example.com",
        "mkdir -p build/output && cp -p a b",
        "set -euo pipefail",
        "docker run -e PASSWORD acme/app-server:1.2.3",
        "docker run -e GITHUB_TOKEN -e DB_PASSWORD registry.example.com/acme/app",
        "DB_PASSPHRASE is not set in this environment",
        "the passphrase protects stored private keys",
        "VAULT_PASSPHRASE must be given",
        "set -x",
        "| Password | Description |\n|---|---|\n| secret | what it is |",
        "variable \"db_password\" {\n  type      = string\n  sensitive = true\n}",
        "output \"token\" {\n  value     = module.auth.token\n  sensitive = true\n}",
        "secrets:\n  - name: db\n    path: prod/db\nbucket: b",
        "secrets = {\n  db = aws_secretsmanager_secret.db.arn\n}",
        "jobs:\n  plan:\n    secrets: inherit\n    steps:\n      - run: terraform plan",
        "The password is required and the token was expired.",
        "the secret is stored in the vault, the key is rotated",
        "  password       (sensitive value)",
        "  access_key     <not set>   None   None",
        "Step 3/9 : ENV PATH /usr/local/bin:/usr/bin",
        "main.go:12:5: undefined: token",
        "basic usage: see the manual, login is not needed",
        "a key of the team: alice",
        "graph: aws_vpc.main -> aws_subnet.a",
        "module.secrets: Refreshing state...\nmodule.tokens: Refreshing state...",
        "token:\n\nError: x",
        "credentials:\n  region: eu-west-1",
    ] {
        check(text);
    }
}

#[test]
fn what_a_lock_is_known_by_is_no_secret() {
    for text in [
        "  ID:        19a6fe30-cf25-8eaf-077f-083449d678bd",
        "StatusCode: 400, RequestID: 58661fec-d53e-43e9-a640-1bafc5195fb8, HostID:\n2hO5Rftka8Cw4QaZowTsqJZTshwVcziXLuGsgUsfwDhwXad3DoCvvCw4PXG/vQKQ,",
        "Calculated checksum: 28877368bfd2175bbaf0a00a2b3f261d\nStored checksum:     00000000000000000000000000000000",
        "\"Digest\": {\"S\": \"28877368bfd2175bbaf0a00a2b3f261d\"}, \"LockID\": {\"S\": \"acme-tf-state/prod/secrets/token/terraform.tfstate-md5\"}",
        "  Path:      acme-tf-state/prod/secrets/terraform.tfstate",
        "  Who:       ACME\\token@HOST",
        "key = \"env:/prod/password/terraform.tfstate\"",
        "kms_key_id = \"arn:aws:kms:eu-west-1:123456789012:key/19a6fe30-cf25-8eaf-077f-083449d678bd\"",
        "secret_arn = \"arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf\"",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "x-amz-content-sha256: 99f29273eb1dbabb00f55673f78ead0884ddc3c3e172e621a23ec3b1116a4756",
        "etag: \"d41d8cd98f00b204e9800998ecf8427e\"",
        "Terraform v1.11.4 on linux_amd64, 2024-01-15T03:42:11.823456789Z",
        "registry.terraform.io/hashicorp/aws v5.31.0 h1:ltxyuBWIy9cq0kIKDJH1jeWJy/y7XJLjS4QrsQK4plA=",
    ] {
        check(text);
    }
}

#[test]
fn prose_about_secrets_is_no_secret() {
    for text in [
        "ExpiredToken: The provided token has expired.",
        "ExpiredTokenException: The security token included in the request is expired",
        "InvalidClientTokenId: The security token included in the request is invalid.",
        "api error UnrecognizedClientException: The security token included in the request is invalid",
        "Error: No valid credential sources found",
        "Error: invalid token: unexpected end of input",
        "cannot fetch the token: oauth2 failed",
        "failed to get the token: http2: client connection lost",
        "error reading the secret: status=403",
        "failed to refresh cached credentials, no EC2 IMDS role found",
        "Access denied for user 'app'@'10.0.0.1' (using password: YES)",
        "use the --token flag, or --password or a file",
        "The argument \"password\" is required, but no definition was found.",
        "The secret is in the vault; the token was rotated: see the runbook",
        "Error: Error acquiring the state lock: token=",
        "a password == another, a token != none, secret =~ x",
        "module.secrets.aws_secretsmanager_secret.db: Refreshing state... [id=prod/db]",
        "aws_iam_access_key.ci: Creating...",
        "random_password.db: Creation complete after 0s [id=none]",
        "pass: 12 fail: 0",
        "random_password.password: Creating...",
        "aws_secretsmanager_secret.token: Refreshing state... [id=prod/db]",
        "data.aws_ssm_parameter.db_password: Reading...",
        "aws_iam_access_key.secret: Still creating... [10s elapsed]",
        "module.auth.data.aws_caller_identity.current: Read complete after 0s [id=123456789012]",
        "basic authentication, bearer tokens and cookie banners",
    ] {
        check(text);
    }
}

#[test]
fn what_is_elsewhere_or_nothing_is_no_secret() {
    for text in [
        "password = var.db_password",
        "password = \"${var.db_password}\"",
        "password = random_password.db.result",
        "password = data.aws_ssm_parameter.db.value",
        "private_key = file(\"${path.module}/key.pem\")",
        "private_key = file(\"key.pem\")",
        "token = null\nsecret = \"\"\npassword = false",
        "password = (sensitive value)",
        "~ password = (sensitive value) -> (known after apply)",
        "secret: <computed>",
        "password: ***",
        "TOKEN=$GITHUB_TOKEN",
        "TOKEN=$(gh auth token)",
        "TOKEN: ${{ secrets.GITHUB_TOKEN }}",
        "password: {{ .Values.password }}",
        "PWD=/home/alice/project",
        "--sse-customer-key fileb://key.bin",
        "shared_credentials_files = [\"~/.aws/credentials\"]",
        "skip_credentials_validation = true",
        "password_length = 16\ntoken_ttl = \"2h\"\nmax_tokens = 4096",
        "secret_suffix = \"state\"",
        "auth = \"basic\"\ncredentials = \"account.json\"",
        "\"secrets\": [], \"token\": {}, \"tokens\": {\"count\": 3}",
    ] {
        check(text);
    }
}

#[test]
fn an_address_without_a_password_stays() {
    for text in [
        "https://alice@example.com/x",
        "ssh://git@github.com/acme/modules.git?ref=v1.2.3",
        "git::https://github.com/acme/modules.git//vpc?ref=9fceb02d0ae598e95dc970b74767f19372d61af8",
        "http://localhost:8080/a/b@c",
        "s3::https://s3.amazonaws.com/bucket/a@b.zip",
        "postgres://app@db.example.com:5432/app?sslmode=require",
        "https://registry.npmjs.org/@types/node",
        "mail alice@example.com: hello",
    ] {
        check(text);
    }
}

#[test]
fn certificates_and_public_keys_are_public() {
    check(
        "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkq\n-----END CERTIFICATE-----",
    );
    check("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----");
}

#[test]
fn a_lock_error_beside_secrets_keeps_every_field() {
    let error = include_str!("samples/lockfail-ddb-plan-nocolor.txt");
    for secret in [
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7bq0W1oYp9cP\nMIIEowIBAAKCAQEA7bq0W1oYp9cQ\n",
        "password = \"never closed\n",
        "-----BEGIN PRIVATE KEY-----\n",
        "TF_VAR_password=hunter2\n",
        "password:\n",
        "token =",
    ] {
        let hidden = redacted(&format!("{secret}{error}"));
        assert!(hidden.ends_with(error), "{hidden}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,300}") {
        drop(redacted(&text));
    }

    /// A line of one mebibyte takes no longer than many short ones.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
    fn no_text_takes_long(piece in prop::sample::select(PIECES), other in prop::sample::select(PIECES)) {
        let long = |size: usize| {
            let text = format!("{piece}{other}");
            let text = text.repeat(size / text.len());
            let begin = std::time::Instant::now();
            drop(redacted(&text));
            begin.elapsed()
        };
        let short = long(1 << 12).max(std::time::Duration::from_millis(20));
        prop_assert!(long(1 << 16) < short * 400, "{piece:?}{other:?}");
    }

    /// Pieces that mean something to a finder, in any order.
    #[test]
    fn no_heap_of_pieces_makes_it_panic_or_change_what_it_has_hidden(
        pieces in proptest::collection::vec(prop::sample::select(PIECES), 0..25),
    ) {
        let text = pieces.concat();
        let hidden = redacted(&text);
        prop_assert_eq!(redacted(&hidden), hidden);
    }

    #[test]
    fn a_lock_id_and_a_digest_come_through_wherever_no_secret_is_named(
        id in "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        digest in "[0-9a-f]{32}",
        sha in "[0-9a-f]{40}",
    ) {
        check(&format!("  ID:        {id}\nRequestID: {id}, x\nCalculated checksum: {digest}\ncommit {sha}\n{{\"ID\":\"{id}\",\"Digest\":\"{digest}\"}}"));
    }
}

const PIECES: &[&str] = &[
    "password",
    "token",
    "secret_key",
    "access_key_id",
    "auth",
    "credentials",
    "--",
    "=",
    " = ",
    ": ",
    ":",
    " => ",
    "->",
    "\"",
    "'",
    "\\",
    "\\\"",
    "\\n",
    "\n",
    "\r\n",
    " ",
    "|",
    "| ",
    "<",
    ">",
    "<<EOT",
    "EOT",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ",",
    ";",
    "&",
    "?",
    "/",
    "@",
    "https://",
    "%40",
    "%2",
    "hunter2",
    "Tr0ub4dor+3horse",
    "abc",
    "ID",
    "é",
    "\u{1b}[31m",
    "[0m",
    "\u{fffd}",
    "\u{fdd0}",
    "[redacted:password:1]",
    "[redacted:token:22]",
    "[redacted:",
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "MIIEowIBAAKCAQEA7bq0W1oYp9cP",
    "Bearer ",
    "Authorization: ",
    "sensitive(",
    "${",
    "null",
    "&quot;",
    "&amp;",
    "\\u0022",
    "$${",
    "Cookie: ",
    "-u ",
];
