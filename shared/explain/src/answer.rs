//! The answer: the reply of `triage`.

use std::fmt;

use jiff::Timestamp;
use lockwarden_core::ids::LockPath;
use lockwarden_core::paste::{self, Cause, Found, Kind, LockError, PastedDigest, PastedLock, Tool};
use lockwarden_core::redact::{Accounts, Learner, Redactor};
use lockwarden_core::settings::TopicArn;
use lockwarden_harden::{Backend, Format, Hardened, NotRead, Options, Version, harden};
use serde::Serialize;
use serde_json::{Value, json};

use crate::advice::Advice;
use crate::hidden;
use crate::live::Live;
use crate::run::Commands;
use crate::state::State;

/// Of a longer text (bytes) only the lines of the errors are given back, redacted.
pub const LONGEST_GIVEN_BACK: usize = 64 * 1024;

/// What was pasted. Its `Debug` output shows none of it, as it may hold secrets.
pub struct Pasted {
    /// What was found in the text.
    pub found: Found,
    /// The text, or so much of it that it is longer than [`LONGEST_GIVEN_BACK`]; `None` where there was none.
    pub text: Option<String>,
    /// The configuration, as it was read.
    pub config: Option<Config>,
    /// What has seen all of the text, and so knows its secrets ([`Redactor::learn`]).
    pub redactor: Redactor,
}

/// A pasted configuration.
pub struct Config {
    /// The text.
    text: String,
    /// What was made of it.
    read: Result<Hardened, NotRead>,
}

impl fmt::Debug for Pasted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pasted").finish_non_exhaustive()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Config").finish_non_exhaustive()
    }
}

/// Where decisions go, as far as anybody knows here.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The approvals topic of the stack that answers.
    pub topic: Option<&'a TopicArn>,
}

/// The answer, ready to leave: nothing in it is a secret that was pasted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Answer(Value);

/// One error, explained.
#[derive(Clone, Debug, Serialize)]
struct Explained {
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_name: Option<String>,
    tool: Option<Tool>,
    lock: Lock,
    advice: String,
    commands: Commands,
    held: Option<bool>,
    cause: Option<Cause>,
    digest: Option<PastedDigest>,
    live: Option<Live>,
    /// The run could not save the state: that comes before any unlock.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    errored_state: bool,
    /// The Terragrunt unit or directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// The workspace of the command, where paste or path show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace: Option<String>,
    /// The state of the configuration, where the error is about another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    configured: Option<String>,
    /// The earlier line of the paste on which the holder shows itself to be a run of this paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    own_at: Option<u64>,
    /// The later line of the paste that says that the lock was released.
    #[serde(skip_serializing_if = "Option::is_none")]
    unlocked_at: Option<u64>,
    /// The line of the paste on which it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// How often it stands there.
    #[serde(skip_serializing_if = "is_once")]
    times: u64,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Lock {
    id: Option<String>,
    path: Option<String>,
    operation: Option<String>,
    who: Option<String>,
    version: Option<String>,
    created: Option<Timestamp>,
    info: Option<String>,
    /// Said only where it is so: the fields are those of the run that failed, not of the holder.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_of_caller: bool,
}

impl Config {
    /// Reads a configuration; `file` is its name, where it has one. The version of Terraform that a lock of the same paste names tells what may be written for it.
    #[must_use]
    pub fn read(
        bytes: impl Into<Vec<u8>>,
        format: Option<Format>,
        file: Option<&str>,
        found: &Found,
    ) -> Self {
        let bytes = bytes.into();
        let mut versions = found
            .errors
            .iter()
            .filter_map(|error| error.lock.version.as_deref());
        let options = Options {
            format,
            terraform: versions.find_map(Version::parse),
            file,
        };
        let read = harden(&bytes, options);
        // What cannot be read is not rewritten; its readable part is still looked through for secrets.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Self { text, read }
    }

    fn hardened(&self) -> Option<&Hardened> {
        self.read.as_ref().ok()
    }
}

impl Pasted {
    /// Reads what was pasted into two fields, each of which may be blank or missing.
    #[must_use]
    pub fn read(
        text: Option<String>,
        config: Option<String>,
        format: Option<Format>,
        accounts: Accounts,
    ) -> Self {
        let filled = |field: &String| !field.trim().is_empty();
        let text = text.filter(filled);
        let found = text.as_deref().map(paste::find).unwrap_or_default();
        let config = config.filter(filled);
        let config = config.map(|config| Config::read(config, format, None, &found));
        let mut learner = Learner::new(accounts);
        learner.read(text.as_deref().unwrap_or_default().as_bytes());
        Self {
            found,
            text,
            config,
            redactor: learner.finish(),
        }
    }

    /// Whether nothing was pasted.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text.is_none() && self.config.is_none()
    }

    /// The states whose locks are worth a look, without repeats: only of S3 backends, at most `most`.
    ///
    /// A path that stands in a paste is no more than where to look. What is found there counts only if its lock ID is that
    /// of the paste.
    #[must_use]
    pub fn paths(&self, most: usize) -> Vec<LockPath> {
        let mut paths: Vec<LockPath> = Vec::new();
        for error in &self.found.errors {
            for path in self.paths_of(error) {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
        }
        paths.truncate(most);
        paths
    }

    /// The state that an error of this paste is about.
    pub(crate) fn state(&self, error: &LockError) -> State {
        State::of(error, self.backend())
    }

    /// The states to look at for an error: the configured one, and the one that is printed.
    #[must_use]
    pub fn paths_of(&self, error: &LockError) -> Vec<LockPath> {
        if !is_of_a_lock(error) {
            return Vec::new();
        }
        let State { path, other, .. } = self.state(error);
        other.into_iter().chain(path).collect()
    }

    /// The lock table of an error, where the text or the configuration names it.
    #[must_use]
    pub fn table_of(&self, error: &LockError) -> Option<String> {
        self.state(error).table
    }

    fn backend(&self) -> Option<&Backend> {
        self.config.as_ref()?.hardened()?.main()
    }
}

/// Whether there may be a lock behind an error, so that a look can tell more.
fn is_of_a_lock(error: &LockError) -> bool {
    match error.kind {
        Kind::Dynamodb | Kind::S3Lockfile | Kind::UnknownBackend | Kind::UnlockFailed => true,
        Kind::DigestMismatch | Kind::OtherBackend | Kind::NotALockError => false,
    }
}

/// Explains what was pasted. `live` is asked for what is there now; without a way to look it answers `None`.
#[must_use]
pub fn explain(
    pasted: &Pasted,
    desk: Desk<'_>,
    live: impl Fn(&LockError) -> Option<Live>,
) -> Answer {
    let mut redactor = redactor(pasted);
    let mut errors: Vec<Explained> = pasted
        .found
        .errors
        .iter()
        .map(|error| one(pasted, desk, error, live(error), &mut redactor))
        .collect();
    // Stable: among equals the text's own order stays.
    errors.sort_by_key(Explained::urgency);
    let mut errors = errors.into_iter();
    let had_text = pasted
        .text
        .as_deref()
        .is_some_and(|text| !text.trim().is_empty());
    let mut first = errors
        .next()
        .unwrap_or_else(|| Explained::nothing(had_text));
    let mut others: Vec<Explained> = errors.collect();
    if pasted.found.errored_state {
        for error in others.iter_mut().chain([&mut first]) {
            error.advice = Advice::after_the_state_is_safe(&error.advice, error.tool);
            error.errored_state = true;
        }
    }
    let mut answer = json!(first);
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("others".to_owned(), json!(others));
        if pasted.found.more > 0 {
            fields.insert("more".to_owned(), json!(pasted.found.more));
        }
        fields.insert("backend".to_owned(), backend(pasted.config.as_ref()));
        fields.insert("redacted_text".to_owned(), json!(given_back(pasted)));
    }
    Answer(hidden::redacted(answer, &mut redactor))
}

fn one(
    pasted: &Pasted,
    desk: Desk<'_>,
    error: &LockError,
    live: Option<Live>,
    redactor: &mut Redactor,
) -> Explained {
    let state = pasted.state(error);
    // Where this error does not show which program it was, another one of the same text does.
    let error_as_pasted = &LockError {
        tool: error.tool.or(pasted.found.tool),
        ..error.clone()
    };
    // Before anything is cut to a length: a piece of a secret is not known for one.
    let mut error = hidden::without_secrets(error_as_pasted, redactor);
    // What is there now counts more than what the text says of it.
    let is_there = matches!(live, Some(Live::Same(_)));
    if is_there && error.unlocked_at.take().is_some() {
        error.held = Some(true);
    }
    let error = &error;
    let Advice { words, ways } = Advice::of(error, live.as_ref());
    let commands = Commands::of(error_as_pasted, &state, ways, live.as_ref(), desk.topic);
    Explained {
        kind: error.kind,
        backend_name: error.backend_name.clone(),
        tool: error.tool,
        lock: Lock::of(&error.lock),
        advice: words,
        commands,
        held: error.held,
        cause: error.cause,
        digest: error.digest.clone(),
        live,
        errored_state: false,
        unit: error.unit.clone(),
        workspace: state.workspace.map(|name| redactor.redact(&name)),
        configured: state.other.map(|path| redactor.redact(path.as_str())),
        own_at: error.own_at,
        unlocked_at: error.unlocked_at,
        line: Some(error.line),
        times: error.times,
    }
}

impl Lock {
    fn of(lock: &PastedLock) -> Self {
        Self {
            id: lock.id.clone(),
            path: lock.path.clone(),
            operation: lock.operation.clone(),
            who: lock.who.clone(),
            version: lock.version.clone(),
            created: lock.created,
            info: lock.info.clone(),
            is_of_caller: lock.is_of_caller,
        }
    }
}

impl Explained {
    fn nothing(had_text: bool) -> Self {
        Self {
            kind: Kind::NotALockError,
            backend_name: None,
            tool: None,
            lock: Lock::default(),
            advice: Advice::of_nothing(had_text).words,
            commands: Commands::default(),
            held: None,
            cause: None,
            digest: None,
            live: None,
            errored_state: false,
            unit: None,
            workspace: None,
            configured: None,
            own_at: None,
            unlocked_at: None,
            line: None,
            times: 1,
        }
    }

    /// What to act on first: a lock that can be released (known by its own fields before one that is only known by the ID of a
    /// failed release), then a state that does not fit its digest, then the rest.
    fn urgency(&self) -> u8 {
        let can_go = self.commands.force_unlock.is_some()
            || self.commands.release.is_some()
            || self.commands.remove.is_some();
        match self.kind {
            Kind::UnlockFailed if can_go => 1,
            _ if can_go => 0,
            Kind::DigestMismatch => 2,
            Kind::Dynamodb
            | Kind::S3Lockfile
            | Kind::UnlockFailed
            | Kind::OtherBackend
            | Kind::UnknownBackend => 3,
            Kind::NotALockError => 4,
        }
    }
}

/// The `backend` object of the reply; `null` without a configuration.
fn backend(config: Option<&Config>) -> Value {
    match config.map(|config| &config.read) {
        None => Value::Null,
        Some(Ok(hardened)) => json!(hardened.reply()),
        Some(Err(why)) => json!({"not_read": why.to_string()}),
    }
}

/// The pasted text; of a long one the lines of the errors.
fn given_back(pasted: &Pasted) -> Option<String> {
    if let Some(text) = &pasted.text
        && text.len() <= LONGEST_GIVEN_BACK
    {
        return Some(text.clone());
    }
    let excerpts: Vec<&str> = pasted
        .found
        .errors
        .iter()
        .map(|error| error.excerpt.as_str())
        .collect();
    (!excerpts.is_empty()).then(|| excerpts.join("\n[…]\n"))
}

/// A redactor that has seen all that was pasted: the text as a whole before, and here what is shown of it, so that the
/// placeholders are numbered as they are read.
fn redactor(pasted: &Pasted) -> Redactor {
    let excerpts = pasted
        .found
        .errors
        .iter()
        .map(|error| error.excerpt.as_str());
    let text = pasted
        .text
        .as_deref()
        .filter(|text| text.len() <= LONGEST_GIVEN_BACK);
    let config = pasted.config.as_ref();
    let texts: Vec<&str> = excerpts
        .chain(text)
        .chain(config.map(|config| config.text.as_str()))
        .collect();
    let secrets = config
        .and_then(Config::hardened)
        .map_or(&[][..], |hardened| &hardened.secret_values);
    hidden::redactor(pasted.redactor.clone(), &texts, secrets)
}

impl Answer {
    /// The answer as JSON.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.0
    }

    /// The same, given away.
    #[must_use]
    pub fn into_json(self) -> Value {
        self.0
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_once(times: &u64) -> bool {
    *times == 1
}
