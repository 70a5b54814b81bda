//! A PostgreSQL of the run's own, durable as in life, which can be restarted under the shop.

use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};
use simfront::plumbing::private_postgres::{self, Owned, Settings};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tempfile::TempDir;

use crate::stand::folder;

pub struct Cluster {
    // Declared, and so dropped, before the folder that it lives in.
    server: Option<Owned>,
    settings: Settings,
    _folder: TempDir,
    /// Opens connections when they are asked for, and again after a restart.
    pub pool: PgPool,
    pub url: String,
}

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Connections are cut, the last checkpoint is written.
    Fast,
    /// Everything drops dead; the next start replays the log.
    Immediate,
}

impl Cluster {
    pub async fn start() -> Self {
        let folder = folder();
        let settings = Settings { data_dir: folder.path().join("cluster"), bin_dir: None, durable: true };
        let server = Owned::start(&settings).await.unwrap();
        let url = server.url().to_owned();
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy(&url).unwrap();
        Self { server: Some(server), settings, _folder: folder, pool, url }
    }

    pub async fn restart(&mut self, end: End) {
        let mut server = self.server.take().expect("it runs");
        if end == End::Immediate {
            kill_process(postmaster(&server), Signal::QUIT).unwrap();
            server.died().await;
        }
        server.stop().await;
        self.server = Some(Owned::start(&self.settings).await.unwrap());
    }

    pub async fn stop(mut self) {
        self.pool.close().await;
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
        private_postgres::forget(&self.settings.data_dir).await.unwrap();
    }
}

/// The server's first process, as it writes itself down.
fn postmaster(server: &Owned) -> Pid {
    let log = server.log();
    let home = log.parent().unwrap_or(Path::new("/"));
    let written = fs::read_to_string(home.join("data/postmaster.pid")).unwrap();
    Pid::from_raw(written.lines().next().unwrap().trim().parse().unwrap()).unwrap()
}
