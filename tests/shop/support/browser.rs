//! A browser without a screen: asks the whole site, fills the checkout's form in as a page shows it, and pays.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::Value;
use simfront::ground::EmailAddress;
use simfront::staff::{self, NewAccount, Role};
use tower::ServiceExt as _;

use super::{FRANCE, Stand};

pub const PASSWORD: &str = "a quiet harbour at dawn";
const FORM: &str = "application/x-www-form-urlencoded";

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.header("location")
    }
}

/// One form as a browser sends it.
pub type Fields = Vec<(String, String)>;

/// Asks a router.
pub async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 8 << 20).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
}

pub fn encoded(fields: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl Stand {
    pub async fn ask(&self, request: Request<Body>) -> Answer {
        ask(&self.router, request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn get_json(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::ACCEPT, "application/json");
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, fields: &[(String, String)]) -> Answer {
        self.post_with(path, &[], fields).await
    }

    pub async fn post_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        fields: &[(String, String)],
    ) -> Answer {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, FORM);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::from(encoded(fields))).unwrap()).await
    }

    /// The checkout's form as its page shows it, with an e-mail and the box ticked.
    pub async fn form(&self, package: i64, quantity: u32) -> Fields {
        let page = self.get(&format!("/checkout?package_id={package}&quantity={quantity}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let form = page.body.split("<form").find(|form| form.contains(r#"method="post""#)).unwrap();
        let mut fields: Fields = form.split("<input").filter_map(hidden).collect();
        fields.push(("email".to_owned(), "ada@example.com".to_owned()));
        fields.push(("accept_terms".to_owned(), "on".to_owned()));
        fields
    }

    /// Makes an order, not paid yet: the path of its payment page.
    pub async fn order(&self, package: i64, quantity: u32) -> String {
        let form = self.form(package, quantity).await;
        let sent = self.post("/checkout", &form).await;
        let pay = sent.to().to_owned();
        assert!(pay.starts_with("/pay/test/"), "{pay}");
        pay
    }

    /// Answers on a payment page: the order's token.
    pub async fn answer(&self, pay: &str, outcome: &str) -> String {
        let sent = self.post(pay, &[("outcome".to_owned(), outcome.to_owned())]).await;
        sent.to().strip_prefix("/orders/").unwrap().to_owned()
    }

    /// Buys and pays; nothing is delivered before jobs run. The order's token.
    pub async fn buy(&self, package: i64, quantity: u32) -> String {
        let pay = self.order(package, quantity).await;
        self.answer(&pay, "pay").await
    }

    /// The order as its customer's program sees it.
    pub async fn order_json(&self, token: &str) -> Value {
        let answer = self.get_json(&format!("/orders/{token}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }

    /// `status` and `payment_status`.
    pub async fn state(&self, token: &str) -> (String, String) {
        let order = self.order_json(token).await;
        let word = |name: &str| order[name].as_str().unwrap().to_owned();
        (word("status"), word("payment_status"))
    }

    /// The status of each unit of the first line.
    pub async fn units(&self, token: &str) -> Vec<String> {
        let order = self.order_json(token).await;
        let units = order["lines"][0]["units"].as_array().unwrap();
        units.iter().map(|unit| unit["status"].as_str().unwrap().to_owned()).collect()
    }

    /// Makes an owner and signs them in: the cookie.
    pub async fn owner(&self) -> String {
        let email = EmailAddress::parse("owner@example.com").unwrap();
        let new = NewAccount { email: &email, password: PASSWORD, role: Role::Owner };
        staff::create(&self.shop.db, &self.shop.clock, &self.shop.entropy, new).await.unwrap();
        self.sign_in_again().await
    }

    /// Signs the owner in: the cookie.
    pub async fn sign_in_again(&self) -> String {
        let fields = [("email", "owner@example.com"), ("password", PASSWORD)];
        let answer = self.post("/admin/login", &owned(&fields)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    }
}

pub fn owned(fields: &[(&str, &str)]) -> Fields {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn hidden(input: &str) -> Option<(String, String)> {
    let tag = input.split('>').next()?;
    tag.contains(r#"type="hidden""#).then_some(())?;
    Some((attribute(tag, "name")?, attribute(tag, "value")?))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    Some(tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?.to_owned())
}

/// The plan's page on one node.
pub async fn plan_page(router: &Router) -> String {
    let request = Request::get(format!("/plans/{FRANCE}")).body(Body::empty()).unwrap();
    ask(router, request).await.body
}

/// Asks a node again until its plan's page shows this, or shows it no more; within bounds, since another task brings it.
pub async fn comes_to(router: &Router, price: &str, shown: bool) {
    for _ in 0..3000 {
        if plan_page(router).await.contains(price) == shown {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{price} never came to be {}", if shown { "shown" } else { "gone" });
}
