//! `make demo`: a stale lock on a local AWS, from the killed Terraform run to the next plan. With `KEEP=1` it ends by a
//! link to the approval page, and waits.

mod say;
mod story;

use std::process::ExitCode;

fn main() -> ExitCode {
    let keep = std::env::var_os("KEEP").is_some_and(|keep| !keep.is_empty());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let told = match &runtime {
        Ok(runtime) => runtime.block_on(story::tell(keep)),
        Err(error) => {
            say::trouble(error);
            return ExitCode::FAILURE;
        }
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::trouble(&error);
            ExitCode::FAILURE
        }
    }
}
