//! Whether the digest of a state fits the state, after its lock was released.

use lockwarden_core::ids::LockPath;
use lockwarden_core::outcome::{DigestCheck, DigestRead};
use lockwarden_core::policy::StateObject;
use lockwarden_core::settings::Table;

use crate::answer::Approve;
use crate::ports::World;

impl<W: World> Approve<'_, W> {
    /// Compares by the entity tag of the state, and where that tells nothing or is no checksum by the state itself, if it may be
    /// read. Nothing here can fail a release.
    pub(crate) async fn digest(
        &self,
        table: &Table,
        path: &LockPath,
        state: &StateObject,
    ) -> (DigestCheck, Option<DigestRead>) {
        let Ok(digest) = self.world.digest(table, path).await else {
            return (DigestCheck::Unknown, None);
        };
        let by_tag = DigestCheck::of(digest.as_deref(), state);
        let (
            true,
            DigestCheck::Mismatch | DigestCheck::Unknown,
            Some(digest),
            StateObject::Written {
                etag: Some(etag), ..
            },
        ) = (self.settings.read_state, by_tag, digest, state)
        else {
            return (by_tag, None);
        };
        // Boxed, so that a release without it keeps room on the stack.
        match Box::pin(self.world.state_md5(path, etag)).await {
            Ok(md5) if md5.eq_ignore_ascii_case(&digest) => {
                (DigestCheck::Match, Some(DigestRead::Whole))
            }
            Ok(_) => (DigestCheck::Mismatch, Some(DigestRead::Whole)),
            Err(failure) => {
                tracing::warn!(%failure, "a digest was not compared with its state");
                (
                    DigestCheck::Unknown,
                    Some(DigestRead::Not(failure.to_string())),
                )
            }
        }
    }
}
