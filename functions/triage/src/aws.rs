//! The port on AWS.

use lockwarden_aws::connect::Connection;
use lockwarden_aws::{Failure, look_by_name};
use lockwarden_core::ids::LockPath;
use lockwarden_core::report::LookReply;
use lockwarden_core::settings::TriageSettings;

use crate::ports::World;

/// Client and name, made once for each process.
#[derive(Debug)]
pub struct Aws {
    lambda: aws_sdk_lambda::Client,
    sweep_function: String,
}

impl Aws {
    /// Makes the client that these settings need.
    #[must_use]
    pub fn new(connection: &Connection, settings: &TriageSettings) -> Self {
        Self {
            lambda: connection.lambda(),
            sweep_function: settings.sweep_function.clone(),
        }
    }
}

impl World for Aws {
    async fn look_at(&self, paths: &[LockPath]) -> Result<LookReply, Failure> {
        look_by_name::look_at(&self.lambda, &self.sweep_function, paths).await
    }
}
