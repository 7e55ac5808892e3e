//! Entries of the table `main`: one value per name.
//!
//! | name | value | written when |
//! |---|---|---|
//! | `format-version` | `format_version.rs` | the index is created |
//! | `generation` | u64, little endian: grows whenever settings, fields or the compression dictionary change | with them |
//! | `settings` | JSON of [`crate::Settings`] | settings change |
//! | `fields` | `fields.rs` | a document brings a field |
//! | `field-distribution` | `statistics.rs` | documents change |
//! | `created-at`, `updated-at` | `statistics.rs` | creation, every batch |
//! | `stamp` | opaque bytes of the last batch | every batch |
//! | `compression-dictionary` | a zstd dictionary (`document/compression.rs`) | the first large enough batch |
//! | `words-base`, `words-added`, `words-removed` | FSTs (`dictionary/`) | the words of the index change |
//! | `exact-words-base`, `exact-words-added`, `exact-words-removed` | the same | exact words change |
//! | `kept-prefixes` | an FST (`dictionary/kept_prefixes.rs`) | the kept prefixes change |

use quarry_storage::{StorageError, Txn, WriteTxn};

use crate::Tables;

pub(crate) const FORMAT_VERSION: &[u8] = b"format-version";
pub(crate) const GENERATION: &[u8] = b"generation";
pub(crate) const SETTINGS: &[u8] = b"settings";
pub(crate) const FIELDS: &[u8] = b"fields";
pub(crate) const FIELD_DISTRIBUTION: &[u8] = b"field-distribution";
pub(crate) const CREATED_AT: &[u8] = b"created-at";
pub(crate) const UPDATED_AT: &[u8] = b"updated-at";
pub(crate) const STAMP: &[u8] = b"stamp";
pub(crate) const COMPRESSION_DICTIONARY: &[u8] = b"compression-dictionary";
pub(crate) const KEPT_PREFIXES: &[u8] = b"kept-prefixes";

/// What is kept in memory from one snapshot to the next is read again when this number changes.
pub(crate) fn generation(tables: &Tables, txn: &Txn<'_>) -> Result<u64, StorageError> {
    let Some(bytes) = tables.main.get(txn, GENERATION)? else { return Ok(0) };
    let bytes = bytes.try_into().map_err(|_| damaged("the generation is not 8 bytes"))?;
    Ok(u64::from_le_bytes(bytes))
}

/// Says that settings, fields or the compression dictionary are others now.
pub(crate) fn next_generation(tables: &Tables, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
    let next = generation(tables, txn)?.wrapping_add(1);
    tables.main.put(txn, GENERATION, &next.to_le_bytes())
}

/// The stamp of the last batch: opaque bytes that were committed with it.
pub fn stamp(tables: &Tables, txn: &Txn<'_>) -> Result<Option<Vec<u8>>, StorageError> {
    Ok(tables.main.get(txn, STAMP)?.map(<[u8]>::to_vec))
}

/// Sets the stamp, to be committed with a batch. A batch whose stamp is found after a crash is done.
pub fn set_stamp(tables: &Tables, txn: &mut WriteTxn<'_>, stamp: &[u8]) -> Result<(), StorageError> {
    tables.main.put(txn, STAMP, stamp)
}

/// An entry of `main` that is not what was written.
pub(crate) fn damaged(detail: &'static str) -> StorageError {
    StorageError::Corrupted { table: "main", detail }
}
