//! Whatever is done to an error, the same lock comes out.

use proptest::prelude::*;

use super::render::{self, Layer, Layout, Wrap};
use crate::paste::{Finder, Kind, PastedLock, find};

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Dynamodb), Just(Kind::S3Lockfile)]
}

fn paste(lock: &PastedLock, kind: Kind, layout: Layout, wrap: Wrap, layers: &[Layer]) -> String {
    let mut text = render::wrap(&render::error(lock, kind, layout), wrap);
    for layer in layers {
        text = render::put_on(&text, *layer);
    }
    text
}

proptest! {
    #[test]
    fn a_lock_comes_out_of_any_layers_as_it_went_in(
        lock in render::locks(),
        kind in kinds(),
        layout in render::layouts(),
        wrap in render::wraps(),
        layers in render::layers(),
    ) {
        let text = paste(&lock, kind, layout, wrap, &layers);
        let found = find(&text);
        prop_assert_eq!(found.errors.len(), 1, "{}", &text);
        let error = &found.errors[0];
        prop_assert_eq!(&error.lock, &lock, "{}", &text);
        prop_assert_eq!((error.kind, error.held), (kind, Some(true)), "{}", &text);
    }

    #[test]
    fn chunks_make_no_difference(
        lock in render::locks(),
        layers in render::layers(),
        cuts in proptest::collection::vec(1_usize..200, 1..40),
    ) {
        let text = paste(&lock, Kind::Dynamodb, Layout::New, Wrap::Hard(70), &layers);
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
        lock in render::locks(),
        empty in 0_usize..6,
        wrap in render::wraps(),
        layers in render::layers(),
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
        let text = paste(&lock, Kind::Dynamodb, Layout::New, wrap, &layers);
        let found = find(&text);
        prop_assert_eq!(found.errors.len(), 1, "{}", &text);
        prop_assert_eq!(&found.errors[0].lock, &lock, "{}", &text);
    }

    #[test]
    fn two_errors_in_one_paste_are_two(
        first in render::locks(),
        second in render::locks(),
        layers in render::layers(),
    ) {
        prop_assume!(first.id != second.id);
        let text = [(&first, Kind::Dynamodb), (&second, Kind::S3Lockfile)]
            .map(|(lock, kind)| paste(lock, kind, Layout::New, Wrap::No, &layers))
            .join("\n");
        let found: Vec<(Kind, PastedLock)> = find(&text).errors.into_iter().map(|error| (error.kind, error.lock)).collect();
        prop_assert_eq!(found, [(Kind::Dynamodb, first), (Kind::S3Lockfile, second)], "{}", &text);
    }
}
