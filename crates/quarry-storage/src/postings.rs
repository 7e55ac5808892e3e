//! A stored set of document ids, and what can be asked of it without decoding all of it.

use std::ops::RangeInclusive;

use roaring::RoaringBitmap;

use crate::late_changes::LateIds;
use crate::segment::{DENSE, Form, Segment, damaged};
use crate::{PostingsUnion, StorageError};

/// The stored set of one key, not yet decoded.
#[derive(Debug, Clone)]
pub struct Postings<'t> {
    pub(crate) table: &'static str,
    pub(crate) first: Segment<'t>,
    pub(crate) more: Vec<Segment<'t>>,
    /// What it has more and less than its segments.
    pub(crate) late: LateIds<'t>,
}

impl<'t> Postings<'t> {
    /// A set whose first segment this is.
    pub(crate) fn of(table: &'static str, first: Segment<'t>) -> Postings<'t> {
        Postings { table, first, more: Vec::new(), late: LateIds::default() }
    }

    /// Whether late changes leave it an id.
    pub(crate) fn has_ids(&self) -> Result<bool, StorageError> {
        if self.late.removed.is_empty() || !self.late.added.is_empty() {
            return Ok(true);
        }
        // No segment is empty.
        Ok(self.more.len() as u64 >= self.late.removed().len(self.table)? || self.len()? > 0)
    }

    /// The ids that it has less than its segments.
    fn removed(&self) -> Result<RoaringBitmap, StorageError> {
        let mut removed = RoaringBitmap::new();
        self.late.removed().for_each(self.table, |id| {
            removed.insert(id);
        })?;
        Ok(removed)
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = &Segment<'t>> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// Number of ids, without building the set.
    ///
    /// # Errors
    /// `Corrupted`, as all others here.
    pub fn len(&self) -> Result<u64, StorageError> {
        let stored: u64 = self.segments().map(|segment| segment.len(self.table)).sum::<Result<_, _>>()?;
        let (added, removed) = (self.late.added().len(self.table)?, self.late.removed().len(self.table)?);
        Ok((stored + added).saturating_sub(removed))
    }

    /// Never: a key without ids is not stored.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Bytes that the ids are stored in.
    pub fn stored_bytes(&self) -> usize {
        let late = self.late.added.len() + self.late.removed.len();
        self.segments().map(|segment| segment.bytes.len()).sum::<usize>() + late
    }

    /// Whether some of it is stored as bits or runs.
    fn is_dense(&self) -> bool {
        self.segments().any(|segment| segment.flags & DENSE != 0)
    }

    /// The set.
    pub fn decode(&self) -> Result<RoaringBitmap, StorageError> {
        let mut set = self.decode_segments()?;
        self.change_late(&mut set, |_| true)?;
        Ok(set)
    }

    /// Adds to `set` those `wanted` that it has more than the segments, and takes out what it has less.
    fn change_late(&self, set: &mut RoaringBitmap, wanted: impl Fn(u32) -> bool) -> Result<(), StorageError> {
        self.late.added().for_each(self.table, |id| {
            if wanted(id) {
                set.insert(id);
            }
        })?;
        self.late.removed().for_each(self.table, |id| {
            set.remove(id);
        })
    }

    fn decode_segments(&self) -> Result<RoaringBitmap, StorageError> {
        if self.is_dense() {
            let mut union = PostingsUnion::default();
            union.add_segments(self)?;
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
            && self.stored_bytes() <= INSERTED_BYTES_MAX
            && self.late.removed.is_empty()
        {
            self.late.added().for_each(self.table, |id| {
                set.insert(id);
            })?;
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
        let mut set = self.intersection_of_segments(candidates)?;
        self.change_late(&mut set, |id| candidates.contains(id))?;
        Ok(set)
    }

    fn intersection_of_segments(&self, candidates: &RoaringBitmap) -> Result<RoaringBitmap, StorageError> {
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

    /// Calls `found` with the place in `documents`, which ascend, of each id that is there, in no order. No list is
    /// read further than `documents` go.
    pub fn for_each_in(&self, documents: &[u32], mut found: impl FnMut(usize)) -> Result<(), StorageError> {
        self.late.added().for_each(self.table, |id| {
            documents.binary_search(&id).into_iter().for_each(&mut found);
        })?;
        if self.late.removed.is_empty() {
            return self.for_each_in_segments(documents, found);
        }
        let removed = self.removed()?;
        self.for_each_in_segments(documents, |place| {
            if !removed.contains(documents[place]) {
                found(place);
            }
        })
    }

    fn for_each_in_segments(
        &self,
        documents: &[u32],
        mut found: impl FnMut(usize),
    ) -> Result<(), StorageError> {
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
        if self.late.added.is_empty() && self.late.removed.is_empty() {
            return self.first_in_segments(candidates);
        }
        let mut first = self.first_in_segments(&(candidates - self.removed()?))?;
        self.late.added().for_each(self.table, |id| {
            if candidates.contains(id) && first.is_none_or(|first| id < first) {
                first = Some(id);
            }
        })?;
        Ok(first)
    }

    fn first_in_segments(&self, candidates: &RoaringBitmap) -> Result<Option<u32>, StorageError> {
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
        let count_in = |segment: &Segment<'_>| {
            let mut count = 0;
            segment.for_each(self.table, |id| count += u64::from(candidates.contains(id)))?;
            Ok(count)
        };
        let stored: u64 = self.segments().map(count_in).sum::<Result<_, StorageError>>()?;
        let (added, removed) = (count_in(&self.late.added())?, count_in(&self.late.removed())?);
        Ok((stored + added).saturating_sub(removed))
    }
}
