//! From index uid to open index: create, delete, rename, swap, with a bounded number of open indexes.
//!
//! The folder of an index is named by a uuid that never changes; the catalog maps uids to uuids. It keeps
//! this mapping in an environment of the caller's, so that what a task does to the list of indexes
//! commits with the task:
//!
//! | table | key | value |
//! |---|---|---|
//! | `index-mapping` | index uid | uuid of the folder (16 bytes) |
//! | `index-stats` | uuid of the folder (16 bytes) | [`IndexStats`] as JSON, of the last change |
//!
//! Statistics are kept here too, so that listing a thousand indexes opens none of them.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quarry_crash::CrashPoint;
use quarry_index::{Index, IndexOptions, OpenError, Settings, statistics};
use quarry_storage::{Environment, PlainTable, StorageError, Txn, WriteTxn, sync_folder};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::CatalogError;
use crate::open_indexes::{IndexHandle, OpenIndexes};
use crate::stats::IndexStats;

/// How a catalog works.
#[derive(Debug, Clone)]
pub struct CatalogOptions {
    /// Most indexes kept open when nobody uses them.
    pub open_indexes_max: usize,
    /// How each index is opened.
    pub index: IndexOptions,
}

impl Default for CatalogOptions {
    fn default() -> Self {
        CatalogOptions { open_indexes_max: 128, index: IndexOptions::default() }
    }
}

/// What lists of indexes show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexInfo {
    /// The uid.
    pub uid: String,
    /// When the index was made.
    pub created_at: OffsetDateTime,
    /// When documents or settings changed last.
    pub updated_at: OffsetDateTime,
    /// The primary key, once there is one.
    pub primary_key: Option<String>,
}

/// An index that is not in the mapping any more. Its folder goes with [`Catalog::discard`], once the
/// transaction that took it out is committed.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the folder stays until it is discarded"]
pub struct RemovedIndex {
    uuid: Uuid,
}

/// An index written anew.
pub struct CompactedIndex {
    /// The index.
    pub handle: Arc<IndexHandle>,
    /// Bytes on disk before.
    pub bytes_before: u64,
    /// Bytes on disk now.
    pub bytes_after: u64,
}

/// All indexes of a server.
pub struct Catalog {
    environment: Environment,
    mapping: PlainTable,
    stats: PlainTable,
    folder: PathBuf,
    open: OpenIndexes,
}

impl Catalog {
    /// Opens the catalog whose tables are in `environment` and whose indexes are in `folder`. Folders that
    /// no uid maps to are left-overs of a crash and are removed.
    pub fn open(
        environment: &Environment,
        folder: PathBuf,
        options: &CatalogOptions,
    ) -> Result<Catalog, CatalogError> {
        fs::create_dir_all(&folder)?;
        let [mapping, stats] = environment.tables(["index-mapping", "index-stats"])?;
        let open = OpenIndexes::new(options.open_indexes_max, options.index.clone());
        let catalog = Catalog { environment: environment.clone(), mapping, stats, folder, open };
        catalog.remove_orphans()?;
        Ok(catalog)
    }

    /// The indexes that are kept open: those used last.
    pub fn open_indexes(&self) -> Vec<Arc<IndexHandle>> {
        self.open.recent()
    }

    /// The index `uid`, opened when it is not open yet.
    pub fn get(&self, uid: &str) -> Result<Arc<IndexHandle>, CatalogError> {
        let txn = self.environment.read_txn()?;
        let uuid = self.expect_uuid(&txn, uid)?;
        // A rename or swap that commits from here on does not matter: the answer is that of the moment
        // when the mapping was read.
        drop(txn);
        self.open_uuid(uid, uuid)
    }

    /// The index `uid` as a transaction sees it.
    pub fn get_in(&self, txn: &Txn<'_>, uid: &str) -> Result<Arc<IndexHandle>, CatalogError> {
        self.open_uuid(uid, self.expect_uuid(txn, uid)?)
    }

    /// Whether there is an index `uid`.
    pub fn exists(&self, uid: &str) -> Result<bool, CatalogError> {
        let txn = self.environment.read_txn()?;
        self.exists_in(&txn, uid)
    }

    /// Whether there is an index `uid` as a transaction sees it.
    pub fn exists_in(&self, txn: &Txn<'_>, uid: &str) -> Result<bool, CatalogError> {
        Ok(self.uuid(txn, uid)?.is_some())
    }

    /// Every uid, ascending.
    pub fn uids(&self) -> Result<Vec<String>, CatalogError> {
        let txn = self.environment.read_txn()?;
        self.mapping.iter(&txn)?.map(|entry| self.uid_of(entry?.0)).collect()
    }

    /// One page of the indexes that `allowed` lets see, by ascending uid, and how many there are.
    pub fn list(
        &self,
        offset: usize,
        limit: usize,
        allowed: &dyn Fn(&str) -> bool,
    ) -> Result<(Vec<IndexInfo>, u64), CatalogError> {
        let txn = self.environment.read_txn()?;
        let mut page = Vec::new();
        let mut total = 0;
        for entry in self.mapping.iter(&txn)? {
            let (key, value) = entry?;
            let uid = self.uid_of(key)?;
            if !allowed(&uid) {
                continue;
            }
            if total >= offset && page.len() < limit {
                let stats = self.stats_of_uuid(&txn, &uid, self.uuid_of(value)?)?;
                page.push(info(uid, stats));
            }
            total += 1;
        }
        Ok((page, total as u64))
    }

    /// What lists show of the index `uid`.
    pub fn info(&self, uid: &str) -> Result<IndexInfo, CatalogError> {
        Ok(info(uid.to_owned(), self.stats(uid)?))
    }

    /// Sizes and counts of the index `uid`, without opening it.
    pub fn stats(&self, uid: &str) -> Result<IndexStats, CatalogError> {
        let txn = self.environment.read_txn()?;
        self.stats_in(&txn, uid)
    }

    /// Sizes and counts of the index `uid` as a transaction sees it.
    pub fn stats_in(&self, txn: &Txn<'_>, uid: &str) -> Result<IndexStats, CatalogError> {
        let uuid = self.expect_uuid(txn, uid)?;
        self.stats_of_uuid(txn, uid, uuid)
    }

    /// Makes an empty index.
    ///
    /// # Errors
    /// `AlreadyExists`.
    pub fn create(
        &self,
        txn: &mut WriteTxn<'_>,
        uid: &str,
        primary_key: Option<&str>,
    ) -> Result<Arc<IndexHandle>, CatalogError> {
        if self.exists_in(txn, uid)? {
            return Err(CatalogError::AlreadyExists { uid: uid.to_owned() });
        }
        let handle = self.in_a_folder(|uuid, folder| {
            let handle = self.open.create(uuid, folder).map_err(|source| cannot_open(uid, uuid, source))?;
            if let Some(primary_key) = primary_key {
                set_primary_key(&handle, primary_key)?;
            }
            Ok(handle)
        })?;
        CrashPoint::IndexCreated.reach();
        self.mapping.put(txn, uid.as_bytes(), handle.uuid().as_bytes())?;
        self.put_stats(txn, &handle)?;
        Ok(handle)
    }

    /// Makes an index in a folder of its own, which is gone again if that fails.
    fn in_a_folder(
        &self,
        make: impl FnOnce(Uuid, &Path) -> Result<Arc<IndexHandle>, CatalogError>,
    ) -> Result<Arc<IndexHandle>, CatalogError> {
        let uuid = Uuid::new_v4();
        let folder = self.folder.join(uuid.to_string());
        fs::create_dir_all(&folder)?;
        let made = make(uuid, &folder);
        if made.is_err() {
            self.discard(RemovedIndex { uuid });
        }
        made
    }

    /// Removes the folder of an index that was made and then not committed. Whether it was is asked again: a commit
    /// that failed may still be on disk.
    pub fn discard_unnamed(&self, index: &IndexHandle) {
        if self.named().is_ok_and(|named| !named.contains(&index.uuid())) {
            self.discard(RemovedIndex { uuid: index.uuid() });
        }
    }

    /// Takes the index `uid` out of the mapping.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn delete(&self, txn: &mut WriteTxn<'_>, uid: &str) -> Result<RemovedIndex, CatalogError> {
        let uuid = self.expect_uuid(txn, uid)?;
        self.mapping.delete(txn, uid.as_bytes())?;
        self.stats.delete(txn, uuid.as_bytes())?;
        Ok(RemovedIndex { uuid })
    }

    /// Gives the index `from` the uid `to`.
    ///
    /// # Errors
    /// `NotFound`; `AlreadyExists` when `to` is taken by another index.
    pub fn rename(&self, txn: &mut WriteTxn<'_>, from: &str, to: &str) -> Result<(), CatalogError> {
        let uuid = self.expect_uuid(txn, from)?;
        if from == to {
            return Ok(());
        }
        if self.exists_in(txn, to)? {
            return Err(CatalogError::AlreadyExists { uid: to.to_owned() });
        }
        self.mapping.delete(txn, from.as_bytes())?;
        Ok(self.mapping.put(txn, to.as_bytes(), uuid.as_bytes())?)
    }

    /// Exchanges two indexes.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn swap(&self, txn: &mut WriteTxn<'_>, first: &str, second: &str) -> Result<(), CatalogError> {
        let first_uuid = self.expect_uuid(txn, first)?;
        let second_uuid = self.expect_uuid(txn, second)?;
        self.mapping.put(txn, first.as_bytes(), second_uuid.as_bytes())?;
        Ok(self.mapping.put(txn, second.as_bytes(), first_uuid.as_bytes())?)
    }

    /// Writes the index `uid` anew without its holes, in a folder of its own. Nobody sees it before
    /// [`Catalog::replace`]; the index must not change in between.
    pub fn compact(&self, uid: &str) -> Result<CompactedIndex, CatalogError> {
        let handle = self.get(uid)?;
        let compacted = self.in_a_folder(|uuid, folder| {
            let data = folder.join("data.mdb");
            handle.environment().copy_compacted(&data)?;
            // The mapping that will name this file is durable, so the file and its folder must be before it.
            fs::File::open(&data)?.sync_all()?;
            sync_folder(folder)?;
            sync_folder(&self.folder)?;
            CrashPoint::IndexCompacted.reach();
            self.open.get(uuid, folder).map_err(|source| cannot_open(uid, uuid, source))
        })?;
        let bytes_after = compacted.environment().disk_bytes()?;
        Ok(CompactedIndex {
            handle: compacted,
            bytes_before: handle.environment().disk_bytes()?,
            bytes_after,
        })
    }

    /// Puts a compacted index in the place of `uid`. Who reads the index before goes on with its folder,
    /// which the caller discards after the commit.
    pub fn replace(
        &self,
        txn: &mut WriteTxn<'_>,
        uid: &str,
        compacted: &CompactedIndex,
    ) -> Result<RemovedIndex, CatalogError> {
        let uuid_before = self.expect_uuid(txn, uid)?;
        self.mapping.put(txn, uid.as_bytes(), compacted.handle.uuid().as_bytes())?;
        self.stats.delete(txn, uuid_before.as_bytes())?;
        Ok(RemovedIndex { uuid: uuid_before })
    }

    /// Removes the folder of an index whose removal is committed. Searches that still run on it go on.
    pub fn discard(&self, removed: RemovedIndex) {
        CrashPoint::IndexDiscarding.reach();
        let folder = self.folder.join(removed.uuid.to_string());
        // Moved to a name that nobody knows first: who still has the index open leaves a word in its folder when it
        // closes, which must not come into a folder that is being emptied.
        let aside = self.folder.join(Uuid::new_v4().to_string());
        let outcome = self.open.forget_while(removed.uuid, || {
            fs::rename(&folder, &aside)?;
            fs::remove_dir_all(&aside)
        });
        if let Err(error) = outcome {
            // The next start removes it.
            tracing::warn!(folder = %folder.display(), %error, "the folder of an index could not be removed");
        }
    }

    /// Measures an index after a change and remembers the result. One that cannot be read now is measured when
    /// somebody asks.
    pub fn put_stats(&self, txn: &mut WriteTxn<'_>, handle: &IndexHandle) -> Result<(), CatalogError> {
        let uuid = handle.uuid();
        match IndexStats::of(handle) {
            Ok(stats) => {
                let json = serde_json::to_vec(&stats).expect("numbers and text have a JSON form");
                self.stats.put(txn, uuid.as_bytes(), &json)?;
            }
            Err(error) => {
                tracing::warn!(index = %uuid, %error, "an index could not be measured");
                self.stats.delete(txn, uuid.as_bytes())?;
            }
        }
        Ok(())
    }

    fn stats_of_uuid(&self, txn: &Txn<'_>, uid: &str, uuid: Uuid) -> Result<IndexStats, CatalogError> {
        if let Some(json) = self.stats.get(txn, uuid.as_bytes())?
            && let Ok(stats) = serde_json::from_slice(json)
        {
            return Ok(stats);
        }
        // Only a cache: when it is missing or of another form, the index itself knows.
        Ok(IndexStats::of(&*self.open_uuid(uid, uuid)?)?)
    }

    fn open_uuid(&self, uid: &str, uuid: Uuid) -> Result<Arc<IndexHandle>, CatalogError> {
        let folder = self.folder.join(uuid.to_string());
        let source = match self.open.get(uuid, &folder) {
            Ok(handle) => return Ok(handle),
            Err(source) => source,
        };
        // Its folder goes some time after an index is deleted, when its uuid may have been read already.
        if self.uuid(&*self.environment.read_txn()?, uid)? != Some(uuid) {
            return Err(CatalogError::NotFound { uid: uid.to_owned() });
        }
        Err(cannot_open(uid, uuid, source))
    }

    /// The error for an open index that cannot be read any more: it is let go, to be opened anew.
    pub fn unreadable(&self, uid: &str, index: &IndexHandle, source: StorageError) -> CatalogError {
        self.open.forget(index.uuid());
        cannot_open(uid, index.uuid(), source.into())
    }

    fn uuid(&self, txn: &Txn<'_>, uid: &str) -> Result<Option<Uuid>, CatalogError> {
        // A uid that cannot be a key, being empty or too long, is that of no index.
        if uid.is_empty() || uid.len() > quarry_storage::KEY_BYTES_MAX {
            return Ok(None);
        }
        self.mapping.get(txn, uid.as_bytes())?.map(|value| self.uuid_of(value)).transpose()
    }

    fn expect_uuid(&self, txn: &Txn<'_>, uid: &str) -> Result<Uuid, CatalogError> {
        self.uuid(txn, uid)?.ok_or_else(|| CatalogError::NotFound { uid: uid.to_owned() })
    }

    fn uuid_of(&self, value: &[u8]) -> Result<Uuid, CatalogError> {
        Uuid::from_slice(value).map_err(|_| self.corrupted("a value is not a uuid"))
    }

    fn uid_of(&self, key: &[u8]) -> Result<String, CatalogError> {
        String::from_utf8(key.to_vec()).map_err(|_| self.corrupted("a key is not an index uid"))
    }

    fn corrupted(&self, detail: &'static str) -> CatalogError {
        CatalogError::Storage(StorageError::Corrupted { table: self.mapping.name(), detail })
    }

    /// The folders that have a uid.
    fn named(&self) -> Result<HashSet<Uuid>, CatalogError> {
        let txn = self.environment.read_txn()?;
        self.mapping.iter(&txn)?.map(|entry| self.uuid_of(entry?.1)).collect()
    }

    fn remove_orphans(&self) -> Result<(), CatalogError> {
        let wanted = self.named()?;
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let uuid = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            if uuid.is_some_and(|uuid| !wanted.contains(&uuid)) {
                fs::remove_dir_all(&path)?;
            }
        }
        Ok(())
    }
}

fn cannot_open(uid: &str, uuid: Uuid, source: OpenError) -> CatalogError {
    CatalogError::Open { uid: uid.to_owned(), folder: uuid, source }
}

fn info(uid: String, stats: IndexStats) -> IndexInfo {
    IndexInfo {
        uid,
        created_at: stats.created_at,
        updated_at: stats.updated_at,
        primary_key: stats.primary_key,
    }
}

/// Sets the primary key of an index that has no documents; setting the same key again is fine.
///
/// # Errors
/// `PrimaryKeyFixed` when the index has documents and another key.
pub fn set_primary_key(index: &Index, primary_key: &str) -> Result<(), CatalogError> {
    let (documents_count, before) = {
        let snapshot = index.snapshot()?;
        (snapshot.documents_count()?, snapshot.primary_key().map(str::to_owned))
    };
    match before {
        Some(before) if before == primary_key => return Ok(()),
        Some(before) if documents_count > 0 => {
            return Err(CatalogError::PrimaryKeyFixed { primary_key: before });
        }
        _ => {}
    }
    let mut txn = index.environment().write_txn()?;
    let mut settings = Settings::read(index.tables(), &txn)?;
    settings.primary_key = Some(primary_key.to_owned());
    settings.write(index.tables(), &mut txn)?;
    statistics::touch(index.tables(), &mut txn)?;
    Ok(txn.commit()?)
}
