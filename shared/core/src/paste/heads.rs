//! What a line without its layers means for the error that it may open, continue or end.

use super::fields;
use super::found::Tool;

/// What opens an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// A heading that always begins an error.
    Heading,
    /// Words from the middle of a message, or a message without a heading. They begin an error where none is open.
    Message,
    /// Words about a digest. They begin an error, or go on with one about the digest.
    Digest,
    /// The heading of a lock block.
    Block,
    /// An `ID:` field without a heading above: a block if more fields follow.
    Field,
}

/// Terraform's `clistate/state.go` and `command/unlock.go`; the same in OpenTofu.
const HEADINGS: [&str; 4] = [
    "Error acquiring the state lock",
    "Error releasing the state lock",
    "Failed to unlock state",
    "Local state cannot be unlocked by another process",
];

/// What stands over a digest that does not fit, and over other errors about a state. A narrow terminal may cut the text under it
/// anywhere, but not what a line begins with.
const DIGEST_HEADINGS: [&str; 3] = [
    "Error refreshing state:",
    "rror loading state:",
    "Failed to load state:",
];

/// Parts of the text about a digest that does not fit (`s3/client.go: badChecksumError`).
const DIGESTS: [&str; 3] = [
    "does not have the expected content",
    "checksum calculated for the state",
    "unusually long delays in",
];

/// Parts of messages, each of them printed about a lock only.
const MESSAGES: [&str; 10] = [
    "failed to lock s3 state",
    "Error locking state",
    "Error locking destination state",
    "Error locking source state",
    "failed to unlock",
    "lock released but",
    "state blob is already locked",
    "workspace already locked (lock ID",
    "HTTP remote state already locked",
    "the state is already locked by another",
];

/// What the line opens.
pub(super) fn of(text: &str) -> Option<Head> {
    if HEADINGS.iter().any(|heading| text.contains(heading)) {
        return Some(Head::Heading);
    }
    if is_block_heading(text) {
        return Some(Head::Block);
    }
    if is_digest(text) {
        return Some(Head::Digest);
    }
    if MESSAGES.iter().any(|message| text.contains(message)) {
        return Some(Head::Message);
    }
    let is_id = fields::label(text).is_some_and(|(field, _)| field == fields::Field::Id);
    is_id.then_some(Head::Field)
}

/// The heading in a line, or else the part of a message.
pub(super) fn phrase_in(text: &str) -> Option<&'static str> {
    let mut phrases = HEADINGS.into_iter().chain(MESSAGES);
    phrases.find(|phrase| text.contains(phrase))
}

/// `Lock Info:`, also at the end of the error's own line; some wrappers print `Error info:`.
pub(super) fn is_block_heading(text: &str) -> bool {
    text.contains("Lock Info:") || text.trim_start().starts_with("Error info:")
}

/// The program that a line names: `OpenTofu acquires a state lock …`, `Terraform 1.11.4`.
pub(super) fn program(text: &str) -> Option<Tool> {
    if text.contains("OpenTofu") {
        return Some(Tool::OpenTofu);
    }
    text.contains("Terraform ").then_some(Tool::Terraform)
}

/// Whether the line is about a digest that does not fit.
pub(super) fn is_digest(text: &str) -> bool {
    let mut phrases = DIGEST_HEADINGS.iter().chain(&DIGESTS);
    phrases.any(|words| text.contains(words))
}

/// Whether the line is the first of its error, whatever stands above.
pub(super) fn is_first(text: &str) -> bool {
    let mut headings = HEADINGS.iter().chain(&DIGEST_HEADINGS);
    unmarked(text).starts_with("Error: ") || headings.any(|heading| text.contains(heading))
}

/// Without the mark of a line in a fenced block of a diff.
pub(super) fn unmarked(text: &str) -> &str {
    text.trim_start()
        .trim_start_matches(['-', '+', '!'])
        .trim_start()
}

/// Whether nothing that was open goes on behind this line.
pub(super) fn ends(text: &str) -> bool {
    const ENDS: [&str; 7] = [
        "Error: ",
        "Warning: ",
        "$ ",
        "rc=",
        "::endgroup::",
        "Script done",
        "Terraform used the selected providers",
    ];
    let text = unmarked(text);
    is_unlocked(text) || ENDS.iter().any(|end| text.starts_with(end))
}

/// Whether the line says that `force-unlock` released a lock (`command/unlock.go: outputUnlockSuccess`).
pub(super) fn is_unlocked(text: &str) -> bool {
    let text = text.trim_start();
    ["Terraform", "OpenTofu"].iter().any(|program| {
        let rest = text.strip_prefix(program);
        rest.is_some_and(|rest| rest.starts_with(" state has been successfully unlocked!"))
    })
}

/// The text that Terraform and OpenTofu print under every lock error. Also what tells the two apart.
pub(super) fn is_boilerplate(text: &str) -> bool {
    let text = text.trim_start();
    ["Terraform acquires", "OpenTofu acquires"]
        .iter()
        .any(|begin| text.starts_with(begin))
}

/// Every phrase that opens an error.
#[cfg(test)]
pub(super) fn openers() -> impl Iterator<Item = &'static str> {
    HEADINGS
        .into_iter()
        .chain(MESSAGES)
        .chain(DIGEST_HEADINGS)
        .chain(DIGESTS)
        .chain(["Lock Info:", "Error info:", "ID:"])
}
