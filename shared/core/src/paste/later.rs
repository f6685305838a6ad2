//! What other parts of the same text say about a lock: that it was released since, or that a run of this very text holds it.

use std::collections::VecDeque;

use super::found::{Kind, LockError};

/// The ID in a line of the S3 backend's debug log about taking a lock: `tf_backend.lock.id=… tf_backend.operation=Lock`
/// (`s3/backend_state.go`, `s3/client.go: Lock`; since Terraform 1.6).
pub(super) fn asked_for(text: &str) -> Option<&str> {
    if !text.contains("tf_backend.operation=Lock") {
        return None;
    }
    let (_, rest) = text.split_once("tf_backend.lock.id=")?;
    let id = rest.split_whitespace().next()?;
    (!id.is_empty()).then_some(id)
}

/// Marks the locks that were released by the `force-unlock` which says so on line `at`: the lock with the ID it was given,
/// where the text shows the command; else the only lock there is.
pub(super) fn unlocked(errors: &mut [LockError], at: u64, given: Option<&str>) {
    let mut ids: Vec<&str> = errors.iter().filter_map(id_of).collect();
    ids.sort_unstable();
    ids.dedup();
    let id = match (given, ids.as_slice()) {
        (Some(given), _) => given.to_owned(),
        (None, [id]) => (*id).to_owned(),
        (None, _) => return,
    };
    for error in errors {
        if id_of(error) == Some(&id) {
            error.unlocked_at = Some(at);
        }
    }
}

/// Draws the conclusions, when all errors are known and in the order of the text.
pub(super) fn weigh(errors: &mut [LockError], asked: &VecDeque<(u64, String)>) {
    let own: Vec<(u64, String)> = errors
        .iter()
        .filter(|error| error.is_by_holder)
        .filter_map(|error| Some((error.line, error.tried.clone()?)))
        .chain(asked.iter().cloned())
        .collect();
    for error in errors {
        if error.unlocked_at.is_some() {
            error.held = Some(false);
        }
        if error.kind == Kind::UnlockFailed || error.lock.is_of_caller {
            continue;
        }
        let id = error.lock.id.as_deref();
        error.own_at = own
            .iter()
            .find(|(line, own)| *line < error.line && id == Some(own))
            .map(|(line, _)| *line);
    }
}

/// The ID of the lock that an error is about, as `force-unlock` takes it.
fn id_of(error: &LockError) -> Option<&str> {
    error.lock.id.as_deref().or(error.tried.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(id: &str, line: u64) -> LockError {
        let mut error = LockError::new(Kind::Dynamodb);
        error.lock.id = Some(id.to_owned());
        error.line = line;
        error.held = Some(true);
        error
    }

    #[test]
    fn the_id_of_the_command_says_which_lock_was_released() {
        for (given, released) in [
            (Some("b"), [None, Some(9)]),
            (Some("c"), [None, None]),
            (None, [None, None]),
        ] {
            let mut errors = [lock("a", 1), lock("b", 2)];
            unlocked(&mut errors, 9, given);
            let marked = [errors[0].unlocked_at, errors[1].unlocked_at];
            assert_eq!(marked, released, "{given:?}");
        }
        let mut errors = [lock("a", 1), lock("a", 2)];
        unlocked(&mut errors, 9, None);
        weigh(&mut errors, &VecDeque::new());
        assert!(errors.iter().all(|error| error.held == Some(false)));
    }

    /// Who fails to release a lock after the error has taken it since.
    #[test]
    fn a_run_shows_its_own_lock_only_before_the_error() {
        for (line, own_at) in [(3, Some(3)), (5, None), (7, None)] {
            let mut errors = [lock("a", 5), lock("b", 5)];
            weigh(&mut errors, &VecDeque::from([(line, "a".to_owned())]));
            let own = [errors[0].own_at, errors[1].own_at];
            assert_eq!(own, [own_at, None], "{line}");
        }
    }

    #[test]
    fn only_the_taking_of_a_lock_is_told_by_the_debug_log() {
        let line = "[INFO] backend-s3: Locking remote state: tf_backend.lock.id=a1b2 tf_backend.operation=Lock";
        assert_eq!(asked_for(line), Some("a1b2"));
        assert_eq!(asked_for(&line.replace("=Lock", "=Unlock")), None);
        assert_eq!(asked_for("tf_backend.operation=Lock"), None);
    }
}
