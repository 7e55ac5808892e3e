//! Steps from one format version to the next, each in one transaction. They run when an index is opened.

use quarry_storage::{DirectStore, Environment, PostingsBuilder, StorageError};

use crate::keys::word_pair;
use crate::{Tables, format_version, main_table};

/// Version 1 ended both words of a pair with 0x00; in version 2 the distance ends the second word. The order of
/// the keys is the same.
pub(crate) fn from_1(environment: &Environment, tables: &Tables) -> Result<(), StorageError> {
    loop {
        match shorten_pairs(environment, tables) {
            Err(StorageError::MapFull) => environment.grow(0)?,
            outcome => return outcome,
        }
    }
}

fn shorten_pairs(environment: &Environment, tables: &Tables) -> Result<(), StorageError> {
    let mut txn = environment.write_txn()?;
    // Sees the table as it was before.
    let before = environment.read_txn()?;
    let pairs = tables.word_pair_postings;
    pairs.clear(&mut txn)?;
    let mut builder = PostingsBuilder::new(pairs, DirectStore { table: pairs.entries(), txn: &mut txn });
    let mut cursor = pairs.cursor(&before, &[])?;
    let mut shorter = Vec::new();
    while let Some((key, postings)) = cursor.next()? {
        let (first, second, distance) =
            parse_1(key).ok_or_else(|| main_table::damaged("a key of version 1 is not a pair of words"))?;
        word_pair::put(&mut shorter, first, second, distance);
        builder.add_set(&shorter, postings.decode()?)?;
    }
    builder.finish()?;
    drop(cursor);
    drop(before);
    format_version::write(tables, &mut txn)?;
    txn.commit()
}

/// First word, 0x00, second word, 0x00, distance.
fn parse_1(key: &[u8]) -> Option<(&[u8], &[u8], u8)> {
    let (words, [0, distance]) = key.split_at_checked(key.len().checked_sub(2)?)? else { return None };
    let end = words.iter().position(|&byte| byte == 0)?;
    let is_distance = (1..=word_pair::DISTANCE_MAX).contains(distance);
    is_distance.then_some((&words[..end], &words[end + 1..], *distance))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use roaring::RoaringBitmap;

    use crate::keys::word_pair;
    use crate::{Index, IndexOptions, main_table};

    #[test]
    fn pairs_of_version_1_are_found_after_opening() {
        let folder = tempfile::tempdir().unwrap();
        let documents = |number: u32| RoaringBitmap::from_sorted_iter(number..number * 100).unwrap();
        let pairs = [("red", "car", 1), ("red", "car", 3), ("red", "card", 1), ("reds", "a", 2)];
        let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
        let mut txn = index.environment().write_txn().unwrap();
        let mut writer = index.tables().word_pair_postings.direct_writer(&mut txn);
        for (number, (first, second, distance)) in pairs.into_iter().enumerate() {
            let key = [first.as_bytes(), &[0], second.as_bytes(), &[0, distance]].concat();
            writer.set(&key, &documents(number as u32 * 5000 + 1)).unwrap();
        }
        writer.finish().unwrap();
        index.tables().main.put(&mut txn, main_table::FORMAT_VERSION, &1u32.to_le_bytes()).unwrap();
        txn.commit().unwrap();
        drop(index);
        for _ in 0..2 {
            let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
            let txn = index.environment().read_txn().unwrap();
            for (number, (first, second, distance)) in pairs.into_iter().enumerate() {
                let key = word_pair::key(first, second, distance);
                let found = index.tables().word_pair_postings.get(&txn, &key).unwrap();
                assert_eq!(found, Some(documents(number as u32 * 5000 + 1)));
            }
        }
    }
}
