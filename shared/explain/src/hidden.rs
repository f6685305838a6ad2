//! No secret leaves: every text of a reply goes through one redactor, which has seen all that was pasted first.

use lockwarden_core::paste::{LockError, PastedDigest, PastedLock};
use lockwarden_core::redact::{Kind, Redactor};
use lockwarden_harden::SecretValue;
use serde_json::Value;

/// The redactor that has read the text, once it knows the secrets of the other texts too, and those that the configuration's own
/// rules have found.
pub(crate) fn redactor(mut redactor: Redactor, pasted: &[&str], found: &[SecretValue]) -> Redactor {
    for secret in found {
        redactor.remember(Kind::Secret, secret.expose());
    }
    for text in pasted {
        redactor.learn(text);
    }
    redactor
}

/// The same error with every field redacted that somebody else wrote.
pub(crate) fn without_secrets(error: &LockError, redactor: &mut Redactor) -> LockError {
    let mut field = |text: &Option<String>| text.as_deref().map(|text| redactor.redact(text));
    let lock = &error.lock;
    LockError {
        lock: PastedLock {
            id: field(&lock.id),
            path: field(&lock.path),
            operation: field(&lock.operation),
            who: field(&lock.who),
            version: field(&lock.version),
            created: lock.created,
            info: field(&lock.info),
            is_of_caller: lock.is_of_caller,
        },
        tried: field(&error.tried),
        digest: error.digest.as_ref().map(|digest| PastedDigest {
            bucket: field(&digest.bucket),
            key: field(&digest.key),
            calculated: field(&digest.calculated),
            stored: field(&digest.stored),
        }),
        table: field(&error.table),
        unit: field(&error.unit),
        workspace: field(&error.workspace),
        backend_name: field(&error.backend_name),
        tried_in: error.tried_in.clone(),
        // `given_back` redacts it with the rest of the text.
        excerpt: String::new(),
        ..*error
    }
}

/// The same value with every text redacted. Names of fields are ours and stay. A command with a secret in it is left out:
/// with a placeholder in its place it would do something else.
pub(crate) fn redacted(value: Value, redactor: &mut Redactor) -> Value {
    match value {
        Value::String(text) => Value::String(redactor.redact(&text)),
        Value::Array(values) => values
            .into_iter()
            .map(|value| redacted(value, redactor))
            .collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let is_commands = name == "commands";
                let redacted = redacted(value.clone(), redactor);
                let kept = if is_commands {
                    whole(value, redacted)
                } else {
                    redacted
                };
                (name, kept)
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// Of `redacted`, the fields that are still as they were.
fn whole(given: Value, redacted: Value) -> Value {
    match (given, redacted) {
        (Value::Object(given), Value::Object(redacted)) => redacted
            .into_iter()
            .map(|(name, value)| {
                let is_whole = given.get(&name) == Some(&value);
                (name, if is_whole { value } else { Value::Null })
            })
            .collect(),
        (_, redacted) => redacted,
    }
}
