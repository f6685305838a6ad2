//! The one line that fits a text message.

use super::{Notice, NoticeKind};
use crate::decision::Action;
use crate::sms;
use crate::text::{shown_ascii, tail_ascii};

/// SNS sends one message of at most this many ASCII characters.
const LONGEST: usize = 140;

/// What it is about, the end of the path, and the code to answer with.
///
/// Who writes the line does not know whose answer is taken (only `approve` does), and says so. Where the whole path leaves
/// no room for that, the path matters more: who may answer knows how, and needs the code alone.
pub(super) fn line(notice: &Notice) -> String {
    let Some(lock) = &notice.lock else {
        return without_lock(notice);
    };
    let head = format!("Lockwarden: {} ", notice.headline());
    let path = &one_word(lock.lock_id.as_str());
    let answered = format!("{head}{}{}", shown_ascii(path, usize::MAX), answer(notice));
    if !answer(notice).is_empty() && answered.len() <= LONGEST {
        return answered;
    }
    let tail = again(notice).unwrap_or_else(|| {
        let code = notice.request.as_ref();
        code.map(|code| format!(" ({code})")).unwrap_or_default()
    });
    let room = LONGEST.saturating_sub(head.len() + tail.len()).max(10);
    shown_ascii(&format!("{head}{}{tail}", tail_ascii(path, room)), LONGEST)
}

/// What to send. A release that wants something said with open eyes is nothing for a text message.
fn answer(notice: &Notice) -> String {
    let plain = |verdict: &super::VerdictFacts| verdict.needs_even_if.is_empty();
    match &notice.request {
        Some(code) if notice.verdict.as_ref().is_some_and(plain) => {
            let order = sms::example(Action::Release, Some(code));
            format!(". If your number may answer: {order}")
        }
        Some(code) if notice.kind == NoticeKind::Expiring => {
            let order = sms::example(Action::Expire, Some(code));
            format!(". If your number may answer: {order}")
        }
        Some(_) | None => String::new(),
    }
}

/// What to send instead of a text message that was refused. Whoever sent it may have nothing else at hand, so this
/// matters more than the whole path.
fn again(notice: &Notice) -> Option<String> {
    let example = notice.outcome.as_ref()?.example.as_deref();
    let order = example.filter(|text| sms::is_order(text))?;
    Some(format!(". If you mean this lock, send: {order}"))
}

fn without_lock(notice: &Notice) -> String {
    if notice.many.is_some() {
        return format!("Lockwarden: {}, see the e-mail.", notice.headline());
    }
    if let Some(code) = notice.code() {
        let head = notice.headline();
        return shown_ascii(
            &format!("Lockwarden: {head} ({code}), see the e-mail."),
            LONGEST,
        );
    }
    let what = match notice.kind {
        NoticeKind::Test => "this is a test notice, nothing to do.",
        NoticeKind::PolicyError => match &notice.policy {
            Some(error) if error.in_force.is_none() => {
                "the policy is broken and no sweep judges any lock, see the e-mail."
            }
            Some(_) | None => "the policy is broken, the last good one holds, see the e-mail.",
        },
        NoticeKind::StaleLock
        | NoticeKind::Reminder
        | NoticeKind::UnreadableLock
        | NoticeKind::SplitLock
        | NoticeKind::Storm
        | NoticeKind::Released
        | NoticeKind::Kept
        | NoticeKind::Restored
        | NoticeKind::Expiring
        | NoticeKind::Ended
        | NoticeKind::ZombieWrite
        | NoticeKind::Rejected => "a decision was not carried out",
    };
    let outcome = notice.outcome.as_ref();
    let example = outcome.and_then(|outcome| outcome.example.as_deref());
    match (notice.kind, example.filter(|text| sms::is_order(text))) {
        (NoticeKind::Test | NoticeKind::PolicyError, _) => format!("Lockwarden: {what}"),
        // It was a text message, and whoever sent it may have nothing else at hand.
        (_, Some(order)) => [
            ". Send RELEASE, KEEP or RESTORE and the code in the notice, such as",
            ". Send",
        ]
        .map(|how| format!("Lockwarden: {what}{how}: {order}"))
        .into_iter()
        .find(|line| line.len() <= LONGEST)
        .unwrap_or_default(),
        (_, None) => format!("Lockwarden: {what}, see the e-mail."),
    }
}

/// A path without spaces: whoever names a state must not put sentences into somebody's text message.
fn one_word(path: &str) -> String {
    path.replace(char::is_whitespace, "_")
}
