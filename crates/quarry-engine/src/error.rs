//! What can go wrong between an index uid and an open index.

use std::io;

use quarry_error::{Code, HasCode};
use quarry_index::OpenError;
use quarry_storage::StorageError;

/// An error of the catalog.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// No index has this uid.
    #[error("Index `{uid}` not found.")]
    NotFound {
        /// The uid asked for.
        uid: String,
    },
    /// An index has this uid already.
    #[error("Index `{uid}` already exists.")]
    AlreadyExists {
        /// The uid asked for.
        uid: String,
    },
    /// The index has documents and so keeps its primary key.
    #[error("Index already has a primary key: `{primary_key}`.")]
    PrimaryKeyFixed {
        /// The key it keeps.
        primary_key: String,
    },
    /// The index cannot be opened.
    #[error("Index `{uid}` cannot be opened: {source} (folder indexes/{folder})")]
    Open {
        /// The index.
        uid: String,
        /// Name of its folder.
        folder: uuid::Uuid,
        /// Why.
        source: OpenError,
    },
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A folder could not be read or changed.
    #[error("{source}")]
    Io {
        /// What the operating system said.
        #[from]
        source: io::Error,
    },
}

impl HasCode for CatalogError {
    fn code(&self) -> Code {
        match self {
            CatalogError::NotFound { .. } => Code::IndexNotFound,
            CatalogError::AlreadyExists { .. } => Code::IndexAlreadyExists,
            CatalogError::PrimaryKeyFixed { .. } => Code::IndexPrimaryKeyAlreadyExists,
            CatalogError::Storage(error) => storage_code(error),
            CatalogError::Io { source } => io_code(source),
            CatalogError::Open { source: OpenError::Storage(error), .. } => storage_code(error),
            CatalogError::Open { .. } => Code::Internal,
        }
    }
}

impl CatalogError {
    /// The index that cannot be opened now, but perhaps later: for want of rights, memory or open files. None for
    /// one that will not open until somebody mends its files.
    pub fn unopened(&self) -> Option<&str> {
        match self {
            CatalogError::Open { uid, source: OpenError::Storage(error), .. } if !error.is_damage() => {
                Some(uid)
            }
            _ => None,
        }
    }

    /// Whether it is about opening one index.
    pub fn is_open(&self) -> bool {
        matches!(self, CatalogError::Open { .. })
    }
}

/// The code that clients read for an error of the store.
pub fn storage_code(error: &StorageError) -> Code {
    match error {
        StorageError::DiskFull | StorageError::MapFull => Code::NoSpaceLeftOnDevice,
        StorageError::TooManyOpenFiles => Code::TooManyOpenFiles,
        _ => Code::Internal,
    }
}

/// The code that clients read for an error of the system.
pub fn io_code(error: &io::Error) -> Code {
    let same = error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
    storage_code(&StorageError::from(same))
}
