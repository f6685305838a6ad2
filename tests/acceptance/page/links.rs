//! What a link may do, and for how long.

use lockwarden_core::ledger::Status;

use super::{all_but_the_audit, asked, asked_in, assert_untouched, typed};
use crate::world::{Call, Kind, Link, STATE, World, release, restore};

#[test]
fn a_link_works_until_it_expires_and_not_a_moment_longer() {
    let world = World::with(&[("LINK_TTL", "2h"), ("REMIND_EVERY", "1d")]);
    let (world, link) = asked_in(world, Kind::Item);
    world.wait("7199s");
    assert_eq!(world.visit(&link.get()).status, 200);
    world.wait("1s");
    let (ledger, told) = (world.ledger_text(), world.told().len());
    world.calls();
    for visit in [
        link.get(),
        link.post("release", &typed()),
        link.post("keep", &typed()).with("for", "2h"),
        link.post("restore", &typed()),
    ] {
        let page = world.visit(&visit);
        assert_eq!(
            (page.status, page.headline()),
            (410, "This link has expired")
        );
        assert!(!page.says(STATE), "it tells about the lock");
    }
    assert_eq!(world.calls(), [Call::Entry; 4]);
    assert_untouched(&world, &ledger, told);
}

#[test]
fn each_notice_has_its_own_link_and_older_ones_stay_valid() {
    let (world, first) = asked(Kind::Item);
    for until_the_next in ["61m", "121m", "241m"] {
        world.wait(until_the_next);
        world.sweep();
    }
    let links = world.links(STATE);
    assert_eq!(links.len(), 4);
    for (number, link) in links.iter().enumerate() {
        assert_eq!(world.visit(&link.get()).status, 200, "link {number}");
        let twice = links.iter().filter(|other| *other == link).count();
        assert_eq!(twice, 1, "link {number}");
    }
    world.wait("1023m");
    let statuses: Vec<u64> = links
        .iter()
        .map(|link| world.visit(&link.get()).status)
        .collect();
    assert_eq!(statuses, [410, 200, 200, 200]);
    let newer = world.visit(&links[1].post("release", &typed()));
    assert_eq!((newer.status, newer.headline()), (200, "Released"));
    assert_eq!(world.visit(&first.get()).status, 410);
}

#[test]
fn a_link_decides_once_then_it_looks_and_undoes() {
    for kind in Kind::ALL {
        let (world, link) = asked(kind);
        let text = world.entry(&link.code).content;
        let released = world.visit(&link.post("release", &typed()));
        assert_eq!(
            (released.status, released.headline()),
            (200, "Released"),
            "{kind:?}"
        );
        assert_eq!(released.buttons(), ["restore"], "{kind:?}");
        assert!(world.is_free(STATE));

        assert_eq!(world.visit(&link.get()).buttons(), ["restore"]);
        assert_spent(&world, &link);

        let back = world.visit(&link.post("restore", &typed()));
        assert_eq!(
            (back.status, back.headline()),
            (200, "Put back"),
            "{kind:?}"
        );
        assert!(world.holds(STATE, &text), "{kind:?}");
        assert_spent(&world, &link);
        let page = world.visit(&link.get());
        assert_eq!(page.buttons(), Vec::<&str>::new(), "{kind:?}");
        assert!(world.holds(STATE, &text), "{kind:?}");
    }
}

/// Neither `release` nor `keep` does anything by this link any more.
#[track_caller]
fn assert_spent(world: &World, link: &Link) {
    // Within a minute the same again would be the same press of the button.
    world.wait("2m");
    let before = all_but_the_audit(world);
    for action in ["release", "keep"] {
        let page = world.visit(&link.post(action, &typed()).with("for", "2h"));
        assert_eq!(page.status, 422, "{action}");
        assert!(page.says("decides nothing more"), "{action}");
    }
    assert_eq!(before, all_but_the_audit(world));
}

#[test]
fn a_release_that_comes_to_nothing_in_the_end_spends_the_link_and_a_refused_one_does_not() {
    let (world, link) = asked(Kind::Item);
    world.write_state(STATE);
    let refused = world.visit(&link.post("release", &typed()));
    assert_eq!(refused.headline(), "Not released");
    world.wait("10m");
    let released = world.visit(&link.post("release", &typed()));
    assert_eq!(released.headline(), "Released");
}

#[test]
fn keeping_does_not_spend_the_link() {
    let (world, link) = asked(Kind::Pair);
    for span in ["30m", "2h", "24h"] {
        let kept = world.visit(&link.post("keep", &typed()).with("for", span));
        assert_eq!((kept.status, kept.headline()), (200, "Kept"), "{span}");
    }
    assert_eq!(world.entry(&link.code).status, Status::Kept);
    let too_long = world.visit(&link.post("keep", &typed()).with("for", "25h"));
    assert_eq!(too_long.status, 422);
    let released = world.visit(&link.post("release", &typed()));
    assert_eq!(released.headline(), "Released");
    assert!(world.is_free(STATE));
}

#[test]
fn a_page_from_before_a_release_cannot_release_what_was_put_back() {
    let (world, old) = asked(Kind::Item);
    world.wait("61m");
    world.sweep();
    let request = old.code.clone();
    world.decide(&release(&request));
    world.decide(&restore(&request));
    let stale = world.visit(&old.post("release", &typed()));
    assert_ne!(stale.headline(), "Released");
    assert!(!world.is_free(STATE));
}

#[test]
fn a_link_that_decides_nothing_more_says_so_beside_a_lock_that_is_there() {
    let (world, link) = asked(Kind::Pair);
    assert!(!world.visit(&link.get()).says("decides nothing more"));
    world.decide(&release(&link.code));
    assert!(!world.visit(&link.get()).says("decides nothing more"));
    world.decide(&restore(&link.code));
    let page = world.visit(&link.get());
    assert_eq!(page.headline(), "This lock was put back");
    assert!(page.says("decides nothing more") && page.buttons().is_empty());
}

#[test]
fn an_expired_link_is_told_from_a_wrong_one_for_two_days_whatever_is_told_meanwhile() {
    let world = World::with(&[("LINK_TTL", "2h"), ("REMIND_EVERY", "1h")]);
    let (world, link) = asked_in(world, Kind::Pair);
    for _ in 0..49 {
        world.wait("1h");
        world.sweep();
    }
    assert_eq!(world.visit(&link.get()).status, 410);
    // It is forgotten with the next notice, and by now those are almost a day apart.
    for _ in 0..6 {
        world.wait("1h");
        world.sweep();
    }
    assert_eq!(world.visit(&link.get()).status, 404);
}
