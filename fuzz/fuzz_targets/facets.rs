//! Facet tables of any bytes: ranges and orders end, with values or `Corrupted`.
#![no_main]

use std::ops::Bound;

use libfuzzer_sys::fuzz_target;
use quarry_facets::{Direction, FacetKind, FacetTable, FewDocuments};
use quarry_fuzz::pieces::Pieces;
use quarry_fuzz::store::store;
use roaring::RoaringBitmap;

/// More steps than the bytes of an input can stand for mean that one goes in a circle.
const STEPS_MAX: usize = 100_000;

fuzz_target!(|input: &[u8]| {
    let store = store();
    let mut pieces = Pieces::of(input);
    let kind = if pieces.byte() & 1 == 0 { FacetKind::Numbers } else { FacetKind::Strings };
    let table = FacetTable::new(store.tables[0], kind);
    let mut txn = store.environment.write_txn().expect("a transaction can begin");
    while let (Some(key), Some(block)) = (pieces.piece(), pieces.long_piece()) {
        let _ = store.tables[0].put(&mut txn, key, block);
    }
    let candidates: RoaringBitmap = (0..1000).collect();
    let _ = table.top_level(&txn, 0);
    let _ = table.all_documents(&txn, 0);
    let _ = table.range(&txn, 0, Bound::Included(&[1; 8]), Bound::Excluded(&[200; 8]), Some(&candidates));
    let mut steps = 0;
    let mut step = || {
        steps += 1;
        assert!(steps < STEPS_MAX, "damaged entries make an endless walk");
    };
    for direction in [Direction::Ascending, Direction::Descending] {
        if let Ok(values) = table.ordered(&txn, 0, direction, &candidates) {
            for value in values {
                step();
                if value.is_err() {
                    break;
                }
            }
        }
    }
    for deleted in [&[][..], &[5]] {
        let few = FewDocuments { documents: &[1, 5], deleted };
        let _ = table.update_levels(&mut txn, [(0, [1; 8].as_slice())], Some(few));
    }
    let _ = table.update_levels(&mut txn, [(0, [1; 8].as_slice())], None);
    let _ = table.rebuild(&mut txn, 0);
});
