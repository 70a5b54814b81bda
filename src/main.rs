//! Runs one command and turns its result into an exit code: 0 done, 1 it failed, 2 the command or the configuration is
//! wrong.

use std::process::ExitCode;

use simfront::cli::{self, Ending};

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => {
            let ended = runtime.block_on(cli::run());
            // A look-up of a name that hangs must not hold the program's end.
            runtime.shutdown_timeout(std::time::Duration::from_secs(1));
            ended
        }
        Err(error) => Err(Ending::Failed(error.into())),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(Ending::Failed(fault)) => {
            eprintln!("simfront: {fault:#}");
            ExitCode::from(1)
        }
        Err(Ending::Misconfigured(mistakes)) => {
            for mistake in mistakes {
                eprintln!("simfront: {mistake}");
            }
            ExitCode::from(2)
        }
    }
}
