//! Pages of the data file that are not what LMDB wrote are found before LMDB meets them: the process lives.

#![allow(clippy::unwrap_used)]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use quarry_storage::{Environment, EnvironmentOptions, PlainTable, StorageError, check_pages};

const PAGE_BYTES: usize = 4096;
/// Bytes at the beginning of the first page of a long value.
const HEAD_BYTES: usize = 16;
const NAMES: [&str; 4] = ["long", "many", "empty", "short"];

fn random(seed: u8) -> TestRng {
    TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32])
}

fn open(folder: &Path) -> Result<(Environment, [PlainTable; 4]), StorageError> {
    let environment = Environment::open(folder, &EnvironmentOptions::default())?;
    let tables = environment.tables(NAMES)?;
    Ok((environment, tables))
}

/// A folder with values of all lengths and with free pages; how many pages hold nothing but the rest of a value.
fn filled(folder: &Path) -> u64 {
    let (environment, [long, many, _, short]) = open(folder).unwrap();
    let mut rest_pages = 0;
    for round in 0..3_u32 {
        let mut txn = environment.write_txn().unwrap();
        for number in 0..15 {
            let value = vec![7; 3000 * number as usize + 2100];
            let rest = (HEAD_BYTES + value.len()).div_ceil(PAGE_BYTES) - 1;
            long.put(&mut txn, &(round << 8 | number).to_be_bytes(), &value).unwrap();
            rest_pages += rest as u64;
        }
        for number in 0..1500 {
            many.put(&mut txn, format!("key {number} of round {round}").as_bytes(), &[round as u8; 60])
                .unwrap();
        }
        short.put(&mut txn, &round.to_be_bytes(), b"").unwrap();
        txn.commit().unwrap();
    }
    let mut txn = environment.write_txn().unwrap();
    for number in 0..1500 {
        assert!(many.delete(&mut txn, format!("key {number} of round 1").as_bytes()).unwrap());
    }
    txn.commit().unwrap();
    rest_pages
}

/// Writes `bytes` over a page; what was there.
fn overwrite(data: &File, page: u64, bytes: &[u8]) -> Vec<u8> {
    let mut before = vec![0; PAGE_BYTES];
    data.read_exact_at(&mut before, page * PAGE_BYTES as u64).unwrap();
    data.write_all_at(bytes, page * PAGE_BYTES as u64).unwrap();
    before
}

#[test]
fn every_page_that_lmdb_follows_is_missed_when_it_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let rest_pages = filled(folder.path());
    let whole = check_pages(folder.path()).unwrap();
    assert!(whole.used > 300 && whole.free > 20, "{whole:?}");
    let data = File::options().read(true).write(true).open(folder.path().join("data.mdb")).unwrap();
    let pages = data.metadata().unwrap().len() / PAGE_BYTES as u64;
    let mut random = random(1);
    for damage in ["random", "zeros", "another"] {
        let mut unseen = 0;
        for page in 0..pages {
            let mut bytes = vec![0; PAGE_BYTES];
            match damage {
                "random" => random.fill_bytes(&mut bytes),
                "zeros" => {}
                _ => {
                    let other = (page + 1 + random.next_u64() % (pages - 1)) % pages;
                    data.read_exact_at(&mut bytes, other * PAGE_BYTES as u64).unwrap();
                }
            }
            let before = overwrite(&data, page, &bytes);
            match check_pages(folder.path()) {
                Ok(_) => unseen += 1,
                Err(error) => assert!(error.is_damage(), "{damage} in page {page}: {error}"),
            }
            overwrite(&data, page, &before);
        }
        // What a free page holds is nobody's concern, and what is in a value is seen by who reads it.
        assert_eq!(unseen, whole.free + rest_pages, "{damage}");
    }
    assert_eq!(check_pages(folder.path()).unwrap(), whole);
}

#[test]
fn a_page_as_it_was_before_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let before = fs::read(folder.path().join("data.mdb")).unwrap();
    let (environment, [_, many, ..]) = open(folder.path()).unwrap();
    for round in 0..2 {
        let mut txn = environment.write_txn().unwrap();
        for number in (0..1500).step_by(3) {
            many.put(&mut txn, format!("key {number} of round {round}").as_bytes(), &[9; 90]).unwrap();
        }
        txn.commit().unwrap();
    }
    drop(environment);
    let path = folder.path().join("data.mdb");
    let after = fs::read(&path).unwrap();
    let data = File::options().read(true).write(true).open(&path).unwrap();
    let whole = check_pages(folder.path()).unwrap();
    let (mut lost, mut seen) = (0, 0);
    for page in 2..(before.len().min(after.len()) / PAGE_BYTES) as u64 {
        let bytes = page as usize * PAGE_BYTES..(page as usize + 1) * PAGE_BYTES;
        if before[bytes.clone()] == after[bytes.clone()] {
            continue;
        }
        overwrite(&data, page, &[0; PAGE_BYTES]);
        let is_followed = check_pages(folder.path()).is_err();
        overwrite(&data, page, &before[bytes.clone()]);
        let is_seen = check_pages(folder.path()).is_err();
        overwrite(&data, page, &after[bytes]);
        lost += u32::from(is_followed);
        seen += u32::from(is_followed && is_seen);
    }
    assert_eq!(check_pages(folder.path()).unwrap(), whole);
    assert!(lost > 20 && seen == lost, "{seen} of {lost}");
}

#[test]
fn what_lmdb_writes_passes_whatever_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = random(2);
    let (environment, tables) = open(folder.path()).unwrap();
    for batch in 0..150_u32 {
        let mut txn = environment.write_txn().unwrap();
        for _ in 0..random.next_u32() % 120 {
            let table = tables[(random.next_u32() % 4) as usize];
            let key = vec![(random.next_u32() % 40) as u8; 1 + (random.next_u32() % 511) as usize];
            // Long values may be written over by shorter ones, which leaves them more pages than they need.
            let value_bytes = [0, 9, 700, 2500, 5000, 40_000][(random.next_u32() % 6) as usize];
            match random.next_u32() % 3 {
                0 => drop(table.delete(&mut txn, &key).unwrap()),
                _ => table.put(&mut txn, &key, &vec![1; value_bytes]).unwrap(),
            }
        }
        match batch % 50 {
            48 => tables[1].clear(&mut txn).unwrap(),
            49 => tables.iter().for_each(|table| table.clear(&mut txn).unwrap()),
            _ => {}
        }
        // Some are given up.
        if batch % 7 != 0 {
            txn.commit().unwrap();
        }
        let pages = check_pages(folder.path()).unwrap();
        let in_file = environment.used_bytes().unwrap() / pages.page_bytes;
        assert_eq!(pages.used + pages.free, in_file, "batch {batch}: every page is used or free");
        if batch == 100 {
            let copy = tempfile::tempdir().unwrap();
            environment.copy_compacted(&copy.path().join("data.mdb")).unwrap();
            let compacted = check_pages(copy.path()).unwrap();
            assert_eq!(compacted.free, 0);
        }
    }
}

#[test]
fn what_passes_can_be_read_and_written_whatever_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let path = folder.path().join("data.mdb");
    let whole = fs::read(&path).unwrap();
    let mut random = random(3);
    let (mut passed, mut refused) = (0, 0);
    for _ in 0..160 {
        let mut bytes = whole.clone();
        let page = random.next_u64() as usize % (bytes.len() / PAGE_BYTES);
        // Most of what can be wrong is at the beginning of a page.
        let within = if random.next_u32().is_multiple_of(2) { 64 } else { PAGE_BYTES - 8 };
        let place = page * PAGE_BYTES + random.next_u64() as usize % within;
        let length = 1 + random.next_u32() as usize % 4;
        random.fill_bytes(&mut bytes[place..place + length]);
        fs::write(&path, &bytes).unwrap();
        let Ok((environment, tables)) = open(folder.path()) else {
            refused += 1;
            continue;
        };
        passed += 1;
        let mut txn = environment.write_txn().unwrap();
        for table in tables {
            for entry in table.iter(&txn).unwrap() {
                let (key, value) = entry.unwrap();
                assert!(!key.is_empty() && value.len() < 1 << 20);
            }
            table.put(&mut txn, b"key 700", &[3; 9000]).unwrap();
            table.clear(&mut txn).unwrap();
        }
        txn.commit().unwrap();
    }
    assert!(passed > 40 && refused > 20, "{passed} passed, {refused} refused");
}

#[test]
fn a_file_is_walked_unless_it_is_as_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let closed = folder.path().join("closed");
    assert!(closed.exists());
    let (environment, _) = open(folder.path()).unwrap();
    assert!(!closed.exists(), "a process that ends now leaves a file that is walked");
    // As a killed process leaves it.
    let copy = tempfile::tempdir().unwrap();
    let data = copy.path().join("data.mdb");
    fs::copy(folder.path().join("data.mdb"), &data).unwrap();
    drop(environment);
    assert!(closed.exists());
    open(copy.path()).unwrap();
    let last = data.metadata().unwrap().len() / PAGE_BYTES as u64;
    let file = File::options().read(true).write(true).open(&data).unwrap();
    for page in 2..last {
        overwrite(&file, page, &[0xa5; PAGE_BYTES]);
    }
    for _ in 0..2 {
        let error = open(copy.path()).err().unwrap();
        assert!(matches!(error, StorageError::DamagedPage { .. }), "{error}");
    }
    // A backup in its place.
    fs::copy(folder.path().join("data.mdb"), &data).unwrap();
    open(copy.path()).unwrap();
}

#[test]
fn a_file_that_another_took_the_place_of_is_walked() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let data = folder.path().join("data.mdb");
    let (environment, _) = open(folder.path()).unwrap();
    environment.copy_compacted(&folder.path().join("compacted")).unwrap();
    fs::rename(folder.path().join("compacted"), &data).unwrap();
    drop(environment);
    assert!(!folder.path().join("closed").exists());
    open(folder.path()).unwrap();
    assert!(folder.path().join("closed").exists());
}
