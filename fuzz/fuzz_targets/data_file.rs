//! A data file with any of its bytes changed: the walk of its pages tells the damage, or LMDB can read and write all.
//! An input is a list of changes: page (u8), place in it (u16, big endian), then the bytes as a piece.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::pieces::Pieces;
use quarry_storage::{Environment, EnvironmentOptions, StorageError, check_pages};
use tempfile::TempDir;

const PAGE_BYTES: usize = 4096;

/// A folder for the file of each input, and the whole file.
static WHOLE: LazyLock<(TempDir, Vec<u8>)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fill(folder.path()).expect("a store can be written");
    let bytes = std::fs::read(folder.path().join("data.mdb")).expect("it was made above");
    (folder, bytes)
});

fuzz_target!(|input: &[u8]| {
    let (folder, whole) = &*WHOLE;
    let mut bytes = whole.clone();
    let mut pieces = Pieces::of(input);
    while !pieces.is_empty() {
        let page = usize::from(pieces.byte()) % (bytes.len() / PAGE_BYTES);
        let within = usize::from(u16::from_be_bytes([pieces.byte(), pieces.byte()])) % PAGE_BYTES;
        let place = page * PAGE_BYTES + within;
        let piece = pieces.piece().unwrap_or_default();
        let end = bytes.len().min(place + piece.len());
        bytes[place..end].copy_from_slice(&piece[..end - place]);
    }
    std::fs::write(folder.path().join("data.mdb"), &bytes).expect("the file can be written");
    match check_pages(folder.path()) {
        Ok(_) => use_all(folder.path()).expect("what was walked can be used"),
        Err(error) => assert!(error.is_damage(), "damaged bytes gave {error:?}"),
    }
});

/// Two tables with short and long values, and free pages.
fn fill(folder: &Path) -> Result<(), StorageError> {
    let environment = Environment::open(folder, &EnvironmentOptions::default())?;
    let tables = environment.tables(["first", "second"])?;
    for round in 0..3_u32 {
        let mut txn = environment.write_txn()?;
        for number in 0..400_u32 {
            let value = vec![round as u8; if number % 100 == 0 { 6000 } else { 20 }];
            tables[(number % 2) as usize].put(&mut txn, &number.to_be_bytes(), &value)?;
        }
        tables[0].delete(&mut txn, &(round * 2).to_be_bytes())?;
        txn.commit()?;
    }
    Ok(())
}

/// Reads every entry, then writes so that every page is taken apart. Nothing is committed: that would cost an fsync.
fn use_all(folder: &Path) -> Result<(), StorageError> {
    let environment = Environment::open(folder, &EnvironmentOptions::default())?;
    let tables = environment.tables(["first", "second"])?;
    let mut txn = environment.write_txn()?;
    for table in tables {
        for entry in table.iter(&txn)? {
            let (key, value) = entry?;
            assert!(!key.is_empty() && value.len() <= folder.join("data.mdb").metadata()?.len() as usize);
        }
        table.put(&mut txn, b"a key", &[1; 9000])?;
        table.clear(&mut txn)?;
    }
    Ok(())
}
