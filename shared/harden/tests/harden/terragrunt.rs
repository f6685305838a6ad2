//! Terragrunt's files: what they leave to functions and to other files is unknown here, and never missing.

use lockwarden_harden::Source;

use crate::{read, try_read};

/// A `remote_state` block with these lines in its `config`.
fn remote_state(lines: &str) -> String {
    format!("remote_state {{\n  backend = \"s3\"\n  config = {{\n{lines}\n  }}\n}}\n")
}

fn rules_of(text: &str) -> Vec<&'static str> {
    let backends = read(text).backends;
    let findings = backends.iter().flat_map(|backend| &backend.findings);
    findings.map(|finding| finding.rule).collect()
}

#[test]
fn what_a_function_works_out_is_unknown_and_never_missing() {
    for config in [
        "bucket = \"tf-${get_aws_account_id()}\"\nkey = \"${path_relative_to_include()}/terraform.tfstate\"\nencrypt = local.encrypt\n\
         kms_key_id = get_env(\"KEY\")\nuse_lockfile = include.root.locals.lock",
        "bucket = local.vars.bucket\nkey = join(\"/\", [path_relative_to_include(), \"x\"])\nencrypt = true\n\
         kms_key_id = run_cmd(\"--quiet\", \"key.sh\")\ndynamodb_table = try(local.vars.table, null)\nuse_lockfile = true",
    ] {
        let text = remote_state(config);
        assert_eq!(rules_of(&text), [""; 0], "{text}");
        assert_eq!(read(&text).hardened, text);
        let backends = read(&text).backends;
        assert_eq!((&backends[0].bucket, &backends[0].key), (&None, &None));
    }
    for text in [
        "remote_state {\n  backend = \"s3\"\n  config = merge(local.common, { key = \"x\" })\n}\n",
        "remote_state {\n  backend = \"s3\"\n  config = read_terragrunt_config(find_in_parent_folders(\"s3.hcl\")).locals.config\n}\n",
        "remote_state {\n  backend = local.kind\n  config = { bucket = \"b\" }\n}\n",
        "generate \"backend\" {\n  path = \"b.tf\"\n  contents = templatefile(\"s3.tftpl\", { bucket = \"b\" })\n}\n",
        "generate \"x\" {\n  path = \"backend.tf\"\n  contents = <<EOF\n%{ if local.on }\nterraform {\n%{ endif }\nEOF\n}\n",
    ] {
        assert_eq!(rules_of(text), ["partial-configuration"], "{text}");
        let finding = &read(text).backends[0].findings[0];
        assert!(finding.message.starts_with("unknown here: "), "{finding:?}");
        assert!(finding.change.starts_with("paste "), "{finding:?}");
        assert_eq!(read(text).hardened, text);
    }
}

#[test]
fn a_key_that_all_units_would_share_is_found() {
    let sound =
        "bucket = \"b-b\"\nencrypt = true\nkms_key_id = \"alias/x\"\nuse_lockfile = true\nkey = ";
    let literal = remote_state(&format!("{sound}\"a/terraform.tfstate\""));
    assert_eq!(rules_of(&literal), ["one-key-for-all-units"]);
    for alone in [
        remote_state(&format!(
            "{sound}\"${{path_relative_to_include()}}/terraform.tfstate\""
        )),
        format!("include \"root\" {{\n  path = find_in_parent_folders()\n}}\n{literal}"),
        literal
            .replace("remote_state", "terraform")
            .replace("backend = \"s3\"\n  config =", "backend \"s3\""),
    ] {
        assert_eq!(rules_of(&alone), [""; 0], "{alone}");
    }
}

/// As Terragrunt before 0.19 had it in `terraform.tfvars`, in HCL 1.
const OLD: &str = r#"terragrunt = {
  # the state
  remote_state {
    backend = "s3"
    config {
      encrypt    = true
      bucket     = "acme-tf-state"
      key        = "${path_relative_to_include()}/terraform.tfstate"
      region     = "eu-west-1"
      kms_key_id = "alias/state"
      lock_table = "locks" # one for all
      secret_key = "tiny1"
    }
  }
  terraform {
    source = "git::ssh://git@example.com/modules.git//vpc"
  }
}
name = "vpc"
"#;

#[test]
fn a_file_of_old_terragrunt_is_read_and_gets_nothing_newer_than_itself() {
    let answer = read(OLD);
    let backend = &answer.backends[0];
    assert_eq!(
        (
            backend.backend.as_str(),
            backend.source,
            backend.line,
            backend.bucket.as_deref()
        ),
        ("s3", Source::RemoteState, 3, Some("acme-tf-state"))
    );
    assert_eq!(backend.secrets, ["secret_key"]);
    assert_eq!(
        rules_of(OLD),
        [
            "dynamodb-locking-only",
            "lock-table-argument",
            "static-credentials"
        ]
    );
    let expected = OLD
        .replace("lock_table = ", "dynamodb_table = ")
        .replace("      secret_key = \"tiny1\"\n", "");
    assert_eq!(answer.hardened, expected);
    assert_eq!(read(&answer.hardened).hardened, answer.hardened);
    // The form that HCL 2 takes as well.
    let attribute = OLD
        .replace("remote_state {", "remote_state = {")
        .replace("config {", "config = {");
    let attribute = attribute.replace("  terraform {\n    source", "  terraform = {\n    source");
    assert!(!read(&attribute).hardened.contains("use_lockfile"));
}

#[test]
fn a_backend_that_is_in_the_included_file_is_asked_for() {
    for text in [
        "include \"root\" {\n  path = find_in_parent_folders()\n}\n",
        "include {\n  path = find_in_parent_folders(\"root.hcl\")\n}\ninputs = {\n  a = 1\n}\n",
        "terragrunt = {\n  include {\n    path = \"${find_in_parent_folders()}\"\n  }\n}\n",
        "terragrunt = {\n  include = {\n    path = \"${find_in_parent_folders()}\"\n  }\n}\n",
    ] {
        let error = try_read(text, None).unwrap_err().to_string();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"the configuration holds no backend, but includes another file, which does; paste that one (most often `find_in_parent_folders()` finds it): a right one has a block such as `remote_state { backend = \"s3\" config = {…} }`");
        }
    }
}
