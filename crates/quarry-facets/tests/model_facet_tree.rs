//! The facet tree against a plain ordered map: same answers, and a table that depends on the values only.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use proptest::prelude::*;
use quarry_facets::{Direction, FacetKey, FacetKind, FacetTable, FewDocuments, FieldId};
use quarry_storage::{Environment, EnvironmentOptions, WriteTxn};
use roaring::RoaringBitmap;

const FIELD: FieldId = 7;

/// Value to documents: the second opinion.
type Model = BTreeMap<Vec<u8>, BTreeSet<u32>>;

struct Store {
    environment: Environment,
    table: FacetTable,
    _folder: tempfile::TempDir,
}

impl Store {
    fn empty() -> Store {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment::open(folder.path(), &EnvironmentOptions::default()).unwrap();
        let entries = environment.plain_table("facets").unwrap();
        Store { environment, table: FacetTable::new(entries, FacetKind::Numbers), _folder: folder }
    }

    /// Writes values; `names_documents`: whether the levels are told which documents changed.
    fn set(&self, txn: &mut WriteTxn<'_>, changes: &Model, names_documents: bool) {
        let mut documents: BTreeSet<u32> = changes.values().flatten().copied().collect();
        for value in changes.keys() {
            documents.extend(self.table.documents(txn, FIELD, value).unwrap());
        }
        let documents = Vec::from_iter(documents);
        let mut writer = self.table.postings().direct_writer(txn);
        for (value, documents) in changes {
            let key = FacetKey { field: FIELD, level: 0, value }.to_bytes();
            writer.set(&key, &documents.iter().copied().collect()).unwrap();
        }
        writer.finish().unwrap();
        let changed = changes.keys().map(|value| (FIELD, value.as_slice()));
        let mut deleted = documents.clone();
        deleted.retain(|document| !self.is_held(txn, *document));
        let few = FewDocuments { documents: &documents, deleted: &deleted };
        self.table.update_levels(txn, changed, names_documents.then_some(few)).unwrap();
    }

    /// Whether some value holds the document.
    fn is_held(&self, txn: &WriteTxn<'_>, document: u32) -> bool {
        let values = FacetKey::scan_level(FIELD, 0);
        let mut cursor = self.table.postings().cursor(txn, &values).unwrap();
        while let Some((_, postings)) = cursor.next().unwrap() {
            if postings.decode().unwrap().contains(document) {
                return true;
            }
        }
        false
    }

    fn dump(&self) -> Vec<(Vec<u8>, RoaringBitmap)> {
        let txn = self.environment.read_txn().unwrap();
        let mut cursor = self.table.postings().cursor(&txn, &[]).unwrap();
        let mut entries = Vec::new();
        while let Some((key, postings)) = cursor.next().unwrap() {
            entries.push((key.to_vec(), postings.decode().unwrap()));
        }
        entries
    }
}

/// Eight bytes, as an ordered number has, from a small space: values come back.
fn value(number: u16) -> Vec<u8> {
    (u64::from(number) << 32 | 1 << 63).to_be_bytes().to_vec()
}

fn changes() -> impl Strategy<Value = Model> {
    let documents = prop::collection::btree_set(0..300u32, 0..4);
    prop::collection::btree_map((0..600u16).prop_map(value), documents, 1..120)
}

fn apply(model: &mut Model, changes: &Model) {
    for (value, documents) in changes {
        if documents.is_empty() {
            model.remove(value);
        } else {
            model.insert(value.clone(), documents.clone());
        }
    }
}

fn expected_range(model: &Model, bounds: (Bound<Vec<u8>>, Bound<Vec<u8>>)) -> RoaringBitmap {
    let holds = |value: &Vec<u8>| std::ops::RangeBounds::contains(&bounds, value);
    model
        .iter()
        .filter(|(value, _)| holds(value))
        .flat_map(|(_, documents)| documents.iter().copied())
        .collect()
}

fn in_candidates(model: &Model, candidates: &RoaringBitmap) -> Vec<(Vec<u8>, RoaringBitmap)> {
    let held = |documents: &BTreeSet<u32>| documents.iter().copied().collect::<RoaringBitmap>() & candidates;
    let found = model.iter().map(|(value, documents)| (value.clone(), held(documents)));
    found.filter(|(_, documents)| !documents.is_empty()).collect()
}

fn check(store: &Store, model: &Model, candidates: &RoaringBitmap) {
    let (table, txn) = (store.table, store.environment.read_txn().unwrap());
    for (low, high) in [(0, 600), (100, 101), (250, 400), (400, 250), (599, 600)] {
        let (low, high) = (value(low), value(high));
        let pairs = [
            (Bound::Included(low.clone()), Bound::Included(high.clone())),
            (Bound::Excluded(low.clone()), Bound::Excluded(high.clone())),
            (Bound::Unbounded, Bound::Excluded(high)),
            (Bound::Included(low), Bound::Unbounded),
        ];
        for (start, end) in pairs {
            let expected = expected_range(model, (start.clone(), end.clone()));
            let (start, end) = (start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice));
            assert_eq!(table.range(&txn, FIELD, start, end, None).unwrap(), expected);
            let inside = table.range(&txn, FIELD, start, end, Some(candidates)).unwrap();
            assert_eq!(inside, expected & candidates);
        }
    }
    for number in [0, 100, 250, 599].map(value) {
        let expected = model.get(&number).into_iter().flatten().copied().collect();
        assert_eq!(table.documents(&txn, FIELD, &number).unwrap(), expected);
    }
    let mut expected = in_candidates(model, candidates);
    let ordered = |direction| {
        let values = table.ordered(&txn, FIELD, direction, candidates).unwrap();
        values.map(Result::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(ordered(Direction::Ascending), expected);
    let first = |direction| table.first_value(&txn, FIELD, direction, candidates).unwrap();
    assert_eq!(first(Direction::Ascending).as_ref(), expected.first().map(|(value, _)| value));
    assert_eq!(first(Direction::Descending).as_ref(), expected.last().map(|(value, _)| value));
    expected.reverse();
    assert_eq!(ordered(Direction::Descending), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_an_ordered_map(
        batches in prop::collection::vec(changes(), 1..6),
        candidates in prop::collection::btree_set(0..300u32, 0..150),
    ) {
        let candidates: RoaringBitmap = candidates.into_iter().collect();
        let (store, mut model) = (Store::empty(), Model::new());
        for (number, changes) in batches.iter().enumerate() {
            let mut txn = store.environment.write_txn().unwrap();
            store.set(&mut txn, changes, number % 3 > 0);
            txn.commit().unwrap();
            apply(&mut model, changes);
            check(&store, &model, &candidates);
        }
        // History does not matter: built at once, or by a rebuild, the table is the same.
        let at_once = Store::empty();
        let mut txn = at_once.environment.write_txn().unwrap();
        at_once.set(&mut txn, &model, false);
        txn.commit().unwrap();
        prop_assert_eq!(store.dump(), at_once.dump());
        let mut txn = at_once.environment.write_txn().unwrap();
        at_once.table.rebuild(&mut txn, FIELD).unwrap();
        txn.commit().unwrap();
        prop_assert_eq!(store.dump(), at_once.dump());
        // Nothing is left of a field that loses all its values.
        let gone: Model = model.keys().map(|value| (value.clone(), BTreeSet::new())).collect();
        let mut txn = store.environment.write_txn().unwrap();
        store.set(&mut txn, &gone, true);
        txn.commit().unwrap();
        prop_assert_eq!(store.dump(), Vec::new());
    }
}

#[test]
fn fields_do_not_mix() {
    let store = Store::empty();
    let mut txn = store.environment.write_txn().unwrap();
    let model: Model = (0..200).map(|number| (value(number), BTreeSet::from([u32::from(number)]))).collect();
    store.set(&mut txn, &model, false);
    txn.commit().unwrap();
    let txn = store.environment.read_txn().unwrap();
    assert!(store.table.all_documents(&txn, FIELD - 1).unwrap().is_empty());
    assert!(store.table.all_documents(&txn, FIELD + 1).unwrap().is_empty());
    assert_eq!(store.table.all_documents(&txn, FIELD).unwrap().len(), 200);
    drop(txn);
    let mut txn = store.environment.write_txn().unwrap();
    store.table.clear_field(&mut txn, FIELD).unwrap();
    txn.commit().unwrap();
    assert!(store.dump().is_empty());
}

#[test]
fn values_of_documents_that_are_done_are_left_out() {
    let store = Store::empty();
    let mut txn = store.environment.write_txn().unwrap();
    let model = Model::from([(value(1), BTreeSet::from([1, 2])), (value(2), BTreeSet::from([2, 3]))]);
    store.set(&mut txn, &model, false);
    txn.commit().unwrap();
    let txn = store.environment.read_txn().unwrap();
    let all = RoaringBitmap::from_iter([1, 2, 3]);
    let mut values = store.table.ordered(&txn, FIELD, Direction::Descending, &all).unwrap();
    let (_, first) = values.next().unwrap().unwrap();
    assert_eq!(first, RoaringBitmap::from_iter([2, 3]));
    values.leave_out(&first);
    let (_, second) = values.next().unwrap().unwrap();
    assert_eq!(second, RoaringBitmap::from_iter([1]));
    assert!(values.next().is_none());
}

#[test]
fn damaged_groups_that_cannot_be_taken_out_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::open(folder.path(), &EnvironmentOptions::default()).unwrap();
    let entries = environment.plain_table("facets").unwrap();
    let mut txn = environment.write_txn().unwrap();
    // Two blocks, the second under a key that its entries do not have: they are listed, and never found again.
    let block = [
        0x0b, 0, 0, 0, 0xbf, 0xf0, 0, 0, 0, 0, 0, 0, 0x08, 0x01, 0x05, 0x38, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0x08,
        0x01, 0x06,
    ];
    entries.put(&mut txn, &[0, 0, 0, 0xbf, 0xf0, 0, 0, 0, 0, 0, 0], &block).unwrap();
    let block = [0x0b, 0, 0, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0x0c, 0x02, 0x05, 0];
    entries.put(&mut txn, &[0, 0, 0xf9, 0, 0, 0, 0, 0, 0, 0, 0], &block).unwrap();
    let table = FacetTable::new(entries, FacetKind::Numbers);
    assert!(table.update_levels(&mut txn, [(0, [1; 8].as_slice())], None).is_err());
}
