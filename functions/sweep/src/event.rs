//! What `sweep` is asked to do.

use lockwarden_core::ids::LockPath;
use serde::{Deserialize, Serialize};

/// The event. Everything but the known fields is ignored: a schedule sends its own, a person sends `{}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Event {
    /// Instead of a sweep: send one marked notice to everybody who is subscribed.
    #[serde(default)]
    pub test_notice: bool,
    /// Instead of a sweep: look at these states only, each by its path (`bucket/key`), at most five.
    #[serde(default)]
    pub look_at: Vec<LockPath>,
}

/// The reply to a test notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestReply {
    /// Always `sent`; a notice that was not is an error.
    pub test_notice: &'static str,
    /// How many get the notices.
    pub confirmed: usize,
    /// Who does not get them, because nobody confirmed the subscription.
    pub unconfirmed: Vec<Unconfirmed>,
}

/// Somebody who gets no notices yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unconfirmed {
    /// `email`, `https` and so on.
    pub protocol: String,
    /// Where to.
    pub endpoint: String,
}
