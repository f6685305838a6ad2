//! Processes that end with the value that holds them, and with this program, however that ends.

use std::io::Write as _;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use crate::failure::{Failure, Result};
use crate::tools::Tools;

/// A running program under `guard.py`, which ends it and all its children as soon as this value is gone.
///
/// The guard notices the closed pipe. That works for a drop, for a panic and for a SIGKILL of this very process, and
/// takes neither a signal handler nor `unsafe` here.
#[derive(Debug)]
pub(crate) struct Guarded {
    guard: Child,
    orders: Option<ChildStdin>,
}

impl Guarded {
    /// The words that start a command under the guard; the program and its arguments are to follow.
    pub(crate) fn command(tools: &Tools) -> Result<Command> {
        let mut command = Command::new(tools.installed("python")?);
        command.arg(tools.script("guard.py"));
        Ok(command)
    }

    /// Starts a command that [`Guarded::command`] began.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let mut guard = command
            .stdin(Stdio::piped())
            .spawn()
            .map_err(Failure::system(format!("start {command:?}")))?;
        let orders = guard.stdin.take();
        Ok(Self { guard, orders })
    }

    /// How the program ended, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.guard
            .try_wait()
            .map_err(Failure::system("look after a process"))
    }

    /// Sends a signal (`STOP`, `CONT`) to the program itself and not to its children.
    pub(crate) fn signal(&mut self, name: &str) -> Result<()> {
        match &mut self.orders {
            Some(orders) => orders
                .write_all(format!("{name}\n").as_bytes())
                .map_err(Failure::system("send a signal to a process")),
            None => Ok(()),
        }
    }

    /// Sends SIGKILL to the program itself and waits until it and all its children are gone.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.signal("KILL")?;
        self.guard
            .wait()
            .map_err(Failure::system("wait for a killed process"))?;
        Ok(())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Nothing could be done about an error here; the guard ends the program on its own account.
        drop(self.guard.wait());
    }
}
