//! The machines: they know no shop word.

pub mod apart;
pub mod bell;
pub mod buckets;
pub mod data_dir;
pub mod db;
pub mod http;
pub mod jobs;
pub mod mailer;
pub mod metrics;
pub mod private_postgres;
pub mod qr;
pub mod sealed;
pub mod serve_http;
pub mod telemetry;
pub mod together;
