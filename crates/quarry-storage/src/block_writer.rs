//! Sorted changes to a block table: only the blocks that a change touches are read and written again.
//!
//! A writer goes through the table once, upwards. It opens the block that a key belongs to, copies the
//! entries below the key, lets the caller replace the entry of the key, and goes on. When the keys leave
//! the block, what was gathered is cut into blocks again:
//!
//! 1. nothing changed: nothing is written;
//! 2. it fits one block: one put, or none if the bytes are the same;
//! 3. it has become too small: the next block is drawn in as well;
//! 4. it has grown: full blocks are written as soon as two are gathered, and the rest is halved.
//!
//! Where the blocks are read from and written to is a [`BlockStore`]: a snapshot beside a sink, when many
//! threads prepare blocks for one writer, or the write transaction itself.

use crate::block::{self, BLOCK_BYTES_MAX, BLOCK_BYTES_MIN, Flags, write_entry};
use crate::block_table::BlockTable;
use crate::environment::{Txn, WriteTxn};
use crate::{KEY_BYTES_MAX, StorageError};

/// Takes the physical entries of one table, in the order in which they must be applied.
pub trait BlockSink {
    /// What can go wrong on the way.
    type Error: From<StorageError>;

    /// Sets the block with this first key.
    fn put(&mut self, key: &[u8], block: &[u8]) -> Result<(), Self::Error>;

    /// Takes out the block with this first key.
    fn delete(&mut self, key: &[u8]) -> Result<(), Self::Error>;
}

/// First key and bytes of a block, copied.
pub type StoredBlock = (Vec<u8>, Vec<u8>);

/// Two neighbouring keys, where there are such.
type KeysAround = (Option<Vec<u8>>, Option<Vec<u8>>);

/// Where a writer reads and writes blocks. Keys and blocks come as copies: the store may be written next.
pub trait BlockStore: BlockSink {
    /// The block with the greatest first key at or below `key`.
    fn floor(&self, key: &[u8]) -> Result<Option<StoredBlock>, StorageError>;

    /// The first key of the next block above `key`; above nothing, of the first block.
    fn above(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError>;
}

/// Reads from a snapshot, writes to a sink: what is written is not seen.
pub struct SnapshotStore<'t, S> {
    /// The table read.
    pub table: BlockTable,
    /// The snapshot.
    pub txn: &'t Txn<'t>,
    /// Where blocks go.
    pub sink: S,
}

impl<S: BlockSink> BlockSink for SnapshotStore<'_, S> {
    type Error = S::Error;

    fn put(&mut self, key: &[u8], block: &[u8]) -> Result<(), S::Error> {
        self.sink.put(key, block)
    }

    fn delete(&mut self, key: &[u8]) -> Result<(), S::Error> {
        self.sink.delete(key)
    }
}

fn to_owned((key, block): (&[u8], &[u8])) -> (Vec<u8>, Vec<u8>) {
    (key.to_vec(), block.to_vec())
}

fn above(table: BlockTable, txn: &Txn<'_>, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
    let blocks = table.blocks();
    let found = if key.is_empty() { blocks.first(txn)? } else { blocks.above(txn, key)? };
    Ok(found.map(|(key, _)| key.to_vec()))
}

impl<S: BlockSink> BlockStore for SnapshotStore<'_, S> {
    fn floor(&self, key: &[u8]) -> Result<Option<StoredBlock>, StorageError> {
        Ok(self.table.blocks().floor(self.txn, key)?.map(to_owned))
    }

    fn above(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        above(self.table, self.txn, key)
    }
}

/// Reads and writes one write transaction.
pub struct DirectStore<'t, 'e> {
    /// The table.
    pub table: BlockTable,
    /// The transaction.
    pub txn: &'t mut WriteTxn<'e>,
}

impl BlockSink for DirectStore<'_, '_> {
    type Error = StorageError;

    fn put(&mut self, key: &[u8], block: &[u8]) -> Result<(), StorageError> {
        self.table.blocks().put(self.txn, key, block)
    }

    fn delete(&mut self, key: &[u8]) -> Result<(), StorageError> {
        self.table.blocks().delete(self.txn, key).map(drop)
    }
}

impl BlockStore for DirectStore<'_, '_> {
    fn floor(&self, key: &[u8]) -> Result<Option<StoredBlock>, StorageError> {
        Ok(self.table.blocks().floor(self.txn, key)?.map(to_owned))
    }

    fn above(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        above(self.table, self.txn, key)
    }
}

/// Applies changes to a block table in ascending key order.
pub struct BlockWriter<B: BlockStore> {
    table: BlockTable,
    store: B,
    /// First key that belongs to another writer, if any.
    end: Option<Vec<u8>>,
    group: Option<Group>,
    pending: Pending,
    encoded: Vec<u8>,
    last_key: Vec<u8>,
}

/// The block being rewritten.
struct Group {
    /// First key of the stored block; None for entries that no block holds yet.
    stored_key: Option<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
    /// The entry that was read but not yet copied: its key, flags and place of its value.
    key: Vec<u8>,
    flags: Flags,
    value: std::ops::Range<usize>,
    loaded: bool,
    /// First key of the next block, if there is one.
    next_key: Option<Vec<u8>>,
    changed: bool,
    /// Whether `block` is not the one of `stored_key` any more.
    extended: bool,
}

/// Entries gathered for the next blocks.
#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    entries: Vec<PendingEntry>,
    /// About what the entries take once packed.
    packed_bytes: usize,
}

struct PendingEntry {
    key_start: usize,
    value_start: usize,
    end: usize,
    flags: Flags,
}

impl Pending {
    fn push(&mut self, key: &[u8], flags: Flags, value: &[u8]) {
        let shared = self
            .entries
            .last()
            .map_or(0, |last| block::common_prefix(&self.bytes[last.key_start..last.value_start], key));
        self.packed_bytes += key.len() - shared + value.len() + 3;
        let key_start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        let value_start = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.entries.push(PendingEntry { key_start, value_start, end: self.bytes.len(), flags });
    }

    fn key(&self, entry: &PendingEntry) -> &[u8] {
        &self.bytes[entry.key_start..entry.value_start]
    }

    /// Packs entries from `from` into `out` up to about `limit_bytes`, at least one; where it stopped.
    fn pack(&self, from: usize, limit_bytes: usize, out: &mut Vec<u8>) -> usize {
        out.clear();
        let mut previous: &[u8] = &[];
        for (index, entry) in self.entries.iter().enumerate().skip(from) {
            let size_before = out.len();
            let key = self.key(entry);
            write_entry(previous, key, entry.flags, &self.bytes[entry.value_start..entry.end], out);
            if out.len() > limit_bytes && index > from {
                out.truncate(size_before);
                return index;
            }
            previous = key;
        }
        self.entries.len()
    }

    /// Forgets the first `count` entries.
    fn drain(&mut self, count: usize) {
        let Some(first_left) = self.entries.get(count) else {
            self.clear();
            return;
        };
        let moved = first_left.key_start;
        self.bytes.drain(..moved);
        self.entries.drain(..count);
        for entry in &mut self.entries {
            entry.key_start -= moved;
            entry.value_start -= moved;
            entry.end -= moved;
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.packed_bytes = 0;
    }
}

impl<B: BlockStore> BlockWriter<B> {
    /// A writer over `store`; with `end`, it never touches a block from that key on.
    pub fn new(table: BlockTable, store: B, end: Option<Vec<u8>>) -> BlockWriter<B> {
        BlockWriter {
            table,
            store,
            end,
            group: None,
            pending: Pending::default(),
            encoded: Vec::new(),
            last_key: Vec::new(),
        }
    }

    /// Sets or takes out the value of `key`; the key must be above all before.
    ///
    /// # Errors
    /// `KeyLength`, `KeyOrder`, `Corrupted`, and those of the store.
    pub fn apply(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), B::Error> {
        self.seek(key)?;
        let stored = self.take(key)?;
        match (stored, value) {
            (None, None) => {}
            (Some((flags, stored)), Some(value)) if flags == 0 && stored == value => self.keep(key, 0, value),
            (_, Some(value)) => self.push(key, 0, value)?,
            (Some(_), None) => self.mark_changed(),
        }
        Ok(())
    }

    /// Writes what is left and gives the store back.
    pub fn finish(mut self) -> Result<B, B::Error> {
        while self.group.is_some() {
            self.leave_group()?;
        }
        Ok(self.store)
    }

    /// Brings the writer to `key`: opens its block, copies the entries below it.
    pub(crate) fn seek(&mut self, key: &[u8]) -> Result<(), B::Error> {
        self.open_block(key)?;
        self.last_key.clear();
        self.last_key.extend_from_slice(key);
        while self.peek()?.is_some_and(|stored| stored < key) {
            self.copy_loaded();
        }
        Ok(())
    }

    /// The stored keys around `target`: the greatest at or below it, of those that were not passed yet, and the least
    /// above it. Opens the block of `target`, passes nothing in it.
    pub(crate) fn keys_around(&mut self, target: &[u8]) -> Result<KeysAround, B::Error> {
        self.open_block(target)?;
        let Some(group) = &self.group else { return Ok((None, None)) };
        let (below, above) = group.keys_around(target).ok_or_else(|| self.table.damaged(block::TRUNCATED))?;
        Ok((below, above.or_else(|| group.next_key.clone())))
    }

    /// Whether an entry whose key starts with `prefix` stands at or below `target`, either copied just now or stored.
    pub(crate) fn has_below(&self, prefix: &[u8], target: &[u8]) -> Result<bool, StorageError> {
        let is_it = |key: &[u8]| key <= target && key.starts_with(prefix);
        if self.pending.entries.iter().any(|entry| is_it(self.pending.key(entry))) {
            return Ok(true);
        }
        let Some((_, block)) = self.store.floor(target)? else { return Ok(false) };
        let below = block::last(&block, |key| key <= target);
        let below = below.ok_or_else(|| self.table.damaged(block::TRUNCATED))?;
        Ok(below.is_some_and(|(key, ..)| is_it(&key)))
    }

    /// Opens the block that `key` belongs to, after what was gathered before is written.
    fn open_block(&mut self, key: &[u8]) -> Result<(), B::Error> {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(StorageError::KeyLength { table: self.table.name(), length: key.len() }.into());
        }
        if key < self.last_key.as_slice() {
            return Err(StorageError::KeyOrder { table: self.table.name() }.into());
        }
        while self.next_block_key().is_some_and(|next| key >= next) {
            self.leave_group()?;
        }
        if self.group.is_none() {
            let group = self.open_group(key)?;
            self.group = Some(group);
        }
        Ok(())
    }

    /// The key of the next stored entry of the open block.
    pub(crate) fn peek(&mut self) -> Result<Option<&[u8]>, StorageError> {
        let Some(group) = &mut self.group else { return Ok(None) };
        if !group.loaded && !group.load().ok_or_else(|| self.table.damaged(block::TRUNCATED))? {
            return Ok(None);
        }
        Ok(Some(&group.key))
    }

    /// First key of the block behind the open one.
    pub(crate) fn next_block_key(&self) -> Option<&[u8]> {
        self.group.as_ref().and_then(|group| group.next_key.as_deref())
    }

    /// Removes and gives the stored entry with exactly `key`, if it comes next.
    pub(crate) fn take(&mut self, key: &[u8]) -> Result<Option<(Flags, Vec<u8>)>, StorageError> {
        if self.peek()? != Some(key) {
            return Ok(None);
        }
        let Some(group) = &mut self.group else { return Ok(None) };
        group.loaded = false;
        Ok(Some((group.flags, group.block[group.value.clone()].to_vec())))
    }

    /// Copies the entry that [`BlockWriter::peek`] showed as it is.
    pub(crate) fn copy_loaded(&mut self) {
        let Some(group) = &mut self.group else { return };
        group.loaded = false;
        self.pending.push(&group.key, group.flags, &group.block[group.value.clone()]);
    }

    /// Puts back an entry that was taken and is unchanged.
    pub(crate) fn keep(&mut self, key: &[u8], flags: Flags, value: &[u8]) {
        self.pending.push(key, flags, value);
    }

    /// Adds a changed entry; its key is at or above all that were copied.
    pub(crate) fn push(&mut self, key: &[u8], flags: Flags, value: &[u8]) -> Result<(), B::Error> {
        self.mark_changed();
        self.pending.push(key, flags, value);
        if self.pending.packed_bytes > 2 * BLOCK_BYTES_MAX {
            self.flush_full()?;
        }
        Ok(())
    }

    /// Says that an entry that was taken does not come back.
    pub(crate) fn mark_changed(&mut self) {
        if let Some(group) = &mut self.group {
            group.changed = true;
        }
    }

    fn open_group(&mut self, key: &[u8]) -> Result<Group, StorageError> {
        // A key below every block goes into the first one.
        let stored = match self.store.floor(key)? {
            Some(found) => Some(found),
            None => match self.store.above(&[])?.filter(|first| self.owns(first)) {
                Some(first) => self.store.floor(&first)?,
                None => None,
            },
        };
        let next_key = match &stored {
            Some((first, _)) => self.store.above(first)?,
            None => None,
        };
        let (stored_key, block) = stored.map_or((None, Vec::new()), |(first, block)| (Some(first), block));
        let next_key = next_key.or_else(|| self.end.clone());
        Ok(Group { stored_key, block, next_key, ..Group::empty() })
    }

    fn owns(&self, block_key: &[u8]) -> bool {
        self.end.as_deref().is_none_or(|end| block_key < end)
    }

    /// Ends the open block: writes what was gathered, or draws the next block in if that is too little.
    fn leave_group(&mut self) -> Result<(), B::Error> {
        while self.peek()?.is_some() {
            self.copy_loaded();
        }
        let Some(mut group) = self.group.take() else { return Ok(()) };
        if !group.changed {
            self.pending.clear();
            return Ok(());
        }
        if self.pending.packed_bytes < BLOCK_BYTES_MIN
            && !self.pending.entries.is_empty()
            && let Some(next) = self.next_block(&group)?
        {
            self.group = Some(self.extend(group, next)?);
            return Ok(());
        }
        self.flush(&mut group)?;
        match group.stored_key.take() {
            Some(stored) => self.store.delete(&stored),
            None => Ok(()),
        }
    }

    /// The block behind `group`, if it is this writer's.
    fn next_block(&self, group: &Group) -> Result<Option<StoredBlock>, StorageError> {
        let Some(next_key) = group.next_key.as_ref().filter(|next| self.owns(next)) else { return Ok(None) };
        Ok(self.store.floor(next_key)?.filter(|(key, _)| key == next_key))
    }

    /// Goes on in the next block with what was gathered so far.
    fn extend(&mut self, group: Group, (key, block): (Vec<u8>, Vec<u8>)) -> Result<Group, B::Error> {
        let next_key = self.store.above(&key)?;
        self.store.delete(&key)?;
        Ok(Group {
            stored_key: group.stored_key,
            block,
            next_key: next_key.or_else(|| self.end.clone()),
            changed: true,
            extended: true,
            ..Group::empty()
        })
    }

    /// Cuts all that was gathered into blocks.
    fn flush(&mut self, group: &mut Group) -> Result<(), B::Error> {
        let bytes = self.pending.packed_bytes;
        let mut limit =
            if bytes > BLOCK_BYTES_MAX { (bytes / 2 + 64).min(BLOCK_BYTES_MAX) } else { BLOCK_BYTES_MAX };
        let mut from = 0;
        while from < self.pending.entries.len() {
            from = self.emit(from, limit, group)?;
            limit = BLOCK_BYTES_MAX;
        }
        self.pending.clear();
        Ok(())
    }

    /// Writes full blocks while a second one stays gathered.
    fn flush_full(&mut self) -> Result<(), B::Error> {
        let Some(mut group) = self.group.take() else { return Ok(()) };
        let flushed = self.emit(0, BLOCK_BYTES_MAX, &mut group);
        self.group = Some(group);
        let count = flushed?;
        self.pending.packed_bytes = self.pending.packed_bytes.saturating_sub(BLOCK_BYTES_MAX);
        self.pending.drain(count);
        Ok(())
    }

    /// Writes one block of the pending entries from `from` on; where it ended.
    fn emit(&mut self, from: usize, limit_bytes: usize, group: &mut Group) -> Result<usize, B::Error> {
        let upto = self.pending.pack(from, limit_bytes, &mut self.encoded);
        let first_key = self.pending.key(&self.pending.entries[from]);
        if let Some(stored) = group.stored_key.take() {
            if stored != first_key {
                self.store.delete(&stored)?;
            } else if !group.extended && self.encoded == group.block {
                return Ok(upto);
            }
        }
        self.store.put(first_key, &self.encoded)?;
        Ok(upto)
    }
}

impl Group {
    fn empty() -> Group {
        Group {
            stored_key: None,
            block: Vec::new(),
            at: 0,
            key: Vec::new(),
            flags: 0,
            value: 0..0,
            loaded: false,
            next_key: None,
            changed: false,
            extended: false,
        }
    }

    /// The keys around `target` of the entries that were not passed yet. None if the block is damaged.
    fn keys_around(&self, target: &[u8]) -> Option<KeysAround> {
        let (mut at, mut key, mut below) = (self.at, self.key.clone(), None);
        let mut is_read = self.loaded;
        loop {
            if is_read {
                if key.as_slice() > target {
                    return Some((below, Some(key)));
                }
                below.get_or_insert_with(Vec::new).clone_from(&key);
            }
            if at >= self.block.len() {
                return Some((below, None));
            }
            let entry = block::read_entry(&self.block, &mut at).filter(|entry| entry.shared <= key.len())?;
            key.truncate(entry.shared);
            key.extend_from_slice(entry.suffix);
            is_read = true;
        }
    }

    /// Reads the next entry of the block; false at its end, None if it is damaged.
    fn load(&mut self) -> Option<bool> {
        if self.at >= self.block.len() {
            return Some(false);
        }
        let entry = block::read_entry(&self.block, &mut self.at)?;
        if entry.shared > self.key.len() {
            return None;
        }
        self.key.truncate(entry.shared);
        self.key.extend_from_slice(entry.suffix);
        self.flags = entry.flags;
        let end = self.at;
        self.value = end - entry.value.len()..end;
        self.loaded = true;
        Some(true)
    }
}
