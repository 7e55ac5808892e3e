//! A stored set of document ids, and what can be asked of it without decoding all of it.

use std::ops::RangeInclusive;

use roaring::RoaringBitmap;

use crate::segment::{DENSE, Form, Segment, damaged};
use crate::{PostingsUnion, StorageError};

/// The stored set of one key, not yet decoded.
#[derive(Debug, Clone)]
pub struct Postings<'t> {
    pub(crate) table: &'static str,
    pub(crate) first: Segment<'t>,
    pub(crate) more: Vec<Segment<'t>>,
}

impl<'t> Postings<'t> {
    pub(crate) fn segments(&self) -> impl Iterator<Item = &Segment<'t>> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// Number of ids, without building the set.
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

    /// Whether some of it is stored as bits or runs.
    fn is_dense(&self) -> bool {
        self.segments().any(|segment| segment.flags & DENSE != 0)
    }

    /// The set.
    pub fn decode(&self) -> Result<RoaringBitmap, StorageError> {
        if self.is_dense() {
            let mut union = PostingsUnion::default();
            union.add(self)?;
            return Ok(union.finish());
        }
        let mut set = RoaringBitmap::new();
        for segment in self.segments() {
            if let Form::List(mut list) = segment.form(self.table)? {
                let appended = set.append(&mut list);
                list.check(self.table)?;
                appended.map_err(|_| damaged(self.table))?;
            }
        }
        Ok(set)
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
        if self.is_dense() && self.are_many(candidates) {
            return Ok(self.decode()? & candidates);
        }
        let mut set = RoaringBitmap::new();
        for segment in self.segments() {
            let appended = match segment.form(self.table)? {
                Form::List(mut list) => {
                    let appended = set.append(list.by_ref().filter(|id| candidates.contains(*id)));
                    list.check(self.table)?;
                    appended
                }
                Form::Bits(bits) => {
                    set.append(candidates.range(bits.range()).filter(|id| bits.contains(*id)))
                }
                Form::Runs(mut runs) => {
                    let appended = set.append(runs.by_ref().flat_map(|run| candidates.range(run)));
                    runs.check(self.table)?;
                    appended
                }
            };
            appended.map_err(|_| damaged(self.table))?;
        }
        Ok(set)
    }

    /// Whether decoding all of it is cheaper than looking each of the candidates up.
    fn are_many(&self, candidates: &RoaringBitmap) -> bool {
        /// Looking up an id takes some nanoseconds; decoding a segment, some ten times as long.
        const LOOKED_UP_PER_SEGMENT: u64 = 16;
        candidates.len() > LOOKED_UP_PER_SEGMENT * (self.more.len() as u64 + 1)
    }

    /// Calls `found` with the place in `documents`, which ascend, of each id that is there. No list is read further
    /// than `documents` go.
    pub fn for_each_in(&self, documents: &[u32], mut found: impl FnMut(usize)) -> Result<(), StorageError> {
        // Places of the documents in a range of ids.
        let places = |range: RangeInclusive<u32>| {
            let start = documents.partition_point(|document| document < range.start());
            let end = documents.partition_point(|document| document <= range.end());
            start..end
        };
        for segment in self.segments() {
            match segment.form(self.table)? {
                Form::List(mut list) => {
                    let mut place = 0;
                    for id in list.by_ref() {
                        while documents.get(place).is_some_and(|document| *document < id) {
                            place += 1;
                        }
                        match documents.get(place) {
                            Some(document) if *document == id => found(place),
                            Some(_) => {}
                            None => break,
                        }
                    }
                    list.check(self.table)?;
                }
                Form::Bits(bits) => {
                    places(bits.range())
                        .filter(|place| bits.contains(documents[*place]))
                        .for_each(&mut found);
                }
                Form::Runs(mut runs) => {
                    runs.by_ref().flat_map(places).for_each(&mut found);
                    runs.check(self.table)?;
                }
            }
        }
        Ok(())
    }

    /// The lowest id that is in `candidates` too.
    pub fn first_in(&self, candidates: &RoaringBitmap) -> Result<Option<u32>, StorageError> {
        for segment in self.segments() {
            let first = match segment.form(self.table)? {
                Form::List(mut list) => {
                    let first = list.find(|id| candidates.contains(*id));
                    list.check(self.table)?;
                    first
                }
                Form::Bits(bits) => (bits.bitmap() & candidates).min(),
                Form::Runs(mut runs) => {
                    let first = runs.find_map(|run| candidates.range(run).next());
                    runs.check(self.table)?;
                    first
                }
            };
            if first.is_some() {
                return Ok(first);
            }
        }
        Ok(None)
    }

    /// How many ids are in `candidates` too.
    pub fn intersection_len(&self, candidates: &RoaringBitmap) -> Result<u64, StorageError> {
        if self.is_dense() {
            return Ok(self.intersection(candidates)?.len());
        }
        let mut count = 0;
        for segment in self.segments() {
            segment.for_each(self.table, |id| count += u64::from(candidates.contains(id)))?;
        }
        Ok(count)
    }
}
