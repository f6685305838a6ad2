use insta::{assert_json_snapshot, assert_snapshot};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::item::{self, Record};
use crate::ledger::Entry;
use crate::lock::gather;
use crate::notice::NoticeKind;
use crate::notice::tests::{asking, asking_with_link};
use crate::outcome::OutcomeKind;
use crate::testing::{at, item, item_with, lock_file};

const LINK: &str = "https://approve.example/r/7F3K2QWX?t=secret";

fn stale() -> Vec<Record> {
    vec![item("locks", "acme/prod/a.tfstate", "A")]
}

/// A record whose holder writes this everywhere it can.
fn hostile(path: &str, text: &str) -> Record {
    let record = json!({
        "ID": text, "Operation": text, "Info": text, "Who": text, "Version": text,
        "Created": "2026-01-01T00:00:00Z", "Path": text,
    });
    item_with("locks", path, &record.to_string())
}

/// The notification in the form `https` of a published message, as Amazon Q gets it.
fn sent(notice: &Notice) -> Value {
    let message: Value = serde_json::from_str(&notice.render().message).unwrap();
    serde_json::from_str(message["https"].as_str().unwrap()).unwrap()
}

fn text<'a>(body: &'a Value, pointer: &str) -> &'a str {
    body.pointer(pointer).unwrap().as_str().unwrap()
}

/// Every text in the notification.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[test]
fn a_stale_lock_is_told_in_the_schema_of_amazon_q() {
    let notice = asking_with_link(NoticeKind::StaleLock, stale(), Some(LINK));
    assert_json_snapshot!(sent(&notice), @r##"
    {
      "content": {
        "description": "A Terraform state lock looks stale. Nobody can plan or apply this state until it is released. Nothing has been changed yet; you decide.\nHeld: at least 3 h 2 min, at most 3 h 12 min; it began trying at 2026-01-01 00:00:00 UTC by its own clock\nWhy: held for 3 h 12 min, over the limit of 15 min; no sign of life seen\nLife: no sign of life seen; the state was last written at 2025-12-31T23:59:00Z. A long step writes nothing either\nState: `acme/prod/a.tfstate`\nHolder: `runner＠A`\nOperation: `apply or destroy`\nTerraform or OpenTofu: `1.11.4`\nLock ID: `A-0000`\nStored in: `DynamoDB table locks`\n",
        "keywords": [
          "lockwarden",
          "stale_lock"
        ],
        "nextSteps": [
          "Look first: is the holder really gone? Its job, its machine.",
          "Look, release, keep or undo on the page: https://approve.example/r/7F3K2QWX?t=secret",
          "Release by command: `aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{\"decision\":\"release\",\"request\":\"7F3K2QWX\",\"by\":\"'\"$USER\"'\"}'`",
          "Keep by command: `aws sns publish --region eu-west-1 --topic-arn arn:aws:sns:eu-west-1:123456789012:approvals --message '{\"decision\":\"keep\",\"request\":\"7F3K2QWX\",\"for\":\"2h\",\"by\":\"'\"$USER\"'\"}'`"
        ],
        "textType": "client-markdown",
        "title": "Stale lock: acme/prod/a.tfstate (7F3K2QWX)"
      },
      "metadata": {
        "additionalContext": {
          "approve_function": "approve",
          "id": "A-0000",
          "kind": "stale_lock",
          "lock_id": "acme/prod/a.tfstate",
          "may_keep": "yes",
          "may_release": "yes",
          "request": "7F3K2QWX"
        },
        "enableCustomActions": true,
        "eventType": "stale_lock",
        "relatedResources": [
          "DynamoDB table locks"
        ],
        "summary": "Stale lock: acme/prod/a.tfstate (7F3K2QWX)",
        "threadId": "7F3K2QWX"
      },
      "source": "custom",
      "version": "1.0"
    }
    "##);
}

#[test]
fn an_outcome_is_told_in_the_thread_of_its_request() {
    let lock = gather(stale()).remove(0);
    let entry = Entry::first_sight(lock.code(0), &lock, at("2026-01-01T00:10:00Z"));
    let outcome = Outcome {
        next: Some("terraform plan".to_owned()),
        ..Outcome::new(OutcomeKind::Released, Some("alice@example.com".to_owned()))
    };
    let body = sent(&Notice::of_outcome(outcome, Some(&entry)));
    assert_eq!(text(&body, "/metadata/threadId"), entry.code.as_str());
    assert_snapshot!(text(&body, "/content/description"), @r##"
    The lock was released. Releasing does not stop the old holder: make sure that it is gone.
    Decided by: `alice＠example.com` (as the message says)
    State: `acme/prod/a.tfstate`
    Holder: `runner＠A`
    Operation: `apply or destroy`
    Terraform or OpenTofu: `1.11.4`
    Lock ID: `A-0000`
    Stored in: `DynamoDB table locks`
    "##);
    assert_eq!(
        body["content"]["nextSteps"],
        json!(["Next: `terraform plan`"])
    );
}

#[test]
fn what_is_about_no_lock_has_no_thread_and_no_button() {
    let rejected = Outcome::new(OutcomeKind::Rejected, None).because("it is no decision");
    for notice in [Notice::test(), Notice::of_outcome(rejected, None)] {
        let body = sent(&notice);
        assert_eq!(body.pointer("/metadata/threadId"), None);
        assert_eq!(body.pointer("/content/nextSteps"), None);
        let context = json!({"kind": notice.kind.word(), "may_keep": "no", "may_release": "no"});
        assert_eq!(body["metadata"]["additionalContext"], context);
    }
}

#[test]
fn a_button_releases_only_what_wants_nothing_said_with_open_eyes() {
    let split = vec![item("t", "b/k", "A"), lock_file("b/k", "B")];
    for (kind, records, may_release) in [
        (NoticeKind::StaleLock, stale(), "yes"),
        (NoticeKind::Reminder, stale(), "yes"),
        (NoticeKind::SplitLock, split, "no"),
        (
            NoticeKind::UnreadableLock,
            vec![item_with("t", "b/k", "{")],
            "no",
        ),
    ] {
        let body = sent(&asking(kind, records));
        let context = &body["metadata"]["additionalContext"];
        assert_eq!(context["may_release"], may_release, "{kind:?}");
        assert_eq!(context["may_keep"], "yes", "{kind:?}");
    }
}

#[test]
fn the_request_is_all_that_a_button_needs_to_decide() {
    let body = sent(&asking(NoticeKind::StaleLock, stale()));
    let request = text(&body, "/metadata/additionalContext/request");
    let message = json!({"decision": "release", "request": request, "by": "chat"}).to_string();
    let decision = crate::decision::parse(&message).unwrap();
    assert_eq!(decision.target.request.unwrap().as_str(), "7F3K2QWX");
}

#[test]
fn a_notice_names_the_function_whose_buttons_may_stand_under_it() {
    let mut notice = asking(NoticeKind::StaleLock, stale());
    let longest = "f".repeat(LONGEST_FUNCTION);
    let too_long = "f".repeat(LONGEST_FUNCTION + 1);
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:approve";
    for (function, is_named) in [
        ("prod_locks-ApproveFunction-1A2B3C", true),
        (&longest, true),
        (&too_long, false),
        (arn, false),
        ("-x", false),
        ("a b", false),
        ("$(x)", false),
    ] {
        notice.approve.as_mut().unwrap().function = function.to_owned();
        let body = sent(&notice);
        let context = body["metadata"]["additionalContext"].get("approve_function");
        let expected = json!(function);
        assert_eq!(context, is_named.then_some(&expected), "{function}");
    }
}

#[test]
fn the_link_stands_where_people_read_and_in_nothing_that_a_button_takes() {
    let body = sent(&asking_with_link(
        NoticeKind::StaleLock,
        stale(),
        Some(LINK),
    ));
    let steps = texts(&body["content"]["nextSteps"]);
    assert_eq!(steps.iter().filter(|step| step.contains(LINK)).count(), 1);
    let all = texts(&body);
    assert_eq!(all.iter().filter(|text| text.contains("secret")).count(), 1);
}

#[test]
fn values_for_commands_are_values_and_nothing_else() {
    for odd in [
        "$(x)",
        "a b",
        "-force",
        "--payload={}",
        "x\"y",
        "é",
        "a;b",
        "`x`",
    ] {
        let body = sent(&asking(NoticeKind::StaleLock, vec![hostile("b/k", odd)]));
        assert_eq!(
            body["metadata"]["additionalContext"].get("id"),
            None,
            "{odd}"
        );
        let path = format!("b/ {odd}");
        let body = sent(&asking(NoticeKind::StaleLock, vec![hostile(&path, "x")]));
        assert_eq!(
            body["metadata"]["additionalContext"].get("lock_id"),
            None,
            "{odd}"
        );
    }
    let body = sent(&asking(NoticeKind::StaleLock, stale()));
    let context = &body["metadata"]["additionalContext"];
    assert_eq!(context["lock_id"], "acme/prod/a.tfstate");
    assert_eq!(context["id"], "A-0000");
}

#[test]
fn nothing_of_markdown_a_mention_or_a_link_is_left_in_foreign_text() {
    assert_snapshot!(harmless("`*b*` _i_ ~s~ <!channel> @here [x](https://y) a&lt; my_app/env:/dev"), @r##"'∗b∗' ＿i＿ ∼s∼ ‹!channel› ＠here ［x］(https∶//y) a＆lt; my_app/env:/dev"##);
    assert_snapshot!(code("two\nlines\u{202e}", 100), @r"`two\u{a}lines\u{202e}`");
}

#[test]
fn what_does_not_fit_is_left_out_line_by_line() {
    let mut description = Description::default();
    for _ in 0..20 {
        description.foreign("Field", &"x".repeat(900), 1_000);
    }
    let text = description.done;
    assert!(text.chars().count() <= LONGEST_DESCRIPTION);
    assert!(text.ends_with("`\n…\n"), "{}", &text[text.len() - 20..]);
    assert_eq!(text.matches('`').count() % 2, 0);
    assert_eq!(text.matches('…').count(), 1);
}

#[test]
fn a_line_that_fits_exactly_is_shown() {
    for (length, is_shown) in [
        (LONGEST_DESCRIPTION - 3, true),
        (LONGEST_DESCRIPTION - 2, false),
    ] {
        let mut description = Description::default();
        description.line(&"x".repeat(length));
        assert_eq!(description.done.contains('x'), is_shown, "{length}");
        assert!(description.done.chars().count() <= LONGEST_DESCRIPTION);
    }
}

/// Whether a notification keeps the limits, and foreign text its place.
fn check(body: &Value) {
    assert!(text(body, "/content/title").chars().count() <= LONGEST_TITLE);
    let description = text(body, "/content/description");
    assert!(description.chars().count() <= LONGEST_DESCRIPTION);
    for line in description.lines() {
        assert_eq!(
            line.matches('`').count() % 2,
            0,
            "an open code span: {line}"
        );
    }
    for text in texts(body) {
        let is_own = |character: char| character == '\n' || crate::text::is_printable(character);
        assert!(text.chars().all(is_own), "{text}");
        let marks = ['<', '>', '@', '*', '~'];
        assert!(!text.contains(marks), "{text}");
    }
}

#[test]
fn a_novel_in_every_field_fits() {
    let novel = "`\"'<b>@here\u{202e}\u{1b}[2J\n*x* ".repeat(250);
    let path = format!("b/{}", "k_*<é".repeat(200));
    for record in [hostile(&path, &novel), item_with("locks", &path, &novel)] {
        for kind in [NoticeKind::StaleLock, NoticeKind::UnreadableLock] {
            check(&sent(&asking(kind, vec![record.clone()])));
        }
    }
    let mut rival = lock_file("b/k", "B");
    rival.content = item::Content::Text(novel.clone());
    check(&sent(&asking(
        NoticeKind::SplitLock,
        vec![hostile("b/k", &novel), rival],
    )));
}

#[test]
fn a_cut_title_shows_the_end_of_the_path_and_the_whole_code() {
    let path = format!("b/{}/the_end.tfstate", "x".repeat(600));
    let body = sent(&asking(NoticeKind::StaleLock, vec![item("t", &path, "A")]));
    let title = text(&body, "/content/title");
    assert_eq!(title.chars().count(), LONGEST_TITLE);
    assert!(title.starts_with("Stale lock: …xxx"), "{title}");
    assert!(title.ends_with("/the_end.tfstate (7F3K2QWX)"), "{title}");
}

proptest! {
    #[test]
    fn whatever_a_holder_writes_the_notification_keeps_its_shape(
        value in "(\\PC|[`*_<>@&~\n\r\u{1b}\u{202e}\"']){0,400}",
        key in "(\\PC|[`*_<>@&~\"']){1,300}",
    ) {
        let path = format!("b/{key}");
        check(&sent(&asking(NoticeKind::StaleLock, vec![hostile(&path, &value)])));
        check(&sent(&asking(NoticeKind::StaleLock, vec![item_with("t", &path, &value)])));
    }

    #[test]
    fn whatever_a_decision_says_the_notification_keeps_its_shape(
        why in "(\\PC|[`*_<>@\n]){0,400}",
        by in "(\\PC|[`*_<>@\n]){0,400}",
    ) {
        let outcome = Outcome {
            example: Some(by.clone()),
            ..Outcome::new(OutcomeKind::Rejected, Some(by)).because(why)
        };
        check(&sent(&Notice::of_outcome(outcome, None)));
    }

    #[test]
    fn harmless_text_is_as_long_as_it_was(value in "\\PC{0,100}") {
        prop_assert_eq!(harmless(&value).chars().count(), value.chars().count());
    }
}
