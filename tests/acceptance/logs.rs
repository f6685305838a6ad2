//! What goes to the log, and what never does.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;

use tracing_subscriber::filter::LevelFilter;

use crate::world::{Kind, Link, STATE, World, id_of};

mod planted;

thread_local! {
    /// What this thread has logged since somebody listens to it.
    static LOG: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The functions of a world run on the thread of their test.
struct LogOfThisThread;

impl Write for LogOfThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| {
            if let Some(log) = log {
                log.extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Every line of every level that is logged meanwhile, as the functions write them. One listener for all threads: `tracing` remembers for each line of
/// the program whether anybody listens, and not on which thread.
pub(crate) fn logged(act: impl FnOnce()) -> String {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(LevelFilter::TRACE)
            .with_writer(|| LogOfThisThread)
            .init();
    });
    LOG.set(Some(Vec::new()));
    act();
    String::from_utf8(LOG.take().unwrap()).unwrap()
}

#[test]
fn no_token_gets_into_the_log() {
    let world = World::new();
    let typed = id_of("ci-7")[..8].to_owned();
    let wrong = Link::new("7F3K2QWX", "a-token-that-fits-nothing");
    let log = logged(|| {
        world.lock(Kind::Pair, STATE, "ci-7");
        world.ask_about(STATE);
        let link = world.link(STATE);
        for visit in [
            link.get(),
            wrong.get(),
            wrong.post("release", &typed),
            link.get().by_method("PUT"),
            link.post("release", &typed).of_type("text/plain"),
            link.post("release", "wrong"),
            link.post("keep", &typed).with("for", "2h"),
            link.post("release", &typed).with("even_if", "fresh"),
            link.post("release", &typed),
            link.post("release", &typed),
            link.post("restore", &typed),
        ] {
            world.visit(&visit);
        }
        world.throttle("ledger");
        world.visit(&link.get());
        world.visit(&link.post("release", &typed));
        world.mend();
        world.wait("1d");
        world.visit(&link.get());
    });
    let told = world.links(STATE);
    let tokens = told.iter().chain([&wrong]).map(|link| &link.token);
    for word in [
        "decision carried out",
        "lock put back",
        "the page could not be shown",
    ] {
        assert!(log.contains(word), "not logged at all: {word}");
    }
    for token in tokens {
        assert!(!log.contains(token.as_str()), "{log}");
    }
}
