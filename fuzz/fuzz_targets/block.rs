//! Blocks of any bytes: reading and rewriting them gives entries or `Corrupted`, never more.
#![no_main]

use std::ops::Bound;

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::pieces::Pieces;
use quarry_fuzz::store::{check, store};
use quarry_storage::BlockTable;

fuzz_target!(|input: &[u8]| {
    let store = store();
    let table = BlockTable::from(store.tables[0]);
    let mut txn = store.environment.write_txn().expect("a transaction can begin");
    let mut pieces = Pieces::of(input);
    let sought = pieces.piece().unwrap_or_default().to_vec();
    let mut keys = vec![sought.clone()];
    while let (Some(key), Some(block)) = (pieces.piece(), pieces.long_piece()) {
        if !key.is_empty() && table.blocks().put(&mut txn, key, block).is_ok() {
            keys.push(key.to_vec());
        }
    }
    for key in keys.iter().filter(|key| !key.is_empty()) {
        check(table.get(&txn, key));
    }
    let excluded = if sought.is_empty() { Bound::Unbounded } else { Bound::Excluded(&sought[..]) };
    for start in [Bound::Unbounded, Bound::Included(&sought[..]), excluded] {
        let mut cursor = table.range_cursor(&txn, start, Bound::Unbounded).expect("a cursor can be made");
        while let Some(Some(_)) = check(cursor.next()) {}
    }
    let mut cursor = table.cursor(&txn, &sought).expect("a cursor can be made");
    // Keys of damaged blocks may be out of order, so that some do not begin with what was sought.
    while let Some(Some(_)) = check(cursor.next()) {}
    drop(cursor);
    keys.retain(|key| !key.is_empty());
    keys.sort();
    keys.dedup();
    let mut writer = table.direct_writer(&mut txn);
    for (number, key) in keys.iter().enumerate() {
        let value = (number % 2 == 0).then_some(&b"value"[..]);
        if check(writer.apply(key, value)).is_none() {
            return;
        }
    }
    check(writer.finish().map(drop));
});
