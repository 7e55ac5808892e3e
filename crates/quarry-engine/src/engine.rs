//! One index in a folder, for programs that embed the engine.

use std::io::Write as _;
use std::path::Path;

use quarry_index::{Index, IndexOptions, OpenError, SettingsUpdate, Snapshot};
use quarry_indexer::payload::{PayloadError, PayloadFormat, convert};
use quarry_indexer::{
    BatchReport, IndexError, Indexer, IndexerOptions, Method, Operation, OperationReport, Progress,
};
use quarry_search::{SearchError, SearchRequest, SearchResult};
use quarry_storage::StorageError;

use crate::write::{Write, write};

/// One index in a folder.
///
/// Writes are durable when they return; searches run beside them on snapshots of their own. Share it
/// between threads by reference or in an `Arc`.
///
/// ```
/// use quarry_engine::{Engine, SearchRequest};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let engine = Engine::open(folder.path())?;
/// engine.update_settings(&serde_json::from_str(r#"{ "filterableAttributes": ["year"] }"#)?)?;
/// engine.add_documents(
///     br#"[
///         { "id": 1, "title": "Harbour Lights", "year": 2011 },
///         { "id": 2, "title": "Midnight Orchard", "year": 2004 }
///     ]"#,
/// )?;
/// let request = SearchRequest { query: Some("harbor".to_owned()), ..SearchRequest::default() };
/// let result = engine.search(&request)?;
/// assert_eq!(result.hits[0].content.document["title"], "Harbour Lights");
/// engine.delete_documents(&["1".to_owned()])?;
/// assert_eq!(engine.snapshot()?.documents_count()?, 1);
/// # Ok(())
/// # }
/// ```
pub struct Engine {
    index: Index,
    indexer: Indexer,
}

/// Why an embedded index could not be written.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The documents are not well-formed.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The index refused them, or failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The index could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A temporary file could not be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Engine {
    /// Opens the index in `folder`, which is made when missing, with default memory and threads.
    pub fn open(folder: &Path) -> Result<Engine, EngineError> {
        Ok(Engine {
            index: Index::open(folder, &IndexOptions::default())?,
            indexer: Indexer::new(&IndexerOptions::default())?,
        })
    }

    /// Adds documents, an array of JSON objects or one object; those with a known id are replaced. The
    /// primary key is the one field whose name ends with `id`.
    pub fn add_documents(&self, json: &[u8]) -> Result<OperationReport, EngineError> {
        self.write_documents(PayloadFormat::Json, json, Method::Replace, None)
    }

    /// Adds documents in any format; `method` says what becomes of those with a known id.
    ///
    /// - `primary_key`: the field that holds the id; none: the index's, or the one that [`Engine::add_documents`] takes
    pub fn write_documents(
        &self,
        format: PayloadFormat,
        body: &[u8],
        method: Method,
        primary_key: Option<&str>,
    ) -> Result<OperationReport, EngineError> {
        let mut payload = tempfile::NamedTempFile::new()?;
        convert(format, body, payload.as_file_mut())?;
        payload.as_file_mut().flush()?;
        let path = payload.path();
        self.run(Operation::Documents { payload: path, method, primary_key, skip_creation: false })
    }

    /// Deletes the documents with these ids; unknown ids are skipped.
    pub fn delete_documents(&self, ids: &[String]) -> Result<OperationReport, EngineError> {
        self.run(Operation::DeleteByIds(ids))
    }

    /// Changes settings.
    pub fn update_settings(&self, update: &SettingsUpdate) -> Result<(), EngineError> {
        self.write(Write::settings(update))?;
        Ok(())
    }

    /// Searches.
    pub fn search(&self, request: &SearchRequest) -> Result<SearchResult, SearchError> {
        quarry_search::search(&self.index.snapshot()?, request)
    }

    /// One consistent view of the index, for everything else that reads.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, StorageError> {
        self.index.snapshot()
    }

    fn run(&self, operation: Operation<'_>) -> Result<OperationReport, EngineError> {
        let report = self.write(Write::operations(vec![operation]))?;
        let outcome = report.operations.into_iter().next();
        Ok(outcome.transpose()?.unwrap_or_default())
    }

    fn write(&self, changes: Write<'_>) -> Result<BatchReport, EngineError> {
        Ok(write(&self.indexer, &self.index, changes, &|| false, &Progress::default())?)
    }
}
