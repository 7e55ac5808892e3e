//! Logs: on standard error, with a level and a format.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::options::{LogsMode, Options};

/// Starts logging. Called once.
pub(crate) fn start(options: &Options) {
    let filter = EnvFilter::new(&options.log_level);
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    match options.logs_mode {
        LogsMode::Human => subscriber.with_ansi(std::io::stderr().is_terminal()).init(),
        LogsMode::Json => subscriber.json().init(),
    }
}
