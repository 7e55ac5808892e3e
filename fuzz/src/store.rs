//! An environment for the whole run. Targets write damaged entries in a transaction that is never committed, so
//! that an input costs no fsync and leaves nothing for the next one.

use std::sync::LazyLock;

use quarry_index::{Index, IndexOptions};
use quarry_storage::{Environment, EnvironmentOptions, PlainTable, StorageError};
use tempfile::TempDir;

/// An environment with three tables, for structures below the index.
pub struct Store {
    /// The environment.
    pub environment: Environment,
    /// Its tables.
    pub tables: [PlainTable; 3],
    _folder: TempDir,
}

/// The environment of this process.
pub fn store() -> &'static Store {
    static STORE: LazyLock<Store> = LazyLock::new(|| {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let environment =
            Environment::open(folder.path(), &EnvironmentOptions::default()).expect("a store can be made");
        let tables = environment.tables(["first", "second", "third"]).expect("tables can be made");
        Store { environment, tables, _folder: folder }
    });
    &STORE
}

/// What was read or written of damaged bytes; None where the damage was named.
///
/// # Panics
/// For any other error.
pub fn check<T>(outcome: Result<T, StorageError>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        // Keys come from the bytes, so they may be too long or out of order: named as such.
        Err(
            StorageError::Corrupted { .. } | StorageError::KeyLength { .. } | StorageError::KeyOrder { .. },
        ) => None,
        Err(other) => panic!("damaged bytes gave {other:?}"),
    }
}

/// An empty index of this process.
pub fn index() -> &'static Index {
    static INDEX: LazyLock<(Index, TempDir)> = LazyLock::new(|| {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let index = Index::open(folder.path(), &IndexOptions::default()).expect("an index can be made");
        (index, folder)
    });
    &INDEX.0
}
