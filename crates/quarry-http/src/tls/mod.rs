//! TLS: what the files of the options make of a listener.

mod config;
mod listener;

pub use config::{TlsConfig, TlsError, TlsOptions};
pub use listener::TlsListener;
