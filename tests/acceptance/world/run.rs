//! Begins runs of the functions and runs them, one or many at once, in an order that a seed decides; lets others in
//! between.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use lockwarden_approve::Invoked;
use lockwarden_core::token::TOKEN_BYTES;
use serde_json::{Value, json};

use super::process::{Answer, Fate, Process};
use super::{Call, Chance, FUNCTION, World};

/// No story comes near this.
const TOO_MANY_STEPS: u64 = 1_000_000;

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

    pub(super) fn let_in(&self, call: Call, is_before: bool) {
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
        self.sweeping_with(&event.to_string(), fate)
    }

    /// The same with an event that need not be JSON.
    pub(crate) fn sweeping_with(&self, event: &str, fate: Fate) -> Task<'_> {
        let event = lockwarden_sweep::Event::read(event);
        self.task(fate, async move |process| {
            let deadline = self.deadline.get();
            let swept = match event {
                Ok(event) => {
                    lockwarden_sweep::run(process, &self.sweep_settings, deadline, event).await
                }
                Err(failed) => Err(failed),
            };
            swept.map_err(|failed| format!("{}: {}", failed.kind(), failed.message()))
        })
    }

    /// A run of `triage` with this event.
    pub(crate) fn asking(&self, event: &Value, fate: Fate) -> Task<'_> {
        self.asking_with(&event.to_string(), fate)
    }

    /// The same with an event that need not be JSON.
    pub(crate) fn asking_with(&self, event: &str, fate: Fate) -> Task<'_> {
        let event = event.to_owned();
        self.task(fate, async move |process| {
            lockwarden_triage::handle(process, &self.triage_settings, &event)
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
        self.invoking(FUNCTION, id, event, fate)
    }

    /// An invoke of what this ARN stands for: the function, or an alias of it.
    pub(crate) fn invoking(&self, arn: &str, id: &str, event: &str, fate: Fate) -> Task<'_> {
        let (arn, id, event) = (arn.to_owned(), id.to_owned(), event.to_owned());
        self.task(fate, async move |process| {
            let invoked = Invoked {
                request_id: &id,
                function_arn: &arn,
            };
            lockwarden_approve::handle(process, &self.approve_settings, invoked, &event)
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
        let process = Rc::new(Process::new(self, fate));
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
            self.shuffle(&mut running);
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

    fn shuffle<T>(&self, all: &mut [T]) {
        for left in (1..=all.len()).rev() {
            let position = usize::try_from(self.below(left as u64)).unwrap();
            all.swap(position, left - 1);
        }
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

    /// Bytes of a token, other ones each time.
    pub(super) fn random(&self) -> [u8; TOKEN_BYTES] {
        self.tokens.set(self.tokens.get() + 1);
        let mut chance = Chance(self.tokens.get() << 32);
        std::array::from_fn(|_| u8::try_from(chance.below(256)).unwrap())
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
            Poll::Pending if self.process.is_dead() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let left: Vec<Call> = self.hooks.borrow().iter().map(|hook| hook.call).collect();
            assert!(left.is_empty(), "nobody came to these calls: {left:?}");
        }
    }
}
