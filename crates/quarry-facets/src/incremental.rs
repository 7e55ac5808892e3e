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
use crate::tree::Span;
use crate::{FacetKey, FacetTable, FieldId};

/// Groups that are united before they are written: bounds the memory of a large change.
const GROUPS_IN_MEMORY_MAX: usize = 256;

/// Keys that are read before they are deleted.
const KEYS_IN_MEMORY_MAX: usize = 4096;

/// What a change does to the groups of one level, by where they begin.
#[derive(Default)]
struct LevelChange<'v> {
    /// Those whose values became others.
    united: BTreeSet<Vec<u8>>,
    /// Those that may hold other documents, and their changed values.
    touched: BTreeMap<Vec<u8>, Vec<&'v [u8]>>,
}

impl FacetTable {
    /// Puts the groups right after values changed at level 0.
    ///
    /// - `changed`: every value whose postings were created, changed or removed since the groups were right, in any
    ///   order; naming more does no harm
    /// - `few`: every document that was added to one of them or removed, ascending, where these are few
    pub fn update_levels(
        &self,
        txn: &mut WriteTxn<'_>,
        changed: &[(FieldId, Vec<u8>)],
        few: Option<&[u32]>,
    ) -> Result<(), StorageError> {
        let mut changed: Vec<(FieldId, &[u8])> =
            changed.iter().map(|(field, value)| (*field, value.as_slice())).collect();
        changed.sort_unstable();
        changed.dedup();
        for values in changed.chunk_by(|(a, _), (b, _)| a == b) {
            let (field, _) = values[0];
            let values: Vec<&[u8]> = values.iter().map(|&(_, value)| value).collect();
            self.update_field(txn, field, &values, few)?;
        }
        Ok(())
    }

    /// Builds the groups of `field` from its values, whatever they were.
    pub fn rebuild(&self, txn: &mut WriteTxn<'_>, field: FieldId) -> Result<(), StorageError> {
        let values = self.values(txn, field)?;
        self.clear_levels(txn, field, 1)?;
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        self.update_field(txn, field, &values, None)
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
        few: Option<&[u32]>,
    ) -> Result<(), StorageError> {
        for level in 1..=LEVELS_MAX {
            let mut begins = Vec::new();
            for &value in values.iter().filter(|value| rank(value) >= level) {
                let key = FacetKey { field, level: 0, value }.to_bytes();
                begins.push((value, self.postings.contains_key(txn, &key)?));
            }
            if !self.level_is_wanted(txn, field, level, &begins)? {
                return self.clear_levels(txn, field, level);
            }
            let mut change = self.level_change(txn, (field, level), values, &begins)?;
            match few {
                Some(documents) => self.patch_groups(txn, (field, level), &change, documents)?,
                None => change.united.extend(std::mem::take(&mut change.touched).into_keys()),
            }
            self.unite_groups(txn, field, level, &change.united)?;
        }
        Ok(())
    }

    /// The groups of a level, which is as it was before the change, that have to become others.
    ///
    /// - `begins`: the changed values that begin a group if they are stored, and whether they are
    fn level_change<'v>(
        &self,
        txn: &Txn<'_>,
        (field, level): (FieldId, u8),
        values: &[&'v [u8]],
        begins: &[(&[u8], bool)],
    ) -> Result<LevelChange<'v>, StorageError> {
        let mut change = LevelChange::default();
        for &value in values {
            let group = self.group_of(txn, (field, level), value)?;
            let begins_now =
                begins.binary_search_by(|(begin, _)| (*begin).cmp(value)).is_ok_and(|place| begins[place].1);
            let began = group.as_deref() == Some(value);
            match group {
                Some(group) if begins_now == began => change.touched.entry(group).or_default().push(value),
                // The group that it was cut off from, or is joined with.
                _ if begins_now != began => {
                    let before = match group {
                        Some(_) if began => self.group_below(txn, (field, level), value)?,
                        group => group,
                    };
                    change.united.insert(before.unwrap_or_else(|| self.kind.lowest_value().to_vec()));
                    change.united.insert(value.to_vec());
                }
                _ => {
                    change.united.insert(self.kind.lowest_value().to_vec());
                }
            }
        }
        change.touched.retain(|group, _| !change.united.contains(group));
        Ok(change)
    }

    /// Where the stored group begins that `value` lies in.
    fn group_of(
        &self,
        txn: &Txn<'_>,
        (field, level): (FieldId, u8),
        value: &[u8],
    ) -> Result<Option<Vec<u8>>, StorageError> {
        let key = self.postings.floor_key(txn, &FacetKey { field, level, value }.to_bytes())?;
        Ok(key.as_deref().and_then(|key| value_in(key, (field, level))))
    }

    /// Where the last stored group begins that begins below `value`.
    fn group_below(
        &self,
        txn: &Txn<'_>,
        (field, level): (FieldId, u8),
        value: &[u8],
    ) -> Result<Option<Vec<u8>>, StorageError> {
        let key = self.postings.key_below(txn, &FacetKey { field, level, value }.to_bytes())?;
        Ok(key.as_deref().and_then(|key| value_in(key, (field, level))))
    }

    /// Puts each of `documents` into the touched groups of a level that a child of which holds it, and takes it out
    /// of the others.
    fn patch_groups(
        &self,
        txn: &mut WriteTxn<'_>,
        (field, level): (FieldId, u8),
        change: &LevelChange<'_>,
        documents: &[u32],
    ) -> Result<(), StorageError> {
        let mut patches = Vec::new();
        for (group, values) in &change.touched {
            let mut held = BTreeSet::new();
            for &value in values {
                let key = FacetKey { field, level: 0, value }.to_bytes();
                held.extend(self.postings.present(txn, &key, documents)?);
            }
            let key = FacetKey { field, level, value: group }.to_bytes();
            let others: Vec<u32> =
                documents.iter().copied().filter(|document| !held.contains(document)).collect();
            let mut gone: BTreeSet<u32> = self.postings.present(txn, &key, &others)?.into_iter().collect();
            self.keep_held(txn, (field, level), group, &mut gone)?;
            patches.push((key, Vec::from_iter(held), Vec::from_iter(gone)));
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
        let from = Span { start: group.to_vec(), end: None };
        let mut nodes = self.nodes(txn, field, level - 1, &from)?;
        while let Some(node) = nodes.next()? {
            let child = node.span.start.as_slice();
            if gone.is_empty() || (child != group && rank(child) >= level) {
                break;
            }
            let key = FacetKey { field, level: level - 1, value: child }.to_bytes();
            for document in self.postings.present(txn, &key, &Vec::from_iter(gone.iter().copied()))? {
                gone.remove(&document);
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
        let stays = |start: &[u8]| {
            let is_gone = begins.binary_search_by(|(value, _)| (*value).cmp(start)).is_ok();
            start != self.kind.lowest_value() && !is_gone
        };
        // The last group of the level mostly tells already.
        let last = self.postings.key_below(txn, &FacetKey::scan_level(field, level + 1))?;
        let last = last.as_deref().and_then(|key| value_in(key, (field, level)));
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
        let is_first_group = start == self.kind.lowest_value();
        let from = Span { start: start.to_vec(), end: None };
        let mut nodes = self.nodes(txn, field, level - 1, &from)?;
        let mut documents = PostingsUnion::default();
        let mut is_first = true;
        while let Some(node) = nodes.next()? {
            let child = node.span.start.as_slice();
            let is_start = child == start;
            if (is_first && !is_start && !is_first_group) || (!is_start && rank(child) >= level) {
                break;
            }
            is_first = false;
            documents.add(&node.postings)?;
        }
        Ok(documents.finish())
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

/// The value of a key, if it is one of this level.
fn value_in(key: &[u8], (field, level): (FieldId, u8)) -> Option<Vec<u8>> {
    key.strip_prefix(&FacetKey::scan_level(field, level)).map(<[u8]>::to_vec)
}
