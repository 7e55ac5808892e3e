//! The bytes of one segment of a set of document ids (see [`crate::span`]).
//!
//! Three forms, of which the shortest is stored, the first of those of equal length:
//!
//! - a *list*: varints, the first id, then for each next one its distance to the one before, less 1;
//! - *runs*: varint `first << 1 | 1`, then varints in turn: length of the run less 1, distance from the end of the
//!   run to the start of the next less 1;
//! - *bits*: varint `first / 8 << 1`, then bytes: bit b of byte n stands for id `8 * (first / 8 + n) + b`.
//!
//! Flag bit 0, [`DENSE`]: runs or bits. The forms are weighed anew when the number of ids reaches another power of two.

use std::ops::RangeInclusive;

use roaring::RoaringBitmap;

use crate::StorageError;
use crate::block::{Flags, read_varint, write_varint};
use crate::span::{BITS_MIN, IDS_MAX, Span};

/// The segment is runs or bits.
pub(crate) const DENSE: Flags = 1;
/// The key ends with the start of the segment's span.
pub(crate) const CONTINUED: Flags = 2;

/// More are in no segment: damaged runs must not fill the memory.
const SEGMENT_IDS_MAX: u64 = 1 << BITS_MIN;

/// The longest bits, in bytes.
const BITS_BYTES_MAX: usize = 1 << (BITS_MIN - 3);

const DAMAGED: &str = "a posting is not a list of ascending ids";

/// One stored segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment<'t> {
    pub(crate) flags: Flags,
    pub(crate) bytes: &'t [u8],
}

/// A segment whose form is known.
pub(crate) enum Form<'t> {
    List(ListIds<'t>),
    Runs(Runs<'t>),
    Bits(Bits<'t>),
}

impl<'t> Segment<'t> {
    /// What the bytes are; `Corrupted` if they are damaged, though a list or runs may turn out damaged only when
    /// they are read.
    pub(crate) fn form(&self, table: &'static str) -> Result<Form<'t>, StorageError> {
        if self.flags & DENSE == 0 {
            return Ok(Form::List(ListIds { bytes: self.bytes, at: 0, next: 0, is_damaged: false }));
        }
        let mut at = 0;
        let head = read_varint(self.bytes, &mut at).ok_or_else(|| damaged(table))?;
        let bytes = &self.bytes[at..];
        if head & 1 == 1 {
            return Ok(Form::Runs(Runs {
                bytes,
                at: 0,
                next: head >> 1,
                left: SEGMENT_IDS_MAX,
                is_damaged: false,
            }));
        }
        let end = (head >> 1).checked_add(bytes.len() as u64).filter(|end| *end <= 1 << 29);
        if end.is_none() || bytes.is_empty() || bytes.len() > BITS_BYTES_MAX {
            return Err(damaged(table));
        }
        Ok(Form::Bits(Bits { first: (head >> 1 << 3) as u32, bytes }))
    }

    /// Number of ids.
    pub(crate) fn len(&self, table: &'static str) -> Result<u64, StorageError> {
        Ok(match self.form(table)? {
            Form::List(_) => self.bytes.iter().filter(|&&byte| byte < 0x80).count() as u64,
            Form::Bits(bits) => bits.len(),
            Form::Runs(mut runs) => {
                let count = runs.by_ref().map(|run| u64::from(run.end() - run.start()) + 1).sum();
                runs.check(table)?;
                count
            }
        })
    }

    /// Whether `id` is there.
    pub(crate) fn contains(&self, id: u32, table: &'static str) -> Result<bool, StorageError> {
        Ok(match self.form(table)? {
            Form::List(mut list) => {
                let found = list.find(|stored| *stored >= id);
                list.check(table)?;
                found == Some(id)
            }
            Form::Bits(bits) => bits.contains(id),
            Form::Runs(mut runs) => {
                let found = runs.find(|run| *run.end() >= id);
                runs.check(table)?;
                found.is_some_and(|run| run.contains(&id))
            }
        })
    }

    /// Calls `each` with the ids, ascending.
    pub(crate) fn for_each(
        &self,
        table: &'static str,
        mut each: impl FnMut(u32),
    ) -> Result<(), StorageError> {
        match self.form(table)? {
            Form::List(mut list) => {
                list.by_ref().for_each(each);
                list.check(table)
            }
            Form::Bits(bits) => {
                bits.ids().for_each(each);
                Ok(())
            }
            Form::Runs(mut runs) => {
                runs.by_ref().flatten().for_each(&mut each);
                runs.check(table)
            }
        }
    }
}

pub(crate) fn damaged(table: &'static str) -> StorageError {
    StorageError::Corrupted { table, detail: DAMAGED }
}

/// The ids of a list, ascending; ends at damage, and then says so.
pub(crate) struct ListIds<'t> {
    bytes: &'t [u8],
    at: usize,
    next: u64,
    is_damaged: bool,
}

impl ListIds<'_> {
    pub(crate) fn check(&self, table: &'static str) -> Result<(), StorageError> {
        if self.is_damaged { Err(damaged(table)) } else { Ok(()) }
    }
}

impl Iterator for ListIds<'_> {
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

/// Runs of ids, ascending; ends at damage, and then says so.
pub(crate) struct Runs<'t> {
    bytes: &'t [u8],
    at: usize,
    /// The least id that the next run may begin at: the first id of all for the first run.
    next: u64,
    /// Ids that may still come.
    left: u64,
    is_damaged: bool,
}

impl Runs<'_> {
    pub(crate) fn check(&self, table: &'static str) -> Result<(), StorageError> {
        if self.is_damaged { Err(damaged(table)) } else { Ok(()) }
    }

    fn read(&mut self) -> Option<RangeInclusive<u32>> {
        let gap = if self.at == 0 { 0 } else { read_varint(self.bytes, &mut self.at)?.checked_add(1)? };
        let length = read_varint(self.bytes, &mut self.at)?.checked_add(1)?;
        self.left = self.left.checked_sub(length)?;
        let start = self.next.checked_add(gap)?;
        let end = start.checked_add(length)?;
        self.next = end;
        Some(u32::try_from(start).ok()?..=u32::try_from(end - 1).ok()?)
    }
}

impl Iterator for Runs<'_> {
    type Item = RangeInclusive<u32>;

    fn next(&mut self) -> Option<RangeInclusive<u32>> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let run = self.read();
        if run.is_none() {
            (self.is_damaged, self.at) = (true, self.bytes.len());
        }
        run
    }
}

/// A bit for each id from `first` on, the lowest of a byte first.
#[derive(Clone, Copy)]
pub(crate) struct Bits<'t> {
    /// A multiple of 8.
    pub(crate) first: u32,
    pub(crate) bytes: &'t [u8],
}

impl<'t> Bits<'t> {
    pub(crate) fn len(&self) -> u64 {
        count_ones(self.bytes)
    }

    pub(crate) fn contains(&self, id: u32) -> bool {
        let byte = id.checked_sub(self.first).and_then(|bit| self.bytes.get((bit / 8) as usize));
        byte.is_some_and(|byte| byte >> (id % 8) & 1 == 1)
    }

    /// The ids that have a bit.
    pub(crate) fn range(&self) -> RangeInclusive<u32> {
        self.first..=self.first + (8 * self.bytes.len() as u32 - 1)
    }

    pub(crate) fn ids(self) -> impl Iterator<Item = u32> + 't {
        self.bytes.iter().enumerate().flat_map(move |(place, &byte)| {
            let start = self.first + 8 * place as u32;
            (0..8).filter(move |bit| byte >> bit & 1 == 1).map(move |bit| start + bit)
        })
    }

    pub(crate) fn bitmap(&self) -> RoaringBitmap {
        RoaringBitmap::from_lsb0_bytes(self.first, self.bytes)
    }
}

fn count_ones(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from(u64::from_le_bytes(*word).count_ones())).sum::<u64>();
    words + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

/// Appends the bytes of ascending `ids`, at least one and all of one segment, to `out`; its flags.
pub(crate) fn encode(ids: &[u32], out: &mut Vec<u8>) -> Flags {
    let Some((&first, &last)) = ids.first().zip(ids.last()) else { return 0 };
    let start = out.len();
    let (list_bytes, runs) = weigh(ids);
    let bits_bytes = varint_bytes(u64::from(first / 8) << 1) + (last / 8 - first / 8) as usize + 1;
    if 2 * runs < list_bytes.min(bits_bytes) {
        encode_runs(ids, out);
        if out.len() - start < list_bytes && out.len() - start <= bits_bytes {
            return DENSE;
        }
        out.truncate(start);
    }
    if list_bytes <= bits_bytes {
        append_list(0, ids, out);
        return 0;
    }
    encode_bits(ids, out);
    DENSE
}

/// Bytes of `ids` as a list, and how many runs they are.
fn weigh(ids: &[u32]) -> (usize, usize) {
    let (mut bytes, mut runs) = (0, 0);
    let mut next = 0u64;
    for &id in ids {
        let gap = u64::from(id) - next;
        next = u64::from(id) + 1;
        runs += usize::from(gap > 0);
        bytes += varint_bytes(gap);
    }
    (bytes, runs.max(1))
}

#[inline]
fn varint_bytes(value: u64) -> usize {
    1 + [7, 14, 21, 28].iter().map(|bits| usize::from(value >> bits > 0)).sum::<usize>()
}

/// Appends distances; `next` is the least id that may come.
pub(crate) fn append_list(mut next: u64, ids: &[u32], out: &mut Vec<u8>) {
    for &id in ids {
        write_varint(u64::from(id) - next, out);
        next = u64::from(id) + 1;
    }
}

fn encode_runs(ids: &[u32], out: &mut Vec<u8>) {
    let mut end = None;
    for run in ids.chunk_by(|a, b| a + 1 == *b) {
        match end {
            None => write_varint(u64::from(run[0]) << 1 | 1, out),
            Some(end) => write_varint(u64::from(run[0] - end) - 1, out),
        }
        write_varint(run.len() as u64 - 1, out);
        // One behind the last id; nothing comes after the greatest id of all.
        end = run.last().map(|last| last.wrapping_add(1));
    }
}

fn encode_bits(ids: &[u32], out: &mut Vec<u8>) {
    let (Some(&first), Some(&last)) = (ids.first(), ids.last()) else { return };
    write_varint(u64::from(first / 8) << 1, out);
    let start = out.len();
    out.resize(start + (last / 8 - first / 8) as usize + 1, 0);
    let bits = &mut out[start..];
    for id in ids {
        bits[(id / 8 - first / 8) as usize] |= 1 << (id % 8);
    }
}

/// What became of a segment.
pub(crate) enum Changed {
    /// Its ids are the same.
    Not,
    /// It has no id any more.
    Emptied,
    /// Its new bytes were appended, with these flags.
    Rewritten(Flags),
    /// It must be decoded, changed and cut anew.
    Recut,
}

/// The segment of `span` with `added` ids more and `removed` ids less where that can be done on its bytes: appends them
/// to `out`. Both lists ascend and have no id in common.
pub(crate) fn change_bytes(
    (stored, span): (Segment<'_>, Span),
    (added, removed): (&[u32], &[u32]),
    table: &'static str,
    out: &mut Vec<u8>,
) -> Result<Changed, StorageError> {
    match stored.form(table)? {
        Form::List(list) if removed.is_empty() => append_to_list(stored, list, added, table, out),
        Form::Bits(bits) => Ok(change_bits((stored, span), bits, (added, removed), out)),
        _ => Ok(Changed::Recut),
    }
}

/// Appends ids to a list where that is all there is to do: they are behind its last id, and the list does not reach
/// the next power of two, where its form is weighed again.
fn append_to_list(
    stored: Segment<'_>,
    mut list: ListIds<'_>,
    added: &[u32],
    table: &'static str,
    out: &mut Vec<u8>,
) -> Result<Changed, StorageError> {
    let (mut count, mut last) = (0usize, 0);
    for id in list.by_ref() {
        (count, last) = (count + 1, id);
    }
    list.check(table)?;
    let is_behind = added.first().is_some_and(|&first| first > last);
    let after = count + added.len();
    if count == 0 || !is_behind || after.ilog2() != count.ilog2() || after > IDS_MAX {
        return Ok(Changed::Recut);
    }
    out.extend_from_slice(stored.bytes);
    append_list(u64::from(last) + 1, added, out);
    Ok(Changed::Rewritten(0))
}

/// Sets and clears bits where they stay the form to choose: the number of ids does not reach another power of two, and
/// there are not fewer ids than bytes.
fn change_bits(
    (stored, span): (Segment<'_>, Span),
    bits: Bits<'_>,
    (added, removed): (&[u32], &[u32]),
    out: &mut Vec<u8>,
) -> Changed {
    let place = |id: u32| id.checked_sub(bits.first).map(|bit| (bit / 8) as usize);
    let bytes_needed = added.last().and_then(|&last| place(last)).map_or(0, |place| place + 1);
    if added.first().is_some_and(|&first| first < bits.first) || bytes_needed > BITS_BYTES_MAX {
        return Changed::Recut;
    }
    let start = out.len();
    out.extend_from_slice(stored.bytes);
    let head = start + stored.bytes.len() - bits.bytes.len();
    out.resize(out.len().max(head + bytes_needed), 0);
    let changed = &mut out[head..];
    for &id in added {
        place(id)
            .and_then(|place| changed.get_mut(place))
            .into_iter()
            .for_each(|byte| *byte |= 1 << (id % 8));
    }
    for &id in removed {
        place(id)
            .and_then(|place| changed.get_mut(place))
            .into_iter()
            .for_each(|byte| *byte &= !(1 << (id % 8)));
    }
    let after = count_ones(changed);
    let outcome = if changed == bits.bytes {
        Changed::Not
    } else if after == 0 {
        Changed::Emptied
    } else if after.checked_ilog2() != bits.len().checked_ilog2()
        || after < changed.len() as u64
        || (after > IDS_MAX as u64 && span.is_divisible())
        || [changed.first(), changed.last()].contains(&Some(&0))
    {
        Changed::Recut
    } else {
        return Changed::Rewritten(DENSE);
    };
    out.truncate(start);
    outcome
}
