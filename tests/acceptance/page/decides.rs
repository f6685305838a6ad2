//! Decisions of the page, alone and at the same moment.

use lockwarden_core::ledger::{EventKind, Status};
use lockwarden_core::settings;

use super::{CALLER, all_but_the_audit, asked, asked_in, refusals, typed};
use crate::world::{Call, Fate, Kind, Page, STATE, World, outcome_of, restore};

#[test]
fn a_double_click_and_two_tabs_release_once() {
    for kind in Kind::ALL {
        for seed in 0..20 {
            let (world, link) = asked_in(World::of_kind(kind).seeded(seed), kind);
            world.wait("61m");
            world.sweep();
            let second = world.link(STATE);
            let clicks = [
                link.post("release", &typed()),
                link.post("release", &typed()),
                second.post("release", &typed()),
            ];
            let tasks = clicks
                .iter()
                .map(|click| world.visiting(click, Fate::Lives));
            let answers = world.run(tasks.collect());
            for answer in answers {
                let status = answer.unwrap().unwrap()["statusCode"].clone();
                assert!(status == 200 || status == 422, "{kind:?}, {seed}: {status}");
            }
            let halves = usize::from(kind.has_item()) + usize::from(kind.has_object());
            assert_eq!(world.deleted().len(), halves, "{kind:?}, {seed}");
            assert_eq!(world.metric("Released"), 1, "{kind:?}, {seed}");
            assert_eq!(world.told_count("released"), 1, "{kind:?}, {seed}");
            assert_eq!(world.entry(&link.code).status, Status::Released);
        }
    }
}

/// A function that runs between two calls of another needs more stack than a test has.
fn with_room(story: impl FnOnce() + Send + 'static) {
    const ROOM: usize = 32 * 1024 * 1024;
    let thread = std::thread::Builder::new().stack_size(ROOM).spawn(story);
    thread.unwrap().join().unwrap();
}

#[test]
fn a_form_that_was_let_in_while_its_link_decided_elsewhere_decides_nothing_more() {
    for action in ["release", "keep"] {
        with_room(move || {
            let (world, link) = asked(Kind::Item);
            let first = link.clone();
            world.right_after(Call::Entry, move |world| {
                let released = world.visit(&first.post("release", &typed()));
                assert_eq!(released.headline(), "Released");
                let back = world.decide(&restore(&first.code));
                assert_eq!(outcome_of(&back), "restored");
            });
            let page = world.visit(&link.post(action, &typed()).with("for", "2h"));
            assert_eq!(page.headline(), "Not carried out", "{action}");
            assert!(!world.is_free(STATE), "{action}");
            assert_eq!(world.entry(&link.code).status, Status::Restored);
        });
    }
}

#[test]
fn a_link_whose_lock_changed_hands_shows_the_new_holder_and_leaves_it_alone() {
    for kind in Kind::ALL {
        let (world, link) = asked(kind);
        world.unlock(STATE);
        world.lock(kind, STATE, "ci-8");
        let locked = world.locked();
        let page = world.visit(&link.get());
        assert_eq!(page.headline(), "Another lock is there now", "{kind:?}");
        assert!(page.says("runner@ci-8"), "{kind:?}");
        assert_eq!(page.buttons(), Vec::<&str>::new(), "{kind:?}");
        for action in ["release", "keep", "restore"] {
            world.visit(&link.post(action, &typed()).with("for", "2h"));
            assert_eq!(world.locked(), locked, "{kind:?}, {action}");
        }
        assert_eq!(world.deleted(), []);
    }
}

#[test]
fn even_if_on_the_page_wants_a_caller_whom_aws_knows() {
    for topic_restricted in ["false", "true"] {
        let world = World::with(&[("TOPIC_RESTRICTED", topic_restricted)]);
        let (world, link) = asked_in(world, Kind::Item);
        world.write_state(STATE);

        let page = world.visit(&link.get());
        assert!(!page.says("name=\"even_if\""));
        assert_eq!(page.buttons(), ["keep"]);
        let visit = link.post("release", &typed()).with("even_if", "alive");
        let refused = world.visit(&visit);
        assert_eq!(refused.headline(), "Not carried out");
        assert!(!world.is_free(STATE));

        let page = world.visit(&link.get().called_by(CALLER));
        assert!(page.says("name=\"even_if\" value=\"alive\"") && page.says(CALLER));
        let without = world.visit(&link.post("release", &typed()).called_by(CALLER));
        assert_eq!(without.headline(), "Not released");
        let released = world.visit(&visit.called_by(CALLER));
        assert_eq!(released.headline(), "Released", "{}", released.body);
        assert!(world.is_free(STATE));
    }
}

#[test]
fn on_a_page_without_signatures_nobody_is_known_whatever_the_event_says() {
    for page in ["disabled", "link", ""] {
        let world = World::with(&[(settings::APPROVAL_PAGE, page)]);
        let (world, link) = asked_in(world, Kind::Item);
        world.write_state(STATE);
        let shown = world.visit(&link.get().called_by(CALLER));
        assert!(
            !shown.says(CALLER) && !shown.says("name=\"even_if\""),
            "{page}"
        );
        let visit = link.post("release", &typed()).with("even_if", "alive");
        let refused = world.visit(&visit.called_by(CALLER));
        assert_eq!(refused.headline(), "Not carried out", "{page}");
        assert!(!world.is_free(STATE) && !world.ledger_text().contains(CALLER));
    }
}

#[test]
fn the_audit_keeps_claimed_and_verified_names_apart_and_where_it_came_from() {
    let (world, link) = asked(Kind::Pair);
    world.visit(&link.post("keep", &typed()).with("for", "2h"));
    let visit = link
        .post("release", &typed())
        .with("reason", "ci-7 is gone");
    world.visit(&visit.called_by(CALLER));
    let events = world.audit(&link.code).into_iter();
    let decisions: Vec<_> = events
        .filter(|event| event.what == EventKind::Decision)
        .collect();
    let names: Vec<_> = decisions
        .iter()
        .map(|event| (event.by.as_deref(), event.verified.as_deref()))
        .collect();
    assert_eq!(
        names,
        [(Some("alice"), None), (Some("alice"), Some(CALLER))]
    );
    for event in &decisions {
        assert_eq!(event.source.as_deref(), Some("203.0.113.7"));
        assert_eq!(serde_json::json!(event.channel), "page");
    }
    assert_eq!(decisions[1].detail, "release: ci-7 is gone");
    let page = world.visit(&link.get());
    assert!(page.says("by alice (claimed), verified arn:aws:sts"));
}

#[test]
fn the_kill_switch_holds_on_the_page_too() {
    let (world, link) = asked_in(World::with(&[("RELEASES", "disabled")]), Kind::Pair);
    let page = world.visit(&link.get().called_by(CALLER));
    assert_eq!(page.buttons(), ["keep"]);
    let visit = link.post("release", &typed()).called_by(CALLER);
    assert_eq!(world.visit(&visit).headline(), "Not carried out");
    assert_eq!(world.deleted(), []);
    let kept = world.visit(&link.post("keep", &typed()).with("for", "2h"));
    assert_eq!(kept.headline(), "Kept");
}

#[test]
fn a_release_by_the_page_that_dies_half_way_is_finished_by_the_next_sweep() {
    for kind in Kind::ALL {
        let mut half_done = 0;
        for number in 1..60 {
            let (world, link) = asked(kind);
            let visit = link.post("release", &typed());
            world.run_one(world.visiting(&visit, Fate::DiesBefore(number)));
            if !world.was_disturbed() {
                break;
            }
            let was_decided = world.entry(&link.code).decided.is_some();
            half_done += usize::from(was_decided);
            world.wait("46s");
            world.sweep();
            world.deliver_queue();
            world.wait("46s");
            world.sweep();
            assert_eq!(world.is_free(STATE), was_decided, "{kind:?}, {number}");
            // Around the publishing itself nobody can know whether the notice is out.
            let told = world.told_count("released");
            assert!(
                (1..=2).contains(&told) == was_decided,
                "{kind:?}, {number}: {told}"
            );
            assert_eq!(world.visit(&link.get()).status, 200);
        }
        assert!(half_done > 3, "{kind:?}: {half_done}");
    }
}

#[test]
fn a_keep_that_is_pressed_twice_is_one_keep() {
    let (world, link) = asked(Kind::Item);
    let keep = link.post("keep", &typed()).with("for", "2h");
    for _ in 0..2 {
        assert_eq!(world.visit(&keep).headline(), "Kept");
    }
    assert_eq!(
        world.told().iter().filter(|kind| **kind == "kept").count(),
        1
    );
}

#[test]
fn a_button_that_is_pressed_twice_shows_the_same_answer_twice() {
    for kind in Kind::ALL {
        let (world, link) = asked(kind);
        for action in ["keep", "release", "restore"] {
            let visit = link.post(action, &typed()).with("for", "2h");
            let first = world.visit(&visit);
            let after_first = (all_but_the_audit(&world), world.metric("RejectedDecisions"));
            world.wait("10s");
            let second = world.visit(&visit);
            assert_eq!(first.text(), second.text(), "{kind:?} {action}");
            let after_second = (all_but_the_audit(&world), world.metric("RejectedDecisions"));
            assert_eq!(after_first, after_second, "{kind:?} {action}");
        }
    }
}

#[test]
fn two_presses_at_the_same_moment_see_the_same_answer() {
    for seed in 0..20 {
        let (world, link) = asked_in(World::of_kind(Kind::Pair).seeded(seed), Kind::Pair);
        for (action, headline) in [("release", "Released"), ("restore", "Put back")] {
            let visit = link.post(action, &typed());
            let clicks = vec![
                world.visiting(&visit, Fate::Lives),
                world.visiting(&visit, Fate::Lives),
            ];
            for answer in world.run(clicks) {
                let page = Page::of(&answer.unwrap().unwrap());
                assert_eq!(page.headline(), headline, "seed {seed}");
            }
        }
    }
}

#[test]
fn who_keeps_a_lock_that_is_gone_is_told_so() {
    let (world, link) = asked(Kind::Pair);
    world.unlock(STATE);
    let page = world.visit(&link.post("keep", &typed()).with("for", "2h"));
    assert_eq!(page.headline(), "Gone already");

    let (world, link) = asked(Kind::Pair);
    world.unlock(STATE);
    world.lock(Kind::Pair, STATE, "ci-8");
    let page = world.visit(&link.post("keep", &typed()).with("for", "2h"));
    assert_eq!(page.headline(), "Another lock is there now");
    assert!(page.says("runner@ci-8"));
}

#[test]
fn who_presses_again_while_the_first_press_is_carried_out_gets_its_answer() {
    let (world, link) = asked(Kind::Pair);
    let visit = link.post("release", &typed());
    let number = {
        let (rehearsal, link) = asked(Kind::Pair);
        rehearsal.visit(&link.post("release", &typed()));
        let calls = rehearsal.calls();
        calls
            .iter()
            .position(|call| *call == Call::DeleteLockFile)
            .unwrap()
            + 1
    };
    world.run_one(world.visiting(&visit, Fate::DiesBefore(number)));
    let page = world.visit(&visit);
    assert_eq!((page.status, page.headline()), (503, "No answer yet"));
    world.wait("46s");
    let page = world.visit(&visit);
    assert_eq!((page.status, page.headline()), (200, "Released"));
    assert_eq!(refusals(&world, &link).len(), 0);
}

#[test]
fn a_second_press_tells_what_has_happened_since() {
    let (world, link) = asked(Kind::Pair);
    let keep = link.post("keep", &typed()).with("for", "2h");
    world.visit(&keep);
    world.unlock(STATE);
    world.sweep();
    assert_eq!(world.visit(&keep).headline(), "Gone already");
}

#[test]
fn two_people_of_one_name_are_two_people_where_aws_knows_them() {
    let (world, link) = asked(Kind::Pair);
    let keep = link.post("keep", &typed()).with("for", "2h");
    let bob = "arn:aws:sts::123456789012:assumed-role/oncall/bob";
    let eve = "arn:aws:sts::123456789012:assumed-role/oncall/eve";
    for caller in [bob, eve, eve] {
        world.visit(&keep.clone().called_by(caller));
    }
    let decisions = world.audit(&link.code).into_iter();
    let verified: Vec<_> = decisions
        .filter(|event| event.what == EventKind::Decision)
        .filter_map(|event| event.verified)
        .collect();
    assert_eq!(verified, [bob, eve]);
}
