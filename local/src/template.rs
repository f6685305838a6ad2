//! The copy of `template.yaml` that is deployed here: the same text but for a few lines, replaced exactly and counted,
//! so that a change of the template cannot quietly turn the local stack into another one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};

const CODE: &str = "CodeUri: .";
const BINARY_BEGIN: &str = "BuildProperties: {Binary: ";
const BINARY_END: &str = "}";

/// What an AWS that enforces IAM here cannot evaluate, and what stands there instead. Tests of the template assert that
/// the real one has both.
const GAPS: &[Gap] = &[
    // MiniStack never sets this key: with the condition it would refuse every delete of a lock file.
    Gap {
        line: "Condition: {'Null': {'s3:if-match': 'false'}}",
        times: 1,
        instead: None,
    },
    // Nor this one, for every write.
    Gap {
        line: "Condition: {'Null': {'s3:if-none-match': 'false'}}",
        times: 1,
        instead: None,
    },
    // It speaks plain HTTP, so the statements that deny just that must never apply.
    Gap {
        line: "Condition: {Bool: {'aws:SecureTransport': 'false'}}",
        times: 4,
        instead: Some("Condition: {StringEquals: {'aws:SecureTransport': 'never'}}"),
    },
    // The policy of the bucket to make denies by the absence of the two keys, which here is always.
    Gap {
        line: "Condition: {'Null': {'s3:if-none-match': 'true'}}",
        times: 1,
        instead: Some("Condition: {StringEquals: {'aws:SecureTransport': 'never'}}"),
    },
    Gap {
        line: "'Null': {'s3:if-match': 'true'}",
        times: 1,
        instead: Some("StringEquals: {'aws:SecureTransport': 'never'}"),
    },
];

/// The resources that CloudFormation here refuses to make, and how many of each the template has. Nothing refers to them.
const UNKNOWN: (&str, usize) = ("Type: AWS::Logs::QueryDefinition", 3);

struct Gap {
    line: &'static str,
    times: usize,
    instead: Option<&'static str>,
}

/// Points each function at the folder that holds its ready `bootstrap`, so that nothing has to be built in release
/// mode. `folders` has one entry for each binary that the template names.
pub(crate) fn with_code_from(
    template: &str,
    folders: &BTreeMap<String, PathBuf>,
) -> Result<String> {
    let mut binary = "";
    let mut replaced = BTreeMap::new();
    let lines = template.lines().map(|line| {
        let text = line.trim_start();
        if let Some(name) = binary_in(text) {
            binary = name;
        }
        match folders.get(binary) {
            Some(folder) if text == CODE => {
                *replaced.entry(binary).or_insert(0_usize) += 1;
                line.replace(CODE, &format!("CodeUri: {}", quoted(folder)))
            }
            Some(_) | None => line.to_owned(),
        }
    });
    let copy: Vec<String> = lines.collect();
    for name in folders.keys() {
        expect_once(
            replaced.get(name.as_str()).copied().unwrap_or(0),
            CODE,
            &format!("once under `{name}`"),
        )?;
    }
    expect(
        count(template, CODE) == folders.len(),
        CODE,
        "once for each function",
        count(template, CODE),
    )?;
    Ok(copy.join("\n") + "\n")
}

/// Leaves out the resources that cannot be made here: each from the line with its name to the next empty one.
pub(crate) fn without_unknown_resources(template: &str) -> Result<String> {
    let (kind, times) = UNKNOWN;
    let mut kept = Vec::new();
    let mut left_out = 0;
    for block in template.split("\n\n") {
        if block.lines().any(|line| line.trim() == kind) {
            left_out += 1;
        } else {
            kept.push(block);
        }
    }
    let found = count(template, kind);
    let expected = format!("{times} times, each with empty lines around");
    expect(found == times && left_out == times, kind, &expected, found)?;
    Ok(kept.join("\n\n"))
}

/// Closes the gaps of an AWS that enforces IAM here.
pub(crate) fn with_gaps_closed(template: &str) -> Result<String> {
    for gap in GAPS {
        let found = count(template, gap.line);
        let expected = format!("on {} line(s) of its own", gap.times);
        expect(found == gap.times, gap.line, &expected, found)?;
    }
    let lines =
        template.lines().filter_map(
            |line| match GAPS.iter().find(|gap| gap.line == line.trim()) {
                Some(gap) => gap.instead.map(|instead| line.replace(gap.line, instead)),
                None => Some(line.to_owned()),
            },
        );
    Ok(lines.collect::<Vec<_>>().join("\n") + "\n")
}

fn binary_in(text: &str) -> Option<&str> {
    text.strip_prefix(BINARY_BEGIN)?.strip_suffix(BINARY_END)
}

fn count(template: &str, text: &str) -> usize {
    template.lines().filter(|line| line.trim() == text).count()
}

fn expect_once(found: usize, text: &str, expected: &str) -> Result<()> {
    expect(found == 1, text, expected, found)
}

fn expect(holds: bool, text: &str, expected: &str, found: usize) -> Result<()> {
    let (text, expected) = (text.to_owned(), expected.to_owned());
    if holds {
        Ok(())
    } else {
        Err(Failure::Template {
            text,
            expected,
            found,
        })
    }
}

/// A path as a YAML string: JSON's double quotes mean the same there.
fn quoted(path: &Path) -> String {
    serde_json::Value::from(path.to_string_lossy()).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::{with_code_from, with_gaps_closed, without_unknown_resources};
    use crate::tools::Tools;

    const TEMPLATE: &str = "\
Resources:
  One:
    Metadata:
      BuildProperties: {Binary: sweep}
    Properties:
      CodeUri: .
  Two:
    Metadata:
      BuildProperties: {Binary: approve}
    Properties:
      CodeUri: .
      Policies:
        - Sid: Release
          Condition: {'Null': {'s3:if-match': 'false'}}
          Action: s3:DeleteObject
          Condition: {'Null': {'s3:if-none-match': 'false'}}
        - Effect: Deny
          Condition: {Bool: {'aws:SecureTransport': 'false'}}
        - Effect: Deny
          Condition: {Bool: {'aws:SecureTransport': 'false'}}
        - Effect: Deny
          Condition: {Bool: {'aws:SecureTransport': 'false'}}
        - Effect: Deny
          Condition: {Bool: {'aws:SecureTransport': 'false'}}
        - Effect: Deny
          Condition: {'Null': {'s3:if-none-match': 'true'}}
        - Effect: Deny
          Condition:
            ArnEquals: {'aws:PrincipalArn': approve}
            'Null': {'s3:if-match': 'true'}
";

    fn folders(names: &[&str]) -> BTreeMap<String, PathBuf> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), PathBuf::from(format!("/code/{name}"))))
            .collect()
    }

    #[test]
    fn each_function_gets_the_folder_of_its_own_binary() {
        let copy = with_code_from(TEMPLATE, &folders(&["approve", "sweep"])).unwrap();
        let code: Vec<&str> = copy
            .lines()
            .filter(|line| line.contains("CodeUri"))
            .map(str::trim)
            .collect();
        assert_eq!(
            code,
            [r#"CodeUri: "/code/sweep""#, r#"CodeUri: "/code/approve""#]
        );
        assert_eq!(copy.lines().count(), TEMPLATE.lines().count());
    }

    #[test]
    fn a_function_without_a_folder_is_an_error() {
        let error = with_code_from(TEMPLATE, &folders(&["sweep"]))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("expected `CodeUri: .` once for each function, found it 2 time(s)"),
            "{error}"
        );
    }

    #[test]
    fn a_folder_without_a_function_is_an_error() {
        let error = with_code_from(TEMPLATE, &folders(&["sweep", "approve", "triage"]))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("once under `triage`, found it 0 time(s)"),
            "{error}"
        );
    }

    #[test]
    fn only_the_gaps_are_closed() {
        let copy = with_gaps_closed(TEMPLATE).unwrap();
        let changed = |text: &str| text.contains("-match") || text.contains("SecureTransport");
        let rest = |template: &str| -> Vec<String> {
            template
                .lines()
                .filter(|line| !changed(line))
                .map(str::to_owned)
                .collect()
        };
        assert_eq!(rest(&copy), rest(TEMPLATE));
        assert!(!copy.contains("if-match"));
        let never = "          Condition: {StringEquals: {'aws:SecureTransport': 'never'}}";
        assert_eq!(copy.lines().filter(|line| *line == never).count(), 5);
        assert!(
            copy.contains("approve}\n            StringEquals: {'aws:SecureTransport': 'never'}")
        );
    }

    #[test]
    fn what_cannot_be_made_here_is_left_out_and_nothing_else() {
        let query = |name: &str| {
            format!("  {name}:\n    Type: AWS::Logs::QueryDefinition\n    Properties: {{}}")
        };
        let (first, last) = (
            "Resources:\n\n  Topic:\n    Type: AWS::SNS::Topic",
            "Outputs: {}\n",
        );
        let queries = ["One", "Two", "Three"].map(query).join("\n\n");
        let template = format!("{first}\n\n{queries}\n\n{last}");
        assert_eq!(
            without_unknown_resources(&template).unwrap(),
            format!("{first}\n\n{last}")
        );
        let one_too_few =
            template.replace("  Two:\n    Type: AWS::Logs::QueryDefinition", "  Two:");
        assert!(without_unknown_resources(&one_too_few).is_err());
        let not_apart = template.replace("{}\n\n  Two", "{}\n  Two");
        assert!(without_unknown_resources(&not_apart).is_err());
    }

    #[test]
    fn a_gap_that_moved_is_an_error() {
        let template = TEMPLATE.replacen("{Bool: {'aws:SecureTransport': 'false'}}", "{}", 1);
        let error = with_gaps_closed(&template).unwrap_err().to_string();
        assert!(
            error.contains("on 4 line(s) of its own, found it 3 time(s)"),
            "{error}"
        );
    }

    #[test]
    fn the_projects_template_is_as_expected() {
        let template =
            std::fs::read_to_string(Tools::of_this_workspace().root().join("template.yaml"))
                .unwrap();
        let template = without_unknown_resources(&template).unwrap();
        with_gaps_closed(&template).unwrap();
        with_code_from(&template, &folders(&["approve", "sweep", "triage"])).unwrap();
    }
}
