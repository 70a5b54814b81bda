//! The log: one line an event on standard error, for people or for machines.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// What is logged when `RUST_LOG` says nothing.
const DEFAULT_FILTER: &str = "info,sqlx=warn";

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people; coloured on a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why the log did not start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not one of tracing's (`info,sqlx=warn`).
    #[error("the log filter cannot be read: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Something logs in this process already.
    #[error("the log is started already")]
    AlreadyStarted,
}

/// Whether a text can be what `RUST_LOG` holds.
pub fn is_filter(text: &str) -> bool {
    EnvFilter::try_new(text).is_ok()
}

/// Starts the log of this process; `filter` is what `RUST_LOG` holds. Standard output is left to the answers of
/// commands.
///
/// # Errors
/// [`LogError`]
pub fn start(format: LogFormat, filter: Option<&str>) -> Result<(), LogError> {
    let filter = filter.map(str::trim).filter(|filter| !filter.is_empty()).unwrap_or(DEFAULT_FILTER);
    let lines = fmt().with_env_filter(EnvFilter::try_new(filter)?).with_writer(stderr);
    let started = match format {
        LogFormat::Text => lines.with_ansi(stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).try_init(),
    };
    started.map_err(|_| LogError::AlreadyStarted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_cannot_be_read_is_refused_before_anything_starts() {
        assert!(matches!(start(LogFormat::Text, Some("simfront=loud")), Err(LogError::Filter(_))));
    }
}
