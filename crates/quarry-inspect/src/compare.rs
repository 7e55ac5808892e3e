//! What differs between two indexes.

use std::cmp::Ordering;
use std::fmt;

use quarry_index::{Snapshot, TableId};
use quarry_storage::StorageError;

use crate::entries::{Entries, EntryValue, Renumbering};

/// An entry that one index has and the other has not, or has with another value.
#[derive(Debug)]
pub struct Difference {
    /// The table.
    pub table: TableId,
    /// The key, its bytes shown as text.
    pub key: String,
    /// What the first index has.
    pub left: Option<EntryValue>,
    /// What the second has.
    pub right: Option<EntryValue>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {:?} against {:?}", self.table.name(), self.key, self.left, self.right)
    }
}

/// The first `differences_max` differences, table by table. With `renumbering`, the documents of `left` are
/// given the numbers that they have in `right`.
///
/// # Errors
/// Those of the stores.
pub fn compare(
    left: &Snapshot<'_>,
    right: &Snapshot<'_>,
    renumbering: Option<&Renumbering>,
    differences_max: usize,
) -> Result<Vec<Difference>, StorageError> {
    let mut found = Vec::new();
    for &table in TableId::ALL {
        compare_table(
            table,
            Entries::of(left, table, renumbering)?,
            Entries::of(right, table, None)?,
            differences_max,
            &mut found,
        )?;
    }
    Ok(found)
}

fn compare_table(
    table: TableId,
    mut left: Entries<'_>,
    mut right: Entries<'_>,
    differences_max: usize,
    found: &mut Vec<Difference>,
) -> Result<(), StorageError> {
    let (mut a, mut b) = (left.next()?, right.next()?);
    while found.len() < differences_max {
        let order = match (&a, &b) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        let left_entry =
            if order == Ordering::Greater { None } else { std::mem::replace(&mut a, left.next()?) };
        let right_entry =
            if order == Ordering::Less { None } else { std::mem::replace(&mut b, right.next()?) };
        if left_entry != right_entry {
            let key =
                left_entry.as_ref().or(right_entry.as_ref()).map(|(key, _)| key.escape_ascii().to_string());
            found.push(Difference {
                table,
                key: key.unwrap_or_default(),
                left: left_entry.map(|(_, value)| value),
                right: right_entry.map(|(_, value)| value),
            });
        }
    }
    Ok(())
}
