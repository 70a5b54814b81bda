//! F37: an upstream behind a bad certificate is not spoken to, and one that a private authority vouches for is.
//!
//! Which authorities count is read from `SSL_CERT_FILE` when the first connection is made, and a process has one
//! environment; so the test runs itself once more as a child that has it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::{ORDER, client, clock, no_database, token, word};

const NAME: &str = "f37_only_an_upstream_with_a_good_certificate_is_spoken_to";
/// Where the child finds the servers: `name=port` and a comma between them.
const SERVERS: &str = "F37_SERVERS";
const GOOD: &str = r#"{"status":true,"data":{"id":45,"external_order_id":"SF-7K3M9QWX-1-1","status":"processing",
    "package":{"id":1120}}}"#;

#[tokio::test]
async fn f37_only_an_upstream_with_a_good_certificate_is_spoken_to() {
    if let Ok(servers) = std::env::var(SERVERS) {
        return as_the_child(&servers).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(&folder.path().join("ca.pem"));
    let mut servers = BTreeMap::new();
    let years = |from, to| (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
    for (name, host, (from, to)) in [
        ("good", "localhost", years(2020, 2200)),
        ("expired", "localhost", years(2020, 2021)),
        ("wrong host", "elsewhere.example", years(2020, 2200)),
    ] {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (from, to);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &authority.0).unwrap();
        servers.insert(name, Server::start(certificate, &key).await);
    }
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    servers.insert("self-signed", Server::start(own, &key).await);
    let old = tls_1_0().await;
    let list = servers.iter().map(|(name, server)| format!("{name}={}", server.port));
    let list = list.chain([format!("TLS 1.0={old}")]).collect::<Vec<_>>().join(",");
    let child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("faults_tls::{NAME}"), "--nocapture"])
        .env("SSL_CERT_FILE", folder.path().join("ca.pem"))
        .env_remove("SSL_CERT_DIR")
        .env(SERVERS, list)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    for (name, server) in servers {
        let wanted = usize::from(name == "good");
        assert_eq!(server.asked.load(Ordering::Relaxed), wanted, "requests that reached {name}");
    }
}

/// Asks every server; only the good one may be asked anything.
async fn as_the_child(servers: &str) {
    for server in servers.split(',') {
        let (name, port) = server.split_once('=').unwrap();
        let client = client(&format!("https://localhost:{port}"), token(), no_database(), &clock());
        let answer = client.place_order(&ORDER).await;
        let wanted = if name == "good" { "done" } else { "later" };
        assert_eq!(word(&answer), wanted, "{name}: {answer:?}");
    }
}

/// A private authority, written to a file.
struct Authority(Issuer<'static, KeyPair>);

impl Authority {
    fn new(file: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        std::fs::write(file, params.self_signed(&key).unwrap().pem()).unwrap();
        Self(Issuer::new(params, key))
    }
}

/// A server that sells to whoever shakes hands with it.
struct Server {
    port: u16,
    /// Requests that it could read.
    asked: Arc<AtomicUsize>,
}

impl Server {
    async fn start(certificate: rcgen::Certificate, key: &KeyPair) -> Self {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, counter) = (acceptor.clone(), Arc::clone(&counter));
                tokio::spawn(sell(acceptor, stream, counter));
            }
        });
        Self { port, asked }
    }
}

async fn sell(acceptor: TlsAcceptor, stream: TcpStream, asked: Arc<AtomicUsize>) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut request = [0_u8; 4096];
    if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
        asked.fetch_add(1, Ordering::Relaxed);
        let head = format!("HTTP/1.1 201 X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", GOOD.len());
        let _gone = stream.write_all(format!("{head}{GOOD}").as_bytes()).await;
        let _gone = stream.shutdown().await;
    }
}

/// A server that knows nothing newer than TLS 1.0: whatever hello comes, its own says 3.1 and an old cipher.
async fn tls_1_0() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut hello = vec![0x16, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
    hello.extend([7; 32]);
    hello.extend([0, 0, 0x2f, 0]);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0_u8; 4096];
            let _hello = stream.read(&mut asked).await;
            let _gone = stream.write_all(&hello).await;
            let _closed = stream.read(&mut asked).await;
        }
    });
    port
}
