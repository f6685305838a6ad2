//! What tools do to an error on its way to a paste.

use proptest::prelude::*;
use serde_json::json;

/// One thing that is done to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    // What a terminal, an editor or a chat does.
    Colour,
    ColourWithoutEscape,
    Box,
    ClosedBox,
    Indent,
    Crlf,
    BlankLines,
    NonBreaking,
    CurlyQuotes,
    // Markdown and pages.
    Quote,
    Comment,
    Fence,
    FenceOfTildes,
    Diff,
    Html,
    // Logs of CI systems.
    Github,
    GithubRunView,
    GithubCommand,
    GithubCommandEachLine,
    AzureDevops,
    Gitlab,
    Jenkins,
    Circleci,
    Atlantis,
    // Containers.
    Kubectl,
    Compose,
    // Terragrunt, from new to old.
    TerragruntPretty,
    TerragruntKeyValue,
    TerragruntQuoted,
    TerragruntJson,
    TerragruntModule,
    TerragruntOld,
    // Other programs' JSON.
    Json,
    JsonEachLine,
}

use Layer::*;

pub(super) const ALL: [Layer; 34] = [
    Colour,
    ColourWithoutEscape,
    Box,
    ClosedBox,
    Indent,
    Crlf,
    BlankLines,
    NonBreaking,
    CurlyQuotes,
    Quote,
    Comment,
    Fence,
    FenceOfTildes,
    Diff,
    Html,
    Github,
    GithubRunView,
    GithubCommand,
    GithubCommandEachLine,
    AzureDevops,
    Gitlab,
    Jenkins,
    Circleci,
    Atlantis,
    Kubectl,
    Compose,
    TerragruntPretty,
    TerragruntKeyValue,
    TerragruntQuoted,
    TerragruntJson,
    TerragruntModule,
    TerragruntOld,
    Json,
    JsonEachLine,
];

/// Up to three layers in any order.
pub(super) fn layers() -> impl Strategy<Value = Vec<Layer>> {
    proptest::sample::subsequence(ALL.to_vec(), 0..=3)
        .prop_shuffle()
        .prop_map(possible)
}

/// Layers in an order that leaves something to read: a chat that turns the quotes of JSON into curly ones has destroyed it. The
/// marks of a diff are put before Terraform's own lines.
pub(super) fn possible(mut layers: Vec<Layer>) -> Vec<Layer> {
    layers.sort_by_key(|layer| match layer {
        CurlyQuotes => 0,
        Diff => 1,
        _ => 2,
    });
    layers
}

pub(super) fn put_all_on(text: &str, layers: &[Layer]) -> String {
    let put_on = |text: String, layer: &Layer| put_on(&text, *layer);
    layers.iter().fold(text.to_owned(), put_on)
}

pub(super) fn put_on(text: &str, layer: Layer) -> String {
    let each =
        |change: &dyn Fn(&str) -> String| text.lines().map(change).collect::<Vec<_>>().join("\n");
    let before_each = |prefix: &str| each(&|line| format!("{prefix}{line}"));
    let time = "2024-01-15T03:50:00.1000274Z";
    match layer {
        Colour => each(&|line| format!("\u{1b}[31m{line}\u{1b}[0m")),
        ColourWithoutEscape => each(&|line| format!("[31m{line}[0m[0m")),
        Box => format!("╷\n{}\n╵", before_each("│ ")),
        ClosedBox => {
            let widths = text.lines().map(|line| line.chars().count());
            let widest = widths.max().unwrap_or_default();
            each(&|line| format!("│ {line:<widest$} │"))
        }
        Indent => before_each("        "),
        Crlf => text.replace('\n', "\r\n"),
        BlankLines => text.replace('\n', "\n\n"),
        // As browsers keep several spaces apart, and a first one.
        NonBreaking => each(&|line| {
            line.replace("  ", "\u{a0} ")
                .replacen("\u{a0} ", "\u{a0}\u{a0}", 1)
        }),
        CurlyQuotes => curly(text),
        Quote => before_each("> "),
        Comment => before_each("# "),
        Fence => format!("It says:\n\n```text\n{text}\n```\n"),
        FenceOfTildes => format!("~~~\n{text}\n~~~"),
        Diff => before_each("- "),
        Html => text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;"),
        Github => before_each(&format!("{time} ")),
        GithubRunView => before_each(&format!("plan\tTerraform plan\t{time} ")),
        GithubCommand => format!("::error title=Terraform::{}", as_command(text)),
        GithubCommandEachLine => each(&|line| format!("::error::{}", as_command(line))),
        AzureDevops => before_each(&format!("{time} ##[error]")),
        Gitlab => before_each(&format!("{time} 01E ")),
        Jenkins => before_each("[2024-01-15T03:50:00.200Z] [plan-prod] "),
        Circleci => format!(
            "#!/bin/bash -eo pipefail\nterraform plan\n{text}\n\nExited with code exit status 1"
        ),
        Atlantis => format!(
            "Ran Plan for dir: `prod` workspace: `default`\n\n**Plan Error**\n```diff\nrunning \"/usr/local/bin/terraform1.11.4 plan -out \\\"/srv/7/default.tfplan\\\"\" in \"/srv/repos/prod\": exit status 1\n\n{text}\n```\n\n* :repeat: To **plan** this project again, comment:\n    * `atlantis plan -d prod`\n"
        ),
        Kubectl => before_each("[pod/runner-7c9d/main] "),
        Compose => before_each("runner-1  | "),
        TerragruntPretty => before_each("14:02:03.100 STDERR [envs/prod/vpc] terraform: "),
        TerragruntKeyValue => before_each(
            "time=2024-01-15T03:50:00Z level=stderr prefix=envs/prod/vpc tf-path=terraform msg=",
        ),
        TerragruntQuoted => format!(
            "time=2024-01-15T03:50:00Z level=error prefix=[/srv/live/prod/vpc] msg={}",
            json!(text)
        ),
        TerragruntJson => each(&|line| {
            json!({"level": "stderr", "msg": line, "prefix": "envs/prod/vpc", "tf-path": "terraform", "time": "2024-01-15T03:50:00Z"})
                .to_string()
        }),
        TerragruntModule => before_each("[/srv/live/prod/vpc] "),
        TerragruntOld => before_each("[terragrunt] [/srv/live/prod/vpc] 2024/01/15 03:50:00 "),
        Json => json!({"level": "error", "output": text}).to_string(),
        JsonEachLine => {
            each(&|line| json!({"log": format!("{line}\n"), "stream": "stderr"}).to_string())
        }
    }
}

/// Quotes as word processors and chats set them.
fn curly(text: &str) -> String {
    let mut is_open = false;
    text.chars()
        .map(|c| match c {
            '"' => {
                is_open = !is_open;
                if is_open { '“' } else { '”' }
            }
            '\'' => '’',
            _ => c,
        })
        .collect()
}

/// GitHub's `@actions/core/command.ts: escapeData`.
fn as_command(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}
