//! Primary key values to document ids: table `external-documents-ids`.
//!
//! Key: the external id as it is (1 to 511 bytes of `[A-Za-z0-9_-]`). Value: document id (u32, big endian).

use quarry_storage::{StorageError, Txn, WriteTxn};
use serde_json::Value;

use crate::{DocumentId, Fields, Record, Tables};

/// The document with this external id. Any text may be asked for.
pub fn get(tables: &Tables, txn: &Txn<'_>, external: &str) -> Result<Option<DocumentId>, StorageError> {
    if external.is_empty() || external.len() > quarry_storage::KEY_BYTES_MAX {
        return Ok(None);
    }
    tables.external_document_ids.get(txn, external.as_bytes())?.map(parse).transpose()
}

/// Gives an external id to a document.
pub fn put(
    tables: &Tables,
    txn: &mut WriteTxn<'_>,
    external: &str,
    document: DocumentId,
) -> Result<(), StorageError> {
    tables.external_document_ids.put(txn, external.as_bytes(), &value(document))
}

/// Takes an external id out.
pub fn delete(tables: &Tables, txn: &mut WriteTxn<'_>, external: &str) -> Result<bool, StorageError> {
    tables.external_document_ids.delete(txn, external.as_bytes())
}

/// The stored form of a document id.
pub fn value(document: DocumentId) -> [u8; 4] {
    document.to_be_bytes()
}

/// The document id of a stored value.
pub fn parse(value: &[u8]) -> Result<DocumentId, StorageError> {
    let value = value.try_into().map_err(|_| StorageError::Corrupted {
        table: "external-documents-ids",
        detail: "a document id is not 4 bytes",
    })?;
    Ok(DocumentId::from_be_bytes(value))
}

/// The external id in a record: its value of the primary key, which may be a path (`a.b`). `None` when the
/// record has none.
pub fn of_record(
    record: &Record<'_>,
    fields: &Fields,
    primary_key: &str,
) -> Result<Option<String>, StorageError> {
    if let Some(field) = fields.id(primary_key)
        && let Some(value) = record.value(field)?
    {
        return Ok(text(&value));
    }
    for (dot, _) in primary_key.match_indices('.') {
        let Some(field) = fields.id(&primary_key[..dot]) else { continue };
        let value = record.value(field)?;
        if let Some(id) = value.as_ref().and_then(|value| find(value, &primary_key[dot + 1..])) {
            return Ok(text(id));
        }
    }
    Ok(None)
}

/// The value at a path in an object whose names may hold dots themselves.
fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    object.get(path).or_else(|| {
        let mut dots = path.match_indices('.');
        dots.find_map(|(dot, _)| find(object.get(&path[..dot])?, &path[dot + 1..]))
    })
}

/// Integers stand for their decimal text.
fn text(id: &Value) -> Option<String> {
    match id {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}
