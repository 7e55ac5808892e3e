//! Documents as they are stored: one record each, in the table `documents`.
//!
//! - [`record`]: the layout of a record, and reading one.
//! - [`writer`]: making one.
//! - [`compression`]: the dictionary that makes small records compress.

pub mod compression;
pub mod record;
pub mod writer;

pub use compression::CompressionDictionary;
pub use record::{Record, RecordReader};
pub use writer::RecordWriter;
