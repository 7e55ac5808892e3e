//! An index of an older format version with tables of any bytes: it becomes one of this version, or says that it is
//! damaged. The first byte gives the version.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::at_rest::{AtRest, change_entries};
use quarry_fuzz::pieces::Pieces;
use quarry_index::{Index, IndexOptions, OpenError};
use quarry_storage::{Environment, EnvironmentOptions, StorageError};

const TABLES: [&str; 6] = [
    "main",
    "word-docids",
    "word-pair-proximity-docids",
    "document-sets",
    "facet-id-f64-docids",
    "facet-id-string-docids",
];

static INDEX: LazyLock<AtRest> = LazyLock::new(|| {
    AtRest::after(|folder| drop(Index::open(folder, &IndexOptions::default()).expect("an index can be made")))
});

fuzz_target!(|input: &[u8]| {
    let folder = INDEX.restored();
    let mut pieces = Pieces::of(input);
    mark(folder, u32::from(pieces.byte() % 3) + 1).expect("the version can be written");
    change_entries(folder, TABLES, pieces);
    match Index::open_existing(folder, &IndexOptions::default()) {
        Ok(index) => drop(index.snapshot()),
        Err(
            OpenError::FormatVersion { .. }
            | OpenError::Storage(
                StorageError::Corrupted { .. }
                | StorageError::KeyLength { .. }
                | StorageError::KeyOrder { .. },
            ),
        ) => {}
        Err(error) => panic!("a damaged index gave {error:?}"),
    }
});

fn mark(folder: &std::path::Path, version: u32) -> Result<(), StorageError> {
    let environment = Environment::open(folder, &EnvironmentOptions::default())?;
    let [main] = environment.tables(["main"])?;
    let mut txn = environment.write_txn()?;
    main.put(&mut txn, b"format-version", &version.to_le_bytes())?;
    txn.commit()
}
