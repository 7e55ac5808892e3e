//! Changes of one index: documents and settings in one transaction.

use quarry_error::{Code, ErrorResponse, HasCode};
use quarry_filter::Wording;
use quarry_index::{Index, SettingsUpdate, Snapshot};
use quarry_indexer::{Batch, BatchReport, IndexError, Indexer, Operation, Progress as IndexProgress, Stamp};
use quarry_search::filter::evaluate;
use roaring::RoaringBitmap;
use serde_json::Value;

/// What is written in one transaction.
pub struct Write<'a> {
    /// Operations on documents, in the order in which they apply.
    pub operations: Vec<Operation<'a>>,
    /// A change of settings, applied before the operations.
    pub settings: Option<&'a SettingsUpdate>,
    /// Makes the bytes that are committed with the data, from the outcomes of the operations.
    pub stamp: &'a Stamp<'a>,
}

impl<'a> Write<'a> {
    /// Operations alone, without a stamp.
    pub fn operations(operations: Vec<Operation<'a>>) -> Write<'a> {
        Write { operations, settings: None, stamp: &|_| Vec::new() }
    }

    /// A change of settings alone, without a stamp.
    pub fn settings(settings: &'a SettingsUpdate) -> Write<'a> {
        Write { operations: Vec::new(), settings: Some(settings), stamp: &|_| Vec::new() }
    }
}

/// Writes to an index.
///
/// - `cancelled`: asked again and again; once it says yes, the work stops
/// - result: one outcome per operation; an operation may fail alone
///
/// # Errors
/// Anything that concerns the whole batch; the index is then as it was.
pub fn write(
    indexer: &Indexer,
    index: &Index,
    write: Write<'_>,
    cancelled: &(dyn Fn() -> bool + Sync),
    progress: &IndexProgress,
) -> Result<BatchReport, IndexError> {
    let batch = Batch {
        operations: write.operations,
        settings: write.settings,
        primary_key: None,
        resolve_filter: &resolve_filter,
        stamp: write.stamp,
    };
    indexer.write(index, &batch, cancelled, progress)
}

/// The documents that the filter of a task selects.
fn resolve_filter(snapshot: &Snapshot<'_>, filter: &Value) -> Result<RoaringBitmap, ErrorResponse> {
    selected(snapshot, filter, None)
}

/// The documents that a filter selects, with the errors of the routes about documents.
///
/// - `time_max_ms`: how long somebody waits for it; none: as long as it takes
pub(crate) fn selected(
    snapshot: &Snapshot<'_>,
    filter: &Value,
    time_max_ms: Option<u64>,
) -> Result<RoaringBitmap, ErrorResponse> {
    let parsed = quarry_filter::parse(filter)
        .map_err(|error| ErrorResponse::new(error.to_string(), Code::InvalidDocumentFilter))?;
    match parsed {
        Some(filter) => evaluate(snapshot, &filter, Wording::AsSent, time_max_ms).map_err(|error| {
            let code = match error.code() {
                Code::InvalidSearchFilter => Code::InvalidDocumentFilter,
                other => other,
            };
            ErrorResponse::new(error.to_string(), code)
        }),
        None => {
            snapshot.documents_ids().map_err(|error| ErrorResponse::new(error.to_string(), Code::Internal))
        }
    }
}
