//! Tables of postings and the changes that wait for them, against their slow twin: an ordered map of ordered sets.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use proptest::prelude::*;
use quarry_storage::{
    DirectStore, Environment, EnvironmentOptions, KeyOutcome, LateChanges, LateWriter, LayeredPostings,
    PostingsUnion, Txn, WriteTxn,
};
use roaring::RoaringBitmap;

type Set = BTreeSet<u32>;
type Model = BTreeMap<Vec<u8>, Set>;

/// Ids to add and to remove, by key.
type Changes = BTreeMap<Vec<u8>, (Set, Set)>;

#[derive(Debug, Clone)]
enum Step {
    /// Changes of both tables that wait.
    Late([Changes; 2]),
    /// Nothing waits; then changes to the first table itself.
    Direct(Changes),
    Settle,
    /// Keys of the second table with a prefix go.
    TakeOut(Vec<u8>),
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(b'a'..=b'b', 1..4).prop_map(|mut word| {
        word.push(0);
        word
    })
}

fn few_ids() -> impl Strategy<Value = Set> {
    prop_oneof![
        3 => proptest::collection::btree_set(0..40u32, 0..5),
        1 => proptest::collection::btree_set(3000..20_000u32, 0..40),
    ]
}

fn many_ids() -> impl Strategy<Value = Set> {
    prop_oneof![
        2 => few_ids(),
        1 => (0..9_000u32, 1..9_000u32).prop_map(|(start, len)| (start..start + len).collect()),
        1 => proptest::collection::btree_set(0..20_000u32, 0..900),
    ]
}

fn changes(ids: impl Strategy<Value = Set> + Clone) -> impl Strategy<Value = Changes> {
    proptest::collection::btree_map(key(), (ids.clone(), ids), 0..12).prop_map(|mut changes| {
        changes.values_mut().for_each(|(added, removed)| removed.retain(|id| !added.contains(id)));
        changes
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let late = || changes(few_ids().boxed());
    let step = prop_oneof![
        6 => [late(), late()].prop_map(Step::Late),
        2 => changes(many_ids().boxed()).prop_map(Step::Direct),
        1 => Just(Step::Settle),
        1 => key().prop_map(|key| Step::TakeOut(key[..1].to_vec())),
    ];
    proptest::collection::vec(step, 1..12)
}

fn vector(ids: &Set) -> Vec<u32> {
    ids.iter().copied().collect()
}

fn change(model: &mut Model, key: &[u8], (added, removed): &(Set, Set)) -> KeyOutcome {
    let before = model.remove(key).unwrap_or_default();
    let after: Set = before.union(added).filter(|id| !removed.contains(id)).copied().collect();
    let outcome = match (before.is_empty(), after.is_empty()) {
        (true, false) => KeyOutcome::Created,
        (false, true) => KeyOutcome::Removed,
        (false, false) if before != after => KeyOutcome::Changed,
        _ => KeyOutcome::Unchanged,
    };
    if !after.is_empty() {
        model.insert(key.to_vec(), after);
    }
    outcome
}

struct Pair {
    environment: Environment,
    late: LateChanges,
    tables: [LayeredPostings; 2],
    models: [Model; 2],
}

impl Pair {
    fn open(folder: &std::path::Path) -> Pair {
        let environment = Environment::open(folder, &EnvironmentOptions::default()).unwrap();
        let late: LateChanges = environment.plain_table("late").unwrap().into();
        let table =
            |name, number| LayeredPostings::new(environment.plain_table(name).unwrap().into(), late, number);
        // Neighbours, so that their late changes share blocks.
        let tables = [table("one", 4), table("other", 5)];
        Pair { environment, late, tables, models: Default::default() }
    }

    fn step(&mut self, step: &Step) {
        let mut txn = self.environment.write_txn().unwrap();
        match step {
            Step::Late(changes) => {
                let snapshot = self.environment.read_txn().unwrap();
                let store = DirectStore { table: self.late.entries(), txn: &mut txn };
                let mut writer = LateWriter::new(self.late, &snapshot, store);
                for ((table, model), changes) in self.tables.iter().zip(&mut self.models).zip(changes) {
                    for (key, ids) in changes {
                        // What changes nothing is not handed on.
                        let before = model.get(key).cloned().unwrap_or_default();
                        let ids: (Set, Set) = (&ids.0 - &before, &ids.1 & &before);
                        writer.apply(*table, key, &vector(&ids.0), &vector(&ids.1)).unwrap();
                        let outcome = change(model, key, &ids);
                        if outcome != KeyOutcome::Unchanged {
                            assert_eq!(writer.outcome(*table, key).unwrap(), outcome);
                        }
                    }
                }
                writer.finish().unwrap();
            }
            Step::Direct(changes) => {
                self.settle(&mut txn);
                let mut writer = self.tables[0].settled().direct_writer(&mut txn);
                for (key, ids) in changes {
                    let outcome = writer.apply(key, &vector(&ids.0), &vector(&ids.1)).unwrap();
                    assert_eq!(outcome, change(&mut self.models[0], key, ids));
                }
                writer.finish().unwrap();
            }
            Step::Settle => self.settle(&mut txn),
            Step::TakeOut(prefix) => {
                self.tables[1].take_out(&mut txn, prefix).unwrap();
                self.models[1].retain(|key, _| !key.starts_with(prefix));
            }
        }
        txn.commit().unwrap();
    }

    fn settle(&self, txn: &mut WriteTxn<'_>) {
        let snapshot = self.environment.read_txn().unwrap();
        for table in self.tables {
            table.settle(&snapshot, txn).unwrap();
        }
        self.late.clear(txn).unwrap();
    }

    fn check(&self) {
        let txn = self.environment.read_txn().unwrap();
        for (table, model) in self.tables.into_iter().zip(&self.models) {
            assert_eq!(&read_all(table, &txn), model);
            assert_eq!(table.is_empty(&txn).unwrap(), model.is_empty());
            for key in model.keys().cloned().chain([b"a\0".to_vec(), b"bb\0".to_vec(), b"c\0".to_vec()]) {
                check_key(table, &txn, (&key, model));
            }
        }
    }
}

fn read_all(table: LayeredPostings, txn: &Txn<'_>) -> Model {
    let mut all = Model::new();
    let mut cursor = table.cursor(txn, b"").unwrap();
    while let Some((key, postings)) = cursor.next().unwrap() {
        assert!(all.insert(key.to_vec(), postings.decode().unwrap().iter().collect()).is_none());
    }
    all
}

fn check_key(table: LayeredPostings, txn: &Txn<'_>, (key, model): (&[u8], &Model)) {
    let expected = model.get(key).cloned().unwrap_or_default();
    let set: RoaringBitmap = expected.iter().copied().collect();
    assert_eq!(table.contains_key(txn, key).unwrap(), !expected.is_empty());
    assert_eq!(table.len_of(txn, key).unwrap(), expected.len() as u64);
    assert_eq!(table.get(txn, key).unwrap().unwrap_or_default(), set);
    for step in [2, 3, 401] {
        let candidates: RoaringBitmap = (1..25_000).step_by(step).collect();
        let documents: Vec<u32> = candidates.iter().collect();
        let common = &set & &candidates;
        let Some(found) = table.find(txn, key).unwrap() else { continue };
        assert_eq!(found.intersection(&candidates).unwrap(), common);
        assert_eq!(found.intersection_len(&candidates).unwrap(), common.len());
        assert_eq!(found.first_in(&candidates).unwrap(), common.min());
        let mut places = RoaringBitmap::new();
        found.for_each_in(&documents, |place| assert!(places.insert(documents[place]))).unwrap();
        assert_eq!(places, common);
        let mut joined = candidates.clone();
        found.union_into(&mut joined).unwrap();
        assert_eq!(joined, &set | &candidates);
    }
    let prefix = &key[..1];
    let mut union = PostingsUnion::default();
    let mut cursor = table.cursor(txn, prefix).unwrap();
    while let Some((_, postings)) = cursor.next().unwrap() {
        union.add(&postings).unwrap();
    }
    let with_prefix = model.iter().filter(|(key, _)| key.starts_with(prefix));
    assert_eq!(union.finish(), with_prefix.flat_map(|(_, ids)| ids).copied().collect());
    let range: (Bound<&[u8]>, Bound<&[u8]>) = (Bound::Included(key), Bound::Included(b"bb\0"));
    if key <= b"bb\0".as_slice() {
        let mut cursor = table.range_cursor(txn, range.0, range.1).unwrap();
        for (key, _) in model.range::<[u8], _>(range) {
            assert_eq!(cursor.next().unwrap().unwrap().0, key);
        }
        assert!(cursor.next().unwrap().is_none());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_waits_is_read_as_if_it_were_settled(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let mut pair = Pair::open(folder.path());
        for step in &steps {
            pair.step(step);
            pair.check();
        }
    }
}
