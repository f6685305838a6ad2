//! Secrets in the arguments of programs that name them with one letter or not at all, and in the files that such programs read.

use std::sync::LazyLock;

use super::Found;
use super::kind::Kind;
use super::table::{self, Row, Table};

/// Where the secret stands in a form: in quotes or up to the next space.
const SECRET: &str = r#"(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"'`][^\s"'`]*))"#;

/// What may stand between a program and its argument, on one line of a shell.
const OTHERS: &str = r"[^\n|;&]{0,200}?";

/// To add a program, add a line: `SECRET` is where its secret stands, `OTHERS` other arguments. Sources: the manual page of each.
const ROWS: &[Row] = &[
    // curl, wget and their like: `-u name:password`
    (
        Kind::Password,
        "-u|--user|--proxy-user",
        r#"(?:[ \t'"]-u|--user|--proxy-user)[ =]?[A-Za-z0-9._@+-]*[A-Za-z][A-Za-z0-9._@+-]*:SECRET"#,
    ),
    (
        Kind::Password,
        "-u|--user|--proxy-user",
        r#"(?:[ \t]-u|--user|--proxy-user)[ =]?["'][A-Za-z0-9._@+-]+:([^"'\n]+)["']"#,
    ),
    // Registries
    (
        Kind::Password,
        "login|copy",
        r"\b(?:docker|podman|helm registry|oras|buildah|skopeo)OTHERS (?:login|copy)OTHERS -p[ =]?SECRET",
    ),
    // Clouds and clusters
    (
        Kind::Password,
        "login",
        r"\b(?:az|oc|cf|ibmcloud)[ \t]+loginOTHERS[ \t]-p[ =]?SECRET",
    ),
    (
        Kind::Token,
        "login",
        r"\bvault[ \t]+login[ \t]+(?:-[a-z-]+[ \t]+)*([^\s=\x22'-][^\s=]{15,})",
    ),
    // Databases
    (
        Kind::Password,
        "mysql|mariadb",
        r"\b(?:mysql|mariadb)[a-z]*(?: OTHERS)? -pSECRET",
    ),
    (
        Kind::Password,
        "mongo",
        r"\b(?:mongo|mongosh|mongodump|mongorestore)[ \t]OTHERS-p[ \t]+SECRET",
    ),
    (
        Kind::Password,
        "redis-cli",
        r"\bredis-cli[ \t]OTHERS-a[ \t]+SECRET",
    ),
    (
        Kind::Password,
        "sqlcmd|bcp",
        r"\b(?:sqlcmd|bcp)[ \t]OTHERS-P[ \t]*SECRET",
    ),
    // Others that take a password with one letter
    (Kind::Password, "sshpass", r"\bsshpass[ \t]+-p[ ]?SECRET"),
    (
        Kind::Password,
        "ldap",
        r"\bldap[a-z]+[ \t]OTHERS-w[ \t]+SECRET",
    ),
    (
        Kind::Password,
        "zip",
        r"\b(?:zip|unzip)[ \t]OTHERS-P[ \t]+SECRET",
    ),
    (
        Kind::Password,
        "openssl",
        r"\bopenssl[ \t]OTHERS-pass(?:in|out)?[ \t]+pass:SECRET",
    ),
    (
        Kind::Password,
        "htpasswd",
        r"\bhtpasswd[ \t]+-[a-zA-Z]*b[a-zA-Z]*[ \t]+\S+[ \t]+\S+[ \t]+SECRET",
    ),
    // PowerShell
    (
        Kind::Secret,
        "securestring",
        r"(?i:ConvertTo-SecureString)(?:[ \t]+-(?i:string|asplaintext|force))*[ \t]+(?:\x22([^\x22\n]+)\x22|'([^'\n]+)'|([^\s\x22'$(-]\S*))",
    ),
    // AWS's parameter store
    (
        Kind::Secret,
        "securestring",
        r"--value[ =]SECRETOTHERS\bSecureString",
    ),
    (
        Kind::Secret,
        "securestring",
        r"\bSecureStringOTHERS--value[ =]SECRET",
    ),
    // kubectl create secret
    (
        Kind::Secret,
        "--from-literal",
        r#"--from-literal[ =]["']?[A-Za-z0-9_.-]+=SECRET"#,
    ),
    // `aws configure set NAME VALUE`, `setenv NAME VALUE`, `ENV NAME VALUE`, fish's `set -x NAME VALUE`
    (
        Kind::Secret,
        "configure set |setenv |env |arg |set -",
        r"(?i:\b(?:configure set|setenv|env|arg|set(?: -[a-z-]+)+)[ \t]+[a-z0-9_.]*(?:secret|token|passw(?:or)?d|passphrase|api_?key|access_key|private_key)[a-z0-9_]*)[ \t]+(?:\x22([^\x22\n]+)\x22|'([^'\n]+)'|([^\s\x22'=]\S*))",
    ),
    // A Dockerfile's older `ENV NAME VALUE` takes all of the line.
    (
        Kind::Secret,
        "env ",
        r"\bENV[ \t]+[A-Za-z0-9_]*(?i:secret|token|passw(?:or)?d|passphrase|api_?key|access_key|private_key)[A-Za-z0-9_]*[ \t]+([^\s\x22'=][^\n\x22'=\\]*[^\s\x22'=\\])",
    ),
    // ~/.netrc, also on several lines
    (
        Kind::Password,
        "password",
        r"\b(?:login\s+\S+|machine[ \t]+\S+|default)\s+password\s+SECRET",
    ),
    // ~/.pgpass: host:port:database:user:password
    (
        Kind::Password,
        ":5432:|:5433:|:6432:|:*:",
        r"(?m:^)(?:[^\s:]+|\*):(?:5432|5433|6432|\*):(?:[A-Za-z_][^\s:]*|\*):(?:[A-Za-z_][^\s:]*|\*):([^\s]+)(?m:$)",
    ),
    // What was typed at Terraform's prompt for a variable (internal/command/meta_input.go and ui_input.go).
    (
        Kind::Secret,
        "enter a value",
        r"(?i:\bvar\.[a-z0-9_-]*(?:secret|token|passw(?:or)?d|passphrase|key|credential)[a-z0-9_-]*)\r?\n(?:[^\n]*\n){0,6}?[^\n]*Enter a value:[ \t]*([^\s]+)",
    ),
];

/// What a text holds in which there may be one of these.
pub(super) fn signs() -> impl Iterator<Item = &'static str> {
    table::signs(ROWS)
}

/// Every secret in `text` that is an argument of a known program.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    table().find(text, found);
}

/// Whether one of them matches anything in `text`.
pub(super) fn may_find(text: &str) -> bool {
    table().may_find(text)
}

fn table() -> &'static Table {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| Table::new(ROWS, &[("SECRET", SECRET), ("OTHERS", OTHERS)]));
    &TABLE
}
