//! One LMDB environment: a folder with one data file, its transactions, and the growth of its map.
//!
//! Readers are snapshots without locks; there is one writer at a time. LMDB maps the file into memory
//! with a fixed size, and that size may only change while no transaction is alive. A [`Gate`] counts the
//! living ones, so [`Environment::grow`] can wait for them and hold new ones back for that moment. LMDB gives up
//! the map it has before it asks for a larger one. Whether that will be granted is tried out before; if it is
//! not all the same, the gate lets nobody in any more.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use heed::types::Bytes;
use heed::{CommitOrAbort, Database, EnvOpenOptions, WithoutTls};
use memmap2::MmapOptions;

use crate::large_blocks::always_map;
use crate::store_files::{OpenFiles, StoreFiles};
use crate::{PlainTable, StorageError};

/// What every read takes. [`ReadTxn`] and [`WriteTxn`] both give one by dereference.
pub type Txn<'e> = heed::RoTxn<'e>;

/// A page of LMDB: that of the system, on the systems we run on.
const PAGE_BYTES: u64 = 4096;

/// Granularity of the map's size: a multiple of every page size in use.
const MAP_STEP_BYTES: usize = 1 << 20;

/// How an environment is opened.
#[derive(Debug, Clone)]
pub struct EnvironmentOptions {
    /// Most named tables.
    pub tables_max: u32,
    /// Size of the map at opening, in bytes: virtual memory, not disk. It grows when needed.
    pub map_size_bytes: usize,
    /// Most read transactions at once.
    pub readers_max: u32,
    /// Refuse to make an environment that is not there.
    pub must_exist: bool,
}

impl Default for EnvironmentOptions {
    fn default() -> Self {
        EnvironmentOptions { tables_max: 32, map_size_bytes: 1 << 30, readers_max: 500, must_exist: false }
    }
}

/// An open environment. Clones share it; it closes with the last one.
#[derive(Clone)]
pub struct Environment {
    inner: Arc<Inner>,
}

struct Inner {
    env: heed::Env<WithoutTls>,
    path: PathBuf,
    gate: Gate,
    /// After `env`: fields drop in this order.
    _files: OpenFiles,
}

impl Environment {
    /// Opens the environment in the folder `path`, which is made when missing. A file that was not closed, or changed
    /// since, is read through first.
    ///
    /// # Errors
    /// `Io`, `DiskFull`, `TooManyOpenFiles`; `Corrupted` when the file is not a store, or not there and must be;
    /// `DamagedPage` when a page of it is not what LMDB wrote.
    #[allow(unsafe_code)]
    pub fn open(path: &Path, options: &EnvironmentOptions) -> Result<Environment, StorageError> {
        always_map();
        let files = StoreFiles::prepare(path, options)?;
        let file_bytes = usize::try_from(files.data_bytes).unwrap_or(usize::MAX);
        let map_bytes = options.map_size_bytes.max(file_bytes.saturating_mul(2));
        let mut open = EnvOpenOptions::new().read_txn_without_tls();
        open.map_size(map_bytes.next_multiple_of(MAP_STEP_BYTES))
            .max_dbs(options.tables_max)
            .max_readers(options.readers_max);
        // SAFETY: LMDB asks that nobody but LMDB changes the mapped file while it is open. The folder
        // belongs to this process (the data folder is locked by the server), and heed refuses to open
        // the same environment twice in one process.
        let env = unsafe { open.open(path)? };
        let files = files.are_open()?;
        env.clear_stale_readers()?;
        reach_last_page(&env)?;
        let gate = Gate::before(env.info().map_size);
        let inner = Inner { env, path: path.to_path_buf(), gate, _files: files };
        Ok(Environment { inner: Arc::new(inner) })
    }

    /// Opens the named tables, creating those that are missing, in one transaction.
    ///
    /// Must not be called while this thread holds a write transaction of this environment.
    pub fn tables<const N: usize>(&self, names: [&'static str; N]) -> Result<[PlainTable; N], StorageError> {
        if let Some(tables) = self.existing_tables(&names)? {
            return Ok(with_names(tables, names));
        }
        let _pass = self.inner.gate.enter()?;
        let wtxn = self.inner.env.write_txn()?;
        let made = self.inner.env.create_databases_and_commit(wtxn, |opener, wtxn| {
            let tables = try_each(names, |name| opener.create_database::<Bytes, Bytes>(wtxn, Some(name)))?;
            Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit(tables))
        })?;
        match made {
            CommitOrAbort::Commit(tables) => Ok(with_names(tables, names)),
            CommitOrAbort::Abort(()) => unreachable!("the closure above always commits"),
        }
    }

    /// The tables, if all are there: opening costs no write then.
    fn existing_tables<const N: usize>(
        &self,
        names: &[&'static str; N],
    ) -> Result<Option<[Database<'static, Bytes, Bytes>; N]>, StorageError> {
        let _pass = self.inner.gate.enter()?;
        let rtxn = self.inner.env.read_txn()?;
        let opened = self.inner.env.open_databases_and_commit(rtxn, |opener, rtxn| {
            let tables = try_each(*names, |name| opener.open_database::<Bytes, Bytes>(rtxn, Some(name)))?;
            Ok::<_, heed::Error>(if tables.iter().all(Option::is_some) {
                CommitOrAbort::Commit(tables.map(|table| table.expect("all were checked to be there")))
            } else {
                CommitOrAbort::Abort(())
            })
        })?;
        Ok(opened.commit())
    }

    /// Opens one table, creating it when missing. [`Environment::tables`] opens several at the price of one.
    pub fn plain_table(&self, name: &'static str) -> Result<PlainTable, StorageError> {
        self.tables([name]).map(|[table]| table)
    }

    /// A snapshot of all tables as they are now.
    ///
    /// # Errors
    /// `ReadersFull`; `MapLost`, from then on at every call; `Io`, `Lmdb`.
    pub fn read_txn(&self) -> Result<ReadTxn<'_>, StorageError> {
        let pass = self.inner.gate.enter()?;
        Ok(ReadTxn { txn: self.inner.env.read_txn()?, _pass: Some(pass) })
    }

    /// The one write transaction; waits for the one before to end.
    ///
    /// # Errors
    /// `MapLost`, from then on at every call; `Io`, `Lmdb`.
    pub fn write_txn(&self) -> Result<WriteTxn<'_>, StorageError> {
        let pass = self.inner.gate.enter()?;
        Ok(WriteTxn { txn: self.inner.env.write_txn()?, _pass: pass })
    }

    /// A read transaction that sees the uncommitted writes of `parent`. Several may live at once, in
    /// several threads; `parent` cannot write meanwhile.
    pub fn nested_read_txn<'p>(&'p self, parent: &'p WriteTxn<'_>) -> Result<ReadTxn<'p>, StorageError> {
        Ok(ReadTxn { txn: self.inner.env.nested_read_txn(&parent.txn)?, _pass: None })
    }

    /// Makes the map at least `minimum_bytes` and at least twice what it was. Waits until no transaction
    /// is alive: the caller must hold none.
    ///
    /// # Errors
    /// `MapRefused` when the system refuses: all is as before. `MapLost` when it does so too late.
    #[allow(unsafe_code)]
    pub fn grow(&self, minimum_bytes: usize) -> Result<(), StorageError> {
        let _closed = self.inner.gate.close();
        // Kept to the end: sizes are read without a transaction, some of them in the map.
        let mut state = self.inner.gate.lock();
        state.check_map()?;
        let map_bytes = minimum_bytes.max(state.map_bytes * 2).next_multiple_of(MAP_STEP_BYTES);
        let bytes = map_bytes - state.map_bytes;
        try_map(&self.inner.env, bytes).map_err(|error| match StorageError::from(error) {
            StorageError::Io { source } => StorageError::MapRefused { bytes, source },
            other => other,
        })?;
        state.map_bytes = 0;
        // SAFETY: the closed gate proves that no transaction of this environment is alive, and none
        // starts before `_closed` is dropped. If the map is lost, none starts any more.
        unsafe { self.inner.env.resize(map_bytes) }.map_err(|_| StorageError::MapLost)?;
        state.map_bytes = map_bytes;
        Ok(())
    }

    /// Size of the map, in bytes; 0 when it is lost.
    pub fn map_size_bytes(&self) -> usize {
        self.inner.gate.lock().map_bytes
    }

    /// Bytes of the file up to its last page in use.
    ///
    /// # Errors
    /// `MapLost`.
    pub fn used_bytes(&self) -> Result<u64, StorageError> {
        // Locked while the number is read: it stands in the map.
        let state = self.inner.gate.lock();
        state.check_map()?;
        Ok(bytes_in_use(&self.inner.env))
    }

    /// Size of the data file, in bytes.
    pub fn disk_bytes(&self) -> Result<u64, StorageError> {
        Ok(self.inner.env.real_disk_size()?)
    }

    /// Writes a compacted copy of the data file to `to`, which must not exist.
    pub fn copy_compacted(&self, to: &Path) -> Result<(), StorageError> {
        let _pass = self.inner.gate.enter()?;
        self.inner.env.copy_to_path(to, heed::CompactionOption::Enabled)?;
        Ok(())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }
}

/// Bytes up to the last page in use, as the store says.
fn bytes_in_use(env: &heed::Env<WithoutTls>) -> u64 {
    (env.info().last_page_number as u64 + 1) * PAGE_BYTES
}

/// Maps `bytes` of the data file beside the map that is there, for a moment: together they take what a map larger by so
/// much takes alone, under the same limits.
#[allow(unsafe_code)]
fn try_map(env: &heed::Env<WithoutTls>, bytes: usize) -> Result<(), heed::Error> {
    let file = env.try_clone_inner_file()?;
    // SAFETY: nobody looks at what is mapped, and it is gone before this returns.
    let map = unsafe { MmapOptions::new().len(bytes).map(&file)? };
    drop(map);
    Ok(())
}

/// Makes the file as long as it says it is. One that was opened may be shorter: pages that one transaction both took and
/// freed are never written. The system ends a process that touches a page behind the end of a mapped file.
fn reach_last_page(env: &heed::Env<WithoutTls>) -> Result<(), StorageError> {
    if env.real_disk_size()? < bytes_in_use(env) {
        env.try_clone_inner_file()?.set_len(bytes_in_use(env))?;
    }
    Ok(())
}

fn try_each<T, U, E, const N: usize>(
    items: [T; N],
    make: impl FnMut(T) -> Result<U, E>,
) -> Result<[U; N], E> {
    let made = items.into_iter().map(make).collect::<Result<Vec<U>, E>>()?;
    match made.try_into() {
        Ok(array) => Ok(array),
        Err(_) => unreachable!("one made for each of the N items"),
    }
}

fn with_names<const N: usize>(
    tables: [Database<'static, Bytes, Bytes>; N],
    names: [&'static str; N],
) -> [PlainTable; N] {
    let mut names = names.into_iter();
    tables.map(|database| PlainTable::over(database, names.next().expect("as many names as tables")))
}

/// A snapshot. May move between threads, not be shared by them.
pub struct ReadTxn<'e> {
    txn: heed::RoTxn<'e, WithoutTls>,
    _pass: Option<Pass<'e>>,
}

impl<'e> Deref for ReadTxn<'e> {
    type Target = Txn<'e>;

    fn deref(&self) -> &Txn<'e> {
        &self.txn
    }
}

/// The write transaction: sees its own writes; dropped without commit, it leaves no trace.
pub struct WriteTxn<'e> {
    pub(crate) txn: heed::RwTxn<'e>,
    _pass: Pass<'e>,
}

impl WriteTxn<'_> {
    /// Makes the writes durable (one fsync) and visible to the readers that start after.
    pub fn commit(self) -> Result<(), StorageError> {
        Ok(self.txn.commit()?)
    }
}

impl<'e> Deref for WriteTxn<'e> {
    type Target = Txn<'e>;

    fn deref(&self) -> &Txn<'e> {
        &self.txn
    }
}

/// Counts living transactions; closed while the map is being resized, and for good when it is lost.
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

struct GateState {
    alive: usize,
    closed: bool,
    /// Size of the map behind the gate, 0 when there is none any more.
    map_bytes: usize,
}

impl GateState {
    /// LMDB reads where its map was, whether there is one or not.
    fn check_map(&self) -> Result<(), StorageError> {
        if self.map_bytes == 0 { Err(StorageError::MapLost) } else { Ok(()) }
    }
}

struct Pass<'g> {
    gate: &'g Gate,
}

struct Closed<'g> {
    gate: &'g Gate,
}

impl Gate {
    fn before(map_bytes: usize) -> Gate {
        let state = GateState { alive: 0, closed: false, map_bytes };
        Gate { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, GateState> {
        // The state is three plain fields, right after every statement: a panic elsewhere cannot break it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, busy: impl Fn(&GateState) -> bool) -> MutexGuard<'_, GateState> {
        let state = self.lock();
        self.changed.wait_while(state, |state| busy(state)).unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self) -> Result<Pass<'_>, StorageError> {
        let mut state = self.wait_while(|state| state.closed);
        state.check_map()?;
        state.alive += 1;
        Ok(Pass { gate: self })
    }

    fn close(&self) -> Closed<'_> {
        self.wait_while(|state| state.closed).closed = true;
        drop(self.wait_while(|state| state.alive > 0));
        Closed { gate: self }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.lock().alive -= 1;
        self.gate.changed.notify_all();
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.gate.lock().closed = false;
        self.gate.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn without_a_map_nobody_is_let_in() {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment::open(folder.path(), &EnvironmentOptions::default()).unwrap();
        environment.inner.gate.lock().map_bytes = 0;
        let is_lost = |error: Option<StorageError>| assert!(matches!(error, Some(StorageError::MapLost)));
        is_lost(environment.read_txn().err());
        is_lost(environment.write_txn().err());
        is_lost(environment.tables(["one"]).err());
        is_lost(environment.used_bytes().err());
        is_lost(environment.copy_compacted(&folder.path().join("copy")).err());
        is_lost(environment.grow(0).err());
        assert_eq!(environment.map_size_bytes(), 0);
    }
}
