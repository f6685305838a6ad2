//! Where backends are found, and where not.

use insta::assert_snapshot;
use lockwarden_harden::Format;

use crate::{read, s3_with, try_read};

/// What was found: backend, source, line, bucket.
fn found(text: &str) -> Vec<String> {
    let backends = read(text).backends;
    let line = |backend: &lockwarden_harden::Backend| {
        let source = serde_json::to_value(backend.source).unwrap();
        let bucket = backend.bucket.as_deref().unwrap_or("-");
        format!(
            "{} {} {} {bucket}",
            backend.line,
            backend.backend,
            source.as_str().unwrap()
        )
    };
    backends.iter().map(line).collect()
}

#[test]
fn a_backend_is_found_in_every_shape() {
    for (text, expected) in [
        (
            "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n  }\n}",
            "2 s3 backend-block b",
        ),
        (
            "terraform {\n}\nterraform {\n  backend s3 { bucket = \"b\" }\n}",
            "4 s3 backend-block b",
        ),
        (
            "\u{feff}terraform {\r\n  backend \"s3\" {\r\n    bucket = \"b\"\r\n  }\r\n}\r\n",
            "2 s3 backend-block b",
        ),
        (
            r#"{"terraform":{"backend":{"s3":{"bucket":"b"}}}}"#,
            "1 s3 backend-block b",
        ),
        (
            "\u{feff}{\n\"terraform\":[{\"backend\":[{\"s3\":[{\"bucket\":\"b\"}]}]}]}",
            "2 s3 backend-block b",
        ),
        (
            r#"[{"terraform":{"backend":{"s3":{"bucket":"b"}}}}]"#,
            "1 s3 backend-block b",
        ),
        (
            "bucket = \"b\"\nkey = \"k/k\"\n",
            "1 s3 backend-config-file b",
        ),
        (
            r#"{"bucket":"b","region":"r","key":"k"}"#,
            "1 s3 backend-config-file b",
        ),
        (
            "remote_state {\n  backend = \"s3\"\n  config = {\n    bucket = \"b\"\n  }\n}",
            "1 s3 remote-state b",
        ),
        (
            "remote_state {\n  backend = \"s3\"\n  config {\n    bucket = \"b\"\n  }\n}",
            "1 s3 remote-state b",
        ),
        (
            "terragrunt = {\n  remote_state = {\n    backend = \"s3\"\n    config = { \"bucket\" : \"b\" }\n  }\n}",
            "2 s3 remote-state b",
        ),
        (
            r#"{"remote_state":{"backend":"s3","config":{"bucket":"b"}}}"#,
            "1 s3 remote-state b",
        ),
        (
            r#"{"remote_state":{"backend":"s3","config":"${local.x}"}}"#,
            "1 s3 remote-state -",
        ),
        (
            r#"{"remote_state":{"backend":"s3","bucket":"b"}}"#,
            "1 s3 remote-state -",
        ),
        (
            "remote_state {\n  backend = \"s3\"\n  config = merge(local.a, local.b)\n}",
            "1 s3 remote-state -",
        ),
        (
            "remote_state {\n  backend = local.kind\n  config = {}\n}",
            "1 unknown remote-state -",
        ),
        (
            "generate \"x\" {\n  contents = <<-EOF\n    terraform {\n      backend \"s3\" {\n        bucket = \"b\"\n      }\n    }\n  EOF\n}",
            "4 s3 generate-block b",
        ),
        (
            "terraform {\n  backend \"azurerm\" {\n    key = \"k\"\n  }\n}",
            "2 azurerm backend-block -",
        ),
        (
            "terraform {\n  cloud {\n    organization = \"o\"\n  }\n}",
            "2 cloud backend-block -",
        ),
        (
            "storage_account_name = \"a\"\nkey = \"k\"\n",
            "1 azurerm backend-config-file -",
        ),
        (
            "bucket = \"b\"\nprefix = \"p\"\n",
            "1 gcs backend-config-file b",
        ),
    ] {
        assert_eq!(found(text), [expected], "{text}");
    }
}

#[test]
fn what_only_looks_like_a_backend_is_none() {
    for text in [
        "# terraform {\n# backend \"s3\" {\n# }\n# }\n",
        "/*\nterraform {\n  backend \"s3\" {\n  }\n}\n*/\n",
        "locals {\n  x = <<EOT\nterraform {\n  backend \"s3\" {\n  }\n}\nEOT\n}\n",
        "data \"terraform_remote_state\" \"x\" {\n  backend = \"s3\"\n  config = {\n    bucket = \"b\"\n  }\n}\n",
        "generate \"x\" {\n  contents = templatefile(\"backend.tftpl\", {})\n}\n",
        "generate \"x\" {\n  contents = <<EOF\n%{ if true }\nterraform {\n%{ endif }\nEOF\n}\n",
        "terraform {\n  required_version = \"1.11\"\n}\n",
        "region = \"eu-west-1\"\n",
        "{\"terraform\":[]}",
        "[1, null]",
        "",
    ] {
        let error = try_read(text, None).unwrap_err().to_string();
        assert_eq!(
            error,
            "the configuration holds no backend; a right one looks like `terraform { backend \"s3\" { bucket = \"…\" key = \"…\" } }` over several lines",
            "{text}"
        );
    }
}

#[test]
fn a_commented_twin_is_not_the_argument() {
    let text = s3_with("-encrypt\n/* encrypt = false */ encrypt = true # encrypt = false");
    let answer = read(&text.replace("use_lockfile", "// use_lockfile = false\n    use_lockfile"));
    assert_eq!(answer.main().unwrap().encrypt, Some(true));
    assert_eq!(answer.main().unwrap().findings, []);
}

#[test]
fn other_backends_are_named_and_have_no_s3_findings() {
    for name in [
        "azurerm",
        "gcs",
        "remote",
        "consul",
        "pg",
        "http",
        "local",
        "kubernetes",
        "cos",
        "oss",
    ] {
        let text = format!(
            "terraform {{\n  backend \"{name}\" {{\n    key = \"k\"\n    encrypt = false\n  }}\n}}\n"
        );
        let answer = read(&text);
        assert_eq!(answer.main().unwrap().backend, name);
        assert_eq!(
            (answer.main().unwrap().findings.len(), answer.hardened),
            (0, text)
        );
    }
}

#[test]
fn the_s3_backend_is_the_main_one() {
    let text = format!(
        "terraform {{\n  backend \"gcs\" {{\n  }}\n}}\n{}",
        s3_with("")
    );
    let answer = read(&text);
    assert_eq!(answer.main().unwrap().backend, "s3");
    let reply = serde_json::to_value(answer.reply()).unwrap();
    assert_eq!(
        (
            reply["backend"].as_str(),
            reply["others"][0]["backend"].as_str()
        ),
        (Some("s3"), Some("gcs"))
    );
}

#[test]
fn the_reply_has_the_shape_of_the_contract() {
    let text = "terraform {\n  backend \"s3\" {\n    bucket = \"acme-tf-state\"\n    key    = \"a/b\"\n    use_lockfile = true\n    kms_key_id = \"k\"\n  }\n}\n";
    let mut reply = serde_json::to_value(read(text).reply()).unwrap();
    let companion = reply["companion"].take();
    assert!(companion.as_str().unwrap().contains("aws_s3_bucket"));
    insta::assert_json_snapshot!(reply, @r###"
{
  "backend": "s3",
  "bucket": "acme-tf-state",
  "companion": null,
  "diff": "# Apply with: patch backend.tf hardening.diff\n--- a/backend.tf\n+++ b/backend.tf\n@@ -4,5 +4,6 @@\n     key    = \"a/b\"\n     use_lockfile = true\n     kms_key_id = \"k\"\n+    encrypt    = true\n   }\n }\n",
  "dynamodb_table": null,
  "encrypt": null,
  "file_findings": [],
  "findings": [
    {
      "change": "`encrypt = true`; objects that exist stay as they are until the next write",
      "line": 2,
      "message": "state holds every secret of its resources, and Terraform asks S3 to encrypt it only with `encrypt = true`; without it, only the bucket's default counts, and `kms_key_id` is not used",
      "rule": "not-encrypted",
      "severity": "medium"
    }
  ],
  "hardened": "terraform {\n  backend \"s3\" {\n    bucket = \"acme-tf-state\"\n    key    = \"a/b\"\n    use_lockfile = true\n    kms_key_id = \"k\"\n    encrypt    = true\n  }\n}\n",
  "key": "a/b",
  "kms_key_id": "k",
  "line": 2,
  "others": [],
  "region": null,
  "secret_lines": [],
  "secrets": [],
  "source": "backend-block",
  "use_lockfile": true
}
"###);
}

#[test]
fn what_is_not_valid_is_refused_with_its_place() {
    let refused = |text: &str, format| try_read(text, format).unwrap_err().to_string();
    assert_snapshot!(refused("terraform {\n  backend \"s3\" {\n    bucket = {{ bucket }}\n  }\n}\n", None), @r#"the configuration is not valid HCL at line 3, column 25 (invalid object value assignment; expected `=` or `:`); a template has to be rendered first; a right one looks like `terraform { backend "s3" { bucket = "…" key = "…" } }` over several lines"#);
    assert_snapshot!(refused("terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n", None), @r#"the configuration is not valid HCL at line 3, column 17 (invalid block body; expected `}`, newline or identifier); a template has to be rendered first; a right one looks like `terraform { backend "s3" { bucket = "…" key = "…" } }` over several lines"#);
    assert_snapshot!(refused("{\"terraform\": {\"backend\": {\"s3\": {,}}}}", None), @r#"the configuration is not valid JSON at line 1, column 35 (an unexpected character); a template has to be rendered first; a right one looks like `terraform { backend "s3" { bucket = "…" key = "…" } }` over several lines"#);
    assert_snapshot!(refused("{\"terraform\": ", None), @r#"the configuration is not valid JSON at line 1, column 14 (it ends too early); a template has to be rendered first; a right one looks like `terraform { backend "s3" { bucket = "…" key = "…" } }` over several lines"#);
    assert_snapshot!(refused("bucket: b\nkey: k\n", None), @r#"the configuration is not valid HCL at line 1, column 7 (invalid structure; expected `{`, `=`, `"` or identifier); a template has to be rendered first; a right one looks like `terraform { backend "s3" { bucket = "…" key = "…" } }` over several lines"#);
    assert_snapshot!(refused("{\"terraform\": {}}", Some(Format::Hcl)), @r#"the configuration is not valid HCL at line 1, column 1 (unexpected token); a template has to be rendered first; a right one looks like `terraform { backend "s3" { bucket = "…" key = "…" } }` over several lines"#);
}

#[test]
fn more_backends_than_anybody_pastes_are_refused() {
    let error = try_read(&s3_with("").repeat(101), None)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "the configuration holds 101 backends, and at most 100 are read; paste fewer files at once"
    );
    assert_eq!(read(&s3_with("").repeat(100)).backends.len(), 100);
}

#[test]
fn deep_nesting_is_refused_and_uses_up_no_stack() {
    for deep in [
        format!(
            "terraform {{\n  backend \"s3\" {{\n    key = {}1{}\n  }}\n}}\n",
            "[".repeat(100_000),
            "]".repeat(100_000)
        ),
        format!(
            "terraform {{\n  backend \"s3\" {{\n    key = {}1\n  }}\n}}\n",
            "!".repeat(100_000)
        ),
        format!(
            "terraform {{\n  backend \"s3\" {{\n    key = 1{}\n  }}\n}}\n",
            "+1".repeat(100_000)
        ),
        format!(
            "terraform {{\n  backend \"s3\" {{\n    key = \"{}x{}\"\n  }}\n}}\n",
            "${\"".repeat(50_000),
            "\"}".repeat(50_000)
        ),
        "x {\n".repeat(60_000),
        format!(
            "{{\"terraform\": {}1{}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        ),
        "{\"terraform\":".repeat(20_000),
    ] {
        let error = try_read(&deep, None).unwrap_err().to_string();
        assert!(error.contains("is not valid"), "{error:.300}");
    }
}
