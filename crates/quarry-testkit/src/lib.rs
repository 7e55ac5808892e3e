//! For tests: a slow, obvious engine to compare the real one with.
//!
//! [`Oracle`] keeps documents as JSON in a vector and answers a query by trying every path of the query
//! graph on every document. It shares the tokeniser and the normal form of facet values with the engine, and
//! nothing else.

pub mod oracle;

pub use oracle::{
    FilterFeatures, Oracle, OracleAnswer, OracleFacets, OracleFilter, OracleHit, OracleOperator, OraclePage,
    OracleQuery, OracleSettings, OracleTypos, Strategy, View,
};
