//! The local AWS itself: one MiniStack process.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{fs, io};

use serde_json::Value;
use tempfile::TempDir;

use crate::clients::{Clients, Credentials};
use crate::failure::{Failure, Result, succeed, tail_of};
use crate::guarded::Guarded;
use crate::tools::Tools;

/// The region everything here lives in.
pub const REGION: &str = "us-east-1";

const STARTS_WITHIN: Duration = Duration::from_secs(60);
const ATTEMPTS: usize = 3;

/// Whether the local AWS asks IAM before it does what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody may do everything.
    Open,
    /// Every call is checked against the caller's policies; the functions run with their own roles.
    Enforced,
}

/// A local AWS on a free port of 127.0.0.1, with a temporary folder of its own. Several may run at once.
///
/// It ends with this value, and with the process that holds it, however that ends; so do the functions it runs.
#[derive(Debug)]
pub struct MiniStack {
    tools: Tools,
    access: Access,
    port: u16,
    // Before the folder: what runs ends first.
    process: Guarded,
    folder: TempDir,
}

impl MiniStack {
    /// Starts a local AWS and waits until it answers.
    ///
    /// # Errors
    /// When it is not installed, or does not answer within a minute; the end of its log is part of the error.
    pub fn start(access: Access) -> Result<Self> {
        let tools = Tools::of_this_workspace();
        let mut attempt = 1;
        loop {
            match Self::start_on(free_port()?, access, &tools) {
                // Between our looking and its binding somebody else may take the port.
                Err(Failure::TimedOut { tail, .. })
                    if attempt < ATTEMPTS && tail.contains("already in use") =>
                {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn start_on(port: u16, access: Access, tools: &Tools) -> Result<Self> {
        let folder = TempDir::with_prefix("lockwarden-aws-")
            .map_err(Failure::system("make a temporary folder"))?;
        let process = Guarded::start(command(port, access, tools, folder.path())?)?;
        let mut started = Self {
            tools: tools.clone(),
            access,
            port,
            process,
            folder,
        };
        started.wait_until_ready()?;
        Ok(started)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let begin = Instant::now();
        while !is_ready(self.port) {
            let ended = self.process.ended()?.is_some();
            if ended || begin.elapsed() > STARTS_WITHIN {
                return Err(Failure::TimedOut {
                    what: format!("MiniStack to answer on port {}", self.port),
                    after: begin.elapsed(),
                    tail: tail_of(&log_in(self.folder.path())),
                });
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Where this AWS answers, for `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    /// Whether IAM is enforced.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }

    /// Clients that act as the account's root. Make them anew in each test: their connections live in its runtime.
    #[must_use]
    pub fn clients(&self) -> Clients {
        Clients::new(&self.endpoint(), Credentials::root())
    }

    /// Clients that act as a role, so that a test can try what the role may not do.
    ///
    /// # Errors
    /// When the role does not exist.
    pub fn clients_as(&self, role_arn: &str) -> Result<Clients> {
        self.clients_through(&[role_arn])
    }

    /// Clients that act as the last of these roles. The account's root takes on the first, and each role the next.
    ///
    /// # Errors
    /// When a role does not exist, or does not trust the one before it.
    pub fn clients_through(&self, role_arns: &[&str]) -> Result<Clients> {
        let mut credentials = Credentials::root();
        for role_arn in role_arns {
            credentials = self.assumed(&credentials, role_arn)?;
        }
        Ok(Clients::new(&self.endpoint(), credentials))
    }

    fn assumed(&self, caller: &Credentials, role_arn: &str) -> Result<Credentials> {
        let assume = ["sts", "assume-role", "--role-arn", role_arn];
        let said = self.aws_by(
            caller,
            &[&assume[..], &["--role-session-name", "test"]].concat(),
        )?;
        let field = |name: &str| {
            said.pointer(&format!("/Credentials/{name}"))
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| {
                    Failure::Unexpected(format!("assume-role of {role_arn} gave no {name}"))
                })
        };
        Ok(Credentials {
            access_key: field("AccessKeyId")?,
            secret_key: field("SecretAccessKey")?,
            session_token: Some(field("SessionToken")?),
        })
    }

    /// Runs the AWS CLI as the account's root and reads what it prints; `null` when it prints nothing.
    ///
    /// # Errors
    /// When the CLI fails or does not print JSON.
    pub fn aws(&self, arguments: &[&str]) -> Result<Value> {
        self.aws_by(&Credentials::root(), arguments)
    }

    fn aws_by(&self, caller: &Credentials, arguments: &[&str]) -> Result<Value> {
        let mut command = self.command(self.tools.installed("aws")?);
        let output = command
            .env("AWS_ACCESS_KEY_ID", &caller.access_key)
            .env("AWS_SECRET_ACCESS_KEY", &caller.secret_key)
            .envs(
                caller
                    .session_token
                    .iter()
                    .map(|token| ("AWS_SESSION_TOKEN", token)),
            )
            .args(["--output", "json"])
            .args(arguments)
            .output()
            .map_err(Failure::system("run the AWS CLI"))?;
        let program = format!(
            "aws {}",
            arguments
                .iter()
                .take(2)
                .copied()
                .collect::<Vec<_>>()
                .join(" ")
        );
        let output = succeed(&program, output)?;
        if output.stdout.trim_ascii().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|error| Failure::Unexpected(format!("`{program}` printed no JSON: {error}")))
    }

    /// Runs a line in a shell, as a person would paste it: with the AWS CLI on `PATH` and this AWS as the account.
    ///
    /// # Errors
    /// When the line fails; the end of its output is part of the error.
    pub fn shell(&self, line: &str, user: &str) -> Result<String> {
        let mut command = self.command("/bin/sh");
        let output = command
            .args(["-c", line])
            .env("USER", user)
            .output()
            .map_err(Failure::system("run a shell"))?;
        let output = succeed(line, output)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A command whose AWS is this one, with the account's root as its identity.
    pub(crate) fn command(&self, program: impl Into<PathBuf>) -> Command {
        self.with_this_aws(self.tools.isolated(program, self.folder.path()))
    }

    /// A command under the guard whose AWS is this one.
    pub(crate) fn guarded_command(&self) -> Result<Command> {
        let command = Guarded::command(&self.tools)?;
        Ok(self.with_this_aws(self.tools.isolate(command, self.folder.path())))
    }

    fn with_this_aws(&self, mut command: Command) -> Command {
        let root = Credentials::root();
        let nowhere = self.folder.path().join("no-such-file");
        command
            .env("AWS_ENDPOINT_URL", self.endpoint())
            .env("AWS_ACCESS_KEY_ID", root.access_key)
            .env("AWS_SECRET_ACCESS_KEY", root.secret_key)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_REGION", REGION)
            .env("AWS_CONFIG_FILE", &nowhere)
            .env("AWS_SHARED_CREDENTIALS_FILE", &nowhere)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    /// A folder that is gone with this AWS at the latest, also when this program is killed.
    pub(crate) fn temporary_folder(&self, prefix: &str) -> Result<TempDir> {
        TempDir::with_prefix_in(prefix, self.folder.path())
            .map_err(Failure::system("make a temporary folder"))
    }

    pub(crate) fn tools(&self) -> &Tools {
        &self.tools
    }

    /// The end of MiniStack's log, for the error of a test that waited in vain.
    #[must_use]
    pub fn log_tail(&self) -> String {
        tail_of(&log_in(self.folder.path()))
    }
}

/// The guarded MiniStack process. Its environment is empty but for what is named here, because the functions it runs
/// inherit it.
fn command(port: u16, access: Access, tools: &Tools, folder: &Path) -> Result<Command> {
    let log =
        fs::File::create(log_in(folder)).map_err(Failure::system("create MiniStack's log file"))?;
    let errors = log
        .try_clone()
        .map_err(Failure::system("share MiniStack's log file"))?;
    let mut command = tools.isolate(Guarded::command(tools)?, folder);
    command
        .arg("--remove")
        .arg(folder)
        .arg(tools.installed("python")?)
        .arg(tools.script("local_aws.py"))
        .stdout(Stdio::from(log))
        .stderr(Stdio::from(errors));
    command
        .env("BIND_HOST", Ipv4Addr::LOCALHOST.to_string())
        .env("GATEWAY_PORT", port.to_string())
        .env("AUTH", (access == Access::Enforced).to_string())
        // The functions get this one: it is where they find their AWS.
        .env("AWS_ENDPOINT_URL", endpoint(port))
        .env("TMPDIR", folder)
        .env("STATE_DIR", folder.join("state"))
        .env("S3_DATA_DIR", folder.join("s3"))
        // `mails` reads there what SNS was given to send.
        .env("CLOUDTRAIL_RECORDING", "1")
        // Its own limit follows the memory of the machine, and what SNS delivers above it is dropped.
        .env("LAMBDA_ACCOUNT_CONCURRENCY", "200")
        .env("IOT_MTLS_ENABLED", "0")
        .env("SFTP_ENABLED", "0")
        // At start and end MiniStack removes containers of other MiniStacks, if it finds a container engine.
        .env("DOCKER_HOST", "unix:///nonexistent");
    Ok(command)
}

fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn log_in(folder: &Path) -> PathBuf {
    folder.join("ministack.log")
}

/// A port that nobody listens on at this moment.
fn free_port() -> Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Failure::system("find a free port"))
}

fn is_ready(port: u16) -> bool {
    ready_answer(port).is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

fn ready_answer(port: u16) -> io::Result<String> {
    let limit = Duration::from_secs(2);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(
        b"GET /_ministack/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
