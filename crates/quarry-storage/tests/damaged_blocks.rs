//! Blocks that are not what was written give `Corrupted`. Most of these bytes were found by fuzzing.

#![allow(clippy::unwrap_used)]

use quarry_storage::{BlockTable, Environment, EnvironmentOptions, PostingsTable, StorageError};

/// Reads and rewrites a table of one block; whether anything was refused, as it should be.
fn is_refused(block: &[u8]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::open(folder.path(), &EnvironmentOptions::default()).unwrap();
    let plain = environment.plain_table("table").unwrap();
    let mut txn = environment.write_txn().unwrap();
    plain.put(&mut txn, b"a", block).unwrap();
    let mut refused = false;
    let mut check = |outcome: Result<(), StorageError>| match outcome {
        Ok(()) => {}
        Err(StorageError::Corrupted { table, .. }) => {
            assert_eq!(table, "table");
            refused = true;
        }
        Err(other) => panic!("{other:?}"),
    };
    let blocks = BlockTable::from(plain);
    check(blocks.get(&txn, b"b").map(drop));
    let mut cursor = blocks.cursor(&txn, b"").unwrap();
    check((|| {
        while cursor.next()?.is_some() {}
        Ok(())
    })());
    drop(cursor);
    let postings = PostingsTable::from(plain);
    check(postings.get(&txn, b"b").map(drop));
    check(postings.present(&txn, b"a", &[9]).map(drop));
    let mut cursor = postings.cursor(&txn, b"").unwrap();
    check((|| {
        while let Some((_, postings)) = cursor.next()? {
            postings.decode()?;
        }
        Ok(())
    })());
    drop(cursor);
    let mut writer = blocks.direct_writer(&mut txn);
    check(writer.apply(b"b", Some(b"value")).and_then(|()| writer.finish().map(drop)));
    refused
}

#[test]
fn whole_blocks_are_taken() {
    // One key `a`, value 1.
    assert!(!is_refused(&[0x01, b'a', 1 << 2, 1]));
}

#[test]
fn damaged_blocks_are_refused() {
    let check = |block: &[u8]| assert!(is_refused(block), "{block:?}");
    // Cut in the lengths, in the suffix, in the value.
    check(&[0x0f]);
    check(&[0x03, b'a']);
    check(&[0x01, b'a', 9 << 2, 1]);
    // The first entry shares bytes with a key that is not there.
    check(&[0x51, b'a', 1 << 2, 1]);
    // Lengths beyond 64 bits, and a shared length that goes over it when 15 is added.
    check(&[0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    check(&[0xf1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, b'a', 0]);
    // Dense, but no head; bits without bytes, and behind the last id; runs that are cut, behind the last id, too long.
    check(&[0x01, b'a', 1]);
    check(&[0x01, b'a', (1 << 2) | 1, 6]);
    check(&[0x01, b'a', (6 << 2) | 1, 0x80, 0x80, 0x80, 0x80, 0x04, 1]);
    check(&[0x01, b'a', (2 << 2) | 1, 7, 0x87]);
    check(&[0x01, b'a', (6 << 2) | 1, 0xff, 0xff, 0xff, 0xff, 0x1f, 1]);
    check(&[0x01, b'a', (6 << 2) | 1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f]);
}

#[test]
fn a_segment_with_ids_of_another_span_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::open(folder.path(), &EnvironmentOptions::default()).unwrap();
    let plain = environment.plain_table("table").unwrap();
    let mut txn = environment.write_txn().unwrap();
    // Key `a` with the ids from 4,096 on: their list holds 1.
    let continued = 2;
    plain.put(&mut txn, b"a\0\0\x01", &[0x04, b'a', 0, 0, 1, (1 << 2) | continued, 1]).unwrap();
    let mut writer = PostingsTable::from(plain).direct_writer(&mut txn);
    let outcome = writer.apply(b"a", &[4097, 5000], &[4100]);
    assert!(matches!(outcome, Err(StorageError::Corrupted { .. })), "{outcome:?}");
}
