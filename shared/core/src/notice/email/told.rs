//! What came of a decision, about one lock or many.

use super::{FIELD, Text, facts};
use crate::decision::{EXPIRE_BY, RULE_PREFIX};
use crate::notice::words::{BY_SWITCH, came_to, expires};
use crate::notice::{LockFacts, storm};
use crate::outcome::{DigestCheck, DigestRead, NewHolder, Outcome, OutcomeKind};
use crate::record::Operation;
use crate::text::{shown, shown_time};

pub(super) fn told(text: &mut Text, lock: Option<&LockFacts>, outcome: &Outcome, expired: bool) {
    text.line(came_to(outcome, expired));
    text.gap();
    if let Some(storm) = &outcome.storm {
        for line in storm::told(storm) {
            text.line(line);
        }
        text.gap();
    }
    if let Some(lock) = lock {
        facts(text, lock);
    } else if let Some(path) = &outcome.lock_id {
        text.field("State", shown(path.as_str(), 1_100));
    }
    if let Some(by) = &outcome.by {
        let claimed = shown(by, FIELD);
        let by = match &outcome.by_verified {
            // No person's name may begin so.
            None if claimed == EXPIRE_BY => BY_SWITCH.to_owned(),
            None if let Some(rule) = claimed.strip_prefix(RULE_PREFIX) => {
                format!("the rule `{rule}` of the policy")
            }
            Some(verified) => format!("{claimed}, whom AWS knows as {}", shown(verified, FIELD)),
            None => format!("{claimed} (as the message says)"),
        };
        text.field("Decided by", by);
    }
    if let Some(why) = &outcome.why {
        text.field("Why", shown(why, 1_000));
    }
    if let Some(holder) = &outcome.now_held_by {
        text.field("Now held by", new_holder(holder));
    }
    if let Some(until) = &outcome.until {
        text.field("Quiet until", shown_time(*until));
    }
    if let Some(until) = outcome.time_to_exist {
        text.field("Expires", expires(until));
    }
    if let Some(DigestRead::Not(why)) = &outcome.digest_read {
        text.field(
            "Digest",
            format!("nobody compared it with the state: {}", shown(why, FIELD)),
        );
    }
    if let Some(warning) = digest_warning(outcome) {
        text.line(warning);
    }
    if let Some(example) = &outcome.example {
        text.gap();
        text.line("A decision that can be carried out looks like this:");
        text.line(example);
    }
    if outcome.result == OutcomeKind::Expiring {
        text.gap();
        text.line("KEEP it, if its holder is alive or you want to look first. That takes the time to exist away again:");
        text.command(outcome.next.as_ref());
    } else if let Some(next) = &outcome.next {
        text.gap();
        text.field("Next", next);
    }
}

/// What to say where the state and its digest differ.
fn digest_warning(outcome: &Outcome) -> Option<&'static str> {
    match (outcome.digest?, &outcome.digest_read) {
        (DigestCheck::Mismatch, Some(DigestRead::Whole)) => Some(
            "Beware: the state's digest is not the state's checksum. The next plan says so, and how to repair it.",
        ),
        (DigestCheck::Mismatch, Some(DigestRead::Not(_)) | None) => Some(
            "Beware: the state's digest does not look like the state's checksum. In a bucket encrypted with KMS this\n\
             means nothing; otherwise the next plan says so, and how to repair it.",
        ),
        (DigestCheck::Match | DigestCheck::Unknown, _) => None,
    }
}

fn new_holder(holder: &NewHolder) -> String {
    match &holder.id {
        Some(id) => format!(
            "{}, {}, lock ID {}",
            shown(&holder.who, FIELD),
            Operation::new(holder.operation.clone()),
            shown(id.as_str(), FIELD)
        ),
        None => "a record that cannot be read".to_owned(),
    }
}
