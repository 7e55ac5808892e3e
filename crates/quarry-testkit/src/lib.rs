//! For tests: a slow, obvious engine to compare the real one with.
//!
//! [`Oracle`] keeps documents as JSON in a vector and answers a query by trying every path of the query
//! graph on every document. It shares the tokeniser with the engine, and nothing else.

pub mod oracle;

pub use oracle::{Oracle, OracleFilter, OracleHit, OracleQuery, OracleSettings, Strategy};
