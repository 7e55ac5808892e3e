//! Wire types to engine types and back, for reads.

pub(crate) mod filter;
pub(crate) mod search;
pub(crate) mod size;
pub(crate) mod tasks;

use quarry_engine::storage_code;
use quarry_error::ErrorResponse;
use quarry_storage::StorageError;

use crate::error::HttpError;

/// The error of a store that cannot be read.
pub(crate) fn storage_error(error: StorageError) -> HttpError {
    ErrorResponse::new(error.to_string(), storage_code(&error)).into()
}
