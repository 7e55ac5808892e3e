//! How records are stored: one version byte, then JSON.

use quarry_storage::StorageError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Version of the JSON forms of tasks and batches. A change of layout takes the next number and reads both.
const RECORD_VERSION: u8 = 1;

/// The stored bytes of `record`.
pub(crate) fn encode<T: Serialize>(record: &T) -> Vec<u8> {
    let mut bytes = vec![RECORD_VERSION];
    serde_json::to_writer(&mut bytes, record).expect("records have text keys and plain values only");
    bytes
}

/// The record in `bytes` of `table`.
pub(crate) fn decode<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T, StorageError> {
    match bytes.split_first() {
        Some((&RECORD_VERSION, json)) => serde_json::from_slice(json)
            .map_err(|_| StorageError::Corrupted { table, detail: "a record is not of the expected form" }),
        Some(_) => Err(StorageError::Corrupted { table, detail: "a record has an unknown version" }),
        None => Err(StorageError::Corrupted { table, detail: "a record is empty" }),
    }
}

/// The uid after the one in a four-byte key.
pub(crate) fn next_uid(table: &'static str, key: &[u8]) -> Result<u32, StorageError> {
    let bytes =
        key.try_into().map_err(|_| StorageError::Corrupted { table, detail: "a key is not a uid" })?;
    u32::from_be_bytes(bytes)
        .checked_add(1)
        .ok_or(StorageError::Corrupted { table, detail: "every uid has been used" })
}
