//! Offline tool: prints tables, checks consistency.
//!
//! - [`entries`]: every entry of every table, decoded as far as two indexes can be compared.
//! - [`compare`]: what differs between two indexes.
//! - [`check`]: builds an index anew from the documents of another, and compares both.

pub mod check;
pub mod compare;
pub mod entries;

pub use check::check;
pub use compare::{Difference, compare};
