//! The rules: each looks at one configuration and says what could be better and how to change it.
//!
//! To add a rule, write its check in the file of its subject and a row in [`RULES`]. A check sees a text that holds no
//! secrets any more. Its changes are carried out by `write`, and all rules are asked again about the result until none
//! wants a change; so a check needs to think of no other.

mod change;
mod locking;
mod encryption;
mod credentials;
mod relaxed;
mod old_forms;
mod empty;
mod keys;

use crate::config::{Config, Document, Item, UNKNOWN};
use crate::finding::{Finding, Severity};
use crate::place::Lines;
use crate::version::Version;
pub(crate) use change::{Change, Member};
pub(crate) use credentials::held_a_secret;

/// A rule, for whoever wants to know what is looked for and why it is believed.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name in findings; stable.
    pub name: &'static str,
    /// What it finds, in a few words.
    pub finds: &'static str,
    /// Where what it says comes from.
    pub source: &'static str,
    check: fn(&Context<'_>) -> Vec<Problem>,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

const PARTIAL: &str = "partial-configuration";

/// Every rule about S3 backends, in the order of the findings about one configuration.
pub const RULES: &[Rule] = &[
    Rule {
        name: "no-locking",
        finds: "neither a lock file nor a lock table",
        source: "Terraform s3/client.go: Lock, which does nothing without either",
        check: locking::none,
    },
    Rule {
        name: "dynamodb-locking-only",
        finds: "a lock table without a lock file",
        source: "Terraform CHANGELOG 1.11.0; s3/backend.go: PrepareConfig (deprecated since 1.11)",
        check: locking::table_only,
    },
    Rule {
        name: "lock-table-argument",
        finds: "`lock_table`, the old name of `dynamodb_table`",
        source: "Terraform CHANGELOG 0.9.7 (deprecated), 0.13.0 (removed)",
        check: locking::old_table_argument,
    },
    Rule {
        name: PARTIAL,
        finds: "arguments that may be given elsewhere",
        source: "Terraform documentation, block `backend`: partial configuration",
        check: locking::partial,
    },
    Rule {
        name: "not-encrypted",
        finds: "`encrypt` missing or false",
        source: "Terraform s3/client.go: Put (asks for encryption only with `encrypt`); s3/backend.go: boolAttr",
        check: encryption::off,
    },
    Rule {
        name: "no-kms-key",
        finds: "no `kms_key_id`",
        source: "Terraform documentation, backend s3: `kms_key_id`",
        check: encryption::no_key_of_its_own,
    },
    Rule {
        name: "static-credentials",
        finds: "`access_key`, `secret_key` or `token` in the file",
        source: "Terraform documentation, backend s3: warning about credentials and partial configuration",
        check: credentials::in_arguments,
    },
    Rule {
        name: "customer-key-in-file",
        finds: "`sse_customer_key` in the file",
        source: "Terraform s3/backend.go: Configure (AWS_SSE_CUSTOMER_KEY)",
        check: credentials::customer_key,
    },
    Rule {
        name: "web-identity-token-in-file",
        finds: "a literal `web_identity_token`",
        source: "Terraform s3/backend.go: assumeRoleWithWebIdentitySchema",
        check: credentials::web_identity_token,
    },
    Rule {
        name: "credentials-in-url",
        finds: "user and password in an endpoint or proxy address",
        source: "RFC 3986, 3.2.1; s3/validate.go: validateStringLegacyURL accepts them",
        check: credentials::in_urls,
    },
    Rule {
        name: "public-acl",
        finds: "an `acl` that opens the state to everybody",
        source: "Terraform documentation, backend s3: `acl`; AWS documentation: canned ACLs",
        check: relaxed::public_acl,
    },
    Rule {
        name: "insecure-tls",
        finds: "`insecure = true`",
        source: "Terraform s3/backend.go: Configure (cfg.Insecure)",
        check: relaxed::insecure,
    },
    Rule {
        name: "skipped-checks",
        finds: "`skip_*` arguments without a store that needs them",
        source: "Terraform documentation, backend s3: `skip_credentials_validation` and its neighbours",
        check: relaxed::skipped_checks,
    },
    Rule {
        name: "bucket-safeguards-skipped",
        finds: "Terragrunt's `skip_bucket_*`",
        source: "Terragrunt documentation, `remote_state`: S3 backend",
        check: relaxed::terragrunt_skips,
    },
    Rule {
        name: "path-style-leftover",
        finds: "`force_path_style`, or path style without an endpoint of its own",
        source: "Terraform s3/backend.go: PrepareConfig (deprecated since 1.6, excludes `use_path_style`)",
        check: relaxed::path_style,
    },
    Rule {
        name: "flat-assume-role",
        finds: "`role_arn` and its companions outside of `assume_role`",
        source: "Terraform CHANGELOG 1.6.0 (deprecated), 1.10.0 (removed); v1.9.8 s3/backend.go: assumeRoleDeprecatedFields",
        check: old_forms::assume_role,
    },
    Rule {
        name: "flat-endpoints",
        finds: "`endpoint`, `dynamodb_endpoint`, `iam_endpoint`, `sts_endpoint`",
        source: "Terraform CHANGELOG 1.6.0; s3/backend.go: PrepareConfig (endpointFields)",
        check: old_forms::endpoints,
    },
    Rule {
        name: "shared-credentials-file",
        finds: "`shared_credentials_file`",
        source: "Terraform s3/backend.go: PrepareConfig (deprecated since 1.6)",
        check: old_forms::shared_credentials_file,
    },
    Rule {
        name: "empty-argument",
        finds: "an argument that is set to nothing, which newer versions take for something",
        source: "Terraform s3/backend.go: Configure (stringAttrOk) and s3/validate.go beside v1.5.7 s3/backend.go: configure",
        check: empty::arguments,
    },
    Rule {
        name: "shared-state-key",
        finds: "two backends with one bucket and key",
        source: "Terraform s3/client.go: lockPath, the state's only identity",
        check: keys::shared,
    },
    Rule {
        name: "one-key-for-all-units",
        finds: "a key that every Terragrunt unit would share",
        source: "Terragrunt documentation, `remote_state` and `path_relative_to_include`",
        check: keys::of_all_units,
    },
    Rule {
        name: "refused-state-key",
        finds: "a key that Terraform refuses since 1.6",
        source: "Terraform s3/backend.go: PrepareConfig; s3/validate.go: validateStringS3Path",
        check: keys::refused,
    },
    Rule {
        name: "bare-state-key",
        finds: "a key without a directory",
        source: "Terraform documentation, backend s3: one key for each configuration",
        check: keys::bare,
    },
];

/// What a check may look at.
pub(crate) struct Context<'a> {
    pub(crate) config: &'a Config,
    pub(crate) document: &'a Document,
    pub(crate) text: &'a str,
    pub(crate) lines: &'a Lines,
    /// The version in use, where it is known.
    pub(crate) terraform: Option<Version>,
}

/// What a check found.
pub(crate) struct Problem {
    severity: Severity,
    message: String,
    change: String,
    /// An offset in the text.
    at: usize,
    changes: Vec<Change>,
}

impl Context<'_> {
    /// Whether this version is what people have, as far as anything tells.
    fn may_use(&self, version: Version) -> bool {
        let required = self.document.required_version.as_deref();
        !self.document.is_of_old_terragrunt
            && self.terraform.is_none_or(|running| running >= version)
            && required.is_none_or(|required| !version.is_shut_out_by(required))
    }
}

impl Problem {
    fn about(config: &Config, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            message: message.into(),
            change: String::new(),
            at: config.start,
            changes: Vec::new(),
        }
    }

    fn at(item: &Item, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            message: message.into(),
            change: String::new(),
            at: item.name_at.start,
            changes: Vec::new(),
        }
    }

    /// The rewritten file has this.
    fn rewritten(self, change: impl Into<String>, changes: Vec<Change>) -> Self {
        Self {
            change: change.into(),
            changes,
            ..self
        }
    }

    /// Nothing is rewritten; this is for a person to do.
    fn by_hand(self, change: impl Into<String>) -> Self {
        Self {
            change: change.into(),
            ..self
        }
    }
}

/// The findings about one configuration and the changes that go with them. Only S3 backends have any; of one that is not
/// known it is said that it is not.
pub(crate) fn ask(context: &Context<'_>) -> (Vec<Finding>, Vec<Change>) {
    let (mut findings, mut changes) = (Vec::new(), Vec::new());
    let is_asked = |rule: &&Rule| match context.config.backend.as_str() {
        "s3" => true,
        UNKNOWN => rule.name == PARTIAL,
        _ => false,
    };
    for rule in RULES.iter().filter(is_asked) {
        for problem in (rule.check)(context) {
            let line = context.lines.of_offset(problem.at) + 1;
            let Problem {
                severity,
                message,
                change,
                ..
            } = problem;
            findings.push(Finding {
                rule: rule.name,
                severity,
                message,
                change,
                line,
            });
            changes.extend(problem.changes);
        }
    }
    (findings, changes)
}
