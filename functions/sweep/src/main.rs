//! The function's start: log, settings, clients.

use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::{Context, Error, LambdaEvent, run, service_fn};
use lockwarden_aws::connect::Connection;
use lockwarden_core::settings::SweepSettings;
use lockwarden_lambda::{CannotStart, log_to_stdout};
use lockwarden_sweep::Event;
use lockwarden_sweep::aws::Aws;

/// What a sweep needs for its end: the report, and whatever it has begun.
const RESERVE: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log_to_stdout();
    let settings = SweepSettings::read(|name| std::env::var(name).ok(), lockwarden_policy::read)
        .map_err(CannotStart::because)?;
    let aws = Aws::new(&Connection::load().await, &settings);
    let (aws, settings) = (&aws, &settings);
    run(service_fn(
        move |event: LambdaEvent<Option<Event>>| async move {
            let (event, context) = event.into_parts();
            let event = event.unwrap_or_default();
            lockwarden_sweep::run(aws, settings, deadline(&context), event).await
        },
    ))
    .await
}

/// When to stop beginning anything new.
fn deadline(context: &Context) -> Timestamp {
    i64::try_from(context.deadline)
        .ok()
        .and_then(|millisecond| Timestamp::from_millisecond(millisecond).ok())
        .map_or(Timestamp::MAX, |deadline| deadline - RESERVE)
}
