//! The open indexes: a bounded number kept open, each environment opened once.
//!
//! LMDB must not open one environment twice in a process, and an index leaves this set only when its last
//! user lets go of it. So each index is in one of three states here: being opened, open, or being closed
//! (still known, its handle gone); who asks for it waits while it is in the first or the last.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use quarry_index::{Index, IndexOptions, OpenError};
use quarry_storage::StorageError;
use uuid::Uuid;

/// An open index. It closes when the last clone of the `Arc` around it goes.
pub struct IndexHandle {
    // Declared before `_entry`: fields drop in this order, so the index is closed when the entry says so.
    index: Index,
    _entry: Entry,
}

impl Deref for IndexHandle {
    type Target = Index;

    fn deref(&self) -> &Index {
        &self.index
    }
}

impl IndexHandle {
    /// Name of the folder of the index. It stays when the index is renamed.
    pub fn uuid(&self) -> Uuid {
        self._entry.uuid
    }
}

/// The set of open indexes.
pub(crate) struct OpenIndexes {
    shared: Arc<Shared>,
    open_max: usize,
    options: IndexOptions,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Every index that is not fully closed. A dead `Weak`: being opened or being closed.
    known: HashMap<Uuid, Weak<IndexHandle>>,
    /// Those kept open though nobody uses them, most recently used last.
    recent: VecDeque<Arc<IndexHandle>>,
    /// Those that were refused for a page, with its number and what is wrong with it: who asks again does not have
    /// the file read through again. Mending a file needs a restart.
    damaged: HashMap<Uuid, (u64, &'static str)>,
    /// Those whose folder is being removed: LMDB would make a new file in the place of the one that has just gone.
    going: HashSet<Uuid>,
}

impl OpenIndexes {
    pub(crate) fn new(open_max: usize, options: IndexOptions) -> OpenIndexes {
        OpenIndexes { shared: Arc::default(), open_max: open_max.max(1), options }
    }

    /// The index in `folder`, which must be there, opened when it is not open yet.
    pub(crate) fn get(&self, uuid: Uuid, folder: &Path) -> Result<Arc<IndexHandle>, OpenError> {
        self.get_with(uuid, || Index::open_existing(folder, &self.options))
    }

    /// The index in `folder`, made there.
    pub(crate) fn create(&self, uuid: Uuid, folder: &Path) -> Result<Arc<IndexHandle>, OpenError> {
        self.get_with(uuid, || Index::open(folder, &self.options))
    }

    fn get_with(
        &self,
        uuid: Uuid,
        open: impl FnOnce() -> Result<Index, OpenError>,
    ) -> Result<Arc<IndexHandle>, OpenError> {
        let mut state = self.shared.lock();
        loop {
            if state.going.contains(&uuid) {
                let gone = StorageError::Corrupted { table: "(file)", detail: "the index is being removed" };
                return Err(gone.into());
            }
            if let Some(&(page, detail)) = state.damaged.get(&uuid) {
                return Err(StorageError::DamagedPage { page, detail }.into());
            }
            match state.known.get(&uuid).map(Weak::upgrade) {
                Some(Some(handle)) => {
                    let evicted = state.touch(&handle, self.open_max);
                    drop(state);
                    drop(evicted);
                    return Ok(handle);
                }
                Some(None) => {
                    state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                None => break,
            }
        }
        state.known.insert(uuid, Weak::new());
        drop(state);
        // From here on the entry takes the uuid out again, also when opening fails.
        let entry = Entry { uuid, shared: Arc::clone(&self.shared) };
        let index = open().inspect_err(|error| {
            if let OpenError::Storage(StorageError::DamagedPage { page, detail }) = error {
                self.shared.lock().damaged.insert(uuid, (*page, *detail));
            }
        })?;
        let handle = Arc::new(IndexHandle { index, _entry: entry });
        let mut state = self.shared.lock();
        state.known.insert(uuid, Arc::downgrade(&handle));
        let evicted = state.touch(&handle, self.open_max);
        drop(state);
        drop(evicted);
        self.shared.changed.notify_all();
        Ok(handle)
    }

    /// Those kept open.
    pub(crate) fn recent(&self) -> Vec<Arc<IndexHandle>> {
        self.shared.lock().recent.iter().cloned().collect()
    }

    /// Lets go of an index and runs `remove`, during which nobody opens it. Who uses it goes on.
    pub(crate) fn forget_while<T>(&self, uuid: Uuid, remove: impl FnOnce() -> T) -> T {
        self.shared.lock().going.insert(uuid);
        self.forget(uuid);
        let in_between =
            |state: &mut State| state.known.get(&uuid).is_some_and(|known| known.strong_count() == 0);
        let waited = self.shared.changed.wait_while(self.shared.lock(), in_between);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        // An opening that has just ended put it back.
        self.forget(uuid);
        let outcome = remove();
        self.shared.lock().going.remove(&uuid);
        outcome
    }

    /// Lets go of an index: it closes as soon as nobody uses it.
    pub(crate) fn forget(&self, uuid: Uuid) {
        let mut state = self.shared.lock();
        state.damaged.remove(&uuid);
        let position = state.recent.iter().position(|handle| handle.uuid() == uuid);
        let forgotten = position.and_then(|position| state.recent.remove(position));
        drop(state);
        // Dropped without the lock: closing takes the lock itself.
        drop(forgotten);
    }
}

impl Drop for OpenIndexes {
    fn drop(&mut self) {
        // Each handle refers back to the set, so the set must let go of them first.
        let recent = std::mem::take(&mut self.shared.lock().recent);
        drop(recent);
    }
}

impl State {
    /// Marks `handle` as just used; gives back the handles that are one too many.
    fn touch(&mut self, handle: &Arc<IndexHandle>, open_max: usize) -> Vec<Arc<IndexHandle>> {
        let position = self.recent.iter().position(|recent| Arc::ptr_eq(recent, handle));
        let kept = position.and_then(|position| self.recent.remove(position));
        self.recent.push_back(kept.unwrap_or_else(|| Arc::clone(handle)));
        let excess = self.recent.len().saturating_sub(open_max);
        self.recent.drain(..excess).collect()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is one insertion or removal: a panic elsewhere cannot leave half of one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of an index in the set, given up when dropped.
struct Entry {
    uuid: Uuid,
    shared: Arc<Shared>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.shared.lock().known.remove(&self.uuid);
        self.shared.changed.notify_all();
    }
}
