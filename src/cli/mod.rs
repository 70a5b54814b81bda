//! The commands of the program, one file each.

pub mod admin;
mod demo;
mod foundation;
mod healthcheck;
mod program;
pub mod sandbox;
mod sync;

use clap::{Parser, Subcommand};

use crate::config::{Config, LogSettings, Mistake, Source};
use crate::plumbing::telemetry;

use foundation::Foundation;

/// The shop that an eSIM reseller puts on one small server.
#[derive(Parser)]
#[command(name = "simfront", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the shop: web server and workers.
    Serve {
        /// The web server alone; workers run elsewhere.
        #[arg(long)]
        no_worker: bool,
    },
    /// Runs workers alone; answers /healthz and /readyz on BIND_ADDR.
    Worker,
    /// Runs the whole shop with the sandbox of eSIMDual's API, to look at and to buy from.
    Demo {
        /// Forgets the demo's orders, catalog and passwords, and ends.
        #[arg(long)]
        reset: bool,
    },
    /// Runs the sandbox of eSIMDual's API alone.
    Sandbox(Box<sandbox::SandboxArgs>),
    /// Brings the database to the current schema.
    Migrate,
    /// Syncs the catalog once, in the foreground.
    Sync,
    /// Asks the running program whether it lives; exits 0 or 1.
    Healthcheck,
    /// Makes and lists admins.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
}

/// Why the program ends without success.
pub enum Ending {
    /// The configuration is wrong: exit code 2.
    Misconfigured(Vec<String>),
    /// It failed: exit code 1.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Ending {
    fn from(fault: anyhow::Error) -> Self {
        Self::Failed(fault)
    }
}

impl From<sqlx::Error> for Ending {
    fn from(fault: sqlx::Error) -> Self {
        Self::Failed(fault.into())
    }
}

impl From<Vec<Mistake>> for Ending {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self::Misconfigured(mistakes.iter().map(ToString::to_string).collect())
    }
}

/// Runs the command of this process.
///
/// # Errors
/// [`Ending`]; `main` turns it into words and an exit code.
pub async fn run() -> Result<(), Ending> {
    match Arguments::parse().command {
        Command::Demo { reset: true } => Ok(demo::forget().await?),
        Command::Demo { reset: false } => demo::run().await,
        Command::Sandbox(args) => {
            start_log(&process_source()?)?;
            Ok(sandbox::run(*args).await?)
        }
        command => configured(command, &process_source()?).await,
    }
}

fn process_source() -> Result<Source, Ending> {
    Source::of_process().map_err(|mistake| vec![mistake].into())
}

fn start_log(source: &Source) -> Result<(), Ending> {
    let log = LogSettings::read(source)?;
    telemetry::start(log.format, log.filter.as_deref())
        .map_err(|error| Ending::Misconfigured(vec![format!("RUST_LOG: {error}")]))
}

async fn configured(command: Command, source: &Source) -> Result<(), Ending> {
    let config = Config::read(source)?;
    start_log(source)?;
    match command {
        Command::Serve { no_worker } => {
            let foundation = Foundation::own(&config).await?;
            program::run(&config, foundation, program::Part::serve(!no_worker)).await
        }
        Command::Worker => {
            let foundation = Foundation::own(&config).await?;
            program::run(&config, foundation, program::Part::Worker).await
        }
        Command::Migrate => {
            let foundation = Foundation::borrow_migrated(&config).await?;
            println!("the schema is current");
            foundation.close().await;
            Ok(())
        }
        Command::Sync => {
            let foundation = Foundation::borrow(&config).await?;
            let done = sync::run(&foundation.shop).await;
            foundation.close().await;
            Ok(done?)
        }
        Command::Admin(command) => {
            let foundation = Foundation::borrow(&config).await?;
            let shop = &foundation.shop;
            let done = admin::run(command, &shop.db, &shop.clock, &shop.entropy).await;
            foundation.close().await;
            Ok(done?)
        }
        Command::Healthcheck => Ok(healthcheck::run(config.bind_addr).await?),
        Command::Demo { .. } | Command::Sandbox(_) => Ok(()),
    }
}
