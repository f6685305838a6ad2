//! More than one error in a paste, and less than one.

use proptest::prelude::*;

use super::errors::{self, Printed, Told};
use super::layers::{self, Layer};
use super::locks;
use super::wraps::{self, Wrap};
use crate::paste::{Finder, PastedLock, find};

fn told(text: &str) -> Vec<Told> {
    find(text).errors.into_iter().map(Told::from).collect()
}

/// An error in its own wrappers, as somebody collects them from several logs.
fn pastes() -> impl Strategy<Value = (Printed, Wrap, Vec<Layer>)> {
    (errors::any(), wraps::wraps(), layers::layers())
}

proptest! {
    #[test]
    fn every_error_of_a_paste_comes_out_in_order(pastes in proptest::collection::vec(pastes(), 2..=5)) {
        let mut all = String::new();
        let mut expected = Vec::new();
        for (printed, wrap, layers) in &pastes {
            let (text, layers) = printed.paste(*wrap, layers);
            all.push_str(&text);
            all.push_str("\n\n");
            expected.push((printed.told.clone(), *wrap, layers));
        }
        let mut found = told(&all);
        prop_assert_eq!(found.len(), expected.len(), "{}", &all);
        for (found, (mut expected, wrap, layers)) in found.iter_mut().zip(expected) {
            found.forget_what_was_lost(wrap, &layers);
            expected.forget_what_was_lost(wrap, &layers);
            prop_assert_eq!(&*found, &expected, "{}", &all);
        }
    }

    #[test]
    fn errors_of_one_log_need_no_gap(
        first in errors::taken_in_lines(),
        second in errors::taken_in_lines(),
        layers in layers::layers(),
    ) {
        prop_assume!(first.told.lock.id != second.told.lock.id);
        let text = layers::put_all_on(&[&*first.text, &*second.text].join("\n"), &layers);
        let mut found = told(&text);
        let mut expected = vec![first.told, second.told];
        for told in found.iter_mut().chain(&mut expected) {
            told.forget_what_was_lost(Wrap::No, &layers);
        }
        prop_assert_eq!(found, expected, "{}", &text);
    }

    /// Half a value may come out, where the text ends in the middle of it. Another one never does.
    #[test]
    fn what_is_left_of_a_cut_text_is_what_it_said(
        printed in errors::any(),
        wrap in wraps::wraps(),
        layers in layers::layers(),
        at in 0.0..1.0,
    ) {
        let (text, layers) = printed.paste(wrap, &layers);
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "some place in a short text")]
        let at = (text.len() as f64 * at) as usize;
        let mut finder = Finder::new();
        finder.read(&text.as_bytes()[..at]);
        let found = finder.finish().errors;
        prop_assert!(found.len() <= 1, "{}", &text[..text.floor_char_boundary(at)]);
        for error in found {
            let mut found = Told::from(error);
            let mut expected = printed.told.clone();
            found.forget_what_was_lost(wrap, &layers);
            expected.forget_what_was_lost(wrap, &layers);
            if layers.contains(&Layer::ColourWithoutEscape) {
                without_half_a_colour(&mut found.lock);
            }
            is_beginning(&found.lock, &expected.lock)
                .map_err(|field| TestCaseError::fail(format!("{field}: {found:#?}\n{layers:?}\n{}", &text[..text.floor_char_boundary(at)])))?;
        }
    }

    #[test]
    fn an_error_without_its_id_line_has_no_id(
        lock in locks::locks(),
        layers in layers::layers(),
        wrap in wraps::wraps(),
        taken in errors::taken_in_lines(),
    ) {
        let without = |text: &str| {
            let is_id = |line: &&str| line.starts_with("  ID:");
            let lines: Vec<&str> = text.lines().filter(|line| !is_id(line)).collect();
            lines.join("\n")
        };
        for text in [errors::of_dynamodb(&lock), taken.text] {
            let text = wraps::wrap(&without(&text), wrap);
            let text = layers::put_all_on(&text, &layers);
            for error in find(&text).errors {
                // Of these backends the message names it, the block never did.
                let by_message = taken.told.lock.id.as_ref().filter(|_| error.lock.is_of_caller);
                prop_assert_eq!(error.lock.id.as_ref(), by_message, "{}", &text);
            }
        }
    }
}

/// Nothing shows that a bracket at the very end began a colour whose escape character was lost.
fn without_half_a_colour(lock: &mut PastedLock) {
    for value in [
        &mut lock.id,
        &mut lock.path,
        &mut lock.operation,
        &mut lock.who,
        &mut lock.version,
        &mut lock.info,
    ] {
        let begun = value.as_deref().and_then(|value| value.rsplit_once('['));
        if let Some((before, code)) = begun
            && code.chars().all(|c| c.is_ascii_digit())
        {
            *value = Some(before.trim_end().to_owned()).filter(|before| !before.is_empty());
        }
    }
}

/// Whether each field of `found` is nothing or the beginning of the one that was printed; else the name of one that is not.
fn is_beginning(found: &PastedLock, printed: &PastedLock) -> Result<(), &'static str> {
    let texts = [
        ("ID", &found.id, &printed.id),
        ("Path", &found.path, &printed.path),
        ("Operation", &found.operation, &printed.operation),
        ("Who", &found.who, &printed.who),
        ("Version", &found.version, &printed.version),
        ("Info", &found.info, &printed.info),
    ];
    for (name, found, printed) in texts {
        let fits = match (found, printed) {
            (None, _) => true,
            (Some(found), Some(printed)) => printed.starts_with(found.as_str()),
            (Some(_), None) => false,
        };
        if !fits {
            return Err(name);
        }
    }
    // A fraction may have lost digits.
    let second = |lock: &PastedLock| lock.created.map(jiff::Timestamp::as_second);
    if second(found).is_some_and(|found| second(printed) != Some(found)) {
        return Err("Created");
    }
    Ok(())
}

#[test]
fn half_a_character_at_the_end_is_none() {
    for (cut, who) in [
        (&b"zo\xc3"[..], "zo"),
        (b"&lt;user&gt;@h&am", "<user>@h"),
        (b"&lt;user&gt;@h&#x2", "<user>@h"),
        (b"AT&T", "AT&T"),
        (b"a&b; c", "a&b; c"),
    ] {
        let mut finder = Finder::new();
        finder.read(b"Lock Info:\n  ID:        a1b2\n  Who:       ");
        finder.read(cut);
        let found = finder.finish();
        assert_eq!(found.errors[0].lock.who.as_deref(), Some(who), "{cut:?}");
    }
}
