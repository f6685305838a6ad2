//! When two configurations have one state.

use crate::{read, s3_with};

/// The lines at which a state that is shared by accident is found.
fn shared(text: &str) -> Vec<usize> {
    let backends = read(text).backends;
    let findings = backends.iter().flat_map(|backend| &backend.findings);
    findings
        .filter(|finding| finding.rule == "shared-state-key")
        .map(|finding| finding.line)
        .collect()
}

#[test]
fn one_key_for_two_backends_is_found_in_both() {
    let one = s3_with("");
    assert_eq!(shared(&format!("{one}\n{one}")), [4, 15]);
    assert_eq!(shared(&format!("{one}\n{one}\n{one}")), [4, 15, 26]);
    for (other, is_shared) in [
        ("region = \"us-east-1\"", true),
        ("workspace_key_prefix = \"ws\"", true),
        ("key = \"dns/prod.tfstate\"", false),
        ("bucket = \"acme-other-state\"", false),
        (
            "key = \"${path_relative_to_include()}/prod.tfstate\"",
            false,
        ),
        ("key = local.key", false),
        // A bucket of this name in another store is another bucket; in one that is not known, perhaps.
        ("endpoints = { s3 = \"https://minio.example.com\" }", false),
        ("endpoints = { s3 = var.endpoint }", false),
        ("endpoint = \"\"", true),
    ] {
        let text = format!("{one}\n{}", s3_with(other));
        assert_eq!(!shared(&text).is_empty(), is_shared, "{other}");
    }
    let elsewhere = s3_with("endpoints = { s3 = \"https://minio.example.com\" }");
    assert_eq!(shared(&format!("{elsewhere}\n{elsewhere}")).len(), 2);
}

#[test]
fn backends_of_every_kind_are_compared() {
    let block = s3_with("");
    let remote_state = "remote_state {\n  backend = \"s3\"\n  config = {\n    bucket = \"acme-tf-state\"\n    key = \"network/prod.tfstate\"\n  }\n}\n";
    let generate = format!("generate \"x\" {{\n  contents = <<EOF\n{block}EOF\n}}\n");
    assert_eq!(shared(&format!("{block}{remote_state}")), [4, 15]);
    assert_eq!(shared(&format!("{generate}{remote_state}")), [6, 19]);
    let json = r#"[{"terraform":{"backend":{"s3":{"bucket":"b","key":"a/b"}}}},
{"terraform":{"backend":{"s3":{"bucket":"b","key":"a/b"}}}}]"#;
    assert_eq!(shared(json), [1, 2]);
}

/// Whoever reads a state, and workspaces, which all have the key of their one backend, share nothing by accident.
#[test]
fn what_is_meant_to_be_shared_is_not_found() {
    let reader = "data \"terraform_remote_state\" \"x\" {\n  backend = \"s3\"\n  config = {\n    bucket = \"acme-tf-state\"\n    key = \"network/prod.tfstate\"\n  }\n}\n";
    let text = format!("{}{reader}", s3_with("workspace_key_prefix = \"ws\""));
    assert_eq!(shared(&text), [0; 0]);
    let gcs = "terraform {\n  backend \"gcs\" {\n    bucket = \"acme-tf-state\"\n    key = \"network/prod.tfstate\"\n  }\n}\n";
    assert_eq!(shared(&format!("{}{gcs}", s3_with(""))), [0; 0]);
}
