//! A sandbox and a plain client of it.

use std::time::Duration;

use axum::http::{HeaderMap, header};
use serde_json::{Value, json};
use simfront::sandbox::{Running, Settings, start};

pub struct Stand {
    pub sandbox: Running,
    pub http: reqwest::Client,
    pub token: String,
}

impl Stand {
    /// A small sandbox with somebody signed in.
    pub async fn new() -> Self {
        Self::with(Settings::for_tests()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let mut stand = Self { sandbox: started(settings).await, http: client(), token: String::new() };
        stand.token = stand.log_in("test").await;
        stand
    }

    pub async fn log_in(&self, device: &str) -> String {
        let body = json!({
            "email": "partner@example.com",
            "password": "StrongPassword123!",
            "device_name": device,
        });
        let answer = self.http.post(self.api("/login")).json(&body).send().await.unwrap();
        read(answer).await.1["access_token"].as_str().unwrap().to_owned()
    }

    pub fn api(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.base_url())
    }

    pub fn control(&self, path: &str) -> String {
        format!("{}/_sandbox/{path}", self.sandbox.origin())
    }

    /// A GET of the API, with the token.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        read(self.http.get(self.api(path)).bearer_auth(&self.token).send().await.unwrap()).await
    }

    /// A purchase of the documents' package; the order.
    pub async fn buy(&self, name: &str) -> Value {
        let body = json!({ "package_id": 1120, "external_order_id": name });
        let request = self.http.post(self.api("/orders")).bearer_auth(&self.token).json(&body);
        let (status, answer) = read(request.header("Idempotency-Key", name).send().await.unwrap()).await;
        assert_eq!(status, 201, "{answer}");
        answer["data"].clone()
    }

    /// What a script tells the control side.
    pub async fn tell(&self, path: &str, body: &Value) -> (u16, Value) {
        read(self.http.post(self.control(path)).json(body).send().await.unwrap()).await
    }

    /// The control page.
    pub async fn page(&self, query: &str) -> String {
        self.http.get(self.control(query)).send().await.unwrap().text().await.unwrap()
    }

    /// A form of the control page: status, where it leads, and the page that a person then sees.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String, String) {
        let answer = self.http.post(self.control(path)).form(fields).send().await.unwrap();
        let status = answer.status().as_u16();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        match to {
            Some(to) => {
                let address = format!("{}{to}", self.sandbox.origin());
                let page = self.http.get(address).send().await.unwrap().text().await.unwrap();
                (status, to, page)
            }
            None => (status, String::new(), answer.text().await.unwrap()),
        }
    }
}

/// Starts; on a directory whose former sandbox may need a moment to let go of it.
pub async fn started(settings: Settings) -> Running {
    for _ in 0..200 {
        if let Ok(running) = start(settings.clone()).await {
            return running;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the sandbox does not start");
}

pub fn client() -> reqwest::Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
        .default_headers(HeaderMap::from_iter([(header::ACCEPT, "application/json".parse().unwrap())]))
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(60))
        .no_proxy()
        .build()
        .unwrap()
}

pub async fn read(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}")))
}
