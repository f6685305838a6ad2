//! Digest mismatches: the state is not the one whose checksum the table holds.

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

/// The values that the error prints.
///
/// The labels count where they are (Terraform from 1.6 on). There the "following value" says nothing of its own: some
/// versions print the calculated checksum (1.11.4), others the stored one (`badChecksumError.resolutionMsg` with
/// `err.expected`). Without labels (older, and OpenTofu: `errBadChecksumFmt`) it is the calculated one.
pub(super) fn read(lines: &[Line], whole: &Message) -> PastedDigest {
    let value = |name: &str| {
        lines.iter().find_map(|line| {
            let rest = line.text.trim_start().strip_prefix(name)?.trim();
            (!rest.is_empty()).then(|| rest.to_owned())
        })
    };
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
            checksum(whole.word_after("followingvalue:"))
        },
        stored: checksum(value("Stored checksum:")),
    }
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
