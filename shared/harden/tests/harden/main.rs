//! The crate through its public face: a text in, the answer out.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "the helpers of a test may stop at what they did not expect, and say what was skipped"
)]

#[path = "../../../../local/src/aloud.rs"]
#[expect(
    unreachable_pub,
    reason = "the file is another crate's, where it is reachable"
)]
mod aloud;
mod rules;
mod shapes;
mod terragrunt;
mod keys;
mod layout;
mod limits;
mod companion;
mod secrets;
mod generated;
mod versions;
mod followed;
mod properties;
mod programs;

use lockwarden_harden::{Format, Hardened, NotRead, Options, Version, harden};

fn read(text: &str) -> Hardened {
    try_read(text, None).unwrap()
}

fn try_read(text: &str, format: Option<Format>) -> Result<Hardened, NotRead> {
    let options = Options {
        format,
        terraform: None,
        file: None,
    };
    harden(text.as_bytes(), options)
}

fn read_for(text: &str, version: &str) -> Hardened {
    let terraform = Version::parse(version);
    let options = Options {
        format: None,
        terraform,
        file: None,
    };
    harden(text.as_bytes(), options).unwrap()
}

/// A complete S3 backend with nothing to find, and these lines.
fn s3_with(lines: &str) -> String {
    let mut text = String::from("terraform {\n  backend \"s3\" {\n");
    for line in [
        r#"bucket = "acme-tf-state""#,
        r#"key = "network/prod.tfstate""#,
        r#"region = "eu-west-1""#,
        "encrypt = true",
        r#"kms_key_id = "alias/state""#,
        "use_lockfile = true",
    ] {
        let name = line.split(' ').next().unwrap();
        let says =
            |line: &str| line.starts_with(&format!("{name} =")) || line == format!("-{name}");
        if !lines.lines().any(says) {
            text.push_str(&format!("    {line}\n"));
        }
    }
    for line in lines.lines().filter(|line| !line.starts_with('-')) {
        text.push_str(&format!("    {line}\n"));
    }
    text.push_str("  }\n}\n");
    text
}
