//! What the server says of itself, on stderr.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

/// How much it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Only what should not happen.
    Warnings,
    /// A line for each request.
    Requests,
    /// Connections that end early, too.
    Everything,
}

/// Begins to write lines, as text or as JSON; the first call decides.
pub fn log(level: LogLevel, as_json: bool) {
    let level = match level {
        LogLevel::Warnings => LevelFilter::WARN,
        LogLevel::Requests => LevelFilter::INFO,
        LogLevel::Everything => LevelFilter::DEBUG,
    };
    let lines = fmt().with_max_level(level).with_writer(std::io::stderr).with_ansi(false);
    let begun = match as_json {
        true => lines.json().flatten_event(true).try_init(),
        false => lines.try_init(),
    };
    // A second server in one process writes where the first does.
    begun.ok();
}
