//! A table of postings and late changes to it, both of any bytes: sets or `Corrupted`, also when more changes come.
#![no_main]

use std::ops::Bound;

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::pieces::Pieces;
use quarry_fuzz::store::{check, store};
use quarry_storage::{
    BlockSink, LateChanges, LateWriter, LayeredPostings, PostingsUnion, SnapshotStore, StorageError, Txn,
    WriteTxn,
};
use roaring::RoaringBitmap;

/// The number of the table among the late changes: a byte that a mutation finds easily.
const NUMBER: u8 = b'0';

fuzz_target!(|input: &[u8]| {
    let store = store();
    let late = LateChanges::from(store.tables[1]);
    let table = LayeredPostings::new(store.tables[0].into(), late, NUMBER);
    let mut txn = store.environment.write_txn().expect("a transaction can begin");
    let mut pieces = Pieces::of(input);
    let sought = pieces.piece().filter(|key| !key.is_empty()).unwrap_or(b"key\0").to_vec();
    let mut is_late = false;
    while let (Some(key), Some(block)) = (pieces.piece(), pieces.long_piece()) {
        let key = if is_late { [&[NUMBER], key].concat() } else { key.to_vec() };
        let _ = store.tables[usize::from(is_late)].put(&mut txn, &key, block);
        is_late = !is_late;
    }
    read(table, &txn, &sought);
    write(table, late, &mut txn, &sought);
    read(table, &txn, &sought);
    check(table.take_out(&mut txn, &sought[..1]));
});

/// The tables are read in a snapshot of the damaged transaction, as the writer does after a commit.
fn write(table: LayeredPostings, late: LateChanges, txn: &mut WriteTxn<'_>, sought: &[u8]) {
    let environment = &store().environment;
    let mut blocks = Blocks(Vec::new());
    {
        let snapshot = environment.nested_read_txn(txn).expect("a snapshot can be taken");
        let store = SnapshotStore { table: late.entries(), txn: &snapshot, sink: &mut blocks };
        let mut writer = LateWriter::new(late, &snapshot, store);
        if check(writer.apply(table, sought, &[1, 7, 300_000], &[2, 8])).is_some() {
            check(writer.outcome(table, sought));
            check(writer.finish().map(drop));
        }
    }
    for (key, block) in blocks.0 {
        let _ = late.entries().blocks().put(txn, &key, &block);
    }
}

struct Blocks(Vec<(Vec<u8>, Vec<u8>)>);

impl BlockSink for &mut Blocks {
    type Error = StorageError;

    fn put(&mut self, key: &[u8], block: &[u8]) -> Result<(), StorageError> {
        self.0.push((key.to_vec(), block.to_vec()));
        Ok(())
    }

    fn delete(&mut self, _: &[u8]) -> Result<(), StorageError> {
        Ok(())
    }
}

fn read(table: LayeredPostings, txn: &Txn<'_>, sought: &[u8]) {
    let candidates: RoaringBitmap = (0..1000).step_by(3).collect();
    let documents: Vec<u32> = candidates.iter().collect();
    let mut cursor = table.cursor(txn, &[]).expect("a cursor can be made");
    let mut union = PostingsUnion::default();
    while let Some(Some((_, postings))) = check(cursor.next()) {
        check(postings.decode());
        check(postings.len());
        check(postings.intersection(&candidates));
        check(postings.intersection_len(&candidates));
        check(postings.first_in(&candidates));
        check(postings.for_each_in(&documents, |place| assert!(place < documents.len())));
        check(union.add(&postings));
    }
    union.finish();
    check(table.get(txn, sought));
    check(table.len_of(txn, sought));
    check(table.contains_key(txn, sought));
    check(table.is_empty(txn));
    let range = table.range_cursor(txn, Bound::Excluded(sought), Bound::Unbounded);
    if let Some(mut range) = check(range) {
        while let Some(Some(_)) = check(range.next()) {}
    }
}
