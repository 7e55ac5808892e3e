//! The groups after some values changed.
//!
//! Level by level, from 1 up, so that the level below is right already:
//!
//! 1. A changed value that begins a group, now or before, but not both, has cut a group in two or joined two: these are
//!    united again from their children.
//! 2. The groups that hold the other changed values are as they were but for the documents of the change. If those are
//!    few, each is looked up in the children and put into the group or taken out of it; otherwise the group is united
//!    again as well.
//!
//! A change costs some sixteen unions or lookups per level, whatever the size of the field. Changing every value costs
//! what building from nothing does, so there is no other way to build.

use std::collections::{BTreeMap, BTreeSet};

use quarry_storage::{PostingsUnion, StorageError, Txn, WriteTxn};
use roaring::RoaringBitmap;

use crate::level::{LEVELS_MAX, rank};
use crate::tree::{Node, Span};
use crate::{FacetKey, FacetTable, FieldId};

/// Groups that are united before they are written: bounds the memory of a large change.
const GROUPS_IN_MEMORY_MAX: usize = 256;

/// Keys that are read before they are deleted.
const KEYS_IN_MEMORY_MAX: usize = 4096;

/// Values, ascending, and whether they are stored.
type Begins<'v> = Vec<(&'v [u8], bool)>;

/// The documents of a change, where these are few. Both lists ascend.
#[derive(Debug, Clone, Copy, Default)]
pub struct FewDocuments<'d> {
    /// Every document that a value has more or less.
    pub documents: &'d [u32],
    /// Those of them that no value holds any more: of them nothing is looked up.
    pub deleted: &'d [u32],
}

/// What a change does to the groups of one level, by where they begin.
#[derive(Default)]
struct LevelChange {
    /// Those whose values became others.
    united: BTreeSet<Vec<u8>>,
    /// Those that may hold other documents of a few, and which of the few their changed values hold.
    touched: BTreeMap<Vec<u8>, BTreeSet<u32>>,
}

impl FacetTable {
    /// Puts the groups right after values changed at level 0.
    ///
    /// - `changed`: every value whose postings were created, changed or removed since the groups were right, ascending
    ///   by field and value; naming more does no harm; one in sixteen is kept in memory
    /// - `few`: every document that was added to one of them or removed, where these are few
    pub fn update_levels<'v>(
        &self,
        txn: &mut WriteTxn<'_>,
        changed: impl IntoIterator<Item = (FieldId, &'v [u8])>,
        few: Option<FewDocuments<'_>>,
    ) -> Result<(), StorageError> {
        let mut changed = changed.into_iter().peekable();
        while let Some(&(field, _)) = changed.peek() {
            let of_field = std::iter::from_fn(|| changed.next_if(|&(other, _)| other == field));
            self.update_field(txn, field, of_field.map(|(_, value)| value), few)?;
        }
        Ok(())
    }

    /// Builds the groups of `field` from its values, whatever they were.
    pub fn rebuild(&self, txn: &mut WriteTxn<'_>, field: FieldId) -> Result<(), StorageError> {
        let values = self.values(txn, field)?;
        self.clear_levels(txn, field, 1)?;
        self.update_field(txn, field, values.iter().map(Vec::as_slice), None)
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

    /// `values`: ascending.
    fn update_field<'v>(
        &self,
        txn: &mut WriteTxn<'_>,
        field: FieldId,
        values: impl Iterator<Item = &'v [u8]>,
        few: Option<FewDocuments<'_>>,
    ) -> Result<(), StorageError> {
        let (changes, mut begins) = self.level_changes(txn, field, values, few)?;
        for (level, change) in (1..).zip(&changes) {
            begins.retain(|(value, _)| rank(value) >= level);
            if !self.level_is_wanted(txn, field, level, &begins)? {
                return self.clear_levels(txn, field, level);
            }
            self.patch_groups(txn, (field, level), change, few.unwrap_or_default())?;
            self.unite_groups(txn, field, level, &change.united)?;
        }
        Ok(())
    }

    /// What becomes of the groups of each level, which are all as they were before the change; and the changed values
    /// that begin a group if they are stored, and whether they are.
    fn level_changes<'v>(
        &self,
        txn: &Txn<'_>,
        field: FieldId,
        values: impl Iterator<Item = &'v [u8]>,
        few: Option<FewDocuments<'_>>,
    ) -> Result<([LevelChange; LEVELS_MAX as usize], Begins<'v>), StorageError> {
        let top = self.top_level(txn, field)?.unwrap_or(0);
        let mut changes: [LevelChange; LEVELS_MAX as usize] = Default::default();
        let mut begins = Vec::new();
        let mut groups = None;
        for value in values {
            let groups = self.groups_of(txn, (field, top), value, &mut groups)?;
            let rank = rank(value);
            let key = FacetKey { field, level: 0, value }.to_bytes();
            let is_stored = rank > 0 && self.postings.contains_key(txn, &key)?;
            let held = few.map(|few| self.postings.present(txn, &key, few.documents)).transpose()?;
            if rank > 0 {
                begins.push((value, is_stored));
            }
            for level in 1..=top.max(rank) {
                let place = usize::from(level) - 1;
                let group = groups.get(place).and_then(Option::as_deref);
                let (began, begins_now) = (group == Some(value), is_stored && rank >= level);
                let change = &mut changes[place];
                match (group, &held) {
                    (Some(group), Some(held)) if began == begins_now => {
                        change.touched.entry(group.to_vec()).or_default().extend(held);
                    }
                    (Some(group), None) if began == begins_now => drop(change.united.insert(group.to_vec())),
                    _ => {
                        // The group that it is cut off from, or joined with.
                        let before = match began {
                            true => {
                                let key = FacetKey { field, level, value }.to_bytes();
                                value_in(self.postings.key_below(txn, &key)?, (field, level))
                            }
                            false => group.map(<[u8]>::to_vec),
                        };
                        change.united.insert(before.unwrap_or_else(|| self.kind.lowest_value().to_vec()));
                        change.united.extend((began != begins_now).then(|| value.to_vec()));
                    }
                }
            }
        }
        for LevelChange { united, touched } in &mut changes {
            touched.retain(|group, _| !united.contains(group));
        }
        Ok((changes, begins))
    }

    /// Where the stored groups begin that `value` lies in, by level from 1 to `top`; `before`: those of a value at or
    /// below it.
    fn groups_of<'g>(
        &self,
        txn: &Txn<'_>,
        (field, top): (FieldId, u8),
        value: &[u8],
        before: &'g mut Option<Vec<Option<Vec<u8>>>>,
    ) -> Result<&'g [Option<Vec<u8>>], StorageError> {
        let is_first = before.is_none();
        let groups = before.get_or_insert_with(|| vec![None; usize::from(top)]);
        for (level, group) in (1..).zip(groups.iter_mut()) {
            let key = self.postings.floor_key(txn, &FacetKey { field, level, value }.to_bytes())?;
            let found = value_in(key, (field, level));
            // Who shares a group shares those above it.
            if found == *group && !is_first {
                break;
            }
            *group = found;
        }
        Ok(groups)
    }

    /// Puts each of `documents` into the touched groups of a level that a child of which holds it, and takes it out
    /// of the others.
    fn patch_groups(
        &self,
        txn: &mut WriteTxn<'_>,
        (field, level): (FieldId, u8),
        change: &LevelChange,
        FewDocuments { documents, deleted }: FewDocuments<'_>,
    ) -> Result<(), StorageError> {
        if change.touched.is_empty() {
            return Ok(());
        }
        let mut patches = Vec::new();
        for (group, held) in &change.touched {
            let key = FacetKey { field, level, value: group }.to_bytes();
            let others: Vec<u32> =
                documents.iter().copied().filter(|document| !held.contains(document)).collect();
            let is_deleted = |document: &u32| deleted.binary_search(document).is_ok();
            let (mut gone, mut doubtful): (BTreeSet<u32>, BTreeSet<u32>) =
                self.postings.present(txn, &key, &others)?.into_iter().partition(is_deleted);
            self.keep_held(txn, (field, level), group, &mut doubtful)?;
            gone.append(&mut doubtful);
            patches.push((key, Vec::from_iter(held.iter().copied()), Vec::from_iter(gone)));
        }
        let mut writer = self.postings.direct_writer(txn);
        for (key, added, removed) in &patches {
            writer.apply(key, added, removed)?;
        }
        writer.finish().map(drop)
    }

    /// Takes out of `gone` what a child of a group holds.
    fn keep_held(
        &self,
        txn: &Txn<'_>,
        (field, level): (FieldId, u8),
        group: &[u8],
        gone: &mut BTreeSet<u32>,
    ) -> Result<(), StorageError> {
        if gone.is_empty() {
            return Ok(());
        }
        /// A set of so many bytes is read through sooner than looked up.
        const SHORT_BYTES: usize = 128;
        self.for_each_child(txn, (field, level), group, |child| {
            let wanted = Vec::from_iter(gone.iter().copied());
            if child.postings.stored_bytes() <= SHORT_BYTES {
                child.postings.for_each_in(&wanted, |place| {
                    gone.remove(&wanted[place]);
                })?;
            } else {
                let key = FacetKey { field, level: level - 1, value: &child.span.start }.to_bytes();
                for document in self.postings.present(txn, &key, &wanted)? {
                    gone.remove(&document);
                }
            }
            Ok(!gone.is_empty())
        })
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
        let stays = |start: &[u8]| {
            let is_gone = begins.binary_search_by(|(value, _)| (*value).cmp(start)).is_ok();
            start != self.kind.lowest_value() && !is_gone
        };
        // The last group of the level mostly tells already.
        let last = self.postings.key_below(txn, &FacetKey::scan_level(field, level + 1))?;
        let last = value_in(last, (field, level));
        if begins.iter().any(|&(_, stored)| stored) || last.is_some_and(|start| stays(&start)) {
            return Ok(true);
        }
        let mut nodes = self.nodes(txn, field, level, &self.whole())?;
        while let Some(node) = nodes.next()? {
            if stays(&node.span.start) {
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
                groups.push((start, self.unite(txn, field, level, start)?));
            }
            let mut writer = self.postings.direct_writer(txn);
            for (value, documents) in &groups {
                let key = FacetKey { field, level, value }.to_bytes();
                writer.set(&key, documents)?;
            }
            writer.finish()?;
        }
        Ok(())
    }

    /// The documents of the group of `level` that begins at `start`; none when no group begins there.
    fn unite(
        &self,
        txn: &Txn<'_>,
        field: FieldId,
        level: u8,
        start: &[u8],
    ) -> Result<RoaringBitmap, StorageError> {
        let mut documents = PostingsUnion::default();
        self.for_each_child(txn, (field, level), start, |child| {
            documents.add(&child.postings)?;
            Ok(true)
        })?;
        Ok(documents.finish())
    }

    /// Calls `each` with the children of the group of `level` that begins at `start`, as long as it says so; none when
    /// no group begins there.
    fn for_each_child(
        &self,
        txn: &Txn<'_>,
        (field, level): (FieldId, u8),
        start: &[u8],
        mut each: impl FnMut(Node<'_>) -> Result<bool, StorageError>,
    ) -> Result<(), StorageError> {
        let from = Span { start: start.to_vec(), end: None };
        let mut nodes = self.nodes(txn, field, level - 1, &from)?;
        let mut is_group = start == self.kind.lowest_value();
        while let Some(node) = nodes.next()? {
            let child = node.span.start.as_slice();
            is_group |= child == start;
            if !is_group || (child != start && rank(child) >= level) || !each(node)? {
                break;
            }
        }
        Ok(())
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

/// The value of a key that was found, if it is one of this level.
fn value_in(key: Option<Vec<u8>>, (field, level): (FieldId, u8)) -> Option<Vec<u8>> {
    Some(key?.strip_prefix(&FacetKey::scan_level(field, level))?.to_vec())
}
