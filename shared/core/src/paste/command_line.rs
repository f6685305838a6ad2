//! Command lines that a log or a terminal shows before what they print.

use super::found::Tool;

/// What one line tells about where the program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The program was run.
    Ran(Ran),
    /// A workspace was selected, which holds for the directory.
    Selected(String),
    /// `TF_WORKSPACE` was set, which holds for what comes after and goes before what is selected.
    Exported(String),
}

/// A run of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ran {
    pub(super) tool: Tool,
    /// Where it ran, as far as the line names it and no variable has to be known for it.
    pub(super) directory: Option<String>,
    /// By `-chdir`.
    pub(super) is_chdir: bool,
    /// The workspace of this run alone.
    pub(super) workspace: Option<String>,
    /// The workspace that it selects.
    pub(super) selects: Option<String>,
    /// The ID that its `force-unlock` was given.
    pub(super) unlocks: Option<String>,
}

/// Subcommands that take a lock, select a workspace or prepare it. A line of prose may begin with `terraform` too.
const SUBCOMMANDS: [&str; 17] = [
    "apply",
    "apply-all",
    "console",
    "destroy",
    "destroy-all",
    "force-unlock",
    "import",
    "init",
    "plan",
    "plan-all",
    "refresh",
    "run",
    "run-all",
    "state",
    "taint",
    "untaint",
    "workspace",
];

/// What a line without its layers tells.
pub(super) fn of(text: &str) -> Option<Told> {
    let text = text.trim();
    selected(text)
        .map(Told::Selected)
        .or_else(|| exported(text).map(Told::Exported))
        .or_else(|| ran(text).map(Told::Ran))
}

/// `Switched to workspace "dev".` and `Created and switched to workspace "dev"!` (`command/workspace_command.go:
/// envChanged, envCreated`).
fn selected(text: &str) -> Option<String> {
    let rest = text
        .strip_prefix("Switched to workspace \"")
        .or_else(|| text.strip_prefix("Created and switched to workspace \""))?;
    let (name, _) = rest.split_once('"')?;
    plain(name)
}

/// `TF_WORKSPACE=dev`, exported or not, and `TF_WORKSPACE: dev` as GitHub Actions lists the environment of a step.
fn exported(text: &str) -> Option<String> {
    let text = without_prompt(text);
    let text = text.strip_prefix("export ").unwrap_or(text);
    let value = text.strip_prefix("TF_WORKSPACE")?;
    let value = value
        .strip_prefix('=')
        .or_else(|| value.strip_prefix(": "))?;
    let mut words = shlex::split(value)?.into_iter();
    let (name, rest) = (words.next()?, words.next());
    rest.is_none().then(|| plain(&name)).flatten()
}

fn ran(text: &str) -> Option<Ran> {
    let text = without_prompt(text);
    if !["terraform", "tofu", "terragrunt"]
        .iter()
        .any(|name| text.contains(name))
    {
        return None;
    }
    // A hint of Terraform's own, below a state that it could not save.
    if text.contains("errored.tfstate") {
        return None;
    }
    let words = shlex::split(&text.replace("; ", " ; "))?;
    let mut went_to = Where::Unnamed;
    let mut found = None;
    for part in words.split(|word| word == "&&" || word == ";") {
        let part = part.split(|word| word == "|" || word == "||").next()?;
        if part.first().is_some_and(|word| word == "cd") {
            went_to = match part {
                [_, directory] => went_to.then(directory),
                _ => Where::Unknown,
            };
        } else if let Some(ran) = run(part, &went_to) {
            // What selects a workspace in front of the run proper says something too.
            let selects = found.and_then(|earlier: Ran| earlier.selects);
            found = Some(Ran {
                selects: ran.selects.clone().or(selects),
                ..ran
            });
        }
    }
    found
}

/// A directory as far as it can be told.
#[derive(Clone)]
enum Where {
    /// No word about it.
    Unnamed,
    Known(String),
    /// A variable, or a run over many directories.
    Unknown,
}

impl Where {
    fn then(&self, directory: &str) -> Self {
        match (plain(directory), self) {
            (None, _) => Self::Unknown,
            (Some(directory), Self::Known(_) | Self::Unknown) if directory.starts_with('/') => {
                Self::Known(directory)
            }
            (Some(directory), Self::Known(before)) => Self::Known(format!("{before}/{directory}")),
            (Some(_), Self::Unknown) => Self::Unknown,
            (Some(directory), Self::Unnamed) => Self::Known(directory),
        }
    }
}

/// Reads `[NAME=VALUE …] [wrapper … --] terraform [-chdir=DIR] SUBCOMMAND …`.
fn run(words: &[String], went_to: &Where) -> Option<Ran> {
    let at = words.iter().position(|word| tool(word).is_some())?;
    let (before, from) = words.split_at(at);
    let (program, arguments) = from.split_first()?;
    let is_wrapper = |word: &String| matches!(word.as_str(), "sudo" | "time" | "env" | "exec");
    let is_alone = before.last().is_some_and(|word| word == "--")
        || before
            .iter()
            .all(|word| is_wrapper(word) || word.contains('='));
    let tool = tool(program).filter(|_| is_alone)?;
    let at = subcommand(arguments)?;
    let (options, from) = arguments.split_at(at);
    let (subcommand, rest) = from.split_first()?;
    if !SUBCOMMANDS.contains(&subcommand.as_str()) {
        return None;
    }
    let chdir = options.iter().find_map(|word| word.strip_prefix("-chdir="));
    let working =
        after(arguments, "--working-dir").or_else(|| after(arguments, "--terragrunt-working-dir"));
    let named = chdir.or(working.filter(|_| tool == Tool::Terragrunt));
    // The units are somewhere below.
    let is_over_many = tool == Tool::Terragrunt
        && (subcommand.ends_with("-all") || arguments.iter().any(|word| word == "--all"));
    let place = named.map_or_else(|| went_to.clone(), |named| went_to.then(named));
    let directory = match place {
        Where::Known(directory) if !is_over_many => Some(directory),
        Where::Known(_) | Where::Unnamed | Where::Unknown => None,
    };
    let variable = before
        .iter()
        .find_map(|word| word.strip_prefix("TF_WORKSPACE="));
    let is_selecting = subcommand == "workspace"
        && rest
            .first()
            .is_some_and(|word| word == "select" || word == "new");
    let argument = |words: &[String]| words.iter().find(|word| !word.starts_with('-')).cloned();
    Some(Ran {
        tool,
        is_chdir: chdir.is_some() && directory.is_some() && matches!(went_to, Where::Unnamed),
        directory,
        workspace: variable.and_then(plain),
        selects: argument(rest.get(1..).unwrap_or_default())
            .filter(|_| is_selecting)
            .and_then(|name| plain(&name)),
        unlocks: argument(rest).filter(|_| subcommand == "force-unlock"),
    })
}

/// Where the subcommand stands: behind the options, of which Terragrunt's take their values as words of their own too.
fn subcommand(arguments: &[String]) -> Option<usize> {
    let mut is_value = false;
    arguments.iter().position(|word| {
        let is_option = word.starts_with('-') || is_value;
        is_value = word.ends_with("working-dir");
        !is_option
    })
}

/// The program that a word names; Atlantis keeps several as `terraform1.5.7`.
fn tool(word: &str) -> Option<Tool> {
    let name = word.rsplit('/').next()?;
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    match name {
        "terraform" => Some(Tool::Terraform),
        "tofu" => Some(Tool::OpenTofu),
        "terragrunt" => Some(Tool::Terragrunt),
        _ => None,
    }
}

/// The value of an option, behind `=` or as the next word.
fn after<'w>(words: &'w [String], option: &str) -> Option<&'w str> {
    let at = words.iter().position(|word| word.starts_with(option))?;
    let rest = words.get(at)?.strip_prefix(option)?;
    match rest.strip_prefix('=') {
        Some(value) => Some(value),
        None if rest.is_empty() => words.get(at + 1).map(String::as_str),
        None => None,
    }
}

/// Without what a terminal or a CI system puts before a command.
fn without_prompt(text: &str) -> &str {
    // `alice@laptop:~/infra$ terraform plan`, `[alice@laptop infra]$ terraform plan`.
    let prompted = text.split_once("$ ").filter(|(before, _)| {
        !before.contains(['"', '\'', '`', '=']) && before.split_whitespace().count() <= 2
    });
    let mut text = prompted.map_or(text, |(_, command)| command);
    for mark in ["Run ", "> ", "% "] {
        text = text.strip_prefix(mark).unwrap_or(text);
    }
    // `set -x` of a shell.
    text.trim_start_matches('+').trim_start()
}

/// A name that is no variable, no pattern and nothing that a CI system would put in.
fn plain(name: &str) -> Option<String> {
    let is_plain = !name.is_empty() && !name.contains(['$', '`', '*', '{', '}', '(', '<', '~']);
    is_plain.then(|| name.to_owned())
}

#[cfg(test)]
mod tests;
