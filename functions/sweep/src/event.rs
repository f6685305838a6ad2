//! What `sweep` is asked to do.

use lockwarden_core::ids::LockPath;
use lockwarden_lambda::Failed;
use serde::{Deserialize, Serialize};

/// The event. Everything but the known fields is ignored: a schedule sends its own, a person sends `{}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Event {
    /// Instead of a sweep: send one marked notice to everybody who is subscribed.
    #[serde(default)]
    pub test_notice: bool,
    /// Instead of a sweep: look at these states only, each by its path (`bucket/key`), at most five.
    #[serde(default)]
    pub look_at: Vec<LockPath>,
}

impl Event {
    /// Reads an event. None at all (`null`) is a sweep, like `{}`.
    ///
    /// # Errors
    /// `NotAsked` where a known field is of another type. It quotes nothing of the event: the paths in it come out of what
    /// somebody has pasted, and an error goes to the log.
    pub fn read(text: &str) -> Result<Self, Failed> {
        let event: Option<Self> = serde_json::from_str(text).map_err(|error| {
            let why = format!(
                "the event is not one of `sweep` at line {}, column {}; right ones are {{}}, {{\"test_notice\":true}} and \
                 {{\"look_at\":[\"acme-tf-state/prod/terraform.tfstate\"]}}",
                error.line(),
                error.column()
            );
            Failed::new("NotAsked", why)
        })?;
        Ok(event.unwrap_or_default())
    }
}

/// The reply to a test notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestReply {
    /// Always `sent`; a notice that was not is an error.
    pub test_notice: &'static str,
    /// How many get the notices.
    pub confirmed: usize,
    /// Who does not get them, because nobody confirmed the subscription.
    pub unconfirmed: Vec<Unconfirmed>,
}

/// Somebody who gets no notices yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unconfirmed {
    /// `email`, `https` and so on.
    pub protocol: String,
    /// Where to.
    pub endpoint: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_what_to_do_and_what_it_does_not_say_is_a_sweep() {
        for event in ["null", "{}", r#"{"time":"2024-01-15T03:42:11Z"}"#] {
            assert_eq!(Event::read(event).unwrap(), Event::default(), "{event}");
        }
        let look = Event::read(r#"{"look_at":["b/k"]}"#).unwrap();
        assert_eq!(look.look_at, [LockPath::new("b/k").unwrap()]);
        assert!(Event::read(r#"{"test_notice":true}"#).unwrap().test_notice);
    }

    #[test]
    fn what_is_no_event_is_refused_without_a_word_of_it() {
        for event in [
            r#"{"look_at":"hunter2"}"#,
            r#"{"look_at":["",{"hunter2":1}]}"#,
            r#"{"test_notice":"hunter2"}"#,
            r#""hunter2""#,
            r#"{"look_at":["hunter2"#,
        ] {
            let failed = Event::read(event).unwrap_err();
            assert_eq!(failed.kind(), "NotAsked");
            let words = failed.message();
            assert!(
                !words.contains("hunter2") && words.contains("look_at"),
                "{words}"
            );
        }
    }
}
