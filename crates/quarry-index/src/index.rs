//! An open index.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use quarry_storage::{Environment, EnvironmentOptions, StorageError, Txn};
use time::OffsetDateTime;

use crate::snapshot::{Loaded, Snapshot};
use crate::statistics::Dates;
use crate::{Settings, Tables, dictionary, format_version, main_table, upgrade};

/// How an index is opened.
#[derive(Debug, Clone)]
pub struct IndexOptions {
    /// Size of the memory map at opening, in bytes: virtual memory, not disk. It grows when needed.
    pub map_size_bytes: usize,
    /// Most read transactions at once.
    pub readers_max: u32,
}

impl Default for IndexOptions {
    fn default() -> Self {
        let EnvironmentOptions { map_size_bytes, readers_max, .. } = EnvironmentOptions::default();
        IndexOptions { map_size_bytes, readers_max }
    }
}

/// Why an index cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It was written with another layout.
    #[error("the index has format version {found}, and this program reads version {expected}")]
    FormatVersion {
        /// The number in the index.
        found: u32,
        /// The number that this program reads.
        expected: u32,
    },
    /// The store cannot be opened or read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// One open index: an environment, its tables, and what is kept in memory from one snapshot to the next.
/// Shared as `Arc<Index>`.
pub struct Index {
    environment: Environment,
    tables: Tables,
    loaded: Mutex<Option<Arc<Loaded>>>,
}

impl Index {
    /// Opens the index in the folder `path`, which is created when missing. One of an older version becomes one of
    /// this version first.
    ///
    /// # Errors
    /// `FormatVersion` when it was written by another version; `Storage`, also when a dictionary is damaged.
    pub fn open(path: &Path, options: &IndexOptions) -> Result<Index, OpenError> {
        let (index, is_marked) = Index::open_files(path, options, false)?;
        if !is_marked {
            index.create()?;
        }
        Ok(index)
    }

    /// Opens the index in the folder `path`, which must hold one.
    ///
    /// # Errors
    /// Those of [`Index::open`]; `Storage` with `Corrupted` when there is none.
    pub fn open_existing(path: &Path, options: &IndexOptions) -> Result<Index, OpenError> {
        match Index::open_files(path, options, true)? {
            (index, true) => Ok(index),
            (_, false) => Err(main_table::damaged("the format version is missing").into()),
        }
    }

    /// Opens the files; whether they hold an index.
    fn open_files(path: &Path, options: &IndexOptions, must_exist: bool) -> Result<(Index, bool), OpenError> {
        let options = EnvironmentOptions {
            must_exist,
            tables_max: crate::TableId::ALL.len() as u32,
            map_size_bytes: options.map_size_bytes,
            readers_max: options.readers_max,
        };
        let environment = Environment::open(path, &options)?;
        let tables = Tables::open(&environment)?;
        let txn = environment.read_txn()?;
        let version = format_version::read(&tables, &txn)?;
        dictionary::verify(&tables, &txn)?;
        drop(txn);
        let index = Index { environment, tables, loaded: Mutex::new(None) };
        match version {
            Some(format_version::CURRENT) => {}
            Some(before @ 1..=3) => upgrade::upgrade(&index.environment, &index.tables, before)?,
            Some(found) => {
                return Err(OpenError::FormatVersion { found, expected: format_version::CURRENT });
            }
            None => return Ok((index, false)),
        }
        Ok((index, true))
    }

    fn create(&self) -> Result<(), StorageError> {
        let mut txn = self.environment.write_txn()?;
        format_version::write(&self.tables, &mut txn)?;
        let now = OffsetDateTime::now_utc();
        Dates { created_at: now, updated_at: now }.write(&self.tables, &mut txn)?;
        Settings::default().write(&self.tables, &mut txn)?;
        txn.commit()
    }

    /// One consistent view of the index as it is now: everything that a search reads comes from it.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, StorageError> {
        let txn = self.environment.read_txn()?;
        let loaded = self.loaded(&txn)?;
        Ok(Snapshot::new(&self.tables, txn, loaded))
    }

    /// The environment, for transactions and sizes.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Every table.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The stamp of the last committed batch.
    pub fn stamp(&self) -> Result<Option<Vec<u8>>, StorageError> {
        let txn = self.environment.read_txn()?;
        main_table::stamp(&self.tables, &txn)
    }

    /// Settings, fields and what follows from them, as of `txn`: kept until the generation changes.
    fn loaded(&self, txn: &Txn<'_>) -> Result<Arc<Loaded>, StorageError> {
        let generation = main_table::generation(&self.tables, txn)?;
        let kept = self.lock().clone();
        if let Some(loaded) = kept.as_ref().filter(|loaded| loaded.generation == generation) {
            return Ok(Arc::clone(loaded));
        }
        let loaded = Arc::new(Loaded::read(&self.tables, txn, generation, kept.as_deref())?);
        let mut kept = self.lock();
        // An older snapshot that comes late must not push a newer one out.
        if kept.as_ref().is_none_or(|kept| kept.generation < generation) {
            *kept = Some(Arc::clone(&loaded));
        }
        Ok(loaded)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Loaded>>> {
        // The value is replaced as a whole: a panic elsewhere cannot leave it half-written.
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
