//! Postings as format version 2 stored them, for the step to the present version.
//!
//! A set was cut into segments of 2^18 ids, and the key of each but the first ended with its number (u16). A dense
//! segment was a Roaring bitmap in the portable serialisation; the others were lists, as they are today.

use roaring::RoaringBitmap;

use crate::segment::{CONTINUED, DENSE, Segment, damaged};
use crate::{PostingsTable, StorageError, Txn};

/// Calls `each` with every key of a table of format version 2 and its ids.
///
/// - `has_group_sizes`: whether values begin with a byte more, which facets had and nobody read
///
/// # Errors
/// `Corrupted`; those of `each`.
pub fn read_postings<E: From<StorageError>>(
    table: PostingsTable,
    txn: &Txn<'_>,
    has_group_sizes: bool,
    mut each: impl FnMut(&[u8], &RoaringBitmap) -> Result<(), E>,
) -> Result<(), E> {
    let mut cursor = table.entries().cursor(txn, &[])?;
    let (mut key, mut ids) = (Vec::new(), RoaringBitmap::new());
    while cursor.advance()? {
        let continued = cursor.flags() & CONTINUED != 0;
        let stored = cursor.key();
        let stored = if continued { &stored[..stored.len().saturating_sub(2)] } else { stored };
        if !continued || stored != key {
            if !ids.is_empty() {
                each(&key, &ids)?;
            }
            ids.clear();
            key.clear();
            key.extend_from_slice(stored);
        }
        let skipped = usize::from(has_group_sizes);
        let bytes = cursor.value().get(skipped..).ok_or_else(|| damaged(table.name()))?;
        if cursor.flags() & DENSE == 0 {
            let segment = Segment { flags: 0, bytes };
            segment.for_each(table.name(), |id| {
                ids.insert(id);
            })?;
        } else {
            ids |= RoaringBitmap::deserialize_from(bytes).map_err(|_| damaged(table.name()))?;
        }
    }
    if !ids.is_empty() {
        each(&key, &ids)?;
    }
    Ok(())
}
