//! After a release: the old holder was not stopped by it, and what it still writes is told once, as what it is.

use insta::assert_snapshot;

use crate::world::{Call, Fate, Kind, STATE, World, buckets, restore};

/// More calls than any sweep of these stories makes.
const MANY: usize = 100;
const VERSIONS: &str = "versions of the bucket acme-tf-state";

/// A lock that was released, with nothing told since.
fn released(kind: Kind) -> World {
    released_in(World::of_kind(kind), kind)
}

fn released_in(world: World, kind: Kind) -> World {
    world.write_state(STATE);
    world.lock(kind, STATE, "ci-7");
    let request = world.ask_about(STATE);
    assert_eq!(world.release(&request), "released");
    world.forget_what_was_told();
    world
}

/// Somebody takes the lock for a minute and writes the state, all of it between two sweeps.
fn short_run(world: &World, kind: Kind, holder: &str) {
    world.lock(kind, STATE, holder);
    world.wait("1m");
    world.write_state(STATE);
    world.unlock(STATE);
}

/// Sweeps every five minutes, so many times.
fn sweep_on(world: &World, times: usize) {
    for _ in 0..times {
        world.wait("5m");
        world.sweep();
    }
}

fn severity(world: &World) -> String {
    let last = world.notices().pop().unwrap();
    let attributes = last.notice.render().attributes;
    let severity = attributes.iter().find(|(name, _)| *name == "severity");
    severity.unwrap().1.value()
}

#[test]
fn a_write_that_no_lock_explains_is_told_once() {
    for kind in Kind::ALL {
        let world = released(kind);
        sweep_on(&world, 3);
        assert_eq!(world.told(), [""; 0], "{kind:?}: nothing was written yet");
        world.write_state(STATE);
        sweep_on(&world, 3);
        world.write_state(STATE);
        sweep_on(&world, 3);
        assert_eq!(world.told(), ["zombie_write"], "{kind:?}");
        // Where each lock leaves an object, and the bucket forgets none, it is all but certain.
        let is_sure = kind.has_object();
        assert_eq!(severity(&world), if is_sure { "warning" } else { "info" });
        assert_eq!(world.last_email().contains("proves nothing"), !is_sure);
        assert!(world.locked().is_empty());
    }
}

#[test]
fn the_notice_says_what_was_seen_and_what_to_do() {
    let world = released(Kind::Pair);
    world.wait("10m");
    world.write_state(STATE);
    world.sweep();
    assert_snapshot!(world.last_email());
}

#[test]
fn a_short_run_of_somebody_else_is_explained_by_the_lock_object_that_it_left() {
    for kind in [Kind::Object, Kind::Pair] {
        let world = released(kind);
        sweep_on(&world, 1);
        short_run(&world, kind, "ci-8");
        sweep_on(&world, 2);
        assert_eq!(world.told(), [""; 0], "{kind:?}");
        // It explains nothing that came before it: that would have been seen by then.
        assert!(world.entry_of(STATE).watch.is_some());
    }
}

#[test]
fn without_versions_or_lock_objects_a_short_run_looks_the_same_and_the_notice_says_so() {
    let keeps_none = World::new();
    keeps_none.keep_no_versions();
    let forbidden = World::new();
    forbidden.deny(VERSIONS);
    let throttled = World::new();
    throttled.break_off_after(0, VERSIONS);
    for (world, kind) in [
        (World::new(), Kind::Item),
        (keeps_none, Kind::Object),
        (forbidden, Kind::Object),
        (throttled, Kind::Pair),
    ] {
        let world = released_in(world, kind);
        sweep_on(&world, 1);
        short_run(&world, kind, "ci-8");
        sweep_on(&world, 1);
        assert_eq!(world.told(), ["zombie_write"], "{kind:?}");
        assert_eq!(severity(&world), "info");
        assert!(world.last_email().contains("proves nothing"));
    }
}

#[test]
fn a_lock_that_a_sweep_saw_explains_what_is_written_under_it_and_after() {
    let world = released(Kind::Item);
    world.lock(Kind::Item, STATE, "ci-8");
    sweep_on(&world, 1);
    world.write_state(STATE);
    sweep_on(&world, 1);
    world.unlock(STATE);
    sweep_on(&world, 2);
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn a_lock_that_is_there_explains_a_write_before_the_index_has_it() {
    let world = released(Kind::Item);
    world.lock(Kind::Item, STATE, "ci-8");
    world.wait("4m");
    world.write_state(STATE);
    world.let_the_index_lag();
    sweep_on(&world, 1);
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn a_lock_that_came_after_the_write_does_not_explain_it() {
    let world = released(Kind::Object);
    world.wait("5m");
    world.write_state(STATE);
    world.wait("4m");
    world.lock(Kind::Object, STATE, "ci-8");
    world.sweep();
    assert_eq!(world.told(), ["zombie_write"]);
}

#[test]
fn after_two_hours_nobody_watches_any_more() {
    let world = released(Kind::Pair);
    sweep_on(&world, 24);
    assert!(world.entry_of(STATE).watch.is_none());
    assert!(!world.entry_of(STATE).is_open());
    world.calls();
    world.write_state(STATE);
    sweep_on(&world, 2);
    assert_eq!(world.told(), [""; 0]);
    assert!(!world.calls().contains(&Call::StateObject));
}

#[test]
fn a_write_just_before_the_watch_ends_is_still_seen() {
    let world = released(Kind::Pair);
    sweep_on(&world, 23);
    world.write_state(STATE);
    world.wait("20m");
    world.sweep();
    assert_eq!(world.told(), ["zombie_write"]);
}

#[test]
fn a_lock_that_was_put_back_is_not_watched() {
    let world = released(Kind::Pair);
    let request = world.entry_of(STATE).code.to_string();
    world.decide(&restore(&request));
    world.forget_what_was_told();
    world.wait("5m");
    world.write_state(STATE);
    world.sweep();
    assert_eq!(world.told(), [""; 0]);
    assert!(world.entry_of(STATE).watch.is_none());
}

#[test]
fn only_a_release_is_watched() {
    type End = fn(&World, &str);
    let ends: [End; 2] = [
        |world, _| sweep_on(world, 1),
        |world, request| assert_eq!(world.release(request), "already_released"),
    ];
    for end in ends {
        let world = World::new();
        world.lock(Kind::Object, STATE, "ci-7");
        let request = world.ask_about(STATE);
        world.unlock(STATE);
        end(&world, &request);
        world.forget_what_was_told();
        world.wait("1m");
        world.write_state(STATE);
        sweep_on(&world, 2);
        assert_eq!(world.told(), [""; 0]);
    }
}

#[test]
fn what_nobody_may_look_at_is_not_watched_and_fails_no_sweep() {
    let world = World::with(&buckets("acme-tf-state/elsewhere/"));
    let world = released_in(world, Kind::Item);
    world.write_state(STATE);
    sweep_on(&world, 2);
    assert_eq!(world.told(), [""; 0]);
    assert_eq!(world.metric("SweepIncomplete"), 0);
}

#[test]
fn a_sweep_that_is_killed_or_fails_anywhere_tells_it_all_the_same() {
    type Disturb = fn(usize) -> Fate;
    let disturb: [Disturb; 3] = [Fate::DiesBefore, Fate::LosesAnswer, Fate::Collides];
    for fate in disturb {
        for number in 1..MANY {
            let world = released(Kind::Pair);
            world.wait("5m");
            world.write_state(STATE);
            world.run_one(world.sweeping(fate(number)));
            let was_disturbed = world.was_disturbed();
            sweep_on(&world, 2);
            let told = world.told_count("zombie_write");
            assert!((1..=2).contains(&told), "{:?}: {told}", fate(number));
            if !was_disturbed {
                assert!(number > 5, "only {number} calls");
                break;
            }
        }
    }
}
