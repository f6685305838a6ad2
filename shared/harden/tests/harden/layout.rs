//! What a rewritten file looks like: as its author would have written it.

use insta::assert_snapshot;

use crate::read;

fn hardened(text: &str) -> String {
    read(text).hardened
}

#[test]
fn everything_else_stays_as_it_is() {
    assert_snapshot!(hardened(r#"# The state of the network team.
terraform {
  required_version = ">= 1.5" # everyone has it

  backend "s3" {
    // where
    bucket         = "acme-tf-state"  /* shared */
    key            = "terraform.tfstate"
    region         = "eu-west-1"
    dynamodb_table = "terraform-locks" # one for all
    # the CI user
    access_key     = "AKIAIOSFODNN7EXAMPLE" # 2019
    secret_key     = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

    role_arn     = "arn:aws:iam::123456789012:role/state" # the role
    # who
    session_name = "ci"

    assume_role_duration_seconds = 3600 /* an hour */
    encrypt        = "false" # encrypt = true
  }
}

resource "null_resource"   "odd"   {}
"#), @r#"
# The state of the network team.
terraform {
  required_version = ">= 1.5" # everyone has it

  backend "s3" {
    // where
    bucket         = "acme-tf-state"  /* shared */
    key            = "terraform.tfstate"
    region         = "eu-west-1"
    dynamodb_table = "terraform-locks" # one for all
    use_lockfile   = true
    # the CI user
    # 2019

    assume_role = {
      role_arn     = "arn:aws:iam::123456789012:role/state" # the role
      # who
      session_name = "ci"

      duration = "3600s" /* an hour */
    }
    encrypt        = true # encrypt = true
  }
}

resource "null_resource"   "odd"   {}
"#);
}

#[test]
fn arguments_that_stand_apart_meet_where_the_first_one_stood() {
    assert_snapshot!(hardened(r#"terraform {
  backend "s3" {
    role_arn = "arn:aws:iam::123456789012:role/state" # the role
    bucket   = "acme-tf-state"
    key      = "a/b"
    external_id = "x1" # from the vendor
    encrypt  = true
    use_lockfile = true
  }
}
"#), @r#"
terraform {
  backend "s3" {
    assume_role = {
      role_arn = "arn:aws:iam::123456789012:role/state"
      external_id = "x1"
    } # the role
    bucket   = "acme-tf-state"
    key      = "a/b"
    # from the vendor
    encrypt  = true
    use_lockfile = true
  }
}
"#);
}

#[test]
fn a_heredoc_keeps_its_lines() {
    assert_snapshot!(hardened(r#"terraform {
  backend "s3" {
    bucket   = "acme-tf-state"
    key      = "a/b"
    encrypt  = true
    use_lockfile = true
    role_arn = "arn:aws:iam::123456789012:role/state"
    assume_role_policy = <<EOT
{"Version": "2012-10-17"}
  indented
EOT
    secret_key = <<EOT
one
two
EOT
  }
}
"#), @r#"
terraform {
  backend "s3" {
    bucket   = "acme-tf-state"
    key      = "a/b"
    encrypt  = true
    use_lockfile = true
    assume_role = {
      role_arn = "arn:aws:iam::123456789012:role/state"
      policy = <<EOT
{"Version": "2012-10-17"}
  indented
EOT
    }
  }
}
"#);
}

#[test]
fn one_line_becomes_several_only_where_it_must() {
    assert_snapshot!(hardened("terraform {\n  backend \"s3\" { dynamodb_table = \"locks\" } # half\n}\n"), @r#"
terraform {
  backend "s3" {
    dynamodb_table = "locks"
    use_lockfile = true
  } # half
}
"#);
    assert_snapshot!(hardened("terraform {\n  backend \"s3\" { secret_key = \"hidden\" }\n}\n"), @r#"
terraform {
  backend "s3" { }
}
"#);
}

#[test]
fn comments_on_the_one_line_stay_beside_their_argument() {
    let text = "terraform {\n  backend \"s3\" { /* a */ dynamodb_table = \"locks\" /* b */ }\n}\n";
    assert_snapshot!(hardened(text), @r#"
terraform {
  backend "s3" {
    /* a */ dynamodb_table = "locks" /* b */
    use_lockfile = true
  }
}
"#);
}

#[test]
fn nothing_is_there_twice_after_a_null_got_a_value() {
    assert_snapshot!(hardened(r#"{"terraform":{"backend":{"s3":{"bucket":"b-b","key":"a/b","encrypt":true,"use_lockfile":true,"role_arn":"arn:aws:iam::123456789012:role/x","assume_role":null,"session_name":"ci"}}}}"#), @r#"{"terraform":{"backend":{"s3":{"bucket":"b-b","key":"a/b","encrypt":true,"use_lockfile":true,"assume_role":{"role_arn":"arn:aws:iam::123456789012:role/x","session_name":"ci"}}}}}"#);
    assert_snapshot!(hardened(r#"remote_state {
  backend = "s3"
  config = { role_arn = "arn:aws:iam::123456789012:role/x", bucket = "b-b", key = "k/k", assume_role = null, session_name = "ci" }
}
"#), @r#"
remote_state {
  backend = "s3"
  config = { assume_role = { role_arn = "arn:aws:iam::123456789012:role/x", session_name = "ci" }, bucket = "b-b", key = "k/k", encrypt = true, use_lockfile = true }
}
"#);
    assert_snapshot!(hardened("generate \"backend\" {\n  contents = <<EOF\nterraform {\n  backend \"s3\" {\n    dynamodb_table = null # note\n    lock_table     = \"locks\"\n  }\n}\nEOF\n}\n"), @r#"
generate "backend" {
  contents = <<EOF
terraform {
  backend "s3" {
    # note
    use_lockfile   = true
    dynamodb_table     = "locks"
  }
}
EOF
}
"#);
}

#[test]
fn objects_keep_their_commas() {
    assert_snapshot!(hardened(r#"remote_state {
  backend = "s3"
  config = {
    bucket         = "b-${local.env}",
    key            = "${path_relative_to_include()}/terraform.tfstate",
    "role_arn"     = "arn:aws:iam::123456789012:role/state",
    session_name   = "ci",
    dynamodb_table = "locks",
  }
}
"#), @r#"
remote_state {
  backend = "s3"
  config = {
    bucket         = "b-${local.env}",
    key            = "${path_relative_to_include()}/terraform.tfstate",
    encrypt        = true,
    assume_role = {
      "role_arn"     = "arn:aws:iam::123456789012:role/state",
      session_name   = "ci",
    },
    dynamodb_table = "locks",
    use_lockfile   = true,
  }
}
"#);
    assert_snapshot!(hardened(r#"remote_state {
  backend = "s3"
  config = { bucket = "b-b", key = "k/k", access_key = "hidden-1", role_arn = "arn:aws:iam::123456789012:role/state", secret_key = "hidden-2" }
}
"#), @r#"
remote_state {
  backend = "s3"
  config = { bucket = "b-b", key = "k/k", encrypt = true, use_lockfile = true, assume_role = { role_arn = "arn:aws:iam::123456789012:role/state" } }
}
"#);
}

#[test]
fn json_keeps_its_order_and_indentation() {
    assert_snapshot!(hardened(r#"{
	"terraform": {
		"backend": {
			"s3": {
				"//": "a comment",
				"role_arn" : "arn:aws:iam::123456789012:role/state",
				"bucket" : "acme-tf-state",
				"encrypt" : false,
				"key" : "a/b",
				"session_name" : "ci",
				"dynamodb_table" : "locks",
				"access_key" : "hidden-1",
				"secret_key" : "hidden-2"
			}
		}
	},
	"zebra": [1,  2],
	"apple": {}
}
"#), @r#"
{
	"terraform": {
		"backend": {
			"s3": {
				"//": "a comment",
				"assume_role" : {
					"role_arn" : "arn:aws:iam::123456789012:role/state",
					"session_name" : "ci"
				},
				"bucket" : "acme-tf-state",
				"encrypt" : true,
				"key" : "a/b",
				"dynamodb_table" : "locks",
				"use_lockfile" : true
			}
		}
	},
	"zebra": [1,  2],
	"apple": {}
}
"#);
    assert_snapshot!(hardened(r#"{"terraform":{"backend":{"s3":{"secret_key":"hidden-1","bucket":"acme-tf-state","key":"a/b","role_arn":"arn:aws:iam::123456789012:role/state"}}}}"#), @r#"{"terraform":{"backend":{"s3":{"bucket":"acme-tf-state","key":"a/b","encrypt":true,"use_lockfile":true,"assume_role":{"role_arn":"arn:aws:iam::123456789012:role/state"}}}}}"#);
}

#[test]
fn line_ends_and_the_byte_order_mark_stay() {
    let text = "\u{feff}bucket = \"b-b\"\r\nkey = \"k/k\"\r\ndynamodb_table = \"locks\"";
    assert_eq!(hardened(text), format!("{text}\r\nuse_lockfile   = true"));
    let secret = "\u{feff}secret_key = \"hidden\"\r\nbucket = \"b-b\"\r\n";
    assert_eq!(hardened(secret), "\u{feff}bucket = \"b-b\"\r\n");
}
