//! Texts that nobody writes by hand: large, repetitive, contradictory.

use lockwarden_harden::{NotRead, format};

use crate::{read, s3_with, try_read};

/// What would take minutes if anything took a time that grows with the square of the text.
#[test]
fn the_largest_text_is_hardened_while_one_waits() {
    let backend =
        s3_with("role_arn = \"arn:aws:iam::123456789012:role/x\"\nsecret_key = \"hunter2hunter2\"");
    let numbered = |line: &dyn Fn(usize) -> String| -> String {
        (0..)
            .map(line)
            .scan(backend.len(), |size, line| {
                *size += line.len();
                (*size < format::LARGEST).then_some(line)
            })
            .collect()
    };
    for (what, rest) in [
        (
            "secrets in comments",
            numbered(&|n| format!("# secret_key = \"S{n:07}xYz\"\n")),
        ),
        (
            "secrets in code",
            numbered(&|n| format!("a \"b{n}\" {{\n  secret_key = \"S{n:07}xYz\"\n}}\n")),
        ),
        (
            "one line",
            format!("locals {{ x = \"{}\" }}\n", "${a}".repeat(250_000)),
        ),
        (
            "code",
            numbered(&|n| {
                format!("resource \"a\" \"b{n}\" {{\n  c = {{ d = [1, \"e\"] }} # f\n}}\n")
            }),
        ),
    ] {
        let text = format!("{backend}{rest}");
        assert!(text.len() > format::LARGEST * 9 / 10, "{what}");
        let answer = read(&text);
        assert!(
            answer.hardened.contains("assume_role = {") && answer.findings.len() <= 51,
            "{what}"
        );
        assert!(!answer.hardened.contains("hunter2"), "{what}");
    }
    let backends = backend.repeat(100);
    let text = format!(
        "{}{backends}",
        "# x\n".repeat((format::LARGEST - backends.len()) / 4)
    );
    assert_eq!(read(&text).backends.len(), 100);
    let more = " ".repeat(format::LARGEST + 1);
    assert_eq!(
        try_read(&more, None),
        Err(NotRead::TooLarge { size: more.len() })
    );
}

/// Terraform refuses an argument that is there twice. Here it is enough that nothing is lost and nothing made up.
#[test]
fn an_argument_that_is_there_twice_loses_no_secret_and_comes_to_rest() {
    let json =
        |members: &str| format!("{{\"terraform\":{{\"backend\":{{\"s3\":{{{members}}}}}}}}}");
    for text in [
        s3_with("encrypt = false\nencrypt = \"false\""),
        s3_with("lock_table = \"a\"\nlock_table = \"b\"\ndynamodb_table = \"\""),
        s3_with("secret_key = \"hunter2\"\nsecret_key = \"hunter3\""),
        s3_with(
            "role_arn = \"\"\nrole_arn = \"arn:aws:iam::123456789012:role/x\"\nassume_role = null",
        ),
        s3_with("endpoints = { s3 = \"\", s3 = \"https://k:hunter2@a.example.com\" }"),
        json(
            "\"bucket\":\"b\",\"bucket\":\"c\",\"key\":\"a/b\",\"encrypt\":false,\"encrypt\":null",
        ),
        json(
            "\"bucket\":\"b\",\"key\":\"a/b\",\"use_lockfile\":null,\"use_lockfile\":false,\"token\":\"hunter2\",\"token\":\"hunter3\"",
        ),
    ] {
        match try_read(&text, None) {
            Ok(answer) => {
                assert!(!answer.hardened.contains("hunter"), "{}", answer.hardened);
                assert_eq!(read(&answer.hardened).hardened, answer.hardened, "{text}");
            }
            Err(error) => assert!(error.to_string().contains("is not valid HCL"), "{error}"),
        }
    }
}

#[test]
fn several_terraform_blocks_and_other_kinds_of_backends_stay_apart() {
    let s3 = s3_with("encrypt = false");
    let cloud = "terraform {\n  cloud {\n    organization = \"acme\"\n    token        = \"hunter2\"\n  }\n}\n";
    let remote = "terraform {\n  backend \"remote\" {\n    organization = \"acme\"\n  }\n}\n";
    let required = "terraform {\n  required_version = \">= 1.5\"\n}\n";
    let answer = read(&format!("{required}{cloud}{s3}{remote}"));
    let names: Vec<_> = answer
        .backends
        .iter()
        .map(|backend| backend.backend.as_str())
        .collect();
    assert_eq!(names, ["cloud", "s3", "remote"]);
    assert_eq!(answer.main().unwrap().backend, "s3");
    let cloud = cloud.replace("hunter2", lockwarden_harden::PLACEHOLDER);
    let s3 = s3.replace("encrypt = false", "encrypt = true");
    assert_eq!(answer.hardened, format!("{required}{cloud}{s3}{remote}"));
}
