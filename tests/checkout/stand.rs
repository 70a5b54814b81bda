//! A shop with a database of its own, an upstream that says what it is told, and a browser without a screen.

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::{Extension, Router};
use simfront::checkout;
use simfront::ground::Language;
use simfront::shop::{Settings, Shop};
use simfront::web::Limits;
use simfront::window::{self, Window};
use tower::ServiceExt as _;

use super::support::{self, Database};

type Said = Arc<Mutex<(u16, String)>>;

/// The program under test.
pub struct Stand {
    pub shop: Shop,
    router: Router,
    window: Window,
    said: Said,
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
}

/// The value of a hidden field.
pub fn hidden(page: &Answer, name: &str) -> String {
    let before = format!("type=\"hidden\" name=\"{name}\" value=\"");
    // The quantity's own form comes first and holds the package too.
    let rest = page.body.split(&before).nth(1).unwrap_or_else(|| panic!("no {name}: {}", page.body));
    rest.split('"').next().unwrap().to_owned()
}

/// What a browser would send: the hidden fields as they came, an address and a ticked box; then the changes.
pub fn fields(page: &Answer, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> =
        ["package_id", "quantity", "form_key", "shown_price", "quote", "payment_method"]
            .map(|name| (name.to_owned(), hidden(page, name)))
            .into();
    fields.push(("email".to_owned(), "ada@example.com".to_owned()));
    fields.push(("accept_terms".to_owned(), "on".to_owned()));
    fields.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    fields.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    fields
}

/// The upstream's answer about package 1120.
pub fn package_costs(cost: &str) -> String {
    let answer = include_str!("../fixtures/esimdual/package.json");
    answer.replace("\"reseller_price\": 4.2,", &format!("\"reseller_price\": {cost},"))
}

impl Stand {
    pub async fn new() -> Self {
        let database = Database::new("checkout").await;
        sqlx::raw_sql(include_str!("seed.sql")).execute(&database.pool).await.unwrap();
        let said = Said::new(Mutex::new((503, String::new())));
        let base_url = serve(Arc::clone(&said)).await;
        let shop = support::shop(database.pool.clone(), support::settings(), &base_url, Some("a token"));
        let window = Window::default();
        window::reload(&shop, &window).await.unwrap();
        Self { router: router(&shop, &window), shop, window, said, database }
    }

    /// As with `PAYMENT_METHODS`.
    pub fn pay_with(&mut self, methods: &[&str]) {
        let payment_methods = methods.iter().map(|method| (*method).to_owned()).collect();
        self.shop.settings = Arc::new(Settings { payment_methods, ..(*self.shop.settings).clone() });
        self.router = router(&self.shop, &self.window);
    }

    /// What the upstream says from now on.
    pub fn upstream(&self, status: u16, body: &str) {
        *self.said.lock().unwrap() = (status, body.to_owned());
    }

    /// Drops the database. A test that failed leaves it for a look.
    pub async fn end(self) {
        self.database.end().await;
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, fields: &[(String, String)]) -> Answer {
        self.post_in(Language::En, fields).await
    }

    /// As with the language's prefix.
    pub async fn post_in(&self, language: Language, fields: &[(String, String)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = "application/x-www-form-urlencoded";
        let request = Request::post("/checkout").header(header::CONTENT_TYPE, kind);
        self.ask(request.extension(language).body(Body::from(body)).unwrap()).await
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = String::from_utf8(to_bytes(body, 4 << 20).await.unwrap().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Runs a statement of the test itself.
    pub async fn sql(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&self.shop.db).await.unwrap();
    }

    pub async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.shop.db).await.unwrap()
    }

    pub async fn text(&self, statement: &'static str) -> String {
        sqlx::query_scalar(statement).fetch_one(&self.shop.db).await.unwrap()
    }
}

fn router(shop: &Shop, window: &Window) -> Router {
    let routes = checkout::web::routes().with_state(shop.clone());
    let rates = shop.settings.rate_limits.then_some(shop.settings.rates);
    let limits = Limits::new(rates, shop.clock.clone());
    let desk = checkout::Desk { counter: checkout::Counter::default(), limits };
    routes.layer(Extension(window.clone())).layer(Extension(desk))
}

/// An upstream that gives one answer to everything.
async fn serve(said: Said) -> String {
    let answer = move || {
        let (status, body) = said.lock().unwrap().clone();
        let kind = [(header::CONTENT_TYPE, "application/json")];
        std::future::ready((StatusCode::from_u16(status).unwrap(), kind, body).into_response())
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/api/reseller/v1", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    base_url
}
