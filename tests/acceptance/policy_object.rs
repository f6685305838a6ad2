//! A policy in an object: what holds while it is good, when it breaks, and until it is mended.

use lockwarden_core::ledger::Status;
use lockwarden_core::settings::{POLICY_URI, STALE_AFTER};
use serde_json::{Value, json};

use crate::logs::logged;
use crate::world::{
    Answer, Call, Fate, Kind, Link, POLICY_OBJECT, STATE, World, outcome_of, record_text, release,
};

/// A limit of two hours for all locks.
const GOOD: &str = "default { stale_after = \"2h\" }";
/// Another limit.
const BETTER: &str = "default { stale_after = \"3h\" }";
/// With two mistakes.
const WRONG: &str = "default { stale_after = \"soon\" }\nrule \"x\" { paths = \"**\" }\n";
const RELEASING: &str = "rule \"dead\" {\n  operations = [\"plan\"]\n  action = \"release\"\n}";
/// More calls than any run of these stories makes.
const MANY: usize = 100;

/// An account whose policy is in an object, which is not there yet.
fn world() -> World {
    World::with(&[(POLICY_URI, POLICY_OBJECT), (STALE_AFTER, "10m")])
}

/// The same with this text in the object.
fn world_with(policy: &str) -> World {
    let world = world();
    world.put_policy(policy);
    world
}

/// The same after a sweep that saw it good, and a lock of now.
fn begun() -> World {
    let world = world_with(GOOD);
    world.sweep();
    world.lock(Kind::Item, STATE, "ci-7");
    world
}

/// A way in which the object can break: its name, what happens, and what a report says of it.
type Break = (&'static str, fn(&World), &'static str);

/// All of them.
fn breaks() -> [Break; 7] {
    [
        (
            "mistakes",
            |world| world.put_policy(WRONG),
            "lockwarden.hcl:1:25: `\"soon\"`",
        ),
        (
            "not HCL",
            |world| world.put_policy("default {"),
            "it is not HCL",
        ),
        ("empty", |world| world.put_policy("\n"), "is empty"),
        (
            "not text",
            |world| world.put_policy_bytes(&[0xff, 0xfe]),
            "not UTF-8",
        ),
        (
            "too long",
            |world| world.put_policy(&"#".repeat(lockwarden_policy::LONGEST + 1)),
            "too long",
        ),
        ("gone", World::remove_policy, "not there"),
        ("denied", |world| world.deny("policy"), "AccessDenied"),
    ]
}

/// The verdict of a sweep on the one lock that there is, and what the report says of the policy.
#[track_caller]
fn swept(world: &World) -> (String, Value) {
    let report = world.sweep();
    assert_eq!(report["held"], 1, "{report}");
    let verdict = report["locks"][0]["verdict"].as_str().unwrap();
    (verdict.to_owned(), report["policy_error"].clone())
}

fn failed(answer: Answer) -> String {
    answer.unwrap_err()
}

#[test]
fn a_change_of_the_object_holds_from_the_next_sweep_on() {
    let world = begun();
    world.wait("119m");
    assert_eq!(swept(&world), ("held".to_owned(), Value::Null));
    world.put_policy(BETTER);
    world.wait("1m");
    assert_eq!(swept(&world).0, "held");
    world.put_policy(GOOD);
    assert_eq!(swept(&world).0, "stale");
    assert_eq!(world.told(), ["stale_lock"]);
    assert_eq!(world.metric("PolicyError"), 0);
}

#[test]
fn whatever_breaks_the_last_good_version_holds_and_people_are_told_once() {
    for (how, break_it, why) in breaks() {
        let world = begun();
        let good = world.policy_entry().unwrap().good.unwrap();
        world.wait("30m");
        break_it(&world);
        let broken_at = world.clock();
        for _ in 0..10 {
            let (verdict, error) = swept(&world);
            assert_eq!(verdict, "held", "{how}");
            assert_eq!(error["uri"], POLICY_OBJECT, "{how}");
            assert_eq!(error["since"], json!(broken_at), "{how}");
            assert!(
                error["why"].as_str().unwrap().contains(why),
                "{how}: {error}"
            );
            let in_force = json!({"etag": good.etag, "since": good.since});
            assert_eq!(error["in_force"], in_force, "{how}");
            world.wait("5m");
        }
        assert_eq!(world.told(), ["policy_error"], "{how}");
        assert_eq!(world.metric("PolicyError"), 10, "{how}");
        world.wait("40m");
        assert_eq!(swept(&world).0, "stale", "{how}: by the last good limit");

        world.mend();
        world.put_policy(BETTER);
        world.forget_what_was_told();
        let (verdict, error) = swept(&world);
        assert_eq!((&*verdict, error), ("held", Value::Null), "{how}");
        assert_eq!(world.told(), [""; 0], "{how}: mended without a word");
        assert_eq!(world.metric("PolicyError"), 0, "{how}");
    }
}

#[test]
fn another_broken_version_is_told_anew_and_the_same_one_is_not() {
    let world = begun();
    for (policy, told) in [(WRONG, 1), (WRONG, 1), ("rule {", 2), ("rule {", 2)] {
        world.put_policy(policy);
        world.sweep();
        world.wait("5m");
        assert_eq!(world.told_count("policy_error"), told, "{policy}");
    }
    // Back and forth within a day is no news.
    for policy in [GOOD, "rule {", GOOD, "rule {"] {
        world.put_policy(policy);
        world.sweep();
        world.wait("5m");
    }
    assert_eq!(world.told_count("policy_error"), 2);
}

#[test]
fn where_no_version_was_ever_good_nobody_judges_and_every_mistake_is_said() {
    for (how, break_it, why) in breaks() {
        let world = world_with(GOOD);
        world.lock(Kind::Item, STATE, "ci-7");
        break_it(&world);
        world.wait("3h");
        for _ in 0..3 {
            let error = failed(world.try_sweep());
            assert!(error.starts_with("NoPolicy: "), "{how}: {error}");
            assert!(error.contains(why), "{how}: {error}");
            world.wait("5m");
        }
        assert_eq!(world.entries(), [], "{how}");
        assert_eq!(world.told(), ["policy_error"], "{how}");
        assert!(world.last_email().contains("NO LOCK IS JUDGED"), "{how}");
        assert_eq!(world.metric("PolicyError"), 3, "{how}");
        let look = world.sweeping_for(json!({"look_at": [STATE]}), Fate::Lives);
        let looked = world.run_one(look).unwrap();
        assert!(failed(looked).starts_with("NoPolicy: "), "{how}");
    }
    let world = world_with(WRONG);
    let error = failed(world.try_sweep());
    assert!(
        error.contains("hcl:1:25: ") && error.contains("hcl:2:12: "),
        "{error}"
    );
}

#[test]
fn what_was_good_under_another_address_says_nothing_of_this_one() {
    let before = begun();
    let other = World::with(&[(POLICY_URI, "s3://acme-config/other.hcl")]);
    let other = other.with_the_stores_of(&before);
    assert!(failed(other.try_sweep()).starts_with("NoPolicy: "));
}

#[test]
fn an_object_that_cannot_be_reached_now_is_not_called_broken() {
    let world = begun();
    world.forget_what_was_told();
    world.wait("1h");
    world.throttle("policy");
    for _ in 0..3 {
        let error = failed(world.try_sweep());
        assert!(
            error.starts_with("SweepIncomplete: policy s3://"),
            "{error}"
        );
        let report = world.kept_report().unwrap();
        assert_eq!(report["policy_error"], Value::Null);
        assert_eq!(
            report["locks"][0]["verdict"], "held",
            "by the last good limit"
        );
        world.wait("5m");
    }
    assert_eq!(world.told(), [""; 0]);
    world.put_policy(WRONG);
    world.mend();
    world.sweep();
    world.forget_what_was_told();
    world.throttle("policy");
    assert!(world.try_sweep().is_err());
    let report = world.kept_report().unwrap();
    let version = &report["policy_error"]["version"];
    assert!(version.is_string(), "what was broken is not mended by that");
    let metrics = world.metrics();
    let written = metrics
        .iter()
        .filter(|line| line.get("PolicyError").is_some());
    assert_eq!(written.count(), 0, "nobody knows");
}

#[test]
fn who_never_reached_the_object_does_not_judge() {
    let world = world_with(GOOD);
    world.lock(Kind::Item, STATE, "ci-7");
    world.throttle("policy");
    let error = failed(world.try_sweep());
    assert!(
        error.starts_with("NoPolicy: ") && error.contains("Rate exceeded"),
        "{error}"
    );
    assert_eq!(world.told(), [""; 0], "nothing is known to be broken");
}

#[test]
fn without_the_ledger_a_good_object_holds_and_a_broken_one_stops_everything() {
    let world = begun();
    world.wait("1h");
    world.deny("reads of the ledger");
    assert!(failed(world.try_sweep()).starts_with("SweepIncomplete: the ledger: "));
    world.put_policy(WRONG);
    let error = failed(world.try_sweep());
    assert!(error.starts_with("NoPolicy: "), "{error}");
    assert!(
        error.contains("`\"soon\"`") && error.contains("the ledger"),
        "{error}"
    );
    assert_eq!(world.told(), [""; 0], "who knows whether people were told");
}

#[test]
fn sweeps_at_once_tell_of_a_broken_policy_once() {
    for seed in 0..20 {
        let world = world_with(GOOD).seeded(seed);
        world.sweep();
        world.put_policy(WRONG);
        let sweeps = (0..10).map(|_| world.sweeping(Fate::Lives)).collect();
        for answer in world.run(sweeps) {
            assert!(answer.unwrap().is_ok());
        }
        assert_eq!(world.told(), ["policy_error"], "seed {seed}");
    }
}

#[test]
fn a_sweep_that_read_an_older_version_does_not_write_over_a_newer_one() {
    let world = world_with(GOOD);
    world.right_after(Call::PolicyObject, |world| {
        world.put_policy(BETTER);
        world.sweep();
    });
    world.sweep();
    let good = world.policy_entry().unwrap().good.unwrap();
    assert_eq!(good.text, BETTER);
}

#[test]
fn a_notice_of_the_policy_that_a_dead_sweep_owes_is_sent_by_the_next_after_its_lease() {
    let mut deaths = 0;
    for number in 1..MANY {
        let world = begun();
        world.put_policy(WRONG);
        let died = world.run_one(world.sweeping(Fate::DiesBefore(number)));
        if died.is_some() {
            break;
        }
        deaths += 1;
        let told = world.told().len();
        world.wait("31s");
        world.sweep();
        world.wait("5m");
        world.sweep();
        let told_in_all = world.told_count("policy_error");
        assert!((1..=2).contains(&told_in_all), "{number}: {told_in_all}");
        assert!(
            told_in_all == 1 || told == 1,
            "{number}: twice only after a death in between"
        );
    }
    assert!(deaths > 5);
}

#[test]
fn whatever_befalls_a_sweep_people_hear_of_a_broken_policy() {
    let fates: [fn(usize) -> Fate; 3] = [Fate::LosesAnswer, Fate::SentTwice, Fate::Collides];
    for fate in fates {
        for number in 1..20 {
            let world = begun();
            world.put_policy(WRONG);
            let _ = world.run_one(world.sweeping(fate(number)));
            for _ in 0..2 {
                world.wait("5m");
                world.sweep();
            }
            let told = world.told_count("policy_error");
            assert!((1..=2).contains(&told), "{:?}: {told}", fate(number));
            assert!(swept(&world).1["in_force"]["etag"].is_string());
        }
    }
}

#[test]
fn a_notice_of_the_policy_that_the_topic_does_not_take_is_owed() {
    let world = begun();
    world.put_policy(WRONG);
    world.throttle("topic");
    let error = failed(world.try_sweep());
    assert!(
        error.starts_with("SweepIncomplete: the notice topic: "),
        "{error}"
    );
    world.mend();
    world.wait("5m");
    world.sweep();
    assert_eq!(world.told(), ["policy_error"]);
}

#[test]
fn approve_goes_by_what_the_object_says_now() {
    let world = world_with(GOOD);
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("20m");
    world.sweep();
    let request = world.entry_of(STATE).code.to_string();
    assert_eq!(world.release(&request), "not_stale");
    world.put_policy("default { stale_after = \"15m\" }");
    assert_eq!(world.release(&request), "released");
}

#[test]
fn approve_goes_by_the_last_good_version_where_the_object_is_broken() {
    for (how, break_it, _) in breaks() {
        let world = begun();
        world.wait("20m");
        world.sweep();
        let request = world.entry_of(STATE).code.to_string();
        break_it(&world);
        // By the settings it would be stale.
        let refused = world.decide(&release(&request));
        assert_eq!(outcome_of(&refused), "not_stale", "{how}");
        let why = refused["why"].as_str().unwrap();
        assert!(why.contains("the limit of 2 h"), "{how}: {why}");
        world.wait("100m");
        assert_eq!(world.release(&request), "released", "{how}");
        assert_eq!(world.told_count("policy_error"), 0, "sweeps tell");
    }
}

#[test]
fn approve_does_not_judge_without_a_policy_and_keeps_locks_all_the_same() {
    for (how, break_it, why) in breaks() {
        // A sweep of the time before, when the policy was in a setting.
        let before = World::new();
        before.lock(Kind::Item, STATE, "ci-7");
        let request = before.ask_about(STATE);
        let world = world().with_the_stores_of(&before);
        world.put_policy(GOOD);
        break_it(&world);
        let error = failed(world.try_decide(&release(&request)));
        assert!(error.contains(why), "{how}: {error}");
        assert!(!world.is_free(STATE), "{how}");
        assert_eq!(world.entry_of(STATE).status, Status::Asked, "{how}");
        let keep = json!({"decision": "keep", "request": request, "by": "alice"});
        assert_eq!(outcome_of(&world.decide(&keep)), "kept", "{how}");
    }
}

#[test]
fn what_is_gone_needs_no_policy_to_be_called_so() {
    let world = begun();
    world.wait("3h");
    world.sweep();
    let request = world.entry_of(STATE).code.to_string();
    world.unlock(STATE);
    world.calls();
    assert_eq!(world.release(&request), "already_released");
    assert!(!world.calls().contains(&Call::PolicyObject));
}

#[test]
fn a_rule_releases_by_the_policy_in_force_on_both_sides() {
    for broken_meanwhile in [false, true] {
        let world = world_with(RELEASING);
        let text = record_text("ci-7", &world.clock().to_string(), STATE);
        let plan = text.replace("OperationTypeApply", "OperationTypePlan");
        world.lock_with(Kind::Item, STATE, &plan);
        for _ in 0..3 {
            world.sweep();
            world.wait("5m");
        }
        world.sweep();
        assert_eq!(world.queue().len(), 1);
        if broken_meanwhile {
            world.put_policy(WRONG);
        }
        world.deliver_queue();
        assert!(world.is_free(STATE));
    }
}

#[test]
fn a_rule_that_was_taken_out_meanwhile_releases_nothing() {
    let world = world_with(RELEASING);
    let text = record_text("ci-7", &world.clock().to_string(), STATE);
    let plan = text.replace("OperationTypeApply", "OperationTypePlan");
    world.lock_with(Kind::Item, STATE, &plan);
    for _ in 0..3 {
        world.sweep();
        world.wait("5m");
    }
    world.sweep();
    assert_eq!(world.queue().len(), 1);
    world.put_policy(GOOD);
    world.deliver_queue();
    assert!(!world.is_free(STATE));
}

#[test]
fn a_look_goes_by_the_object_and_tells_and_writes_nothing_about_it() {
    let world = begun();
    world.put_policy(WRONG);
    world.wait("20m");
    let before = world.policy_entry();
    let look = world.sweeping_for(json!({"look_at": [STATE]}), Fate::Lives);
    let reply = world.run_one(look).unwrap().unwrap();
    let lock = &reply["looked_at"][0]["locks"][0];
    assert_eq!(lock["verdict"], "held", "by the last good limit");
    assert_eq!(world.policy_entry(), before);
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn a_test_notice_needs_no_policy() {
    let world = world_with(WRONG);
    world.calls();
    let test = world.sweeping_for(json!({"test_notice": true}), Fate::Lives);
    assert!(world.run_one(test).unwrap().is_ok());
    assert!(!world.calls().contains(&Call::PolicyObject));
}

#[test]
fn who_is_turned_away_costs_no_read_of_the_policy() {
    let world = begun();
    world.wait("3h");
    world.sweep();
    let request = world.entry_of(STATE).code.to_string();
    world.calls();
    world.visit(&Link::new(&request, "a-token-that-fits-nothing").get());
    world.visit(&Link::new("7F3K2QWX", "a-token-that-fits-nothing").get());
    assert_eq!(world.calls(), [Call::Entry, Call::Entry]);
    world.decide(&json!({"decision": "release"}));
    world.decide(&release("7F3K2QWX"));
    let read = world.calls();
    assert!(!read.contains(&Call::PolicyObject) && !read.contains(&Call::PolicyEntry));
}

#[test]
fn the_page_judges_by_the_policy_in_force_and_says_where_there_is_none() {
    let world = begun();
    world.wait("3h");
    world.sweep();
    world.put_policy(WRONG);
    let link = world.link(STATE);
    let page = world.visit(&link.get());
    assert!(page.body.contains("over the limit of 2 h"), "{}", page.body);

    let without = World::with(&[(POLICY_URI, "s3://acme-config/other.hcl")]);
    let without = without.with_the_stores_of(&world);
    let page = without.visit(&link.get());
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("judge without a policy"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("name=\"typed\""), "{}", page.body);
}

/// What stands under a wrong address: variables of Terraform and of a shell, a backend, JSON.
fn foreign(secret: &str) -> [String; 7] {
    [
        format!("region = \"eu-west-1\"\ndb_password = \"{secret}\"\n"),
        format!("db_password = [\"{secret}\"]\nrule \"x\" {{ paths = \"{secret}\" }}\n"),
        format!("default {{\n  stale_after = \"{secret}\"\n  db_password = \"{secret}\"\n}}\n"),
        format!("db_password = \"{secret}\n"),
        format!("export DB_PASSWORD={secret}\n"),
        format!("{{\"db_password\": \"{secret}\"}}\n"),
        format!("backend \"s3\" {{\n  secret_key = \"{secret}\"\n  db_password = null\n}}\n"),
    ]
}

#[test]
fn no_secret_of_a_foreign_object_is_told_logged_or_kept() {
    // The second is longer than the piece that a complaint shows.
    for (secret, begins) in [
        ("correct-horse-7421", "correct-horse"),
        (
            &*format!("{}-7421", "correct-horse-battery".repeat(5)),
            "correct-horse",
        ),
    ] {
        for text in foreign(secret) {
            for was_good in [true, false] {
                let world = if was_good { begun() } else { world() };
                world.put_policy(&text);
                let mut said = Vec::new();
                let log = logged(|| {
                    said.push(format!("{:?}", world.try_sweep()));
                    let look = world.sweeping_for(json!({"look_at": [STATE]}), Fate::Lives);
                    said.push(format!("{:?}", world.run_one(look)));
                    world.deny("reads of the ledger");
                    said.push(format!("{:?}", world.try_sweep()));
                    world.mend();
                    world.put_policy(&text);
                });
                for told in world.notices() {
                    said.extend([told.subject, told.message]);
                }
                let mail = world.last_email();
                assert!(mail.contains("What is wrong:"), "{mail}");
                said.extend([
                    log,
                    world.ledger_text(),
                    format!("{:?}", world.kept_report()),
                ]);
                for said in said {
                    assert!(!said.contains(begins), "{text}{said}");
                }
            }
        }
    }
}
