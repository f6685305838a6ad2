//! From the lines of one error to what it says.

use crate::text;

use super::backend::{self, Backend};
use super::cause;
use super::collect::{Gathered, Line};
use super::digest;
use super::fields::{self, Block};
use super::found::{Cause, Kind, LockError, PastedLock, Tool};
use super::heads;
use super::layout;
use super::message::Message;
use super::shape;
use super::unlock;

/// An excerpt has at most so many bytes.
const MOST_EXCERPT: usize = 4 << 10;

/// Of a line, at most so many characters.
const MOST_OF_A_LINE: usize = 1_000;

/// What GCS prints for a lock that went away in the meantime (`gcs/client.go: lockInfo`).
const NO_ID_OF_GCS: &str = "-9223372036854775808";

/// Reads an error; `None` where the lines turn out to be something else.
pub(super) fn judge(gathered: &Gathered) -> Option<LockError> {
    let lines = layout::plain(&gathered.lines);
    let widest = layout::widest(&lines);
    let has_heading = lines.iter().any(|line| heads::is_block_heading(&line.text));
    // Other programs print an `ID:`, a `Path:` and even a `Lock Info:` too. Who holds the lock and for what, Terraform alone says; a
    // block that is cut off before that counts by its heading and what else is there.
    let is_told = |line: &Line| {
        let head = heads::of(&line.text);
        matches!(head, Some(heads::Head::Heading | heads::Head::Message))
    };
    let is_told = lines.iter().any(is_told);
    let block = fields::read(&lines, widest).filter(|block| {
        let is_named = block.lock.who.is_some() || block.lock.operation.is_some();
        is_named || (has_heading && (is_told || block.count > 1))
    });
    let message = Message::of(&lines, block.as_ref(), widest);
    let whole = Message::whole(&lines, widest);
    // What a wrapper says of its own output is nearer than a command line further up.
    let by_wrapper = || Some(gathered.directory.as_ref()?.0.clone());
    let wrapped = gathered.context.unit.clone().or_else(by_wrapper);
    let ran_in = gathered.place.directory();
    let mut error = LockError {
        tool: tool(gathered, &lines, &message),
        table: message.quoted_after("dynamodbtable"),
        unit: wrapped.clone().or(ran_in.map(str::to_owned)),
        is_chdir: wrapped.is_none() && gathered.place.is_chdir(),
        workspace: gathered.place.workspace().map(str::to_owned),
        line: gathered.first,
        excerpt: excerpt(&lines),
        ..LockError::new(Kind::UnknownBackend)
    };
    if digest::is_one(&message) {
        error.mismatch(&lines, &whole, widest);
    } else if unlock::is_one(&message) {
        if block.is_none() && !shape::is_printed(&lines, &message) {
            return None;
        }
        error.release(&message, block);
    } else if block.is_some() || is_acquiring(&message) && shape::is_printed(&lines, &message) {
        error.acquire(&message, block);
    } else {
        return None;
    }
    Some(error)
}

impl LockError {
    /// Whether `other` is the same error, printed again.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let units_agree = self.unit.is_none() || other.unit.is_none() || self.unit == other.unit;
        let workspaces_agree = self.workspace.is_none()
            || other.workspace.is_none()
            || self.workspace == other.workspace;
        units_agree
            && workspaces_agree
            && (
                self.kind,
                &self.backend_name,
                &self.lock,
                self.held,
                self.cause,
            ) == (
                other.kind,
                &other.backend_name,
                &other.lock,
                other.held,
                other.cause,
            )
            && (&self.tried, &self.digest, &self.table)
                == (&other.tried, &other.digest, &other.table)
    }

    fn mismatch(&mut self, lines: &[Line], whole: &Message, widest: usize) {
        let digest = digest::read(lines, whole, widest);
        let is_oss = whole.says("datainoss");
        self.kind = if is_oss {
            Kind::OtherBackend
        } else {
            Kind::DigestMismatch
        };
        self.backend_name = is_oss.then(|| "oss".to_owned());
        let is_missing = digest::lacks_state(&digest, lines, whole);
        self.cause = is_missing.then_some(Cause::DigestStateMissing);
        self.lock.path = match (&digest.bucket, &digest.key) {
            (Some(bucket), Some(key)) => Some(format!("{bucket}/{key}")),
            _ => None,
        };
        self.digest = Some(digest);
    }

    fn release(&mut self, message: &Message, block: Option<Block>) {
        self.kind = Kind::UnlockFailed;
        self.tried = unlock::tried(message);
        self.is_by_holder = message.says("errorreleasingthestatelock");
        let plain = self.without_names(message, block.as_ref());
        self.cause = unlock::cause(&plain);
        self.left = unlock::left(&plain)
            .filter(|_| !matches!(self.cause, Some(Cause::HalfReleased | Cause::Split)));
        self.held = unlock::held(self.cause);
        if self.held.is_none() && block.is_some() {
            self.held = Some(true);
        }
        self.lock = block.map(|block| block.lock).unwrap_or_default();
        let is_that_of_block = |id: &String| {
            let block = self.lock.id.as_deref();
            block.is_some_and(|block| id.split_whitespace().collect::<String>() == block)
        };
        // The message may be broken where the block is not.
        self.lock.id = unlock::existing(message)
            .filter(|id| !is_that_of_block(id))
            .or(self.lock.id.take())
            // An ID that fits no lock is none.
            .or_else(|| {
                let may_be_there = self.held != Some(false)
                    && self.cause != Some(Cause::WrongId)
                    && !unlock::begins_with_the_tried(message);
                self.tried.clone().filter(|_| may_be_there)
            });
        self.name_path(message);
        if let Some(Backend::Other(name)) = backend::of(message, &self.lock) {
            self.backend_name = Some(name.to_owned());
        } else {
            self.tried_in = unlock::tried_in(message);
        }
    }

    fn acquire(&mut self, message: &Message, block: Option<Block>) {
        let has_block = block.is_some();
        // An item `{}` prints every field, and all of them empty.
        let is_whole = block.as_ref().is_some_and(|block| block.count > 5);
        let plain = self.without_names(message, block.as_ref());
        self.lock = block.map(|block| block.lock).unwrap_or_default();
        let backend = backend::of(message, &self.lock);
        self.kind = match backend {
            Some(Backend::Dynamodb) => Kind::Dynamodb,
            Some(Backend::S3Lockfile) => Kind::S3Lockfile,
            Some(Backend::Other(name)) => {
                self.backend_name = Some(name.to_owned());
                Kind::OtherBackend
            }
            None => Kind::UnknownBackend,
        };
        if backend::prints_own_lock(backend) {
            self.lock.is_of_caller = has_block;
            // The ID in the block is that of the run that failed, and releases nothing.
            self.lock.id = message
                .quoted_after("(lockid:")
                .or_else(|| message.word_after("alreadylocked:id="));
        }
        let is_dummy = self.lock.id.as_deref() == Some(NO_ID_OF_GCS);
        if is_dummy {
            self.lock = PastedLock::default();
        }
        let is_empty_block = is_whole && self.lock == PastedLock::default();
        self.cause = cause::of_environment(&plain).or_else(|| cause::of_record(&plain));
        if is_dummy {
            self.cause = Some(Cause::EmptyOrGone);
        } else if is_empty_block && self.cause.is_none() {
            self.cause = Some(Cause::Unreadable);
        } else if message.says("failedtolocks3state") {
            self.cause = self.cause.or(Some(Cause::NewWorkspace));
        }
        self.held = self.is_held(message, has_block && !is_dummy && !is_empty_block);
        self.name_path(message);
    }

    fn is_held(&self, message: &Message, has_block: bool) -> Option<bool> {
        match self.cause {
            Some(Cause::Unreadable | Cause::EmptyOrGone) => None,
            // A block was read from the store (or, of these backends, printed with every error), so somebody holds it.
            _ if has_block && !self.lock.is_of_caller || cause::is_occupied(message) => Some(true),
            // A request that nobody answered well may have been carried out.
            Some(Cause::Throttled | Cause::Conflict | Cause::ServiceFault | Cause::Interrupted)
            | None => None,
            Some(_) => Some(false),
        }
    }

    /// The message without the names that it, the block and the error know.
    fn without_names(&self, message: &Message, block: Option<&Block>) -> Message {
        let path = block.and_then(|block| block.lock.path.as_deref());
        let bucket_and_key = path.and_then(|path| path.split_once('/'));
        let known = [
            path,
            bucket_and_key.map(|(bucket, _)| bucket),
            bucket_and_key.map(|(_, key)| key),
            self.table.as_deref(),
        ];
        let known: Vec<&str> = known.into_iter().flatten().collect();
        message.without_names(&known)
    }

    /// The state's path where only the message names it: `S3 bucket 'b' with key 'k.tflock'`, and OpenTofu's
    /// `no lock info found for: "b/k"`.
    fn name_path(&mut self, message: &Message) {
        let of_object = || {
            let bucket = message.quoted_after("s3bucket")?;
            let key = message.quoted_after("withkey")?;
            Some(format!(
                "{bucket}/{}",
                key.strip_suffix(crate::ids::LOCK_FILE_SUFFIX)?
            ))
        };
        let of_item = || message.quoted_after("nolockinfofoundfor:");
        self.lock.path = self.lock.path.take().or_else(of_object).or_else(of_item);
    }
}

fn is_acquiring(message: &Message) -> bool {
    message.says_one_of(&[
        "erroracquiringthestatelock",
        "failedtolocks3state",
        "errorlockingstate",
        "errorlockingdestinationstate",
        "errorlockingsourcestate",
        "stateblobisalreadylocked",
        "workspacealreadylocked(lockid",
        "httpremotestatealreadylocked",
        "thestateisalreadylockedbyanother",
    ])
}

/// Terragrunt where it wrapped the output, else whom the text under the error names, else whom the command line names.
fn tool(gathered: &Gathered, lines: &[Line], message: &Message) -> Option<Tool> {
    let by_directory = || gathered.directory.as_ref()?.1;
    let ran = gathered.place.tool();
    gathered
        .context
        .via
        .or_else(by_directory)
        .or_else(|| ran.filter(|tool| *tool == Tool::Terragrunt))
        .or_else(|| {
            let of_opentofu = unlock::is_of_opentofu(message).then_some(Tool::OpenTofu);
            let mut names = lines.iter().map(|line| heads::program(&line.text));
            let named = of_opentofu.or_else(|| names.find_map(|program| program));
            named.or(gathered.named_above).or(ran)
        })
}

/// The lines themselves. A line that is too long ends before the word in which it would have to be cut: half a secret is
/// not known for one.
fn excerpt(lines: &[Line]) -> String {
    let mut excerpt = String::new();
    for line in lines {
        let line = line.text.trim_end();
        let head: String = line.chars().take(MOST_OF_A_LINE).collect();
        let shown = if head.len() == line.len() {
            text::shown(line, usize::MAX)
        } else {
            let whole_words = head.rfind(char::is_whitespace).unwrap_or_default();
            format!(
                "{}…",
                text::shown(head.get(..whole_words).unwrap_or_default(), usize::MAX)
            )
        };
        if excerpt.len() + shown.len() > MOST_EXCERPT {
            excerpt.push('…');
            break;
        }
        excerpt.push_str(&shown);
        excerpt.push('\n');
    }
    excerpt.trim_end().to_owned()
}
