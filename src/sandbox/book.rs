//! The world and its journal, kept in step: nothing is known that was not written down first.

use super::catalog::{Catalog, CatalogChange, CatalogRefusal};
use super::journal::Journal;
use super::ledger::{Transaction, TransactionKind};
use super::moment;
use super::settings::Settings;
use super::world::{Event, World};
use crate::ground::Entropy;

use rust_decimal::Decimal;
use time::macros::datetime;

/// The world, behind its journal.
#[derive(Debug)]
pub(super) struct Book {
    world: World,
    journal: Option<Journal>,
}

impl Book {
    /// Opens the book: the generated catalog, then everything that the journal holds.
    pub(super) fn open(settings: &Settings) -> anyhow::Result<Self> {
        let catalog = Catalog::generated(settings.seed, settings.packages);
        let mut world = World { catalog, ..World::default() };
        let mut journal = None;
        if let Some(directory) = &settings.state_dir {
            let (opened, events) = Journal::open(directory, "journal.jsonl")?;
            events.into_iter().for_each(|event| world.apply(event));
            journal = Some(opened);
        }
        let mut book = Self { world, journal };
        let currency = settings.currency.code().to_owned();
        if !book.world.opened {
            book.record(Event::Opened { balance: settings.balance, currency, first_id: first_id() })?;
        } else if book.world.currency != currency {
            anyhow::bail!("this sandbox's wallet is in {}, not in {currency}", book.world.currency);
        }
        Ok(book)
    }

    /// What is known.
    pub(super) fn world(&self) -> &World {
        &self.world
    }

    /// Writes a change down, then makes it.
    pub(super) fn record(&mut self, event: Event) -> anyhow::Result<()> {
        if let Some(journal) = &mut self.journal {
            journal.append(&event)?;
        }
        self.world.apply(event);
        Ok(())
    }

    /// The balance after a top-up, or `None` where no wallet holds as much.
    pub(super) fn topped_up(&self, amount: Decimal) -> Option<Decimal> {
        self.world.balance.checked_add(amount).filter(|balance| fits_a_wallet(*balance))
    }

    /// Sets the wallet's balance, with a transaction that explains the difference.
    pub(super) fn set_balance(&mut self, balance: Decimal) -> anyhow::Result<()> {
        let difference = balance - self.world.balance;
        let kind =
            if difference.is_sign_negative() { TransactionKind::Debit } else { TransactionKind::Credit };
        if difference.is_zero() {
            return Ok(());
        }
        let transaction = self.movement(self.world.next_id, kind, difference.abs(), None);
        self.record(Event::Moved { transaction })
    }

    /// Changes the catalog, or says why the change does not fit.
    pub(super) fn change_catalog(
        &mut self,
        change: CatalogChange,
    ) -> anyhow::Result<Result<CatalogChange, CatalogRefusal>> {
        let change = match self.world.catalog.check(change) {
            Ok(change) => change,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.record(Event::CatalogChanged { change: change.clone() })?;
        Ok(Ok(change))
    }

    /// A movement of the wallet, not recorded yet; `id` must be free.
    pub(super) fn movement(
        &self,
        id: u64,
        kind: TransactionKind,
        amount: Decimal,
        order_id: Option<u64>,
    ) -> Transaction {
        let post_balance = match kind {
            TransactionKind::Debit => self.world.balance - amount,
            TransactionKind::Credit => self.world.balance + amount,
        };
        let description = match (kind, order_id) {
            (TransactionKind::Debit, Some(_)) => "eSIM order payment",
            (TransactionKind::Credit, Some(_)) => "eSIM order refund",
            (_, None) => "Balance adjustment",
        };
        Transaction {
            id,
            kind,
            amount,
            post_balance,
            reference: letters(&Entropy::system(), b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 12),
            description: description.to_owned(),
            order_id,
            created_at: moment::now(),
        }
    }
}

/// The most that a wallet holds: far beyond it, sums of amounts have no room.
pub(super) const FULLEST: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// Whether a wallet can hold a balance, or owe it.
pub(super) fn fits_a_wallet(balance: Decimal) -> bool {
    balance.abs() <= FULLEST
}

/// Ids begin at tenths of seconds since 2026, so that a sandbox that forgot everything never gives an id twice to a
/// shop that remembers.
fn first_id() -> u64 {
    let since = moment::now() - datetime!(2026-01-01 0:00 UTC);
    u64::try_from(since.whole_milliseconds() / 100).unwrap_or(0).max(1)
}

/// Random letters of an alphabet.
pub(super) fn letters(entropy: &Entropy, alphabet: &[u8], number: usize) -> String {
    let end = u64::try_from(alphabet.len()).unwrap_or(1);
    (0..number)
        .filter_map(|_| alphabet.get(usize::try_from(entropy.below(end)).unwrap_or(0)))
        .map(|letter| char::from(*letter))
        .collect()
}
