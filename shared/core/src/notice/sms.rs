//! The one line that fits a text message.

use super::{Notice, NoticeKind};
use crate::text::{shown_ascii, tail_ascii};

/// SNS sends one message of at most this many ASCII characters.
const LONGEST: usize = 140;

/// What it is about, the end of the path, and the code to answer with.
pub(super) fn line(notice: &Notice) -> String {
    let Some(lock) = &notice.lock else {
        let what = match notice.kind {
            NoticeKind::Test => "Lockwarden: this is a test notice, nothing to do.",
            NoticeKind::StaleLock
            | NoticeKind::Reminder
            | NoticeKind::UnreadableLock
            | NoticeKind::SplitLock
            | NoticeKind::Released
            | NoticeKind::Kept
            | NoticeKind::Ended
            | NoticeKind::Rejected => "Lockwarden: a decision was not carried out, see the e-mail.",
        };
        return what.to_owned();
    };
    let code = notice
        .request
        .as_ref()
        .map(|code| format!(" ({code})"))
        .unwrap_or_default();
    let head = format!("Lockwarden: {} ", notice.headline());
    let room = LONGEST.saturating_sub(head.len() + code.len()).max(10);
    shown_ascii(
        &format!("{head}{}{code}", tail_ascii(lock.lock_id.as_str(), room)),
        LONGEST,
    )
}
