//! Which records are one lock, which are two, and which are none.

use lockwarden_core::ids::{Identity, LockId, LockPath, RequestCode};
use lockwarden_core::item::Attribute;
use lockwarden_core::ledger::{Entry, Status};

use crate::world::{
    Call, Kind, STATE, TABLE, World, id_of, outcome_of, record_text, release, release_by_name,
    release_even_if,
};

fn text(value: &str) -> Attribute {
    Attribute::Text(value.to_owned())
}

#[test]
fn a_pair_is_one_lock() {
    let world = World::new();
    world.lock(Kind::Pair, STATE, "ci-7");
    world.wait("20m");
    let report = world.sweep();
    assert_eq!(
        (report["held"].as_u64(), report["scanned"].as_u64()),
        (Some(1), Some(2))
    );
    assert_eq!(world.told(), ["stale_lock"]);
    assert_eq!(world.entry_of(STATE).places.len(), 2);
}

#[test]
fn a_split_is_told_in_one_notice_after_two_sightings() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.lock(Kind::Object, STATE, "ci-8");
    world.wait("20m");
    world.sweep();
    assert_eq!(world.told(), [""; 0], "the object may be gone in a moment");

    world.wait("29s");
    world.sweep();
    assert_eq!(
        world.told(),
        [""; 0],
        "two looks within half a minute are one"
    );
    world.wait("1s");
    world.sweep();
    assert_eq!(world.told(), ["split_lock"]);
    let notice = world.notices().remove(0).notice;
    assert_eq!(notice.rivals.len(), 1);
    world.wait("5m");
    world.sweep();
    assert_eq!(world.told(), ["split_lock"]);
}

#[test]
fn a_side_of_a_split_goes_only_with_open_eyes_and_the_other_stays() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.lock(Kind::Object, STATE, "ci-8");
    world.wait("20m");
    world.sweep();
    world.wait("1m");
    world.sweep();
    let request = world
        .notices()
        .remove(0)
        .notice
        .request
        .unwrap()
        .to_string();

    assert_eq!(world.release(&request), "not_stale");
    let outcome = world.decide(&release_even_if(&request, &["split"]));

    assert_eq!(outcome_of(&outcome), "released", "{outcome}");
    assert_eq!(
        world.locked(),
        ["object acme-tf-state/prod/network.tfstate.tflock: runner@ci-8"]
    );
}

#[test]
fn a_split_that_begins_after_people_were_asked_is_told_as_one() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.ask_about(STATE);
    world.lock(Kind::Object, STATE, "ci-8");
    for _ in 0..4 {
        world.wait("5m");
        world.sweep();
    }
    assert_eq!(world.told(), ["stale_lock", "split_lock"]);
}

#[test]
fn a_ghost_of_a_client_that_loses_is_never_told() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("10m");
    for number in 0..4 {
        world.wait("1m");
        world.lock(Kind::Object, STATE, &format!("loser-{number}"));
        world.sweep();
        world.unlock_object(STATE);
    }
    assert_eq!(world.told(), [""; 0]);
}

#[test]
fn the_same_path_in_two_tables_is_two_requests() {
    let world = World::with(&[("LOCK_TABLES", "terraform-state-locks,other-locks")]);
    let record = world.lock(Kind::Item, STATE, "ci-7");
    world.put_item("other-locks", STATE, &record);
    world.wait("20m");

    world.sweep();

    let entries = world.entries_of(STATE);
    assert_eq!(entries.len(), 2);
    assert_eq!(world.told(), ["stale_lock", "stale_lock"]);
    let lengths: Vec<usize> = entries
        .iter()
        .map(|entry| entry.code.as_str().len())
        .collect();
    assert!(lengths == [8, 12] || lengths == [12, 8], "{lengths:?}");
    world.wait("1h");
    world.sweep();
    assert_eq!(world.told().len(), 4);
    assert_eq!(world.entries_of(STATE).len(), 2);
}

#[test]
fn a_code_that_another_lock_has_is_extended() {
    let world = World::new();
    world.lock(Kind::Item, STATE, "ci-7");
    // No two texts with the same code are at hand, so another lock is put under the code of this one.
    let identity = Identity::Id(LockId::new(id_of("ci-7")).unwrap());
    let code = RequestCode::of(&LockPath::new(STATE).unwrap(), &identity, 0);
    let squatter = World::new();
    squatter.lock(Kind::Item, "acme-tf-state/other.tfstate", "ci-1");
    squatter.sweep();
    let other = Entry {
        code: code.clone(),
        revision: 0,
        ..squatter.entry_of("acme-tf-state/other.tfstate")
    };
    world.put_entry(&other);

    let request = world.ask_about(STATE);

    assert_eq!(request.len(), 12);
    assert!(request.starts_with(code.as_str()));
    let outcome = world.decide(&release_by_name(STATE, "ci-7"));
    assert_eq!(outcome_of(&outcome), "released");
    assert_eq!(outcome["request"], request.as_str());
    assert_eq!(world.locked(), [""; 0]);
}

#[test]
fn digests_and_foreign_items_are_counted_and_never_judged() {
    let world = World::new();
    world.write_state(STATE);
    world.put_attributes(TABLE, "digest-of-nothing", &[("Digest", text("x"))]);
    world.put_attributes(TABLE, "somebody-elses", &[("Owner", text("team-b"))]);
    world.put_attributes(TABLE, "another", &[("ttl", text("not a number"))]);
    world.wait("1d");
    let before = world.not_locks();

    let report = world.sweep();

    assert_eq!(report["digests"], 2);
    assert_eq!(report["foreign"], 2);
    assert_eq!(report["held"], 0);
    assert_eq!(world.told(), [""; 0]);
    assert_eq!(world.not_locks(), before);
}

#[test]
fn an_item_with_a_ttl_beside_its_key_is_a_phantom_all_the_same() {
    let world = World::new();
    world.put_attributes(TABLE, STATE, &[("ttl", Attribute::Number)]);
    world.sweep();
    assert_eq!(world.told(), ["unreadable_lock"]);
}

#[test]
fn a_sparse_index_shows_what_holds_a_text() {
    let world = World::with(&[("LOCK_TABLES", "terraform-state-locks/by-info")]);
    world.put_attributes(TABLE, "digest-of-nothing", &[("Digest", text("x"))]);
    world.lock(Kind::Item, STATE, "ci-7");
    world.wait("20m");
    let report = world.sweep();
    assert_eq!(
        (&report["scanned"], &report["held"]),
        (&1.into(), &1.into())
    );
}

/// An odd record: what is odd about it, its attributes, and what the notice about it says.
type OddItem = (&'static str, Vec<(&'static str, Attribute)>, &'static str);

fn odd_items() -> Vec<OddItem> {
    let created = "2026-03-02T07:00:00Z";
    let good = record_text("ci-7", created, STATE);
    let without = |field: &str| good.replace(field, &field.to_lowercase());
    vec![
        ("empty", vec![("Info", text(""))], "the record is empty"),
        (
            "not JSON",
            vec![("Info", text("locked by bob"))],
            "the record is not JSON",
        ),
        (
            "truncated",
            vec![("Info", text(&good[..80]))],
            "the record is not JSON",
        ),
        (
            "an array",
            vec![("Info", text("[1]"))],
            "JSON but not an object",
        ),
        (
            "no ID",
            vec![("Info", text(&without("\"ID\"")))],
            "the record has no `ID`",
        ),
        (
            "no Created",
            vec![("Info", text(&without("\"Created\"")))],
            "the record has no `Created` time",
        ),
        (
            "zero time",
            vec![("Info", text(&good.replace(created, "0001-01-01T00:00:00Z")))],
            "is not a time",
        ),
        (
            "a number for a name",
            vec![("Info", text(&good.replace("\"runner@ci-7\"", "7")))],
            "`Who` of the record is not a string",
        ),
        (
            "a number",
            vec![("Info", Attribute::Number)],
            "its `Info` is a number",
        ),
        (
            "binary",
            vec![("Info", Attribute::Other("B"))],
            "has the DynamoDB type B",
        ),
        (
            "a digest too",
            vec![("Info", text(&good)), ("Digest", text("x"))],
            "`Info` and `Digest` at once",
        ),
        ("a key alone", vec![], "nothing but its key"),
    ]
}

#[test]
fn each_odd_item_is_told_as_unreadable_and_no_plain_release_moves_it() {
    for (name, attributes, why) in odd_items() {
        let world = World::new();
        world.put_attributes(TABLE, STATE, &attributes);
        world.wait("20m");

        let report = world.sweep();

        assert_eq!(report["unreadable"], 1, "{name}: {report}");
        assert_eq!(report["stale"], 0, "{name}: {report}");
        assert_eq!(world.told(), ["unreadable_lock"], "{name}");
        assert!(
            world.last_email().contains(why),
            "{name}: {}",
            world.last_email()
        );
        let request = world.entry_of(STATE).code.to_string();
        let refused = world.decide(&release(&request));
        assert!(
            ["not_stale", "rejected"].contains(&&*outcome_of(&refused)),
            "{name}: {refused}"
        );
        assert_eq!(world.deleted(), [], "{name}");
        assert_eq!(world.entry(&request).status, Status::Asked, "{name}");
    }
}

#[test]
fn a_record_whose_text_can_be_compared_goes_with_open_eyes_and_any_other_never() {
    for (name, attributes, _) in odd_items() {
        let world = World::new();
        world.put_attributes(TABLE, STATE, &attributes);
        world.wait("20m");
        world.sweep();
        let request = world.entry_of(STATE).code.to_string();
        let every_word = ["fresh", "alive", "unreadable", "skewed", "split"];

        let outcome = world.decide(&release_even_if(&request, &every_word));

        let can_be_compared = !["a number", "binary", "a digest too"].contains(&name);
        if can_be_compared {
            assert_eq!(outcome_of(&outcome), "released", "{name}: {outcome}");
            assert_eq!(world.locked(), [""; 0], "{name}");
        } else {
            assert_eq!(outcome_of(&outcome), "rejected", "{name}: {outcome}");
            assert!(
                outcome["why"].as_str().unwrap().contains("by hand"),
                "{name}: {outcome}"
            );
            assert_eq!(world.locked().len(), 1, "{name}");
        }
    }
}

#[test]
fn odd_objects_are_told_after_two_sightings_and_only_text_is_released() {
    let bodies: [(&str, Vec<u8>, bool); 4] = [
        ("empty", Vec::new(), true),
        ("not JSON", b"locked".to_vec(), true),
        ("not text", vec![0xff, 0xfe], false),
        ("far too long", vec![b'x'; 70_000], false),
    ];
    for (name, body, can_be_compared) in bodies {
        let world = World::new();
        world.put_lock_file(STATE, &body);
        world.wait("20m");
        world.sweep();
        assert_eq!(world.told(), [""; 0], "{name}");
        world.wait("30s");
        world.sweep();
        assert_eq!(world.told(), ["unreadable_lock"], "{name}");
        let request = world.entry_of(STATE).code.to_string();

        assert_ne!(world.release(&request), "released", "{name}");
        let outcome = world.decide(&release_even_if(&request, &["unreadable"]));

        let expected = if can_be_compared {
            "released"
        } else {
            "rejected"
        };
        assert_eq!(outcome_of(&outcome), expected, "{name}: {outcome}");
        assert_eq!(
            world.locked().len(),
            usize::from(!can_be_compared),
            "{name}"
        );
    }
}

#[test]
fn a_closed_object_that_was_replaced_is_another_lock() {
    let world = World::new();
    world.put_lock_file(STATE, b"first");
    world.close_lock_file(STATE);
    world.sweep();
    world.wait("1m");
    world.sweep();
    let first = world.entry_of(STATE).code.to_string();
    world.put_lock_file(STATE, b"second");
    world.close_lock_file(STATE);
    world.wait("1m");
    world.sweep();
    world.wait("1m");
    world.sweep();
    assert_eq!(world.entry(&first).status, Status::Ended);
    assert_eq!(world.entries_of(STATE).len(), 2);
}

#[test]
fn a_lock_under_a_key_like_a_digests_is_told_and_left_to_people() {
    let world = World::new();
    let path = "acme-tf-state/prod/network-md5";
    world.lock(Kind::Item, path, "ci-7");
    let request = world.ask_about(path);

    let outcome = world.decide(&release_even_if(&request, &["fresh", "alive"]));

    assert_eq!(outcome_of(&outcome), "rejected");
    assert!(
        outcome["why"].as_str().unwrap().contains("by hand"),
        "{outcome}"
    );
    assert_eq!(world.locked().len(), 1);
}

#[test]
fn what_no_known_version_writes_needs_open_eyes() {
    let good = record_text("ci-7", "2026-03-02T07:00:00Z", STATE);
    let odd = [
        (
            "an unknown field",
            good.replace("\"Info\"", "\"Freeze\":\"yes\",\"Info\""),
        ),
        (
            "an unknown operation",
            good.replace("OperationTypeApply", "freeze"),
        ),
    ];
    for (name, record) in odd {
        let world = World::new();
        world.put_item(TABLE, STATE, &record);
        let request = world.ask_about(STATE);
        assert!(world.last_email().contains(name), "{}", world.last_email());

        let refused = world.decide(&release(&request));
        assert_eq!(outcome_of(&refused), "rejected", "{refused}");
        assert!(
            refused["example"]
                .as_str()
                .unwrap()
                .contains(r#""even_if":["unreadable"]"#)
        );
        assert_eq!(world.locked().len(), 1, "{name}");

        let outcome = world.decide(&release_even_if(&request, &["unreadable"]));
        assert_eq!(outcome_of(&outcome), "released", "{name}");
    }
}

#[test]
fn operations_that_only_look_odd_are_ordinary_locks() {
    for operation in ["OperationTypeInvalid", "OperationTypePlan", "state-push"] {
        let world = World::new();
        let record = record_text("ci-7", "2026-03-02T07:00:00Z", STATE);
        world.put_item(
            TABLE,
            STATE,
            &record.replace("OperationTypeApply", operation),
        );
        let request = world.ask_about(STATE);
        assert_eq!(world.release(&request), "released", "{operation}");
    }
}

#[test]
fn a_far_table_is_read_and_released_without_a_transaction() {
    let world = World::of_kind(Kind::FarItem);
    world.lock(Kind::FarItem, STATE, "ci-7");
    let request = world.ask_about(STATE);
    world.calls();
    assert_eq!(world.release(&request), "released");
    let calls = world.calls();
    assert!(calls.contains(&Call::DeleteItem) && !calls.contains(&Call::DeleteItemAndCommit));
}
