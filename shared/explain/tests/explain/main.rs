//! The crate through its public face: a paste in, the answer out.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test may stop at what they did not expect"
)]

#[path = "../../../../local/src/aloud.rs"]
#[expect(
    unreachable_pub,
    reason = "the file is another crate's, where it is reachable"
)]
mod aloud;
#[path = "../../../harden/tests/harden/followed.rs"]
mod followed;
#[path = "../../../harden/tests/harden/generated.rs"]
mod generated;
mod shape;
mod fixtures;
mod wording;
mod planted;
mod patches;
mod program;
mod shell;
mod unseen;

use lockwarden_core::redact::Accounts;
use lockwarden_core::settings::TopicArn;
use lockwarden_explain::answer::Pasted;
use lockwarden_explain::{Answer, Desk, explain};

/// The answer to a text and, where it is not empty, a configuration.
fn answer(text: &str, config: &str) -> Answer {
    answer_with(text, config, Accounts::Shown)
}

fn answer_with(text: &str, config: &str, accounts: Accounts) -> Answer {
    let topic = TopicArn::parse("arn:aws:sns:eu-west-1:123456789012:approvals").unwrap();
    let desk = Desk {
        topic: Some(&topic),
    };
    explain(&pasted(text, config, accounts), desk, |_| None)
}

fn pasted(text: &str, config: &str, accounts: Accounts) -> Pasted {
    let (text, config) = (Some(text.to_owned()), Some(config.to_owned()));
    Pasted {
        text: text.clone(),
        ..Pasted::read(text, config, None, accounts)
    }
}

/// A lock error of a DynamoDB table, with these values after `Path:`, `Operation:`, `Who:` and `Info:`.
fn lock_error(path: &str, operation: &str, who: &str, info: &str) -> String {
    format!(
        "Error: Error acquiring the state lock\n\n\
         Error message: ConditionalCheckFailedException: The conditional request failed\n\
         Lock Info:\n  ID:        a1b2c3d4-e5f6-7890-abcd-ef1234567890\n  Path:      {path}\n  Operation: {operation}\n  \
         Who:       {who}\n  Version:   1.11.4\n  Created:   2024-01-15 03:42:11.823456789 +0000 UTC\n  Info:      {info}\n"
    )
}

fn a_lock_error() -> String {
    lock_error(
        "acme-tf-state/prod/terraform.tfstate",
        "OperationTypeApply",
        "alice@ci-node-07",
        "",
    )
}
