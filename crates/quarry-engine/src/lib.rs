//! The engine as a library: open an index, add documents, search. Plain structs in and out.
//!
//! Reading order: [`Engine`] (one index in a folder, for embedding), [`catalog`] (many indexes by uid, with
//! a bounded number open), [`write`](mod@write) (documents and settings), [`documents`] (reading documents
//! back), [`stats`]. Searching is the business of `quarry-search`, whose types are handed on here.
//!
//! Nothing here knows HTTP, tasks or keys.

pub mod catalog;
pub mod documents;
mod engine;
pub mod error;
mod open_indexes;
mod order;
pub mod stats;
pub mod write;

pub use catalog::{Catalog, CatalogOptions, CompactedIndex, IndexInfo, RemovedIndex, set_primary_key};
pub use engine::{Engine, EngineError};
pub use error::{CatalogError, io_code, storage_code};
pub use open_indexes::IndexHandle;
pub use quarry_index::{Index, IndexOptions, Settings, SettingsError, SettingsUpdate, Snapshot};
pub use quarry_indexer::payload::{PayloadError, PayloadFormat, convert as convert_payload};
pub use quarry_indexer::{
    BatchReport, IndexError, Indexer, IndexerOptions, Method, Operation, OperationReport,
    Progress as IndexProgress, lower_thread_priority,
};
pub use quarry_search::{SearchError, SearchRequest, SearchResult, search};
pub use stats::IndexStats;
pub use write::{Write, write};
