//! A postings table against its slow twin: an ordered map of ordered sets.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use proptest::prelude::*;
use quarry_storage::{
    BlockSink, Environment, EnvironmentOptions, KeyOutcome, PostingsTable, PostingsUnion, ReadTxn,
    StorageError,
};
use roaring::RoaringBitmap;

type Model = BTreeMap<Vec<u8>, BTreeSet<u32>>;

struct Operations(Vec<(Vec<u8>, Option<Vec<u8>>)>);

impl BlockSink for Operations {
    type Error = StorageError;
    fn put(&mut self, key: &[u8], block: &[u8]) -> Result<(), StorageError> {
        self.0.push((key.to_vec(), Some(block.to_vec())));
        Ok(())
    }
    fn delete(&mut self, key: &[u8]) -> Result<(), StorageError> {
        self.0.push((key.to_vec(), None));
        Ok(())
    }
}

/// A word of a small alphabet, ended by a zero byte: prefix-free.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => proptest::collection::vec(b'a'..=b'c', 1..6),
        1 => proptest::collection::vec(b'a'..=b'b', 20..60),
    ]
    .prop_map(|mut word| {
        word.push(0);
        word
    })
}

fn ids() -> impl Strategy<Value = BTreeSet<u32>> {
    prop_oneof![
        6 => proptest::collection::btree_set(0..200u32, 0..4),
        2 => proptest::collection::btree_set(0..2_000_000u32, 0..8),
        1 => (0..600_000u32, 1..30_000u32).prop_map(|(start, len)| (start..start + len).collect()),
        1 => proptest::collection::btree_set(0..50_000u32, 0..3000),
        1 => (0..20_000u32, 2..5usize).prop_map(|(start, step)| (start..start + 8_000).step_by(step).collect()),
        1 => proptest::collection::btree_set(0..1u32 << 23, 500..600),
    ]
}

type Batch = BTreeMap<Vec<u8>, (BTreeSet<u32>, BTreeSet<u32>)>;

fn batches() -> impl Strategy<Value = Vec<Batch>> {
    let batch = proptest::collection::btree_map(key(), (ids(), ids()), 1..60);
    proptest::collection::vec(batch, 1..8)
}

fn expected_outcome(before: Option<&BTreeSet<u32>>, after: &BTreeSet<u32>) -> KeyOutcome {
    match (before, after.is_empty()) {
        (None, true) => KeyOutcome::Unchanged,
        (None, false) => KeyOutcome::Created,
        (Some(_), true) => KeyOutcome::Removed,
        (Some(before), false) if before == after => KeyOutcome::Unchanged,
        (Some(_), false) => KeyOutcome::Changed,
    }
}

fn change(model: &mut Model, key: &[u8], added: &BTreeSet<u32>, removed: &BTreeSet<u32>) -> KeyOutcome {
    let before = model.get(key).cloned();
    let mut after: BTreeSet<u32> = before.clone().unwrap_or_default();
    after.extend(added);
    after.retain(|id| !removed.contains(id));
    let outcome = expected_outcome(before.as_ref(), &after);
    if after.is_empty() {
        model.remove(key)
    } else {
        model.insert(key.to_vec(), after)
    };
    outcome
}

fn apply_parallel(environment: &Environment, table: PostingsTable, batch: &Batch, model: &mut Model) {
    let keys: Vec<&[u8]> = batch.keys().map(Vec::as_slice).collect();
    let wanted = [keys[keys.len() / 3], keys[2 * keys.len() / 3]];
    let mut operations = Vec::new();
    let txn = environment.read_txn().unwrap();
    let borders = table.partition_keys(&txn, &wanted).unwrap();
    let mut start = Bound::Unbounded;
    for part in 0..=borders.len() {
        let end = borders.get(part).cloned();
        let part_end = end.clone().map_or(Bound::Unbounded, Bound::Excluded);
        if let (Bound::Included(start), Bound::Excluded(end)) = (&start, &part_end) {
            assert!(start <= end);
        }
        let mut writer = table.writer(&txn, Operations(Vec::new()), end.clone());
        for (key, (added, removed)) in batch.range::<Vec<u8>, _>((start.clone(), part_end)) {
            let removed: BTreeSet<u32> = removed.difference(added).copied().collect();
            let (a, r): (Vec<u32>, Vec<u32>) =
                (added.iter().copied().collect(), removed.iter().copied().collect());
            assert_eq!(writer.apply(key, &a, &r).unwrap(), change(model, key, added, &removed));
        }
        operations.push(writer.finish().unwrap().sink.0);
        start = end.map_or(Bound::Unbounded, Bound::Included);
    }
    drop(txn);
    let mut txn = environment.write_txn().unwrap();
    // The writers of the parts run in any order: take the last part first.
    for (key, block) in operations.into_iter().rev().flatten() {
        match block {
            Some(block) => table.entries().blocks().put(&mut txn, &key, &block).unwrap(),
            None => {
                table.entries().blocks().delete(&mut txn, &key).unwrap();
            }
        }
    }
    txn.commit().unwrap();
}

fn apply_direct(environment: &Environment, table: PostingsTable, batch: &Batch, model: &mut Model) {
    let mut txn = environment.write_txn().unwrap();
    let mut writer = table.direct_writer(&mut txn);
    for (index, (key, (added, removed))) in batch.iter().enumerate() {
        if index % 3 == 0 {
            let set: RoaringBitmap = added.iter().copied().collect();
            let outcome = expected_outcome(model.get(key), added);
            assert_eq!(writer.set(key, &set).unwrap(), outcome);
            if added.is_empty() {
                model.remove(key)
            } else {
                model.insert(key.clone(), added.clone())
            };
        } else {
            let removed: BTreeSet<u32> = removed.difference(added).copied().collect();
            let (a, r): (Vec<u32>, Vec<u32>) =
                (added.iter().copied().collect(), removed.iter().copied().collect());
            assert_eq!(writer.apply(key, &a, &r).unwrap(), change(model, key, added, &removed));
        }
    }
    writer.finish().unwrap();
    txn.commit().unwrap();
}

fn read_all(table: PostingsTable, txn: &ReadTxn<'_>) -> Model {
    let mut all = Model::new();
    let mut cursor = table.cursor(txn, b"").unwrap();
    while let Some((key, postings)) = cursor.next().unwrap() {
        let ids: BTreeSet<u32> = postings.decode().unwrap().iter().collect();
        assert_eq!(postings.len().unwrap(), ids.len() as u64);
        assert!(all.insert(key.to_vec(), ids).is_none(), "a key comes once");
    }
    all
}

fn check(table: PostingsTable, txn: &ReadTxn<'_>, model: &Model, probes: &Batch) {
    assert_eq!(&read_all(table, txn), model);
    let candidates: RoaringBitmap = (0..1_000_000).step_by(3).collect();
    let some: Vec<u32> = (0..1_000_000).step_by(1999).chain(1_000_000..1_000_100).collect();
    let some_set: RoaringBitmap = some.iter().copied().collect();
    for key in probes.keys().chain(model.keys()) {
        let expected = model.get(key).cloned().unwrap_or_default();
        let set: RoaringBitmap = expected.iter().copied().collect();
        assert_eq!(table.get(txn, key).unwrap().unwrap_or_default(), set);
        assert_eq!(table.contains_key(txn, key).unwrap(), !expected.is_empty());
        assert_eq!(table.intersection(txn, key, &candidates).unwrap(), &set & &candidates);
        let first = table.find(txn, key).unwrap().and_then(|found| found.first_in(&candidates).unwrap());
        assert_eq!(first, (&set & &candidates).min());
        let mut found = RoaringBitmap::new();
        if let Some(postings) = table.find(txn, key).unwrap() {
            postings.for_each_in(&some, |place| assert!(found.insert(some[place]))).unwrap();
        }
        assert_eq!(found, &set & &some_set);
        let few = [0, 1, 4095, 4096, 500_000, u32::MAX];
        let present = table.present(txn, key, &few).unwrap();
        assert_eq!(present, few.into_iter().filter(|id| set.contains(*id)).collect::<Vec<_>>());
        let floor = table.floor_key(txn, key).unwrap();
        assert_eq!(floor.as_ref(), model.range(..=key.clone()).next_back().map(|(key, _)| key));
        let below = table.key_below(txn, key).unwrap();
        assert_eq!(below.as_ref(), model.range(..key.clone()).next_back().map(|(key, _)| key));
        let prefix = &key[..key.len().div_ceil(2)];
        let mut union = PostingsUnion::default();
        let mut cursor = table.cursor(txn, prefix).unwrap();
        while let Some((_, postings)) = cursor.next().unwrap() {
            union.add(&postings).unwrap();
        }
        let expected_union: RoaringBitmap =
            model.iter().filter(|(k, _)| k.starts_with(prefix)).flat_map(|(_, ids)| ids).copied().collect();
        assert_eq!(union.finish(), expected_union);
        let mut cursor = table.range_cursor(txn, Bound::Excluded(key), Bound::Unbounded).unwrap();
        let next = cursor.next().unwrap().map(|(key, _)| key.to_vec());
        let range: (Bound<&Vec<u8>>, Bound<&Vec<u8>>) = (Bound::Excluded(key), Bound::Unbounded);
        assert_eq!(next.as_ref(), model.range::<Vec<u8>, _>(range).next().map(|(k, _)| k));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_postings_table_is_an_ordered_map_of_sets(batches in batches()) {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment::open(folder.path(), &EnvironmentOptions::default()).unwrap();
        let table: PostingsTable = environment.plain_table("postings").unwrap().into();
        let mut model = Model::new();
        for (index, batch) in batches.iter().enumerate() {
            if index % 2 == 0 {
                apply_parallel(&environment, table, batch, &mut model);
            } else {
                apply_direct(&environment, table, batch, &mut model);
            }
            check(table, &environment.read_txn().unwrap(), &model, batch);
        }
        let mut txn = environment.write_txn().unwrap();
        let mut writer = table.direct_writer(&mut txn);
        for (key, ids) in &model {
            let ids: Vec<u32> = ids.iter().copied().collect();
            prop_assert_eq!(writer.apply(key, &[], &ids).unwrap(), KeyOutcome::Removed);
        }
        writer.finish().unwrap();
        prop_assert!(table.is_empty(&txn).unwrap());
    }
}

#[test]
fn one_document_more_or_less_rewrites_one_block_of_a_large_set() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::open(folder.path(), &EnvironmentOptions::default()).unwrap();
    let table: PostingsTable = environment.plain_table("postings").unwrap().into();
    let ids: Vec<u32> = (0..1_000_000).filter(|id| id % 7 % 3 > 0).collect();
    let mut txn = environment.write_txn().unwrap();
    let mut writer = table.direct_writer(&mut txn);
    for key in [b"a\0", b"b\0", b"c\0"] {
        writer.apply(key, &ids, &[]).unwrap();
    }
    writer.finish().unwrap();
    txn.commit().unwrap();
    let txn = environment.read_txn().unwrap();
    for (added, removed) in [(&[1_000_002][..], &[][..]), (&[], &[ids[300_000]]), (&[], &[ids[0]])] {
        let mut writer = table.writer(&txn, Operations(Vec::new()), None);
        assert_eq!(writer.apply(b"b\0", added, removed).unwrap(), KeyOutcome::Changed);
        let operations = writer.finish().unwrap().sink.0;
        assert!(operations.len() <= 2, "{} blocks are written", operations.len());
    }
}

#[test]
fn a_segment_between_the_ids_taken_out_stays() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::open(folder.path(), &EnvironmentOptions::default()).unwrap();
    let table: PostingsTable = environment.plain_table("postings").unwrap().into();
    let mut txn = environment.write_txn().unwrap();
    let mut writer = table.direct_writer(&mut txn);
    let dense: Vec<u32> = (430_080..430_593).collect();
    writer.apply(b"a\0", &dense, &[]).unwrap();
    writer.finish().unwrap();
    let mut writer = table.direct_writer(&mut txn);
    assert_eq!(writer.apply(b"a\0", &[], &[7, 8_382_385]).unwrap(), KeyOutcome::Unchanged);
    writer.finish().unwrap();
    assert_eq!(table.len_of(&txn, b"a\0").unwrap(), dense.len() as u64);
}

#[test]
fn many_small_entries_fill_their_pages() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::open(folder.path(), &EnvironmentOptions::default()).unwrap();
    let table: PostingsTable = environment.plain_table("postings").unwrap().into();
    let mut txn = environment.write_txn().unwrap();
    let mut writer = table.direct_writer(&mut txn);
    for number in 0..100_000u32 {
        writer.apply(format!("{number:06}\0").as_bytes(), &[number % 1000], &[]).unwrap();
    }
    writer.finish().unwrap();
    let bytes = table.entries().blocks().size_bytes(&txn).unwrap();
    assert!(bytes < 900_000, "100,000 entries of about 7 packed bytes take {bytes} bytes");
}

#[test]
fn the_map_grows_when_no_transaction_is_alive() {
    let folder = tempfile::tempdir().unwrap();
    let options = EnvironmentOptions { map_size_bytes: 1 << 20, ..EnvironmentOptions::default() };
    let environment = Environment::open(folder.path(), &options).unwrap();
    let table = environment.plain_table("plain").unwrap();
    let value = vec![7; 3 << 20];
    let mut txn = environment.write_txn().unwrap();
    assert!(matches!(table.put(&mut txn, b"key", &value), Err(StorageError::MapFull)));
    drop(txn);
    environment.grow(8 << 20).unwrap();
    let mut txn = environment.write_txn().unwrap();
    table.put(&mut txn, b"key", &value).unwrap();
    txn.commit().unwrap();
    assert_eq!(table.get(&environment.read_txn().unwrap(), b"key").unwrap(), Some(value.as_slice()));
}
