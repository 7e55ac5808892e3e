//! The table of points and shapes with any bytes: places or `Corrupted`, and an end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::pieces::Pieces;
use quarry_fuzz::store::store;
use quarry_geo::{Area, BoundingBox, Circle, GeoTable, LookupError, Pace, Point};
use quarry_storage::{BlockTable, StorageError};
use roaring::RoaringBitmap;

fuzz_target!(|input: &[u8]| {
    let store = store();
    let table = GeoTable::new(BlockTable::from(store.tables[0]));
    let mut txn = store.environment.write_txn().expect("a transaction can begin");
    let mut pieces = Pieces::of(input);
    while let Some(key) = pieces.piece() {
        let value = pieces.piece().unwrap_or_default();
        if pieces.byte() & 1 == 0 {
            let mut writer = table.entries().direct_writer(&mut txn);
            if writer.apply(key, Some(value)).is_ok() {
                let _ = writer.finish();
            }
        } else {
            let _ = store.tables[0].put(&mut txn, key, value);
        }
    }
    let area = BoundingBox { south: -10.0, north: 50.0, west: 170.0, east: -170.0 };
    let center = Point { latitude: 1.0, longitude: 2.0 };
    let circle = Circle { center, radius_metres: 1_000_000.0 };
    let pace = Pace::unhurried();
    check(table.point(&txn, 1));
    check(table.points(&txn, &(0..300).collect::<RoaringBitmap>()));
    check(table.points_in_box(&txn, &area, &pace).map_err(unstopped));
    check(table.points_in_circle(&txn, &circle, &pace).map_err(unstopped));
    check(table.shapes_in(&txn, &Area::Box(area), &pace).map_err(unstopped));
    check(table.shapes_in(&txn, &Area::Box(BoundingBox::EARTH), &pace).map_err(unstopped));
});

fn check<T>(outcome: Result<T, StorageError>) {
    match outcome {
        Ok(_) | Err(StorageError::Corrupted { .. } | StorageError::KeyLength { .. }) => {}
        Err(other) => panic!("damaged bytes gave {other:?}"),
    }
}

fn unstopped(error: LookupError) -> StorageError {
    match error {
        LookupError::Storage(error) => error,
        LookupError::Stopped => panic!("nobody stopped it"),
    }
}
