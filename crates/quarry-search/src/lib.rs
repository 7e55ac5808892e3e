//! The read path: query graph, ranking, filters, facets, formatting.

pub mod filter;
