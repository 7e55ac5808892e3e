//! Rounds of sorted changes to a postings table, beside a map of sets: both hold the same after every round.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::pieces::Pieces;
use quarry_fuzz::store::store;
use quarry_storage::PostingsTable;
use roaring::RoaringBitmap;

fuzz_target!(|input: &[u8]| {
    let store = store();
    let table = PostingsTable::from(store.tables[0]);
    let mut txn = store.environment.write_txn().expect("a transaction can begin");
    let mut model: BTreeMap<Vec<u8>, RoaringBitmap> = BTreeMap::new();
    let mut pieces = Pieces::of(input);
    for _ in 0..8 {
        if pieces.is_empty() {
            break;
        }
        let changes = changes(&mut pieces);
        let mut writer = table.direct_writer(&mut txn);
        for (key, (added, removed)) in &changes {
            let as_list = |set: &RoaringBitmap| set.iter().collect::<Vec<u32>>();
            writer.apply(key, &as_list(added), &as_list(removed)).expect("whole blocks take changes");
            let set = model.entry(key.clone()).or_default();
            *set -= removed;
            *set |= added;
        }
        writer.finish().expect("whole blocks take changes");
        model.retain(|_, set| !set.is_empty());
        let mut stored = BTreeMap::new();
        let mut cursor = table.cursor(&txn, &[]).expect("a cursor can be made");
        while let Some((key, postings)) = cursor.next().expect("whole blocks can be read") {
            let set = postings.decode().expect("whole postings can be read");
            assert!(stored.insert(key.to_vec(), set).is_none(), "a key twice");
        }
        assert_eq!(stored, model);
        for (key, set) in &model {
            assert_eq!(table.get(&txn, key).expect("whole blocks can be read").as_ref(), Some(set));
        }
    }
});

type Changes = BTreeMap<Vec<u8>, (RoaringBitmap, RoaringBitmap)>;

/// Changes of one round: keys of fixed width, ids in runs that reach over the borders of segments.
fn changes(pieces: &mut Pieces<'_>) -> Changes {
    let mut changes = Changes::new();
    for _ in 0..pieces.byte() {
        let key = vec![b'k', pieces.byte() & 7, pieces.byte()];
        let start = u32::from_be_bytes([0, pieces.byte() & 15, pieces.byte(), pieces.byte()]);
        let (length, step) = (u32::from(pieces.byte()) * 8, usize::from(pieces.byte() & 63) + 1);
        let run: RoaringBitmap = (start..start + length).step_by(step).collect();
        let (added, removed) = changes.entry(key).or_default();
        if pieces.byte() & 1 == 0 {
            *removed -= &run;
            *added |= run;
        } else {
            *added -= &run;
            *removed |= run;
        }
        if pieces.is_empty() {
            break;
        }
    }
    changes
}
