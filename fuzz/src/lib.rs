//! What the fuzz targets share.
//!
//! - [`pieces`]: one input cut into several.
//! - [`store`]: an environment of LMDB for the whole run, written to and never committed.
//! - [`at_rest`]: a folder of stores that are closed, changed, and opened again.
//! - [`films`]: a small index that searches and filters run on.
//!
//! A target must hold three promises for every input: no panic, no hang, no flood of memory. Where a slow and
//! obvious answer exists, it is compared too.

pub mod at_rest;
pub mod films;
pub mod pieces;
pub mod store;
