//! One run of a function: its calls, and what happens to them.

use std::cell::Cell;
use std::task::Poll;

use jiff::{SignedDuration, Timestamp};
use lockwarden_aws::{Failure, Kind};
use serde_json::Value;

use super::{Call, Outage, Stores, World};

/// What a function answers: its reply, or the error that Lambda would see.
pub(crate) type Answer = Result<Value, String>;

/// What happens to one run of a function. Calls are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing.
    Lives,
    /// The process is gone before this call; nothing after it takes effect.
    DiesBefore(usize),
    /// This call fails and has no effect.
    Fails(usize, Kind),
    /// This call has its effect, and fails.
    LosesAnswer(usize),
    /// This call is sent once more because its first answer was lost, and the answer to the second counts.
    SentTwice(usize),
    /// This call, if it writes the ledger, meets another writer of the same items and is not taken.
    Collides(usize),
}

impl Fate {
    fn strikes_at(self, number: usize) -> bool {
        match self {
            Self::Lives => false,
            Self::DiesBefore(at)
            | Self::LosesAnswer(at)
            | Self::SentTwice(at)
            | Self::Collides(at)
            | Self::Fails(at, _) => at == number,
        }
    }
}

/// One run of a function, as its ports see it.
pub(crate) struct Process<'w> {
    pub(super) world: &'w World,
    fate: Fate,
    slowness: u64,
    calls: Cell<usize>,
    is_dead: Cell<bool>,
}

impl<'w> Process<'w> {
    pub(super) fn new(world: &'w World, fate: Fate) -> Self {
        Self {
            world,
            fate,
            slowness: 1 + world.below(6),
            calls: Cell::new(0),
            is_dead: Cell::new(false),
        }
    }

    pub(super) fn is_dead(&self) -> bool {
        self.is_dead.get()
    }
}

impl Process<'_> {
    /// A call to AWS: it travels, something may happen to it, it takes effect, the answer travels back.
    pub(super) async fn call<T, E: From<Failure>>(
        &self,
        call: Call,
        store: &str,
        effect: impl Fn(&mut Stores) -> Result<T, E>,
    ) -> Result<T, E> {
        let number = self.set_out(call).await;
        if let Some(Outage { why, lasts, .. }) = self.world.outage(store) {
            return Err(Failure::new(format!("use the {store}"), why, lasts).into());
        }
        if let Fate::Fails(at, kind) = self.fate
            && at == number
        {
            return Err(failure("ThrottlingException: slow down", kind).into());
        }
        let answer = self.take_effect(call, number, effect);
        self.come_back(call).await;
        if self.fate == Fate::LosesAnswer(number) {
            return Err(failure("dispatch failure: timeout", Kind::Transient).into());
        }
        answer
    }

    /// The number of the call, once it has reached AWS.
    pub(super) async fn set_out(&self, call: Call) -> usize {
        self.travel().await;
        let number = self.calls.get() + 1;
        self.calls.set(number);
        if self.fate.strikes_at(number) {
            self.world.was_disturbed.set(true);
        }
        if self.is_dead.get() || self.fate == Fate::DiesBefore(number) {
            self.is_dead.set(true);
            return std::future::pending().await;
        }
        self.world.let_in(call, true);
        number
    }

    fn take_effect<T>(&self, call: Call, number: usize, effect: impl Fn(&mut Stores) -> T) -> T {
        self.world.journal.borrow_mut().push(call);
        let stores = &mut self.world.stores.borrow_mut();
        let answer = effect(stores);
        if self.fate == Fate::SentTwice(number) && !call.has_token() {
            return effect(stores);
        }
        answer
    }

    pub(super) async fn come_back(&self, call: Call) {
        self.world.let_in(call, false);
        self.travel().await;
    }

    /// Whether the next call, a write of the ledger, meets another writer.
    pub(super) fn collides(&self) -> bool {
        let of = self.world.conflicts.get();
        let by_chance = of > 0 && self.world.below(of) == 0;
        by_chance || self.fate == Fate::Collides(self.calls.get() + 1)
    }

    /// Others get on meanwhile.
    pub(super) async fn travel(&self) {
        for _ in 0..=self.world.below(self.slowness) {
            self.world.steps.set(self.world.steps.get() + 1);
            let_others_go().await;
        }
    }

    /// What a fate does to a call that has no error of its own.
    pub(super) fn trouble(&self, number: usize) -> Option<Failure> {
        match self.fate {
            Fate::Fails(at, kind) if at == number => Some(failure("SlowDown: slow down", kind)),
            Fate::LosesAnswer(at) if at == number => {
                Some(failure("dispatch failure: timeout", Kind::Transient))
            }
            Fate::Lives
            | Fate::DiesBefore(_)
            | Fate::Fails(..)
            | Fate::LosesAnswer(_)
            | Fate::SentTwice(_)
            | Fate::Collides(_) => None,
        }
    }

    pub(super) async fn wait_until(&self, until: Timestamp) {
        self.world.sleepers.borrow_mut().push(until);
        while self.world.clock() < until {
            let_others_go().await;
        }
    }

    pub(super) async fn wait_for(&self, time: std::time::Duration) {
        let time = SignedDuration::try_from(time).unwrap();
        self.wait_until(self.world.clock() + time).await;
    }
}

fn failure(why: &str, kind: Kind) -> Failure {
    Failure::new("do what was asked", why, kind)
}

async fn let_others_go() {
    let mut is_first = true;
    std::future::poll_fn(move |context| {
        if std::mem::take(&mut is_first) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}
