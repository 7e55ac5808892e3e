//! Postings of any bytes: sets or `Corrupted`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::pieces::Pieces;
use quarry_fuzz::store::{check, store};
use quarry_storage::{PostingsTable, PostingsUnion, Txn};
use roaring::RoaringBitmap;

fuzz_target!(|input: &[u8]| {
    let store = store();
    let table = PostingsTable::from(store.tables[0]);
    let mut txn = store.environment.write_txn().expect("a transaction can begin");
    let mut pieces = Pieces::of(input);
    let sought = pieces.piece().unwrap_or_default().to_vec();
    while let (Some(key), Some(block)) = (pieces.piece(), pieces.long_piece()) {
        let _ = store.tables[0].put(&mut txn, key, block);
    }
    read(table, &txn, &sought);
    let mut writer = table.direct_writer(&mut txn);
    let key = if sought.is_empty() { b"key\0".as_slice() } else { &sought };
    if check(writer.apply(key, &[1, 7, 300_000], &[2, 8])).is_some() {
        check(writer.finish().map(drop));
    }
});

fn read(table: PostingsTable, txn: &Txn<'_>, sought: &[u8]) {
    let candidates: RoaringBitmap = (0..1000).step_by(3).collect();
    let mut cursor = table.cursor(txn, &[]).expect("a cursor can be made");
    while let Some(Some((_, postings))) = check(cursor.next()) {
        if let Some(set) = check(postings.decode()) {
            // Damaged segments may share ids, which are counted twice.
            assert!(check(postings.len()).is_some_and(|count| count >= set.len()));
            // Segments out of order are damage to whoever meets it.
            if let Some(common) = check(postings.intersection(&candidates)) {
                assert_eq!(common, &set & &candidates);
            }
            let common = set.intersection_len(&candidates);
            assert!(check(postings.intersection_len(&candidates)).is_none_or(|count| count >= common));
        }
        check(postings.len());
    }
    if !sought.is_empty() {
        check(table.get(txn, sought));
        check(table.present(txn, sought, &[0, 3, 4096, u32::MAX]));
        check(table.floor_key(txn, sought));
        check(table.key_below(txn, sought));
        let mut union = PostingsUnion::default();
        let mut cursor = table.cursor(txn, sought).expect("a cursor can be made");
        while let Some(Some((_, postings))) = check(cursor.next()) {
            check(union.add(&postings));
        }
        union.finish();
        check(table.partition_keys(txn, &[sought]));
    }
}
