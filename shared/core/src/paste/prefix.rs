//! What CI systems, container tools and Terragrunt put in front of a line.

use super::found::Tool;
use super::{clock, unfold};

/// What one prefix told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Where the line came from; lines of several sources may be mixed.
    pub(super) source: Option<String>,
    /// The Terragrunt unit or directory.
    pub(super) unit: Option<String>,
    pub(super) via: Option<Tool>,
}

/// Past one prefix; `None` where `text` begins with none. `via` is what earlier prefixes of the line told.
pub(super) fn strip(text: &str, via: Option<Tool>) -> Option<(&str, Told)> {
    let plain = |rest| (rest, Told::default());
    clock::strip(text)
        .map(plain)
        .or_else(|| command(text).map(plain))
        .or_else(|| stream_mark(text).map(plain))
        .or_else(|| level(text))
        .or_else(|| program(text, via).map(plain))
        .or_else(|| bracketed(text, via))
        .or_else(|| job_and_step(text).map(plain))
        .or_else(|| service(text))
}

/// GitHub Actions and Azure DevOps: `##[error]text`, `::error file=main.tf::text`.
fn command(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix("##[") {
        let (name, rest) = rest.split_once(']')?;
        return is_word(name).then_some(rest);
    }
    // One with escapes has to be opened first (`unfold::annotation`).
    let inside = text
        .strip_prefix("::")
        .filter(|text| !unfold::is_percent_escaped(text))?;
    let (name, rest) = inside.split_once("::")?;
    let is_command = ["error", "warning", "notice", "debug", "group"]
        .iter()
        .any(|command| name.starts_with(command));
    is_command.then_some(rest)
}

/// `gh run view --log` prints job, step and line, kept apart by tabs.
fn job_and_step(text: &str) -> Option<&str> {
    let mut parts = text.splitn(3, '\t');
    let (job, _step, line) = (parts.next()?, parts.next()?, parts.next()?);
    // A frame or a workflow command around all of it comes off first.
    let is_first = !job.starts_with(['|', '>', '#']) && !job.contains('│') && !job.contains("::");
    is_first.then(|| clock::strip(line))?.map(|_| line)
}

/// GitLab's `00O ` and `01E+`, after its time: stream number, output or error, whole or continued.
fn stream_mark(text: &str) -> Option<&str> {
    let (mark, rest) = text.split_at_checked(3)?;
    let is_mark = match mark.as_bytes() {
        [first, second, stream] => {
            first.is_ascii_digit() && second.is_ascii_digit() && matches!(stream, b'O' | b'E')
        }
        _ => false,
    };
    let is_alone = rest.is_empty() || rest.starts_with([' ', '+']);
    (is_mark && is_alone).then(|| rest.get(1..).unwrap_or_default())
}

/// `STDERR [unit] …` (Terragrunt's pretty format), `ERRO[0012] …` (its older one).
fn level(text: &str) -> Option<(&str, Told)> {
    let end = text.find(|c: char| !c.is_ascii_uppercase())?;
    let (word, rest) = text.split_at(end);
    let is_stream = matches!(word, "STDERR" | "STDOUT");
    let told = Told {
        via: is_stream.then_some(Tool::Terragrunt),
        ..Told::default()
    };
    if matches!(word, "ERRO" | "WARN" | "INFO" | "DEBU") && rest.starts_with('[') {
        let (count, rest) = rest.get(1..)?.split_once(']')?;
        let is_count = count.bytes().all(|byte| byte.is_ascii_digit());
        return is_count.then(|| (one_space_less(rest), told));
    }
    let is_level = is_stream || matches!(word, "ERROR" | "WARN" | "INFO" | "DEBUG" | "TRACE");
    let mut rest = rest.strip_prefix(' ')?;
    // Terragrunt pads the level to six characters.
    for _ in word.len()..6 {
        rest = rest.strip_prefix(' ').unwrap_or(rest);
    }
    is_level.then_some((rest, told))
}

/// `terraform: ` behind Terragrunt's level and unit.
fn program(text: &str, via: Option<Tool>) -> Option<&str> {
    via.filter(|via| *via == Tool::Terragrunt)?;
    let (name, rest) = text.split_once(':')?;
    let is_program = name.starts_with("terraform") || name.starts_with("tofu");
    (is_program && !name.contains(' ')).then(|| one_space_less(rest))
}

/// `[terragrunt]`, `[/srv/live/prod/vpc]`, `[pod/runner-abc/main]`, a parallel branch of Jenkins, `[INFO]`.
fn bracketed(text: &str, via: Option<Tool>) -> Option<(&str, Told)> {
    let (name, rest) = text.strip_prefix('[')?.split_once(']')?;
    let is_alone = rest.is_empty() || rest.starts_with([' ', '\t']);
    if !is_alone || name.is_empty() || name.len() > 300 || name.contains(['=', '"', '[']) {
        return None;
    }
    let mut told = Told::default();
    if name == "terragrunt" {
        told.via = Some(Tool::Terragrunt);
    } else if !is_level_word(name) {
        told.source = Some(name.to_owned());
        let is_pod = name.starts_with("pod/");
        // Terragrunt before 0.67 printed the directory and nothing else.
        let is_directory = name.starts_with(['/', '.']) || name.contains(":\\");
        if !is_pod && (is_directory || via == Some(Tool::Terragrunt)) {
            told.unit = Some(name.to_owned());
        }
        if is_directory {
            told.via = Some(Tool::Terragrunt);
        }
    }
    Some((one_space_less(rest), told))
}

/// Docker Compose: `runner-1  | text`.
fn service(text: &str) -> Option<(&str, Told)> {
    let (name, rest) = text.split_once('|')?;
    let service = name.strip_suffix(' ')?.trim_end();
    let is_alone = rest.is_empty() || rest.starts_with([' ', '\t']);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = is_alone && !service.is_empty() && service.chars().all(is_name);
    fits.then(|| {
        let told = Told {
            source: Some(service.to_owned()),
            ..Told::default()
        };
        (one_space_less(rest), told)
    })
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_level_word(text: &str) -> bool {
    let level = text.trim().to_ascii_uppercase();
    matches!(
        level.as_str(),
        "ERROR"
            | "WARN"
            | "WARNING"
            | "INFO"
            | "DEBUG"
            | "TRACE"
            | "FATAL"
            | "PIPELINE"
            | "STDERR"
            | "STDOUT"
    )
}

fn one_space_less(text: &str) -> &str {
    text.strip_prefix([' ', '\t']).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left behind every prefix, the source and the unit.
    fn check(text: &str, expected: (&str, &str, &str)) {
        let mut rest = text;
        let mut all = Told::default();
        while let Some((after, told)) = strip(rest, all.via) {
            rest = after;
            all.source = told.source.or(all.source);
            all.unit = told.unit.or(all.unit);
            all.via = told.via.or(all.via);
        }
        let told = (all.source.unwrap_or_default(), all.unit.unwrap_or_default());
        assert_eq!((rest, told.0.as_str(), told.1.as_str()), expected, "{text}");
    }

    #[test]
    fn each_system_has_its_prefix() {
        check(
            "2024-01-15T03:50:00.1Z ##[error]  ID: a",
            ("  ID: a", "", ""),
        );
        check("::error file=main.tf::  ID: a", ("  ID: a", "", ""));
        check(
            "plan\tTerraform plan\t2024-01-15T03:50:00.1Z   ID: a",
            ("  ID: a", "", ""),
        );
        check("2024-01-15T03:50:00.1Z 01E   ID: a", ("  ID: a", "", ""));
        check("2024-01-15T03:50:00.1Z 01E", ("", "", ""));
        check(
            "[2024-01-15T03:50:00.1Z] [plan-prod]   ID: a",
            ("  ID: a", "plan-prod", ""),
        );
        check(
            "[pod/runner-7c9d/main]   ID: a",
            ("  ID: a", "pod/runner-7c9d/main", ""),
        );
        check("runner-1  |   ID: a", ("  ID: a", "runner-1", ""));
        check("[INFO]   ID: a", ("  ID: a", "", ""));
    }

    #[test]
    fn each_age_of_terragrunt_names_its_unit() {
        check(
            "[terragrunt] [/srv/vpc] 2024/01/15 03:50:00   ID: a",
            ("  ID: a", "/srv/vpc", "/srv/vpc"),
        );
        check("[/srv/vpc]   ID: a", ("  ID: a", "/srv/vpc", "/srv/vpc"));
        check(
            "14:02:03.100 STDERR [prod/vpc] terraform:   ID: a",
            ("  ID: a", "prod/vpc", "prod/vpc"),
        );
        check("14:02:03.100 STDOUT tofu:   ID: a", ("  ID: a", "", ""));
        check("ERRO[0012]   ID: a", ("  ID: a", "", ""));
    }

    #[test]
    fn what_is_no_prefix_stays() {
        for text in [
            "  ID:        a",
            "Error: Error acquiring the state lock",
            "[id=subnet-1] x",
            "terraform: x",
            "[a]b",
            "STDERR",
            "a b | c",
            "Who:       alice | bob",
        ] {
            assert_eq!(strip(text, None), None, "{text}");
        }
    }
}
