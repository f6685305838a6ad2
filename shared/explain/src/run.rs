//! What to do, as commands: each ready to paste, quoted for a POSIX shell, made only of values that were checked.

use lockwarden_core::paste::{Cause, Kind, LockError};
use lockwarden_core::settings::TopicArn;
use serde::Serialize;

use crate::advice::Ways;
use crate::live::Live;
use crate::state::State;

mod look;
mod digest;
mod unlock;
mod release;

pub(crate) use unlock::is_plain;

/// Commands to copy. One that cannot be printed safely, or would be wrong, is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Commands {
    /// Looks at the record as it is stored.
    pub(crate) inspect: Option<String>,
    /// The program's own unlock, once the holder is known to be dead.
    pub(crate) force_unlock: Option<String>,
    /// The same through Lockwarden, which compares first.
    pub(crate) release: Option<String>,
    /// Removes the very record by hand, where `force-unlock` cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remove: Option<String>,
    /// Works out the checksum of the state that is there, for a digest mismatch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verify: Option<String>,
    /// Sets the digest, if it still has the wrong value; only after `verify` and a look at the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) set_digest: Option<String>,
}

impl Commands {
    /// The commands for an error.
    pub(crate) fn of(
        error: &LockError,
        state: &State,
        ways: Ways,
        live: Option<&Live>,
        topic: Option<&TopicArn>,
    ) -> Self {
        if error.kind == Kind::DigestMismatch {
            if error.cause == Some(Cause::DigestStateMissing) {
                return Self {
                    inspect: look::versions(state),
                    ..Self::default()
                };
            }
            return Self {
                inspect: look::item(state, look::DIGEST),
                verify: digest::verify(state),
                set_digest: error
                    .digest
                    .as_ref()
                    .and_then(|digest| digest::set(state, digest)),
                ..Self::default()
            };
        }
        let inspect = look::at_first(error, state);
        match ways {
            Ways::None => Self {
                inspect,
                ..Self::default()
            },
            Ways::All => Self {
                inspect,
                force_unlock: unlock::force_unlock(error, state),
                release: release::through_lockwarden(error, state, live, topic),
                ..Self::default()
            },
            Ways::NotForceUnlock => Self {
                inspect,
                // Without an ID of the text's own, the lock that is there may be somebody else's.
                release: error
                    .lock
                    .id
                    .as_ref()
                    .and_then(|_| release::through_lockwarden(error, state, live, topic)),
                remove: release::by_hand(error, state),
                ..Self::default()
            },
            Ways::ByHand => Self {
                inspect,
                remove: release::without_id(error, state),
                ..Self::default()
            },
        }
    }
}

#[cfg(test)]
mod tests;
