//! The least that a page can cost with the same web framework: one handler with a ready body, in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitCode, Stdio};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::routing::get;
use tempfile::TempDir;

/// Headers that the server itself adds.
const OF_THE_SERVER: [&str; 2] = ["date", "content-length"];

pub struct Bare {
    child: Child,
    pub address: SocketAddr,
    _folder: TempDir,
}

impl Bare {
    /// Starts one that answers everything with this head and body.
    pub fn start(head: &str, body: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("head"), head).unwrap();
        std::fs::write(folder.path().join("body"), body).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--bare").arg(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { address: line.trim().parse().unwrap(), child, _folder: folder }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The other process: says where it listens, and serves until it is killed.
pub async fn serve(folder: &str) -> ExitCode {
    let folder = std::path::Path::new(folder);
    let head = std::fs::read_to_string(folder.join("head")).unwrap();
    let body = Bytes::from(std::fs::read(folder.join("body")).unwrap());
    let mut headers = HeaderMap::new();
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        if !OF_THE_SERVER.contains(&name) {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
    }
    let answer = move || async move { (headers, body) };
    let router = Router::new().fallback(get(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    axum::serve(listener, router).await.unwrap();
    ExitCode::SUCCESS
}
