//! What to do, in words. Where unlocking is no cure, that comes first.

use lockwarden_core::paste::{Kind, LockError, PastedDigest, Tool};
use lockwarden_core::policy::Verdict;
use lockwarden_core::text::shown;

use crate::live::Live;
use crate::run::is_plain;

mod cause;
mod environment;
mod other_backend;

use cause::of_cause;
use other_backend::of_other_backend;

/// How much of a foreign value a sentence shows (characters).
const FIELD: usize = 300;

/// What to do about an error.
pub(crate) struct Advice {
    /// In words.
    pub(crate) words: String,
    /// By which ways a lock can be released here.
    pub(crate) ways: Ways,
}

/// Which commands can release a lock, once its holder is known to be dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ways {
    /// Terraform's own and Lockwarden's.
    All,
    /// Not Terraform's own: it would fail.
    NotForceUnlock,
    /// By hand only: what is stored has no lock ID.
    ByHand,
    /// Unlocking is no cure.
    None,
}

impl Advice {
    fn unlock(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            ways: Ways::All,
        }
    }

    fn never(why: impl std::fmt::Display) -> Self {
        Self {
            words: format!("Do NOT unlock. {why}"),
            ways: Ways::None,
        }
    }

    /// The advice for an error; what the live record says goes before what the paste says.
    pub(crate) fn of(error: &LockError, live: Option<&Live>) -> Self {
        live.and_then(|live| of_live(live, error))
            .or_else(|| of_later(error))
            .unwrap_or_else(|| of_paste(error))
    }

    /// The advice where nothing in the text is a lock error.
    pub(crate) fn of_nothing(had_text: bool) -> Self {
        if had_text {
            return Self::never(
                "Nothing in this text is a state lock error. If one was printed, paste it from the line with `Error` to the end of \
                 `Lock Info`.",
            );
        }
        Self {
            words: "No error text was given. What was found in the configuration is below."
                .to_owned(),
            ways: Ways::None,
        }
    }

    /// The same advice, with the state that could not be saved before everything else.
    pub(crate) fn after_the_state_is_safe(words: &str, tool: Option<Tool>) -> String {
        let rest = words.strip_prefix("Do NOT unlock. ");
        let rest = rest.or_else(|| words.strip_prefix("Do NOT unlock yet. "));
        let (rest, program) = (rest.unwrap_or(words), program(tool));
        format!(
            "Do NOT unlock before the state is safe: the run could not save it and left it in `errored.tfstate` where it ran. Keep that \
             file, and push it before anything else runs: `{program} state push errored.tfstate`. If the lock that is in the way is of \
             that very run, and of nobody else, it keeps others out: only then push with `-lock=false`, and unlock afterwards. {rest}"
        )
    }
}

/// The name of the program in a sentence.
fn program(tool: Option<Tool>) -> &'static str {
    tool.unwrap_or(Tool::Terraform).program()
}

/// The same text says further down that the lock was released.
fn of_later(error: &LockError) -> Option<Advice> {
    let line = error.unlocked_at?;
    Some(Advice::never(format!(
        "Line {line} of this text says that the lock was released since, so nobody holds it as far as the text tells. Run the plan. If it \
         names a lock again, that is a new one: paste its error."
    )))
}

fn of_live(live: &Live, error: &LockError) -> Option<Advice> {
    match live {
        Live::Same(lock) if lock.is_at_work() => Some(Advice::never(format!(
            "The lock is there and its holder is probably at work: {}. Wait.",
            lock.why
        ))),
        Live::Same(lock) if lock.verdict == Verdict::Split => Some(Advice::never(format!(
            "TWO HOLDERS HOLD THIS STATE, one in the table and one beside the state, so it is not protected right now. Stop both \
             before you release any; what to run then stands in the notice about request {}.",
            lock.request
        ))),
        Live::Unnamed(lock) if lock.is_at_work() => Some(Advice::never(format!(
            "A lock is there whose holder is probably at work: {}. The text shows no lock ID, so it may be this one. Wait.",
            lock.why
        ))),
        Live::Same(_) | Live::Unnamed(_) | Live::NotLooked { .. } => None,
        Live::Gone => error.lock.id.is_some().then(|| {
            // The holder wrote the path that is printed, so it is said which one was looked at.
            let path = error.lock.path.as_deref();
            let path = path.map_or_else(|| "this state".to_owned(), |path| format!("`{}`", shown(path, FIELD)));
            Advice::never(format!(
                "The lock is gone already: nothing holds {path} now, as far as the stores tell that Lockwarden looks into. Run the command \
                 again. If your backend's state has another path, ask again with its configuration."
            ))
        }),
        Live::Other { holder, id } => Some(Advice::never(format!(
            "The lock in this text is gone, and another one has its place: {}, held by {}. Its holder is probably at work.",
            shown(id, FIELD),
            shown(holder, FIELD)
        ))),
    }
}

fn of_paste(error: &LockError) -> Advice {
    if let Some(cause) = error.cause {
        return of_cause(cause, error);
    }
    match error.kind {
        Kind::Dynamodb | Kind::S3Lockfile => Advice::unlock(held(error, &release(error))),
        Kind::UnknownBackend => Advice::unlock(format!(
            "{} The text does not say which backend it is, so find that out before you unlock.",
            held(error, &release(error))
        )),
        Kind::UnlockFailed => Advice::never(
            "The lock was not released, and the text does not say why. Look at the record as it is stored before you try again.",
        ),
        Kind::DigestMismatch => Advice::never(digest(error.digest.as_ref())),
        Kind::OtherBackend => of_other_backend(error),
        Kind::NotALockError => Advice::of_nothing(true),
    }
}

/// Somebody holds the lock, as far as the text says.
fn held(error: &LockError, if_dead: &str) -> String {
    let doing = match error.lock.operation.as_deref() {
        None => String::new(),
        Some(operation) => format!(" ({})", shown(operation, FIELD)),
    };
    let holder = match (error.lock.who.as_deref(), error.held) {
        (Some(who), _) => format!("{}{doing} holds the lock.", shown(who, FIELD)),
        (None, Some(true)) => {
            format!("Somebody{doing} holds the lock; the text does not show who.")
        }
        (None, _) => "Somebody may hold the lock; the text does not show it.".to_owned(),
    };
    if let Some(line) = error.own_at {
        return format!(
            "This is a run's own lock: line {line} of this text shows that a run in this very text took it and did not get it released. Is that \
             run over? Check its process or its job, not only its output. If it is over, {if_dead}."
        );
    }
    format!(
        "{holder} Is that job really dead? Check the job or the machine first: unlocking does not stop it, and two writers destroy a state. \
         If it is alive, wait. If it is dead, {if_dead}."
    )
}

/// What to do about a lock whose holder is dead.
fn release(error: &LockError) -> String {
    let what = match error.lock.id.as_deref() {
        None => {
            "run the plan again and paste the whole error, down to the line `Info:`, because the lock's ID is missing here"
        }
        Some(id) if !is_plain(id) => {
            "release the lock, then run the plan again; its ID is not one plain word, so no command with it is printed here"
        }
        Some(_) if error.tool == Some(Tool::Terragrunt) && error.unit.is_none() => {
            "release the lock in the folder of its own unit (`run --all` would try every unit), then run the plan again"
        }
        Some(_) => "release the lock, then run the plan again",
    };
    what.to_owned()
}

/// The two checksums. Which one is right only the state tells.
fn digest(digest: Option<&PastedDigest>) -> String {
    let calculated = digest.and_then(|digest| digest.calculated.as_deref());
    let value = calculated.map_or_else(
        || "the checksum of the state that is there".to_owned(),
        |value| shown(value, 64),
    );
    format!(
        "This is no lock: the state in the bucket is not the one that the table's digest was written for. Wait a minute and try again, as \
         a write may be just under way. If it stays, make sure that nobody is at work on this state, and look at the state in the bucket: is \
         it whole, and is it the newest by its `serial` and its former versions? If it is, work out its checksum yourself and set the digest \
         to {value}. If it is not, restore the right version of the state instead; the digest then fits."
    )
}

#[cfg(test)]
mod tests {
    use lockwarden_core::paste::{Cause, LockError};

    use super::*;

    fn error(kind: Kind, cause: Option<Cause>, backend_name: Option<&str>) -> LockError {
        LockError {
            backend_name: backend_name.map(str::to_owned),
            cause,
            ..LockError::new(kind)
        }
    }

    #[test]
    fn where_unlocking_is_no_cure_that_is_said_first() {
        for cause in Cause::ALL {
            let advice = Advice::of(&error(Kind::Dynamodb, Some(cause), None), None);
            let ways = if matches!(cause, Cause::NewWorkspace | Cause::LockFileLeft) {
                Ways::NotForceUnlock
            } else if matches!(cause, Cause::Unreadable | Cause::EmptyOrGone) {
                Ways::ByHand
            } else {
                Ways::None
            };
            // Where one way is left open, its words are about that way alone.
            let begin = if ways == Ways::NotForceUnlock {
                "Do NOT unlock "
            } else {
                "Do NOT unlock. "
            };
            assert!(
                advice.words.starts_with(begin) && advice.ways == ways,
                "{cause:?}"
            );
        }
        for kind in [
            Kind::DigestMismatch,
            Kind::UnlockFailed,
            Kind::NotALockError,
        ] {
            let advice = Advice::of(&error(kind, None, None), None);
            assert!(
                advice.words.starts_with("Do NOT unlock. ") && advice.ways == Ways::None,
                "{kind:?}"
            );
        }
        for kind in [Kind::Dynamodb, Kind::S3Lockfile, Kind::UnknownBackend] {
            let advice = Advice::of(&error(kind, None, None), None);
            assert!(
                advice.words.contains("really dead?") && advice.ways == Ways::All,
                "{kind:?}"
            );
        }
    }

    #[test]
    fn each_backend_has_its_own_advice_and_none_that_of_s3() {
        for name in [
            "azurerm",
            "gcs",
            "consul",
            "pg",
            "http",
            "local",
            "kubernetes",
            "cos",
            "oss",
            "oci",
            "remote",
            "cloud",
        ] {
            let Advice { words, ways } =
                Advice::of(&error(Kind::OtherBackend, None, Some(name)), None);
            // The error has no ID, without which nobody can break a lease by `force-unlock`.
            let is_no_use = ["azurerm", "pg", "local", "remote", "cloud"].contains(&name);
            assert_eq!(ways == Ways::None, is_no_use, "{name}");
            for of_s3 in ["DynamoDB", "dynamodb", "aws "] {
                assert!(!words.contains(of_s3), "{name}: {words}");
            }
        }
    }

    #[test]
    fn a_digest_is_set_only_after_a_look_and_to_the_calculated_value() {
        let digest = |calculated: Option<&str>| {
            let mismatch = LockError {
                digest: Some(PastedDigest {
                    calculated: calculated.map(str::to_owned),
                    ..PastedDigest::default()
                }),
                ..error(Kind::DigestMismatch, None, None)
            };
            Advice::of(&mismatch, None).words
        };
        assert!(digest(Some("f00d")).contains("set the digest to f00d."));
        assert!(!digest(None).contains("set the digest to ."));
    }

    #[test]
    fn a_lock_that_was_released_further_down_is_not_unlocked_again() {
        let released = LockError {
            unlocked_at: Some(71),
            ..error(Kind::Dynamodb, None, None)
        };
        let advice = Advice::of(&released, None);
        assert_eq!(advice.ways, Ways::None);
        assert!(
            advice.words.starts_with("Do NOT unlock. Line 71 of this"),
            "{}",
            advice.words
        );
    }

    #[test]
    fn a_run_that_could_not_release_its_own_lock_may_once_it_is_over() {
        let release = |cause: Cause, tried: Option<&str>| {
            let mut failed = error(Kind::UnlockFailed, Some(cause), None);
            failed.tried = tried.map(str::to_owned);
            failed.lock.id = failed.tried.clone();
            failed.is_by_holder = true;
            Advice::of(&failed, None)
        };
        for cause in [
            Cause::ExpiredCredentials,
            Cause::AccessDenied,
            Cause::Unreachable,
            Cause::KmsKey,
        ] {
            let known = release(cause, Some("a1b2"));
            assert!(known.words.starts_with("Do NOT unlock yet. "), "{cause:?}");
            assert_eq!(known.ways, Ways::All, "{cause:?}");
            let unknown = release(cause, None);
            assert!(unknown.words.starts_with("Do NOT unlock. "), "{cause:?}");
            assert_eq!(unknown.ways, Ways::None, "{cause:?}");
        }
    }

    #[test]
    fn the_program_is_called_by_its_name() {
        for (tool, name) in [
            (None, "terraform"),
            (Some(Tool::OpenTofu), "tofu"),
            (Some(Tool::Terragrunt), "terragrunt"),
        ] {
            let mut wrong = error(Kind::UnlockFailed, Some(Cause::NoSuchLock), None);
            wrong.tool = tool;
            let words = Advice::of(&wrong, None).words;
            assert!(
                words.contains(&format!("`{name} workspace show`")),
                "{words}"
            );
            let saved = Advice::after_the_state_is_safe(&words, tool);
            let push = format!("`{name} state push errored.tfstate`");
            assert!(saved.contains(&push), "{saved}");
        }
    }

    #[test]
    fn what_the_holder_wrote_is_shown_safely() {
        let mut hostile = error(Kind::Dynamodb, None, None);
        hostile.lock.who = Some("\u{1b}[2Jroot\u{202e}".to_owned());
        let words = Advice::of(&hostile, None).words;
        assert!(
            words.chars().all(lockwarden_core::text::is_printable),
            "{words}"
        );
    }
}
