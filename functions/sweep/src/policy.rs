//! What a sweep judges by. Of a policy in an object it keeps the last good version, and says where the object is broken.

use lockwarden_aws::Failure;
use lockwarden_aws::policy::{self, without};
use lockwarden_core::metrics;
use lockwarden_core::notice::Notice;
use lockwarden_core::policy::{
    Duty, Flaw, InForce, NoPolicy, ObjectIs, Policy, PolicyEntry, PolicyError, PolicyObject,
    PolicyReading, PolicySource, PolicyVersion,
};
use lockwarden_core::report::Incomplete;
use lockwarden_core::settings::SweepSettings;
use lockwarden_lambda::Failed;

use crate::ports::World;
use crate::sweep::{trouble, write_trouble};

/// The policy of one sweep, and what the report says of it.
pub(crate) struct Found {
    /// What it judges by.
    pub(crate) policy: Policy,
    /// What is wrong with the object.
    pub(crate) error: Option<PolicyError>,
    /// What could not be read or done about it.
    pub(crate) incomplete: Vec<Incomplete>,
}

/// The policy for a look at some states: nothing is written down or told about it.
pub(crate) async fn for_look(
    world: &impl World,
    settings: &SweepSettings,
) -> Result<Policy, Failed> {
    let source = &settings.common.policy;
    let current = policy::in_force(world, source, lockwarden_policy::read).await;
    let current = current.map_err(|failure| no_policy(&failure))?;
    if let Some(why) = current.why_last_good {
        tracing::warn!(why, "the last good version of the policy is in force");
    }
    Ok(current.policy)
}

/// The policy for a sweep. The last good version is kept; of a broken one people are told once.
///
/// # Errors
/// `NoPolicy` where there is none. Nobody judges by defaults instead.
pub(crate) async fn for_sweep(
    world: &impl World,
    settings: &SweepSettings,
) -> Result<Found, Failed> {
    let object = match &settings.common.policy {
        PolicySource::Setting(policy) => {
            return Ok(Found {
                policy: policy.clone(),
                error: None,
                incomplete: Vec::new(),
            });
        }
        PolicySource::Object(object) => object,
    };
    // Read before the object, so that of two sweeps the one that read the older version cannot write over the newer.
    let known = world.policy_entry().await;
    let reading = world.policy_object(&object.uri).await;
    let mut entry = match known {
        Ok(known) => PolicyEntry::about(&object.uri, known),
        Err(failure) => return without_ledger(object, reading, &failure),
    };
    let in_force = object.in_force(reading, entry.good.as_ref(), lockwarden_policy::read);
    let noted = match &in_force {
        Ok(InForce { object: is, .. }) => match is {
            ObjectIs::Good(version) => good(world, &mut entry, version).await,
            ObjectIs::Broken(flaw) => broken(world, &mut entry, flaw).await,
            ObjectIs::OutOfReach(why) => Err(Some(Incomplete {
                store: format!("policy {}", object.uri),
                why: why.clone(),
            })),
        },
        Err(NoPolicy { flaw, .. }) => match flaw {
            Some(flaw) => broken(world, &mut entry, flaw).await,
            None => Ok(()),
        },
    };
    let trouble = noted.err().flatten();
    match in_force {
        Ok(in_force) => Ok(Found {
            policy: in_force.policy,
            error: entry.error(),
            incomplete: trouble.into_iter().collect(),
        }),
        Err(none) => {
            if let Some(Incomplete { store, why }) = trouble {
                tracing::warn!(store, why, "nobody was told that there is no policy");
            }
            Err(no_policy(&without(none)))
        }
    }
}

/// Only what the object says now can be in force; and of a broken one nobody knows whether people were told.
fn without_ledger(
    object: &PolicyObject,
    reading: PolicyReading,
    failure: &Failure,
) -> Result<Found, Failed> {
    let in_force = object.in_force(reading, None, lockwarden_policy::read);
    in_force
        .map(|in_force| Found {
            policy: in_force.policy,
            error: None,
            incomplete: vec![trouble("the ledger", failure)],
        })
        .map_err(|none| {
            let why = match none.flaw {
                Some(flaw) => format!("{}\nand {failure}", flaw.why),
                None => failure.to_string(),
            };
            no_policy(&Failure::new("judge without a policy", why, failure.kind))
        })
}

async fn good(
    world: &impl World,
    entry: &mut PolicyEntry,
    version: &PolicyVersion,
) -> Result<(), Option<Incomplete>> {
    write_metric(world, false);
    if entry.saw_good(version, world.now()) {
        save(world, entry).await?;
        tracing::info!(
            etag = version.etag,
            "another version of the policy is in force"
        );
    }
    Ok(())
}

/// Should the notice not go out, the debt stays written down and is paid when its lease is over.
async fn broken(
    world: &impl World,
    entry: &mut PolicyEntry,
    flaw: &Flaw,
) -> Result<(), Option<Incomplete>> {
    write_metric(world, true);
    let duty = entry.saw_broken(flaw, world.now());
    if duty == Duty::Nothing {
        return Ok(());
    }
    save(world, entry).await?;
    if duty == Duty::Tell
        && let Some(error) = entry.error()
    {
        let published = world.publish(&Notice::of_policy(error)).await;
        published.map_err(|failure| Some(trouble("the notice topic", &failure)))?;
        entry.told(world.now());
        save(world, entry).await?;
    }
    Ok(())
}

/// `Err(None)`: another sweep wrote it meanwhile, and looks after it.
async fn save(world: &impl World, entry: &mut PolicyEntry) -> Result<(), Option<Incomplete>> {
    world.save_policy(entry).await.map_err(write_trouble)?;
    entry.revision += 1;
    Ok(())
}

fn write_metric(world: &impl World, is_broken: bool) {
    let value = [(metrics::POLICY_ERROR, i64::from(is_broken))];
    world.metrics(&metrics::line(world.now(), &value));
}

fn no_policy(failure: &Failure) -> Failed {
    tracing::error!(%failure, "there is no policy to judge by");
    Failed::of("NoPolicy", failure)
}
