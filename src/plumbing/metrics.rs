//! Counts and times of this process, collected for Prometheus. Without `METRICS_ADDR` nothing is collected, and a count
//! costs next to nothing.

use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

/// Upper ends in seconds: from a warm page to the limit of a whole catalog. Fixed buckets, because quantiles computed
/// here could not be added up across nodes and restarts.
const BUCKETS: [f64; 16] =
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
/// How often what was recorded is folded into the buckets: without it histograms grow without end.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// What was collected.
#[derive(Clone)]
pub struct Collected(PrometheusHandle);

impl Collected {
    /// Begins to collect in this process.
    ///
    /// # Errors
    /// Where something collects already.
    pub fn start() -> anyhow::Result<Self> {
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS)?;
        Ok(Self(builder.install_recorder()?))
    }

    /// As Prometheus reads it (text format 0.0.4).
    pub fn text(&self) -> String {
        self.0.render()
    }

    /// Keeps it small until the program stops.
    pub async fn keep_small(self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(UPKEEP_EVERY)).await.is_some() {
            self.0.run_upkeep();
        }
    }
}
