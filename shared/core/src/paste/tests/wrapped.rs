//! Whatever is done to an error, the same comes out.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::errors::{self, Printed, Told};
use super::layers::{self, ALL, Layer};
use super::locks;
use super::wraps::{self, Wrap};
use crate::paste::{Finder, PastedLock, find};

/// Checks that what is found in the paste is the error that went in, and nothing else.
fn check(printed: &Printed, wrap: Wrap, layers: &[Layer]) -> Result<(), TestCaseError> {
    let (text, layers) = printed.paste(wrap, layers);
    let mut found: Vec<Told> = find(&text).errors.into_iter().map(Told::from).collect();
    let mut expected = vec![printed.told.clone()];
    for told in found.iter_mut().chain(&mut expected) {
        told.forget_what_was_lost(wrap, &layers);
    }
    prop_assert_eq!(found, expected, "{:?} {:?}\n{}", wrap, layers, &text);
    Ok(())
}

proptest! {
    #[test]
    fn an_error_comes_out_of_any_layers_as_it_went_in(
        printed in errors::any(),
        wrap in wraps::wraps(),
        layers in layers::layers(),
    ) {
        check(&printed, wrap, &layers)?;
    }

    #[test]
    fn chunks_make_no_difference(
        lock in locks::locks(),
        layers in layers::layers(),
        cuts in proptest::collection::vec(1_usize..200, 1..40),
    ) {
        let text = wraps::wrap(&errors::of_dynamodb(&lock), Wrap::Hard(70));
        let text = layers::put_all_on(&text, &layers);
        let mut finder = Finder::new();
        let mut rest = text.as_bytes();
        for cut in cuts.into_iter().cycle() {
            let (chunk, after) = rest.split_at(cut.min(rest.len()));
            finder.read(chunk);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(finder.finish(), find(&text));
    }

    #[test]
    fn an_empty_field_never_takes_the_next_line(
        lock in locks::locks(),
        empty in 0_usize..6,
        wrap in wraps::wraps(),
        layers in layers::layers(),
    ) {
        let mut lock = lock;
        let field = match empty {
            0 => &mut lock.id,
            1 => &mut lock.path,
            2 => &mut lock.operation,
            3 => &mut lock.who,
            _ => &mut lock.version,
        };
        *field = None;
        let text = wraps::wrap(&errors::of_dynamodb(&lock), wrap);
        let text = layers::put_all_on(&text, &layers);
        let mut found: Vec<PastedLock> = find(&text).errors.into_iter().map(|error| error.lock).collect();
        for lock in found.iter_mut().chain([&mut lock]) {
            errors::without_doubtful_spaces(lock, wrap);
        }
        prop_assert_eq!(found, [lock], "{}", &text);
    }
}

/// A generator meets a given pair of layers once in some hundred cases; here is each of them.
#[test]
fn an_error_comes_out_of_every_pair_of_layers() {
    let mut runner = TestRunner::deterministic();
    let mut some = || {
        let case = (errors::any(), wraps::wraps()).new_tree(&mut runner);
        case.unwrap().current()
    };
    for first in ALL {
        for second in ALL.into_iter().filter(|second| *second != first) {
            let (printed, wrap) = some();
            check(&printed, wrap, &layers::possible(vec![first, second])).unwrap();
        }
    }
}
