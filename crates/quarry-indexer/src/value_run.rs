//! Values by key that are no postings: values of documents by (field, document), which sort, distinct and facet
//! spelling read; points and shapes by cell and by document.
//!
//! A value is bytes, or nothing when there is none any more. Values come ascending by document and are wanted
//! by field or cell first, so they are sorted by small keys and never moved.
//!
//! In a file a run is, for each value in order: key (as it lies in memory), length + 1 (varint, 0 for no
//! value), bytes.

use std::io;

use bytemuck::{Pod, Zeroable};
use quarry_storage::PageVec;

use crate::error::IndexError;
use crate::run::{DAMAGED, SpillFile, put_varint, take_varint};

/// Bytes of a run that are written at once.
const WRITE_BYTES: usize = 1 << 16;

/// Bytes of a run that are read at once.
const READ_BYTES: usize = 1 << 16;

/// What values are told by and ordered by.
pub(crate) trait RunKey: Pod + Ord {}

/// Field, then document.
impl RunKey for u64 {}

/// A stored key of at most 15 bytes; how many there are stands behind them, zeros between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(transparent)]
pub(crate) struct ShortKey([u8; 16]);

impl RunKey for ShortKey {}

impl ShortKey {
    /// # Errors
    /// `Damaged` when it is longer, which no key of points and shapes is.
    pub(crate) fn of(key: &[u8]) -> Result<ShortKey, IndexError> {
        let mut bytes = [0; 16];
        let (held, length) = bytes.split_at_mut(15);
        let held = held.get_mut(..key.len()).ok_or(DAMAGED)?;
        held.copy_from_slice(key);
        length[0] = key.len() as u8;
        Ok(ShortKey(bytes))
    }
}

impl AsRef<[u8]> for ShortKey {
    fn as_ref(&self) -> &[u8] {
        &self.0[..usize::from(self.0[15]).min(15)]
    }
}

/// Values of documents by field and document.
pub(crate) type FacetValues = ValueCache<u64>;

/// Points and shapes.
pub(crate) type GeoChanges = ValueCache<ShortKey>;

/// Values that one thread has gathered.
pub(crate) struct ValueCache<K> {
    values: PageVec<Place<K>>,
    bytes: PageVec<u8>,
    runs: Vec<ValueRun>,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, packed)]
struct Place<K> {
    key: K,
    start: u64,
    length: u32,
    /// 0: there is no value any more.
    is_some: u32,
}

/// A sorted run in a file.
pub(crate) struct ValueRun {
    file: SpillFile,
    start: u64,
    bytes: u64,
}

impl<K> Default for ValueCache<K> {
    fn default() -> Self {
        ValueCache { values: PageVec::default(), bytes: PageVec::default(), runs: Vec::new() }
    }
}

impl<K: RunKey> ValueCache<K> {
    /// Sets or takes out the value of `key`; each key comes once in a batch.
    ///
    /// # Errors
    /// When the system has no memory left.
    pub(crate) fn push(&mut self, key: K, value: Option<&[u8]>) -> io::Result<()> {
        let start = self.bytes.len() as u64;
        let is_some = u32::from(value.is_some());
        let value = value.unwrap_or_default();
        self.bytes.extend_from_slice(value)?;
        self.values.push(Place { key, start, length: value.len() as u32, is_some })
    }

    pub(crate) fn used_bytes(&self) -> usize {
        self.values.memory_bytes() + self.bytes.memory_bytes()
    }

    pub(crate) fn sort(&mut self) {
        self.values.sort_unstable_by_key(|place| place.key);
    }

    /// Writes what was gathered to `file`.
    pub(crate) fn spill(&mut self, file: &mut SpillFile) -> Result<(), IndexError> {
        if self.values.is_empty() {
            return Ok(());
        }
        self.sort();
        let (mut buffer, mut bytes) = (Vec::with_capacity(2 * WRITE_BYTES), 0);
        for place in self.values.iter() {
            let value = self.value(place);
            let key = place.key;
            buffer.extend_from_slice(bytemuck::bytes_of(&key));
            put_varint(value.map_or(0, |value| value.len() as u64 + 1), &mut buffer);
            buffer.extend_from_slice(value.unwrap_or_default());
            if buffer.len() >= WRITE_BYTES {
                bytes += buffer.len() as u64;
                file.append(&buffer)?;
                buffer.clear();
            }
        }
        bytes += buffer.len() as u64;
        // What was appended before lies in front of it.
        let end = file.append(&buffer)? + buffer.len() as u64;
        self.runs.push(ValueRun { file: file.clone(), start: end - bytes, bytes });
        (self.values, self.bytes) = Default::default();
        Ok(())
    }

    fn value(&self, place: &Place<K>) -> Option<&[u8]> {
        let start = place.start as usize;
        (place.is_some != 0).then(|| &self.bytes[start..start + place.length as usize])
    }

    /// Cursors on all that was gathered; [`ValueCache::sort`] was called.
    pub(crate) fn cursors(&self) -> Result<Vec<ValueCursor<'_, K>>, IndexError> {
        let mut cursors = Vec::new();
        if !self.values.is_empty() {
            cursors.push(ValueCursor::Memory { cache: self, place: 0 });
        }
        for run in &self.runs {
            let mut reader = RunReader { run, read: 0, buffer: Vec::new(), at: 0, current: None };
            reader.advance()?;
            cursors.push(ValueCursor::Spilled(reader));
        }
        Ok(cursors)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.runs.is_empty()
    }
}

/// Goes through sorted values.
pub(crate) enum ValueCursor<'r, K> {
    Memory { cache: &'r ValueCache<K>, place: usize },
    Spilled(RunReader<'r, K>),
}

impl<K: RunKey> ValueCursor<'_, K> {
    /// Key at hand.
    pub(crate) fn key(&self) -> Option<K> {
        match self {
            ValueCursor::Memory { cache, place } => cache.values.get(*place).map(|place| place.key),
            ValueCursor::Spilled(reader) => reader.current.as_ref().map(|current| current.key),
        }
    }

    /// Value at hand, if there is one.
    pub(crate) fn value(&self) -> Option<&[u8]> {
        match self {
            ValueCursor::Memory { cache, place } => {
                cache.values.get(*place).and_then(|place| cache.value(place))
            }
            ValueCursor::Spilled(reader) => reader.value(),
        }
    }

    /// Goes on.
    pub(crate) fn advance(&mut self) -> Result<(), IndexError> {
        match self {
            ValueCursor::Memory { place, .. } => *place += 1,
            ValueCursor::Spilled(reader) => reader.advance()?,
        }
        Ok(())
    }
}

/// Reads a run from a file, some bytes at a time.
pub(crate) struct RunReader<'r, K> {
    run: &'r ValueRun,
    /// Bytes of the run that were read from the file.
    read: u64,
    buffer: Vec<u8>,
    at: usize,
    current: Option<Current<K>>,
}

struct Current<K> {
    key: K,
    value: Option<std::ops::Range<usize>>,
}

impl<K: RunKey> RunReader<'_, K> {
    fn value(&self) -> Option<&[u8]> {
        self.current.as_ref().and_then(|current| current.value.clone()).map(|range| &self.buffer[range])
    }

    fn advance(&mut self) -> Result<(), IndexError> {
        const VARINT_BYTES_MAX: usize = 10;
        if !self.fill(size_of::<K>() + VARINT_BYTES_MAX)? {
            self.current = None;
            return Ok(());
        }
        let (key, mut rest) = self.buffer[self.at..].split_at_checked(size_of::<K>()).ok_or(DAMAGED)?;
        let key = bytemuck::pod_read_unaligned(key);
        let length = take_varint(&mut rest).ok_or(DAMAGED)?;
        self.at = self.buffer.len() - rest.len();
        let bytes = length.saturating_sub(1) as usize;
        if bytes > 0 && !self.fill(bytes)? {
            return Err(DAMAGED);
        }
        let range =
            self.at..self.at.checked_add(bytes).filter(|&end| end <= self.buffer.len()).ok_or(DAMAGED)?;
        self.at = range.end;
        self.current = Some(Current { key, value: (length > 0).then_some(range) });
        Ok(())
    }

    /// Makes `bytes` bytes, or all that are left, lie behind `at`; false if nothing is left.
    fn fill(&mut self, bytes: usize) -> Result<bool, IndexError> {
        if self.buffer.len() - self.at < bytes && self.read < self.run.bytes {
            self.buffer.drain(..self.at);
            self.at = 0;
            let wanted = (bytes.max(READ_BYTES) as u64).min(self.run.bytes - self.read);
            let mut more = Vec::new();
            self.run.file.read(self.run.start + self.read, wanted as usize, &mut more)?;
            self.buffer.extend_from_slice(&more);
            self.read += wanted;
        }
        Ok(self.at < self.buffer.len())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn read_all(cache: &FacetValues) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut all = Vec::new();
        for mut cursor in cache.cursors().unwrap() {
            while let Some(key) = cursor.key() {
                all.push((key, cursor.value().map(<[u8]>::to_vec)));
                cursor.advance().unwrap();
            }
        }
        all
    }

    #[test]
    fn short_keys_order_as_their_bytes_do() {
        let mut keys: Vec<&[u8]> = vec![&[], &[0], &[0, 0], &[0, 1], &[1], &[1, 0], &[7; 14], &[7; 15]];
        keys.sort_unstable();
        for (a, b) in keys.iter().zip(&keys[1..]) {
            assert!(ShortKey::of(a).unwrap() < ShortKey::of(b).unwrap());
            assert_eq!(ShortKey::of(a).unwrap().as_ref(), *a);
        }
        assert!(ShortKey::of(&[1; 16]).is_err());
    }

    proptest! {
        #[test]
        fn spilled_values_read_as_they_were_given(
            values in prop::collection::btree_map(any::<u64>(), prop::option::of(prop::collection::vec(any::<u8>(), 0..9000)), 0..40),
        ) {
            let mut cache = FacetValues::default();
            for (key, value) in values.iter().rev() {
                cache.push(*key, value.as_deref()).unwrap();
            }
            cache.sort();
            let expected: Vec<_> = values.into_iter().collect();
            prop_assert_eq!(&read_all(&cache), &expected);
            cache.spill(&mut SpillFile::create().unwrap()).unwrap();
            prop_assert_eq!(&read_all(&cache), &expected);
        }
    }
}
