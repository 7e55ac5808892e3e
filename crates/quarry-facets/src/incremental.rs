//! The groups after some values changed.
//!
//! 1. While the groups are still those of before, walk down to the groups around each changed value.
//! 2. Level by level, from 1 up: unite each such group again from its children on the level below, which
//!    are right already. A changed value that begins a group, now or before, also cuts a group in two or
//!    joins two.
//!
//! A change costs some sixteen unions per level, whatever the size of the field. Changing every value costs
//! what building from nothing does, so there is no other way to build.

use std::collections::BTreeSet;

use quarry_storage::{StorageError, Txn, WriteTxn};
use roaring::RoaringBitmap;

use crate::level::{LEVELS_MAX, rank};
use crate::tree::Span;
use crate::{FacetKey, FacetTable, FieldId};

/// Groups that are united before they are written: bounds the memory of a large change.
const GROUPS_IN_MEMORY_MAX: usize = 256;

/// Keys that are read before they are deleted.
const KEYS_IN_MEMORY_MAX: usize = 4096;

/// Where groups begin that a change touches, per level; index 0 stands for level 1.
type Touched = [BTreeSet<Vec<u8>>; LEVELS_MAX as usize];

/// A place among the values: at `value`, or just below it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place<'v> {
    value: &'v [u8],
    // False sorts first: just below comes before at.
    at_value: bool,
}

impl Place<'_> {
    fn is_before(&self, start: &[u8]) -> bool {
        if self.at_value { self.value < start } else { self.value <= start }
    }
}

impl FacetTable {
    /// Puts the groups right after values changed at level 0.
    ///
    /// `changed`: every value whose postings were created, changed or removed since the groups were right,
    /// in any order; naming more does no harm.
    pub fn update_levels(
        &self,
        txn: &mut WriteTxn<'_>,
        changed: &[(FieldId, Vec<u8>)],
    ) -> Result<(), StorageError> {
        let mut changed: Vec<(FieldId, &[u8])> =
            changed.iter().map(|(field, value)| (*field, value.as_slice())).collect();
        changed.sort_unstable();
        changed.dedup();
        for values in changed.chunk_by(|(a, _), (b, _)| a == b) {
            let (field, _) = values[0];
            let values: Vec<&[u8]> = values.iter().map(|&(_, value)| value).collect();
            self.update_field(txn, field, &values)?;
        }
        Ok(())
    }

    /// Builds the groups of `field` from its values, whatever they were.
    pub fn rebuild(&self, txn: &mut WriteTxn<'_>, field: FieldId) -> Result<(), StorageError> {
        let values = self.values(txn, field)?;
        self.clear_levels(txn, field, 1)?;
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        self.update_field(txn, field, &values)
    }

    /// The values of `field`, ascending.
    fn values(&self, txn: &Txn<'_>, field: FieldId) -> Result<Vec<Vec<u8>>, StorageError> {
        let mut values = Vec::new();
        let mut nodes = self.nodes(txn, field, 0, &self.whole())?;
        while let Some(node) = nodes.next()? {
            values.push(node.into_value());
        }
        Ok(values)
    }

    /// Takes every value and every group of `field` out.
    pub fn clear_field(&self, txn: &mut WriteTxn<'_>, field: FieldId) -> Result<(), StorageError> {
        self.clear_levels(txn, field, 0)
    }

    /// `values`: ascending, each once.
    fn update_field(
        &self,
        txn: &mut WriteTxn<'_>,
        field: FieldId,
        values: &[&[u8]],
    ) -> Result<(), StorageError> {
        let mut touched = self.touched_groups(txn, field, values)?;
        for level in 1..=LEVELS_MAX {
            let mut begins = Vec::new();
            for &value in values.iter().filter(|value| rank(value) >= level) {
                let key = FacetKey { field, level: 0, value }.to_bytes();
                begins.push((value, self.postings.contains_key(txn, &key)?));
            }
            if !self.level_is_wanted(txn, field, level, &begins)? {
                return self.clear_levels(txn, field, level);
            }
            let mut groups = std::mem::take(&mut touched[usize::from(level) - 1]);
            groups.insert(self.kind.lowest_value().to_vec());
            groups.extend(begins.iter().map(|(value, _)| value.to_vec()));
            self.unite_groups(txn, field, level, &groups)?;
        }
        Ok(())
    }

    /// Where the stored groups begin that hold a changed value, or that end where a changed value begins one.
    fn touched_groups(
        &self,
        txn: &Txn<'_>,
        field: FieldId,
        values: &[&[u8]],
    ) -> Result<Touched, StorageError> {
        let mut places = Vec::with_capacity(values.len() + values.len() / 8);
        for &value in values {
            if rank(value) > 0 {
                places.push(Place { value, at_value: false });
            }
            places.push(Place { value, at_value: true });
        }
        let mut touched = Touched::default();
        if let Some(top @ 1..) = self.top_level(txn, field)? {
            self.touch(txn, field, (top, &self.whole()), &places, &mut touched)?;
        }
        Ok(touched)
    }

    /// Notes the groups of one level in `span` that hold some of `places` (ascending), and those below them.
    fn touch(
        &self,
        txn: &Txn<'_>,
        field: FieldId,
        (level, span): (u8, &Span),
        mut places: &[Place<'_>],
        touched: &mut Touched,
    ) -> Result<(), StorageError> {
        let mut nodes = self.nodes(txn, field, level, span)?;
        while let Some(node) = nodes.next()? {
            // Places before the first stored group belong to the lowest group, which is always united again.
            let before = places.partition_point(|place| place.is_before(&node.span.start));
            places = &places[before..];
            let inside = match &node.span.end {
                Some(end) => places.partition_point(|place| place.is_before(end)),
                None => places.len(),
            };
            let (here, after) = places.split_at(inside);
            places = after;
            if !here.is_empty() {
                if level > 1 {
                    self.touch(txn, field, (level - 1, &node.span), here, touched)?;
                }
                touched[usize::from(level) - 1].insert(node.span.start);
            }
            if places.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Whether some value begins a group of `level`: only then the level is there.
    ///
    /// `begins`: the changed values that do if they are stored, and whether they are.
    fn level_is_wanted(
        &self,
        txn: &Txn<'_>,
        field: FieldId,
        level: u8,
        begins: &[(&[u8], bool)],
    ) -> Result<bool, StorageError> {
        if begins.iter().any(|&(_, stored)| stored) {
            return Ok(true);
        }
        let mut nodes = self.nodes(txn, field, level, &self.whole())?;
        while let Some(node) = nodes.next()? {
            let start = node.span.start.as_slice();
            let is_gone = begins.binary_search_by(|(value, _)| (*value).cmp(start)).is_ok();
            if start != self.kind.lowest_value() && !is_gone {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes the groups of `level` that begin at `starts`; takes out those that do not begin there any more.
    fn unite_groups(
        &self,
        txn: &mut WriteTxn<'_>,
        field: FieldId,
        level: u8,
        starts: &BTreeSet<Vec<u8>>,
    ) -> Result<(), StorageError> {
        let mut starts = starts.iter().peekable();
        let mut groups = Vec::new();
        while starts.peek().is_some() {
            groups.clear();
            for start in starts.by_ref().take(GROUPS_IN_MEMORY_MAX) {
                let (children, documents) = self.unite(txn, field, level, start)?;
                groups.push((start, children, documents));
            }
            let mut writer = self.postings.direct_writer(txn);
            for (value, children, documents) in &groups {
                let key = FacetKey { field, level, value }.to_bytes();
                writer.set_group(&key, *children, documents)?;
            }
            writer.finish()?;
        }
        Ok(())
    }

    /// The number of children (at most 255) and the documents of the group of `level` that begins at `start`;
    /// none when no group begins there.
    fn unite(
        &self,
        txn: &Txn<'_>,
        field: FieldId,
        level: u8,
        start: &[u8],
    ) -> Result<(u8, RoaringBitmap), StorageError> {
        let is_first_group = start == self.kind.lowest_value();
        let from = Span { start: start.to_vec(), end: None };
        let mut nodes = self.nodes(txn, field, level - 1, &from)?;
        let (mut children, mut documents) = (0u8, RoaringBitmap::new());
        while let Some(node) = nodes.next()? {
            let child = node.span.start.as_slice();
            let is_start = child == start;
            if children == 0 && !is_start && !is_first_group {
                break;
            }
            if !is_start && rank(child) >= level {
                break;
            }
            children = children.saturating_add(1);
            node.postings.union_into(&mut documents)?;
        }
        Ok((children, documents))
    }

    /// Takes out all nodes of `field` from level `lowest` up.
    fn clear_levels(&self, txn: &mut WriteTxn<'_>, field: FieldId, lowest: u8) -> Result<(), StorageError> {
        for level in lowest..=LEVELS_MAX {
            let mut keys = self.first_keys(txn, field, level)?;
            while !keys.is_empty() {
                let mut writer = self.postings.direct_writer(txn);
                for key in &keys {
                    writer.set(key, &RoaringBitmap::new())?;
                }
                writer.finish()?;
                let left = self.first_keys(txn, field, level)?;
                if left.first().zip(keys.last()).is_some_and(|(next, last)| next <= last) {
                    // Keys come in order, so all that is left is behind what was taken out; not so in a block that
                    // stands under a wrong key.
                    return Err(StorageError::Corrupted {
                        table: "facets",
                        detail: "a group cannot be taken out",
                    });
                }
                keys = left;
            }
        }
        Ok(())
    }

    /// The first keys of a level of `field`: none when it is empty.
    fn first_keys(&self, txn: &Txn<'_>, field: FieldId, level: u8) -> Result<Vec<Vec<u8>>, StorageError> {
        let mut keys = Vec::new();
        let mut cursor = self.postings.cursor(txn, &FacetKey::scan_level(field, level))?;
        while let Some((key, _)) = cursor.next()? {
            keys.push(key.to_vec());
            if keys.len() == KEYS_IN_MEMORY_MAX {
                break;
            }
        }
        Ok(keys)
    }
}
