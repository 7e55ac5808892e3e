//! The HTTP API from outside: requests in, answers out, on a database in a temporary folder.

#![allow(clippy::unwrap_used)]

mod back_pressure;
mod compaction;
mod deviations;
mod health;
mod openapi;
mod support;
mod tls;
