//! Digest mismatches: the state is not the one whose checksum the table holds.

use super::broken;
use super::collect::Line;
use super::found::PastedDigest;
use super::message::Message;

/// Whether the error is a digest mismatch, of S3 or of a backend that copied it (`oss/client.go: errBadChecksumFmt`).
pub(super) fn is_one(message: &Message) -> bool {
    message.says_one_of(&[
        "doesnothavetheexpectedcontent",
        "checksumcalculatedforthestatestoredins3doesnotmatch",
        "updatethedigestvalue",
        "removethedigestvalue",
    ])
}

/// Whether a line begins the last paragraph of such an error, with what to do.
pub(super) fn is_advice(text: &str) -> bool {
    let text = text.trim_start();
    ["This may be caused by", "If this problem persists"]
        .iter()
        .any(|begin| text.starts_with(begin))
}

/// The values that the error prints.
///
/// The labels count where they are (Terraform from 1.6 on). There the "following value" says nothing of its own: some
/// versions print the calculated checksum (1.11.4), others the stored one (`badChecksumError.resolutionMsg` with
/// `err.expected`). Without labels (older, and OpenTofu: `errBadChecksumFmt`) it is the calculated one.
pub(super) fn read(lines: &[Line], whole: &Message, widest: usize) -> PastedDigest {
    let value = |name: &str| value(lines, name, widest);
    let is_labelled = lines
        .iter()
        .any(|line| line.text.trim_start().starts_with("Calculated checksum:"));
    let checksum = |text: Option<String>| text.filter(|text| is_checksum(text));
    PastedDigest {
        bucket: value("Bucket:"),
        key: value("Key:"),
        calculated: if is_labelled {
            checksum(value("Calculated checksum:"))
        } else {
            // Where a log goes on right behind it, the next word may have been glued to it.
            let word = whole.word_after("followingvalue:");
            checksum(word.and_then(|word| Some(word.get(..32)?.to_owned())))
        },
        stored: checksum(value("Stored checksum:")),
    }
}

/// The names of the values, and how many spaces stand behind each, but for the last one.
const LABELS: [(&str, usize); 4] = [
    ("Bucket:", 0),
    (KEY, 3),
    ("Calculated checksum:", 0),
    ("Stored checksum:", 4),
];
const KEY: &str = "Key:";

/// The value behind a name, which may have been cut into several lines.
fn value(lines: &[Line], name: &str, widest: usize) -> Option<String> {
    let is_behind = |line: &Line, name| line.text.trim_start().starts_with(name);
    let at = lines.iter().position(|line| is_behind(line, name))?;
    let (line, after) = lines.get(at..)?.split_first()?;
    let value = line.text.trim_start().strip_prefix(name)?.trim_start();
    let is_next = |line: &Line| {
        line.text.trim().is_empty() || LABELS.iter().any(|(name, _)| is_behind(line, name))
    };
    let count = after.iter().take_while(|line| !is_next(line)).count();
    let padding = LABELS
        .iter()
        .find(|(known, _)| *known == name && value.is_empty());
    let first = broken::First {
        value,
        width: line.width + padding.map_or(0, |(_, padding)| *padding),
        // Only a key may have spaces.
        is_word: name != KEY,
    };
    // What a cut text ends with may be the beginning of the next name.
    let count = if count < after.len() { count } else { 0 };
    let cut_off = after.get(..count).unwrap_or_default();
    let whole = broken::put_together(&first, cut_off, widest);
    let whole = whole.unwrap_or_else(|| value.to_owned());
    Some(whole.trim().to_owned()).filter(|whole| !whole.is_empty())
}

/// Whether the error says that there is a digest but no state.
pub(super) fn lacks_state(digest: &PastedDigest, lines: &[Line], whole: &Message) -> bool {
    let is_value_empty = || {
        let next = lines
            .iter()
            .skip(1)
            .map(|line| line.text.trim())
            .chain([""]);
        let mut pairs = lines.iter().map(|line| line.text.trim_end()).zip(next);
        whole.says("followingvalue:")
            && pairs.any(|(line, next)| line.ends_with("value:") && next.is_empty())
    };
    let is_printed_empty = if whole.says("calculatedchecksum:") {
        whole.says("calculatedchecksum:storedchecksum:")
    } else {
        is_value_empty()
    };
    digest.calculated.is_none() && is_printed_empty || whole.says("removethedigestvalue")
}

fn is_checksum(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
