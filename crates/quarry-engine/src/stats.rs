//! Sizes and counts of an index.

use std::collections::BTreeMap;

use quarry_index::{Index, TableId};
use quarry_storage::StorageError;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The field that holds vectors.
const VECTORS_FIELD: &str = "_vectors";

/// Sizes and counts of an index, as of its last change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexStats {
    /// Number of documents.
    pub documents_count: u64,
    /// Bytes of the pages that hold the documents.
    pub documents_bytes: u64,
    /// Documents that have embeddings.
    pub embedded_documents_count: u64,
    /// Embeddings of all documents.
    pub embeddings_count: u64,
    /// Documents that have each field, by field name.
    pub field_distribution: BTreeMap<String, u64>,
    /// Bytes of the pages of each table, by stored name.
    pub table_bytes: BTreeMap<String, u64>,
    /// Bytes of the file.
    pub disk_bytes: u64,
    /// Bytes of the pages that hold data.
    pub used_bytes: u64,
    /// The primary key, once there is one.
    pub primary_key: Option<String>,
    /// When the index was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When documents or settings changed last.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

impl IndexStats {
    /// Measures `index`.
    pub fn of(index: &Index) -> Result<IndexStats, StorageError> {
        let snapshot = index.snapshot()?;
        let txn = snapshot.txn();
        let mut table_bytes = BTreeMap::new();
        for table in TableId::ALL {
            let bytes = snapshot.tables().entries(*table).size_bytes(txn)?;
            table_bytes.insert(table.name().to_owned(), bytes);
        }
        let dates = snapshot.dates()?;
        let mut field_distribution = snapshot.field_distribution()?;
        // Shown to nobody as a field.
        field_distribution.remove(VECTORS_FIELD);
        Ok(IndexStats {
            documents_count: snapshot.documents_count()?,
            documents_bytes: snapshot.tables().entries(TableId::Documents).size_bytes(txn)?,
            embedded_documents_count: 0,
            embeddings_count: 0,
            field_distribution,
            used_bytes: table_bytes.values().sum(),
            table_bytes,
            disk_bytes: index.environment().disk_bytes()?,
            primary_key: snapshot.primary_key().map(str::to_owned),
            created_at: dates.created_at,
            updated_at: dates.updated_at,
        })
    }

    /// Mean size of a stored document, in bytes; 0 without documents.
    pub fn average_document_bytes(&self) -> u64 {
        self.documents_bytes.checked_div(self.documents_count).unwrap_or(0)
    }
}
