//! Stable error codes: name, kind, HTTP status.
//!
//! Reading order: [`Kind`] (the four families), [`Code`] (the table of all codes), [`HasCode`] and
//! [`ErrorResponse`] (how a typed error becomes what a client reads). This crate knows names only: no
//! HTTP library, no message texts, no shapes of other resources.

mod codes;
mod kind;
mod response;

pub use codes::{Code, CodeMarker, marker};
pub use kind::Kind;
pub use response::{ErrorResponse, HasCode};
