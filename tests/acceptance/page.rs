//! The approval page: what it shows to whom, what it does, and what it never does.

use lockwarden_core::ledger::{Event, EventKind};

use crate::world::{Kind, Link, STATE, World, id_of};

mod shows;
mod links;
mod forms;
mod decides;
mod strangers;
mod harmless;
mod pastes;

/// Who calls where the URL asks AWS.
const CALLER: &str = "arn:aws:sts::123456789012:assumed-role/oncall/bob";

/// What a person types about the lock of `ci-7`.
fn typed() -> String {
    id_of("ci-7")[..8].to_owned()
}

/// A stale lock of `ci-7`, and the link in its notice.
fn asked_in(world: World, kind: Kind) -> (World, Link) {
    world.lock(kind, STATE, "ci-7");
    world.ask_about(STATE);
    let link = world.link(STATE);
    world.calls();
    (world, link)
}

fn asked(kind: Kind) -> (World, Link) {
    asked_in(World::of_kind(kind), kind)
}

/// All that a form without a right decision must leave as it is: anything but the audit log.
fn all_but_the_audit(world: &World) -> (String, Vec<String>, usize, Vec<&'static str>) {
    let ledger = world.ledger_text_without_audit();
    (ledger, world.locked(), world.deleted().len(), world.told())
}

/// The refusals of a request in the audit log.
fn refusals(world: &World, link: &Link) -> Vec<Event> {
    let events = world.audit(&link.code).into_iter();
    events
        .filter(|event| event.what == EventKind::Refusal)
        .collect()
}

/// Nothing was written, deleted or told, and the lock is there.
#[track_caller]
fn assert_untouched(world: &World, before: &str, told: usize) {
    assert_eq!(world.ledger_text(), before);
    assert_eq!(world.told().len(), told, "{:?}", world.told());
    assert_eq!(world.deleted(), []);
    let calls = world.calls();
    assert!(!calls.iter().any(|call| call.writes()), "{calls:?}");
}
