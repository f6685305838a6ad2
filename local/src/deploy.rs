//! Puts the project's template and binaries on a local AWS, the way an operator does: with `sam deploy`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::failure::{Failure, Result, succeed};
use crate::ministack::{Access, MiniStack, REGION};
use crate::template::{with_code_from, with_gaps_closed, without_unknown_resources};

/// The functions of the template, by the names of their binaries.
const BINARIES: &[&str] = &["approve", "sweep", "triage"];

/// A deployed stack.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The name that the stack was given.
    pub stack: String,
    outputs: BTreeMap<String, String>,
}

impl Deployment {
    /// An output of the stack, as in `SweepFunctionName`.
    ///
    /// # Errors
    /// When the template has no such output; those it has are named.
    pub fn output(&self, name: &str) -> Result<&str> {
        self.outputs.get(name).map(String::as_str).ok_or_else(|| {
            let known: Vec<&str> = self.outputs.keys().map(String::as_str).collect();
            Failure::Unexpected(format!(
                "the stack {} has no output {name}, only {}",
                self.stack,
                known.join(", ")
            ))
        })
    }
}

/// Deploys `template.yaml` with the binaries that were built beside the running program.
///
/// # Errors
/// When a binary is missing or out of date, when the template is not as expected, or when the deployment fails.
pub fn deploy(aws: &MiniStack, stack: &str, parameters: &[(&str, &str)]) -> Result<Deployment> {
    let folder = aws.temporary_folder("deploy-")?;
    let template = local_template(aws, folder.path())?;
    run_sam(aws, stack, &template, parameters)?;
    Ok(Deployment {
        stack: stack.to_owned(),
        outputs: outputs(aws, stack)?,
    })
}

/// Deploys as [`deploy`] does, with the approval page; the second value is its address here.
///
/// # Errors
/// As [`deploy`].
pub fn deploy_with_page(
    aws: &MiniStack,
    stack: &str,
    parameters: &[(&str, &str)],
) -> Result<(Deployment, String)> {
    let mut parameters = parameters.to_vec();
    parameters.push(("ApprovalPage", "link"));
    let first = deploy(aws, stack, &parameters)?;
    // The name that AWS would give it leads nowhere here, so the notices get another one, as with a custom domain.
    let url = local_url(aws, first.output("ApprovalUrl")?)?;
    parameters.push(("ApprovalUrlOverride", &url));
    let second = deploy(aws, stack, &parameters)?;
    Ok((second, url))
}

/// Where a function URL is served here.
fn local_url(aws: &MiniStack, url: &str) -> Result<String> {
    let host = url.strip_prefix("https://").unwrap_or(url);
    let id = host.split('.').next().filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Failure::Unexpected(format!("{url} is no function URL")))?;
    Ok(format!("{}/_aws/lambda-url/{id}/", aws.endpoint()))
}

/// Writes the local copy of the template, and beside it a folder with a `bootstrap` for each function.
fn local_template(aws: &MiniStack, folder: &Path) -> Result<PathBuf> {
    let mut folders = BTreeMap::new();
    for name in BINARIES {
        folders.insert(
            (*name).to_owned(),
            code_folder(&aws.tools().built(name)?, folder.join(name))?,
        );
    }
    let original = aws.tools().root().join("template.yaml");
    let text = fs::read_to_string(&original)
        .map_err(Failure::system(format!("read {}", original.display())))?;
    let text = without_unknown_resources(&with_code_from(&text, &folders)?)?;
    let text = match aws.access() {
        Access::Open => text,
        Access::Enforced => with_gaps_closed(&text)?,
    };
    let path = folder.join("template.yaml");
    fs::write(&path, text).map_err(Failure::system(format!("write {}", path.display())))?;
    Ok(path)
}

/// A folder with the binary as its `bootstrap`, without debug information where `strip` is at hand: it gets zipped.
fn code_folder(binary: &Path, folder: PathBuf) -> Result<PathBuf> {
    fs::create_dir(&folder).map_err(Failure::system(format!("create {}", folder.display())))?;
    let bootstrap = folder.join("bootstrap");
    let stripped = Command::new("strip")
        .arg("-o")
        .arg(&bootstrap)
        .arg(binary)
        .output();
    if !stripped.is_ok_and(|output| output.status.success()) {
        fs::copy(binary, &bootstrap)
            .map_err(Failure::system(format!("copy {}", binary.display())))?;
    }
    Ok(folder)
}

fn run_sam(
    aws: &MiniStack,
    stack: &str,
    template: &Path,
    parameters: &[(&str, &str)],
) -> Result<()> {
    let mut command = aws.command(aws.tools().installed("sam")?);
    command
        .args([
            "deploy",
            "--stack-name",
            stack,
            "--region",
            REGION,
            "--resolve-s3",
            "--no-confirm-changeset",
        ])
        .args([
            "--no-progressbar",
            "--capabilities",
            "CAPABILITY_IAM",
            "--template-file",
        ])
        .arg(template)
        .env("SAM_CLI_TELEMETRY", "0")
        .env("SAM_CLI_POLL_DELAY", "1");
    if !parameters.is_empty() {
        command.arg("--parameter-overrides");
        command.args(
            parameters
                .iter()
                .map(|(name, value)| format!("{name}={}", Value::from(*value))),
        );
    }
    let output = command.output().map_err(Failure::system("run sam"))?;
    succeed("sam deploy", output)?;
    Ok(())
}

fn outputs(aws: &MiniStack, stack: &str) -> Result<BTreeMap<String, String>> {
    let said = aws.aws(&["cloudformation", "describe-stacks", "--stack-name", stack])?;
    let outputs = said.pointer("/Stacks/0/Outputs").and_then(Value::as_array);
    let pairs = outputs.into_iter().flatten().filter_map(|output| {
        let text = |field: &str| output.get(field).and_then(Value::as_str).map(str::to_owned);
        Some((text("OutputKey")?, text("OutputValue")?))
    });
    Ok(pairs.collect())
}
