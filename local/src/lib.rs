//! A local AWS for the tests and the demo: everything that has to be real and runs on one machine.
//!
//! [`MiniStack`] is the AWS, [`deploy()`] puts the project's own template and binaries on it, [`Project`] is a Terraform
//! configuration that a real `terraform` or `tofu` applies, and [`Stores`] are the lock table and the state bucket
//! that both look at. Each of them ends by itself with the value that stands for it, and also when the whole program
//! is killed.

mod aloud;
mod failure;
mod guarded;
mod tools;
mod template;

mod browser;
mod clients;
mod deploy;
mod functions;
mod inbox;
mod mail;
mod ministack;
mod record;
mod stores;
mod terraform;

pub use aloud::{on_path, say_aloud, say_skipped};
pub use browser::{Browsers, WindowKind};
pub use clients::{Clients, Credentials};
pub use deploy::{Deployment, deploy, deploy_with_page};
pub use failure::Failure;
pub use functions::{Invocation, invoke};
pub use inbox::Inbox;
pub use mail::{Mail, mails};
pub use ministack::{Access, MiniStack, REGION};
pub use record::LockRecord;
pub use stores::{Item, Object, Snapshot, Stores};
pub use terraform::{Mode, Project, Running, Terraform};
pub use tools::Tools;
