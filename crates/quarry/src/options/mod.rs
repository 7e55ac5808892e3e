//! Options of the server: one table, four sources.
//!
//! A flag of the command line wins over the environment (`QUARRY_…` over `MEILI_…`), which wins over the
//! configuration file, which wins over the default.

mod parse;
mod source;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use quarry_http::tls::TlsOptions;

pub(crate) use source::{RawOptions, command_line};

/// Why the server cannot start with these options.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OptionsError {
    /// The configuration file that was named cannot be read.
    #[error("unable to open or read the \"{path}\" configuration file: {source}.", path = .path.display())]
    UnreadableFile { path: PathBuf, source: std::io::Error },
    /// The configuration file is not what it should be.
    #[error("the \"{path}\" configuration file cannot be used: {detail}", path = .path.display())]
    MalformedFile { path: PathBuf, detail: String },
    /// The configuration file names itself.
    #[error("`config_file_path` is not supported in the configuration file")]
    ConfigurationFileInside,
    /// A value that the option does not take.
    #[error("invalid value `{value}` for `{name}`: {detail}")]
    InvalidValue { name: &'static str, value: String, detail: String },
    /// An option that makes sense with another only.
    #[error("`{name}` needs `{needed}`")]
    Needs { name: &'static str, needed: &'static str },
    /// Two options that exclude each other.
    #[error("`{left}` and `{right}` cannot be used together")]
    Conflict { left: &'static str, right: &'static str },
}

/// Where the server is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Environment {
    Development,
    Production,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogsMode {
    Human,
    Json,
}

/// An archive to start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) path: PathBuf,
    /// Start empty when the file does not exist.
    pub(crate) ignores_missing: bool,
    /// Start normally when there is a database.
    pub(crate) ignores_if_database_exists: bool,
}

/// Every option, with its value.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) db_path: PathBuf,
    pub(crate) http_address: String,
    pub(crate) master_key: Option<String>,
    pub(crate) environment: Environment,
    pub(crate) payload_bytes_max: u64,
    pub(crate) tls: Option<TlsOptions>,
    pub(crate) import_snapshot: Option<Import>,
    pub(crate) import_dump: Option<Import>,
    pub(crate) log_level: String,
    pub(crate) logs_mode: LogsMode,
    pub(crate) indexing_memory_bytes: Option<u64>,
    pub(crate) indexing_threads: Option<usize>,
    pub(crate) contains_filter: bool,
    pub(crate) enable_metrics: bool,
    pub(crate) enable_logs_route: bool,
    pub(crate) legacy_search: bool,
    pub(crate) search_queue_size: usize,
    pub(crate) drop_search_after: Duration,
    pub(crate) searches_per_core: usize,
    pub(crate) batched_tasks_max: Option<usize>,
    pub(crate) batched_bytes_max: Option<u64>,
    pub(crate) has_personalization: bool,
}

impl Options {
    /// Gives each option its value.
    pub(crate) fn from_raw(raw: &RawOptions) -> Result<Options, OptionsError> {
        let import_snapshot =
            import(raw, "import_snapshot", "ignore_missing_snapshot", "ignore_snapshot_if_db_exists")?;
        let import_dump = import(raw, "import_dump", "ignore_missing_dump", "ignore_dump_if_db_exists")?;
        if import_snapshot.is_some() && import_dump.is_some() {
            return Err(OptionsError::Conflict { left: "import_dump", right: "import_snapshot" });
        }
        Ok(Options {
            db_path: raw.text("db_path").unwrap_or("./data.ms").into(),
            http_address: raw.text("http_addr").unwrap_or("localhost:7700").to_owned(),
            master_key: raw.text("master_key").map(str::to_owned),
            environment: parse::environment(raw, "env")?,
            payload_bytes_max: parse::bytes(raw, "http_payload_size_limit")?.unwrap_or(100_000_000),
            tls: tls(raw)?,
            import_snapshot,
            import_dump,
            log_level: parse::log_level(raw, "log_level")?,
            logs_mode: parse::logs_mode(raw, "experimental_logs_mode")?,
            indexing_memory_bytes: parse::bytes(raw, "max_indexing_memory")?,
            indexing_threads: parse::threads(raw, "max_indexing_threads")?,
            contains_filter: parse::flag(raw, "experimental_contains_filter")?,
            enable_metrics: parse::flag(raw, "experimental_enable_metrics")?,
            enable_logs_route: parse::flag(raw, "experimental_enable_logs_route")?,
            legacy_search: parse::flag(raw, "experimental_legacy_search_default")?,
            search_queue_size: parse::number(raw, "experimental_search_queue_size", 0)?.unwrap_or(1000),
            drop_search_after: Duration::from_secs(
                parse::number(raw, "experimental_drop_search_after", 1)?.unwrap_or(60) as u64,
            ),
            searches_per_core: parse::number(raw, "experimental_nb_searches_per_core", 1)?.unwrap_or(4),
            batched_tasks_max: parse::number(raw, "experimental_max_number_of_batched_tasks", 0)?,
            batched_bytes_max: parse::bytes(raw, "experimental_limit_batched_tasks_total_size")?,
            has_personalization: raw.text("experimental_personalization_api_key").is_some(),
        })
    }
}

/// TLS, which needs a certificate and a key.
fn tls(raw: &RawOptions) -> Result<Option<TlsOptions>, OptionsError> {
    let (certificates, private_key) = match (raw.text("ssl_cert_path"), raw.text("ssl_key_path")) {
        (Some(certificates), Some(private_key)) => (certificates, private_key),
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(OptionsError::Needs { name: "ssl_cert_path", needed: "ssl_key_path" }),
        (None, Some(_)) => return Err(OptionsError::Needs { name: "ssl_key_path", needed: "ssl_cert_path" }),
    };
    Ok(Some(TlsOptions {
        certificates: certificates.into(),
        private_key: private_key.into(),
        client_authorities: raw.text("ssl_auth_path").map(Into::into),
        requires_client_certificate: parse::flag(raw, "ssl_require_auth")?,
        ocsp_response: raw.text("ssl_ocsp_path").map(Into::into),
        keeps_sessions: parse::flag(raw, "ssl_resumption")?,
        gives_tickets: parse::flag(raw, "ssl_tickets")?,
    }))
}

fn import(
    raw: &RawOptions,
    path: &'static str,
    missing: &'static str,
    exists: &'static str,
) -> Result<Option<Import>, OptionsError> {
    let (ignores_missing, ignores_if_database_exists) =
        (parse::flag(raw, missing)?, parse::flag(raw, exists)?);
    let Some(archive) = raw.text(path) else {
        return match (ignores_missing, ignores_if_database_exists) {
            (false, false) => Ok(None),
            (true, _) => Err(OptionsError::Needs { name: missing, needed: path }),
            (_, true) => Err(OptionsError::Needs { name: exists, needed: path }),
        };
    };
    Ok(Some(Import { path: archive.into(), ignores_missing, ignores_if_database_exists }))
}

#[cfg(test)]
mod tests;
