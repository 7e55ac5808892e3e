//! What can go wrong when the queue is opened, read, or given a task.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use quarry_engine::CatalogError;
use quarry_error::{Code, HasCode};
use quarry_storage::StorageError;

/// Why the database folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("the database at \"{}\" is in use by another process", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The system does not let us write to it.
    #[error("the database folder \"{}\" cannot be made or written to: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It was written by another version.
    #[error(
        "Your database version ({found}) is incompatible with your current engine version ({expected}).\nTo migrate data between versions, please follow the documentation on updating."
    )]
    Version {
        /// Text of the `VERSION` file.
        found: String,
        /// The version of this program.
        expected: &'static str,
    },
    /// A file of it cannot be understood.
    #[error("\"{}\" is damaged: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: &'static str,
    },
    /// The store of the queue and of the names of the indexes cannot be opened.
    #[error("the task queue in \"{}\" cannot be opened: {source}", path.display())]
    Queue {
        /// Its folder.
        path: PathBuf,
        /// Why.
        source: StorageError,
    },
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The catalog of indexes failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The threads or buffers of the write path could not be made.
    #[error("the write path could not start: {detail}")]
    Indexer {
        /// What was said.
        detail: String,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Why the queue could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue was compacted, and is only read until the next start.
    #[error("The task queue was compacted: the instance must restart before it can write again.")]
    MustRestart,
    /// A thread panicked while it stored tasks.
    #[error("internal: the task could not be stored.")]
    Panicked,
    /// The store failed.
    #[error("internal: {0}.")]
    Storage(#[from] StorageError),
    /// The catalog of indexes failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A payload file could not be read.
    #[error("internal: {0}.")]
    Io(#[from] io::Error),
}

impl HasCode for QueueError {
    fn code(&self) -> Code {
        match self {
            QueueError::Storage(error) => quarry_engine::storage_code(error),
            QueueError::Catalog(error) => error.code(),
            QueueError::MustRestart | QueueError::Panicked => Code::Internal,
            QueueError::Io(error) => quarry_engine::io_code(error),
        }
    }
}

/// Why a task was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The queue holds as much as it may.
    #[error(
        "Meilisearch cannot receive write operations because the limit of the task database has been reached. Please delete tasks to continue performing write operations."
    )]
    QueueFull,
    /// The queue could not be written. Tasks that were registered together share the error.
    #[error(transparent)]
    Queue(Arc<QueueError>),
}

impl HasCode for RegisterError {
    fn code(&self) -> Code {
        match self {
            RegisterError::QueueFull => Code::NoSpaceLeftOnDevice,
            RegisterError::Queue(error) => error.code(),
        }
    }
}
