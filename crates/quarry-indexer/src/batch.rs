//! What a batch asks for: operations on documents in order, a change of settings, or both.

use std::path::Path;

use quarry_error::{Code, ErrorResponse};
use quarry_index::{SettingsUpdate, Snapshot};
use roaring::RoaringBitmap;
use serde_json::{Map, Value};

use crate::error::IndexError;
use crate::report::OperationReport;

/// Evaluates a filter on the documents as they were before the batch.
///
/// Filters are the business of the search side; the error is already the one that clients read, without the
/// name of the index.
pub type ResolveFilter<'a> =
    dyn Fn(&Snapshot<'_>, &Value) -> Result<RoaringBitmap, ErrorResponse> + Sync + 'a;

/// Makes the bytes that are committed with the batch, from the outcomes of its operations.
///
/// Called once, just before the commit. Whoever finds these bytes after a crash knows that the batch is in.
pub type Stamp<'a> = dyn Fn(&[Result<OperationReport, IndexError>]) -> Vec<u8> + Sync + 'a;

/// Everything that one commit writes.
pub struct Batch<'a> {
    /// Operations on documents, in the order in which they apply.
    pub operations: Vec<Operation<'a>>,
    /// A change of settings, applied before the operations.
    pub settings: Option<&'a SettingsUpdate>,
    /// A primary key to be set; only possible while the index has none or no documents.
    pub primary_key: Option<&'a str>,
    /// How filters are evaluated.
    pub resolve_filter: &'a ResolveFilter<'a>,
    /// What is committed beside the data.
    pub stamp: &'a Stamp<'a>,
}

impl<'a> Batch<'a> {
    /// Bytes of all payloads.
    pub(crate) fn payload_bytes(&self) -> u64 {
        let bytes = |operation: &Operation<'_>| match operation {
            Operation::Documents { payload, .. } => std::fs::metadata(payload).map_or(0, |file| file.len()),
            _ => 0,
        };
        self.operations.iter().map(bytes).sum()
    }

    /// Operations alone: no settings, no stamp; operations that need a filter are refused.
    pub fn new(operations: Vec<Operation<'a>>) -> Batch<'a> {
        Batch {
            operations,
            settings: None,
            primary_key: None,
            resolve_filter: &refuse_filter,
            stamp: &no_stamp,
        }
    }
}

fn refuse_filter(_: &Snapshot<'_>, _: &Value) -> Result<RoaringBitmap, ErrorResponse> {
    Err(ErrorResponse::new("Filters cannot be evaluated here.", Code::InvalidDocumentFilter))
}

fn no_stamp(_: &[Result<OperationReport, IndexError>]) -> Vec<u8> {
    Vec::new()
}

/// What becomes of a document that is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// What was stored goes.
    Replace,
    /// Each top-level field that is sent replaces the stored one; the others stay.
    Update,
}

/// One operation on documents.
#[derive(Debug, Clone, Copy)]
pub enum Operation<'a> {
    /// Documents are added, replaced or updated.
    Documents {
        /// File made by [`crate::payload::convert`].
        payload: &'a Path,
        /// What becomes of documents that are there.
        method: Method,
        /// The primary key that was asked for, if any.
        primary_key: Option<&'a str>,
        /// Documents whose id is not there are left out.
        skip_creation: bool,
    },
    /// Documents go, named by their ids; unknown ids are ignored.
    DeleteByIds(&'a [String]),
    /// The documents go that a filter selects among those that were there before the batch.
    DeleteByFilter(&'a Value),
    /// All documents go.
    Clear,
    /// Documents, as they were before the batch, are rewritten by a function.
    Edit {
        /// A Rhai script over `doc` and `context`.
        function: &'a str,
        /// Which documents; all of them without a filter.
        filter: Option<&'a Value>,
        /// What the script sees as `context`.
        context: Option<&'a Map<String, Value>>,
    },
}
