//! Runs the functions, one or many at once, and disturbs them.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use jiff::{SignedDuration, Timestamp};
use lockwarden_aws::{Failure, Kind};
use serde_json::{Value, json};

use super::{Call, Outage, Stores, World};

/// What a function answers: its reply, or the error that Lambda would see.
pub(crate) type Answer = Result<Value, String>;

/// No story comes near this.
const TOO_MANY_STEPS: u64 = 1_000_000;

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

/// A run that was begun.
pub(crate) struct Task<'w> {
    process: Rc<Process<'w>>,
    future: Pin<Box<dyn Future<Output = Answer> + 'w>>,
}

/// Somebody who does something at a moment that no timing could hit.
pub(super) struct Hook {
    call: Call,
    is_before: bool,
    action: Box<dyn FnOnce(&World)>,
}

impl World {
    /// Somebody acts after all was read and just before this call takes effect, once.
    pub(crate) fn just_before(&self, call: Call, action: impl FnOnce(&Self) + 'static) {
        self.hook(call, true, action);
    }

    /// Somebody acts right after this call took effect, once.
    pub(crate) fn right_after(&self, call: Call, action: impl FnOnce(&Self) + 'static) {
        self.hook(call, false, action);
    }

    fn hook(&self, call: Call, is_before: bool, action: impl FnOnce(&Self) + 'static) {
        let action = Box::new(action);
        self.hooks.borrow_mut().push(Hook {
            call,
            is_before,
            action,
        });
    }

    fn let_in(&self, call: Call, is_before: bool) {
        let position = {
            let hooks = self.hooks.borrow();
            let mut hooks = hooks.iter();
            hooks.position(|hook| hook.call == call && hook.is_before == is_before)
        };
        if let Some(position) = position {
            let hook = self.hooks.borrow_mut().remove(position);
            (hook.action)(self);
        }
    }

    /// A sweep, not begun yet.
    pub(crate) fn sweeping(&self, fate: Fate) -> Task<'_> {
        self.sweeping_for(json!({}), fate)
    }

    /// A run of `sweep` with this event.
    pub(crate) fn sweeping_for(&self, event: Value, fate: Fate) -> Task<'_> {
        let event = serde_json::from_value(event).unwrap();
        self.task(fate, async move |process| {
            let deadline = self.deadline.get();
            lockwarden_sweep::run(process, &self.sweep_settings, deadline, event)
                .await
                .map_err(|failed| format!("{}: {}", failed.kind(), failed.message()))
        })
    }

    /// A run of `approve` with this event; the same `id` again is the same event again.
    pub(crate) fn approving(&self, id: &str, event: &Value, fate: Fate) -> Task<'_> {
        self.approving_text(id, &event.to_string(), fate)
    }

    /// The same with an event that need not be JSON.
    pub(crate) fn approving_text(&self, id: &str, event: &str, fate: Fate) -> Task<'_> {
        let (id, event) = (id.to_owned(), event.to_owned());
        self.task(fate, async move |process| {
            lockwarden_approve::handle(process, &self.approve_settings, &id, &event)
                .await
                .map(|reply| json!(reply))
                .map_err(|failure| failure.to_string())
        })
    }

    /// Somebody else who acts while the functions run; the name is one that nobody had before.
    pub(crate) fn somebody<'w>(&'w self, act: impl FnOnce(&Self, &str) + 'w) -> Task<'w> {
        let name = self.fresh_id();
        self.task(Fate::Lives, async move |process| {
            for _ in 0..self.below(20) {
                process.travel().await;
            }
            act(self, &name);
            Ok(Value::Null)
        })
    }

    fn task<'w>(
        &'w self,
        fate: Fate,
        run: impl AsyncFnOnce(&Process<'w>) -> Answer + 'w,
    ) -> Task<'w> {
        self.was_disturbed.set(false);
        let process = Rc::new(Process {
            world: self,
            fate,
            slowness: 1 + self.below(6),
            calls: Cell::new(0),
            is_dead: Cell::new(false),
        });
        let own = Rc::clone(&process);
        Task {
            process,
            future: Box::pin(async move { run(&own).await }),
        }
    }

    /// Runs functions at the same time, in an order that the seed decides. `None` is the answer of one that died.
    pub(crate) fn run(&self, tasks: Vec<Task<'_>>) -> Vec<Option<Answer>> {
        let mut answers: Vec<Option<Answer>> = tasks.iter().map(|_| None).collect();
        let mut running: Vec<(usize, Task<'_>)> = tasks.into_iter().enumerate().collect();
        let begun = self.steps.get();
        while !running.is_empty() {
            let steps = self.steps.get();
            assert!(
                steps - begun < TOO_MANY_STEPS,
                "the functions run in circles"
            );
            for round in (1..=running.len()).rev() {
                let position = usize::try_from(self.below(round as u64)).unwrap();
                running.swap(position, round - 1);
            }
            running.retain_mut(|(number, task)| {
                let polled = task.poll();
                if let Poll::Ready(answer) = polled {
                    self.steps.set(self.steps.get() + 1);
                    answers[*number] = answer;
                    return false;
                }
                true
            });
            if self.steps.get() == steps && !running.is_empty() {
                self.wake_the_next();
            }
        }
        answers
    }

    /// Runs one function; `None` if it died.
    pub(crate) fn run_one(&self, task: Task<'_>) -> Option<Answer> {
        self.run(vec![task]).remove(0)
    }

    /// Everybody waits: time passes until the first has waited long enough.
    fn wake_the_next(&self) {
        let mut sleepers = self.sleepers.borrow_mut();
        let next = sleepers.iter().min().copied();
        let next = next.expect("the functions got stuck: nobody calls, nobody waits");
        sleepers.retain(|until| *until > next);
        let clock = &mut self.stores.borrow_mut().clock;
        *clock = next.max(*clock);
    }

    /// An id that AWS has not given out before.
    pub(crate) fn fresh_id(&self) -> String {
        self.invokes.set(self.invokes.get() + 1);
        format!("invoke-{:04}", self.invokes.get())
    }
}

impl Task<'_> {
    /// `Ready(None)`: it died.
    fn poll(&mut self) -> Poll<Option<Answer>> {
        let mut context = Context::from_waker(Waker::noop());
        match self.future.as_mut().poll(&mut context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if self.process.is_dead.get() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
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
    async fn travel(&self) {
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

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let left: Vec<Call> = self.hooks.borrow().iter().map(|hook| hook.call).collect();
            assert!(left.is_empty(), "nobody came to these calls: {left:?}");
        }
    }
}
