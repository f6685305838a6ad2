//! What to do about locks of other backends, which Lockwarden neither sees nor touches.

use lockwarden_core::paste::{Cause, LockError};
use lockwarden_core::text::shown;

use super::{Advice, Ways, of_cause};

/// The advice for an error of another backend.
pub(super) fn of_other_backend(error: &LockError) -> Advice {
    let name = error.backend_name.as_deref().unwrap_or("another");
    if error.digest.is_some() {
        return Advice::never(format!(
            "This is no lock, and not S3 either: the state in the `{}` backend does not fit the checksum that is stored for it. Look at the \
             state first: restore the right version of it, or correct the checksum if the state is the right one.",
            shown(name, 40)
        ));
    }
    let (how, ways) = match name {
        "local" => return of_cause(Cause::LocalLock, error),
        "remote" | "cloud" => (
            "That is HCP Terraform or Terraform Enterprise. Look at the page of the workspace: a run may be under way or waiting for approval. \
             If it is locked by mistake, unlock it there; `force-unlock` takes the `organization/workspace` of the message.",
            Ways::None,
        ),
        "pg" => (
            "The lock is an advisory lock of a PostgreSQL session and ends with that session. `force-unlock` cannot release it: find the session \
             in `pg_locks` and end the job behind it.",
            Ways::None,
        ),
        "azurerm" if error.lock.id.is_none() => (
            "The state blob has a lease, and no lock info beside it, so `force-unlock` has no ID to go by. If the holder is dead, break the lease: \
             `az storage blob lease break`.",
            Ways::None,
        ),
        "azurerm" => (
            "The state blob has a lease. If its holder is dead, `force-unlock` with this ID releases it; `az storage blob lease break` does the \
             same by hand.",
            Ways::All,
        ),
        "gcs" => (
            "The lock is the object with `.tflock` beside the state in the bucket; its ID is a generation number. If its holder is dead, \
             `force-unlock` with this ID deletes it.",
            Ways::All,
        ),
        "consul" => (
            "The lock belongs to a Consul session, goes when the session ends, and has the session's ID. If it stays after the holder is dead, \
             `force-unlock` with this ID ends the session.",
            Ways::All,
        ),
        "kubernetes" => (
            "The lock is a Lease named `lock-tfstate-…`. If its holder is dead, `force-unlock` with this ID frees it.",
            Ways::All,
        ),
        "http" => (
            "The lock is kept by the service behind the HTTP backend (GitLab keeps it with the state). If its holder is dead, `force-unlock` with \
             the ID of the message asks the service to drop it; where that ends in `unexpected end of JSON input`, unlock it at the service.",
            Ways::All,
        ),
        _ => (
            "If its holder is dead, `force-unlock` with this ID releases it.",
            Ways::All,
        ),
    };
    let is_without_id = ways == Ways::All && error.lock.id.is_none();
    let which = if is_without_id {
        " The text does not show the ID."
    } else {
        ""
    };
    let whose = if error.lock.is_of_caller {
        " The `Lock Info` in the text is that of the run that failed; it does not say who holds the lock."
    } else {
        ""
    };
    Advice {
        words: format!(
            "Do NOT unlock anything in S3: this is a lock of the `{}` backend, which Lockwarden does not reach. {how}{which}{whose}",
            shown(name, 40)
        ),
        ways,
    }
}
