//! What can be asked of eSIMDual.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use sqlx::PgPool;

use super::answer::{
    Account, Answer, EsimDetails, Listing, NewOrder, Order, PricedCountry, Root, Rows, Usage, Wallet,
};
use super::ask::{Desk, json};
use super::catalog_row::{CatalogRows, PackageRow};
use super::classify::Call;
use super::exchange::{Errand, Wire};
use super::filter::Filter;
use super::health::{Health, Meter};
use super::operation::Operation;
use super::reading::{self, Undocumented, Unreadable};
use super::retry::RetryBudget;
use super::settings::{Credentials, Settings};
use super::token::{Keeping, Source, Tokens};
use super::undocumented;
use super::vpn_plans::VpnPlans;
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
            Credentials::Token(token) => (Source::Fixed(token.clone()), format!("{base_url} token"), token),
            Credentials::Login { email, password, .. } => {
                (Source::Login, format!("{base_url} {email}"), password)
            }
        });
        let kept_in = db.clone();
        let tokens = known_as.map(|(source, account, secret)| {
            let keeping = Keeping {
                credentials: format!("{account} {}", key.mark("upstream login", secret)),
                account,
                login_pause: settings.login_pause,
                db,
                key,
                entropy: entropy.clone(),
                clock: clock.clone(),
                // Its wait for the budget, the login itself, and a little to write it down.
                login_takes: settings.timeout.saturating_mul(2) + std::time::Duration::from_secs(5),
            };
            Tokens::new(source, keeping)
        });
        Ok(Self(Arc::new(Desk {
            wire,
            settings,
            tokens,
            retries: RetryBudget::new(),
            meter: Meter::new(clock.now()),
            notes: Mutex::default(),
            db: kept_in,
            entropy,
            clock,
            lister: tokio::sync::Mutex::default(),
        })))
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

    /// Writes down what was met that the documents do not say; to be called now and then, and at the end.
    ///
    /// # Errors
    /// The database's; nothing is lost, the next call writes it.
    pub async fn write_down_notes(&self) -> sqlx::Result<()> {
        if self.0.notes.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return Ok(());
        }
        let mut db = self.0.db.acquire().await?;
        undocumented::write_down(&mut db, &self.0.notes, self.0.clock.now()).await
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
        self.0.ask(call, &errand, |body, seen| reading::placed_order(body, order, seen)).await
    }

    /// One order by the upstream's id. An answer about another one says nothing.
    pub async fn order(&self, id: i64) -> Answer<Order> {
        let path = format!("/orders/{id}");
        let read = |body: &[u8], seen: &mut Undocumented| {
            let order = reading::order(body, seen)?;
            if order.id == id { Ok(order) } else { Err(Unreadable("the answer is about another order")) }
        };
        self.read(Operation::Order, &path, read).await
    }

    /// The turn to read the list of orders, which is long: waited for, or `None` while somebody on this node reads it
    /// already.
    pub async fn turn_to_list(&self, wait: bool) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        match wait {
            true => Some(self.0.lister.lock().await),
            false => self.0.lister.try_lock().ok(),
        }
    }

    /// Every order that the upstream lists, over all pages.
    pub async fn orders(&self) -> Answer<Listing> {
        let rows = self.0.list(Operation::Orders, "/orders", "order", reading::order_row).await;
        rows.map(|rows| Listing { unreadable: rows.unreadable_count, orders: rows.rows })
    }

    /// The whole catalog, over all pages; each row as written, for the catalog to judge.
    pub async fn packages(&self) -> Answer<CatalogRows> {
        self.packages_matching(&Filter::default()).await
    }

    /// The part of the catalog that a filter names.
    pub async fn packages_matching(&self, filter: &Filter) -> Answer<CatalogRows> {
        self.0.catalog(&filter.on("/packages")).await
    }

    /// One package.
    pub async fn package(&self, id: i64) -> Answer<PackageRow> {
        self.read(Operation::Package, &format!("/packages/{id}"), reading::package).await
    }

    /// The reseller's prices, grouped by country.
    pub async fn pricing(&self, filter: &Filter) -> Answer<Rows<PricedCountry>> {
        self.read(Operation::Pricing, &filter.on("/pricing"), reading::priced_countries).await
    }

    /// Every eSIM that the account bought, over all pages.
    pub async fn esims(&self) -> Answer<Rows<EsimDetails>> {
        self.0.list(Operation::Esims, "/esims", "esim", reading::esim_row).await
    }

    /// One eSIM by the upstream's id. An answer about another one says nothing.
    pub async fn esim(&self, id: i64) -> Answer<EsimDetails> {
        let path = format!("/esims/{id}");
        let read = |body: &[u8], seen: &mut Undocumented| {
            let esim = reading::esim(body, seen)?;
            if esim.id == id { Ok(esim) } else { Err(Unreadable("the answer is about another eSIM")) }
        };
        self.read(Operation::Esim, &path, read).await
    }

    /// How much of an eSIM is used. *Refused* with 400 where its supplier tells nothing.
    pub async fn usage(&self, esim_id: i64) -> Answer<Usage> {
        self.read(Operation::Usage, &format!("/esims/{esim_id}/usage"), reading::usage).await
    }

    /// The balance and its movements.
    pub async fn wallet(&self) -> Answer<Wallet> {
        self.read(Operation::Wallet, "/wallet", reading::wallet).await
    }

    /// The VPN plans, which no description names; where they are not offered, an empty answer says so.
    pub async fn vpn_plans(&self) -> Answer<VpnPlans> {
        self.0.vpn_plans().await
    }

    /// The reseller's own account.
    pub async fn me(&self) -> Answer<Account> {
        self.read(Operation::Me, "/me", reading::account).await
    }

    /// What the API says of itself; needs no credentials.
    pub async fn root(&self) -> Answer<Root> {
        self.0.ask_as_nobody(&Errand::to(Operation::Root, "/"), reading::root).await
    }

    /// Whether the API answers at all; needs no credentials.
    pub async fn ping(&self) -> Answer<()> {
        self.0.ping().await
    }

    /// Logs in where no token is at hand, and says whether the upstream let us in. Every other call does so by itself.
    ///
    /// The token stays in here: *done* says only that there is one.
    pub async fn log_in(&self) -> Answer<()> {
        self.0.have_token().await
    }

    /// Tries now whether the upstream lets us in, although it refused before: somebody has seen to it.
    pub async fn try_again(&self) -> Answer<()> {
        if let Some(tokens) = &self.0.tokens {
            tokens.let_try().await;
        }
        self.me().await.map(|_| ())
    }

    /// Gives the token back: the upstream forgets it, and so do this node and the database. The next call logs in.
    pub async fn log_out(&self) -> Answer<()> {
        self.0.log_out().await
    }

    async fn read<T>(
        &self,
        operation: Operation,
        path: &str,
        read: impl FnOnce(&[u8], &mut Undocumented) -> Result<T, Unreadable>,
    ) -> Answer<T> {
        self.0.ask(Call::Read, &Errand::to(operation, path), read).await
    }
}
