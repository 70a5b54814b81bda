//! What the shop sells now, read from the database at each purchase: nothing of what a form says is believed.

use std::collections::HashMap;

use rust_decimal::Decimal;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::Draft;
use super::advance::covers;
use super::begin::{Refusal, Wanted};
use super::quote::{self, Offered, Quote, Seen};
use crate::catalog::{self, Package};
use crate::ground::{Cost, Currency, Price, tax as taxes};
use crate::ledgers::{self, Funds};
use crate::orders::TaxTerms;
use crate::payments;
use crate::pricing::{self, InForceRate, PriceList, Subject};
use crate::settings as installation;
use crate::shop::Settings;
use crate::tax::{self, Terms};

/// What is sold.
pub(super) struct Sold {
    packages: HashMap<i64, Package>,
    prices: PriceList,
    currency: Option<Currency>,
    funds: Option<Funds>,
    synced_at: Option<OffsetDateTime>,
    tax: Terms,
}

/// One plan, at the price that it is sold at.
pub(super) struct Offer<'a> {
    pub package: &'a Package,
    pub price: Price,
    pub total: Price,
    pub rule: i64,
    /// What the cost was exchanged at.
    pub rate: Option<InForceRate>,
    /// The tax within the total.
    pub tax: Price,
    /// By what it was reckoned; `None` where no tax is told.
    pub tax_terms: Option<TaxTerms>,
}

impl Sold {
    /// Reads what these packages are sold by.
    pub(super) async fn read(
        conn: &mut PgConnection,
        package_ids: impl Iterator<Item = i64>,
        now: OffsetDateTime,
    ) -> sqlx::Result<Self> {
        let mut packages = HashMap::new();
        for id in package_ids {
            if !packages.contains_key(&id)
                && let Some(package) = catalog::package_for_sale(conn, id).await?
            {
                packages.insert(id, package);
            }
        }
        Ok(Self {
            packages,
            prices: pricing::price_list(conn, now).await?,
            currency: installation::installation(conn).await?.currency,
            funds: ledgers::funds(conn).await?,
            synced_at: catalog::synced_at(conn).await?,
            tax: tax::terms(conn, now).await?,
        })
    }

    /// What customers pay in, once that is fixed.
    pub(super) fn currency(&self) -> Option<Currency> {
        self.currency
    }

    /// What a form is offered. Pure.
    pub(super) fn offer(
        &self,
        wanted: &Wanted,
        settings: &Settings,
        now: OffsetDateTime,
    ) -> Result<Offer<'_>, Refusal> {
        let draft = &wanted.draft;
        if !settings.payment_methods.iter().any(|method| method == draft.method.word()) {
            return Err(Refusal::NotSelling);
        }
        let young = self.synced_at.is_some_and(|synced| now - synced <= settings.times.catalog_max_age);
        if !young && !wanted.asked {
            return Err(Refusal::Stale);
        }
        let package = self.packages.get(&draft.package_id).ok_or(Refusal::Gone)?;
        let priced = self.prices.price(&Subject::from(package)).map_err(|_| Refusal::NotSelling)?;
        let (rate, today) = (priced.rate, Offered { price: priced.price, rule: priced.rule.id });
        if self.currency != Some(today.price.currency) {
            return Err(Refusal::NotSelling);
        }
        let tax_terms = self.tax_terms(draft)?;
        let percent = tax_terms.as_ref().map_or(Decimal::ZERO, |terms| terms.percent);
        let quote = Quote::read(&settings.sealing_key, &draft.form_key, &draft.quote);
        let quote = quote.filter(|quote| quote.package_id == package.id);
        if quote.is_some_and(|quote| quote.mark != package.mark()) {
            return Err(Refusal::Changed);
        }
        let seen = Seen { quote: quote.as_ref(), shown: draft.shown_price };
        let leaves_enough = |price| self.leaves_enough((price, percent), draft, package, settings);
        let agreed = quote::agreed(seen, today, now, settings.times.quote_lifetime, leaves_enough);
        let Offered { price, rule } = agreed.ok_or(Refusal::PriceMoved(today))?;
        let total = price.times(draft.quantity).ok_or(Refusal::NotSelling)?;
        if too_little(self.funds.as_ref(), package.cost, draft.quantity, settings, now) {
            return Err(Refusal::NoFunds);
        }
        let tax = Price::new(taxes::within(total.minor, percent), total.currency);
        Ok(Offer { package, price, total, rule, rate, tax, tax_terms })
    }

    /// What tax the form is sold with: of the country where its customer lives.
    fn tax_terms(&self, draft: &Draft) -> Result<Option<TaxTerms>, Refusal> {
        if !self.tax.ask_country() {
            return Ok(None);
        }
        let country = draft.country.ok_or(Refusal::NoCountry)?;
        Ok(Some(TaxTerms { country: country.code.to_owned(), percent: self.tax.percent(country) }))
    }

    /// Whether a price that is not today's, less the tax within it and what paying it costs, leaves today's cost with the
    /// minimum margin: what would be held after the payment is not sold.
    fn leaves_enough(
        &self,
        (price, percent): (Price, Decimal),
        draft: &Draft,
        package: &Package,
        settings: &Settings,
    ) -> bool {
        price.times(draft.quantity).is_some_and(|total| {
            let fee = payments::fee(&settings.payment_fees, draft.method, total);
            let tax = Price::new(taxes::within(price.minor, percent), price.currency).amount();
            covers(price, payments::share(fee, price.minor, total.minor) + tax, package, &self.prices)
        })
    }
}

/// Whether the wallet is known to hold too little for so many at this cost, besides what paid orders still need of it.
/// Whoever pays meanwhile for an order that was placed before is not counted here: their eSIMs wait for a top-up, and
/// their money goes back if none comes.
///
/// # Errors
/// The database's.
pub(super) async fn lacks_funds(
    conn: &mut PgConnection,
    cost: Cost,
    quantity: u32,
    settings: &Settings,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let funds = ledgers::funds(conn).await?;
    Ok(too_little(funds.as_ref(), cost, quantity, settings, now))
}

fn too_little(
    funds: Option<&Funds>,
    cost: Cost,
    quantity: u32,
    settings: &Settings,
    now: OffsetDateTime,
) -> bool {
    let stale_after = ledgers::stale_after(settings.times.reconcile_interval);
    funds.is_some_and(|funds| funds.too_little_for(cost, quantity, now, stale_after))
}
