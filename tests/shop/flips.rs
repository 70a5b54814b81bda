//! A currency that flips upstream, for the tests that look at what follows from it.

use simfront::sandbox::{Fault, Injection, Operation};

use crate::support::Stand;

impl Stand {
    /// Syncs while the upstream lists everything in euros and only this one package was in dollars until then: a few that
    /// flip are written, where a whole catalog is held.
    pub async fn one_flips_to_euros(&self) {
        self.sql("update packages set currency = 'EUR', fingerprint = 'x' where id <> 1120").await;
        let flip = Injection::times(Fault::CatalogCurrency, 1).on(Operation::Packages);
        self.sandbox.inject(flip.with("currency", "EUR").unwrap());
        self.refresh().await;
        self.sql("update packages set currency = 'USD', fingerprint = 'x' where id <> 1120").await;
        let flipped = "select outcome || ' ' || currency from sync_runs, packages where packages.id = 1120
            order by sync_runs.id desc limit 1";
        assert_eq!(self.texts(flipped).await, ["applied EUR"]);
    }
}
