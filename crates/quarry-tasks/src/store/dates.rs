//! Uids by date: what the filters on dates scan.
//!
//! Key: event (u8), nanoseconds since 1970 (u64, sign flipped, big endian), uid (u32, big endian).
//! Value: empty. Keys order by event, then date.

use std::ops::Bound;

use quarry_storage::{PlainTable, StorageError, Txn, WriteTxn};
use roaring::RoaringBitmap;
use time::OffsetDateTime;

/// What happened at a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Enqueued,
    Started,
    Finished,
}

impl Event {
    const fn number(self) -> u8 {
        match self {
            Event::Enqueued => 1,
            Event::Started => 2,
            Event::Finished => 3,
        }
    }
}

/// Two open bounds; `None`: no bound on this side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DateRange {
    pub(crate) after: Option<OffsetDateTime>,
    pub(crate) before: Option<OffsetDateTime>,
}

impl DateRange {
    pub(crate) fn is_unbounded(&self) -> bool {
        self.after.is_none() && self.before.is_none()
    }

    pub(crate) fn contains(&self, date: OffsetDateTime) -> bool {
        self.after.is_none_or(|after| date > after) && self.before.is_none_or(|before| date < before)
    }
}

/// The dates of one kind of record, tasks or batches.
#[derive(Clone, Copy)]
pub(crate) struct Dates {
    table: PlainTable,
}

impl Dates {
    pub(crate) fn on(table: PlainTable) -> Dates {
        Dates { table }
    }

    pub(crate) fn insert(
        &self,
        txn: &mut WriteTxn<'_>,
        event: Event,
        date: OffsetDateTime,
        uid: u32,
    ) -> Result<(), StorageError> {
        self.table.put(txn, &key(event, date, uid), &[])
    }

    pub(crate) fn remove(
        &self,
        txn: &mut WriteTxn<'_>,
        event: Event,
        date: OffsetDateTime,
        uid: u32,
    ) -> Result<(), StorageError> {
        self.table.delete(txn, &key(event, date, uid))?;
        Ok(())
    }

    /// The uids with this event within `range`.
    pub(crate) fn within(
        &self,
        txn: &Txn<'_>,
        event: Event,
        range: DateRange,
    ) -> Result<RoaringBitmap, StorageError> {
        // The bounds are open: start above the last key of `after`, end below the first key of `before`.
        let start = match range.after {
            Some(after) => Bound::Excluded(key(event, after, u32::MAX)),
            None => Bound::Included(vec![event.number()]),
        };
        let end = match range.before {
            Some(before) => Bound::Excluded(key(event, before, 0)),
            None => Bound::Excluded(vec![event.number() + 1]),
        };
        let mut uids = RoaringBitmap::new();
        if is_empty(&start, &end) {
            return Ok(uids);
        }
        let bounds = (start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice));
        for entry in self.table.range(txn, bounds)? {
            let (key, _) = entry?;
            let uid = key
                .last_chunk::<4>()
                .ok_or(StorageError::Corrupted { table: self.table.name(), detail: "a key is too short" })?;
            uids.insert(u32::from_be_bytes(*uid));
        }
        Ok(uids)
    }
}

fn is_empty(start: &Bound<Vec<u8>>, end: &Bound<Vec<u8>>) -> bool {
    match (start, end) {
        (Bound::Included(start) | Bound::Excluded(start), Bound::Included(end) | Bound::Excluded(end)) => {
            start >= end
        }
        _ => false,
    }
}

fn key(event: Event, date: OffsetDateTime, uid: u32) -> Vec<u8> {
    // i64 nanoseconds reach from 1677 to 2262; dates beyond are asked for (never stored) and saturate.
    let nanos = date.unix_timestamp_nanos().clamp(i64::MIN.into(), i64::MAX.into()) as i64;
    let mut key = vec![event.number()];
    key.extend_from_slice(&(nanos as u64 ^ 1 << 63).to_be_bytes());
    key.extend_from_slice(&uid.to_be_bytes());
    key
}
