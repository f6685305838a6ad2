//! The function's start: log, settings, clients.

use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::{Context, Error, LambdaEvent, run, service_fn};
use lockwarden_aws::connect::Connection;
use lockwarden_core::settings::SweepSettings;
use lockwarden_lambda::{CannotStart, log_to_stdout};
use lockwarden_sweep::Event;
use lockwarden_sweep::aws::Aws;
use serde_json::value::RawValue;

/// What a sweep needs for its end: the report, and whatever it has begun.
const RESERVE: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log_to_stdout();
    let settings = SweepSettings::read(|name| std::env::var(name).ok(), lockwarden_policy::read)
        .map_err(CannotStart::because)?;
    let aws = Aws::new(&Connection::load().await, &settings);
    let (aws, settings) = (&aws, &settings);
    // The text of the event, not its fields: where it has others, the runtime would quote their values in the log.
    run(service_fn(
        move |event: LambdaEvent<Box<RawValue>>| async move {
            let (text, context) = event.into_parts();
            let event = Event::read(text.get())?;
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
