//! The text for a person who was just woken: what is stuck, why, whether to act, and exactly how.
//!
//! A line that begins with a command holds nothing else, so it can be copied whole. Foreign text is made safe by
//! [`shown`].

mod storm;
mod told;
mod many;
mod policy;

use super::evidence;
use super::words::{expires, gone, gone_how, held, how_sure, life, opening, stored_in};
use super::{LockFacts, Notice, VerdictFacts};
use crate::commands;
use crate::ledger::ZombieWrite;
use crate::policy::{DEFAULT_RULE, Verdict};
use crate::record::Operation;
use crate::text::{shown, shown_time, tail_ascii};

/// SNS takes a subject of fewer than 100 characters.
const LONGEST_SUBJECT: usize = 99;
/// How much of a foreign field a line shows (characters).
const FIELD: usize = 300;

/// The subject: what, which state, which request. ASCII.
pub(super) fn subject(notice: &Notice) -> String {
    let head = format!("[Lockwarden] {}", notice.headline());
    let code = notice.code().map(|code| format!(" ({code})"));
    let code = code.unwrap_or_default();
    let Some(lock) = &notice.lock else {
        return format!("{head}{code}");
    };
    let room = LONGEST_SUBJECT.saturating_sub(head.len() + code.len() + 2);
    format!("{head}: {}{code}", tail_ascii(lock.lock_id.as_str(), room))
}

/// The whole text.
pub(super) fn body(notice: &Notice) -> String {
    let mut text = Text::default();
    match (&notice.lock, &notice.verdict, &notice.outcome) {
        _ if let Some(storm) = &notice.storm => storm::asking(&mut text, notice, storm),
        _ if let Some(many) = &notice.many => many::told(&mut text, notice.kind, many),
        (Some(lock), _, _) if let Some(zombie) = &notice.zombie => {
            written_late(&mut text, notice, lock, zombie);
        }
        (Some(lock), Some(verdict), _) => asking(&mut text, notice, lock, verdict),
        (lock, None, Some(outcome)) => {
            told::told(&mut text, lock.as_ref(), outcome, notice.expired);
        }
        (Some(lock), None, None) => {
            text.line(gone(notice));
            text.gap();
            facts(&mut text, lock);
        }
        (None, _, _) if let Some(error) = &notice.policy => policy::broken(&mut text, error),
        (None, _, _) => {
            text.line(
                "This is a test notice, sent by hand. If you can read it, Lockwarden reaches you.",
            );
            text.line("There is nothing to do.");
        }
    }
    if let Some(code) = notice.code() {
        let what = if notice.request.is_some() {
            "Request"
        } else {
            "Storm"
        };
        text.gap();
        text.line(format!("{what} {code}"));
    }
    text.0
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: impl AsRef<str>) {
        self.0.push_str(line.as_ref());
        self.0.push('\n');
    }

    fn gap(&mut self) {
        self.0.push('\n');
    }

    fn field(&mut self, name: &str, value: impl AsRef<str>) {
        self.line(format!("{:<13}{}", format!("{name}:"), value.as_ref()));
    }

    /// A command on a line of its own, or a word why there is none.
    fn command(&mut self, command: Option<&String>) {
        match command {
            Some(command) => self.line(command),
            None => self.line(
                "(not printed: a name in it holds characters that do not belong into a shell)",
            ),
        }
    }
}

fn asking(text: &mut Text, notice: &Notice, lock: &LockFacts, verdict: &VerdictFacts) {
    text.line(opening(notice, verdict.verdict));
    text.gap();
    facts(text, lock);
    for rival in &notice.rivals {
        text.gap();
        text.line("The other side:");
        facts(text, rival);
    }
    text.gap();
    text.field("Held", held(lock, verdict));
    text.field(
        if verdict.verdict == Verdict::Stale {
            "Stale"
        } else {
            "Why"
        },
        shown(&verdict.why, 1_000),
    );
    if verdict.rule != DEFAULT_RULE {
        text.field("Rule", shown(&verdict.rule, FIELD));
    }
    text.field("Life", life(verdict));
    if let Some(until) = notice.time_to_exist {
        text.field("Expires", expires(until));
    }
    for (label, words) in verdict.evidence.iter().flat_map(evidence::lines) {
        text.field(label, words);
    }
    let Some(commands) = &notice.commands else {
        return;
    };
    text.gap();
    text.line("1. LOOK. Is the holder really gone? Check the job or the machine, and the record as it is stored:");
    text.command(commands.inspect.as_ref());
    for other in &commands.inspect_others {
        text.line(other);
    }
    text.gap();
    text.line("2. RELEASE it, if the holder is gone. Deletes exactly this lock, and only if it is unchanged:");
    if let Some(url) = notice
        .approve
        .as_ref()
        .and_then(|approve| approve.url.as_ref())
    {
        text.line(url);
        text.line("   (a page to look, release, keep and undo; it acts on nothing that you do not type. Do not forward it.)");
        text.line("   Or by command:");
    }
    if let Some(release) = &commands.release {
        text.line(release);
    } else {
        text.line(
            "(not by Lockwarden: it may not delete such a record. An administrator has to, see 3)",
        );
    }
    if !verdict.needs_even_if.is_empty() && commands.release.is_some() {
        let words: Vec<&str> = verdict
            .needs_even_if
            .iter()
            .map(|word| word.word())
            .collect();
        text.line(format!(
            "   `even_if` says that you know: {}. Read the facts above twice.",
            words.join(", ")
        ));
    }
    text.line("   Or KEEP it, and be left in peace for 2 h:");
    text.command(commands.keep.as_ref());
    text.gap();
    text.line("3. BY HAND instead, in the directory and the workspace of this state (`tofu` for OpenTofu):");
    match &commands.force_unlock {
        Some(force_unlock) => text.line(force_unlock),
        None => text
            .line("(`terraform force-unlock` cannot remove this lock: it has no usable lock ID)"),
    }
    if let Some(delete) = &commands.by_hand {
        text.line("   Or, as an administrator, after looking twice:");
        text.line(delete);
    }
    do_not(text);
    if !lock.lock_id.as_str().ends_with("-md5") {
        text.line(
            "- touch the item that ends in -md5: it is the checksum of the state, not a lock",
        );
    }
}

fn do_not(text: &mut Text) {
    text.gap();
    text.line("DO NOT");
    text.line("- release while the job still runs: releasing does not stop it, and two writers corrupt the state");
    text.line("- run with -lock=false, or delete rows or objects without a condition: the next holder's lock may be hit");
}

fn facts(text: &mut Text, lock: &LockFacts) {
    text.field("State", shown(lock.lock_id.as_str(), 1_100));
    if let Some(who) = &lock.who {
        let who = if who.is_empty() {
            "not said".to_owned()
        } else {
            shown(who, FIELD)
        };
        let version = lock
            .version
            .as_deref()
            .filter(|version| !version.is_empty());
        let version =
            version.map(|version| format!(", Terraform or OpenTofu {}", shown(version, 60)));
        text.field("Holder", format!("{who}{}", version.unwrap_or_default()));
    }
    if let Some(raw) = &lock.operation {
        let operation = Operation::new(raw.clone());
        let risk = if operation.may_write() {
            "it may have been writing the state"
        } else {
            "it only reads the state"
        };
        text.field(
            "Operation",
            format!("{operation} ({}): {risk}", shown(raw, 60)),
        );
    }
    match &lock.id {
        Some(id) => text.field("Lock ID", shown(id.as_str(), FIELD)),
        None => text.field("Lock ID", "cannot be read"),
    }
    if let Some(raw) = &lock.raw {
        text.field("Raw text", format!("`{raw}`"));
    }
    for record in &lock.records {
        text.field("Stored in", stored_in(record));
    }
}

/// What was seen after a release, and that it proves nothing.
fn written_late(text: &mut Text, notice: &Notice, lock: &LockFacts, zombie: &ZombieWrite) {
    let gone = gone_how(notice);
    text.line(format!("A state was written after its lock {gone}, and no newer lock explains it: the old holder may still be at work."));
    text.line(how_sure(zombie));
    text.gap();
    text.field(
        if notice.expired { "Gone" } else { "Released" },
        shown_time(zombie.released_at),
    );
    text.field("Written", shown_time(zombie.written_at));
    facts(text, lock);
    text.gap();
    text.line("1. LOOK for the old holder, above. If its job runs, stop it before anybody plans or applies this state.");
    text.line("2. COMPARE: what was written when, and what the next plan says about it:");
    text.command(commands::state_versions(&lock.lock_id).as_ref());
    text.line("terraform plan");
}
