//! The text for a person who was just woken: what is stuck, why, whether to act, and exactly how.
//!
//! A line that begins with a command holds nothing else, so it can be copied whole. Foreign text is made safe by
//! [`shown`].

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::{LockFacts, Notice, NoticeKind, StormFacts, VerdictFacts};
use super::{evidence, many, policy, storm};
use crate::commands;
use crate::decision::{EXPIRE_BY, RULE_PREFIX};
use crate::expire::ATTRIBUTE;
use crate::ids::{RequestCode, StormCode};
use crate::ledger::ZombieWrite;
use crate::outcome::{DigestCheck, DigestRead, NewHolder, Outcome, OutcomeKind, RecordName};
use crate::policy::{DEFAULT_RULE, PolicyError, Verdict};
use crate::record::Operation;
use crate::span;
use crate::text::{shown, shown_time, tail_ascii};

/// SNS takes a subject of fewer than 100 characters.
const LONGEST_SUBJECT: usize = 99;
/// How much of a foreign field a line shows (characters).
const FIELD: usize = 300;
/// Who decided where nobody did.
pub(super) const BY_SWITCH: &str = "nobody; EXPIRE_AFTER holds where nobody answers";

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

impl Notice {
    /// What happened, in a few words of ASCII.
    pub(super) fn headline(&self) -> Cow<'static, str> {
        let outcome = self.outcome.as_ref();
        if let Some(storm) = outcome.and_then(|outcome| outcome.storm.as_ref()) {
            let (released, count) = (storm.released, storm.count);
            return format!("{released} of {count} locks released").into();
        }
        if let Some(storm) = &self.storm {
            return format!("{} stale locks at once", storm.count).into();
        }
        if let Some(many) = &self.many {
            let what = if self.kind == NoticeKind::Released {
                "released"
            } else {
                "are gone, nothing to do"
            };
            return format!("{} locks {what}", many.count).into();
        }
        Cow::Borrowed(self.headline_of_one())
    }

    /// The code to answer with or to ask for.
    pub(super) fn code(&self) -> Option<&str> {
        let asked = self.storm.as_ref().map(|storm| &storm.code);
        let outcome = self.outcome.as_ref();
        let answered = outcome.and_then(|outcome| outcome.storm.as_ref());
        let storm = asked.or(answered.map(|storm| &storm.code));
        let request = self.request.as_ref().map(RequestCode::as_str);
        request.or(storm.map(StormCode::as_str))
    }

    fn headline_of_one(&self) -> &'static str {
        match (
            self.kind,
            self.outcome.as_ref().map(|outcome| outcome.result),
        ) {
            (_, Some(OutcomeKind::PartlyReleased)) => "Lock released by half",
            (_, Some(OutcomeKind::ChangedHands)) => "Not released, another lock is there",
            (_, Some(OutcomeKind::NotStale)) => "Not released, the lock is not stale",
            (NoticeKind::StaleLock, _) => "Stale lock",
            (NoticeKind::Reminder, _) => "Still stuck",
            (NoticeKind::UnreadableLock, _) => "Unreadable lock",
            (NoticeKind::SplitLock, _) => "Two holders at once",
            (NoticeKind::Storm, _) => "Stale locks at once",
            (NoticeKind::Released, _) => "Lock released",
            (NoticeKind::Kept, _) => "Lock kept",
            (NoticeKind::Restored, _) => "Lock put back",
            (NoticeKind::Expiring, _) => "Lock expires unless it is kept",
            (NoticeKind::Ended, _) if self.expired => "Lock is gone, its time was over",
            (NoticeKind::Ended, _) => "Lock is gone, nothing to do",
            (NoticeKind::Rejected, _) => "Decision not carried out",
            (NoticeKind::ZombieWrite, _) if self.expired => "State written after its lock expired",
            (NoticeKind::ZombieWrite, _) => "State written after the release",
            (NoticeKind::PolicyError, _) => "Policy is broken, somebody has to mend it",
            (NoticeKind::Test, _) => "Test notice, nothing to do",
        }
    }
}

/// The whole text.
pub(super) fn body(notice: &Notice) -> String {
    let mut text = Text::default();
    match (&notice.lock, &notice.verdict, &notice.outcome) {
        _ if let Some(storm) = &notice.storm => asking_about_many(&mut text, notice, storm),
        _ if let Some(many) = &notice.many => {
            text.line(many::opening(notice.kind, many));
            text.gap();
            for line in many::lines(many) {
                text.line(line);
            }
        }
        (Some(lock), _, _) if let Some(zombie) = &notice.zombie => {
            written_late(&mut text, notice, lock, zombie);
        }
        (Some(lock), Some(verdict), _) => asking(&mut text, notice, lock, verdict),
        (lock, None, Some(outcome)) => told(&mut text, lock.as_ref(), outcome, notice.expired),
        (Some(lock), None, None) => {
            text.line(gone(notice));
            text.gap();
            facts(&mut text, lock);
        }
        (None, _, _) if let Some(error) = &notice.policy => policy_error(&mut text, error),
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

/// Many locks have one cause more often than not, so the list is short and the cause comes first.
fn asking_about_many(text: &mut Text, notice: &Notice, storm: &StormFacts) {
    text.line(storm.opening());
    text.gap();
    for (number, lock) in (1..).zip(&storm.locks) {
        text.line(format!("{number:>3}. {}", lock.state()));
        text.line(format!("     {}", lock.line()));
        match &lock.url {
            Some(url) => text.line(format!("     {}  {url}", lock.request)),
            None => text.line(format!("     {}", lock.request)),
        }
        if let Some(words) = lock.open_eyes() {
            text.line(format!("     {words}"));
        }
    }
    if let Some(rest) = storm.rest() {
        text.line(format!("     {rest}"));
    }
    text.gap();
    text.line("1. LOOK for what they have in common: a runner that died, a pipeline that was cancelled, a host that is gone.");
    text.line("   Are all these holders really gone?");
    text.gap();
    text.line("2. RELEASE ALL, if they are. Each is compared on its own; what changed, shows life or was decided since stays:");
    let commands = notice.commands.as_ref();
    text.command(commands.and_then(|commands| commands.release.as_ref()));
    text.gap();
    text.line(
        "3. ONE BY ONE instead: each has its request above. To release the first, or to keep it for 2 h:",
    );
    let first = storm.locks.first();
    text.command(first.and_then(|lock| lock.release.as_ref()));
    text.command(first.and_then(|lock| lock.keep.as_ref()));
    if first.is_some_and(|lock| lock.url.is_some()) {
        text.line("   Or by its page, which acts on nothing that you do not type. Do not forward these links.");
    }
    do_not(text);
}

/// The lock that people were asked about is gone, and nobody here deleted it.
pub(super) fn gone(notice: &Notice) -> &'static str {
    if notice.expired {
        "The lock that you were asked about is gone: nobody answered, and its time to exist was over. That does not stop its\n\
         holder: make sure that it is gone. For two hours the state is watched."
    } else {
        "The lock that you were asked about is gone: its holder let go. There is nothing to do."
    }
}

/// When a lock goes that nobody answered about.
pub(super) fn expires(until: Timestamp) -> String {
    format!(
        "some time after {}; DynamoDB may take days, and does it only with TTL on for `{ATTRIBUTE}`. KEEP it, and it stays",
        shown_time(until)
    )
}

pub(super) fn opening(notice: &Notice, verdict: Verdict) -> &'static str {
    let kind = notice.kind;
    if notice.time_to_exist.is_some() {
        return "A Terraform state lock that you were asked about still looks stale. Nobody can plan or apply this state.\n\
                Nobody answered, so it goes by itself some time after it expires, below, unless somebody keeps it.";
    }
    if verdict == Verdict::Skewed {
        return "A Terraform state is locked, and the time in the lock is in the future: a clock is wrong somewhere, and nobody\n\
                can tell how old the lock is. Nothing has been changed yet; you decide.";
    }
    match kind {
        NoticeKind::StaleLock => {
            "A Terraform state lock looks stale. Nobody can plan or apply this state until it is released.\n\
             Nothing has been changed yet; you decide."
        }
        NoticeKind::Reminder => {
            "A Terraform state lock that you were asked about still looks stale. Nobody can plan or apply this state.\n\
             Nothing has been changed yet; you decide."
        }
        NoticeKind::UnreadableLock => {
            "A Terraform state is locked by a record that cannot be understood. Nobody can plan or apply this state,\n\
             and nobody can tell how old the lock is. Nothing has been changed yet; you decide."
        }
        NoticeKind::SplitLock => {
            "TWO HOLDERS HOLD ONE STATE: the DynamoDB item and the S3 lock file name different locks. Some clients use\n\
             one store and some the other, so the state is not protected right now. Stop both before you release any."
        }
        NoticeKind::Storm
        | NoticeKind::Released
        | NoticeKind::Kept
        | NoticeKind::Restored
        | NoticeKind::Expiring
        | NoticeKind::Ended
        | NoticeKind::Rejected
        | NoticeKind::ZombieWrite
        | NoticeKind::PolicyError
        | NoticeKind::Test => "",
    }
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

pub(super) fn stored_in(record: &RecordName) -> String {
    match record {
        RecordName::Dynamodb { table } => format!("DynamoDB table {}", shown(table, FIELD)),
        RecordName::S3 { bucket, key } => format!(
            "S3 object s3://{}/{}",
            shown(bucket, FIELD),
            shown(key, 1_100)
        ),
    }
}

pub(super) fn held(lock: &LockFacts, verdict: &VerdictFacts) -> String {
    let at_least = span::shown(SignedDuration::from_secs(verdict.held_at_least_seconds));
    let at_most = span::shown(SignedDuration::from_secs(verdict.held_at_most_seconds));
    let created = lock.created.map(shown_time);
    match created {
        Some(created) if at_least == at_most => {
            format!("{at_least}; it began trying at {created} by its own clock")
        }
        Some(created) => format!(
            "at least {at_least}, at most {at_most}; it began trying at {created} by its own clock"
        ),
        None => format!("at least {at_least}"),
    }
}

pub(super) fn life(verdict: &VerdictFacts) -> String {
    let sign = &verdict.sign_of_life;
    let written = sign.get("state_written").and_then(|at| at.as_str());
    match (
        sign.get("status").and_then(|status| status.as_str()),
        written,
    ) {
        (Some("seen"), Some(at)) => {
            format!("the state was written at {at}: the holder is probably alive")
        }
        (Some("none_seen"), Some(at)) => {
            format!(
                "no sign of life seen; the state was last written at {at}. A long step writes nothing either"
            )
        }
        (Some("none_seen"), None) => {
            "no sign of life seen; there is no state yet. A first apply looks like this".to_owned()
        }
        _ => {
            let why = sign
                .get("why")
                .and_then(|why| why.as_str())
                .unwrap_or_default();
            format!("unknown: {}", shown(why, FIELD))
        }
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

/// What became of the lock whose state was written later.
pub(super) fn gone_how(notice: &Notice) -> &'static str {
    if notice.expired {
        "expired"
    } else {
        "was released"
    }
}

/// How much a write after a release means.
pub(super) fn how_sure(zombie: &ZombieWrite) -> &'static str {
    if zombie.knows_every_lock {
        "Each lock of this state leaves an object, and none was taken in time. Only a run with -lock=false, or one that uses the\n\
         table alone, looks the same."
    } else {
        "This was seen, and proves nothing: a normal run that began and ended between two sweeps looks the same."
    }
}

fn policy_error(text: &mut Text, error: &PolicyError) {
    text.line(policy::opening(error));
    text.gap();
    for (label, words) in policy::facts(error) {
        text.field(label, words);
    }
    text.gap();
    text.line("What is wrong:");
    for mistake in policy::mistakes(error) {
        text.line(mistake);
    }
    text.gap();
    text.line("1. LOOK at it as it is stored:");
    text.command(commands::read_object(&error.uri).as_ref());
    text.gap();
    text.line("2. MEND it, or the right to read it, or put back the version before. Nothing has to be restarted: the next sweep reads it.");
    text.line("   Nothing is told when it is good again; the report of the sweep then says no more about it.");
}

fn told(text: &mut Text, lock: Option<&LockFacts>, outcome: &Outcome, expired: bool) {
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

/// What came of a decision, where it may be that the lock expired before.
pub(super) fn came_to(outcome: &Outcome, expired: bool) -> &'static str {
    if expired {
        "The lock was gone already: its time to exist was over. That does not stop its holder: make sure that it is gone."
    } else {
        sentence(outcome)
    }
}

fn sentence(outcome: &Outcome) -> &'static str {
    if outcome.storm.is_some() {
        return storm::sentence(outcome.result);
    }
    match (outcome.result, outcome.confirmed) {
        (OutcomeKind::Released, Some(false)) => {
            "The lock is gone. The release was interrupted half-way, so it may be that the holder let go itself."
        }
        (OutcomeKind::Released, _) => {
            "The lock was released. Releasing does not stop the old holder: make sure that it is gone."
        }
        (OutcomeKind::AlreadyReleased, _) => "The lock was gone already. There is nothing to do.",
        (OutcomeKind::ChangedHands, _) => {
            "NOT released: another lock is there now, and it was left alone. The one you decided about is gone."
        }
        (OutcomeKind::NotStale, _) => "NOT released: the lock is not stale.",
        (OutcomeKind::Kept, _) => "The lock stays. Nobody is reminded for a while.",
        (OutcomeKind::Expiring, _) => {
            "Nobody answered, so this lock expires. It is still there, and you may still decide."
        }
        (OutcomeKind::Restored, _) => {
            "The lock that was released was put back, byte for byte. Nobody can plan or apply this state again."
        }
        (OutcomeKind::PartlyReleased, _) => {
            "Released by half: the S3 lock file is gone, and the DynamoDB item was left alone.\n\
             Look at it before you decide about it."
        }
        (OutcomeKind::Rejected, Some(false)) => {
            "A decision was begun, interrupted, and cannot be finished. Look at the lock before you decide about it again."
        }
        (OutcomeKind::Rejected, _) => "A decision was NOT carried out. Nothing was changed.",
    }
}
