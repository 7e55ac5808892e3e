//! Sets of uids by status, type, index, cancelation and batch: what list filters intersect.
//!
//! Key: family (u8), member (see [`SetKey`]), chunk (u16, big endian: the upper half of the uids).
//! Value: Roaring bitmap of the lower halves, in the portable serialisation.
//! A change of one uid so rewrites at most 8 KiB, however long the queue is.
//! Empty chunks are not stored. No member is a prefix of another: numbers have fixed widths, index uids
//! end with 0x00 (which no uid contains).

use std::collections::BTreeMap;

use quarry_storage::{PlainTable, StorageError, Txn, WriteTxn};
use roaring::RoaringBitmap;

use crate::kind::Kind;
use crate::status::Status;

const CHUNK_BITS: u32 = 16;
const LOWER_HALF: u32 = (1 << CHUNK_BITS) - 1;

/// What the members of a set have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetKey<'a> {
    /// 1: status (u8).
    Status(Status),
    /// 2: type (u8).
    Kind(Kind),
    /// 3: index uid, 0x00.
    Index(&'a str),
    /// 4: uid of the cancelation (u32, big endian).
    CanceledBy(u32),
    /// 5: uid of the batch (u32, big endian).
    Batch(u32),
}

const INDEX_FAMILY: u8 = 3;

impl SetKey<'_> {
    fn bytes(self) -> Vec<u8> {
        match self {
            SetKey::Status(status) => vec![1, status.number()],
            SetKey::Kind(kind) => vec![2, kind.number()],
            SetKey::Index(uid) => {
                let mut bytes = vec![INDEX_FAMILY];
                bytes.extend_from_slice(uid.as_bytes());
                bytes.push(0);
                bytes
            }
            SetKey::CanceledBy(uid) => with_uid(4, uid),
            SetKey::Batch(uid) => with_uid(5, uid),
        }
    }
}

fn with_uid(family: u8, uid: u32) -> Vec<u8> {
    let mut bytes = vec![family];
    bytes.extend_from_slice(&uid.to_be_bytes());
    bytes
}

/// The sets of one kind of record, tasks or batches.
#[derive(Clone, Copy)]
pub(crate) struct Sets {
    table: PlainTable,
}

impl Sets {
    pub(crate) fn on(table: PlainTable) -> Sets {
        Sets { table }
    }

    /// The whole set.
    pub(crate) fn get(&self, txn: &Txn<'_>, key: SetKey<'_>) -> Result<RoaringBitmap, StorageError> {
        let prefix = key.bytes();
        let mut set = RoaringBitmap::new();
        for entry in self.table.prefix_iter(txn, &prefix)? {
            let (key, value) = entry?;
            let chunk = self.chunk_number(key)?;
            // Chunks ascend, so appending keeps the order that `append` asks for.
            let uids = self.decode(value)?.into_iter().map(|low| chunk << CHUNK_BITS | low);
            set.append(uids).map_err(|_| self.corrupted("a chunk holds uids of another"))?;
        }
        Ok(set)
    }

    /// The union of several sets.
    pub(crate) fn union<'k>(
        &self,
        txn: &Txn<'_>,
        keys: impl IntoIterator<Item = SetKey<'k>>,
    ) -> Result<RoaringBitmap, StorageError> {
        let mut union = RoaringBitmap::new();
        for key in keys {
            union |= self.get(txn, key)?;
        }
        Ok(union)
    }

    pub(crate) fn len(&self, txn: &Txn<'_>, key: SetKey<'_>) -> Result<u64, StorageError> {
        let prefix = key.bytes();
        let mut len = 0;
        for entry in self.table.prefix_iter(txn, &prefix)? {
            len += self.decode(entry?.1)?.len();
        }
        Ok(len)
    }

    /// Writes the changes, each chunk once.
    pub(crate) fn apply(&self, txn: &mut WriteTxn<'_>, changes: &SetChanges) -> Result<(), StorageError> {
        for (member, change) in &changes.by_member {
            let mut chunks: Vec<u32> =
                change.added.iter().chain(&change.removed).map(|uid| uid >> CHUNK_BITS).collect();
            chunks.sort_unstable();
            chunks.dedup();
            for chunk in chunks {
                self.change_chunk(txn, member, chunk, change)?;
            }
        }
        Ok(())
    }

    /// The index uids that have a set, ascending.
    pub(crate) fn index_uids(&self, txn: &Txn<'_>) -> Result<Vec<String>, StorageError> {
        let mut uids: Vec<String> = Vec::new();
        for entry in self.table.prefix_iter(txn, &[INDEX_FAMILY])? {
            let (key, _) = entry?;
            let uid = key
                .get(1..key.len().saturating_sub(3))
                .and_then(|uid| std::str::from_utf8(uid).ok())
                .ok_or_else(|| self.corrupted("a key is not an index uid"))?;
            if uids.last().is_none_or(|last| last != uid) {
                uids.push(uid.to_owned());
            }
        }
        Ok(uids)
    }

    fn change_chunk(
        &self,
        txn: &mut WriteTxn<'_>,
        member: &[u8],
        chunk: u32,
        change: &Change,
    ) -> Result<(), StorageError> {
        let mut key = member.to_vec();
        key.extend_from_slice(&(chunk as u16).to_be_bytes());
        let mut uids = match self.table.get(txn, &key)? {
            Some(value) => self.decode(value)?,
            None => RoaringBitmap::new(),
        };
        uids |= lower_halves(&change.added, chunk);
        uids -= lower_halves(&change.removed, chunk);
        if uids.is_empty() {
            self.table.delete(txn, &key)?;
            return Ok(());
        }
        uids.optimize();
        let mut value = Vec::with_capacity(uids.serialized_size());
        uids.serialize_into(&mut value)?;
        self.table.put(txn, &key, &value)
    }

    fn chunk_number(&self, key: &[u8]) -> Result<u32, StorageError> {
        let chunk = key.last_chunk::<2>().ok_or_else(|| self.corrupted("a key is too short"))?;
        Ok(u32::from(u16::from_be_bytes(*chunk)))
    }

    fn decode(&self, value: &[u8]) -> Result<RoaringBitmap, StorageError> {
        RoaringBitmap::deserialize_from(value).map_err(|_| self.corrupted("a chunk is not a bitmap"))
    }

    fn corrupted(&self, detail: &'static str) -> StorageError {
        StorageError::Corrupted { table: self.table.name(), detail }
    }
}

/// The lower halves of the uids of one chunk.
fn lower_halves(uids: &RoaringBitmap, chunk: u32) -> RoaringBitmap {
    let first = chunk << CHUNK_BITS;
    uids.range(first..=first | LOWER_HALF).map(|uid| uid & LOWER_HALF).collect()
}

/// Changes of many sets, gathered so that a batch of tasks rewrites each chunk once.
#[derive(Debug, Default)]
pub(crate) struct SetChanges {
    by_member: BTreeMap<Vec<u8>, Change>,
}

#[derive(Debug, Default)]
struct Change {
    added: RoaringBitmap,
    removed: RoaringBitmap,
}

impl SetChanges {
    pub(crate) fn insert(&mut self, key: SetKey<'_>, uid: u32) {
        self.by_member.entry(key.bytes()).or_default().added.insert(uid);
    }

    pub(crate) fn remove(&mut self, key: SetKey<'_>, uid: u32) {
        self.by_member.entry(key.bytes()).or_default().removed.insert(uid);
    }
}
