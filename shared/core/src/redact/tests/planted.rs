//! Secrets in every syntax, under every wrapper: none comes through.

use proptest::prelude::*;
use serde_json::json;

use super::listed::tells;
use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spelling {
    /// No white space, no quotes, nothing that a shell or a list reads as an end.
    Bare,
    /// In double quotes, with JSON's and HCL's escapes.
    Quoted,
    /// On lines of its own.
    Lines,
    /// Percent signs for what an address does not allow.
    Address,
}

use Spelling::{Address, Bare, Lines, Quoted};

pub(super) const SYNTAXES: &[(&str, Spelling)] = &[
    ("password = \"{}\"", Quoted),
    ("  db_password   = \"{}\" # comment", Quoted),
    ("{\"client_secret\":\"{}\",\"a\":1}", Quoted),
    ("  \"SecretAccessKey\": \"{}\",", Quoted),
    ("'api_key': \"{}\"", Quoted),
    ("api_key := \"{}\"", Quoted),
    ("password=\"{}\" next", Quoted),
    ("token: \"{}\"", Quoted),
    ("  ~ password = \"{}\" -> \"x9\"", Quoted),
    ("  ~ password = \"old\" -> \"{}\"", Quoted),
    ("password: \"old\" => \"{}\"", Quoted),
    ("password = sensitive(\"{}\")", Quoted),
    ("passwords = [\"x1y2z3\", \"{}\"]", Quoted),
    ("{\"name\": \"DB_PASSWORD\", \"value\": \"{}\"}", Quoted),
    ("-var \"db_password={}\" next", Bare),
    ("-backend-config=\"secret_key={}\" -backend-config=x", Bare),
    ("-backend-config='access_key={}'", Bare),
    ("TF_VAR_db_password={}", Bare),
    ("export AWS_SECRET_ACCESS_KEY={} && terraform plan", Bare),
    ("export GITHUB_TOKEN='{}'", Bare),
    ("$env:AWS_SECRET_ACCESS_KEY=\"{}\"", Quoted),
    ("TF_TOKEN_app_terraform_io={}", Bare),
    ("aws_secret_access_key = {}", Bare),
    ("terraform apply --password {} --yes", Bare),
    ("vault login -token={}", Bare),
    ("x --sse-customer-key \"{}\"", Quoted),
    ("password: {}", Bare),
    ("- private_key: {}", Bare),
    ("  db_password: '{}'", Bare),
    ("- name: DB_PASSWORD\n  value: {}", Bare),
    ("X-Vault-Token: {}", Bare),
    ("Authorization: Bearer {}", Bare),
    ("Authorization: Basic {}", Bare),
    (
        "curl -H 'Authorization: token {}' https://example.com",
        Bare,
    ),
    ("x-amz-server-side-encryption-customer-key: {}", Bare),
    ("<password>{}</password>", Bare),
    ("|  SecretAccessKey  |  Aa1{}  |", Bare),
    ("machine example.com login alice password {}", Bare),
    ("curl -u alice:{} https://example.com", Bare),
    ("aws configure set aws_secret_access_key {}", Bare),
    ("Server=db;User Id=sa;Password={};Encrypt=true", Bare),
    (
        "DefaultEndpointsProtocol=https;AccountKey={};EndpointSuffix=core.windows.net",
        Bare,
    ),
    ("password = <<EOT\n{}\nEOT\nbucket = \"b\"", Lines),
    ("secret = <<-EOT\n    {}\n  EOT", Lines),
    ("password: |\n  {}\nbucket: b", Lines),
    (
        "postgres://alice:{}@db.example.com:5432/app?sslmode=require",
        Address,
    ),
    (
        "https://x-access-token:{}@github.com/acme/modules.git",
        Address,
    ),
    ("redis://:{}@cache:6379/0", Address),
    (
        "jdbc:postgresql://db/app?user=alice&password={}&ssl=true",
        Address,
    ),
    (
        "https://b.s3.amazonaws.com/k?X-Amz-Security-Token={}&X-Amz-Date=20240115T034211Z",
        Address,
    ),
    ("https://b.s3.amazonaws.com/k?X-Amz-Signature={}", Address),
    (
        "https://x.blob.core.windows.net/c?sv=2020&sig={}&se=2024",
        Address,
    ),
    ("GET /v1/x?access_token={} HTTP/1.1", Address),
];

pub(super) fn spelled(secret: &str, spelling: Spelling) -> String {
    match spelling {
        Bare | Lines => secret.to_owned(),
        Quoted => {
            let json = serde_json::to_string(secret).unwrap();
            json[1..json.len() - 1].to_owned()
        }
        Address => form_urlencoded(secret, "%20"),
    }
}

/// What a CI, a terminal or another program makes of a text.
pub(super) fn wrapped(text: &str, wrapper: usize) -> String {
    let lines = |prefix: &str| {
        text.lines()
            .map(|line| format!("{prefix}{line}\n"))
            .collect::<String>()
    };
    match wrapper {
        0 => text.to_owned(),
        1 => lines("2024-01-15T03:42:11.1234567Z "),
        2 => lines("│ "),
        3 => lines("\u{1b}[31m│\u{1b}[0m \u{1b}[0m"),
        4 => lines("14:02:03.100 STDERR [envs/prod/vpc] terraform: "),
        5 => lines("> "),
        6 => text.replace('\n', "\r\n"),
        7 => json!({"@level": "info", "@message": text, "n": 1}).to_string(),
        8 => json!({"log": json!({"message": text}).to_string()}).to_string(),
        9 => json!([json!({"log": json!({"message": text}).to_string()}).to_string()]).to_string(),
        10 => text
            .replace('&', "&amp;")
            .replace('"', "&quot;")
            .replace('<', "&lt;")
            .replace('>', "&gt;"),
        11 => lines("[pod/runner-7c9d/main] "),
        12 => lines("runner-1  | "),
        13 => lines("2024-01-15T03:50:00.1000274Z 01E "),
        14 => lines("[2024-01-15T03:50:00.200Z] [plan-prod] "),
        15 => text
            .lines()
            .map(|line| json!({"log": format!("{line}\n"), "stream": "stderr"}).to_string() + "\n")
            .collect(),
        16 => lines("# "),
        17 => lines("        "),
        _ => format!("```\n{text}\n```\nLock Info:\n  ID: 19a6fe30-cf25-8eaf-077f-083449d678bd\n"),
    }
}

pub(super) const WRAPPERS: usize = 19;

/// The text as it is after so many columns begin a new line.
pub(super) fn broken(text: &str, width: usize) -> String {
    let lines = text.lines().map(|line| {
        let characters: Vec<char> = line.chars().collect();
        let pieces: Vec<String> = characters
            .chunks(width)
            .map(|piece| piece.iter().collect())
            .collect();
        pieces.join("\n")
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// What is wrong with the text in which `secret` was planted, once it is redacted.
fn fault(secret: &str, syntax: (&str, Spelling), wrapper: usize) -> Option<String> {
    let spelled = spelled(secret, syntax.1);
    let text = wrapped(&syntax.0.replace("{}", &spelled), wrapper);
    fault_in(secret, &spelled, &text)
}

/// How a line came to be broken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Break {
    width: usize,
    /// What stands on the line before the secret's syntax (columns).
    before: usize,
    /// Whether a program broke it, before somebody else wrapped it.
    is_first: bool,
}

impl Break {
    /// The text in this wrapper, with its lines broken.
    pub(super) fn of(self, text: &str, wrapper: usize) -> String {
        let before: String = "x1 y2 z3 ".chars().cycle().take(self.before).collect();
        let text = format!("{before} {text}");
        // A terminal counts no colours, and breaks no entity of HTML.
        if self.is_first || matches!(wrapper, 3 | 10) {
            wrapped(&broken(&text, self.width), wrapper)
        } else {
            broken(&wrapped(&text, wrapper), self.width)
        }
    }
}

pub(super) fn breaks() -> impl Strategy<Value = Break> {
    (40_usize..=200, 0_usize..200, any::<bool>()).prop_map(|(width, before, is_first)| Break {
        width,
        before,
        is_first,
    })
}

/// The same for a line that was broken.
fn fault_of_broken(
    secret: &str,
    syntax: (&str, Spelling),
    wrapper: usize,
    line: Break,
) -> Option<String> {
    let spelled = spelled(secret, syntax.1);
    let text = line.of(&syntax.0.replace("{}", &spelled), wrapper);
    fault_in(secret, &spelled, &text)
}

fn fault_in(secret: &str, spelled: &str, text: &str) -> Option<String> {
    let hidden = redacted(text);
    if tells(&hidden, secret) || tells(&hidden, spelled) {
        return Some(format!("{secret} in\n{text}\nas\n{hidden}"));
    }
    let again = redacted(&hidden);
    (again != hidden).then(|| format!("{text}\nas\n{hidden}\nand again as\n{again}"))
}

#[test]
fn no_secret_of_a_known_form_comes_through_anywhere() {
    let secrets = [
        ACCESS_KEY,
        SECRET_KEY,
        "hunter2",
        "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
        "5bd2a7c4-91e0-4c1d-8a6f-0e3d94b7a210",
        "28877368bfd2175bbaf0a00a2b3f261d",
    ];
    for secret in secrets {
        for syntax in SYNTAXES {
            for wrapper in 0..WRAPPERS {
                assert_eq!(fault(secret, *syntax, wrapper), None);
            }
        }
    }
}

fn quoted() -> Vec<(&'static str, Spelling)> {
    let quoted = SYNTAXES.iter().filter(|(_, spelling)| *spelling == Quoted);
    quoted.copied().collect()
}

/// Without rows of a table: at the start of a line their bar is a frame.
pub(super) fn one_line() -> Vec<(&'static str, Spelling)> {
    let one = SYNTAXES
        .iter()
        .filter(|(form, _)| !form.contains('\n') && !form.starts_with('|'));
    one.copied().collect()
}

proptest! {
    #[test]
    fn no_bare_secret_comes_through(
        secret in "[A-Za-z0-9][A-Za-z0-9!%+/=@^*~_.#?:-]{10,40}[A-Za-z0-9]",
        syntax in prop::sample::select(SYNTAXES),
        wrapper in 0..WRAPPERS,
    ) {
        prop_assert_eq!(fault(&secret, syntax, wrapper), None);
    }

    #[test]
    fn no_secret_comes_through_where_its_line_was_broken(
        secret in "[A-Za-z0-9][A-Za-z0-9+/_-]{14,98}[A-Za-z0-9]={0,2}",
        syntax in prop::sample::select(one_line()),
        wrapper in 0..WRAPPERS,
        line in breaks(),
    ) {
        prop_assert_eq!(fault_of_broken(&secret, syntax, wrapper, line), None);
    }

    #[test]
    fn no_quoted_secret_comes_through(
        secret in r#"[ -~é日\t\n]{4,30}"#.prop_filter("a secret", |secret| !values::is_trivial(secret)),
        syntax in prop::sample::select(quoted()),
        wrapper in 0..WRAPPERS,
    ) {
        prop_assert_eq!(fault(&secret, syntax, wrapper), None);
    }

    /// Also where nothing names it.
    #[test]
    fn nothing_that_was_remembered_comes_through(
        secret in r#"[!-~é日]([ -~é日]{2,28}[!-~é日])"#,
        wrapper in 0..WRAPPERS,
    ) {
        let mut redactor = Redactor::new(Accounts::Shown);
        prop_assume!(redactor.remember(Kind::Secret, &secret));
        for spelling in [Bare, Quoted, Address] {
            let spelled = spelled(&secret, spelling);
            let text = wrapped(&format!("said {spelled} twice"), wrapper);
            let hidden = redactor.redact(&text);
            prop_assert!(!hidden.contains(&secret) && !hidden.contains(&spelled), "{}\nas\n{}", text, hidden);
            prop_assert_eq!(redactor.redact(&hidden), hidden);
        }
    }
}
