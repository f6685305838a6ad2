//! The form for chat: a custom notification of Amazon Q Developer in chat applications.
//! <https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html>
//!
//! The text is Markdown, and Slack and Teams do not agree on a way to escape it. So each character of foreign text that
//! could mean something to one of them is replaced by one that looks like it and means nothing, and the whole stands in a
//! code span.

use std::collections::BTreeMap;

use serde::Serialize;

use super::words::{
    BY_SWITCH, came_to, expires, gone, gone_how, held, how_sure, life, opening, stored_in,
};
use super::{LockFacts, Notice, StormFacts, VerdictFacts, evidence, many, policy, storm};
use crate::decision::{EXPIRE_BY, RULE_PREFIX};
use crate::ids::{LockId, RequestCode};
use crate::ledger::ZombieWrite;
use crate::outcome::{DigestCheck, Outcome, OutcomeKind};
use crate::policy::PolicyError;
use crate::record::Operation;
use crate::text::{shown, shown_time};

/// The longest title that Amazon Q takes (characters).
const LONGEST_TITLE: usize = 250;
/// The longest description (characters).
const LONGEST_DESCRIPTION: usize = 8_000;
/// How much of a foreign field a line shows (characters).
const FIELD: usize = 300;
/// How much of a path.
const PATH: usize = 700;
/// How much of a record that cannot be understood.
const RAW: usize = 500;
/// The longest name of a Lambda function (characters).
const LONGEST_FUNCTION: usize = 64;

/// The notification, as Amazon Q takes it.
#[derive(Serialize)]
pub(super) struct Notification {
    version: &'static str,
    source: &'static str,
    content: Content,
    metadata: Metadata,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    text_type: &'static str,
    title: String,
    description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    next_steps: Vec<String>,
    keywords: [&'static str; 2],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    /// What is told of one lock stands in one thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<RequestCode>,
    summary: String,
    event_type: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_resources: Vec<String>,
    additional_context: BTreeMap<&'static str, String>,
    enable_custom_actions: bool,
}

/// The notification of a notice.
pub(super) fn notification(notice: &Notice) -> Notification {
    let kind = notice.kind.word();
    let title = title(notice);
    let records = notice.lock.iter().flat_map(|lock| &lock.records);
    Notification {
        version: "1.0",
        source: "custom",
        metadata: Metadata {
            thread_id: notice.request.clone(),
            summary: title.clone(),
            event_type: kind,
            related_resources: records
                .map(|record| harmless(&shown(&stored_in(record), PATH)))
                .collect(),
            additional_context: context(notice),
            enable_custom_actions: true,
        },
        content: Content {
            text_type: "client-markdown",
            title,
            description: description(notice),
            next_steps: next_steps(notice),
            keywords: ["lockwarden", kind],
        },
    }
}

/// What, which state, which request. A title may be shown as plain text, so it has no code span.
fn title(notice: &Notice) -> String {
    let head = notice.headline();
    let code = notice.code();
    let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
    let Some(lock) = &notice.lock else {
        return format!("{head}{code}");
    };
    let room = LONGEST_TITLE.saturating_sub(head.len() + code.len() + 2);
    let path = tail(&shown(lock.lock_id.as_str(), usize::MAX), room);
    format!("{head}: {}{code}", harmless(&path))
}

/// The end of a text: of a path, the end says more than the start.
fn tail(text: &str, limit: usize) -> String {
    let count = text.chars().count();
    if count <= limit {
        return text.to_owned();
    }
    let kept = text.chars().skip(count - limit.saturating_sub(1));
    format!("…{}", kept.collect::<String>())
}

fn description(notice: &Notice) -> String {
    let mut text = Description::default();
    match (&notice.lock, &notice.verdict, &notice.outcome) {
        _ if let Some(storm) = &notice.storm => asking_about_many(&mut text, storm),
        _ if let Some(many) = &notice.many => {
            text.line(&many::opening(notice.kind, many));
            for line in many::lines(many) {
                text.line(&harmless(&line));
            }
        }
        (Some(lock), _, _) if let Some(zombie) = &notice.zombie => {
            written_late(&mut text, notice, lock, zombie);
        }
        (Some(lock), Some(verdict), _) => asking(&mut text, notice, lock, verdict),
        (lock, None, Some(outcome)) => told(&mut text, lock.as_ref(), outcome, notice.expired),
        (Some(lock), None, None) => {
            text.line(&gone(notice).replace('\n', " "));
            facts(&mut text, lock);
        }
        (None, _, _) if let Some(error) = &notice.policy => policy_error(&mut text, error),
        (None, _, _) => {
            text.line("This is a test notice, sent by hand. Lockwarden reaches this channel.");
        }
    }
    text.done
}

/// Whole lines, as many as fit: a line that is cut could leave a code span open.
#[derive(Default)]
struct Description {
    done: String,
    count: usize,
    is_full: bool,
}

impl Description {
    fn line(&mut self, line: &str) {
        /// Left for the mark that something is missing.
        const MARK: usize = 2;
        let count = line.chars().count() + 1;
        self.is_full |= self.count + count > LONGEST_DESCRIPTION - MARK;
        if !self.is_full {
            self.count += count;
            self.done.push_str(line);
            self.done.push('\n');
        } else if !self.done.ends_with("…\n") {
            self.done.push_str("…\n");
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}: {value}"));
    }

    fn foreign(&mut self, name: &str, value: &str, limit: usize) {
        self.field(name, &code(value, limit));
    }
}

/// What a decision hangs on comes before what is only good to know.
fn asking(text: &mut Description, notice: &Notice, lock: &LockFacts, verdict: &VerdictFacts) {
    text.line(&opening(notice, verdict.verdict).replace('\n', " "));
    text.field("Held", &held(lock, verdict));
    text.field("Why", &harmless(&shown(&verdict.why, 1_000)));
    text.field("Life", &harmless(&life(verdict)));
    if let Some(until) = notice.time_to_exist {
        text.field("Expires", &harmless(&expires(until)));
    }
    for (label, words) in verdict.evidence.iter().flat_map(evidence::lines) {
        text.field(label, &harmless(&words));
    }
    facts(text, lock);
    for rival in &notice.rivals {
        text.line("The other side:");
        facts(text, rival);
    }
}

fn asking_about_many(text: &mut Description, storm: &StormFacts) {
    text.line(&harmless(&storm.opening().replace('\n', " ")));
    for lock in &storm.locks {
        text.line(&format!("{} {}", lock.request, code(&lock.state(), PATH)));
        text.line(&harmless(&lock.line()));
    }
    if let Some(rest) = storm.rest() {
        text.line(&rest);
    }
}

fn written_late(text: &mut Description, notice: &Notice, lock: &LockFacts, zombie: &ZombieWrite) {
    let gone = gone_how(notice);
    text.line(&format!(
        "The state was written after its lock {gone}, and no newer lock explains it."
    ));
    text.line(&how_sure(zombie).replace('\n', " "));
    text.field(
        if notice.expired { "Gone" } else { "Released" },
        &shown_time(zombie.released_at),
    );
    text.field("Written", &shown_time(zombie.written_at));
    facts(text, lock);
}

fn policy_error(text: &mut Description, error: &PolicyError) {
    text.line(&policy::opening(error).replace('\n', " "));
    for (label, words) in policy::facts(error) {
        text.foreign(label, &words, PATH);
    }
    for mistake in policy::mistakes(error) {
        text.line(&code(&mistake, 1_000));
    }
}

fn facts(text: &mut Description, lock: &LockFacts) {
    text.foreign("State", lock.lock_id.as_str(), PATH);
    if let Some(who) = lock.who.as_deref().filter(|who| !who.is_empty()) {
        text.foreign("Holder", who, FIELD);
    }
    if let Some(raw) = &lock.operation {
        let words = Operation::new(raw.clone()).to_string();
        text.foreign("Operation", &words, FIELD);
    }
    if let Some(version) = lock.version.as_deref().filter(|it| !it.is_empty()) {
        text.foreign("Terraform or OpenTofu", version, FIELD);
    }
    match &lock.id {
        Some(id) => text.foreign("Lock ID", id.as_str(), FIELD),
        None => text.field("Lock ID", "cannot be read"),
    }
    if let Some(raw) = &lock.raw {
        text.foreign("Raw text", raw, RAW);
    }
    for record in &lock.records {
        text.foreign("Stored in", &stored_in(record), PATH);
    }
}

fn told(text: &mut Description, lock: Option<&LockFacts>, outcome: &Outcome, expired: bool) {
    text.line(&came_to(outcome, expired).replace('\n', " "));
    for line in outcome.storm.iter().flat_map(storm::told) {
        text.line(&harmless(&line));
    }
    if let Some(by) = &outcome.by {
        let by = match by.strip_prefix(RULE_PREFIX) {
            Some(_) if by == EXPIRE_BY => harmless(BY_SWITCH),
            Some(rule) => format!("the rule {} of the policy", code(rule, FIELD)),
            None => format!("{} (as the message says)", code(by, FIELD)),
        };
        text.field("Decided by", &by);
    }
    if let Some(why) = &outcome.why {
        text.foreign("Why", why, 1_000);
    }
    if let Some(holder) = &outcome.now_held_by {
        let id = holder.id.as_ref().map_or("cannot be read", LockId::as_str);
        text.foreign("Now held by", &holder.who, FIELD);
        text.foreign("Its lock ID", id, FIELD);
    }
    if let Some(until) = outcome.until {
        text.field("Quiet until", &shown_time(until));
    }
    if let Some(until) = outcome.time_to_exist {
        text.field("Expires", &harmless(&expires(until)));
    }
    if outcome.digest == Some(DigestCheck::Mismatch) {
        text.line(
            "Beware: the digest of the state does not look like its checksum. See the e-mail.",
        );
    }
    if let Some(lock) = lock {
        facts(text, lock);
    }
}

fn next_steps(notice: &Notice) -> Vec<String> {
    let mut steps = Vec::new();
    if notice.kind.asks() {
        steps.push("Look first: is the holder really gone? Its job, its machine.".to_owned());
    }
    if notice.zombie.is_some() {
        steps.push(
            "Look for the old holder. If its job runs, stop it before anybody plans or applies."
                .to_owned(),
        );
    }
    if notice.policy.is_some() {
        steps.push("Mend the policy and put it back; the next sweep reads it.".to_owned());
    }
    // Whoever has the link may decide, and here that is everybody in the channel: so a channel that gets the notices is a
    // channel of approvers. The link stands here, where people read, and nowhere else.
    let approve = notice.approve.as_ref();
    if let Some(url) = approve.and_then(|approve| approve.url.as_ref()) {
        steps.push(format!("Look, release, keep or undo on the page: {url}"));
    }
    if let Some(commands) = &notice.commands {
        let release = commands.release.iter().map(|command| ("Release", command));
        let keep = commands.keep.iter().map(|command| ("Keep", command));
        // Made of values that were checked; a backtick is in none of them but could be.
        let printable = release
            .chain(keep)
            .filter(|(_, command)| !command.contains('`'));
        steps.extend(printable.map(|(what, command)| format!("{what} by command: `{command}`")));
    }
    if let Some(outcome) = &notice.outcome {
        let what = match outcome.result {
            OutcomeKind::Expiring => "Keep it, and it does not expire",
            OutcomeKind::Released
            | OutcomeKind::AlreadyReleased
            | OutcomeKind::ChangedHands
            | OutcomeKind::NotStale
            | OutcomeKind::Kept
            | OutcomeKind::Restored
            | OutcomeKind::PartlyReleased
            | OutcomeKind::Rejected => "Next",
        };
        let next = outcome.next.iter().map(|next| (what, next));
        let example = outcome
            .example
            .iter()
            .map(|example| ("What would be right", example));
        let both = next.chain(example);
        steps.extend(both.map(|(what, text)| format!("{what}: {}", code(text, FIELD))));
    }
    steps
}

/// What a button's criteria and command are made of. Amazon Q puts these values into a command as they are, so here is only
/// what cannot be anything but a value.
fn context(notice: &Notice) -> BTreeMap<&'static str, String> {
    let mut context = BTreeMap::from([("kind", notice.kind.word().to_owned())]);
    if let Some(code) = &notice.request {
        context.insert("request", code.to_string());
    }
    if let Some(lock) = &notice.lock {
        let id = lock.id.as_ref().filter(|id| id.is_plain());
        context.extend(id.map(|id| ("id", id.to_string())));
        let path = Some(lock.lock_id.as_str()).filter(|path| is_plain_path(path));
        context.extend(path.map(|path| ("lock_id", path.to_owned())));
    }
    // A channel may show the notices of several stacks, and Amazon Q offers every button of the channel under each of them
    // whose criteria it meets. So the button asks whether the notice is one of its own stack.
    let function = notice.approve.iter().map(|approve| &approve.function);
    let function = function.filter(|name| is_function_name(name));
    context.extend(function.map(|name| ("approve_function", name.clone())));
    let needs_nothing = |verdict: &VerdictFacts| verdict.needs_even_if.is_empty();
    let is_plain = notice.verdict.as_ref().is_some_and(needs_nothing);
    let yes_or_no = |yes| if yes { "yes" } else { "no" }.to_owned();
    context.insert("may_release", yes_or_no(notice.kind.asks() && is_plain));
    let names_one = notice.kind.asks() && notice.request.is_some();
    context.insert("may_keep", yes_or_no(names_one));
    context
}

/// A path that no command takes for something else: no spaces, no quotes, no `$`, no dash in front.
fn is_plain_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:+=".contains(&byte);
    path.len() <= PATH && !path.starts_with('-') && path.bytes().all(plain)
}

/// A name as Lambda takes it. A setting made by hand may hold an ARN, which no button of a template asks for.
fn is_function_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    name.len() <= LONGEST_FUNCTION && !name.starts_with('-') && name.bytes().all(plain)
}

/// Foreign text in a code span.
fn code(text: &str, limit: usize) -> String {
    format!("`{}`", harmless(&shown(text, limit)))
}

/// The same text, character for character, without anything that Markdown, a mention or a link is made of.
fn harmless(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let at = |index: Option<usize>| index.and_then(|index| characters.get(index)).copied();
    let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let safe = characters.iter().enumerate().map(|(index, character)| {
        let before = at(index.checked_sub(1));
        let after = at(index.checked_add(1));
        match character {
            '`' => '\'',
            '*' => '∗',
            // Within a word it means nothing, and paths are full of it.
            '_' if is_word(before) && is_word(after) => '_',
            '_' => '＿',
            '~' => '∼',
            '<' => '‹',
            '>' => '›',
            '&' => '＆',
            '@' => '＠',
            '[' => '［',
            ']' => '］',
            // Of a web address.
            ':' if after == Some('/') && at(index.checked_add(2)) == Some('/') => '∶',
            other => *other,
        }
    });
    safe.collect()
}

#[cfg(test)]
mod tests;
