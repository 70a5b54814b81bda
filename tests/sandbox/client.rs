//! A client and a receiver that are not the shop's, and what every test here starts from.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use simfront::sandbox::{Injection, Running, Settings, start};

/// A plain client of the sandbox.
pub struct Client {
    pub http: reqwest::Client,
    pub base: String,
    pub origin: String,
    pub token: String,
}

impl Client {
    pub async fn signed_in(sandbox: &Running) -> Self {
        let mut client = Self::anonymous(sandbox);
        let (status, answer) = client.login("partner@example.com", "StrongPassword123!").await;
        assert_eq!(status, 200);
        client.token = answer["access_token"].as_str().unwrap().to_owned();
        client
    }

    pub fn anonymous(sandbox: &Running) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let http = reqwest::Client::builder()
            .default_headers(HeaderMap::from_iter([(header::ACCEPT, "application/json".parse().unwrap())]))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .no_proxy()
            .build()
            .unwrap();
        Self { http, base: sandbox.base_url(), origin: sandbox.origin(), token: String::new() }
    }

    pub async fn login(&self, email: &str, password: &str) -> (u16, Value) {
        let body = json!({ "email": email, "password": password, "device_name": "test" });
        read(self.http.post(format!("{}/login", self.base)).json(&body).send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let (status, text) = self.get_text(path).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    pub async fn get_text(&self, path: &str) -> (u16, String) {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub fn order(&self, key: &str, body: &Value) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}/orders", self.base)).bearer_auth(&self.token).json(body);
        if key.is_empty() { request } else { request.header("Idempotency-Key", key) }
    }

    pub async fn buy(&self, key: &str, external_id: &str) -> (u16, Value) {
        read(self.order(key, &france(external_id)).send().await.unwrap()).await
    }

    pub async fn control(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/_sandbox/{path}", self.origin);
        read(self.http.post(url).json(body).send().await.unwrap()).await
    }
}

pub async fn read(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

pub fn france(external_id: &str) -> Value {
    json!({ "package_id": 1120, "external_order_id": external_id, "device_imei": "356938035643809" })
}

pub async fn sandbox() -> Running {
    start(Settings::for_tests()).await.unwrap()
}

/// Asks again until it is so, for at most ten seconds.
pub async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

/// What a webhook receiver got.
#[derive(Clone)]
pub struct Got {
    pub event: String,
    pub delivery: String,
    /// The first signature; empty where there is none.
    pub signature: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A receiver that refuses the first `refusals` webhooks with 503.
pub async fn receiver(refusals: usize) -> (String, Arc<Mutex<Vec<Got>>>) {
    let got: Arc<Mutex<Vec<Got>>> = Arc::default();
    let kept = Arc::clone(&got);
    let take = move |headers: HeaderMap, body: Bytes| {
        let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let mut kept = kept.lock().unwrap();
        kept.push(Got {
            event: header("x-esimdual-event"),
            delivery: header("x-esimdual-delivery"),
            signature: header("x-esimdual-signature"),
            headers: headers.clone(),
            body,
        });
        let answer = if kept.len() > refusals { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        async move { answer }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/hook", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, got)
}

pub fn hmac_hex(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// Starts on a directory whose former sandbox may need a moment to let go of it.
pub async fn start_again(settings: impl Fn() -> Settings) -> Running {
    for _ in 0..200 {
        if let Ok(running) = start(settings()).await {
            return running;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the journal is still held");
}

/// Arms a fault as the flag of the command line writes it.
pub fn arm(sandbox: &Running, flag: &str) {
    sandbox.inject(flag.parse::<Injection>().unwrap_or_else(|wrong| panic!("{flag}: {wrong}")));
}

/// What came over a connection, byte by byte, and how it ended.
pub struct Wire {
    pub bytes: Vec<u8>,
    /// `None` for a proper end.
    pub error: Option<std::io::ErrorKind>,
}

impl Wire {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// What stands after the head.
    pub fn body(&self) -> String {
        self.text().split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned())
    }
}

impl Client {
    /// A purchase, written and read by hand.
    pub async fn buy_by_hand(&self, key: &str, external_id: &str) -> Wire {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let address = self.origin.trim_start_matches("http://");
        let body = france(external_id).to_string();
        let request = format!(
            "POST /api/reseller/v1/orders HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
             idempotency-key: {key}\r\naccept: application/json\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.token,
            body.len()
        );
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let read =
            tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await.unwrap();
        Wire { bytes, error: read.err().map(|error| error.kind()) }
    }
}
