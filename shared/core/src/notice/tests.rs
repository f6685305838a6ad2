use insta::assert_snapshot;
use jiff::SignedDuration;

use super::*;
use crate::commands;
use crate::item::Content;
use crate::lock::gather;
use crate::outcome::{NewHolder, OutcomeKind};
use crate::policy::{Policy, Severity, Sighting, StateObject, judge};
use crate::testing::{at, item, item_with, lock_file, plain_policy, text_created};
use crate::text;

static POLICY: Policy = plain_policy(SignedDuration::from_mins(15));

/// The notice that asks about the first of these locks, three hours after it was first seen.
pub(super) fn asking(kind: NoticeKind, records: Vec<crate::item::Record>) -> Notice {
    asking_with_link(kind, records, None)
}

pub(super) fn asking_with_link(
    kind: NoticeKind,
    records: Vec<crate::item::Record>,
    link: Option<&str>,
) -> Notice {
    let topic = TopicArn::parse("arn:aws:sns:eu-west-1:123456789012:approvals").unwrap();
    let lock = gather(records).remove(0);
    let entry = Entry::first_sight(
        RequestCode::parse("7F3K2QWX").unwrap(),
        &lock,
        at("2026-01-01T00:10:00Z"),
    );
    let state = StateObject::Written {
        at: at("2025-12-31T23:59:00Z"),
        etag: None,
    };
    let sighting = Sighting {
        lock: &lock,
        first_seen: entry.first_seen,
        split_sightings: 2,
        state: &state,
    };
    let judgement = judge(&POLICY, at("2026-01-01T03:12:00Z"), &sighting);
    Notice::asking(
        kind,
        &entry,
        &lock,
        &judgement,
        Desk {
            topic: &topic,
            function: "approve",
            link,
        },
    )
}

fn email(notice: &Notice) -> String {
    let message: Value = serde_json::from_str(&notice.render().message).unwrap();
    assert_eq!(message["email"], message["default"]);
    message["email"].as_str().unwrap().to_owned()
}

#[test]
fn a_stale_lock_is_told_so_that_a_tired_person_can_decide() {
    let notice = asking(
        NoticeKind::StaleLock,
        vec![
            item("locks", "acme/prod/a.tfstate", "A"),
            lock_file("acme/prod/a.tfstate", "A"),
        ],
    );
    assert_snapshot!(email(&notice));
    assert_snapshot!(notice.render().subject, @"[Lockwarden] Stale lock: acme/prod/a.tfstate (7F3K2QWX)");
}

#[test]
fn a_phantom_is_told_with_the_command_that_can_remove_it() {
    let mut record = item("locks", "acme/prod/a.tfstate", "A");
    record.content = Content::Phantom;
    assert_snapshot!(email(&asking(NoticeKind::UnreadableLock, vec![record])));
}

#[test]
fn a_split_shows_both_sides() {
    let sides = vec![
        item("locks", "acme/prod/a.tfstate", "A"),
        lock_file("acme/prod/a.tfstate", "B"),
    ];
    assert_snapshot!(email(&asking(NoticeKind::SplitLock, sides)));
}

#[test]
fn outcomes_are_told_with_what_to_do_next() {
    let lock = gather(vec![item("locks", "acme/prod/a.tfstate", "A")]).remove(0);
    let entry = Entry::first_sight(
        RequestCode::parse("7F3K2QWX").unwrap(),
        &lock,
        at("2026-01-01T00:10:00Z"),
    );
    let holder = gather(vec![item("locks", "acme/prod/a.tfstate", "B")])
        .remove(0)
        .info()
        .unwrap();
    let mut text = String::new();
    for outcome in [
        Outcome {
            next: Some("terraform plan".to_owned()),
            ..Outcome::new(OutcomeKind::Released, Some("alice".to_owned()))
        },
        Outcome {
            now_held_by: Some(NewHolder::of(Some(&holder))),
            ..Outcome::new(OutcomeKind::ChangedHands, Some("alice".to_owned()))
        },
        Outcome {
            until: Some(at("2026-01-01T05:00:00Z")),
            ..Outcome::new(OutcomeKind::Kept, Some("alice".to_owned()))
        },
    ] {
        text.push_str(&email(&Notice::of_outcome(outcome, Some(&entry))));
        text.push_str("-----\n");
    }
    let rejected = Outcome {
        example: Some(crate::decision::example(None, &[])),
        ..Outcome::new(OutcomeKind::Rejected, None)
    };
    text.push_str(&email(&Notice::of_outcome(
        rejected.because("`by` is missing: who decides?"),
        None,
    )));
    assert_snapshot!(text);
}

#[test]
fn the_document_has_the_fields_of_the_contract() {
    let notice = asking(
        NoticeKind::StaleLock,
        vec![item("locks", "acme/prod/a.tfstate", "A")],
    );
    let message: Value = serde_json::from_str(&notice.render().message).unwrap();
    assert_eq!(message["sqs"], message["http"]);
    assert_eq!(message["sqs"], message["lambda"]);
    let document: Value = serde_json::from_str(message["sqs"].as_str().unwrap()).unwrap();
    insta::assert_json_snapshot!(document);
}

#[test]
fn the_release_command_is_a_decision_that_is_understood() {
    for records in [
        vec![item("locks", "b/k", "A")],
        vec![item("locks", "b/k", "A"), lock_file("b/k", "B")],
    ] {
        let command = asking(NoticeKind::StaleLock, records)
            .commands
            .unwrap()
            .release
            .unwrap();
        let words = shlex::split(&command.replace("\"$USER\"", "alice")).unwrap();
        let message = words.iter().find(|word| word.starts_with('{')).unwrap();
        assert_eq!(crate::decision::parse(message).unwrap().by, "alice");
    }
}

/// Whatever a holder writes: subjects stay ASCII and short, SMS lines short, nothing unprintable gets through, and the
/// whole stays below what SNS takes.
#[test]
fn foreign_text_does_no_harm() {
    let nasty = "\u{1b}[2J\"'<b>&\n\r\u{202e}$(x)`y`".to_owned() + &"é".repeat(2_000);
    let mut record: Value =
        serde_json::from_str(&text_created("A", "2026-01-01T00:00:00Z")).unwrap();
    for field in ["Who", "Operation", "Version", "Path", "Info"] {
        record[field] = json!(nasty);
    }
    let text = record.to_string();
    for (path, text) in [
        ("b/k", text.clone()),
        (&*format!("b/{nasty}"), text),
        ("b/k", format!("not json {nasty}")),
    ] {
        let notice = asking(NoticeKind::StaleLock, vec![item_with("locks", path, &text)]);
        let rendered = notice.render();
        assert!(
            rendered.subject.is_ascii() && rendered.subject.len() <= 99,
            "{}",
            rendered.subject
        );
        assert!(
            rendered.message.len() < 256 * 1024,
            "{}",
            rendered.message.len()
        );
        let message: Value = serde_json::from_str(&rendered.message).unwrap();
        let sms = message["sms"].as_str().unwrap();
        assert!(
            sms.is_ascii() && sms.len() <= 140 && sms.contains("7F3K2QWX"),
            "{sms}"
        );
        assert!(
            email(&notice)
                .lines()
                .flat_map(str::chars)
                .all(text::is_printable)
        );
        for (_, value) in rendered.attributes {
            assert!(value.value().chars().all(text::is_printable) && !value.value().is_empty());
        }
    }
}

fn sms(notice: &Notice) -> String {
    let message: Value = serde_json::from_str(&notice.render().message).unwrap();
    message["sms"].as_str().unwrap().to_owned()
}

#[test]
fn a_text_message_ends_with_what_to_send() {
    let stale = asking(
        NoticeKind::StaleLock,
        vec![item("locks", "acme/prod/a.tfstate", "A")],
    );
    assert_snapshot!(sms(&stale), @"Lockwarden: Stale lock acme/prod/a.tfstate. If your number may answer: RELEASE 7F3K2QWX");
    let order = sms(&stale).split(": ").last().unwrap().to_owned();
    assert!(crate::sms::is_order(&order), "{order}");
}

#[test]
fn the_whole_path_matters_more_than_how_to_answer() {
    let line = |length: usize| {
        let path = format!("b/{}", "x".repeat(length - 2));
        sms(&asking(
            NoticeKind::StaleLock,
            vec![item("locks", &path, "A")],
        ))
    };
    let around = "Lockwarden: Stale lock . If your number may answer: RELEASE 7F3K2QWX".len();
    let longest = line(140 - around);
    assert_eq!(longest.len(), 140);
    assert!(
        longest.ends_with("x. If your number may answer: RELEASE 7F3K2QWX"),
        "{longest}"
    );
    let longer = line(140 - around + 1);
    assert!(
        longer.contains(" b/xxx") && longer.ends_with("xxx (7F3K2QWX)"),
        "{longer}"
    );
}

#[test]
fn a_text_message_orders_nothing_that_no_text_message_may_order() {
    let split = vec![item("locks", "b/k", "A"), lock_file("b/k", "B")];
    let mut phantom = item("locks", "b/k", "A");
    phantom.content = Content::Phantom;
    assert_snapshot!(sms(&asking(NoticeKind::SplitLock, split)), @"Lockwarden: Two holders at once b/k (7F3K2QWX)");
    assert_snapshot!(sms(&asking(NoticeKind::UnreadableLock, vec![phantom])), @"Lockwarden: Unreadable lock b/k (7F3K2QWX)");
    let lock = gather(vec![item("locks", "b/k", "A")]).remove(0);
    let entry = Entry::first_sight(lock.code(0), &lock, at("2026-01-01T00:10:00Z"));
    let released = Outcome::new(OutcomeKind::Released, None);
    let line = sms(&Notice::of_outcome(released, Some(&entry)));
    assert_eq!(
        line,
        format!("Lockwarden: Lock released b/k ({})", entry.code)
    );
}

#[test]
fn who_sent_a_wrong_text_message_is_told_what_to_send() {
    let number = crate::sms::PhoneNumber::parse("+14255550182").unwrap();
    let told = |rejection: crate::decision::Rejection| {
        let outcome = Outcome {
            example: Some(rejection.example),
            ..Outcome::new(OutcomeKind::Rejected, rejection.by).because(rejection.why)
        };
        sms(&Notice::of_outcome(outcome, None))
    };
    let by_sms = told(crate::sms::parse("yes", &number).unwrap_err());
    assert_snapshot!(by_sms, @"Lockwarden: a decision was not carried out. Send RELEASE, KEEP or RESTORE and the code in the notice, such as: RELEASE 7F3K2QWX");
    let code = "9HXM4TQA".repeat(6);
    let longest = told(crate::sms::parse(&format!("KEEP {code} forever"), &number).unwrap_err());
    assert!(
        longest.ends_with(&format!(". Send: KEEP {code} 2h")),
        "{longest}"
    );
    assert!(by_sms.len() <= 140 && longest.len() <= 140);
    let by_topic = told(crate::decision::reject("it is no decision"));
    assert_snapshot!(by_topic, @"Lockwarden: a decision was not carried out, see the e-mail.");
    assert_snapshot!(sms(&Notice::test()), @"Lockwarden: this is a test notice, nothing to do.");
}

#[test]
fn who_sent_a_text_message_about_the_wrong_lock_is_told_how_to_say_that_it_is_meant() {
    let line = |path: &str, code: &str| {
        let lock = gather(vec![item("locks", path, "A")]).remove(0);
        let entry = Entry::first_sight(lock.code(0), &lock, at("2026-01-01T00:10:00Z"));
        let outcome = Outcome {
            example: Some(format!("RESTORE {code}")),
            ..Outcome::new(OutcomeKind::Rejected, None)
        };
        sms(&Notice::of_outcome(outcome, Some(&entry)))
    };
    assert_snapshot!(line("b/k", "9HXM4TQA"), @"Lockwarden: Decision not carried out b/k. If you mean this lock, send: RESTORE 9HXM4TQA");
    let code = "9HXM4TQA".repeat(6);
    let longest = line(&format!("b/{}", "x".repeat(300)), &code);
    assert!(
        longest.len() <= 140 && longest.contains(" ...x"),
        "{longest}"
    );
    assert!(
        longest.ends_with(&format!("x. If you mean this lock, send: RESTORE {code}")),
        "{longest}"
    );
}

#[test]
fn a_text_message_is_one_line_with_the_code() {
    let notice = asking(
        NoticeKind::StaleLock,
        vec![item(
            "locks",
            &format!("acme/{}/a.tfstate", "x".repeat(300)),
            "A",
        )],
    );
    let message: Value = serde_json::from_str(&notice.render().message).unwrap();
    let sms = message["sms"].as_str().unwrap();
    assert_eq!(sms.len(), 140);
    assert!(
        sms.starts_with("Lockwarden: Stale lock ...x") && sms.ends_with("a.tfstate (7F3K2QWX)"),
        "{sms}"
    );
}

/// A lock that nobody answered about, and what came of that.
fn expiring() -> (Entry, Outcome) {
    let lock = gather(vec![item("locks", "acme/prod/a.tfstate", "A")]).remove(0);
    let code = RequestCode::parse("7F3K2QWX").unwrap();
    let until = Some(at("2026-01-02T05:00:00Z"));
    let topic = TopicArn::parse("arn:aws:sns:eu-west-1:123456789012:approvals").unwrap();
    let outcome = Outcome {
        time_to_exist: until,
        next: commands::keep(&topic, &code, "2h"),
        ..Outcome::new(
            OutcomeKind::Expiring,
            Some(crate::decision::EXPIRE_BY.to_owned()),
        )
    };
    let entry = Entry {
        time_to_exist: until,
        ..Entry::first_sight(code, &lock, at("2026-01-01T00:10:00Z"))
    };
    (entry, outcome)
}

#[test]
fn what_expires_is_told_with_the_command_that_stops_it() {
    let (entry, outcome) = expiring();
    let notice = Notice::of_outcome(outcome, Some(&entry));
    assert_snapshot!(email(&notice));
    assert_snapshot!(notice.render().subject, @"[Lockwarden] Lock expires unless it is kept: acme/prod/a.tfstate (7F3K2QWX)");
    assert_snapshot!(sms(&notice), @"Lockwarden: Lock expires unless it is kept acme/prod/a.tfstate. If your number may answer: KEEP 7F3K2QWX 2h");
    assert_eq!(notice.severity(), Severity::Warning);
}

#[test]
fn what_expired_is_not_told_as_let_go() {
    let (entry, _) = expiring();
    for (ended, has_expired) in [
        ("2026-01-02T04:59:59Z", false),
        ("2026-01-02T05:00:00Z", true),
    ] {
        let entry = Entry {
            ended_at: Some(at(ended)),
            ..entry.clone()
        };
        let notice = Notice::ended(&entry);
        assert_eq!(email(&notice).contains("its holder let go"), !has_expired);
        assert_eq!(
            email(&notice).contains("its time to exist was over"),
            has_expired
        );
        let gone = Outcome::new(OutcomeKind::AlreadyReleased, Some("alice".to_owned()));
        let told = email(&Notice::of_outcome(gone, Some(&entry)));
        assert_eq!(told.contains("its time to exist was over"), has_expired);
        assert_eq!(told.contains("There is nothing to do"), !has_expired);
    }
}
