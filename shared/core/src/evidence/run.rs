//! What a run that wraps Terraform says of itself while it holds a lock.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::policy::ALLOWED_SKEW;
use crate::text;

/// A run, as it stands in the ledger. Whoever may write one may write anything into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Where its job can be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_url: Option<String>,
    /// Who it says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was last heard of.
    pub beat_at: Timestamp,
    /// When it said that it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// What the last word of a run means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// It was heard of within the quiet period.
    Alive,
    /// It was not heard of for longer: dead, or cut off.
    Silent,
    /// It said that it was over, and did not let go.
    Gone,
}

impl Run {
    /// What its last word means now. A beat from the future is by a clock that nobody can trust, and so no sign of life.
    #[must_use]
    pub fn beat(&self, now: Timestamp, quiet_for: SignedDuration) -> Beat {
        if self.ended_at.is_some() {
            return Beat::Gone;
        }
        let ago = now.duration_since(self.beat_at);
        let is_recent = ago <= quiet_for && ago >= -ALLOWED_SKEW;
        if is_recent { Beat::Alive } else { Beat::Silent }
    }

    /// The same, fit to be passed on: nothing in it is long, unprintable, or a link that nobody should follow.
    #[must_use]
    pub fn harmless(self) -> Self {
        Self {
            job_url: self.link().map(str::to_owned),
            who: self.who.map(|who| text::shown(&who, 300)),
            ..self
        }
    }

    /// Its job's address, if it is one that a person may be sent to.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        let url = self.job_url.as_deref()?;
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>`\\^{|}".contains(&byte);
        let is_link = url.len() <= 500 && url.starts_with("https://") && url.bytes().all(is_plain);
        is_link.then_some(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn run(beat_at: &str) -> Run {
        Run {
            job_url: None,
            who: None,
            started_at: None,
            beat_at: at(beat_at),
            ended_at: None,
        }
    }

    #[test]
    fn a_run_is_alive_as_long_as_it_is_heard_of() {
        let now = at("2026-01-01T10:00:00Z");
        let quiet_for = SignedDuration::from_mins(5);
        for (beat_at, beat) in [
            ("2026-01-01T09:55:00Z", Beat::Alive),
            ("2026-01-01T09:54:59Z", Beat::Silent),
            ("2026-01-01T10:02:00Z", Beat::Alive),
            ("2026-01-01T10:02:01Z", Beat::Silent),
        ] {
            assert_eq!(run(beat_at).beat(now, quiet_for), beat, "{beat_at}");
            let ended = Run {
                ended_at: Some(now),
                ..run(beat_at)
            };
            assert_eq!(ended.beat(now, quiet_for), Beat::Gone);
        }
    }

    #[test]
    fn nobody_is_sent_to_what_is_no_plain_address() {
        for (url, is_link) in [
            ("https://ci.example.com/jobs/7?x=1&y=%20#log", true),
            ("http://ci.example.com/jobs/7", false),
            ("javascript:alert(1)", false),
            ("https://ci.example.com/ now", false),
            ("https://ci.example.com/\"><b>", false),
            ("https://ci.example.com/\u{202e}", false),
        ] {
            let run = Run {
                job_url: Some(url.to_owned()),
                ..run("2026-01-01T10:00:00Z")
            };
            assert_eq!(run.link().is_some(), is_link, "{url}");
        }
    }
}
