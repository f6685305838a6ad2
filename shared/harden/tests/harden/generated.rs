//! Configurations as people might write them, with marked comments and planted secrets.

use proptest::prelude::*;

/// A text and what is in it.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
    pub(crate) text: String,
    pub(crate) is_json: bool,
    /// The marks of its comments, in their order.
    pub(crate) notes: Vec<String>,
    /// Its secrets.
    pub(crate) secrets: Vec<String>,
    /// Those of them that are in comments alone.
    pub(crate) in_comments: Vec<String>,
}

/// An argument with what stands around it.
#[derive(Clone, Debug)]
struct Line {
    name: &'static str,
    value: String,
    above: Above,
    behind: Behind,
    padding: usize,
}

#[derive(Clone, Copy, Debug)]
enum Above {
    Nothing,
    Blank,
    Note,
    /// A commented twin of a secret argument.
    Twin,
}

#[derive(Clone, Copy, Debug)]
enum Behind {
    Nothing,
    Hash,
    Slashes,
    Stars,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Frame {
    Block,
    /// On lines that tabs indent.
    TabbedBlock,
    /// Among other `terraform` blocks, one of them with a `cloud` block, and another backend.
    AmongOthers,
    File,
    RemoteStateObject,
    RemoteStateBlock,
    Generate,
    Json,
    JsonLists,
}

const SECRET: &str = "@secret";

/// Arguments and the values that they may have.
const ARGUMENTS: &[(&str, &[&str])] = &[
    ("bucket", &["\"acme-tf-state\"", "\"b-${local.env}\""]),
    (
        "key",
        &[
            "\"network/prod.tfstate\"",
            "\"terraform.tfstate\"",
            "\"/a//b\"",
        ],
    ),
    ("region", &["\"eu-west-1\""]),
    ("dynamodb_table", &["\"locks\"", "null", "\"\""]),
    ("lock_table", &["\"locks\"", "\"\"", "null"]),
    ("use_lockfile", &["true", "false", "\"false\"", "null"]),
    ("encrypt", &["true", "false", "\"true\"", "null"]),
    ("kms_key_id", &["\"alias/state\"", "\"\""]),
    ("access_key", &[SECRET]),
    ("secret_key", &[SECRET, "<<-EOT\n      @secret\n      EOT"]),
    ("token", &[SECRET]),
    ("sse_customer_key", &[SECRET]),
    ("acl", &["\"private\"", "\"public-read\""]),
    ("insecure", &["true"]),
    ("skip_credentials_validation", &["true", "false"]),
    ("skip_s3_checksum", &["true"]),
    ("skip_region_validation", &["true"]),
    ("force_path_style", &["true", "false"]),
    ("use_path_style", &["true", "null"]),
    (
        "role_arn",
        &["\"arn:aws:iam::123456789012:role/state\"", "\"\"", "null"],
    ),
    ("session_name", &["\"ci\""]),
    ("external_id", &["\"x1\"", "\"\""]),
    ("assume_role_duration_seconds", &["3600"]),
    (
        "assume_role_policy_arns",
        &["[\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]"],
    ),
    (
        "endpoint",
        &[
            "\"https://minio.example.com\"",
            "\"https://s3.eu-west-1.amazonaws.com\"",
            "\"https://user:@secret@minio.example.com\"",
            "\"\"",
        ],
    ),
    ("sts_endpoint", &["\"https://sts.example.com\""]),
    (
        "https_proxy",
        &["\"http://user:@secret@proxy.example.com:3128\""],
    ),
    ("shared_credentials_file", &["\"~/.aws/ci\""]),
    ("assume_role", &["null"]),
    (
        "assume_role_tags",
        &[
            "{\n      team = \"net\" # in a map\n      \"cost\" = \"12\"\n    }",
            "{}",
        ],
    ),
    (
        "endpoints",
        &[
            "null",
            "{}",
            "{ s3 = \"\", }",
            "{\n      s3 = \"https://user:@secret@minio.example.com\" // in a map\n      sts = \"\"\n    }",
        ],
    ),
    (
        "assume_role_with_web_identity",
        &[
            "{\n      role_arn = \"a\"\n      web_identity_token = \"@secret\" /* in a map */\n    }",
        ],
    ),
    (
        "assume_role_policy",
        &[
            "<<EOT\n{\"Version\": \"2012-10-17\"}\n  # no comment\nEOT",
            "\"{}\"",
        ],
    ),
    ("shared_credentials_files", &["null"]),
    ("profile", &["\"ci\""]),
    ("max_retries", &["5"]),
    ("workspace_key_prefix", &["\"ws\""]),
];

prop_compose! {
    fn line(index: usize)(
        value in proptest::sample::select(ARGUMENTS[index].1),
        above in proptest::sample::select(vec![Above::Nothing, Above::Nothing, Above::Blank, Above::Note, Above::Twin]),
        behind in proptest::sample::select(vec![Behind::Nothing, Behind::Nothing, Behind::Hash, Behind::Slashes, Behind::Stars]),
        padding in 1..6_usize,
    ) -> Line {
        Line { name: ARGUMENTS[index].0, value: value.to_owned(), above, behind, padding }
    }
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let all: Vec<usize> = (0..ARGUMENTS.len()).collect();
    let chosen = proptest::sample::subsequence(all, 0..16).prop_shuffle();
    chosen.prop_flat_map(|indices| indices.into_iter().map(line).collect::<Vec<_>>())
}

prop_compose! {
    /// A configuration with one S3 backend.
    pub(crate) fn configuration()(
        lines in lines(),
        frame in proptest::sample::select(vec![
            Frame::Block, Frame::Block, Frame::TabbedBlock, Frame::AmongOthers, Frame::File, Frame::RemoteStateObject, Frame::RemoteStateBlock, Frame::Generate, Frame::Json,
            Frame::JsonLists,
        ]),
        secrets in proptest::collection::vec("[A-Z][A-Za-z0-9/+]{10,38}[a-z]", 40),
        crlf in any::<bool>(),
        mark in proptest::bool::weighted(0.1),
        cut in any::<bool>(),
        commas in any::<bool>(),
    ) -> Generated {
        let mut writer = Writer { secrets, used: Vec::new(), in_comments: Vec::new(), notes: Vec::new(), commas };
        let mut text = writer.write(&lines, frame);
        if cut {
            text = text.trim_end().to_owned();
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        if mark {
            text.insert(0, '\u{feff}');
        }
        let is_json = matches!(frame, Frame::Json | Frame::JsonLists);
        Generated { text, is_json, notes: writer.notes, secrets: writer.used, in_comments: writer.in_comments }
    }
}

struct Writer {
    secrets: Vec<String>,
    used: Vec<String>,
    in_comments: Vec<String>,
    notes: Vec<String>,
    commas: bool,
}

impl Writer {
    fn write(&mut self, lines: &[Line], frame: Frame) -> String {
        match frame {
            Frame::File => {
                let marked = "workspace_key_prefix = \"ws\" # makes it one of S3\n";
                let lines: Vec<Line> = lines
                    .iter()
                    .filter(|line| line.name != "workspace_key_prefix")
                    .cloned()
                    .collect();
                format!("{marked}{}", self.hcl(&lines, "", false))
            }
            Frame::Block => {
                let body = self.hcl(lines, "    ", false);
                let before = self.other_block();
                format!("terraform {{\n  backend \"s3\" {{\n{body}  }}\n}}\n{before}")
            }
            Frame::TabbedBlock => {
                let body = self.hcl(lines, "\t\t", false);
                format!("terraform {{\n\tbackend \"s3\" {{\n{body}\t}}\n}}\n")
            }
            Frame::AmongOthers => {
                let body = self.hcl(lines, "    ", false);
                format!(
                    "terraform {{\n  required_version = \">= 1.5\"\n}}\nterraform {{\n  backend \"s3\" {{\n{body}  }}\n}}\nterraform {{\n  \
                     cloud {{\n    organization = \"acme\"\n  }}\n}}\nterraform {{\n  backend \"remote\" {{\n    organization = \"acme\"\n  }}\n}}\n"
                )
            }
            Frame::RemoteStateObject => {
                let body = self.hcl(lines, "    ", self.commas);
                format!("remote_state {{\n  backend = \"s3\"\n  config = {{\n{body}  }}\n}}\n")
            }
            Frame::RemoteStateBlock => {
                let body = self.hcl(lines, "\t\t", false);
                format!("remote_state {{\n  backend = \"s3\"\n  config {{\n{body}  }}\n}}\n")
            }
            Frame::Generate => {
                let body = self.hcl(lines, "      ", false);
                format!(
                    "generate \"b\" {{\n  path = \"b.tf\"\n  contents = <<-EOF\n  terraform {{\n    backend \"s3\" {{\n{body}    }}\n  }}\n  EOF\n}}\n"
                )
            }
            Frame::Json => format!(
                "{{\n  \"terraform\": {{\n    \"backend\": {{\n      \"s3\": {}\n    }}\n  }}\n}}\n",
                self.json(lines)
            ),
            Frame::JsonLists => format!(
                "{{\"terraform\": [{{\"backend\": [{{\"s3\": [{}]}}]}}], \"x\": [ 1 ]}}\n",
                self.json(lines)
            ),
        }
    }

    fn hcl(&mut self, lines: &[Line], indent: &str, commas: bool) -> String {
        let mut text = String::new();
        for line in lines {
            match line.above {
                Above::Nothing => {}
                Above::Blank => text.push('\n'),
                Above::Note => text.push_str(&format!("{indent}# {}\n", self.note())),
                Above::Twin => {
                    let (secret, note) = (self.secret(), self.note());
                    self.in_comments.push(secret.clone());
                    text.push_str(&format!("{indent}# secret_key = \"{secret}\" {note}\n"));
                }
            }
            let is_heredoc = line.value.starts_with("<<");
            // A heredoc ends with its line, and only a line can follow it.
            if is_heredoc && commas {
                continue;
            }
            let value = self.value(&line.value);
            let comma = if commas { "," } else { "" };
            text.push_str(&format!(
                "{indent}{}{}= {value}{comma}",
                line.name,
                " ".repeat(line.padding)
            ));
            match line.behind {
                Behind::Nothing => {}
                _ if is_heredoc => {}
                Behind::Hash => text.push_str(&format!(" # {}", self.note())),
                Behind::Slashes => text.push_str(&format!("  // {}", self.note())),
                Behind::Stars => text.push_str(&format!(" /* {} */", self.note())),
            }
            text.push('\n');
        }
        text
    }

    fn json(&mut self, lines: &[Line]) -> String {
        // Maps and heredocs are written in another way there.
        let is_json = |line: &&Line| line.value == "{}" || !line.value.starts_with(['{', '<']);
        let members: Vec<String> = lines
            .iter()
            .filter(is_json)
            .map(|line| {
                format!(
                    "\n        \"{}\":{}{}",
                    line.name,
                    " ".repeat(line.padding - 1),
                    self.value(&line.value)
                )
            })
            .collect();
        format!("{{{}\n      }}", members.join(","))
    }

    fn other_block(&mut self) -> String {
        let (secret, note) = (self.secret(), self.note());
        format!(
            "\nprovider \"aws\" {{\n  region     = \"eu-west-1\"\n  secret_key = \"{secret}\" # {note}\n}}\n"
        )
    }

    fn value(&mut self, value: &str) -> String {
        if value == SECRET {
            return format!("\"{}\"", self.secret());
        }
        match value.contains(SECRET) {
            true => value.replace(SECRET, &self.secret()),
            false => value.to_owned(),
        }
    }

    fn note(&mut self) -> String {
        let note = format!("note-{:03}", self.notes.len());
        self.notes.push(note.clone());
        note
    }

    fn secret(&mut self) -> String {
        let secret = self.secrets.pop().unwrap();
        self.used.push(secret.clone());
        secret
    }
}
