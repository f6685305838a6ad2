//! Spans of time as people write them in settings (`90s`, `15m`, `4h`, `1d`) and as notices show them.

use jiff::{SignedDuration, Span, SpanRelativeTo};
use thiserror::Error;

/// A text that is not a span.
#[derive(Debug, Error)]
pub enum ParseSpanError {
    /// Not of the form number and unit.
    #[error("`{text}` is not a span of time; one looks like `90s`, `15m`, `4h` or `1d`")]
    NotASpan {
        /// The text, shortened.
        text: String,
        /// What jiff made of it.
        #[source]
        source: jiff::Error,
    },
    /// Zero, negative, or with a unit that has no fixed length.
    #[error(
        "`{text}` is not usable here: a span must be longer than zero and use days, hours, minutes or seconds"
    )]
    NotUsable {
        /// The text, shortened.
        text: String,
    },
}

/// Reads a span such as `90s`, `15m`, `1h30m`, `4h`, `1d`. A day is 24 hours.
///
/// # Errors
/// [`ParseSpanError`], with the text.
pub fn parse(text: &str) -> Result<SignedDuration, ParseSpanError> {
    let shown = || crate::text::shown(text, 40);
    let span: Span = text
        .trim()
        .parse()
        .map_err(|source| ParseSpanError::NotASpan {
            text: shown(),
            source,
        })?;
    let fixed = span.get_years() == 0 && span.get_months() == 0 && span.get_weeks() == 0;
    let duration = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|source| ParseSpanError::NotASpan {
            text: shown(),
            source,
        })?;
    if !fixed || duration <= SignedDuration::ZERO {
        return Err(ParseSpanError::NotUsable { text: shown() });
    }
    Ok(duration)
}

/// A span as a person reads it: its two largest units, `3 h 12 min`, `45 s`, `2 d 4 h`.
#[must_use]
pub fn shown(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let first = parts
        .iter()
        .position(|(count, _)| *count > 0)
        .unwrap_or(parts.len() - 1);
    parts
        .iter()
        .skip(first)
        .take(2)
        .enumerate()
        .filter(|(index, (count, _))| *index == 0 || *count > 0)
        .map(|(_, (count, unit))| format!("{count} {unit}"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("90s", 90),
            ("15m", 900),
            ("4h", 14_400),
            ("1d", 86_400),
            ("1h30m", 5_400),
            (" 2 h ", 7_200),
        ] {
            assert_eq!(
                parse(text).unwrap(),
                SignedDuration::from_secs(seconds),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_span_is_refused_with_an_example() {
        for text in ["", "15", "soon", "-5m", "0s", "1mo", "1w", "15m x"] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }

    #[test]
    fn spans_are_shown_by_their_two_largest_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (45, "45 s"),
            (60, "1 min"),
            (3_725, "1 h 2 min"),
            (3_605, "1 h"),
            (187_200, "2 d 4 h"),
            (-5, "0 s"),
        ] {
            assert_eq!(shown(SignedDuration::from_secs(seconds)), text);
        }
    }
}
