//! A shop with a database of its own, and a browser without a screen.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use simfront::ground::{Currency, EmailAddress};
use simfront::shop::{Settings, Shop};
use simfront::staff::totp::Secret;
use simfront::staff::{self, NewAccount, Role};
use simfront::{backoffice, web};
use tower::ServiceExt as _;

use super::support::{self, Database};

pub const PASSWORD: &str = "a quiet harbour at dawn";

/// The program under test.
pub struct Stand {
    pub shop: Shop,
    pub router: Router,
    database: Database,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The session in `Set-Cookie`, as a browser would send it back.
    pub fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }
}

impl Stand {
    pub async fn new() -> Self {
        Self::at("http://127.0.0.1:3000").await
    }

    pub async fn at(public_url: &str) -> Self {
        let database = Database::new("backoffice").await;
        let settings = Settings { public_url: public_url.to_owned(), ..support::settings() };
        let shop = support::shop(database.pool.clone(), settings, support::NOWHERE, None);
        Self { router: router(&shop), shop, database }
    }

    /// As with `RATE_LIMITS=off`.
    pub fn unlimited(&mut self) {
        let settings = Settings { rate_limits: false, ..(*self.shop.settings).clone() };
        self.shop.settings = Arc::new(settings);
        self.router = router(&self.shop);
    }

    /// As with `REQUIRE_SECOND_FACTOR=true`.
    pub fn demanding(&mut self) {
        let settings = Settings { require_second_factor: true, ..(*self.shop.settings).clone() };
        self.shop.settings = Arc::new(settings);
        self.router = router(&self.shop);
    }

    /// As with `CURRENCY`.
    pub fn choosing(&mut self, currency: &str) {
        let settings = Settings { currency: Currency::parse(currency), ..(*self.shop.settings).clone() };
        self.shop.settings = Arc::new(settings);
        self.router = router(&self.shop);
    }

    /// Sets up a second factor for who is signed in: its secret, and its recovery codes.
    pub async fn enrol(&self, cookie: &str) -> (Secret, Vec<String>) {
        let asked = self.post("/admin/account/second-factor", cookie, &[("password", PASSWORD)]).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.body);
        let page = self.get("/admin/account", cookie).await.body;
        let secret = secret_on(&page);
        let code = secret.shown_at(self.shop.now());
        let done = self.post("/admin/account/second-factor/enrol", cookie, &[("code", &code)]).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        (secret, codes_on(&done.body))
    }

    /// Lets the app show its next code: the last one was taken.
    pub fn next_step(&self) {
        self.shop.clock.advance(time::Duration::seconds(30));
    }

    /// Drops the database. A test that failed leaves it for a look.
    pub async fn end(self) {
        self.database.end().await;
    }

    pub async fn admin(&self, email: &str, role: Role) {
        let email = EmailAddress::parse(email).unwrap();
        let new = NewAccount { email: &email, password: PASSWORD, role };
        staff::create(&self.shop.db, &self.shop.clock, &self.shop.entropy, new).await.unwrap();
    }

    /// Makes an account and signs it in: its cookie.
    pub async fn signed_in(&self, email: &str, role: Role) -> String {
        self.admin(email, role).await;
        let answer = self.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.cookie()
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/admin/login", "", &[("email", email), ("password", password)]).await
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.ask(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.ask(request).await
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 4 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// Runs a statement of the test itself.
    pub async fn sql(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&self.shop.db).await.unwrap();
    }

    pub async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.shop.db).await.unwrap()
    }
}

/// The secret as a page shows it to be typed.
pub fn secret_on(page: &str) -> Secret {
    let text = page.split(r#"<code class="address">"#).nth(1).unwrap().split('<').next().unwrap();
    Secret::from_text(text).unwrap()
}

/// The recovery codes on a page.
pub fn codes_on(page: &str) -> Vec<String> {
    let list = page.split(r#"<ul class="recovery-codes">"#).nth(1).unwrap().split("</ul>").next().unwrap();
    list.split(r#"<li class="id">"#).skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

fn router(shop: &Shop) -> Router {
    let rooms = Router::new().merge(staff::routes()).merge(backoffice::routes()).merge(web::assets::routes());
    rooms.with_state(shop.clone())
}
