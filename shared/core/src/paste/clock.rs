//! The time that a log puts in front of a line.

/// Past a time at the start of `text`, in any of the usual forms, with or without brackets, and one space; `None` where
/// there is none, or where it is the rest of a cut `Created:` field.
pub(super) fn strip(text: &str) -> Option<&str> {
    let (inner, is_bracketed) = match text.strip_prefix('[') {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let (past, has_zone) = syslog(inner)
        .map(|past| (past, true))
        .or_else(|| date_and_time(inner))?;
    let past = if is_bracketed {
        past.strip_prefix(']')?
    } else {
        past
    };
    let is_alone = past.trim().is_empty();
    if !(past.starts_with([' ', '\t']) || is_alone && past.is_empty()) {
        return None;
    }
    // A time without zone and with nothing behind it may be part of a field that a narrow terminal cut.
    let has_slashes = inner.get(4..5) == Some("/");
    let may_be_a_part = !(is_bracketed || has_zone || has_slashes);
    if may_be_a_part && (is_alone || is_zone_of_go(past.trim_start())) {
        return None;
    }
    Some(past.get(1..).unwrap_or_default())
}

/// ` +0000 UTC` and ` m=+0.01`, the end of Go's `time.String`.
fn is_zone_of_go(text: &str) -> bool {
    let offset = text.split(' ').next().unwrap_or_default();
    let is_offset = offset.starts_with(['+', '-'])
        && offset.len() <= 5
        && offset.chars().skip(1).all(|c| c.is_ascii_digit());
    is_offset || text.starts_with("UTC") || text.starts_with("m=")
}

/// `2026-11-23T02:33:43.1Z`, `2026/11/23 02:33:43`, `02:33:43.100`; and whether it names its zone.
fn date_and_time(text: &str) -> Option<(&str, bool)> {
    let after_date = date(text).and_then(|rest| rest.strip_prefix(['T', ' ']));
    let has_t = after_date.is_some() && text.get(10..11) == Some("T");
    let rest = time(after_date.unwrap_or(text))?;
    if let Some(rest) = rest.strip_prefix('Z') {
        return Some((rest, true));
    }
    match zone(rest) {
        Some(rest) => Some((rest, true)),
        None => Some((rest, has_t)),
    }
}

fn date(text: &str) -> Option<&str> {
    let rest = digits(text, 4)?.strip_prefix(['-', '/'])?;
    let rest = digits(rest, 2)?.strip_prefix(['-', '/'])?;
    digits(rest, 2)
}

fn time(text: &str) -> Option<&str> {
    let rest = digits(text, 2)?.strip_prefix(':')?;
    let rest = digits(rest, 2)?.strip_prefix(':')?;
    let rest = digits(rest, 2)?;
    match rest.strip_prefix(['.', ',']) {
        Some(fraction) => Some(fraction.trim_start_matches(|c: char| c.is_ascii_digit())),
        None => Some(rest),
    }
}

fn zone(text: &str) -> Option<&str> {
    let rest = digits(text.strip_prefix(['+', '-'])?, 2)?;
    digits(rest.strip_prefix(':').unwrap_or(rest), 2)
}

/// `Nov 23 02:33:43 host program[12]:`, as journald and syslog print it.
fn syslog(text: &str) -> Option<&str> {
    const MONTHS: [&str; 12] = [
        "Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ", "Aug ", "Sep ", "Oct ", "Nov ",
        "Dec ",
    ];
    let rest = MONTHS.iter().find_map(|month| text.strip_prefix(month))?;
    let rest = rest
        .trim_start()
        .trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = time(rest.strip_prefix(' ')?)?;
    let (_host, rest) = rest.strip_prefix(' ')?.split_once(' ')?;
    let (program, rest) = rest.split_once(':')?;
    (!program.contains(' ')).then_some(rest)
}

fn digits(text: &str, count: usize) -> Option<&str> {
    let (head, rest) = text.split_at_checked(count)?;
    head.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_logs_go() {
        for (text, rest) in [
            ("2026-11-23T02:33:43.1000274Z   ID: a", Some("  ID: a")),
            ("2026-11-23T02:33:43.1000274Z", Some("")),
            ("2026-11-23T02:33:43+01:00 a", Some("a")),
            ("[2026-11-23T02:33:43.100Z] a", Some("a")),
            ("[02:33:43] a", Some("a")),
            ("02:33:43.123 a", Some("a")),
            ("2026/11/23 02:33:43 a", Some("a")),
            ("2026-11-23 02:33:43,123 a", Some("a")),
            ("Nov  3 02:33:43 ci-node-07 terraform[812]: a", Some("a")),
        ] {
            assert_eq!(strip(text), rest, "{text}");
        }
    }

    #[test]
    fn a_part_of_a_created_field_is_no_time_of_a_log() {
        for text in [
            "2026-11-20 10:00:00.123456789 +0000 UTC",
            "10:00:00.123 +0000 UTC",
            "10:00:00.123456789 UTC",
            "10:00:00.12",
            "2026-11-20",
            "10:00:00 m=+0.5",
            "10:00:00abc",
        ] {
            assert_eq!(strip(text), None, "{text}");
        }
    }
}
