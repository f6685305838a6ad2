//! Decisions as people send them.

use serde_json::{Value, json};

use super::{APPROVALS, World, id_of};

/// What a notice says to send.
pub(crate) fn release(request: &str) -> Value {
    json!({"decision": "release", "request": request, "by": "alice"})
}

/// A release with open eyes.
pub(crate) fn release_even_if(request: &str, words: &[&str]) -> Value {
    json!({"decision": "release", "request": request, "by": "alice", "even_if": words})
}

/// A release by path and lock ID.
pub(crate) fn release_by_name(path: &str, holder: &str) -> Value {
    json!({"decision": "release", "lock_id": path, "id": id_of(holder), "by": "alice"})
}

/// A release of all that is still stale in a storm.
pub(crate) fn release_storm(storm: &str) -> Value {
    json!({"decision": "release", "storm": storm, "by": "alice"})
}

/// Leave it for a while.
pub(crate) fn keep(request: &str, span: &str) -> Value {
    json!({"decision": "keep", "request": request, "by": "alice", "for": span})
}

/// Put it back.
pub(crate) fn restore(request: &str) -> Value {
    json!({"decision": "restore", "request": request, "by": "alice"})
}

/// A message as SNS brings it to a function: all that AWS sends, though little of it is read.
pub(crate) fn by_topic(world: &World, id: &str, message: &Value) -> Value {
    json!({"Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": format!("{APPROVALS}:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
        "Sns": {
            "Type": "Notification",
            "MessageId": id,
            "TopicArn": APPROVALS,
            "Subject": null,
            "Message": message.to_string(),
            "Timestamp": format!("{:.3}", world.clock()),
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
            "SigningCertUrl": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-example.pem",
            "UnsubscribeUrl": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
            "MessageAttributes": {}
        }
    }]})
}
