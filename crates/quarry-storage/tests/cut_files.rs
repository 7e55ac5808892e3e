//! A data file that was cut short, or holds something else, is refused when it is opened: the process lives.

#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::path::Path;

use quarry_storage::{Environment, EnvironmentOptions, PlainTable, StorageError};

const ENTRIES: u32 = 2000;

fn open(folder: &Path) -> Result<(Environment, [PlainTable; 2]), StorageError> {
    let environment = Environment::open(folder, &EnvironmentOptions::default())?;
    let tables = environment.tables(["one", "two"])?;
    Ok((environment, tables))
}

/// A folder with two full tables; the length of its file.
fn filled(folder: &Path) -> u64 {
    let (environment, tables) = open(folder).unwrap();
    let mut txn = environment.write_txn().unwrap();
    for table in tables {
        for number in 0..ENTRIES {
            // Some values take pages of their own.
            let value = vec![7; if number % 10 == 0 { 9000 } else { 60 }];
            table.put(&mut txn, &number.to_be_bytes(), &value).unwrap();
        }
    }
    txn.commit().unwrap();
    environment.disk_bytes().unwrap()
}

#[test]
fn a_cut_file_is_refused_or_loses_nothing() {
    let mut refused = 0;
    for eighths in 1..8 {
        let folder = tempfile::tempdir().unwrap();
        let bytes = filled(folder.path());
        let file = File::options().write(true).open(folder.path().join("data.mdb")).unwrap();
        file.set_len(bytes * eighths / 8).unwrap();
        match open(folder.path()) {
            Err(error) if error.is_damage() => refused += 1,
            Err(other) => panic!("{eighths}/8: {other:?}"),
            Ok((environment, tables)) => {
                let txn = environment.read_txn().unwrap();
                for table in tables {
                    assert_eq!(table.iter(&txn).unwrap().count(), ENTRIES as usize, "{eighths}/8");
                }
            }
        }
    }
    assert!(refused > 4, "{refused}");
}

#[test]
fn a_whole_file_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let (environment, [one, _]) = open(folder.path()).unwrap();
    assert_eq!(one.len(&environment.read_txn().unwrap()).unwrap(), u64::from(ENTRIES));
}

#[test]
fn another_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data.mdb"), "not a store. ".repeat(4000)).unwrap();
    assert!(matches!(open(folder.path()), Err(StorageError::Corrupted { table: "(file)", .. })));
}
