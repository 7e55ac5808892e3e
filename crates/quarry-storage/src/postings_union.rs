//! The union of many stored sets, without a set for each.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use crate::segment::{Bits, Form};
use crate::{Postings, StorageError};

/// Ids of a chunk: those that share their high 16 bits.
const CHUNK_BYTES: usize = (1 << 16) / 8;

/// Ids that wait before they are put into chunks.
const WAITING_MAX: usize = 1 << 13;

/// Up to so many ids for each chunk that they may lie in, sorting them is cheaper than chunks: the bits of a chunk are
/// cleared and counted whatever their number. Measured; anything from 32 to 256 is about as good.
const SORTED_PER_CHUNK_MAX: usize = 64;

/// Runs below this length are ids like others.
const SHORT_RUN: u32 = 256;

/// A union that grows. Its cost follows the ids that come, not how many sets they come in.
#[derive(Default)]
pub struct PostingsUnion {
    /// Ids in the order in which they came.
    waiting: Vec<u32>,
    /// By the high 16 bits of ids: a bit for each of their low 16 bits, the lowest first.
    chunks: Chunks,
    /// What came as bitmaps and long runs.
    bitmaps: RoaringBitmap,
}

impl PostingsUnion {
    /// Adds the ids of `postings`.
    ///
    /// # Errors
    /// `Corrupted`
    pub fn add(&mut self, postings: &Postings<'_>) -> Result<(), StorageError> {
        if !postings.late.removed.is_empty() {
            self.add_bitmap(&postings.decode()?);
            return Ok(());
        }
        postings.late.added().for_each(postings.table, |id| self.waiting.push(id))?;
        self.add_segments(postings)
    }

    /// Adds the ids of `postings`, but for late changes.
    pub(crate) fn add_segments(&mut self, postings: &Postings<'_>) -> Result<(), StorageError> {
        for segment in postings.segments() {
            match segment.form(postings.table)? {
                Form::List(mut list) => {
                    self.waiting.extend(&mut list);
                    list.check(postings.table)?;
                }
                Form::Bits(bits) => self.add_bits(bits),
                Form::Runs(mut runs) => {
                    for run in runs.by_ref() {
                        if run.end() - run.start() < SHORT_RUN {
                            self.waiting.extend(run);
                        } else {
                            self.bitmaps.insert_range(run);
                        }
                    }
                    runs.check(postings.table)?;
                }
            }
        }
        if self.waiting.len() > WAITING_MAX {
            self.fill_chunks();
        }
        Ok(())
    }

    /// Adds the ids of `bitmap`.
    pub fn add_bitmap(&mut self, bitmap: &RoaringBitmap) {
        self.bitmaps |= bitmap;
    }

    /// The set of all ids that were added.
    pub fn finish(mut self) -> RoaringBitmap {
        if self.chunks.is_empty() && self.is_cheaper_to_sort() {
            self.waiting.sort_unstable();
            self.waiting.dedup();
            let sorted =
                RoaringBitmap::from_sorted_iter(self.waiting).expect("sorted and deduplicated above");
            return joined(self.bitmaps, sorted);
        }
        self.fill_chunks();
        let mut union = self.bitmaps;
        for (high, bits) in self.chunks {
            let chunk = RoaringBitmap::from_lsb0_bytes(u32::from(high) << 16, &*bits);
            union = joined(union, chunk);
        }
        union
    }

    fn is_cheaper_to_sort(&self) -> bool {
        let highs = self.waiting.iter().map(|id| id >> 16);
        let Some((low, high)) = highs.clone().min().zip(highs.max()) else { return true };
        self.waiting.len() <= SORTED_PER_CHUNK_MAX * (high - low + 1) as usize
    }

    fn add_bits(&mut self, bits: Bits<'_>) {
        let (mut first, mut bytes) = (bits.first, bits.bytes);
        // They may reach over the end of a chunk.
        while !bytes.is_empty() {
            let place = (first & 0xffff) as usize / 8;
            let (here, rest) = bytes.split_at(bytes.len().min(CHUNK_BYTES - place));
            let chunk = chunk(&mut self.chunks, first);
            chunk[place..].iter_mut().zip(here).for_each(|(byte, more)| *byte |= more);
            (first, bytes) = ((first | 0xffff).wrapping_add(1), rest);
        }
    }

    fn fill_chunks(&mut self) {
        for ids in self.waiting.chunk_by(|a, b| a >> 16 == b >> 16) {
            let bits = chunk(&mut self.chunks, ids[0]);
            for id in ids {
                let low = (id & 0xffff) as usize;
                bits[low / 8] |= 1 << (low % 8);
            }
        }
        self.waiting.clear();
    }
}

type Chunks = BTreeMap<u16, Box<[u8; CHUNK_BYTES]>>;

/// The chunk that `id` lies in.
fn chunk(chunks: &mut Chunks, id: u32) -> &mut [u8; CHUNK_BYTES] {
    chunks.entry((id >> 16) as u16).or_insert_with(|| Box::new([0; CHUNK_BYTES]))
}

/// One set out of two, of which often one is empty.
fn joined(left: RoaringBitmap, right: RoaringBitmap) -> RoaringBitmap {
    if left.is_empty() { right } else { left | right }
}
