//! LMDB environments and the tables on them. The only crate that knows LMDB.
//!
//! Reading order:
//! - [`environment`]: one folder on disk; transactions; growth of the map.
//! - `store_files`: the files of that folder, before LMDB opens them and after it closed them; every page of the data
//!   file, walked without LMDB.
//! - [`mapped_file`]: a file read where it lies.
//! - [`growing_vec`]: a vector that leaves the heap when it grows long: [`page_vec`] for pages of its own, [`spill_vec`] for
//!   a file.
//! - [`plain_table`]: bytes to bytes, one LMDB entry each.
//! - [`block`]: how runs of neighbouring entries are packed in one block, byte by byte.
//! - [`block_table`]: a sorted map on such blocks, for reading.
//! - [`block_writer`]: sorted changes to a block table, rewriting only the blocks they touch.
//! - [`block_builder`]: a block table from nothing.
//! - [`span`]: how a set of document ids is cut into segments.
//! - [`segment`]: the bytes of a segment.
//! - [`postings`]: a stored set, and what can be asked of it undecoded.
//! - [`postings_table`]: key to set of document ids, on a block table.
//! - [`postings_union`]: the union of many sets.
//! - [`postings_writer`]: sorted changes to a postings table.
//! - [`postings_builder`]: a postings table from nothing.
//! - [`late_changes`]: changes to postings tables that wait in one small table; [`late_writer`] adds to them.
//! - [`layered_postings`]: a postings table together with its late changes.
//! - [`format_2`]: postings as they were stored before.

pub mod block;
pub mod block_builder;
pub mod block_table;
pub mod block_writer;
pub mod environment;
pub mod error;
pub mod format_2;
pub mod growing_vec;
mod large_blocks;
pub mod late_changes;
pub mod late_writer;
pub mod layered_postings;
pub mod mapped_file;
pub mod page_vec;
pub mod plain_table;
pub mod postings;
pub mod postings_builder;
pub mod postings_table;
pub mod postings_union;
pub mod postings_writer;
mod segment;
mod span;
pub mod spill_vec;
mod store_files;

pub use block_builder::BlockBuilder;
pub use block_table::{BlockCursor, BlockTable};
pub use block_writer::{BlockSink, BlockStore, BlockWriter, DirectStore, SnapshotStore};
pub use environment::{Environment, EnvironmentOptions, ReadTxn, Txn, WriteTxn};
pub use error::StorageError;
pub use late_changes::LateChanges;
pub use late_writer::LateWriter;
pub use layered_postings::{LayeredCursor, LayeredPostings};
pub use mapped_file::MappedFile;
pub use page_vec::PageVec;
pub use plain_table::PlainTable;
pub use postings::Postings;
pub use postings_builder::PostingsBuilder;
pub use postings_table::{PostingsCursor, PostingsTable};
pub use postings_union::PostingsUnion;
pub use postings_writer::{KeyOutcome, PostingsWriter};
pub use spill_vec::SpillVec;
pub use store_files::page_check::{PageUse, check_pages};
pub use store_files::sync_folder;

/// The longest key that LMDB takes, in bytes.
pub const KEY_BYTES_MAX: usize = 511;
