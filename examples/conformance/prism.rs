//! Prism, the judge that reads the upstream's published document: as a proxy and as a mock.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

/// How long Node may take to start.
const START: Duration = Duration::from_secs(60);

/// Where Prism's program and the document are.
pub struct Prism {
    /// `node_modules/.bin/prism`
    pub program: PathBuf,
    /// `openapi.json`
    pub document: PathBuf,
}

/// A running Prism; it ends when this is dropped.
pub struct Running {
    process: Child,
    /// Where it listens.
    pub url: String,
}

impl Prism {
    /// In front of `upstream`, answering violations instead of handing them on.
    pub async fn proxy(&self, upstream: &str) -> anyhow::Result<Running> {
        self.start(&["proxy", "--errors"], Some(upstream)).await
    }

    /// Without an upstream: every answer is made up from the document's schemas and a seed.
    pub async fn mock(&self, seed: u32) -> anyhow::Result<Running> {
        self.start(&["mock", "-d", "--seed", &seed.to_string()], None).await
    }

    async fn start(&self, mode: &[&str], upstream: Option<&str>) -> anyhow::Result<Running> {
        let port = free_port().await?;
        let process = Command::new(&self.program)
            .args(mode)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-v", "error"])
            .arg(&self.document)
            .args(upstream)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} does not start", self.program.display()))?;
        let mut running = Running { process, url: format!("http://127.0.0.1:{port}") };
        running.wait(port, &self.document).await?;
        Ok(running)
    }
}

impl Running {
    async fn wait(&mut self, port: u16, document: &Path) -> anyhow::Result<()> {
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(ended) = self.process.try_wait()? {
                anyhow::bail!("Prism ended at its start ({ended}) with {}", document.display());
            }
            anyhow::ensure!(started.elapsed() < START, "Prism does not listen after {START:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

async fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port())
}
