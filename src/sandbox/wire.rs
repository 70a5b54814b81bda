//! What the published description says the answers look like.

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::value::RawValue;

use super::amounts::Number;
use super::catalog::Package;
use super::ledger::{Esim, Order, OrderStatus, Transaction, TransactionKind};
use super::moment::{day, stamp};
use super::usage::Line;

#[derive(Serialize)]
struct RegionView {
    id: u64,
    name: &'static str,
    slug: &'static str,
}

#[derive(Serialize)]
struct ProviderView {
    id: u64,
    name: &'static str,
    slug: &'static str,
}

#[derive(Serialize)]
struct PricingView<'a> {
    base_cost: Number,
    markup_type: &'static str,
    markup_value: Number,
    profit_amount: Number,
    reseller_price: Number,
    currency: &'a str,
}

#[derive(Serialize)]
pub(super) struct PackageView<'a> {
    id: u64,
    provider_plan_id: &'a str,
    name: &'a str,
    slug: &'a str,
    package_type: &'a str,
    data_quantity: i64,
    data_unit: &'a str,
    data_volume: i64,
    voice_quantity: u32,
    sms_quantity: u32,
    package_validity: u32,
    package_validity_unit: &'static str,
    network_speed: Option<&'a str>,
    reloadable: bool,
    area_coverage: &'a str,
    region: Option<RegionView>,
    countries: Option<&'static RawValue>,
    provider: ProviderView,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_for_reseller: Option<Number>,
    pricing: PricingView<'a>,
}

impl<'a> PackageView<'a> {
    pub(super) fn of(package: &'a Package, currency: &'a str) -> Self {
        let region = package.area.region();
        Self {
            id: package.id,
            provider_plan_id: &package.provider_plan_id,
            name: &package.name,
            slug: &package.slug,
            package_type: package.package_type,
            data_quantity: package.data_quantity,
            data_unit: package.data_unit,
            data_volume: package.data_volume,
            voice_quantity: package.voice_quantity,
            sms_quantity: package.sms_quantity,
            package_validity: package.days,
            package_validity_unit: "Day",
            network_speed: package.network_speed,
            reloadable: package.reloadable,
            area_coverage: package.area.coverage(),
            region: region.map(|region| RegionView { id: region.id, name: region.name, slug: region.slug }),
            countries: package.area.countries_json(),
            provider: ProviderView { id: 1, name: "eSIMCard", slug: "esimcard" },
            price_for_reseller: package.price_for_reseller.map(Number),
            pricing: PricingView {
                base_cost: Number(package.base_cost),
                markup_type: "percent",
                markup_value: Number(package.markup_percent),
                profit_amount: Number(package.reseller_price - package.base_cost),
                reseller_price: Number(package.reseller_price),
                currency,
            },
        }
    }
}

/// One package in `GET /pricing`, where the price is a string with two decimals at least.
#[derive(Serialize)]
pub(super) struct PricedPackageView<'a> {
    id: u64,
    name: &'a str,
    price: String,
    currency: &'a str,
    data_quantity: i64,
    data_unit: &'a str,
    package_validity: u32,
    package_validity_unit: &'static str,
}

impl<'a> PricedPackageView<'a> {
    pub(super) fn of(package: &'a Package, currency: &'a str) -> Self {
        Self {
            id: package.id,
            name: &package.name,
            price: two_decimals(package.charge()),
            currency,
            data_quantity: package.data_quantity,
            data_unit: package.data_unit,
            package_validity: package.days,
            package_validity_unit: "Day",
        }
    }
}

fn two_decimals(amount: Decimal) -> String {
    let mut amount = amount.normalize();
    if amount.scale() < 2 {
        amount.rescale(2);
    }
    amount.to_string()
}

/// A package inside an order or an eSIM. Webhooks name its slug too.
#[derive(Serialize)]
pub(super) struct PackageRef<'a> {
    id: u64,
    provider_plan_id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<&'a str>,
}

impl<'a> PackageRef<'a> {
    fn of(order: &'a Order, with_slug: bool) -> Self {
        let package = &order.package;
        Self {
            id: package.id,
            provider_plan_id: &package.provider_plan_id,
            name: &package.name,
            slug: with_slug.then_some(package.slug.as_str()),
        }
    }
}

/// An eSIM inside an order or a webhook; only webhooks tell its state there.
#[derive(Serialize)]
struct OrderEsimView<'a> {
    id: u64,
    iccid: &'a str,
    serial_number: &'a str,
    qr_code: &'a str,
    qr_code_image: &'a str,
    phone_number: Option<&'a str>,
    expiry_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_status: Option<&'static str>,
}

impl<'a> OrderEsimView<'a> {
    fn of(esim: &'a Esim, provider_status: Option<&'static str>) -> Self {
        Self {
            id: esim.id,
            iccid: &esim.iccid,
            serial_number: &esim.serial_number,
            qr_code: &esim.qr_code,
            qr_code_image: &esim.qr_code_image,
            phone_number: esim.phone_number.as_deref(),
            expiry_date: day(esim.expiry_date),
            provider_status,
        }
    }
}

/// What the provider said: nobody but the reseller may ever see it, so it carries a word to search for.
#[derive(Serialize)]
struct ProviderResponse {
    canary: String,
    provider_reference: String,
}

#[derive(Serialize)]
pub(super) struct OrderView<'a> {
    id: u64,
    external_order_id: Option<&'a str>,
    status: OrderStatus,
    currency: &'a str,
    price: Number,
    provider_cost: Number,
    profit_amount: Number,
    created_at: String,
    package: PackageRef<'a>,
    esim: Option<OrderEsimView<'a>>,
    provider_response: ProviderResponse,
}

impl<'a> OrderView<'a> {
    pub(super) fn of(order: &'a Order) -> Self {
        Self {
            id: order.id,
            external_order_id: order.external_order_id.as_deref(),
            status: order.status,
            currency: &order.currency,
            price: Number(order.price),
            provider_cost: Number(order.provider_cost),
            profit_amount: Number(order.price - order.provider_cost),
            created_at: stamp(order.created_at),
            package: PackageRef::of(order, false),
            esim: shown(order).map(|esim| OrderEsimView::of(esim, None)),
            provider_response: ProviderResponse {
                canary: format!("CANARY-PROVIDER-RESPONSE-{}", order.id),
                provider_reference: format!("PR-{}", order.id),
            },
        }
    }
}

/// The eSIM of an order, once the order is completed.
pub(super) fn shown(order: &Order) -> Option<&Esim> {
    order.esim.as_ref().filter(|_| order.status == OrderStatus::Completed)
}

#[derive(Serialize)]
pub(super) struct EsimView<'a> {
    id: u64,
    serial_number: &'a str,
    iccid: &'a str,
    phone_number: Option<&'a str>,
    qr_code: &'a str,
    qr_code_image: &'a str,
    provider_status: &'static str,
    expiry_date: String,
    activated_at: Option<String>,
    installed_at: Option<String>,
    provider_expiry_at: Option<String>,
    package: PackageRef<'a>,
}

impl<'a> EsimView<'a> {
    pub(super) fn of(order: &'a Order, esim: &'a Esim, line: Line) -> Self {
        Self {
            id: esim.id,
            serial_number: &esim.serial_number,
            iccid: &esim.iccid,
            phone_number: esim.phone_number.as_deref(),
            qr_code: &esim.qr_code,
            qr_code_image: &esim.qr_code_image,
            provider_status: if line.expired { "EXPIRED" } else { "ACTIVE" },
            expiry_date: day(esim.expiry_date),
            activated_at: line.activated_at.map(stamp),
            installed_at: line.installed_at.map(stamp),
            provider_expiry_at: line.expires_at.map(stamp),
            package: PackageRef::of(order, false),
        }
    }
}

#[derive(Serialize)]
pub(super) struct TransactionView<'a> {
    id: u64,
    r#type: TransactionKind,
    amount: Number,
    currency: &'a str,
    post_balance: Number,
    reference: &'a str,
    description: &'a str,
    created_at: String,
}

impl<'a> TransactionView<'a> {
    pub(super) fn of(transaction: &'a Transaction, currency: &'a str) -> Self {
        Self {
            id: transaction.id,
            r#type: transaction.kind,
            amount: Number(transaction.amount),
            currency,
            post_balance: Number(transaction.post_balance),
            reference: &transaction.reference,
            description: &transaction.description,
            created_at: stamp(transaction.created_at),
        }
    }
}

#[derive(Serialize)]
pub(super) struct WalletView<'a> {
    pub balance: Number,
    pub currency: &'a str,
    pub transactions: Vec<TransactionView<'a>>,
}

#[derive(Serialize)]
pub(super) struct PingBody {
    pub event: &'static str,
    pub message: &'static str,
    pub occurred_at: String,
    pub reseller_id: u64,
}

#[derive(Serialize)]
struct WebhookOrder<'a> {
    id: u64,
    external_order_id: Option<&'a str>,
    status: OrderStatus,
    currency: &'a str,
    price: Number,
    provider_cost: Number,
    profit_amount: Number,
    created_at: String,
}

/// The body of an order's webhook.
#[derive(Serialize)]
pub(super) struct OrderEventBody<'a> {
    event: &'a str,
    occurred_at: String,
    order: WebhookOrder<'a>,
    package: PackageRef<'a>,
    esim: Option<OrderEsimView<'a>>,
}

impl<'a> OrderEventBody<'a> {
    pub(super) fn of(event: &'a str, order: &'a Order, occurred_at: String) -> Self {
        Self {
            event,
            occurred_at,
            order: WebhookOrder {
                id: order.id,
                external_order_id: order.external_order_id.as_deref(),
                status: order.status,
                currency: &order.currency,
                price: Number(order.price),
                provider_cost: Number(order.provider_cost),
                profit_amount: Number(order.price - order.provider_cost),
                created_at: stamp(order.created_at),
            },
            package: PackageRef::of(order, true),
            esim: shown(order).map(|esim| OrderEsimView::of(esim, Some("ACTIVE"))),
        }
    }
}
