//! Whether the digest of a state fits the state whose lock is about to be released.

use lockwarden_core::ledger::Entry;
use lockwarden_core::outcome::{DigestCheck, DigestRead};
use lockwarden_core::policy::StateObject;
use lockwarden_core::release::ItemHalf;

use crate::answer::Approve;
use crate::ports::World;

impl<W: World> Approve<'_, W> {
    /// Compares by the entity tag of the state, and where that tells nothing or is no checksum by the state itself, if it may be
    /// read. Nothing here can fail a release. Of a storm no state is read: a hundred locks share the time of one decision.
    pub(crate) async fn digest(
        &self,
        entry: &Entry,
        half: &ItemHalf,
        state: &StateObject,
    ) -> (Option<DigestCheck>, Option<DigestRead>) {
        let path = half.path();
        let Some(table) = self.settings.common.table(half.table()) else {
            return (None, None);
        };
        let Ok(digest) = self.world.digest(table, path).await else {
            return (Some(DigestCheck::Unknown), None);
        };
        let by_tag = DigestCheck::of(digest.as_deref(), state);
        let may_read = self.settings.read_state && !entry.is_decided_with_others();
        let (
            true,
            DigestCheck::Mismatch | DigestCheck::Unknown,
            Some(digest),
            StateObject::Written {
                etag: Some(etag), ..
            },
        ) = (may_read, by_tag, digest, state)
        else {
            return (Some(by_tag), None);
        };
        // Boxed, so that a release without it keeps room on the stack.
        let (check, read) = match Box::pin(self.world.state_md5(path, etag)).await {
            Ok(md5) if md5.eq_ignore_ascii_case(&digest) => (DigestCheck::Match, DigestRead::Whole),
            Ok(_) => (DigestCheck::Mismatch, DigestRead::Whole),
            Err(failure) => {
                tracing::warn!(%failure, "a digest was not compared with its state");
                (DigestCheck::Unknown, DigestRead::Not(failure.to_string()))
            }
        };
        (Some(check), Some(read))
    }
}
