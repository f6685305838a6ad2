//! A digest that does not fit its state.

use lockwarden_core::commands::quoted;
use lockwarden_core::paste::PastedDigest;
use serde_json::json;

use super::look::{DIGEST, dynamodb, key, s3, table};
use crate::state::State;

/// Works out the checksum of the state that is there. Not with `md5sum`, which a Mac has not; the checksum comes first in both.
pub(super) fn verify(state: &State) -> Option<String> {
    let (bucket, key) = state.path.as_ref()?.bucket_and_key()?;
    let address = quoted(&format!("s3://{bucket}/{key}"))?;
    Some(format!(
        "aws s3 cp{} {address} - | openssl md5 -r",
        s3(state)?
    ))
}

/// Sets the digest, with the old value as the condition: whoever wrote a state meanwhile has written its digest as well.
pub(super) fn set(state: &State, digest: &PastedDigest) -> Option<String> {
    let is_checksum =
        |value: &&String| value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let new = digest.calculated.as_ref().filter(is_checksum)?;
    let old = digest.stored.as_ref().filter(is_checksum)?;
    let values = json!({":new": {"S": new}, ":old": {"S": old}}).to_string();
    Some(format!(
        "aws dynamodb update-item{} --table-name {} --key {} --update-expression 'SET Digest = :new' --condition-expression \
         'Digest = :old' --expression-attribute-values {}",
        dynamodb(state)?,
        table(state)?,
        key(state, DIGEST)?,
        quoted(&values)?
    ))
}
