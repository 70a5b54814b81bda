//! Orders and eSIMs as the page shows them.

use time::OffsetDateTime;

use crate::sandbox::ledger::{Esim, Order, OrderStatus};
use crate::sandbox::moment::{legible, now};
use crate::sandbox::usage::{Line, Total};
use crate::sandbox::world::World;

/// Whether an order answers to what is looked for.
pub(super) fn holds(order: &Order, wanted: &str) -> bool {
    let esim = order.esim.as_ref();
    let texts = [
        order.external_order_id.as_deref(),
        order.idempotency_key.as_deref(),
        esim.map(|esim| esim.iccid.as_str()),
        Some(order.package.name.as_str()),
    ];
    let id = order.id.to_string();
    wanted.is_empty() || id == wanted || texts.into_iter().flatten().any(|text| text.contains(wanted))
}

pub(super) struct OrderRow {
    pub id: u64,
    pub external_id: String,
    pub package: String,
    pub package_id: u64,
    pub price: String,
    pub cost: String,
    pub currency: String,
    pub status: &'static str,
    pub tone: &'static str,
    pub is_open: bool,
    pub key: String,
    pub esim_id: u64,
    pub iccid: String,
    pub imei: String,
    pub made: String,
    /// What time alone will make of it, in words.
    pub due: String,
    pub credited: bool,
}

impl OrderRow {
    pub(super) fn of(order: &Order) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let due = order.due.map(|due| format!("{} at {}", due.becomes.word(), legible(due.at)));
        Self {
            id: order.id,
            external_id: text(&order.external_order_id),
            package: order.package.name.clone(),
            package_id: order.package.id,
            price: order.price.to_string(),
            cost: order.provider_cost.to_string(),
            currency: order.currency.clone(),
            status: order.status.word(),
            tone: match order.status {
                OrderStatus::Completed => "good",
                OrderStatus::Failed => "bad",
                OrderStatus::Pending | OrderStatus::Processing => "wait",
            },
            is_open: matches!(order.status, OrderStatus::Pending | OrderStatus::Processing),
            key: text(&order.idempotency_key),
            esim_id: order.esim.as_ref().map_or(0, |esim| esim.id),
            iccid: order.esim.as_ref().map(|esim| esim.iccid.clone()).unwrap_or_default(),
            imei: text(&order.device_imei),
            made: legible(order.created_at),
            due: due.unwrap_or_default(),
            credited: order.credited,
        }
    }
}

pub(super) struct EsimRow {
    pub id: u64,
    pub order_id: u64,
    pub iccid: String,
    pub package: String,
    pub state: &'static str,
    pub tone: &'static str,
    pub used: String,
    pub total: String,
    pub used_mb: u64,
    /// 0 where there is no end of it, or no data at all.
    pub total_mb: u64,
    pub installed: String,
    pub activated: String,
    pub ends: String,
    pub is_installed: bool,
    pub expired: bool,
    pub silent: bool,
}

impl EsimRow {
    pub(super) fn of(world: &World, order: &Order, esim: &Esim) -> Self {
        let line = world.line(order, esim, now());
        let when = |at: Option<OffsetDateTime>| at.map(legible).unwrap_or_else(|| "not yet".to_owned());
        let (state, tone) = state(&line);
        Self {
            id: esim.id,
            order_id: order.id,
            iccid: esim.iccid.clone(),
            package: order.package.name.clone(),
            state,
            tone,
            used: crate::sandbox::usage::words(line.used_mb),
            total: match line.total {
                Total::Megabytes(all) => crate::sandbox::usage::words(all),
                Total::Unlimited => "unlimited".to_owned(),
                Total::None => "no data".to_owned(),
            },
            used_mb: line.used_mb,
            total_mb: if let Total::Megabytes(all) = line.total { all } else { 0 },
            installed: when(line.installed_at),
            activated: when(line.activated_at),
            ends: when(line.expires_at),
            is_installed: line.installed_at.is_some(),
            expired: line.expired,
            silent: line.silent,
        }
    }
}

fn state(line: &Line) -> (&'static str, &'static str) {
    match line {
        Line { expired: true, .. } => ("ended", "bad"),
        Line { activated_at: Some(_), .. } => ("in use", "good"),
        Line { installed_at: Some(_), .. } => ("installed", "good"),
        _ => ("not installed", "idle"),
    }
}
