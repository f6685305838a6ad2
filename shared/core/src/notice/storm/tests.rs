use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::lock::gather;
use crate::outcome::Outcome;
use crate::policy::{Sighting, StateObject, judge};
use crate::settings::TopicArn;
use crate::testing::{at, item_with, plain_policy};
use crate::text;

const LINK: &str = "https://page.example/r/CODE?t=TOKEN";

/// A plan of this holder, an hour old, as it is judged.
fn of_holder(number: usize, path: &str, who: &str, link: Option<&str>) -> StormLock {
    let record = serde_json::json!({
        "ID": format!("0000-{number}"), "Operation": "OperationTypePlan", "Info": "", "Who": who, "Version": "1.11.4",
        "Created": "2026-01-01T00:00:00Z", "Path": path,
    });
    let lock = gather(vec![item_with("locks", path, &record.to_string())]).remove(0);
    let sighting = Sighting {
        lock: &lock,
        first_seen: at("2026-01-01T00:10:00Z"),
        split_sightings: 0,
        state: &StateObject::Absent,
    };
    let policy = plain_policy(SignedDuration::from_mins(15));
    let now =
        at("2026-01-01T01:00:00Z") + SignedDuration::from_secs(i64::try_from(number).unwrap());
    let judgement = judge(&policy, now, &sighting);
    let topic = TopicArn::parse("arn:aws:sns:eu-west-1:123456789012:approvals").unwrap();
    let desk = Desk {
        topic: &topic,
        function: "approve",
        link,
    };
    StormLock::of(lock.code(0), &lock, &judgement, desk)
}

fn plans(count: usize, link: Option<&str>) -> Vec<StormLock> {
    let path = |number| format!("acme/units/{number:03}.tfstate");
    (0..count)
        .map(|number| of_holder(number, &path(number), "runner@ci-7", link))
        .collect()
}

fn notice(locks: Vec<StormLock>, origin: Option<&str>) -> Notice {
    let topic = TopicArn::parse("arn:aws:sns:eu-west-1:123456789012:approvals").unwrap();
    let desk = Desk {
        topic: &topic,
        function: "approve",
        link: None,
    };
    let requests = locks.iter().map(|lock| lock.request.clone()).collect();
    let storm = Storm::of(requests, at("2026-01-01T01:00:00Z"));
    Notice::of_storm(&storm, locks, origin.map(str::to_owned), desk)
}

fn form(notice: &Notice, name: &str) -> String {
    let message: Value = serde_json::from_str(&notice.render().message).unwrap();
    message[name].as_str().unwrap().to_owned()
}

#[test]
fn many_locks_are_one_notice_in_which_each_can_be_decided_alone() {
    let mut locks = plans(3, Some(LINK));
    let mut last = of_holder(9, "acme/prod/a.tfstate", "", None);
    last.sign_of_life = "unknown";
    locks.push(last);
    let odd = &mut locks[1];
    odd.needs_even_if = vec![EvenIf::Unreadable];
    let notice = notice(locks, None);
    assert_snapshot!(notice.render().subject, @"[Lockwarden] 4 stale locks at once (GCJ67VMJ)");
    assert_snapshot!("email about many", form(&notice, "email"));
    assert_snapshot!(form(&notice, "sms"), @"Lockwarden: 4 stale locks at once (GCJ67VMJ), see the e-mail.");
    let chat: Value = serde_json::from_str(&form(&notice, "https")).unwrap();
    assert_snapshot!(
        "chat about many",
        serde_json::to_string_pretty(&chat).unwrap()
    );
}

#[test]
fn the_document_lists_what_a_machine_needs_of_each() {
    let notice = notice(plans(1, Some(LINK)), Some("ci-7"));
    let document: Value = serde_json::from_str(&form(&notice, "sqs")).unwrap();
    assert_snapshot!(
        "document about many",
        serde_json::to_string_pretty(&document).unwrap()
    );
}

#[test]
fn what_came_of_many_is_one_notice() {
    let code = StormCode::parse("9HXM4TQA").unwrap();
    let outcome = |result, path: &str, why: Option<&str>| Outcome {
        lock_id: Some(LockPath::new(path).unwrap()),
        why: why.map(str::to_owned),
        ..Outcome::new(result, Some("alice".to_owned()))
    };
    let each = [
        outcome(OutcomeKind::Released, "acme/a", None),
        outcome(
            OutcomeKind::NotStale,
            "acme/b",
            Some("alive: the state was written 1 min ago"),
        ),
        Outcome {
            digest: Some(DigestCheck::Mismatch),
            ..outcome(OutcomeKind::Released, "acme/c", None)
        },
    ];
    let outcome = Outcome::of_storm(code, "alice".to_owned(), &each);
    let notice = Notice::of_outcome(outcome, None);
    assert_snapshot!(notice.render().subject, @"[Lockwarden] 2 of 3 locks released (9HXM4TQA)");
    assert_snapshot!(form(&notice, "email"), @r#"
    Locks were released. Releasing does not stop the old holders: make sure that they are gone.

    2 of 3 were released.
    Not released:
    - acme/b: alive: the state was written 1 min ago
    Released:
    - acme/a
    - acme/c; its digest does not look like its checksum

    Decided by:  alice (as the message says)

    Storm 9HXM4TQA
    "#);
    assert_snapshot!(form(&notice, "sms"), @"Lockwarden: 2 of 3 locks released (9HXM4TQA), see the e-mail.");
}

#[test]
fn filters_go_by_the_states_of_all_that_are_listed() {
    let rendered = notice(plans(2, None), Some("ci-7")).render();
    let attributes = rendered
        .attributes
        .map(|(name, attribute)| format!("{name} {} {}", attribute.data_type(), attribute.value()));
    assert_snapshot!(attributes.join("\n"), @r#"
        kind String storm
        severity String warning
        operation String.Array ["OperationTypePlan"]
        path String.Array ["acme/units/000.tfstate","acme/units/001.tfstate"]
        "#);
}

#[test]
fn it_is_as_loud_as_the_loudest() {
    let mut locks = plans(3, None);
    locks[1].severity = Severity::Page;
    let rendered = notice(locks, None).render();
    assert!(
        rendered
            .attributes
            .contains(&("severity", super::super::Attribute::Text("page".to_owned())))
    );
}

#[test]
fn what_sns_would_not_take_is_left_out_and_counted() {
    let notice = notice(plans(1_000, Some(LINK)), Some("ci-7"));
    let facts = notice.storm.as_ref().unwrap();
    assert_eq!(facts.count, 1_000);
    assert!(
        (50..1_000).contains(&facts.locks.len()),
        "{}",
        facts.locks.len()
    );
    assert!(notice.render().size() <= 256 * 1024);
    let email = form(&notice, "email");
    let rest = format!("and {} more, for which there is no room here", facts.more());
    assert!(email.contains(&rest), "{email}");
    assert!(email.starts_with("1000 Terraform state locks look stale at once, all of ci-7."));
}

proptest! {
    /// Whatever holders write, each form keeps to what its readers take.
    #[test]
    fn no_holder_breaks_a_notice_about_many(paths in proptest::collection::vec("[^\0]{1,400}", 1..8), who in "\\PC{0,400}|.{0,60}") {
        let locks: Vec<StormLock> = (0..)
            .zip(&paths)
            .map(|(number, path)| of_holder(number, path, &who, None))
            .collect();
        let notice = notice(locks, Some(&who));
        let rendered = notice.render();
        prop_assert!(rendered.subject.len() < 100 && rendered.subject.is_ascii());
        prop_assert!(form(&notice, "sms").len() <= 140);
        let email = form(&notice, "email");
        prop_assert!(email.chars().all(|character| character == '\n' || text::is_printable(character)));
        let chat: Value = serde_json::from_str(&form(&notice, "https")).unwrap();
        let description = chat["content"]["description"].as_str().unwrap();
        prop_assert!(description.chars().count() <= 8_000);
        for (_, attribute) in rendered.attributes {
            prop_assert!(attribute.value().chars().all(text::is_printable) && !attribute.value().is_empty());
        }
    }
}
