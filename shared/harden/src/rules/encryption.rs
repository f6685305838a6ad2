//! Is the state encrypted, and with whose key?

use super::{Change, Context, Problem};
use crate::finding::Severity;

pub(super) fn off(context: &Context<'_>) -> Vec<Problem> {
    let config = context.config;
    let item = config.item("encrypt");
    let is_off = match item {
        Some(item) => item.value.truth() == Some(false),
        None => !config.is_partial(),
    };
    if !is_off {
        return Vec::new();
    }
    let mut message = "state holds every secret of its resources, and Terraform asks S3 to encrypt it only with `encrypt = true`; \
                       without it, only the bucket's default counts"
        .to_owned();
    if config.has("kms_key_id") {
        message.push_str(", and `kms_key_id` is not used");
    }
    let problem = match item {
        Some(item) => Problem::at(item, Severity::Medium, message),
        None => Problem::about(config, Severity::Medium, message),
    };
    if config.has_own_endpoint() {
        return vec![problem.by_hand("set `encrypt = true` if the store takes server-side encryption; some that are not Amazon's refuse it")];
    }
    let change = match item {
        Some(item) => Change::Set(item.clone(), "true".to_owned()),
        None => Change::Add {
            name: "encrypt",
            value: "true",
            beside: &["kms_key_id", "region", "key"],
        },
    };
    vec![problem.rewritten(
        if config.has("kms_key_id") {
            "`encrypt = true`; objects that exist stay as they are until the next write"
        } else {
            "`encrypt = true`; objects that exist stay as they are until the next write. Without `kms_key_id` Terraform then asks for \
             S3's own key (AES256), also where the bucket's default is a KMS key: if it is, set `kms_key_id` to that key as well"
        },
        vec![change],
    )]
}

pub(super) fn no_key_of_its_own(context: &Context<'_>) -> Vec<Problem> {
    let config = context.config;
    let has_key = config.has("kms_key_id") || config.has("sse_customer_key");
    if has_key || config.is_partial() || config.has_own_endpoint() {
        return Vec::new();
    }
    let message = "without `kms_key_id` whoever may read the bucket may read the state; a KMS key of your own is a second permission, \
                   and its use is logged";
    vec![Problem::about(config, Severity::Low, message).by_hand(
        "add `kms_key_id` with the ARN of your key, and give everyone who runs Terraform `kms:Encrypt`, `kms:Decrypt` and \
         `kms:GenerateDataKey` on it; no key can be made up here, so nothing is rewritten",
    )]
}
