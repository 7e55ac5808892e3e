//! Values of documents by (field, document): what sort, distinct and facet spelling read.
//!
//! A value is bytes, or nothing when the document has none any more. Values come ascending by document and
//! are wanted by field first, so they are sorted by small keys and never moved.
//!
//! In a file a run is, for each value in order: key (u64, little endian), length + 1 (varint, 0 for no
//! value), bytes.

use crate::error::IndexError;
use crate::run::{DAMAGED, SpillFile, put_varint, take_varint};

/// Bytes of a run that are read at once.
const READ_BYTES: usize = 1 << 16;

/// Values that one thread has gathered.
#[derive(Default)]
pub(crate) struct ValueCache {
    values: Vec<Place>,
    bytes: Vec<u8>,
    runs: Vec<ValueRun>,
}

struct Place {
    key: u64,
    start: usize,
    /// None: there is no value any more.
    length: Option<u32>,
}

/// A sorted run in a file.
pub(crate) struct ValueRun {
    file: SpillFile,
    start: u64,
    bytes: u64,
}

impl ValueCache {
    /// Sets or takes out the value of `key`; each key comes once in a batch.
    pub(crate) fn push(&mut self, key: u64, value: Option<&[u8]>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.values.push(Place { key, start, length: value.map(|value| value.len() as u32) });
    }

    pub(crate) fn used_bytes(&self) -> usize {
        self.values.len() * size_of::<Place>() + self.bytes.len()
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
        let mut run = Vec::with_capacity(self.used_bytes());
        for place in &self.values {
            run.extend_from_slice(&place.key.to_le_bytes());
            put_varint(place.length.map_or(0, |length| u64::from(length) + 1), &mut run);
            run.extend_from_slice(self.value(place).unwrap_or_default());
        }
        let start = file.append(&run)?;
        self.runs.push(ValueRun { file: file.clone(), start, bytes: run.len() as u64 });
        self.values.clear();
        self.bytes.clear();
        Ok(())
    }

    fn value(&self, place: &Place) -> Option<&[u8]> {
        place.length.map(|length| &self.bytes[place.start..place.start + length as usize])
    }

    /// Cursors on all that was gathered; [`ValueCache::sort`] was called.
    pub(crate) fn cursors(&self) -> Result<Vec<ValueCursor<'_>>, IndexError> {
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
pub(crate) enum ValueCursor<'r> {
    Memory { cache: &'r ValueCache, place: usize },
    Spilled(RunReader<'r>),
}

impl ValueCursor<'_> {
    /// Key at hand.
    pub(crate) fn key(&self) -> Option<u64> {
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
pub(crate) struct RunReader<'r> {
    run: &'r ValueRun,
    /// Bytes of the run that were read from the file.
    read: u64,
    buffer: Vec<u8>,
    at: usize,
    current: Option<Current>,
}

struct Current {
    key: u64,
    value: Option<std::ops::Range<usize>>,
}

impl RunReader<'_> {
    fn value(&self) -> Option<&[u8]> {
        self.current.as_ref().and_then(|current| current.value.clone()).map(|range| &self.buffer[range])
    }

    fn advance(&mut self) -> Result<(), IndexError> {
        // Key and longest varint.
        const HEADER_BYTES: usize = 18;
        if !self.fill(HEADER_BYTES)? {
            self.current = None;
            return Ok(());
        }
        let (key, mut rest) = self.buffer[self.at..].split_first_chunk().ok_or(DAMAGED)?;
        let key = u64::from_le_bytes(*key);
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

    fn read_all(cache: &ValueCache) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut all = Vec::new();
        for mut cursor in cache.cursors().unwrap() {
            while let Some(key) = cursor.key() {
                all.push((key, cursor.value().map(<[u8]>::to_vec)));
                cursor.advance().unwrap();
            }
        }
        all
    }

    proptest! {
        #[test]
        fn spilled_values_read_as_they_were_given(
            values in prop::collection::btree_map(any::<u64>(), prop::option::of(prop::collection::vec(any::<u8>(), 0..9000)), 0..40),
        ) {
            let mut cache = ValueCache::default();
            for (key, value) in values.iter().rev() {
                cache.push(*key, value.as_deref());
            }
            cache.sort();
            let expected: Vec<_> = values.into_iter().collect();
            prop_assert_eq!(&read_all(&cache), &expected);
            cache.spill(&mut SpillFile::create().unwrap()).unwrap();
            prop_assert_eq!(&read_all(&cache), &expected);
        }
    }
}
