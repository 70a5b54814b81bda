//! `simfront healthcheck`: for containers without a shell.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::plumbing::http;

/// Asks `/healthz` of the program on this machine.
pub(super) async fn run(bind: SocketAddr) -> anyhow::Result<()> {
    let ip = if bind.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { bind.ip() };
    let address = format!("http://{}/healthz", SocketAddr::new(ip, bind.port()));
    let client = http::client(Duration::from_secs(2), Duration::from_secs(4))?;
    let status = client.get(&address).send().await?.status();
    anyhow::ensure!(status.is_success(), "{address} answered {status}");
    println!("alive");
    Ok(())
}
