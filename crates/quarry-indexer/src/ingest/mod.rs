//! From payloads to document changes, in reading order:
//!
//! 1. [`json`], [`ndjson`], [`csv`]: a body becomes a payload file ([`transcode`] writes each value, [`syntax`]
//!    words what is broken).
//! 2. [`primary_key`], [`document_id`]: which field names a document, and what it may hold.
//! 3. [`merge_operations`]: all operations of a batch become one change per document.
//! 4. [`edit_function`]: documents rewritten by a user's script.

pub(crate) mod csv;
pub(crate) mod document_id;
pub mod edit_function;
pub(crate) mod json;
pub(crate) mod merge_operations;
pub(crate) mod ndjson;
pub(crate) mod primary_key;
mod syntax;
mod transcode;
