//! Records that Terraform would not write: each is reported, and none goes by a plain `release`.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use lockwarden_local::Item;
use serde_json::json;

use crate::stack::{Desk, shared};

/// Name, `Info` (`None`: the item has nothing but its key), verdict.
const ODD: [(&str, Option<&str>, &str); 8] = [
    ("phantom", None, "unreadable"),
    ("empty", Some(""), "unreadable"),
    ("not-json", Some("locked by hand"), "unreadable"),
    (
        "truncated",
        Some(r#"{"ID":"a1","Operation":"OperationTypeApp"#),
        "unreadable",
    ),
    (
        "no-id",
        Some(r#"{"Operation":"OperationTypeApply","Created":"2026-01-01T00:00:00Z"}"#),
        "unreadable",
    ),
    (
        "no-created",
        Some(r#"{"ID":"a1","Operation":"OperationTypeApply"}"#),
        "unreadable",
    ),
    (
        "future",
        Some(r#"{"ID":"a1","Operation":"OperationTypeApply","Created":"2126-01-01T00:00:00Z"}"#),
        "skewed",
    ),
    (
        "unknown",
        Some(r#"{"ID":"a1","Operation":"tflock","Created":"2026-01-01T00:00:00Z","Lease":"1h"}"#),
        "stale",
    ),
];

#[tokio::test]
async fn each_is_reported_and_none_is_released_by_a_plain_release() {
    let desk = shared();
    for (name, info, _) in ODD {
        desk.stores.put_item(item(&desk, name, info)).await.unwrap();
    }
    for (name, _, verdict) in ODD {
        let line = desk.swept_until(&key(name), verdict).await;
        let decision = json!({"decision": "release", "request": line["request"], "by": "alice"});

        let outcome = desk.decide(&decision).await;

        let refused = outcome["outcome"] == "not_stale" || outcome["outcome"] == "rejected";
        assert!(refused, "{name}: {outcome}");
        let example = outcome["example"].as_str().unwrap();
        assert!(example.contains("even_if"), "{name}: {outcome}");
        assert!(is_there(&desk, name).await, "{name} is gone");
    }
}

#[tokio::test]
async fn a_phantom_goes_by_the_decision_that_the_refusal_names() {
    let desk = shared();
    desk.stores
        .put_item(item(&desk, "ghost", None))
        .await
        .unwrap();
    let line = desk.swept_until(&key("ghost"), "unreadable").await;
    let plain = json!({"decision": "release", "request": line["request"], "by": "alice"});
    let refusal = desk.decide(&plain).await;
    let example = refusal["example"].as_str().unwrap();

    let outcome = desk.decide(&serde_json::from_str(example).unwrap()).await;

    assert_eq!(outcome["outcome"], "released", "{outcome}");
    assert!(!is_there(&desk, "ghost").await);
}

fn key(name: &str) -> String {
    format!("odd/{name}.tfstate")
}

fn item(desk: &Desk<'_>, name: &str, info: Option<&str>) -> Item {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let mut item = BTreeMap::from([("LockID".to_owned(), text(&desk.path(&key(name))))]);
    if let Some(info) = info {
        item.insert("Info".to_owned(), text(info));
    }
    item
}

async fn is_there(desk: &Desk<'_>, name: &str) -> bool {
    let snapshot = desk.stores.snapshot().await.unwrap();
    snapshot.items.contains_key(&desk.path(&key(name)))
}
