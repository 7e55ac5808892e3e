//! What an index is on disk: tables, keys, documents, settings, dictionaries.
//!
//! Indexer and search meet here and only here. Reading order:
//! - [`tables`]: THE table of tables: name, key, value, writer, reader.
//! - [`keys`]: the bytes of the keys, one shape per file.
//! - [`index`] and [`snapshot`]: an open index; one consistent view of it.
//! - [`settings`]: one file per setting; [`attribute_pattern`] and [`features`]: what they mean for a field.
//! - [`fields`], [`external_ids`], [`document`], [`statistics`]: documents and what is known about them.
//! - [`dictionary`]: all words of the index, as automata.
//! - [`format_version`]: the number that is checked when an index is opened.
//!
//! Only bytes and their meaning are here. Nothing in this crate tokenises documents, ranks, or opens a
//! write transaction: writers are lent one.

pub mod attribute_pattern;
pub mod dictionary;
pub mod document;
pub mod external_ids;
pub mod features;
pub mod fields;
pub mod format_version;
pub mod index;
pub mod keys;
pub mod main_table;
pub mod number_text;
pub mod settings;
pub mod snapshot;
pub mod statistics;
pub mod tables;
mod upgrade;
mod varint;

pub use dictionary::{Dictionary, DictionaryKind, KeptPrefixes, PrefixChanges};
pub use document::{CompressionDictionary, Record, RecordReader, RecordWriter};
pub use features::FieldFeatures;
pub use fields::{Fields, TooManyFields};
pub use index::{Index, IndexOptions, OpenError};
pub use settings::{Change, Settings, SettingsDiff, SettingsError, SettingsUpdate};
pub use snapshot::Snapshot;
pub use tables::{TableId, Tables};

/// Our number of a document, never shown to users: small numbers are given first, freed ones again.
pub type DocumentId = u32;

/// Our number of an attribute path (`title`, `author.name`), in the order in which paths were first met.
pub type FieldId = u16;
