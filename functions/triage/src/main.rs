//! The function's start: log, settings, client.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lockwarden_aws::connect::Connection;
use lockwarden_core::settings::TriageSettings;
use lockwarden_lambda::{CannotStart, log_to_stdout};
use lockwarden_triage::aws::Aws;
use lockwarden_triage::handle;
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log_to_stdout();
    let settings =
        TriageSettings::read(|name| std::env::var(name).ok()).map_err(CannotStart::because)?;
    let aws = Aws::new(&Connection::load().await, &settings);
    let (aws, settings) = (&aws, &settings);
    run(service_fn(
        move |event: LambdaEvent<Box<RawValue>>| async move {
            handle(aws, settings, event.payload.get()).await
        },
    ))
    .await
}
