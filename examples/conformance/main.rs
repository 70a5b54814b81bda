//! The client before judges that are not ours: `conformance PRISM OPENAPI.JSON DATABASE_URL`, run by
//! `make conformance`.
//!
//! 1. **Honest traffic** (`honest.rs`): every operation, through Prism as a strict proxy in front of the sandbox. Each
//!    answer passes a relay of ours, which sees every `sl-violations` header; none may appear.
//! 2. **Lies** (`honest.rs`): the same judge must turn red when the sandbox's answers are changed behind its back. A
//!    judge that overlooks a lie would have proved nothing in 1.
//! 3. **Hostile answers** (`hostile.rs`): Prism as a mock makes up answers from the document's schemas, seed by seed.
//!    The client may never panic and never call a purchase done that is not ours.

mod honest;
mod hostile;
mod prism;
mod relay;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use simfront::esimdual::{Client, Credentials, Settings};
use simfront::ground::{Clock, Entropy};
use simfront::plumbing::sealed::SealingKey;
use sqlx::PgPool;
use time::macros::datetime;

use prism::Prism;

/// What every part of the run stands on.
pub struct Stage {
    prism: Prism,
    document: serde_json::Value,
    db: PgPool,
    /// One for all clients: what they keep in the database has its times.
    clock: Clock,
}

impl Stage {
    /// A client with its own token, pace and memory.
    fn client(&self, base_url: &str, credentials: Credentials) -> anyhow::Result<Client> {
        let patience = Duration::from_secs(30);
        let settings = Settings {
            base_url: base_url.to_owned(),
            credentials: Some(credentials),
            connect_timeout: Duration::from_secs(5),
            timeout: patience,
            list_timeout: patience,
            catalog_timeout: patience,
            requests_per_minute: 60_000,
            login_pause: Duration::from_secs(30),
            longest_rest: Duration::from_secs(30),
        };
        let key = SealingKey::derive(&"the key of a conformance run".into());
        Client::new(settings, self.db.clone(), key, self.clock.clone(), Entropy::system())
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conformance: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, document, database] = arguments.as_slice() else {
        anyhow::bail!("say where things are: conformance PRISM OPENAPI.JSON DATABASE_URL");
    };
    let text = std::fs::read(document).with_context(|| document.clone())?;
    let stage = Stage {
        prism: Prism { program: program.into(), document: document.into() },
        document: serde_json::from_slice(&text).with_context(|| document.clone())?,
        db: PgPool::connect(database).await.context("the database")?,
        clock: Clock::running(datetime!(2026-11-22 12:00 UTC)),
    };
    honest::run(&stage).await?;
    hostile::run(&stage).await
}
