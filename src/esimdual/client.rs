//! What can be asked of eSIMDual.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use sqlx::PgPool;

use super::answer::{Account, Answer, Later, Listing, NewOrder, Order, Wallet};
use super::catalog_row::{self, CatalogRows, PackageRow};
use super::classify::{Call, classify};
use super::exchange::{Errand, Wire};
use super::heard::Heard;
use super::pace::Urgency;
use super::paging::{PAGES_LIMIT, page};
use super::token::{Access, Keeping, LoggedIn, Source, Tokens};
use super::wire::{self, Unreadable};
use crate::ground::{Clock, Entropy};
use crate::plumbing::sealed::SealingKey;

/// One order, one package, one error page.
const SMALL: usize = 1024 * 1024;
/// One page of a list of orders.
const LIST: usize = 64 * 1024 * 1024;
/// One page of the catalog.
const CATALOG: usize = 512 * 1024 * 1024;

/// Where eSIMDual is and how patient we are with it.
#[derive(Clone)]
pub struct Settings {
    /// `https://esimdual.com/api/reseller/v1`
    pub base_url: String,
    /// Without them nothing is asked, and every answer is *later*.
    pub credentials: Option<Credentials>,
    /// Limit for the connection alone.
    pub connect_timeout: Duration,
    /// Total limit of one request.
    pub timeout: Duration,
    /// Total limit of one page of a list of orders.
    pub list_timeout: Duration,
    /// Total limit of one page of the catalog.
    pub catalog_timeout: Duration,
    /// The budget.
    pub requests_per_minute: u32,
}

/// How the reseller is known upstream.
#[derive(Clone)]
pub enum Credentials {
    /// A ready token.
    Token(SecretString),
    /// For `POST /login`.
    Login {
        /// The account.
        email: String,
        /// Its password.
        password: SecretString,
        /// How the token is called in the reseller's account.
        device_name: String,
    },
}

/// A handle on the upstream; a clone shares its token and its pace.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    wire: Wire,
    settings: Settings,
    tokens: Option<Tokens>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base_url", &self.0.settings.base_url).finish_non_exhaustive()
    }
}

/// The body of a purchase. Its fields are written in this order, so that the bytes under a key never change.
#[derive(Serialize)]
struct OrderBody<'a> {
    package_id: i64,
    external_order_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_imei: Option<&'a str>,
}

#[derive(Serialize)]
struct LoginBody<'a> {
    email: &'a str,
    password: &'a str,
    device_name: &'a str,
}

impl Client {
    /// A handle that has not yet asked anything.
    ///
    /// # Errors
    /// When no HTTPS client can be made on this machine.
    pub fn new(
        settings: Settings,
        db: PgPool,
        key: SealingKey,
        clock: Clock,
        entropy: Entropy,
    ) -> anyhow::Result<Self> {
        let wire = Wire::new(&settings, clock.clone())?;
        let source = settings.credentials.as_ref().map(|credentials| match credentials {
            Credentials::Token(token) => Source::Fixed(token.clone()),
            Credentials::Login { email, .. } => {
                Source::Login { account: format!("{} {email}", wire.base_url()) }
            }
        });
        let keeping = Keeping { db, key, entropy, clock };
        let tokens = source.map(|source| Tokens::new(source, keeping));
        Ok(Self(Arc::new(Inner { wire, settings, tokens })))
    }

    /// Whether there are credentials to ask with.
    pub fn configured(&self) -> bool {
        self.0.tokens.is_some()
    }

    /// Buys one eSIM. *Done* only on readable proof for this very unit and package; every silence is a *doubt*.
    /// Repeating it with the same `order` sends the same bytes under the same key.
    pub async fn place_order(&self, order: &NewOrder<'_>) -> Answer<Order> {
        let body = OrderBody {
            package_id: order.package_id,
            external_order_id: order.external_order_id,
            device_imei: order.device_imei,
        };
        let errand = Errand {
            method: Method::POST,
            path: "/orders",
            body: json(&body),
            idempotency_key: Some(order.idempotency_key),
            urgency: Urgency::Order,
            ..self.asking("/orders")
        };
        let heard = match self.exchange(&errand).await {
            Ok(heard) => heard,
            Err(later) => return Answer::Later(later),
        };
        classify(Call::Purchase { doubted: order.doubted }, &heard, |body| wire::placed_order(body, order))
    }

    /// One order by the upstream's id.
    pub async fn order(&self, id: i64) -> Answer<Order> {
        self.ask(&format!("/orders/{id}"), wire::order).await
    }

    /// Every order that the upstream lists, over all pages.
    pub async fn orders(&self) -> Answer<Listing> {
        let errand = Errand { timeout: self.0.settings.list_timeout, limit: LIST, ..self.asking("/orders") };
        self.pages(&errand, |row| wire::order_row(Some(row))).await.map(|rows| {
            let listed = rows.len();
            let orders: Vec<Order> = rows.into_iter().filter_map(Result::ok).collect();
            Listing { unreadable: listed - orders.len(), orders }
        })
    }

    /// The whole catalog, over all pages; each row as written, for the catalog to judge.
    pub async fn packages(&self) -> Answer<CatalogRows> {
        let errand =
            Errand { timeout: self.0.settings.catalog_timeout, limit: CATALOG, ..self.asking("/packages") };
        self.pages(&errand, catalog_row::package_row).await.map(|rows| CatalogRows { rows })
    }

    /// One package.
    pub async fn package(&self, id: i64) -> Answer<PackageRow> {
        self.ask(&format!("/packages/{id}"), catalog_row::package).await
    }

    /// The balance.
    pub async fn wallet(&self) -> Answer<Wallet> {
        self.ask("/wallet", wire::wallet).await
    }

    /// Whether the API answers at all; needs no credentials.
    pub async fn ping(&self) -> Answer<()> {
        let heard = self.0.wire.send(&self.asking("/ping"), None).await;
        match heard {
            Ok(heard) => classify(Call::Read, &heard, wire::pong),
            Err(later) => Answer::Later(later),
        }
    }

    /// The reseller's own account.
    pub async fn me(&self) -> Answer<Account> {
        self.ask("/me", wire::account).await
    }

    fn asking<'a>(&self, path: &'a str) -> Errand<'a> {
        Errand {
            method: Method::GET,
            path,
            body: None,
            idempotency_key: None,
            timeout: self.0.settings.timeout,
            limit: SMALL,
            urgency: Urgency::Other,
        }
    }

    async fn ask<T>(&self, path: &str, read: impl FnOnce(&[u8]) -> Result<T, Unreadable>) -> Answer<T> {
        match self.exchange(&self.asking(path)).await {
            Ok(heard) => classify(Call::Read, &heard, read),
            Err(later) => Answer::Later(later),
        }
    }

    /// Reads a list page by page. A list that repeats itself or does not end is not believed at all.
    async fn pages<T>(
        &self,
        first: &Errand<'_>,
        row: impl Fn(&serde_json::value::RawValue) -> T,
    ) -> Answer<Vec<T>> {
        let mut rows = Vec::new();
        let mut last_page = None;
        for number in 1..=PAGES_LIMIT {
            let path = match number {
                1 => first.path.to_owned(),
                _ => format!("{}?page={number}", first.path),
            };
            let heard = match self.exchange(&Errand { path: &path, ..first.clone() }).await {
                Ok(heard) => heard,
                Err(later) => return Answer::Later(later),
            };
            let hash = heard.fingerprint();
            let read = classify(Call::Read, &heard, |body| {
                let page = page(body, number)?;
                rows.extend(page.rows.into_iter().map(&row));
                Ok(page.more)
            });
            match read {
                Answer::Done(false) => return Answer::Done(rows),
                Answer::Done(true) if hash.is_some() && hash == last_page => break,
                Answer::Done(true) => last_page = hash,
                other => return other.map(|_| rows),
            }
        }
        let reason = "a list that repeats itself or does not end".to_owned();
        Answer::Later(Later { reason, http_status: None, after: None })
    }

    /// Sends one errand with a token. A refused token is renewed once, and the errand repeated once: the upstream
    /// refuses a token before it looks at an order.
    async fn exchange(&self, errand: &Errand<'_>) -> Result<Heard, Later> {
        let Some(tokens) = &self.0.tokens else {
            let reason = "no eSIMDual credentials are configured".to_owned();
            return Err(Later { reason, http_status: None, after: None });
        };
        let access = tokens.access(async || self.log_in().await).await?;
        let heard = self.0.wire.send(errand, Some(&access.token)).await?;
        match heard.status() {
            Some(401) => self.replay(errand, tokens, &access).await,
            Some(300..=399) if tokens.is_old(&access) => {
                // Whatever comes of it serves the next call; this one is not repeated.
                let _renewed = tokens.renew(&access, async || self.log_in().await).await;
                Ok(heard)
            }
            Some(200..=299) => {
                tokens.trust();
                Ok(heard)
            }
            _ => Ok(heard),
        }
    }

    async fn replay(&self, errand: &Errand<'_>, tokens: &Tokens, refused: &Access) -> Result<Heard, Later> {
        let access = tokens.renew(refused, async || self.log_in().await).await?;
        let heard = self.0.wire.send(errand, Some(&access.token)).await?;
        if heard.status() == Some(401) {
            tokens.distrust();
        }
        Ok(heard)
    }

    async fn log_in(&self) -> LoggedIn {
        let Some(Credentials::Login { email, password, device_name }) = &self.0.settings.credentials else {
            let reason = "there is nothing to log in with".to_owned();
            return LoggedIn::NotNow(Later { reason, http_status: None, after: None });
        };
        let body = LoginBody { email, password: password.expose_secret(), device_name };
        let errand = Errand {
            method: Method::POST,
            body: json(&body),
            urgency: Urgency::Order,
            ..self.asking("/login")
        };
        let heard = match self.0.wire.send(&errand, None).await {
            Ok(heard) => heard,
            Err(later) => return LoggedIn::NotNow(later),
        };
        let status = heard.status();
        match (classify(Call::Read, &heard, wire::access_token), status) {
            (Answer::Done(token), _) => LoggedIn::Token(token),
            (Answer::Later(_), Some(401 | 403 | 422)) | (Answer::Refused(_), _) => LoggedIn::Refused(Later {
                reason: "the login was refused".to_owned(),
                http_status: status,
                after: None,
            }),
            (Answer::Later(later), _) => {
                LoggedIn::NotNow(Later { reason: format!("the login failed: {}", later.reason), ..later })
            }
            (Answer::Doubt(doubt), _) => {
                LoggedIn::NotNow(Later { reason: doubt.reason, http_status: status, after: None })
            }
        }
    }
}

/// These bodies are plain structs of texts and numbers, which always have JSON.
fn json(body: &impl Serialize) -> Option<Vec<u8>> {
    serde_json::to_vec(body).ok()
}
