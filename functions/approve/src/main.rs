//! The function's start: log, settings, clients.
#![recursion_limit = "256"] // the types of the SDK's futures are nested deeper than the default

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use lockwarden_approve::aws::Aws;
use lockwarden_approve::{Invoked, handle};
use lockwarden_aws::connect::Connection;
use lockwarden_core::settings::ApproveSettings;
use lockwarden_lambda::{CannotStart, Failed, log_to_stdout};
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log_to_stdout();
    let settings = ApproveSettings::read(|name| std::env::var(name).ok(), lockwarden_policy::read)
        .map_err(CannotStart::because)?;
    let aws = Aws::new(&Connection::load().await, &settings.common);
    let (aws, settings) = (&aws, &settings);
    // The text of the event, not its value: a decision that says something twice must not be read as if it said it once.
    run(service_fn(
        move |event: LambdaEvent<Box<RawValue>>| async move {
            let (text, context) = event.into_parts();
            let invoked = Invoked {
                request_id: &context.request_id,
                function_arn: &context.invoked_function_arn,
            };
            handle(aws, settings, invoked, text.get())
                .await
                .map_err(|failure| {
                    tracing::error!(%failure, "not answered");
                    // Alarms tell what passes from what somebody has to mend.
                    let kind = if failure.is_transient() {
                        "TryAgain"
                    } else {
                        "Broken"
                    };
                    Failed::new(kind, failure.to_string())
                })
        },
    ))
    .await
}
