//! What may stand in the fields of a lock: whatever programs, people and their scripts write there.

use proptest::prelude::*;

use crate::paste::PastedLock;

/// A lock with every field but `Info`, which only Consul and scripts fill.
pub(super) fn locks() -> impl Strategy<Value = PastedLock> {
    let created = (0..2_000_000_000_i64, 0..1_000_000_000_i32);
    (ids(), paths(), operations(), holders(), versions(), created).prop_map(
        |(id, path, operation, who, version, (second, nano))| PastedLock {
            id: Some(id),
            path: Some(path),
            operation: Some(operation),
            who: Some(who),
            version: Some(version),
            created: Some(jiff::Timestamp::new(second, nano).unwrap()),
            info: None,
            is_of_caller: false,
        },
    )
}

/// UUIDs; GCS's generations; hashes (COS); and what scripts and other tools make up.
pub(super) fn ids() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => uuids(),
        1 => "[1-9][0-9]{15}",
        1 => "[0-9a-f]{64}",
        1 => "[a-z]{1,12}-[a-z0-9]{1,30}",
        1 => "[A-Za-z][A-Za-z0-9+/_.:-]{0,30}[A-Za-z0-9=]",
    ]
}

pub(super) fn uuids() -> impl Strategy<Value = String> {
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
}

fn paths() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{3,20}/[a-z0-9/_-]{1,60}\\.tfstate",
        "[a-z]{3,20}/env:/[a-z]{1,10}/[a-z=]{1,40}",
        "[a-z]{3,20}/[a-z]{1,9} with spaces=[0-9]{1,3}\\.tfstate",
        "[a-z]{3,20}/[a-zäöüéß漢字]{1,20} état\\.tfstate",
        Just("terraform.tfstate".to_owned()),
    ]
}

fn operations() -> impl Strategy<Value = String> {
    // Terraform's `backend/operation_type.go` and the commands under `command/` that lock; then what OpenTofu, old
    // versions and scripts write.
    const KNOWN: [&str; 15] = [
        "OperationTypePlan",
        "OperationTypeApply",
        "OperationTypeRefresh",
        "OperationTypeInvalid",
        "state-mv",
        "state-replace-provider",
        "taint",
        "init",
        "apply",
        "state push",
        "workspace_delete",
        "migration destination state",
        "backend from plan",
        "tflock",
        "by hand & in haste",
    ];
    prop_oneof![
        proptest::sample::select(&KNOWN[..]).prop_map(str::to_owned),
        "[A-Za-z]{1,30}"
    ]
}

fn holders() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,12}@[a-z0-9-]{1,20}",
        "@[a-z]{2,8}",
        "CORP\\\\[a-z]{1,8}@WS-[0-9]{3}",
        "NT AUTHORITY\\\\SYSTEM@[A-Z]{3}-[0-9]{3}",
        Just("***".to_owned()),
        Just("<user>@<host>".to_owned()),
        "[a-z]{1,8}@example\\.com@[a-z.]{1,40}[a-z]",
        "[a-z]{1,8} [a-z]{1,8}@build [0-9]{1,3}",
        "[a-zäöüéß]{1,8}@büro-[0-9]{1,3}",
        "[a-z]{2,8}",
    ]
}

fn versions() -> impl Strategy<Value = String> {
    prop_oneof![
        "0\\.1[1-5]\\.[0-9]{1,2}",
        "1\\.([0-9]|1[0-4])\\.[0-9]{1,2}",
        "1\\.([0-9]|1[0-4])\\.0-(dev|alpha20250[1-9]01|beta[1-3]|rc[1-3])",
    ]
}

/// What scripts write into `Info`, on one line.
pub(super) fn infos() -> impl Strategy<Value = String> {
    prop_oneof![
        // Short enough to be never broken: an object on a line of its own is a line of another log.
        "\\{\"run\":\"[0-9]{1,6}\"\\}",
        "[a-z]{1,9} said \"hold on\"",
        "\"[a-z]{1,9}\" is what he said",
        "größer als: [0-9]{1,3} {4}(é|漢字)\\}\\{",
        "see https://ci\\.example\\.com/[a-z]{1,9}\\?run=[0-9]{1,4}&try=2",
    ]
    .prop_map(|info| info.split_whitespace().collect::<Vec<_>>().join(" "))
}
