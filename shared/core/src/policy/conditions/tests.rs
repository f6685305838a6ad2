use proptest::prelude::*;

use super::*;
use crate::record;
use crate::testing::{path, text_of};

fn conditions(path: &str, holder: &str, operations: &[&str]) -> Conditions {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Conditions {
        path: given(path).map(|text| Glob::of_path(&text).unwrap()),
        holder: given(holder).map(|text| Glob::of_text(&text).unwrap()),
        operations: operations
            .iter()
            .map(|text| OperationPattern::parse(text).unwrap())
            .collect(),
    }
}

/// A lock of `runner@A` on this path.
fn info(operation: &str) -> LockInfo {
    record::parse(&text_of("A").replace("OperationTypeApply", operation)).unwrap()
}

#[test]
fn every_condition_that_is_there_must_hold() {
    for (path_glob, holder, operations, holds) in [
        ("", "", &[][..], true),
        ("prod/**", "", &[], true),
        ("dev/**", "", &[], false),
        ("", "runner@*", &[], true),
        ("", "alice@*", &[], false),
        ("", "", &["apply"], true),
        ("", "", &["plan"], false),
        ("", "", &["plan", "apply"], true),
        ("prod/**", "runner@A", &["apply"], true),
        ("dev/**", "runner@A", &["apply"], false),
        ("prod/**", "runner@B", &["apply"], false),
        ("prod/**", "runner@A", &["plan"], false),
    ] {
        let conditions = conditions(path_glob, holder, operations);
        let holding = conditions.hold_for(&path("acme/prod/a"), Some(&info("OperationTypeApply")));
        assert_eq!(holding, holds, "{conditions:?}");
    }
}

#[test]
fn a_path_is_held_against_the_key_and_against_bucket_and_key() {
    for (glob, at, holds) in [
        ("prod/**", "acme/prod/a", true),
        ("acme/prod/*", "acme/prod/a", true),
        ("acme/**", "acme/prod/a", true),
        ("other/**", "acme/prod/a", false),
        ("prod/a", "acme/x/prod/a", false),
        ("*", "no-bucket", true),
        ("*", "acme/a/b", false),
    ] {
        let conditions = conditions(glob, "", &[]);
        assert_eq!(conditions.hold_for(&path(at), None), holds, "{glob} {at}");
    }
}

#[test]
fn of_a_lock_that_cannot_be_read_only_the_path_is_known() {
    let about = |path_glob, holder, operations| {
        conditions(path_glob, holder, operations).hold_for(&path("acme/prod/a"), None)
    };
    assert!(about("", "", &[]));
    assert!(about("prod/**", "", &[]));
    assert!(!about("", "*", &[]));
    assert!(!about("", "", &["*"]));
    assert!(!about("prod/**", "*", &[]));
}

#[test]
fn operations_go_by_the_name_that_people_use_by_a_pattern_or_by_the_raw_text() {
    for (pattern, fits, does_not) in [
        (
            "plan",
            &["OperationTypePlan"][..],
            &["plan", "OperationTypeApply"][..],
        ),
        (
            "apply",
            &["OperationTypeApply"],
            &["OperationTypePlan", "apply"],
        ),
        ("refresh", &["OperationTypeRefresh"], &["OperationTypePlan"]),
        ("invalid", &["OperationTypeInvalid"], &["", "tflock"]),
        ("init", &["init"], &["migration"]),
        (
            "migration",
            &[
                "migration source state",
                "migration destination state",
                "migration",
            ],
            &["init", "migrations"],
        ),
        (
            "state-*",
            &["state-mv", "state-rm", "state-replace-provider"],
            &["state", "OperationTypePlan"],
        ),
        ("taint", &["taint"], &["untaint"]),
        ("untaint", &["untaint"], &["taint"]),
        (
            "OperationTypeApply",
            &["OperationTypeApply"],
            &["OperationTypePlan"],
        ),
        (
            "OperationType*",
            &["OperationTypeApply", "OperationTypePlan"],
            &["tflock"],
        ),
        ("tflock", &["tflock"], &["Tflock", "tflock2"]),
        ("a[b]{c}", &["a[b]{c}"], &["ab"]),
        ("*", &["", "tflock", "OperationTypePlan"], &[]),
    ] {
        let pattern = OperationPattern::parse(pattern).unwrap();
        for raw in fits {
            assert!(pattern.fits(&Operation::new(*raw)), "{pattern:?} {raw}");
        }
        for raw in does_not {
            assert!(!pattern.fits(&Operation::new(*raw)), "{pattern:?} {raw}");
        }
    }
    assert!(OperationPattern::parse("").is_err());
    assert!(OperationPattern::parse("a**").is_err());
}

#[test]
fn what_is_known_to_be_covered_never_gets_its_turn() {
    let nothing = || conditions("", "", &[]);
    for (first, second) in [
        (nothing(), nothing()),
        (nothing(), conditions("prod/**", "runner@*", &["plan"])),
        (conditions("**", "", &[]), nothing()),
        (conditions("**", "", &[]), conditions("", "", &["plan"])),
        (
            conditions("prod/**", "", &[]),
            conditions("prod/app/*", "alice@*", &[]),
        ),
        (
            conditions("", "runner@*", &[]),
            conditions("a", "runner@ci", &["plan"]),
        ),
        (conditions("", "*", &[]), conditions("", "", &["plan"])),
        (
            conditions("", "", &["plan", "apply"]),
            conditions("", "", &["apply"]),
        ),
        (
            conditions("", "", &["apply", "plan"]),
            conditions("", "", &["plan", "apply"]),
        ),
        (
            conditions("", "", &["state-*"]),
            conditions("", "", &["state-mv", "state-rm"]),
        ),
        (
            conditions("", "", &["apply"]),
            conditions("", "", &["OperationTypeApply"]),
        ),
        (
            conditions("", "", &["OperationTypeApply"]),
            conditions("", "", &["apply"]),
        ),
        (
            conditions("", "", &["*"]),
            conditions("", "", &["state-*", "migration"]),
        ),
    ] {
        assert!(first.cover(&second), "{first:?} {second:?}");
    }
    for (first, second) in [
        (conditions("prod/**", "", &[]), nothing()),
        (conditions("", "*", &[]), nothing()),
        (conditions("", "", &["*"]), nothing()),
        (conditions("", "*", &[]), conditions("prod/**", "", &[])),
        (
            conditions("prod/**", "", &[]),
            conditions("dev/**", "", &[]),
        ),
        (
            conditions("", "runner@*", &[]),
            conditions("", "", &["plan"]),
        ),
        (
            conditions("", "", &["plan"]),
            conditions("", "", &["plan", "apply"]),
        ),
        (
            conditions("", "", &["migration source state"]),
            conditions("", "", &["migration"]),
        ),
        (
            conditions("", "", &["state-mv"]),
            conditions("", "", &["state-*"]),
        ),
        (
            conditions("prod/**", "runner@*", &[]),
            conditions("prod/**", "", &[]),
        ),
    ] {
        assert!(!first.cover(&second), "{first:?} {second:?}");
    }
}

fn any_conditions() -> impl Strategy<Value = Conditions> {
    let path = prop::sample::select(vec![
        "", "**", "prod/**", "prod/*", "prod/a", "acme/**", "*/a", "dev/**",
    ]);
    let holder = prop::sample::select(vec!["", "*", "runner@*", "runner@A", "alice@*"]);
    let operations = prop::sample::subsequence(
        vec![
            "plan",
            "apply",
            "migration",
            "state-*",
            "state-mv",
            "OperationTypePlan",
            "*",
        ],
        0..3,
    );
    (path, holder, operations)
        .prop_map(|(path, holder, operations)| conditions(path, holder, &operations))
}

proptest! {
    #[test]
    fn what_a_covered_rule_is_about_its_cover_is_about_too(
        first in any_conditions(),
        second in any_conditions(),
        at in prop::sample::select(vec!["acme/prod/a", "acme/prod/a/b", "prod/a", "acme/dev/a", "x", "acme/acme/a"]),
        operation in prop::sample::select(vec!["OperationTypePlan", "OperationTypeApply", "migration", "migration source state", "state-mv", "tflock"]),
        holder in prop::sample::select(vec!["runner@A", "alice@x", ""]),
        can_be_read in prop::bool::ANY,
    ) {
        let info = LockInfo { who: holder.to_owned(), ..info(operation) };
        let info = can_be_read.then_some(&info);
        if first.cover(&second) && second.hold_for(&path(at), info) {
            prop_assert!(first.hold_for(&path(at), info));
        }
    }
}
