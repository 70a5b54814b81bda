//! What can be asked of eSIMDual.

use std::sync::Arc;

use serde::Serialize;
use sqlx::PgPool;

use super::answer::{Account, Answer, Listing, NewOrder, Order, Wallet};
use super::ask::{Desk, json};
use super::catalog_row::{self, CatalogRows, PackageRow};
use super::classify::Call;
use super::exchange::{Errand, Wire};
use super::health::{Health, Meter};
use super::operation::Operation;
use super::retry::RetryBudget;
use super::settings::{Credentials, Settings};
use super::token::{Keeping, Source, Tokens};
use super::wire;
use crate::ground::{Clock, Entropy};
use crate::plumbing::sealed::SealingKey;

/// A handle on the upstream; a clone shares its token, its pace, its breaker and its account.
#[derive(Clone)]
pub struct Client(Arc<Desk>);

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
        let base_url = wire.base_url();
        let known_as = settings.credentials.as_ref().map(|credentials| match credentials {
            Credentials::Token(token) => (Source::Fixed(token.clone()), format!("{base_url} token")),
            Credentials::Login { email, .. } => (Source::Login, format!("{base_url} {email}")),
        });
        let tokens = known_as.map(|(source, account)| {
            // Its wait for the budget, the login itself, and a little to write it down.
            let login_takes = settings.timeout.saturating_mul(2) + std::time::Duration::from_secs(5);
            let keeping =
                Keeping { account, db, key, entropy: entropy.clone(), clock: clock.clone(), login_takes };
            Tokens::new(source, keeping)
        });
        let (retries, meter) = (RetryBudget::new(), Meter::new(clock.now()));
        Ok(Self(Arc::new(Desk { wire, settings, tokens, retries, meter, entropy, clock })))
    }

    /// Whether there are credentials to ask with.
    pub fn configured(&self) -> bool {
        self.0.tokens.is_some()
    }

    /// How the desk fares: for staff.
    pub async fn health(&self) -> Health {
        let refused = match &self.0.tokens {
            Some(tokens) => tokens.standing().await,
            None => None,
        };
        self.0.meter.health(self.0.wire.breaker.standing(), refused, self.0.wire.pace.used())
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
            body: json(&body),
            idempotency_key: Some(order.idempotency_key),
            ..Errand::to(Operation::CreateOrder, "/orders")
        };
        let call = Call::Purchase { doubted: order.doubted };
        self.0.ask(call, &errand, |body| wire::placed_order(body, order)).await
    }

    /// One order by the upstream's id.
    pub async fn order(&self, id: i64) -> Answer<Order> {
        let path = format!("/orders/{id}");
        self.0.ask(Call::Read, &Errand::to(Operation::Order, &path), wire::order).await
    }

    /// Every order that the upstream lists, over all pages.
    pub async fn orders(&self) -> Answer<Listing> {
        let rows = self.0.list(Operation::Orders, "/orders", |row| wire::order_row(Some(row))).await;
        rows.map(|rows| {
            let listed = rows.len();
            let orders: Vec<Order> = rows.into_iter().filter_map(Result::ok).collect();
            Listing { unreadable: listed - orders.len(), orders }
        })
    }

    /// The whole catalog, over all pages; each row as written, for the catalog to judge.
    pub async fn packages(&self) -> Answer<CatalogRows> {
        let rows = self.0.list(Operation::Packages, "/packages", catalog_row::package_row).await;
        rows.map(|rows| CatalogRows { rows })
    }

    /// One package.
    pub async fn package(&self, id: i64) -> Answer<PackageRow> {
        let path = format!("/packages/{id}");
        self.0.ask(Call::Read, &Errand::to(Operation::Package, &path), catalog_row::package).await
    }

    /// The balance.
    pub async fn wallet(&self) -> Answer<Wallet> {
        self.0.ask(Call::Read, &Errand::to(Operation::Wallet, "/wallet"), wire::wallet).await
    }

    /// Whether the API answers at all; needs no credentials.
    pub async fn ping(&self) -> Answer<()> {
        self.0.ping().await
    }

    /// The reseller's own account.
    pub async fn me(&self) -> Answer<Account> {
        self.0.ask(Call::Read, &Errand::to(Operation::Me, "/me"), wire::account).await
    }

    /// Gives the token back: the upstream forgets it, and so do this node and the database. The next call logs in.
    pub async fn log_out(&self) -> Answer<()> {
        self.0.log_out().await
    }
}
