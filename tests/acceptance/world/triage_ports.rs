//! The port of `triage`: a look is a run of `sweep` in the same world.

use lockwarden_aws::{Failure, Kind};
use lockwarden_core::ids::LockPath;
use lockwarden_core::report::LookReply;
use lockwarden_triage::ports::World as TriageWorld;

use super::Call;
use super::process::Process;

impl TriageWorld for Process<'_> {
    async fn look_at(&self, paths: &[LockPath]) -> Result<LookReply, Failure> {
        self.call(Call::LookAt, "sweep function", |_| Ok::<_, Failure>(()))
            .await?;
        let event = lockwarden_sweep::Event {
            look_at: paths.to_vec(),
            ..lockwarden_sweep::Event::default()
        };
        let world = self.world;
        let swept =
            lockwarden_sweep::run(self, &world.sweep_settings, world.deadline.get(), event).await;
        let failed = |why: String| Failure::new("have sweep look at a state", why, Kind::Lasting);
        let reply = swept.map_err(|error| failed(error.message().to_owned()))?;
        serde_json::from_value(reply).map_err(|error| failed(error.to_string()))
    }
}
