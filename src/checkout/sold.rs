//! What the shop sells now, as the database has it at each purchase: nothing of what a form says is believed.

use rust_decimal::Decimal;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::Draft;
use super::advance::covers;
use super::begin::{Refusal, Wanted};
use super::quote::{self, Offered, Quote, Seen};
use super::standing::{Kept, Standing};
use crate::catalog::Package;
use crate::ground::{Cost, Currency, Price, tax as taxes};
use crate::ledgers::{self, Funds};
use crate::orders::TaxTerms;
use crate::payments;
use crate::pricing::{InForceRate, Subject};
use crate::shop::Settings;

/// What is sold.
pub(super) struct Sold {
    standing: Standing,
    synced_at: Option<OffsetDateTime>,
    funds: Option<Funds>,
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
        kept: &Kept,
        package_ids: impl Iterator<Item = i64>,
        now: OffsetDateTime,
    ) -> sqlx::Result<Self> {
        let (standing, synced_at) = kept.read(conn, package_ids, now).await?;
        Ok(Self { standing, synced_at, funds: ledgers::funds(conn).await? })
    }

    /// What customers pay in, once that is fixed.
    pub(super) fn currency(&self) -> Option<Currency> {
        self.standing.currency
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
        let package = self.standing.package(draft.package_id).ok_or(Refusal::Gone)?;
        let priced = self.standing.prices.price(&Subject::from(package)).map_err(|_| Refusal::NotSelling)?;
        let (rate, today) = (priced.rate, Offered { price: priced.price, rule: priced.rule.id });
        if self.standing.currency != Some(today.price.currency) {
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
        if !self.standing.tax.ask_country() {
            return Ok(None);
        }
        let country = draft.country.ok_or(Refusal::NoCountry)?;
        let percent = self.standing.tax.percent(country);
        Ok(Some(TaxTerms { country: country.code.to_owned(), percent }))
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
            covers(
                price,
                payments::share(fee, price.minor, total.minor) + tax,
                package,
                &self.standing.prices,
            )
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
