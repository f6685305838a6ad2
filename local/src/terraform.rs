//! Real Terraform or OpenTofu, run against the local AWS.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::aloud::{on_path, say_skipped};
use crate::failure::{Failure, Result, succeed, tail_of};
use crate::guarded::Guarded;
use crate::ministack::{MiniStack, REGION};
use crate::stores::Stores;

/// The first version with the backend settings that point it at another AWS.
const OLDEST: (u32, u32) = (1, 6);
/// The first version that locks with a file beside the state.
const WITH_LOCK_FILES: (u32, u32) = (1, 10);
const LOCKS_WITHIN: Duration = Duration::from_secs(60);
/// Longer than any test; the guard ends it long before.
const SLOW_SECONDS: u32 = 600;
/// How long a step of a long apply takes.
const STEP_SECONDS: u32 = 2;

/// How a backend locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `dynamodb_table`: an item in the lock table.
    DynamodbTable,
    /// `use_lockfile`: an object beside the state.
    UseLockfile,
    /// Both at once, as while moving from the first to the second.
    Both,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::DynamodbTable, Self::UseLockfile, Self::Both];

    /// Whether it writes an item.
    #[must_use]
    pub fn has_item(self) -> bool {
        matches!(self, Self::DynamodbTable | Self::Both)
    }

    /// Whether it writes a lock file.
    #[must_use]
    pub fn has_file(self) -> bool {
        matches!(self, Self::UseLockfile | Self::Both)
    }
}

/// A `terraform` or `tofu` program.
#[derive(Clone, Debug)]
pub struct Terraform {
    program: PathBuf,
    /// `terraform` or `tofu`.
    pub name: &'static str,
    /// Its version, as it says it.
    pub version: String,
}

impl Terraform {
    /// The first `terraform`, or else `tofu`, on `PATH` that is 1.6 or later.
    ///
    /// # Errors
    /// When one is there but does not tell its version.
    pub fn on_path() -> Result<Option<Self>> {
        for name in ["terraform", "tofu"] {
            if let Some(program) = on_path(name) {
                let version = version_of(&program)?;
                if release(&version) >= OLDEST {
                    return Ok(Some(Self {
                        program,
                        name,
                        version,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// The same for tests that need this mode. Where no program has it they cannot run, and it is said aloud.
    ///
    /// # Errors
    /// When one is there but does not tell its version.
    pub fn for_tests(tests: &str, mode: Mode) -> Result<Option<Self>> {
        let program = Self::on_path()?.filter(|program| program.knows(mode));
        if program.is_none() {
            let (major, minor) = if mode.has_file() {
                WITH_LOCK_FILES
            } else {
                OLDEST
            };
            say_skipped(
                tests,
                &format!("No terraform or tofu {major}.{minor} or later is on PATH"),
            );
        }
        Ok(program)
    }

    /// Whether this version knows a mode.
    #[must_use]
    pub fn knows(&self, mode: Mode) -> bool {
        !mode.has_file() || release(&self.version) >= WITH_LOCK_FILES
    }
}

/// A Terraform configuration in a folder of its own, with its state in the local AWS and one resource to be slow with.
#[derive(Debug)]
pub struct Project<'a> {
    aws: &'a MiniStack,
    terraform: Terraform,
    mode: Mode,
    key: String,
    folder: TempDir,
}

impl<'a> Project<'a> {
    /// Writes the configuration of a project whose state is `key` in the stores' bucket, and initialises it.
    ///
    /// # Errors
    /// When this Terraform does not know the mode, or `init` fails.
    pub fn new(
        aws: &'a MiniStack,
        terraform: &Terraform,
        stores: &Stores,
        (mode, key): (Mode, &str),
    ) -> Result<Self> {
        let block = backend_block(stores, mode, key);
        Self::with_backend(aws, terraform, &block, (mode, key))
    }

    /// The same with a `terraform` block of somebody else's, which names `key` and locks as `mode` says.
    ///
    /// # Errors
    /// When this Terraform does not know the mode, when the block has no backend of S3, or when `init` fails.
    pub fn with_backend(
        aws: &'a MiniStack,
        terraform: &Terraform,
        block: &str,
        (mode, key): (Mode, &str),
    ) -> Result<Self> {
        let backend = here(block, &aws.endpoint())?;
        let project = Self::with_files(aws, terraform, (mode, key), &[("backend.tf", &backend)])?;
        project.run(&["init"])?;
        Ok(project)
    }

    /// The same with a backend that is written in these files (name and content). It is not initialised.
    ///
    /// # Errors
    /// When this Terraform does not know the mode, or a file cannot be written.
    pub fn with_files(
        aws: &'a MiniStack,
        terraform: &Terraform,
        (mode, key): (Mode, &str),
        files: &[(&str, &str)],
    ) -> Result<Self> {
        if !terraform.knows(mode) {
            return Err(Failure::TerraformTooOld {
                tool: terraform.name.to_owned(),
                version: terraform.version.clone(),
                needed: format!("{}.{}", WITH_LOCK_FILES.0, WITH_LOCK_FILES.1),
            });
        }
        let folder = aws.temporary_folder("project-")?;
        let project = Self {
            aws,
            terraform: terraform.clone(),
            mode,
            key: key.to_owned(),
            folder,
        };
        project.write("main.tf", WORK)?;
        for (name, content) in files {
            project.write(name, content)?;
        }
        Ok(project)
    }

    /// Writes a file of this project, or writes it anew.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: &str) -> Result<()> {
        fs::write(self.folder.path().join(name), content)
            .map_err(Failure::system(format!("write {name}")))
    }

    /// Runs a Terraform command to its end and returns what it printed.
    ///
    /// # Errors
    /// When it fails; the end of its output is part of the error.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = self.aws.command(&self.terraform.program);
        self.in_this_project(&mut command);
        let output = command
            .args(arguments)
            .output()
            .map_err(Failure::system(format!("run {}", self.terraform.name)))?;
        let output = succeed(
            &format!("{} {}", self.terraform.name, arguments.join(" ")),
            output,
        )?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Applies quickly and successfully, which writes the state and, with a table, its digest.
    ///
    /// # Errors
    /// When it fails.
    pub fn apply(&self) -> Result<String> {
        self.run(&["apply", "-auto-approve"])
    }

    /// Plans what [`Project::apply`] would do.
    ///
    /// # Errors
    /// When it fails, as it does while somebody holds the lock.
    pub fn plan(&self) -> Result<String> {
        self.run(&["plan"])
    }

    /// Starts an apply that takes ten minutes and returns as soon as it holds the lock.
    ///
    /// # Errors
    /// When it ends early or takes no lock within a minute.
    pub async fn start_slow_apply(&self, stores: &Stores) -> Result<Running> {
        let seconds = format!("seconds={SLOW_SECONDS}");
        self.start_apply(stores, &["-var", "turn=slow", "-var", &seconds])
            .await
    }

    /// Starts an apply of many small steps that takes ten minutes too, and returns as soon as it holds the lock. On its way it
    /// writes the state whenever a step ends 20 seconds or more after the last write (`backend/local/hook_state.go`:
    /// `PostStateUpdate`; Terraform 1.5 and later).
    ///
    /// # Errors
    /// When it ends early or takes no lock within a minute.
    pub async fn start_long_apply(&self, stores: &Stores) -> Result<Running> {
        let steps = format!("steps={}", SLOW_SECONDS / STEP_SECONDS);
        self.start_apply(stores, &["-parallelism=1", "-var", &steps])
            .await
    }

    async fn start_apply(&self, stores: &Stores, arguments: &[&str]) -> Result<Running> {
        // S3 tells whole seconds: a write of the state in the second of the lock would look like the new holder's.
        sleep(Duration::from_millis(1100)).await;
        let log = self.folder.path().join("apply.log");
        let mut running = Running {
            process: self.spawn_apply(&log, arguments)?,
        };
        let begin = Instant::now();
        while !stores.is_locked(self.mode, &self.key).await? {
            if running.process.ended()?.is_some() || begin.elapsed() > LOCKS_WITHIN {
                return Err(Failure::TimedOut {
                    what: format!(
                        "{} apply to take the lock of {}",
                        self.terraform.name, self.key
                    ),
                    after: begin.elapsed(),
                    tail: tail_of(&log),
                });
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(running)
    }

    /// The same project in a workspace whose state is at another key: there it looks for its lock.
    #[must_use]
    pub fn with_state_at(self, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            ..self
        }
    }

    fn spawn_apply(&self, log: &Path, arguments: &[&str]) -> Result<Guarded> {
        let output = File::create(log).map_err(Failure::system("create a log file"))?;
        let errors = output
            .try_clone()
            .map_err(Failure::system("share a log file"))?;
        let mut command = self.aws.guarded_command()?;
        self.in_this_project(&mut command);
        command
            .arg(&self.terraform.program)
            .args(["apply", "-auto-approve"])
            .args(arguments)
            .stdout(Stdio::from(output))
            .stderr(Stdio::from(errors));
        Guarded::start(command)
    }

    fn in_this_project(&self, command: &mut Command) {
        command
            .current_dir(self.folder.path())
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("TF_CLI_ARGS", "-no-color")
            .env("CHECKPOINT_DISABLE", "1");
    }
}

/// An apply that holds its lock. It ends with this value.
#[derive(Debug)]
pub struct Running {
    process: Guarded,
}

impl Running {
    /// Ends Terraform as the OOM killer does, with SIGKILL, and what it had started. Its lock stays.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn kill(mut self) -> Result<()> {
        self.process.kill()
    }

    /// Freezes Terraform with SIGSTOP, as a suspended machine does. It lives, and nobody can tell.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn freeze(&mut self) -> Result<()> {
        self.process.signal("STOP")
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn thaw(&mut self) -> Result<()> {
        self.process.signal("CONT")
    }
}

/// The backend of a state in these stores.
fn backend_block(stores: &Stores, mode: Mode, key: &str) -> String {
    let table = if mode.has_item() {
        format!("\n    dynamodb_table = \"{}\"", stores.table)
    } else {
        String::new()
    };
    let file = if mode.has_file() {
        "\n    use_lockfile   = true"
    } else {
        ""
    };
    let bucket = &stores.bucket;
    format!(
        r#"terraform {{
  backend "s3" {{
    bucket         = "{bucket}"
    key            = "{key}"
    region         = "{REGION}"{table}{file}
  }}
}}
"#
    )
}

/// The same block, led to the local AWS.
fn here(block: &str, endpoint: &str) -> Result<String> {
    const BEGIN: &str = "backend \"s3\" {\n";
    let (before, after) = block
        .split_once(BEGIN)
        .ok_or_else(|| Failure::Unexpected(format!("no S3 backend begins in {block}")))?;
    Ok(format!(
        r#"{before}{BEGIN}    endpoints = {{ s3 = "{endpoint}", dynamodb = "{endpoint}" }}

    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true

{after}"#
    ))
}

/// What a project does. `terraform_data` is built in, so nothing is downloaded.
const WORK: &str = r#"variable "turn" {
  default = "quick"
}

variable "seconds" {
  default = 0
}

variable "steps" {
  default = 0
}

resource "terraform_data" "step" {
  count = var.steps

  provisioner "local-exec" {
    command = "sleep 2"
  }
}

resource "terraform_data" "work" {
  triggers_replace = var.turn

  provisioner "local-exec" {
    command = "sleep ${var.seconds}"
  }
}
"#;

fn version_of(program: &Path) -> Result<String> {
    let output = Command::new(program)
        .args(["version", "-json"])
        .env("CHECKPOINT_DISABLE", "1")
        .output()
        .map_err(Failure::system(format!("run {}", program.display())))?;
    let output = succeed(&format!("{} version", program.display()), output)?;
    let said: Option<Value> = serde_json::from_slice(&output.stdout).ok();
    let version = said
        .as_ref()
        .and_then(|said| said.get("terraform_version"))
        .and_then(Value::as_str);
    version.map(str::to_owned).ok_or_else(|| {
        Failure::Unexpected(format!("{} does not tell its version", program.display()))
    })
}

/// Major and minor number; what cannot be read counts as the oldest.
fn release(version: &str) -> (u32, u32) {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::release;

    #[test]
    fn versions_compare_by_number() {
        assert!(release("1.10.0-beta1") > release("1.9.8"));
        assert_eq!(release("1.11.4"), (1, 11));
        assert_eq!(release("unknown"), (0, 0));
    }
}
