//! With a release the digest in the table is compared with the state: by its tag, and with `READ_STATE` by the state itself.

use lockwarden_core::item::Attribute;
use lockwarden_core::settings::READ_STATE;
use serde_json::{Value, json};

use crate::world::{Call, Kind, STATE, TABLE, World, outcome_of, release, release_storm};

const IN_PARTS: &str = "9b2cf535f27731c974343645a3985328-2";
/// It looks like a checksum.
const OF_KMS: &str = "9b2cf535f27731c974343645a3985328";

/// A world with a stale lock on a state that has a digest.
fn world(read_state: &str) -> World {
    let world = World::with(&[(READ_STATE, read_state)]);
    world.write_state(STATE);
    world.lock(Kind::Item, STATE, "ci-7");
    world
}

/// What comes of a release of the one lock.
fn released(world: &World) -> Value {
    let request = world.ask_about(STATE);
    world.decide(&release(&request))
}

/// The table names the digest of another state.
fn spoil_digest(world: &World, table: &str) {
    let digest = Attribute::Text("d41d8cd98f00b204e9800998ecf8427e".to_owned());
    world.put_attributes(table, &format!("{STATE}-md5"), &[("Digest", digest)]);
}

#[test]
fn a_state_is_read_only_where_its_tag_does_not_settle_it_and_that_was_asked_for() {
    for (read_state, tag, is_read) in [
        ("true", None, false),
        ("true", Some(IN_PARTS), true),
        ("true", Some(OF_KMS), true),
        ("false", Some(IN_PARTS), false),
        ("false", Some(OF_KMS), false),
    ] {
        let world = world(read_state);
        if let Some(tag) = tag {
            world.tag_state(STATE, tag);
        }
        let outcome = released(&world);
        let calls = world.calls();
        assert_eq!(
            calls.contains(&Call::StateMd5),
            is_read,
            "{read_state} {tag:?}"
        );
        let digest = match (is_read, tag) {
            (true, _) | (_, None) => "match",
            (false, Some(OF_KMS)) => "mismatch",
            (false, Some(_)) => "unknown",
        };
        assert_eq!(outcome["digest"], digest, "{read_state} {tag:?}");
        assert_eq!(outcome["digest_read"] == "whole", is_read);
    }
}

#[test]
fn digest_and_state_are_read_before_the_first_half_is_deleted() {
    for (kind, item_goes_by) in [
        (Kind::Pair, Call::DeleteItemAndCommit),
        (Kind::FarPair, Call::DeleteItem),
    ] {
        let world = World::of_kind_with(kind, &[(READ_STATE, "true")]);
        world.write_state(STATE);
        world.tag_state(STATE, IN_PARTS);
        spoil_digest(&world, kind.table());
        world.lock(kind, STATE, "ci-7");
        let request = world.ask_about(STATE);
        world.calls();
        assert_eq!(outcome_of(&world.decide(&release(&request))), "released");
        let calls = world.calls();
        let in_a_row = [
            Call::Digest,
            Call::StateMd5,
            Call::DeleteLockFile,
            item_goes_by,
        ];
        assert!(calls.windows(4).any(|four| four == in_a_row), "{calls:?}");
        assert!(world.is_free(STATE));
    }
}

#[test]
fn of_a_storm_no_state_is_read() {
    let world = World::with(&[(READ_STATE, "true")]);
    let path = |number: usize| format!("acme-tf-state/units/{number}.tfstate");
    for number in 0..6 {
        world.write_state(&path(number));
        world.tag_state(&path(number), IN_PARTS);
        world.lock(Kind::Pair, &path(number), "ci-7");
    }
    world.wait("20m");
    world.sweep();
    let storm = world.last_storm();
    world.calls();
    let outcome = world.decide(&release_storm(&storm));
    assert_eq!(outcome["storm"]["released"], 6, "{outcome:#}");
    let calls = world.calls();
    let count = |call| calls.iter().filter(|made| **made == call).count();
    assert_eq!((count(Call::Digest), count(Call::StateMd5)), (6, 0));
}

#[test]
fn what_was_read_and_does_not_fit_is_told_as_certain() {
    let world = world("true");
    world.tag_state(STATE, IN_PARTS);
    spoil_digest(&world, TABLE);
    assert_eq!(released(&world)["digest"], "mismatch");
    let mail = world.last_email();
    assert!(
        mail.contains("Beware: the state's digest is not the state's checksum."),
        "{mail}"
    );
    assert!(!mail.contains("KMS"), "{mail}");
}

#[test]
fn a_state_that_cannot_be_read_is_no_obstacle_and_the_reason_is_told() {
    for broken in [true, false] {
        let world = world("true");
        world.tag_state(STATE, IN_PARTS);
        if broken {
            world.deny("bodies of states");
        } else {
            world.just_before(Call::StateMd5, |world| world.write_state(STATE));
        }
        let outcome = released(&world);
        assert_eq!(
            (&outcome["outcome"], &outcome["digest"]),
            (&json!("released"), &json!("unknown"))
        );
        let mail = world.last_email();
        let why = if broken {
            "AccessDenied"
        } else {
            "it was written meanwhile"
        };
        assert!(
            mail.contains("Digest:      nobody compared it with the state"),
            "{mail}"
        );
        assert!(mail.contains(why), "{mail}");
        assert!(world.is_free(STATE));
    }
}

#[test]
fn nothing_of_a_state_is_told_or_kept() {
    let world = world("true");
    world.tag_state(STATE, IN_PARTS);
    released(&world);
    let told: String = world
        .notices()
        .iter()
        .map(|told| told.message.clone())
        .collect();
    for text in [told, world.ledger_text()] {
        assert!(!text.contains("state of acme-tf-state"), "{text}");
    }
}
