//! Terraform's errors, and what tools do to them on the way to a paste.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::paste::{Kind, PastedLock};
use crate::testing::at;

/// How Terraform lays an error out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layout {
    /// Up to 0.14.
    Old,
    New,
    OpenTofu,
}

/// Where lines end that were too long.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wrap {
    No,
    /// As Terraform does it: at spaces, and only in lines that are not indented (`command/format/diagnostic.go`).
    Terraform(usize),
    /// As a terminal does it: after so many characters.
    Hard(usize),
    /// As an editor or a mail program does it: at spaces, everywhere.
    Words(usize),
}

/// One thing that is done to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Colour,
    ColourWithoutEscape,
    Box,
    ClosedBox,
    Github,
    Gitlab,
    Jenkins,
    Kubectl,
    Compose,
    Terragrunt,
    Quote,
    Comment,
    Html,
    Json,
    JsonEachLine,
    Crlf,
    BlankLines,
    Indent,
}

pub(super) fn locks() -> impl Strategy<Value = PastedLock> {
    let id = prop_oneof![
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "[0-9]{16}",
        "[a-z]{1,12}-[a-z0-9]{1,30}",
    ];
    let path = prop_oneof![
        "[a-z]{3,20}/[a-z0-9/_-]{1,60}\\.tfstate",
        "[a-z]{3,20}/env:/[a-z]{1,10}/[a-z=]{1,40}",
        Just("terraform.tfstate".to_owned()),
    ];
    let who = prop_oneof![
        "[a-z]{1,12}@[a-z0-9-]{1,20}",
        "@[a-z]{2,8}",
        "CORP\\\\[a-z]{1,8}@WS-[0-9]{3}",
        Just("***".to_owned()),
        Just("<user>@<host>".to_owned()),
        "[a-z]{1,8}@example\\.com@[a-z.]{1,40}[a-z]",
        "[a-z]{2,8}",
    ];
    let operation = prop_oneof![
        Just("OperationTypeApply"),
        Just("OperationTypeInvalid"),
        Just("state-mv"),
        Just("init"),
    ];
    let created = (0..2_000_000_000_i64, 0..1_000_000_000_i32);
    (id, path, who, operation, created).prop_map(|(id, path, who, operation, (second, nano))| {
        PastedLock {
            id: Some(id),
            path: Some(path),
            operation: Some(operation.to_owned()),
            who: Some(who),
            version: Some("1.11.4".to_owned()),
            created: Some(jiff::Timestamp::new(second, nano).unwrap()),
            info: None,
            is_of_caller: false,
        }
    })
}

pub(super) fn layouts() -> impl Strategy<Value = Layout> {
    prop_oneof![Just(Layout::Old), Just(Layout::New), Just(Layout::OpenTofu)]
}

pub(super) fn wraps() -> impl Strategy<Value = Wrap> {
    prop_oneof![
        Just(Wrap::No),
        (40_usize..=200).prop_map(Wrap::Terraform),
        (40_usize..=200).prop_map(Wrap::Hard),
        (40_usize..=200).prop_map(Wrap::Words),
    ]
}

/// Up to four layers in any order. A box is drawn around plain lines: nothing draws one around JSON.
pub(super) fn layers() -> impl Strategy<Value = Vec<Layer>> {
    use Layer::*;
    let all = [
        Colour,
        ColourWithoutEscape,
        Box,
        ClosedBox,
        Github,
        Gitlab,
        Jenkins,
        Kubectl,
        Compose,
        Terragrunt,
        Quote,
        Comment,
        Html,
        Json,
        JsonEachLine,
        Crlf,
        BlankLines,
        Indent,
    ];
    proptest::sample::subsequence(all.to_vec(), 0..=4).prop_shuffle()
}

/// The error as Terraform prints it, before anything is done to it.
pub(super) fn error(lock: &PastedLock, kind: Kind, layout: Layout) -> String {
    let request = "0f3c9d1e-7777-4a4a-9b9b-1234567890ab";
    let cause = match (kind, layout) {
        (Kind::S3Lockfile, _) => format!(
            "operation error S3: PutObject, https response error StatusCode: 412, RequestID: {request}, HostID: 9W4V39wFmv5v7ldmgoMRDcC7TJWM2czBAmTfBHFOgyPYDlSyIHULbrpZW8FewirY, api error PreconditionFailed: At least one of the pre-conditions you specified did not hold"
        ),
        (_, Layout::Old) => format!(
            "ConditionalCheckFailedException: The conditional request failed\n\tstatus code: 400, request id: {request}"
        ),
        _ => format!(
            "operation error DynamoDB: PutItem, https response error StatusCode: 400, RequestID: {request}, ConditionalCheckFailedException: The conditional request failed"
        ),
    };
    let head = match layout {
        Layout::Old => "Error: Error locking state: Error acquiring the state lock: ",
        Layout::New | Layout::OpenTofu => {
            "Error: Error acquiring the state lock\n\nError message: "
        }
    };
    let program = match layout {
        Layout::OpenTofu => "OpenTofu",
        Layout::Old | Layout::New => "Terraform",
    };
    format!(
        "{head}{cause}\n{}\n\n{program} acquires a state lock to protect the state from being written\nby multiple users at the same time. Please resolve the issue above and try\nagain. For most commands, you can disable locking with the \"-lock=false\"\nflag, but this is not recommended.",
        block(lock)
    )
}

/// `statemgr/locker.go: LockInfo.String`.
fn block(lock: &PastedLock) -> String {
    let created = lock.created.unwrap_or(at("0001-01-01T00:00:00Z"));
    let created = created
        .to_string()
        .replace('T', " ")
        .replace('Z', " +0000 UTC");
    let fields = [
        ("ID:", &lock.id),
        ("Path:", &lock.path),
        ("Operation:", &lock.operation),
        ("Who:", &lock.who),
        ("Version:", &lock.version),
        ("Created:", &Some(created)),
        ("Info:", &lock.info),
    ];
    let mut block = "Lock Info:\n".to_owned();
    for (name, value) in fields {
        writeln!(
            block,
            "  {name:<11}{}",
            value.as_deref().unwrap_or_default()
        )
        .unwrap();
    }
    block
}

pub(super) fn wrap(text: &str, wrap: Wrap) -> String {
    let wrapped = text.lines().map(|line| match wrap {
        Wrap::No => line.to_owned(),
        Wrap::Terraform(_) if line.starts_with([' ', '\t']) => line.to_owned(),
        Wrap::Terraform(width) | Wrap::Words(width) => at_spaces(line, width),
        Wrap::Hard(width) => {
            let characters: Vec<char> = line.chars().collect();
            let pieces: Vec<String> = characters
                .chunks(width)
                .map(|piece| piece.iter().collect())
                .collect();
            pieces.join("\n")
        }
    });
    wrapped.collect::<Vec<_>>().join("\n")
}

fn at_spaces(line: &str, width: usize) -> String {
    let mut wrapped = String::new();
    let mut used = 0;
    for word in line.split_inclusive(' ') {
        let length = word.trim_end().chars().count();
        if used > 0 && used + length > width && length > 0 && !wrapped.trim_end().is_empty() {
            wrapped.truncate(wrapped.trim_end().len());
            wrapped.push('\n');
            used = 0;
        }
        wrapped.push_str(word);
        used += word.chars().count();
    }
    wrapped
}

pub(super) fn put_on(text: &str, layer: Layer) -> String {
    let each =
        |change: &dyn Fn(&str) -> String| text.lines().map(change).collect::<Vec<_>>().join("\n");
    let time = "2024-01-15T03:50:00.1000274Z";
    match layer {
        Layer::Colour => each(&|line| format!("\u{1b}[31m{line}\u{1b}[0m")),
        Layer::ColourWithoutEscape => each(&|line| format!("[31m{line}[0m[0m")),
        Layer::Box => format!("╷\n{}\n╵", each(&|line| format!("│ {line}"))),
        Layer::ClosedBox => {
            let widest = text
                .lines()
                .map(|line| line.chars().count())
                .max()
                .unwrap_or_default();
            each(&|line| format!("│ {line:<widest$} │"))
        }
        Layer::Github => each(&|line| format!("{time} {line}")),
        Layer::Gitlab => each(&|line| format!("{time} 01E {line}")),
        Layer::Jenkins => each(&|line| format!("[2024-01-15T03:50:00.200Z] [plan-prod] {line}")),
        Layer::Kubectl => each(&|line| format!("[pod/runner-7c9d/main] {line}")),
        Layer::Compose => each(&|line| format!("runner-1  | {line}")),
        Layer::Terragrunt => {
            each(&|line| format!("14:02:03.100 STDERR [envs/prod/vpc] terraform: {line}"))
        }
        Layer::Quote => each(&|line| format!("> {line}")),
        Layer::Comment => each(&|line| format!("# {line}")),
        Layer::Html => text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;"),
        Layer::Json => serde_json::json!({"level": "error", "output": text}).to_string(),
        Layer::JsonEachLine => each(&|line| {
            serde_json::json!({"log": format!("{line}\n"), "stream": "stderr"}).to_string()
        }),
        Layer::Crlf => text.replace('\n', "\r\n"),
        Layer::BlankLines => text.replace('\n', "\n\n"),
        Layer::Indent => each(&|line| format!("        {line}")),
    }
}
