//! Documents as they were sent: one by its id, or many by ids, filter and order.

use quarry_error::{Code, ErrorResponse, HasCode};
use quarry_index::{DocumentId, Snapshot};
use quarry_search::filter::TIME_MAX_MS;
use quarry_search::format::Projection;
use quarry_storage::StorageError;
use roaring::RoaringBitmap;
use serde_json::{Map, Value};

use crate::write::selected;

/// The field that holds vectors: shown only when asked for.
const VECTORS_FIELD: &str = "_vectors";

/// Stands for all fields.
const ALL_FIELDS: &str = "*";

/// What of a document is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Names and paths of fields; `None` or a `*` among them: all fields.
    pub fields: Option<Vec<String>>,
    /// Whether `_vectors` is shown.
    pub vectors: bool,
}

/// Which documents are wanted. All restrictions hold together.
#[derive(Debug, Clone, Default)]
pub struct FetchRequest {
    /// Documents to leave out at the start.
    pub offset: usize,
    /// Most documents to give.
    pub limit: usize,
    /// What of each is shown.
    pub shown: Shown,
    /// Only documents on which this filter holds, as sent.
    pub filter: Option<Value>,
    /// Only documents with these ids; unknown ids are skipped.
    pub ids: Option<Vec<String>>,
    /// Order, as `field:asc` or `field:desc`; without it, documents come in the order of their first
    /// insertion.
    pub sort: Option<Vec<String>>,
}

/// One page of documents.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FetchResult {
    /// The documents.
    pub documents: Vec<Map<String, Value>>,
    /// How many there are on all pages.
    pub total: u64,
}

/// Why documents could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentsError {
    /// The filter or the order was refused.
    #[error(transparent)]
    Refused(#[from] ErrorResponse),
    /// The store failed.
    #[error("internal: {0}.")]
    Storage(#[from] StorageError),
}

impl HasCode for DocumentsError {
    fn code(&self) -> Code {
        match self {
            DocumentsError::Refused(error) => error.code,
            DocumentsError::Storage(error) => crate::error::storage_code(error),
        }
    }
}

/// The document with the id `external_id`.
pub fn get(
    snapshot: &Snapshot<'_>,
    external_id: &str,
    shown: &Shown,
) -> Result<Option<Map<String, Value>>, DocumentsError> {
    match snapshot.document_id(external_id)? {
        Some(document) => read(snapshot, document, shown),
        None => Ok(None),
    }
}

/// One page of documents.
///
/// # Errors
/// `Refused` with `invalid_document_filter` or `invalid_document_sort`.
pub fn fetch(snapshot: &Snapshot<'_>, request: &FetchRequest) -> Result<FetchResult, DocumentsError> {
    let candidates = candidates(snapshot, request)?;
    let page: Vec<DocumentId> = match &request.sort {
        Some(sort) => {
            crate::order::ordered(snapshot, &candidates, sort, request.offset.saturating_add(request.limit))?
                .into_iter()
                .skip(request.offset)
                .take(request.limit)
                .collect()
        }
        None => candidates.iter().skip(request.offset).take(request.limit).collect(),
    };
    let mut documents = Vec::with_capacity(page.len());
    for document in page {
        documents.extend(read(snapshot, document, &request.shown)?);
    }
    Ok(FetchResult { documents, total: candidates.len() })
}

fn candidates(snapshot: &Snapshot<'_>, request: &FetchRequest) -> Result<RoaringBitmap, DocumentsError> {
    let mut candidates = match &request.ids {
        Some(ids) => {
            let mut documents = RoaringBitmap::new();
            for id in ids {
                documents.extend(snapshot.document_id(id)?);
            }
            documents
        }
        None => snapshot.documents_ids()?,
    };
    if let Some(filter) = &request.filter {
        candidates &= selected(snapshot, filter, Some(TIME_MAX_MS))?;
    }
    Ok(candidates)
}

fn read(
    snapshot: &Snapshot<'_>,
    document: DocumentId,
    shown: &Shown,
) -> Result<Option<Map<String, Value>>, DocumentsError> {
    let Some(record) = snapshot.record(document)? else { return Ok(None) };
    let projection = match &shown.fields {
        Some(names) if !names.iter().any(|name| name == ALL_FIELDS) => Projection::of(names.clone()),
        _ => Projection::everything(),
    };
    let mut view = projection.apply(&record, snapshot.fields())?;
    if shown.vectors {
        let vectors = snapshot.fields().id(VECTORS_FIELD).map(|field| record.value(field)).transpose()?;
        view.insert(VECTORS_FIELD.to_owned(), vectors.flatten().unwrap_or_else(|| Value::Object(Map::new())));
    }
    Ok(Some(view))
}
