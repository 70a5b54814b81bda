//! Everything that the sandbox knows, and the events that alone change it: what the journal keeps is replayed
//! through [`World::apply`], so that a restart ends in the same state.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::amounts;
use super::catalog::{Catalog, CatalogChange};
use super::ledger::{Attempt, Delivery, DeliveryState, Esim, Order, OrderRequest, Transaction};
use super::usage::{self, ByHand, EsimChange, Line};

/// What an idempotency key remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyMemory {
    pub key: String,
    pub order_id: u64,
    /// The request that it was first used with.
    pub asked: Asked,
    /// The answer, to be given again.
    pub status: u16,
    pub body: String,
    /// When the upstream forgets the key by itself, if it does.
    #[serde(with = "time::serde::rfc3339::option", default)]
    pub forgotten_at: Option<OffsetDateTime>,
}

/// What a purchase asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub package_id: u64,
    pub device_imei: Option<String>,
    pub external_order_id: Option<String>,
}

/// A token, of which only the hash is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TokenRow {
    pub id: u64,
    pub hash: String,
    pub device_name: Option<String>,
    /// `None` where that was not kept: such a token does not expire.
    #[serde(with = "time::serde::rfc3339::option", default)]
    pub made_at: Option<OffsetDateTime>,
    pub revoked: bool,
}

/// All of one purchase.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Bought {
    pub order: Order,
    pub debit: Transaction,
    pub key: Option<KeyMemory>,
    pub request: OrderRequest,
}

/// A change of the world: one line of the journal, all of it or nothing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// The first line: the wallet's beginning, and where ids begin.
    Opened {
        #[serde(with = "amounts::text")]
        balance: Decimal,
        currency: String,
        first_id: u64,
    },
    TokenMade {
        token: TokenRow,
    },
    TokenRevoked {
        id: u64,
    },
    AllTokensRevoked,
    /// A request at the order desk that bought nothing.
    Asked {
        request: OrderRequest,
    },
    /// A purchase: order, debit, key and request in one line.
    Bought(Box<Bought>),
    OrderChanged {
        order: Box<Order>,
        money: Option<Transaction>,
    },
    /// A key answers otherwise from now on.
    KeyRemembered {
        memory: KeyMemory,
    },
    KeyForgotten {
        key: String,
    },
    /// A movement of the wallet that belongs to no order.
    Moved {
        transaction: Transaction,
    },
    WebhookMade {
        delivery: Box<Delivery>,
    },
    WebhookTried {
        id: Uuid,
        attempt: Attempt,
        state: DeliveryState,
    },
    CatalogChanged {
        change: CatalogChange,
    },
    /// Someone took a hand in the life of an eSIM.
    EsimChanged {
        id: u64,
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        change: EsimChange,
    },
}

/// Everything that the sandbox knows.
#[derive(Debug, Default)]
pub(super) struct World {
    pub catalog: Catalog,
    pub balance: Decimal,
    pub currency: String,
    pub tokens: BTreeMap<u64, TokenRow>,
    pub orders: BTreeMap<u64, Order>,
    pub keys: BTreeMap<String, KeyMemory>,
    pub requests: Vec<OrderRequest>,
    pub transactions: Vec<Transaction>,
    pub deliveries: Vec<Delivery>,
    /// What was done to eSIMs by hand.
    pub by_hand: BTreeMap<u64, ByHand>,
    /// The first id that nothing has: orders, eSIMs, transactions and tokens share one count.
    pub next_id: u64,
    /// Whether it was opened, now or before a restart.
    pub opened: bool,
}

impl World {
    /// Makes one change.
    pub(super) fn apply(&mut self, event: Event) {
        match event {
            Event::Opened { balance, currency, first_id } => {
                (self.balance, self.currency, self.opened) = (balance, currency, true);
                self.next_id = self.next_id.max(first_id);
            }
            Event::TokenMade { token } => {
                self.used(token.id);
                self.tokens.insert(token.id, token);
            }
            Event::TokenRevoked { id } => {
                if let Some(token) = self.tokens.get_mut(&id) {
                    token.revoked = true;
                }
            }
            Event::AllTokensRevoked => self.tokens.values_mut().for_each(|token| token.revoked = true),
            Event::Asked { request } => self.requests.push(request),
            Event::Bought(bought) => {
                let Bought { order, debit, key, request } = *bought;
                self.requests.push(request);
                self.moved(debit);
                if let Some(memory) = key {
                    self.remember(memory);
                }
                self.put(order);
            }
            Event::OrderChanged { order, money } => {
                if let Some(transaction) = money {
                    self.moved(transaction);
                }
                self.put(*order);
            }
            Event::KeyRemembered { memory } => self.remember(memory),
            Event::KeyForgotten { key } => {
                self.keys.remove(&key);
            }
            Event::Moved { transaction } => self.moved(transaction),
            Event::WebhookMade { delivery } => self.deliveries.push(*delivery),
            Event::WebhookTried { id, attempt, state } => {
                if let Some(delivery) = self.deliveries.iter_mut().rev().find(|delivery| delivery.id == id) {
                    delivery.attempts.push(attempt);
                    delivery.state = state;
                }
            }
            Event::CatalogChanged { change } => self.catalog.apply(&change),
            Event::EsimChanged { id, at, change } => self.by_hand.entry(id).or_default().take(change, at),
        }
    }

    /// An eSIM and its order, whatever the order's state.
    pub(super) fn esim(&self, id: u64) -> Option<(&Order, &Esim)> {
        let esim = |order: &'_ Order| order.esim.as_ref().is_some_and(|esim| esim.id == id);
        let order = self.orders.values().find(|order| esim(order))?;
        Some((order, order.esim.as_ref()?))
    }

    /// Where an eSIM stands at a moment.
    pub(super) fn line(&self, order: &Order, esim: &Esim, now: OffsetDateTime) -> Line {
        usage::line(order, esim, self.by_hand.get(&esim.id).copied().unwrap_or_default(), now)
    }

    fn remember(&mut self, memory: KeyMemory) {
        self.keys.insert(memory.key.clone(), memory);
    }

    fn put(&mut self, order: Order) {
        self.used(order.id);
        if let Some(esim) = &order.esim {
            self.used(esim.id);
        }
        self.orders.insert(order.id, order);
    }

    fn moved(&mut self, transaction: Transaction) {
        self.used(transaction.id);
        self.balance = transaction.post_balance;
        self.transactions.push(transaction);
    }

    fn used(&mut self, id: u64) {
        self.next_id = self.next_id.max(id + 1);
    }
}
