//! The upstream of this bench, in a process of its own: it sends a catalog that lies ready as a file, so that making it
//! costs nothing on the cores that are measured.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use futures_util::StreamExt as _;
use tokio::io::AsyncReadExt as _;

const PIECE: usize = 64 * 1024;
const ACCOUNT: &str = r#"{"status":true,"message":"Success","data":{"id":1,"name":"Reseller","email":"partner@example.com","currency":"USD","balance":1000}}"#;
const NOTHING: &str = r#"{"status":true,"message":"Success","data":[]}"#;

/// A running upstream. Whatever file `catalog` is at the moment is what it sends.
pub struct Upstream {
    child: Child,
    pub address: SocketAddr,
    pub catalog: PathBuf,
}

impl Upstream {
    pub fn start(catalog: PathBuf) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--upstream").arg(&catalog).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim().parse().unwrap(), catalog }
    }

    /// From now on it sells what this file says.
    pub fn sell(&self, catalog: &Path) {
        let beside = self.catalog.with_extension("next");
        std::fs::hard_link(catalog, &beside).unwrap();
        std::fs::rename(&beside, &self.catalog).unwrap();
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The other process: says where it listens, and serves until it is killed.
pub async fn serve(catalog: PathBuf) -> ExitCode {
    let packages = move || async move {
        let file = tokio::fs::File::open(&catalog).await.unwrap();
        let pieces = futures_util::stream::unfold(file, async |mut file| {
            let mut piece = Vec::with_capacity(PIECE);
            let read = (&mut file).take(PIECE.try_into().unwrap()).read_to_end(&mut piece).await;
            match read {
                Ok(0) => None,
                read => Some((read.map(|_| Bytes::from(piece)), file)),
            }
        });
        ([(CONTENT_TYPE, "application/json")], Body::from_stream(pieces.boxed()))
    };
    let json = |text: &'static str| get(move || async move { ([(CONTENT_TYPE, "application/json")], text) });
    let router = Router::new()
        .route("/packages", get(packages))
        .route("/me", json(ACCOUNT))
        .fallback_service(json(NOTHING).with_state(()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    axum::serve(listener, router).await.unwrap();
    ExitCode::SUCCESS
}
