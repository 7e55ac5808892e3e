//! The write path: payloads to tables.
//!
//! [`Indexer::write`] takes a [`Batch`] of operations and settings and commits it to an index in one
//! transaction, or leaves the index as it was. Reading order:
//!
//! 1. [`payload`]: a request body becomes a payload file; [`ingest`] has the formats.
//! 2. [`batch`], [`report`], [`error`], [`progress`]: what goes in and what comes out.
//! 3. [`indexer`]: the stages of one batch on one screen.
//! 4. [`ingest`]: operations become one [`change`] per document; [`slots`] keeps them packed.
//! 5. [`extract`]: changes become integer entries, gathered in a [`cache`] per thread ([`lexicon`] numbers the
//!    strings with a [`number_table`], [`family`] says which table an entry is for, [`run`] and [`value_run`] are sorted caches).
//! 6. [`merge`]: the runs of all threads are merged and applied to the stored postings; [`send`] hands changed
//!    blocks to the writer.
//! 7. [`write`]: the one writer.
//! 8. [`post`]: dictionaries, prefixes, facet levels, statistics.
//! 9. [`settings_change`]: which tables a change of settings builds anew.
//!
//! The same operations give the same documents, postings and answers, whatever the number of threads and
//! however they are cut into batches. Nothing here searches: filters come as a function of the caller.

mod abort;
pub mod batch;
mod cache;
mod change;
pub mod error;
mod extract;
mod family;
mod flatten;
mod indexer;
mod ingest;
mod json_text;
mod lexicon;
mod merge;
mod number_table;
pub mod payload;
mod post;
mod priority;
pub mod progress;
pub mod report;
mod run;
mod send;
mod settings_change;
mod slots;
mod value_run;
mod waiting;
mod write;

pub use batch::{Batch, Method, Operation, ResolveFilter, Stamp};
pub use error::{DocumentError, IndexError};
pub use indexer::{Indexer, IndexerOptions};
pub use ingest::edit_function;
pub use priority::lower_thread_priority;
pub use progress::{Progress, ProgressStep};
pub use report::{BatchReport, Congestion, OperationReport};
