//! Whether the master key is good enough for where the server is used.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::options::{Environment, Options};

/// The shortest master key in production.
const BYTES_MIN: usize = 16;

/// A master key with which the server does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MasterKeyError {
    #[error(
        "You must provide a master key to secure your instance in a production environment. It can be specified \
         via the MEILI_MASTER_KEY environment variable or the --master-key launch option.\n\n{}",
        suggestion()
    )]
    Missing,
    #[error(
        "The master key must be at least {BYTES_MIN} bytes in a production environment. The provided key is only \
         {length} bytes.\n\n{}",
        suggestion()
    )]
    TooShort { length: usize },
}

/// Checks the master key; in development, only warns.
pub(crate) fn check(options: &Options) -> Result<(), MasterKeyError> {
    let error = match options.master_key.as_deref() {
        None => MasterKeyError::Missing,
        Some(key) if key.len() < BYTES_MIN => MasterKeyError::TooShort { length: key.len() },
        Some(_) => return Ok(()),
    };
    match (options.environment, &error) {
        (Environment::Production, _) => Err(error),
        (Environment::Development, MasterKeyError::Missing) => {
            tracing::warn!("no master key is set: every route is open to everybody");
            Ok(())
        }
        (Environment::Development, MasterKeyError::TooShort { length }) => {
            tracing::warn!("the master key has only {length} bytes: it could be guessed");
            Ok(())
        }
    }
}

fn suggestion() -> String {
    let mut key = [0; 32];
    match getrandom::fill(&mut key) {
        Ok(()) => format!(
            "We generated a new secure master key for you (you can safely use this token):\n\n>> --master-key {} <<",
            URL_SAFE_NO_PAD.encode(key)
        ),
        Err(_) => "Use a random key of at least 16 bytes.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_suggested_key_has_32_random_bytes() {
        let text = suggestion();
        let key = text.split("--master-key ").nth(1).unwrap().trim_end_matches(" <<");
        assert_eq!(URL_SAFE_NO_PAD.decode(key).unwrap().len(), 32);
        assert_ne!(text, suggestion());
    }
}
