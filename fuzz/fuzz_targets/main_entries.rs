//! Entries of the table `main` of any bytes: fields, settings, statistics, dates, format version.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::pieces::Pieces;
use quarry_fuzz::store::index;
use quarry_index::statistics::{Dates, FieldDistribution};
use quarry_index::{CompressionDictionary, Fields, RecordReader, Settings};

fuzz_target!(|input: &[u8]| {
    let index = index();
    let tables = index.tables();
    let mut txn = index.environment().write_txn().expect("a transaction can begin");
    let mut pieces = Pieces::of(input);
    let entries: [&[u8]; 6] = [
        b"fields",
        b"settings",
        b"field-distribution",
        b"created-at",
        b"updated-at",
        b"compression-dictionary",
    ];
    for entry in entries {
        match pieces.long_piece() {
            Some(bytes) => tables.main.put(&mut txn, entry, bytes).expect("an entry can be written"),
            None => break,
        }
    }
    if let (Ok(fields), Ok(distribution)) =
        (Fields::read(tables, &txn), FieldDistribution::read(tables, &txn))
    {
        distribution.by_name(&fields);
    }
    let _ = Dates::read(tables, &txn);
    if let Ok(settings) = Settings::read(tables, &txn) {
        settings.to_json(true, true);
    }
    if let Ok(dictionary) = CompressionDictionary::read(tables, &txn) {
        let _ = RecordReader::new(dictionary).read(&[2, 4, 1, 2, 3, 4]);
    }
});
