//! From the text of an option to its value.

use byte_unit::Byte;

use super::{Environment, LogsMode, OptionsError, RawOptions};

fn invalid(name: &'static str, value: &str, detail: impl ToString) -> OptionsError {
    OptionsError::InvalidValue { name, value: value.to_owned(), detail: detail.to_string() }
}

/// `true` or `false`, `false` when absent.
pub(super) fn flag(raw: &RawOptions, name: &'static str) -> Result<bool, OptionsError> {
    match raw.text(name) {
        None | Some("") => Ok(false),
        Some(text) => text.parse().map_err(|_| invalid(name, text, "expected `true` or `false`")),
    }
}

/// A number, not less than `minimum`.
pub(super) fn number(
    raw: &RawOptions,
    name: &'static str,
    minimum: usize,
) -> Result<Option<usize>, OptionsError> {
    let Some(text) = raw.text(name) else { return Ok(None) };
    let number: usize = text.parse().map_err(|error| invalid(name, text, error))?;
    if number < minimum {
        return Err(invalid(name, text, format!("must be at least {minimum}")));
    }
    Ok(Some(number))
}

/// A size: bytes, or a number with a unit.
pub(super) fn bytes(raw: &RawOptions, name: &'static str) -> Result<Option<u64>, OptionsError> {
    let Some(text) = raw.text(name) else { return Ok(None) };
    Byte::parse_str(text, true).map(|size| Some(size.as_u64())).map_err(|error| invalid(name, text, error))
}

/// A number of threads; empty or `unlimited` for the default.
pub(super) fn threads(raw: &RawOptions, name: &'static str) -> Result<Option<usize>, OptionsError> {
    match raw.text(name) {
        None | Some("" | "unlimited") => Ok(None),
        Some(_) => number(raw, name, 1),
    }
}

/// Where the server is used.
pub(super) fn environment(raw: &RawOptions, name: &'static str) -> Result<Environment, OptionsError> {
    match raw.text(name) {
        None | Some("development") => Ok(Environment::Development),
        Some("production") => Ok(Environment::Production),
        Some(text) => Err(invalid(name, text, "expected `development` or `production`")),
    }
}

/// The level from which on logs are written.
pub(super) fn log_level(raw: &RawOptions, name: &'static str) -> Result<String, OptionsError> {
    let text = raw.text(name).unwrap_or("INFO");
    let level = text.to_ascii_lowercase();
    if ["off", "error", "warn", "info", "debug", "trace"].contains(&level.as_str()) {
        return Ok(level);
    }
    let detail = format!(
        "Log level '{text}' is invalid. Accepted values are 'OFF', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'."
    );
    Err(invalid(name, text, detail))
}

/// How logs are written.
pub(super) fn logs_mode(raw: &RawOptions, name: &'static str) -> Result<LogsMode, OptionsError> {
    match raw.text(name).map(str::to_ascii_uppercase).as_deref() {
        None | Some("HUMAN") => Ok(LogsMode::Human),
        Some("JSON") => Ok(LogsMode::Json),
        Some(text) => Err(invalid(name, text, "expected `HUMAN` or `JSON`")),
    }
}
