//! Before an HTTP server: every call through it is a point at which the program can be killed.
//!
//! A connection carries one call: the request is told to close it, so that the answer ends where the connection ends,
//! and whatever the server does to its connection (a reset, silence, half an answer) reaches the client as it is.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::trap::{Mode, Trap};

/// A server that says nothing for so long after a request has carried it out, as far as it ever will: it is in this
/// very process, and memory is all that it writes to.
const SILENCE: Duration = Duration::from_millis(400);
/// The longest head of a request.
const LONGEST_HEAD: usize = 64 * 1024;

/// What a relay needs to know of its side.
struct Side {
    /// `upstream`, `stripe` or `shop`.
    name: &'static str,
    server: u16,
    trap: Trap,
    /// Which calls are points.
    counts: fn(&str) -> bool,
}

/// Stands before a server on loopback until it is dropped.
pub struct Relay {
    port: u16,
    standing: JoinHandle<()>,
}

impl Relay {
    pub async fn before(server: u16, name: &'static str, trap: Trap, counts: fn(&str) -> bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let side = Arc::new(Side { name, server, trap, counts });
        let standing = tokio::spawn(async move {
            let mut calls = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let side = Arc::clone(&side);
                calls.spawn(async move { side.call(client).await });
                while calls.try_join_next().is_some() {}
            }
        });
        Self { port, standing }
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.standing.abort();
    }
}

impl Side {
    async fn call(&self, mut client: TcpStream) {
        client.set_nodelay(true).ok();
        match self.relay(&mut client).await {
            // As the server did to us, so we do to the client.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => drop(client.set_zero_linger()),
            Ok(()) | Err(_) => {}
        }
    }

    async fn relay(&self, client: &mut TcpStream) -> io::Result<()> {
        let Some(request) = request(client).await? else { return Ok(()) };
        let point = point(&request);
        let mode = match (self.counts)(&point) {
            true => self.trap.reach(&format!("{}: {point}", self.name), ""),
            false => None,
        };
        if mode == Some(Mode::A) {
            self.trap.spring();
            return Ok(());
        }
        let mut server = TcpStream::connect(("127.0.0.1", self.server)).await?;
        server.set_nodelay(true).ok();
        server.write_all(&closing(&request)).await?;
        if mode == Some(Mode::B) {
            let mut nobody_reads_it = Vec::new();
            let _silent = tokio::time::timeout(SILENCE, server.read_to_end(&mut nobody_reads_it)).await;
            self.trap.spring();
            return Ok(());
        }
        let relayed = answer(&mut server, client, mode.is_some()).await;
        if mode == Some(Mode::C) {
            client.shutdown().await.ok();
            tokio::time::sleep(self.trap.afterwards).await;
            self.trap.spring();
        }
        relayed
    }
}

/// The answer up to its end. With `impatient`, a silent server has said everything that it will say.
async fn answer(server: &mut TcpStream, client: &mut TcpStream, impatient: bool) -> io::Result<()> {
    let mut bytes = vec![0; 16 * 1024];
    let mut from_client = [0; 1];
    loop {
        let read = tokio::select! {
            read = server.read(&mut bytes) => read?,
            // A client that hangs up wants no answer any more, and a client that was told to close says nothing else.
            _ = client.read(&mut from_client) => return Ok(()),
            () = tokio::time::sleep(SILENCE), if impatient => return Ok(()),
        };
        match bytes.get(..read) {
            Some([]) | None => return Ok(()),
            Some(some) => client.write_all(some).await?,
        }
    }
}

/// One whole request with its body; `None` where the client hung up before.
async fn request(client: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut request = Vec::new();
    let head = loop {
        if let Some(head) = end_of_head(&request) {
            break head;
        }
        if request.len() > LONGEST_HEAD || client.read_buf(&mut request).await? == 0 {
            return Ok(None);
        }
    };
    let whole = head + body_length(&request[..head]);
    while request.len() < whole {
        if client.read_buf(&mut request).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(request))
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn body_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    assert!(!head.contains("transfer-encoding:"), "requests here state their length");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.unwrap_or(0)
}

/// The method and the path, with what names one thing left out: `GET /orders/{id}`.
fn point(request: &[u8]) -> String {
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split('?').next().unwrap_or_default();
    let path = path.strip_prefix("/api/reseller/v1").unwrap_or(path);
    let parts = path.split('/').map(|part| match part {
        number if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => "{id}",
        token if token.len() > 24 => "{token}",
        session if session.starts_with("cs_") => "{session}",
        part => part,
    });
    format!("{method} {}", parts.collect::<Vec<_>>().join("/"))
}

/// The request, telling its server to close the connection after the answer.
fn closing(request: &[u8]) -> Vec<u8> {
    let head = end_of_head(request).unwrap_or(request.len());
    let text = String::from_utf8_lossy(&request[..head]);
    let mut lines: Vec<&str> = text.trim_end().split("\r\n").collect();
    lines.retain(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    lines.push("connection: close\r\n\r\n");
    [lines.join("\r\n").as_bytes(), &request[head..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_named_without_what_names_one_thing() {
        assert_eq!(point(b"GET /api/reseller/v1/orders/123?x=1 HTTP/1.1\r\n\r\n"), "GET /orders/{id}");
        assert_eq!(
            point(b"POST /pay/test/abcdefghijabcdefghijabcdefghij HTTP/1.1\r\n\r\n"),
            "POST /pay/test/{token}"
        );
        assert_eq!(
            point(b"GET /v1/checkout/sessions/cs_test_0?expand[]=x HTTP/1.1\r\n\r\n"),
            "GET /v1/checkout/sessions/{session}"
        );
    }

    #[test]
    fn a_request_is_whole_with_its_body_and_told_to_close() {
        let request = b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi";
        let head = end_of_head(request).unwrap();
        assert_eq!((head + body_length(&request[..head]), request.len()), (request.len(), request.len()));
        let sent = String::from_utf8(closing(request)).unwrap();
        assert_eq!(sent, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nconnection: close\r\n\r\nhi");
    }
}
