//! The HTTP API: routes, extraction, errors.
//!
//! Reading order: [`App`] (what requests share), `routes` (THE route table, then one file per
//! resource), `guard` (the action each route needs, checked before anything else), `extract` (paths,
//! query strings, bodies), `convert` (wire types to engine types and back), `error` (any error to
//! `{message, code, type, link}` and a status), `search_queue` (how many searches run at once),
//! `middleware` (paths, CORS, compression, log lines), `serve` (from a listener to the routes), `connection`
//! (time limits of a connection), [`tls`] (connections that speak TLS), `openapi` (the published
//! description).
//!
//! Handlers are thin: they read the request, call the engine or the task queue on a blocking thread, and
//! write the answer. Nothing here knows how documents are stored.

mod app;
mod connection;
mod convert;
mod error;
mod extract;
mod guard;
mod middleware;
mod openapi;
mod routes;
mod search_queue;
mod serve;
pub mod tls;

pub use app::{App, HttpOptions};
pub use connection::TimeLimits;
pub use search_queue::SearchQueueOptions;
pub use serve::{Server, plain_listener, serve};
