//! API keys, actions, tenant tokens and their search rules.
//!
//! Reading order: [`key`] (what is stored of a key), [`secret`] (how the value of a key follows from
//! the master key, comparison in constant time), [`store`] (keys on disk), [`pattern`] (which indexes a
//! key or token reaches), [`tenant`] (tokens made by clients), [`permissions`] (what a request may
//! do), and [`Auth`], which puts them together.
//!
//! This crate never sees a request: it gets a token, an action and an index, and says yes or no.

mod auth;
mod error;
mod key;
mod pattern;
mod permissions;
mod secret;
mod store;
mod tenant;

pub use auth::{Auth, Credentials};
pub use error::{AuthError, KeyError};
pub use key::Key;
pub use permissions::{Permissions, SearchRule};
