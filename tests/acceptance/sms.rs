//! Decisions by text message, from a phone, in answer to a notice.

use lockwarden_core::ledger::{Channel, EventKind, Status};
use lockwarden_core::settings::{LOCK_TABLES, SMS_APPROVERS};
use lockwarden_core::{sms, text};
use serde_json::{Value, json};

use crate::world::{
    ALICE, BOB, Fate, Kind, START, STATE, STRANGER, Sms, World, id_of, outcome_of, record_text,
};

const OTHER: &str = "acme-tf-state/prod/other.tfstate";
/// More calls than any run of these stories makes.
const MANY: usize = 100;

/// A stale lock of this kind that people were asked about, and its request code.
fn asked_about(kind: Kind) -> (World, String) {
    let world = World::with_phones(&[(LOCK_TABLES, kind.table())]);
    world.lock(kind, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.forget_what_was_told();
    world.calls();
    (world, request)
}

fn asked() -> (World, String) {
    asked_about(Kind::Item)
}

/// Two locks that people were asked about: the code of each, and the id of the notice about it.
fn asked_about_two() -> (World, [(String, String); 2]) {
    let world = World::with_phones(&[]);
    let asked = [STATE, OTHER].map(|path| {
        world.lock(Kind::Item, path, "ci-7");
        let request = world.ask_about(path);
        (request, world.last_notice_id())
    });
    world.forget_what_was_told();
    (world, asked)
}

/// A lock that Alice released by text message.
fn released(kind: Kind) -> (World, String) {
    let (world, request) = asked_about(kind);
    let outcome = world.text(&format!("RELEASE {request}"));
    assert_eq!(outcome_of(&outcome), "released", "{outcome}");
    assert!(world.is_free(STATE));
    (world, request)
}

/// The words that a text message ends with, where they are a right one.
#[track_caller]
fn order_in(line: &str) -> String {
    let order = line.rsplit(": ").next().unwrap();
    assert!(sms::is_order(order), "{line}");
    order.to_owned()
}

fn why(outcome: &Value) -> &str {
    outcome["why"].as_str().unwrap()
}

#[test]
fn a_listed_number_releases_a_lock_and_the_audit_log_says_which_number() {
    for kind in Kind::ALL {
        let (world, request) = asked_about(kind);
        let outcome = world.text(&format!("release {request}."));
        assert_eq!(outcome_of(&outcome), "released", "{kind:?}: {outcome}");
        assert_eq!(
            (&outcome["by"], &outcome["by_verified"]),
            (&json!(ALICE), &Value::Null)
        );
        assert!(world.is_free(STATE), "{kind:?}");
        assert_eq!(world.entry(&request).status, Status::Released);
        assert_eq!(
            world.texts(),
            [format!("Lockwarden: Lock released {STATE} ({request})")]
        );
        assert_eq!(world.metric("Released"), 1);
        let audit = world.audit(&request);
        for what in [EventKind::Decision, EventKind::Outcome] {
            let event = audit.iter().find(|event| event.what == what).unwrap();
            assert_eq!(event.channel, Some(Channel::Sms), "{event:?}");
            assert_eq!(event.by.as_deref(), Some(ALICE), "{event:?}");
            assert_eq!(event.source.as_deref(), Some(ALICE), "{event:?}");
            assert_eq!(event.verified, None, "{event:?}");
            let delivery = event.delivery.as_deref().unwrap();
            assert!(delivery.starts_with("sms-cae173d2-"), "{delivery}");
        }
    }
}

#[test]
fn a_listed_number_keeps_a_lock_for_as_long_as_it_says() {
    for (rest, minutes) in [("", 60), (" 2h", 120), (" 90 M.", 90), (" 24h", 1_440)] {
        let (world, request) = asked();
        let outcome = world.text(&format!("keep {request}{rest}"));
        assert_eq!(outcome_of(&outcome), "kept", "{rest}: {outcome}");
        let until = world.clock() + jiff::SignedDuration::from_mins(minutes);
        assert_eq!(outcome["until"], json!(until), "{rest}");
        assert_eq!(world.entry(&request).status, Status::Kept);
        assert_eq!(world.told(), ["kept"]);
        assert_eq!(world.locked().len(), 1);
        world.wait(&format!("{}m", minutes - 1));
        world.sweep();
        assert_eq!(world.told(), ["kept"], "{rest}: quiet until then");
        world.wait("6m");
        world.sweep();
        assert_eq!(world.told().len(), 2, "{rest}: asked again after that");
    }
}

#[test]
fn what_a_text_message_released_another_puts_back_and_a_third_releases_again() {
    for kind in Kind::ALL {
        let (world, request) = released(kind);
        let record = record_text("ci-7", START, STATE);
        let outcome = world.receive(&world.sms(BOB, &format!("Restore {request}")));
        assert_eq!(outcome_of(&outcome), "restored", "{kind:?}: {outcome}");
        assert_eq!(outcome["by"], BOB);
        assert!(world.holds(STATE, &lockwarden_core::item::Content::Text(record)));
        assert_eq!(world.told(), ["released", "restored"], "{kind:?}");

        let again = world.text(&format!("RESTORE {request}"));
        assert!(why(&again).contains("is there already"), "{again}");
        assert_eq!(world.told(), ["released", "restored", "rejected"]);

        world.wait("20m");
        let outcome = world.text(&format!("RELEASE {request}"));
        assert_eq!(outcome_of(&outcome), "released", "{kind:?}: {outcome}");
        assert!(world.is_free(STATE), "{kind:?}");
    }
}

#[test]
fn nothing_is_put_back_where_somebody_holds_the_state_and_the_phone_hears_of_it() {
    let (world, request) = released(Kind::Pair);
    world.lock(Kind::Pair, STATE, "ci-8");
    let locked = world.locked();
    let outcome = world.text(&format!("RESTORE {request}"));
    assert_eq!(outcome_of(&outcome), "rejected");
    assert_eq!(outcome["now_held_by"]["id"], id_of("ci-8"));
    assert_eq!(world.locked(), locked);
    assert_eq!(world.told(), ["released", "rejected"]);
}

#[test]
fn a_number_that_is_not_listed_costs_nothing_and_wakes_nobody() {
    let listed = format!("{ALICE},{BOB}");
    let stories = [
        (None, ALICE),
        (Some(""), ALICE),
        (Some(""), ""),
        (Some(BOB), ALICE),
        (Some(&listed), STRANGER),
        (Some(&listed), &ALICE[1..]),
        (Some(&listed), "+142555501820"),
        (Some(&listed), " +14255550182"),
        (Some(&listed), ""),
        (Some(&listed), "AWS"),
    ];
    for (approvers, from) in stories {
        let setting = approvers.map(|approvers| (SMS_APPROVERS, approvers));
        let world = World::with(setting.as_slice());
        world.lock(Kind::Item, STATE, "ci-7");
        let request = world.ask_about(STATE);
        let notice = world.last_notice_id();
        world.forget_what_was_told();
        world.calls();
        let before = world.ledger_text();
        for said in [
            format!("RELEASE {request}"),
            format!("KEEP {request} 2h"),
            "what is this?".to_owned(),
        ] {
            let outcome = world.receive(&world.sms(from, &said).answering(&notice));
            assert_eq!(outcome_of(&outcome), "rejected", "{from}");
            let told = [&outcome["request"], &outcome["lock_id"], &outcome["by"]];
            assert_eq!(told, [&Value::Null; 3], "nothing is told to a stranger");
        }
        assert_eq!(world.calls(), [], "{from}");
        assert_eq!((world.ledger_text(), world.locked().len()), (before, 1));
        assert_eq!(world.told(), [""; 0], "{from}");
        assert_eq!(world.metric("RejectedDecisions"), 3, "{from}");
    }
}

#[test]
fn whatever_else_a_listed_number_sends_is_answered_with_what_to_send() {
    let (world, request) = asked();
    let wrong = [
        ("yes please", "RELEASE 7F3K2QWX"),
        ("", "RELEASE 7F3K2QWX"),
        ("RELEASE", "RELEASE 7F3K2QWX"),
        ("RELEAS 0GHC0AXS", "RELEASE 7F3K2QWX"),
        ("release it", "RELEASE 7F3K2QWX"),
        ("restore the lock", "RESTORE 7F3K2QWX"),
        ("KEEP 9HXM4TQA", "RELEASE 7F3K2QWX"),
        ("RELEASE 9HXM-4TQA", "RELEASE 7F3K2QWX"),
        ("STOP", "RELEASE 7F3K2QWX"),
    ];
    for (number, (said, expected)) in wrong.into_iter().enumerate() {
        let outcome = world.text(said);
        assert_eq!(outcome_of(&outcome), "rejected", "{said}");
        assert_eq!(
            (&outcome["by"], &outcome["example"]),
            (&json!(ALICE), &json!(expected))
        );
        let texts = world.texts();
        assert_eq!(texts.len(), number + 1, "{said}: {texts:?}");
        assert_eq!(order_in(&texts[number]), expected, "{said}");
        let refusal = world.refusals().pop().unwrap();
        assert_eq!(refusal.channel, Some(Channel::Sms));
        assert_eq!(refusal.source.as_deref(), Some(ALICE));
    }
    assert_eq!(world.refusals().len(), wrong.len());
    assert_eq!(world.metric("RejectedDecisions"), 9);
    assert_eq!(world.entry(&request).status, Status::Asked);
    assert_eq!(world.locked().len(), 1);
    insta::assert_snapshot!(world.texts()[0], @"Lockwarden: a decision was not carried out. Send RELEASE, KEEP or RESTORE and the code in the notice, such as: RELEASE 7F3K2QWX");
}

#[test]
fn what_a_wrong_message_about_a_lock_is_answered_with_does_what_was_meant() {
    for (wrong, status) in [
        ("KEEP {} forever", Status::Kept),
        ("KEEP {} 25h", Status::Kept),
        ("RELEASE {} now", Status::Released),
    ] {
        let (world, request) = asked();
        let outcome = world.text(&wrong.replace("{}", &request));
        assert_eq!(outcome_of(&outcome), "rejected", "{wrong}");
        assert_eq!(world.entry(&request).status, Status::Asked);
        world.text(&order_in(&world.texts()[0]));
        assert_eq!(world.entry(&request).status, status, "{wrong}");
    }
}

#[test]
fn one_text_message_has_one_effect_and_one_answer_however_often_it_comes() {
    for said in [
        "RELEASE {}",
        "KEEP {} 2h",
        "RESTORE {}",
        "RELEASE 9HXM4TQA",
        "yes",
    ] {
        let (world, request) = asked();
        let sms = world.sms(ALICE, &said.replace("{}", &request));
        let first = world.receive(&sms);
        assert_eq!(world.told().len(), 1, "{said}");
        let (ledger, locked) = (world.ledger_text(), world.locked());
        for again in [
            sms.clone(),
            sms.published_again(&world),
            sms.published_again(&world),
        ] {
            world.wait("2m");
            assert_eq!(world.receive(&again), first, "{said}");
            assert_eq!(world.ledger_text(), ledger, "{said}");
            assert_eq!((world.locked(), world.told().len()), (locked.clone(), 1));
        }
    }
}

#[test]
fn two_copies_of_a_text_message_at_once_are_one_decision() {
    for seed in 0..60 {
        let (world, request) = asked_about(Kind::Pair);
        let world = world.seeded(seed).with_conflicts(4);
        let sms = world.sms(ALICE, &format!("RELEASE {request}"));
        let copies = [sms.clone(), sms.published_again(&world)];
        let runs = copies.iter().map(|copy| world.receiving(copy, Fate::Lives));
        for answer in world.run(runs.collect()) {
            let outcome = answer.unwrap().unwrap()["outcomes"][0].clone();
            assert_eq!(outcome_of(&outcome), "released", "seed {seed}: {outcome}");
        }
        assert_eq!(world.deleted().len(), 2, "seed {seed}");
        assert_eq!(world.told(), ["released"], "seed {seed}");
        assert_eq!(
            world.audited(&request, EventKind::Decision),
            1,
            "seed {seed}"
        );
    }
}

#[test]
fn text_messages_whose_ids_tell_nothing_are_told_apart_by_their_sns_messages() {
    for id in ["", "7", "the very same id!"] {
        let (world, request) = asked();
        for (said, expected) in [("KEEP {}", "kept"), ("RELEASE {}", "released")] {
            let sms = world.sms(ALICE, &said.replace("{}", &request));
            let outcome = world.receive(&sms.known_as(id));
            assert_eq!(outcome_of(&outcome), expected, "{id}");
        }
    }
}

#[test]
fn an_id_that_somebody_chose_makes_a_message_a_repeat_and_nothing_more() {
    let (world, request) = asked();
    let id = "cae173d2-66b9-564c-8309-21f858e9fb84";
    let keep = world.sms(ALICE, &format!("KEEP {request}")).known_as(id);
    let first = world.receive(&keep);
    let release = world.sms(BOB, &format!("RELEASE {request}")).known_as(id);
    assert_eq!(world.receive(&release), first);
    let stranger = world.sms(STRANGER, "RELEASE").known_as(id);
    assert_eq!(world.receive(&stranger)["request"], Value::Null);
    assert_eq!(world.locked().len(), 1);
    assert_eq!(world.told(), ["kept"]);
}

#[test]
fn a_late_copy_of_an_old_release_does_nothing_after_a_restore() {
    for kind in Kind::ALL {
        let (world, request) = asked_about(kind);
        let never_came = world.sms(ALICE, &format!("RELEASE {request}"));
        let came = world.sms(ALICE, &format!("RELEASE {request}"));
        assert_eq!(outcome_of(&world.receive(&came)), "released");
        world.wait("1m");
        let restore = world.sms(ALICE, &format!("RESTORE {request}"));
        assert_eq!(outcome_of(&world.receive(&restore)), "restored");
        world.wait("20m");
        let locked = world.locked();
        let late = [
            (came.clone(), "released"),
            (came.published_again(&world), "released"),
            (never_came, "rejected"),
            (restore.published_again(&world), "restored"),
        ];
        for (sms, expected) in late {
            let outcome = world.receive(&sms);
            assert_eq!(outcome_of(&outcome), expected, "{kind:?}: {outcome}");
            assert_eq!(world.locked(), locked, "{kind:?}: {sms:?}");
            assert_eq!(world.entry(&request).status, Status::Restored);
        }
        assert_eq!(world.told(), ["released", "restored", "rejected"]);
    }
}

#[test]
fn a_restore_that_was_sent_before_the_release_puts_nothing_back() {
    let (world, request) = asked();
    let early = world.sms(BOB, &format!("RESTORE {request}"));
    world.wait("1m");
    world.text(&format!("RELEASE {request}"));
    let outcome = world.receive(&early);
    assert!(
        why(&outcome).contains("older than the release"),
        "{outcome}"
    );
    assert!(world.is_free(STATE));
}

#[test]
fn a_lock_that_changed_hands_is_left_alone_and_the_phone_hears_of_it() {
    for kind in Kind::ALL {
        let (world, request) = asked_about(kind);
        world.unlock(STATE);
        world.lock(kind, STATE, "ci-8");
        let locked = world.locked();
        let outcome = world.text(&format!("RELEASE {request}"));
        assert_eq!(outcome_of(&outcome), "changed_hands", "{kind:?}: {outcome}");
        assert_eq!(world.locked(), locked);
        let expected =
            format!("Lockwarden: Not released, another lock is there {STATE} ({request})");
        assert_eq!(world.texts(), [expected], "{kind:?}");
    }
}

#[test]
fn a_decision_that_comes_too_late_is_answered_since_a_phone_sees_no_reply() {
    /// What came to pass with the lock before Alice answers.
    type Story = fn(&World, &str);
    let stories: [(&str, Story, &str, &str); 5] = [
        (
            "ended, and another holds the state",
            |world, _| {
                world.unlock(STATE);
                world.sweep();
                world.lock(Kind::Item, STATE, "ci-8");
            },
            "changed_hands",
            "Not released, another lock is there",
        ),
        (
            "ended",
            |world, _| {
                world.unlock(STATE);
                world.sweep();
            },
            "already_released",
            "Lock is gone, nothing to do",
        ),
        (
            "released by Bob",
            |world, request| {
                world.receive(&world.sms(BOB, &format!("RELEASE {request}")));
            },
            "already_released",
            "Lock is gone, nothing to do",
        ),
        (
            "released by Bob, and another holds the state",
            |world, request| {
                world.receive(&world.sms(BOB, &format!("RELEASE {request}")));
                world.lock(Kind::Item, STATE, "ci-8");
            },
            "changed_hands",
            "Not released, another lock is there",
        ),
        (
            "changed hands when Bob answered",
            |world, request| {
                world.unlock(STATE);
                world.lock(Kind::Item, STATE, "ci-8");
                world.receive(&world.sms(BOB, &format!("RELEASE {request}")));
            },
            "changed_hands",
            "Not released, another lock is there",
        ),
    ];
    for (name, story, expected, told) in stories {
        for order in ["RELEASE", "KEEP"] {
            let (world, request) = asked();
            story(&world, &request);
            let (locked, before) = (world.locked(), world.told().len());
            let outcome = world.text(&format!("{order} {request}"));
            assert_eq!(outcome_of(&outcome), expected, "{name}: {outcome}");
            let expected = format!("Lockwarden: {told} {STATE} ({request})");
            assert_eq!(world.texts()[before..], [expected], "{name}, {order}");
            assert_eq!(world.locked(), locked, "{name}");
            assert_eq!(world.audited(&request, EventKind::Refusal), 1, "{name}");
        }
    }
}

#[test]
fn a_lock_that_is_not_stale_stays_whatever_a_text_message_says() {
    for restricted in ["false", "true"] {
        let world = World::with_phones(&[("TOPIC_RESTRICTED", restricted)]);
        world.lock(Kind::Item, STATE, "ci-7");
        world.sweep();
        let request = world.entry_of(STATE).code.to_string();
        let with_open_eyes =
            json!({"decision": "release", "request": request, "by": "alice", "even_if": ["fresh"]});
        for (said, expected) in [
            (format!("RELEASE {request}"), "not_stale"),
            (format!("RELEASE {request} even_if fresh"), "rejected"),
            (format!("RELEASE {request} fresh"), "rejected"),
            (with_open_eyes.to_string(), "rejected"),
        ] {
            let outcome = world.text(&said);
            assert_eq!(outcome_of(&outcome), expected, "{said}: {outcome}");
            assert_eq!(world.locked().len(), 1, "{said}");
        }
        assert_eq!(world.told(), ["rejected"; 4]);
        let expected =
            format!("Lockwarden: Not released, the lock is not stale {STATE} ({request})");
        assert_eq!(world.texts()[0], expected);
        let kept = world.text(&format!("KEEP {request}"));
        assert!(why(&kept).contains("nobody is asked"), "{kept}");
    }
}

#[test]
fn a_holder_that_shows_life_after_the_notice_keeps_its_lock() {
    let (world, request) = asked();
    world.write_state(STATE);
    let outcome = world.text(&format!("RELEASE {request}"));
    assert_eq!(outcome_of(&outcome), "not_stale", "{outcome}");
    assert_eq!(world.told(), ["rejected"]);
    assert_eq!(world.locked().len(), 1);
}

#[test]
fn a_message_that_answers_the_notice_of_another_request_is_refused_until_it_is_said_again() {
    for (order, expected) in [
        ("RELEASE", "released"),
        ("KEEP", "kept"),
        ("RESTORE", "restored"),
    ] {
        let (world, [(named, _), (answered, notice)]) = asked_about_two();
        if order == "RESTORE" {
            world.release(&named);
            world.forget_what_was_told();
        }
        let (locked, status) = (world.locked(), world.entry(&named).status);

        let sms = world.sms(ALICE, &format!("{order} {named}"));
        let outcome = world.receive(&sms.answering(&notice));

        assert_eq!(outcome_of(&outcome), "rejected", "{outcome}");
        assert!(
            why(&outcome).contains(&named) && why(&outcome).contains(&answered),
            "{outcome}"
        );
        assert_eq!(world.locked(), locked, "{order}");
        assert_eq!(world.entry(&named).status, status, "{order}");
        assert_eq!(world.told(), ["rejected"]);
        assert_eq!(world.metric("RejectedDecisions"), 1);
        assert_eq!(world.audited(&named, EventKind::Refusal), 1, "{order}");
        assert_eq!(world.audited(&answered, EventKind::Refusal), 0, "{order}");
        assert_eq!(
            world.refusals(),
            [],
            "the lock is known, so its history has it"
        );

        let again = world.sms(ALICE, &order_in(&world.texts()[0]));
        let outcome = world.receive(&again.answering(&world.last_notice_id()));
        assert_eq!(outcome_of(&outcome), expected, "{outcome}");
        assert_eq!(world.entry(&answered).status, Status::Asked);
    }
}

#[test]
fn a_message_that_answers_its_own_notice_or_one_that_nobody_knows_is_followed() {
    let too_long = "x".repeat(5_000);
    for id in [
        "own",
        "message-9999",
        "",
        "wJalrXUtnFEMI",
        "\u{202e}\"}",
        &too_long,
    ] {
        let (world, [(request, notice), _]) = asked_about_two();
        let answers = if id == "own" { &notice } else { id };
        let sms = world.sms(ALICE, &format!("RELEASE {request}"));
        let outcome = world.receive(&sms.answering(answers));
        assert_eq!(outcome_of(&outcome), "released", "{id}: {outcome}");
    }
}

#[test]
fn the_notice_of_an_outcome_is_known_by_its_message_from_then_on() {
    let (world, [(first, _), (second, _)]) = asked_about_two();
    world.text(&format!("RELEASE {first}"));
    let told = world.last_notice_id();
    let other = world.sms(ALICE, &format!("RELEASE {second}"));
    let outcome = world.receive(&other.answering(&told));
    assert!(why(&outcome).contains(&first), "{outcome}");
    let undo = world.sms(ALICE, &format!("RESTORE {first}"));
    assert_eq!(
        outcome_of(&world.receive(&undo.answering(&told))),
        "restored"
    );
}

#[test]
fn with_releases_switched_off_a_text_message_keeps_and_releases_nothing() {
    let world = World::with_phones(&[("RELEASES", "disabled")]);
    world.lock(Kind::Item, STATE, "ci-7");
    let request = world.ask_about(STATE);
    let outcome = world.text(&format!("RELEASE {request}"));
    assert!(why(&outcome).contains("RELEASES=disabled"), "{outcome}");
    assert_eq!(world.told(), ["stale_lock", "rejected"]);
    assert_eq!(world.locked().len(), 1);
    let outcome = world.text(&format!("KEEP {request} 1h"));
    assert_eq!(outcome_of(&outcome), "kept");
}

/// What people get and what stays in the ledger can be printed, and a text message is one ASCII line of a single part.
#[track_caller]
fn assert_shown_safely(world: &World, request: &str, story: &str) {
    for told in world.notices() {
        let message: Value = serde_json::from_str(&told.message).unwrap();
        for form in ["default", "email"] {
            let mut lines = message[form].as_str().unwrap().lines();
            assert!(
                lines.all(|line| line.chars().all(text::is_printable)),
                "{story}"
            );
        }
    }
    for line in world.texts() {
        let is_plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        assert!(line.len() <= 140 && line.bytes().all(is_plain), "{line}");
    }
    for event in world.refusals().iter().chain(&world.audit(request)) {
        assert!(event.detail.chars().all(text::is_printable), "{event:?}");
    }
}

#[test]
fn hostile_text_in_a_message_does_nothing_and_is_shown_safely() {
    let hostile = [
        "\"}, {\"decision\":\"release\",\"request\":\"{}\",\"by\":\"alice\"}",
        "{\"decision\":\"release\",\"request\":\"{}\",\"by\":\"alice\"}",
        "RELEASE {}\u{0}",
        "RELEASE {}\u{1b}[2J",
        "RELEASE \u{202e}{}",
        "RELEASE\u{200b}{}",
        "RELEASE <script>{}</script>",
        "RELEASE $(reboot) `{}` ; rm -rf /",
        "RELEASE\n\n{}\n\nRELEASE {}",
        "KEEP {} -2h",
        "KEEP {} 99999999999999999999h",
        "KEEP {} \u{661}h",
        "\u{2028}{}",
    ];
    let (world, request) = asked();
    let mut messages: Vec<String> = hostile
        .iter()
        .map(|text| text.replace("{}", &request))
        .collect();
    for length in [161, 2_000, 100_000] {
        messages.push(format!("RELEASE {request}{}", " ".repeat(length)));
        messages.push("\u{1f512}".repeat(length));
    }
    for message in &messages {
        let outcome = world.text(message);
        assert_eq!(outcome_of(&outcome), "rejected", "{message:?}: {outcome}");
        assert_eq!(world.locked().len(), 1, "{message:?}");
        assert_eq!(world.entry(&request).status, Status::Asked, "{message:?}");
    }
    assert_eq!(world.told().len(), messages.len());
    assert_shown_safely(&world, &request, "hostile messages");
}

#[test]
fn the_answer_about_a_hostile_lock_is_still_one_plain_line() {
    let hostile = "a\"<b>\n\u{1b}[2J\u{202e}$(x)`".to_owned() + &"x".repeat(2_000);
    let path = "acme-tf-state/prod \u{202e}\"$(x)\n.tfstate";
    // Nobody knows what a run of an unknown operation is at, so that takes more than a text message.
    for (operation, order, status) in [
        ("OperationTypeApply", "RELEASE", Status::Released),
        ("OperationTypeApply", "KEEP", Status::Kept),
        (&hostile, "RELEASE", Status::Asked),
        (&hostile, "KEEP", Status::Kept),
    ] {
        let fields = json!({
            "ID": "a1b2", "Operation": operation, "Info": hostile, "Who": hostile, "Version": hostile,
            "Created": START, "Path": hostile,
        });
        let world = World::with_phones(&[]);
        world.lock_with(Kind::Pair, path, &fields.to_string());
        let request = world.ask_about(path);
        let outcome = world.text(&format!("{order} {request}"));
        assert_eq!(world.entry(&request).status, status, "{order}: {outcome}");
        world.text(&format!("RESTORE {request}"));
        assert_eq!(world.told().len(), 3);
        assert_shown_safely(&world, &request, order);
    }
}

#[test]
fn two_numbers_that_decide_at_the_same_time_decide_once_and_both_hear_of_it() {
    for (order, rival) in [
        ("RELEASE", "RELEASE"),
        ("RELEASE", "KEEP"),
        ("KEEP", "KEEP"),
    ] {
        for seed in 0..40 {
            let (world, request) = asked_about(Kind::Pair);
            let world = world.seeded(seed);
            let messages = [(ALICE, order), (BOB, rival)]
                .map(|(from, order)| world.sms(from, &format!("{order} {request}")));
            let runs = messages
                .each_ref()
                .map(|sms| world.receiving(sms, Fate::Lives));
            let outcomes: Vec<String> = world
                .run(runs.into())
                .into_iter()
                .map(|answer| outcome_of(&answer.unwrap().unwrap()["outcomes"][0]))
                .collect();
            let story = format!("{order} against {rival}, seed {seed}: {outcomes:?}");
            let count = |word: &str| outcomes.iter().filter(|outcome| *outcome == word).count();
            let releases = usize::from(order == "RELEASE") + usize::from(rival == "RELEASE");
            assert_eq!(count("released"), releases.min(1), "{story}");
            let late = if releases == 2 {
                1
            } else {
                count("already_released")
            };
            assert_eq!(count("already_released"), late, "{story}");
            assert_eq!(count("kept") + count("released") + late, 2, "{story}");
            assert_eq!(world.deleted().len(), 2 * releases.min(1), "{story}");
            assert_eq!(world.told().len(), 2, "{story}: {:?}", world.told());
        }
    }
}

/// Disturbs a text message at its first, second … call, and brings it again, in the same SNS message or another one.
fn disturb(said: &str, fate: impl Fn(usize) -> Fate, check: impl Fn(&World, &str, &Value, &str)) {
    for is_another in [false, true] {
        for number in 1..MANY {
            let (world, request) = asked_about(Kind::Pair);
            let sms: Sms = world.sms(ALICE, &said.replace("{}", &request));
            world.run_one(world.receiving(&sms, fate(number)));
            let was_disturbed = world.was_disturbed();
            world.wait("61s");
            let again = if is_another {
                sms.published_again(&world)
            } else {
                sms
            };
            let outcome = world.receive(&again);
            let story = format!(
                "{said}, {:?}, other SNS message: {is_another}",
                fate(number)
            );
            check(&world, &request, &outcome, &story);
            let told = world.told().len();
            assert!((1..=2).contains(&told), "{story}: {:?}", world.told());
            if !was_disturbed {
                assert!(number > 3, "{story}: few calls");
                break;
            }
        }
    }
}

#[test]
fn a_text_message_that_is_disturbed_anywhere_comes_to_its_end_when_it_comes_again() {
    let fates: [fn(usize) -> Fate; 3] = [Fate::DiesBefore, Fate::LosesAnswer, Fate::Collides];
    for fate in fates {
        disturb("RELEASE {}", fate, |world, request, outcome, story| {
            assert_eq!(outcome_of(outcome), "released", "{story}: {outcome}");
            assert_eq!(world.deleted().len(), 2, "{story}");
            assert_eq!(world.audited(request, EventKind::Decision), 1, "{story}");
        });
        disturb("RELEASE 9HXM4TQA", fate, |world, _, outcome, story| {
            assert_eq!(outcome_of(outcome), "rejected", "{story}: {outcome}");
            assert_eq!(world.refusals().len(), 1, "{story}");
        });
    }
}
