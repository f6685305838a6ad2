//! Secrets that are known by their form, in the middle of prose that names nothing.

use super::*;

/// Not written out, so that nobody who searches a repository for secrets finds one here.
fn filled(start: &str, filling: &str, length: usize) -> String {
    let filling: String = filling.chars().cycle().take(length).collect();
    format!("{start}{filling}")
}

const MIXED: &str = "a1B2c3D4e5F6g7H8";

#[test]
fn a_token_of_a_known_form_is_hidden_wherever_it_stands() {
    for (kind, start, filling, length) in [
        (Kind::AwsAccessKey, "AKIA", "Q2W3E4R5", 16),
        (Kind::AwsAccessKey, "ASIA", "Q2W3E4R5", 16),
        (Kind::Token, "IQoJb3JpZ2lu", "aB3/+", 300),
        (Kind::Token, "FwoGZXIvYXdz", "aB3/+", 300),
        (Kind::ApiKey, "ABSK", MIXED, 60),
        (
            Kind::Jwt,
            "eyJhbGciOiJIUzI1NiJ9.",
            "aB3_-aB3_-aB3_-aB3_-.",
            60,
        ),
        (Kind::Token, "ghp_", MIXED, 36),
        (Kind::Token, "ghs_", MIXED, 36),
        (Kind::Token, "github_pat_", MIXED, 60),
        (Kind::Token, "glpat-", MIXED, 20),
        (Kind::Token, "xoxb-", "1234567890-aB", 40),
        (Kind::Token, "xapp-", "1-A2B3-", 30),
        (Kind::Token, "hooks.slack.com/services/", "T0/B1a", 40),
        (Kind::Token, "hvs.", MIXED, 24),
        (Kind::ApiKey, "sk_live_", MIXED, 24),
        (Kind::Secret, "whsec_", MIXED, 32),
        (Kind::Token, "npm_", MIXED, 36),
        (Kind::Token, "pypi-", MIXED, 80),
        (Kind::ApiKey, "AIza", MIXED, 35),
        (Kind::Secret, "GOCSPX-", MIXED, 28),
        (Kind::Token, "ya29.", MIXED, 60),
        (Kind::ApiKey, "sk-proj-", MIXED, 40),
        (Kind::ApiKey, "SG.", "a1B2c3D4e5F6g7H8i9J0k1.", 44),
        (Kind::Token, "dop_v1_", "0123456789abcdef", 64),
        (Kind::Token, "dapi", "0123456789abcdef", 32),
        (Kind::Token, "dckr_pat_", MIXED, 27),
        (Kind::Token, "dp.pt.", MIXED, 43),
        (Kind::Token, "glsa_", MIXED, 41),
        (Kind::Token, "ATATT3", MIXED, 60),
        (Kind::Token, "shpat_", "0123456789abcdef", 32),
        (Kind::ApiKey, "NRAK-", "A1B2C3", 27),
        (Kind::Token, "pul-", "0123456789abcdef", 40),
        (Kind::PrivateKey, "AGE-SECRET-KEY-1", "QZ3X", 58),
        (Kind::Token, "a1B2c3D4e5F6g7.atlasv1.", MIXED, 67),
        (Kind::Secret, "a1B8Q~", MIXED, 34),
    ] {
        let secret = filled(start, filling, length);
        let expected = format!("said [redacted:{}:1] to", kind.word());
        assert_eq!(redacted(&format!("said {secret} to")), expected, "{secret}");
    }
}

#[test]
fn a_form_inside_a_longer_word_is_not_that_form() {
    for text in [
        format!("X{ACCESS_KEY}"),
        filled("task-sk-", "ab-", 30),
        filled("9fceb02d0ae598e95dc9dapi", "0123456789abcdef", 32),
    ] {
        assert_eq!(redacted(&text), text);
    }
}

#[test]
fn a_secret_key_is_known_by_the_access_key_beside_it() {
    for text in [
        format!("{ACCESS_KEY} {SECRET_KEY}"),
        format!("{ACCESS_KEY}:{SECRET_KEY}"),
        format!("[default]\n{SECRET_KEY}\n{ACCESS_KEY}\n"),
        format!("┃ {ACCESS_KEY}\n┃ é\n┃ {SECRET_KEY}"),
    ] {
        assert!(!redacted(&text).contains("wJalr"), "{text}");
    }
    let far = format!("{ACCESS_KEY}{}{SECRET_KEY}", " and so on".repeat(60));
    assert!(redacted(&far).contains(SECRET_KEY));
    let longer = format!(
        "{ACCESS_KEY} HostID: 2hO5Rftka8Cw4QaZowTsqJZTshwVcziXLuGsgUsfwDhwXad3DoCvvCw4PXG/vQKQ"
    );
    assert!(
        redacted(&longer)
            .ends_with(" HostID: 2hO5Rftka8Cw4QaZowTsqJZTshwVcziXLuGsgUsfwDhwXad3DoCvvCw4PXG/vQKQ")
    );
    let commit = format!("{ACCESS_KEY} 9fceb02d0ae598e95dc970b74767f19372d61af8");
    assert!(redacted(&commit).contains("9fceb02d0ae598e95dc970b74767f19372d61af8"));
}

#[test]
fn addresses_lose_their_passwords_and_nothing_else() {
    assert_snapshot!(redacted("postgres://app:pa55@db.example.com:5432/app?sslmode=require"), @"postgres://app:[redacted:password:1]@db.example.com:5432/app?sslmode=require");
    assert_snapshot!(redacted("https://u:p@ss@h/x?mail=a@b.c"), @"https://u:[redacted:password:1]@h/x?mail=a@b.c");
    assert_snapshot!(redacted("amqp://u:pa/55@h/vhost"), @"amqp://u:[redacted:password:1]@h/vhost");
    assert_snapshot!(redacted("mongodb+srv://u:p1@h1,mongodb://u:p2@h2"), @"mongodb+srv://u:[redacted:password:1]@h1,mongodb://u:[redacted:password:2]@h2");
    assert_snapshot!(redacted("jdbc:oracle:thin:scott/tiger@//h:1521/x and app:tiger@tcp(h:3306)/x"), @"jdbc:oracle:thin:scott/[redacted:password:1]@//h:1521/x and app:[redacted:password:1]@tcp(h:3306)/x");
    assert_snapshot!(redacted(&format!("https://{}@github.com/acme/x.git", filled("", MIXED, 40))), @"https://[redacted:token:1]@github.com/acme/x.git");
    assert_snapshot!(redacted("DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=aGVsbG8=;EndpointSuffix=core.windows.net"), @"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=[redacted:api-key:1];EndpointSuffix=core.windows.net");
    assert_snapshot!(redacted("https://b.s3.amazonaws.com/k?X-Amz-Date=20240115T034211Z&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20240115%2Fs3&X-Amz-Signature=ab12&x=1"), @"https://b.s3.amazonaws.com/k?X-Amz-Date=20240115T034211Z&X-Amz-Credential=[redacted:signature:1]&X-Amz-Signature=[redacted:signature:2]&x=1");
}

#[test]
fn headers_and_arguments_lose_their_secrets() {
    assert_snapshot!(redacted("Authorization: Basic YWxpY2U6cGE1NQ=="), @"Authorization: Basic [redacted:token:1]");
    assert_snapshot!(redacted("\"Authorization\": \"Bearer abc.def-123\""), @r#""Authorization": "Bearer [redacted:token:1]""#);
    assert_snapshot!(redacted("Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20240115/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024"), @"Authorization: AWS4-HMAC-SHA256 Credential=[redacted:secret:1], SignedHeaders=host, Signature=[redacted:signature:2]");
    assert_snapshot!(redacted("Set-Cookie: session=a1b2; Path=/"), @"Set-Cookie: [redacted:token:1]");
    assert_snapshot!(redacted("curl -u alice:pa55 https://example.com"), @"curl -u alice:[redacted:password:1] https://example.com");
    assert_snapshot!(redacted("docker login -u alice -p pa55 ghcr.example.com"), @"docker login -u alice -p [redacted:password:1] ghcr.example.com");
    assert_snapshot!(redacted("mysql -u app -ppa55 app; sshpass -p pa66 ssh x"), @"mysql -u app -p[redacted:password:1] app; sshpass -p [redacted:password:2] ssh x");
    assert_snapshot!(redacted("var.db_password\n  The password.\n\n  Enter a value: hunter2\n\nvar.region\n  Enter a value: eu-west-1"), @"
    var.db_password
      The password.

      Enter a value: [redacted:secret:1]

    var.region
      Enter a value: eu-west-1
    ");
}

const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\n\
    MIIEowIBAAKCAQEA7bq0W1oYp9cPmZxV\n\
    qK3b4Jt0Yy8s1hVv2lM9rX6uPp5wQe7A\n\
    dG4=\n\
    -----END RSA PRIVATE KEY-----";

#[test]
fn a_private_key_is_hidden_in_every_armour() {
    for name in [
        "RSA PRIVATE KEY",
        "PRIVATE KEY",
        "EC PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        let key = KEY.replace("RSA PRIVATE KEY", name);
        assert_eq!(
            redacted(&format!("a\n{key}\nb")),
            "a\n[redacted:private-key:1]\nb"
        );
    }
    let ssh2 = KEY
        .replace("-----BEGIN RSA", "---- BEGIN SSH2 ENCRYPTED")
        .replace("-----END RSA", "---- END SSH2 ENCRYPTED")
        .replace("KEY-----", "KEY ----");
    assert_eq!(redacted(&ssh2), "[redacted:private-key:1]");
    let putty = "Public-Lines: 1\nAAAAB3NzaC1yc2EA\nPrivate-Lines: 2\nAAABAQC7bq0W1oYp9cPm\nqK3b4Jt0Yy8s\nPrivate-MAC: 0a1b2c\nx";
    assert_eq!(
        redacted(putty),
        "Public-Lines: 1\nAAAAB3NzaC1yc2EA\nPrivate-Lines: 2[redacted:private-key:1]\nx"
    );
}

#[test]
fn a_private_key_is_hidden_in_every_wrapping() {
    for text in [
        KEY.replace('\n', "\r\n"),
        KEY.replace('\n', "\\n"),
        KEY.replace('\n', "\\\\n"),
        KEY.replace('\n', " "),
        KEY.replace('\n', "\n2024-01-15T03:42:11Z   "),
        KEY.replace('\n', "\n│ "),
        KEY.replace('\n', "\u{1b}[0m\n\u{1b}[31m│\u{1b}[0m "),
        format!("private_key = <<EOT\n{KEY}\nEOT"),
        json(&json(KEY)),
    ] {
        let hidden = redacted(&text);
        assert!(
            hidden.contains(":1]") && !hidden.contains(":2]"),
            "{hidden}"
        );
        for piece in ["MIIE", "9cPm", "qK3b", "Qe7A", "dG4="] {
            assert!(!hidden.contains(piece), "{text}\n{hidden}");
        }
    }
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn a_private_key_that_was_cut_off_is_hidden_as_far_as_it_goes() {
    let lines: Vec<&str> = KEY.lines().collect();
    for count in 2..=4 {
        for prefix in ["", "│ ", "14:02:03.100 STDERR terraform: "] {
            let key: String = lines[..count]
                .iter()
                .map(|line| format!("{prefix}{line}\n"))
                .collect();
            let text = format!("{key}{prefix}Error: Error acquiring the state lock\n");
            assert_eq!(
                redacted(&text),
                format!(
                    "{prefix}[redacted:private-key:1]\n{prefix}Error: Error acquiring the state lock\n"
                )
            );
        }
    }
    let with_headers = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\nMIIEowIBAAKCAQEA7bq0W1oYp9cPmZxV\nx y";
    assert_eq!(redacted(with_headers), "[redacted:private-key:1]\nx y");
}

#[test]
fn two_keys_are_two_secrets_and_one_key_twice_is_one() {
    let other = KEY.replace("MIIE", "MIIJ");
    let cut = "-----BEGIN RSA PRIVATE KEY-----\nMIIFowIBAAKCAQEA7bq0W1oYp9cP\n";
    assert_eq!(
        redacted(&format!(
            "{KEY}\n{other}\n{cut}{KEY}\n> {}",
            KEY.replace('\n', "\n> ")
        )),
        "[redacted:private-key:1]\n[redacted:private-key:2]\n[redacted:private-key:3]\n[redacted:private-key:1]\n> [redacted:private-key:1]"
    );
}

#[test]
fn keys_of_other_services_are_known_by_their_names() {
    for name in [
        "preshared_key",
        "PresharedKey",
        "hmac_key",
        "routing_key",
        "integration-key",
        "consumerKey",
        "client-key-data",
    ] {
        let text = format!("{name}: Zm9vYmFyYmF6cXV4MTIzNDU2");
        let hidden = Redactor::new(Accounts::Shown).redact(&text);
        assert!(!hidden.contains("Zm9vYmFy"), "{hidden}");
    }
}
