//! Sweeps, holders and approvals in any order, some of them dying: whatever happens, only what somebody approved is
//! gone.

use std::collections::BTreeSet;

use lockwarden_core::item::Attribute;
use lockwarden_core::ledger::{Entry, Status};
use proptest::prelude::*;
use serde_json::Value;

use crate::world::{
    FAR_TABLE, Fate, Kind, TABLE, Task, World, by_topic, keep, release, release_even_if,
};

const PATHS: [&str; 3] = [
    "acme-tf-state/a.tfstate",
    "acme-tf-state/env:/dev/b.tfstate",
    "acme-tf-state/c.tfstate",
];

/// One thing that happens. Several of them happen at the same time.
#[derive(Clone, Debug)]
enum Act {
    /// A holder takes the lock if nobody has it.
    Lock(Kind, usize),
    /// Whoever holds it lets go.
    Unlock(usize),
    /// A run that loses leaves a lock object in the other one's way.
    Trip(usize),
    Sweep(Fate),
    /// The n-th request so far is approved.
    Approve(usize, Fate),
    ApproveByTopic(usize, Fate),
    ApproveWithOpenEyes(usize),
    Keep(usize),
    /// The n-th delivery so far comes once more.
    Redeliver(usize),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Lives),
        1 => (1..25_usize).prop_map(Fate::DiesBefore),
        1 => (1..25_usize).prop_map(Fate::LosesAnswer),
        1 => (1..25_usize).prop_map(Fate::SentTwice),
        1 => (1..25_usize).prop_map(Fate::Collides),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let kind = prop::sample::select(Kind::ALL.to_vec());
    prop_oneof![
        3 => (kind, 0..3_usize).prop_map(|(kind, path)| Act::Lock(kind, path)),
        1 => (0..3_usize).prop_map(Act::Unlock),
        1 => (0..3_usize).prop_map(Act::Trip),
        2 => fate().prop_map(Act::Sweep),
        2 => (0..9_usize, fate()).prop_map(|(which, fate)| Act::Approve(which, fate)),
        3 => (0..9_usize, fate()).prop_map(|(which, fate)| Act::ApproveByTopic(which, fate)),
        1 => (0..9_usize).prop_map(Act::ApproveWithOpenEyes),
        1 => (0..9_usize).prop_map(Act::Keep),
        2 => (0..9_usize).prop_map(Act::Redeliver),
    ]
}

/// Rounds of what happens at the same time, each after so many minutes.
fn story() -> impl Strategy<Value = Vec<(u32, Vec<Act>)>> {
    prop::collection::vec((1..20_u32, prop::collection::vec(act(), 1..6)), 3..14)
}

/// What somebody approved, and what was delivered.
#[derive(Default)]
struct Desk {
    approved: BTreeSet<String>,
    deliveries: Vec<(String, Value)>,
}

impl Desk {
    fn task<'w>(&mut self, world: &'w World, act: Act) -> Option<Task<'w>> {
        match act {
            Act::Lock(kind, path) => Some(world.somebody(move |world, name| {
                if world.is_free(PATHS[path]) {
                    world.lock(kind, PATHS[path], name);
                }
            })),
            Act::Unlock(path) => Some(world.somebody(move |world, _| world.unlock(PATHS[path]))),
            Act::Trip(path) => Some(world.somebody(move |world, name| {
                if !world.has_object(PATHS[path]) {
                    world.lock(Kind::Object, PATHS[path], name);
                }
            })),
            Act::Sweep(fate) => Some(world.sweeping(fate)),
            Act::Approve(which, fate) => self.approve(world, which, fate, |_, _, it| it.clone()),
            Act::ApproveByTopic(which, fate) => self.approve(world, which, fate, by_topic),
            Act::ApproveWithOpenEyes(which) => {
                let request = self.request(world, which)?;
                let words = ["fresh", "alive", "unreadable", "skewed", "split"];
                Some(self.deliver(world, release_even_if(&request, &words), Fate::Lives))
            }
            Act::Keep(which) => {
                let request = self.request(world, which)?;
                Some(self.deliver(world, keep(&request, "30m"), Fate::Lives))
            }
            Act::Redeliver(which) => {
                let (id, event) = self.deliveries.get(which)?;
                Some(world.approving(id, event, Fate::Lives))
            }
        }
    }

    fn approve<'w>(
        &mut self,
        world: &'w World,
        which: usize,
        fate: Fate,
        as_event: impl Fn(&World, &str, &Value) -> Value,
    ) -> Option<Task<'w>> {
        let request = self.request(world, which)?;
        let id = format!("delivery-{}", self.deliveries.len());
        let event = as_event(world, &id, &release(&request));
        self.deliveries.push((id.clone(), event.clone()));
        Some(world.approving(&id, &event, fate))
    }

    fn deliver<'w>(&mut self, world: &'w World, event: Value, fate: Fate) -> Task<'w> {
        let id = format!("delivery-{}", self.deliveries.len());
        self.deliveries.push((id.clone(), event.clone()));
        world.approving(&id, &event, fate)
    }

    /// A request that exists; whoever decides about it approves the text that it is about.
    fn request(&mut self, world: &World, which: usize) -> Option<String> {
        let entries = world.entries();
        let entry = entries.get(which % entries.len().max(1))?;
        self.approved
            .extend(entry.content.text().map(str::to_owned));
        Some(entry.code.to_string())
    }
}

/// Everything settles: nobody dies any more, nothing collides, and sweeps and their hand-overs come to an end.
fn settle(world: &World) {
    world.let_no_writes_collide();
    for _ in 0..5 {
        world.wait("61m");
        world.sweep();
        world.deliver_queue();
    }
}

/// Two lock tables, a bucket, and items that no function may touch.
fn account(seed: u64) -> World {
    let both = format!("{TABLE},{FAR_TABLE}");
    let world = World::with(&[("LOCK_TABLES", &both)]);
    let conflicts = if seed.is_multiple_of(3) { 12 } else { 0 };
    let text = |text: &str| Attribute::Text(text.to_owned());
    let digest = [("Digest", text("d41d8cd98f00b204e9800998ecf8427e"))];
    world.put_attributes(TABLE, "acme-tf-state/a.tfstate-md5", &digest);
    world.put_attributes(TABLE, "somebody-elses", &[("Owner", text("team-b"))]);
    world.seeded(seed).with_conflicts(conflicts)
}

fn check(seed: u64, story: Vec<(u32, Vec<Act>)>) {
    let world = account(seed);
    let not_locks = world.not_locks();
    let mut desk = Desk::default();
    for (minutes, acts) in story {
        world.wait(&format!("{minutes}m"));
        let tasks = acts.into_iter().filter_map(|act| desk.task(&world, act));
        let tasks = tasks.collect();
        world.run(tasks);
    }
    settle(&world);

    assert_eq!(world.not_locks(), not_locks, "no digest, nothing foreign");
    for text in world.deleted() {
        let text = text.expect("only text was approved");
        let is_approved = desk.approved.contains(&text);
        assert!(is_approved, "nobody approved the release of {text}");
    }
    for entry in world.entries() {
        assert_settled(&world, &entry);
    }
}

/// Nothing hangs, nothing is owed, and whoever is blocked by this lock was told.
#[track_caller]
fn assert_settled(world: &World, entry: &Entry) {
    assert_ne!(entry.status, Status::Deciding, "it hangs: {entry:?}");
    assert!(entry.unsent.is_empty(), "still owed: {entry:?}");
    let is_there = world.holds(entry.path.as_str(), &entry.content);
    let is_over = entry.status.is_over();
    assert!(!(is_over && is_there), "over, and still there: {entry:?}");
    // One notice tells of both sides of a split.
    let is_told = world.notices().iter().any(|told| {
        let mut rivals = told.notice.rivals.iter();
        told.notice.request.as_ref() == Some(&entry.code)
            || rivals.any(|rival| rival.id == entry.lock().id())
    });
    assert!(is_told || !is_there, "nobody was told of {entry:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_only_what_was_approved_is_gone(seed in any::<u64>(), story in story()) {
        check(seed, story);
    }
}
