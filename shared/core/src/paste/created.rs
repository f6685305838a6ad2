//! The time after `Created:`.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Reads what Go's `time.Time.String` prints (`2026-11-23 02:33:15.82 +0000 UTC m=+0.5`), or RFC 3339.
///
/// Spaces say nothing here, so a value that a narrow terminal cut anywhere reads like a whole one. A time without zone
/// is UTC, as `statemgr.NewLockInfo` makes it. Go's zero time stands for none.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (date, rest) = compact.split_at_checked(10)?;
    let rest = rest.strip_prefix('T').unwrap_or(rest);
    let end = rest
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.')))
        .unwrap_or(rest.len());
    let (time, zone) = rest.split_at(end);
    // A time that was cut off is another time.
    let has_seconds = time.len() >= "00:00:00".len() && !time.ends_with('.');
    let offset = offset(zone).filter(|_| has_seconds)?;
    let created: Timestamp = format!("{date}T{time}{offset}").parse().ok()?;
    (created.to_zoned(TimeZone::UTC).year() > 1).then_some(created)
}

/// The offset of `+0100CET` and `+01:00`; `Z` where there is none, `None` where it was cut off.
fn offset(zone: &str) -> Option<String> {
    let Some(sign) = zone.get(..1).filter(|sign| matches!(*sign, "+" | "-")) else {
        return Some("Z".to_owned());
    };
    let digits = zone.chars().skip(1).filter(|c| *c != ':');
    let digits: String = digits.take_while(char::is_ascii_digit).take(4).collect();
    let (hours, minutes) = digits.split_at_checked(2)?;
    Some(format!("{sign}{hours}:{minutes}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_print_a_time_is_read() {
        for (text, time) in [
            (
                "2026-11-23 02:33:15.820960928 +0000 UTC",
                "2026-11-23T02:33:15.820960928Z",
            ),
            (
                "2026-11-23 02:34:32.16674334 +0000 UTC",
                "2026-11-23T02:34:32.16674334Z",
            ),
            (
                "2020-11-16 04:37:46.69309 +0000 UTC m=+0.123456789",
                "2020-11-16T04:37:46.69309Z",
            ),
            ("2020-11-16 04:37:46 +0000 UTC", "2020-11-16T04:37:46Z"),
            ("2020-11-16 04:37:46 +0530 IST", "2020-11-15T23:07:46Z"),
            ("2020-11-16 04:37:46 -0800 -0800", "2020-11-16T12:37:46Z"),
            ("2020-11-16 04:37:46 UTC", "2020-11-16T04:37:46Z"),
            ("2020-11-16 04:37:46", "2020-11-16T04:37:46Z"),
            ("2020-11-16T04:37:46.5+01:00", "2020-11-16T03:37:46.5Z"),
            ("2020-11-16T04:37:46Z", "2020-11-16T04:37:46Z"),
            (
                "2020-11-16 04:3 7:46.693 09 +00 00 UTC",
                "2020-11-16T04:37:46.69309Z",
            ),
        ] {
            assert_eq!(parse(text), Some(time.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "0001-01-01 00:00:00 +0000 UTC",
            "2020-11-16",
            "2020-11-16 04:3",
            "2020-11-16 04:37",
            "2020-11-16 04:37:46.",
            "2020-11-16 04:37:46 +",
            "2020-11-16 04:37:46 -08",
            "yesterday at noon",
            "é2020-11-1é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
