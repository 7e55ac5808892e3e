//! The bytes of a set of document ids, and of the segments that a large set is cut into.
//!
//! A posting is stored in segments of 2^18 = 262,144 ids, each an entry of its own, so that a change to one
//! document never rewrites more than 32 KiB of a set, however large the index. The entry's flags:
//!
//! - bit 0, *dense*: the value is a Roaring bitmap in its portable serialisation (ids are absolute);
//!   otherwise it is a list of varints: the first id, then for each next one its distance to the one before, less 1.
//! - bit 1, *continued*: the entry's key ends with the segment's number (u16, big endian). Segment 0 has no such suffix.
//!
//! The smaller of both forms is stored; ids behind the last one are appended to a list without weighing the
//! forms again until it has doubled. In a table with group sizes (facets) the value starts with one byte.

use roaring::RoaringBitmap;

use crate::StorageError;
use crate::block::{Flags, read_varint, write_varint};

/// The value is a Roaring bitmap.
pub(crate) const DENSE: Flags = 1;
/// The key ends with a segment number.
pub(crate) const CONTINUED: Flags = 2;

/// Ids per segment, as a power of two.
const SEGMENT_BITS: u32 = 18;

const DAMAGED: &str = "a posting is not a list of ascending ids";

/// Segment that an id belongs to.
pub(crate) fn segment_of(id: u32) -> u16 {
    (id >> SEGMENT_BITS) as u16
}

/// Appends the bytes of ascending `ids` to `out`; its flags.
pub(crate) fn encode_ids(ids: &[u32], out: &mut Vec<u8>) -> Flags {
    // Below this a bitmap with its headers is never smaller.
    const SPARSE_ALWAYS: usize = 32;
    let start = out.len();
    encode_sparse(ids.iter().copied(), out);
    if ids.len() <= SPARSE_ALWAYS || out.len() - start <= dense_bytes_min(ids) {
        return 0;
    }
    let mut bitmap = RoaringBitmap::from_sorted_iter(ids.iter().copied()).unwrap_or_default();
    bitmap.optimize();
    if bitmap.is_empty() || out.len() - start <= bitmap.serialized_size() {
        return 0;
    }
    out.truncate(start);
    bitmap.serialize_into(out).expect("writing to a vector does not fail");
    DENSE
}

/// What a bitmap of ascending `ids` takes at least, in bytes: telling so much is cheaper than building it.
fn dense_bytes_min(ids: &[u32]) -> usize {
    const COOKIE_BYTES: usize = 4;
    const CONTAINER_HEADER_BYTES: usize = 4;
    const BITS_BYTES: usize = 8192;
    let mut bytes = COOKIE_BYTES;
    for container in ids.chunk_by(|a, b| a >> 16 == b >> 16) {
        let runs = 1 + container.windows(2).filter(|pair| pair[1] - pair[0] > 1).count();
        bytes += CONTAINER_HEADER_BYTES + (2 * container.len()).min(BITS_BYTES).min(2 + 4 * runs);
    }
    bytes
}

/// Appends the bytes of `bitmap`, which is run-optimised on the way, to `out`; its flags.
pub(crate) fn encode_bitmap(bitmap: &mut RoaringBitmap, out: &mut Vec<u8>) -> Flags {
    bitmap.optimize();
    let dense_bytes = bitmap.serialized_size();
    // Every id takes a byte at least.
    if bitmap.len() < dense_bytes as u64 {
        let start = out.len();
        encode_sparse(bitmap.iter(), out);
        if out.len() - start <= dense_bytes {
            return 0;
        }
        out.truncate(start);
    }
    bitmap.serialize_into(out).expect("writing to a vector does not fail");
    DENSE
}

/// A stored segment with `added` ids more and `removed` ids less: appends its bytes to `out`; its flags, None if no id
/// is left.
///
/// Both lists ascend and have no id in common.
pub(crate) fn change_ids(
    stored: Segment<'_>,
    (added, removed): (&[u32], &[u32]),
    table: &'static str,
    out: &mut Vec<u8>,
) -> Result<Option<Flags>, StorageError> {
    if stored.flags & DENSE != 0 {
        let mut bitmap = stored.bitmap(table)?;
        let count = bitmap.len();
        bitmap.extend(added);
        let mut is_same = bitmap.len() == count;
        for &id in removed {
            is_same &= !bitmap.remove(id);
        }
        if is_same {
            out.extend_from_slice(stored.bytes);
            return Ok(Some(DENSE));
        }
        return Ok((!bitmap.is_empty()).then(|| encode_bitmap(&mut bitmap, out)));
    }
    if removed.is_empty() && append_ids(stored, added, table, out)? {
        return Ok(Some(0));
    }
    let mut ids = Vec::new();
    stored.read_into(table, &mut ids)?;
    let merged = merge_ids(&ids, added, removed);
    if merged == ids {
        out.extend_from_slice(stored.bytes);
        return Ok(Some(0));
    }
    Ok((!merged.is_empty()).then(|| encode_ids(&merged, out)))
}

/// Appends ids to a sparse list where that is all there is to do: they are behind its last id, and the list does not
/// reach the next power of two, where its form is weighed again. Nothing is decoded then.
fn append_ids(
    stored: Segment<'_>,
    added: &[u32],
    table: &'static str,
    out: &mut Vec<u8>,
) -> Result<bool, StorageError> {
    let (mut count, mut last) = (0usize, 0);
    stored.for_each(table, |id| {
        count += 1;
        last = id;
    })?;
    let is_behind = added.first().is_some_and(|&first| first > last);
    if count == 0 || !is_behind || (count + added.len()).ilog2() != count.ilog2() {
        return Ok(false);
    }
    out.extend_from_slice(stored.bytes);
    append_sparse(u64::from(last) + 1, added.iter().copied(), out);
    Ok(true)
}

/// `stored` and `added` less `removed`, all ascending.
fn merge_ids(mut stored: &[u32], mut added: &[u32], mut removed: &[u32]) -> Vec<u32> {
    let mut merged = Vec::with_capacity(stored.len() + added.len());
    while let Some(&next) = stored.first().into_iter().chain(added.first()).min() {
        stored = stored.strip_prefix(&[next]).unwrap_or(stored);
        added = added.strip_prefix(&[next]).unwrap_or(added);
        while removed.first().is_some_and(|&id| id < next) {
            removed = &removed[1..];
        }
        if removed.first() != Some(&next) {
            merged.push(next);
        }
    }
    merged
}

fn encode_sparse(ids: impl Iterator<Item = u32>, out: &mut Vec<u8>) {
    append_sparse(0, ids, out);
}

/// Appends distances; `next` is the least id that may come.
fn append_sparse(mut next: u64, ids: impl Iterator<Item = u32>, out: &mut Vec<u8>) {
    for id in ids {
        write_varint(u64::from(id) - next, out);
        next = u64::from(id) + 1;
    }
}

/// One stored segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment<'t> {
    pub(crate) flags: Flags,
    pub(crate) bytes: &'t [u8],
}

impl Segment<'_> {
    fn len(&self, table: &'static str) -> Result<u64, StorageError> {
        if self.flags & DENSE != 0 {
            return Ok(self.bitmap(table)?.len());
        }
        Ok(self.bytes.iter().filter(|&&byte| byte < 0x80).count() as u64)
    }

    fn bitmap(&self, table: &'static str) -> Result<RoaringBitmap, StorageError> {
        RoaringBitmap::deserialize_from(self.bytes).map_err(|_| damaged(table))
    }

    /// The set of a segment that is dense.
    pub(crate) fn dense_bitmap(&self, table: &'static str) -> Result<Option<RoaringBitmap>, StorageError> {
        if self.flags & DENSE == 0 { Ok(None) } else { self.bitmap(table).map(Some) }
    }

    /// Calls `each` with the ids of a segment that is not dense, ascending.
    fn for_each(&self, table: &'static str, mut each: impl FnMut(u32)) -> Result<(), StorageError> {
        self.find(table, |id| {
            each(id);
            false
        })?;
        Ok(())
    }

    /// The first id of a segment that is not dense that `accepts` takes.
    fn find(
        &self,
        table: &'static str,
        mut accepts: impl FnMut(u32) -> bool,
    ) -> Result<Option<u32>, StorageError> {
        let (mut at, mut next) = (0, 0u64);
        while at < self.bytes.len() {
            let gap = read_varint(self.bytes, &mut at).ok_or_else(|| damaged(table))?;
            let id =
                next.checked_add(gap).and_then(|id| u32::try_from(id).ok()).ok_or_else(|| damaged(table))?;
            if accepts(id) {
                return Ok(Some(id));
            }
            next = u64::from(id) + 1;
        }
        Ok(None)
    }

    /// Appends the ids, ascending.
    pub(crate) fn read_into(&self, table: &'static str, ids: &mut Vec<u32>) -> Result<(), StorageError> {
        if self.flags & DENSE != 0 {
            ids.extend(self.bitmap(table)?);
            return Ok(());
        }
        self.for_each(table, |id| ids.push(id))
    }
}

/// The ids of a segment that is not dense, ascending; ends at damage, and then says so.
struct SparseIds<'s> {
    bytes: &'s [u8],
    at: usize,
    next: u64,
    is_damaged: bool,
}

impl<'s> SparseIds<'s> {
    fn of(segment: &Segment<'s>) -> SparseIds<'s> {
        SparseIds { bytes: segment.bytes, at: 0, next: 0, is_damaged: false }
    }
}

impl Iterator for SparseIds<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let gap = read_varint(self.bytes, &mut self.at);
        let id = gap.and_then(|gap| self.next.checked_add(gap)).and_then(|id| u32::try_from(id).ok());
        match id {
            Some(id) => self.next = u64::from(id) + 1,
            None => (self.is_damaged, self.at) = (true, self.bytes.len()),
        }
        id
    }
}

fn damaged(table: &'static str) -> StorageError {
    StorageError::Corrupted { table, detail: DAMAGED }
}

/// The stored set of one key, not yet decoded.
#[derive(Debug, Clone)]
pub struct Postings<'t> {
    pub(crate) table: &'static str,
    pub(crate) group_size: u8,
    pub(crate) first: Segment<'t>,
    pub(crate) more: Vec<Segment<'t>>,
}

impl<'t> Postings<'t> {
    pub(crate) fn segments(&self) -> impl Iterator<Item = &Segment<'t>> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// The group-size byte of a facet table; 1 in others.
    pub fn group_size(&self) -> u8 {
        self.group_size
    }

    /// Number of ids, without building the set unless it is dense.
    ///
    /// # Errors
    /// `Corrupted`, as all others here.
    pub fn len(&self) -> Result<u64, StorageError> {
        self.segments().map(|segment| segment.len(self.table)).sum()
    }

    /// Never: a key without ids is not stored.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Bytes that the ids are stored in.
    pub fn stored_bytes(&self) -> usize {
        self.segments().map(|segment| segment.bytes.len()).sum()
    }

    /// Whether some of it is stored as a bitmap, which has to be decoded to be looked at.
    pub fn is_dense(&self) -> bool {
        self.segments().any(|segment| segment.flags & DENSE != 0)
    }

    /// The set.
    pub fn decode(&self) -> Result<RoaringBitmap, StorageError> {
        if self.more.is_empty() && self.first.flags & DENSE != 0 {
            return self.first.bitmap(self.table);
        }
        self.filtered(|bitmap| bitmap, |_| true)
    }

    /// Adds the ids to `set`.
    pub fn union_into(&self, set: &mut RoaringBitmap) -> Result<(), StorageError> {
        /// Bytes of a list that is added id by id: joining two sets copies the larger one's containers.
        const INSERTED_BYTES_MAX: usize = 16;
        if self.more.is_empty()
            && self.first.flags & DENSE == 0
            && self.first.bytes.len() <= INSERTED_BYTES_MAX
        {
            return self.first.for_each(self.table, |id| {
                set.insert(id);
            });
        }
        *set |= self.decode()?;
        Ok(())
    }

    /// The ids that are in `candidates` too.
    pub fn intersection(&self, candidates: &RoaringBitmap) -> Result<RoaringBitmap, StorageError> {
        self.filtered(|bitmap| bitmap & candidates, |id| candidates.contains(id))
    }

    /// What is left of the dense segments, and the ids that `accepts` of the others.
    fn filtered(
        &self,
        left: impl Fn(RoaringBitmap) -> RoaringBitmap,
        accepts: impl Fn(u32) -> bool,
    ) -> Result<RoaringBitmap, StorageError> {
        let mut set = RoaringBitmap::new();
        for segment in self.segments() {
            match segment.dense_bitmap(self.table)? {
                Some(bitmap) => set |= left(bitmap),
                None => {
                    let mut ids = SparseIds::of(segment);
                    let appended = set.append(ids.by_ref().filter(|id| accepts(*id)));
                    if ids.is_damaged || appended.is_err() {
                        return Err(damaged(self.table));
                    }
                }
            }
        }
        Ok(set)
    }

    /// Calls `found` with the place in `documents`, which ascend, of each id that is there. Nothing is decoded but
    /// dense segments, and no list is read further than `documents` go.
    pub fn for_each_in(&self, documents: &[u32], mut found: impl FnMut(usize)) -> Result<(), StorageError> {
        for segment in self.segments() {
            if let Some(bitmap) = segment.dense_bitmap(self.table)? {
                let places = documents.iter().enumerate();
                places
                    .filter(|(_, document)| bitmap.contains(**document))
                    .for_each(|(place, _)| found(place));
                continue;
            }
            let mut place = 0;
            segment.find(self.table, |id| {
                while documents.get(place).is_some_and(|document| *document < id) {
                    place += 1;
                }
                if documents.get(place) == Some(&id) {
                    found(place);
                }
                place >= documents.len()
            })?;
        }
        Ok(())
    }

    /// The lowest id that is in `candidates` too.
    pub fn first_in(&self, candidates: &RoaringBitmap) -> Result<Option<u32>, StorageError> {
        for segment in self.segments() {
            let first = if segment.flags & DENSE != 0 {
                (segment.bitmap(self.table)? & candidates).min()
            } else {
                segment.find(self.table, |id| candidates.contains(id))?
            };
            if first.is_some() {
                return Ok(first);
            }
        }
        Ok(None)
    }

    /// How many ids are in `candidates` too.
    pub fn intersection_len(&self, candidates: &RoaringBitmap) -> Result<u64, StorageError> {
        let mut count = 0;
        for segment in self.segments() {
            if segment.flags & DENSE != 0 {
                count += segment.bitmap(self.table)?.intersection_len(candidates);
            } else {
                segment.for_each(self.table, |id| count += u64::from(candidates.contains(id)))?;
            }
        }
        Ok(count)
    }
}
