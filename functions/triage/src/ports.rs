//! What `triage` needs of the world. `aws` has it on AWS, and the acceptance tests have it in memory.
#![allow(
    async_fn_in_trait,
    reason = "each implementation is named in this workspace, and nothing is sent between threads"
)]

use lockwarden_aws::Failure;
use lockwarden_core::ids::LockPath;
use lockwarden_core::report::LookReply;

/// A look at what is there now.
pub trait World {
    /// Looks at some states by name, as a sweep would: what is stale is asked about at once.
    async fn look_at(&self, paths: &[LockPath]) -> Result<LookReply, Failure>;
}
