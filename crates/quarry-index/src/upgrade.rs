//! The step from older format versions to the present one, in one transaction. It runs when an index is opened.

use quarry_storage::{Environment, PostingsTable, StorageError, format_2};

use crate::keys::word_pair;
use crate::tables::TableKind;
use crate::{TableId, Tables, format_version, main_table};

/// Brings an index of version `before`, 1 to 3, to the present one.
///
/// - 1: both words of a pair ended with 0x00; now the distance ends the second word. The order of the keys is the same.
/// - 1 and 2: sets were cut into other segments, their dense form was another, and those of facets had a byte more.
/// - 1 to 3: there was no table of late changes; programs of those days would not look into it.
pub(crate) fn upgrade(environment: &Environment, tables: &Tables, before: u32) -> Result<(), StorageError> {
    loop {
        match upgrade_all(environment, tables, before) {
            Err(StorageError::MapFull) => environment.grow(0)?,
            outcome => return outcome,
        }
    }
}

fn upgrade_all(environment: &Environment, tables: &Tables, before: u32) -> Result<(), StorageError> {
    let mut txn = environment.write_txn()?;
    // Sees the tables as they were before.
    let stored = environment.read_txn()?;
    let changed = if before < 3 { TableId::ALL } else { &[] };
    for &id in changed {
        let table = PostingsTable::from(tables.entries(id));
        let has_group_sizes = match id.kind() {
            TableKind::Plain | TableKind::Blocks | TableKind::Late => continue,
            TableKind::Postings | TableKind::Layered => false,
            TableKind::FacetNumbers | TableKind::FacetStrings => true,
        };
        let put_key = if before == 1 && id == TableId::WordPairPostings { put_pair } else { put_same };
        table.clear(&mut txn)?;
        let mut writer = table.direct_writer(&mut txn);
        let mut key = Vec::new();
        format_2::read_postings(table, &stored, has_group_sizes, |before, documents| {
            put_key(&mut key, before)?;
            writer.set(&key, documents).map(drop)
        })?;
        writer.finish()?;
    }
    drop(stored);
    format_version::write(tables, &mut txn)?;
    txn.commit()
}

fn put_same(key: &mut Vec<u8>, before: &[u8]) -> Result<(), StorageError> {
    key.clear();
    key.extend_from_slice(before);
    Ok(())
}

/// The key of a pair of version 1, as it is now.
fn put_pair(key: &mut Vec<u8>, before: &[u8]) -> Result<(), StorageError> {
    let (first, second, distance) =
        parse_1(before).ok_or_else(|| main_table::damaged("a key of version 1 is not a pair of words"))?;
    word_pair::put(key, first, second, distance);
    Ok(())
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

    use quarry_storage::WriteTxn;
    use roaring::RoaringBitmap;

    use crate::keys::{document_set, word_pair};
    use crate::{Index, IndexOptions, TableId, format_version, main_table};

    const DENSE: usize = 1;
    const CONTINUED: usize = 2;

    /// Puts a block of one entry as versions 1 and 2 wrote it; the key has less than 15 bytes.
    fn put(
        index: &Index,
        txn: &mut WriteTxn<'_>,
        (table, key): (TableId, &[u8]),
        flags: usize,
        value: Vec<u8>,
    ) {
        let mut block = [&[key.len() as u8], key].concat();
        let mut header = (value.len() << 2) | flags;
        while header >= 0x80 {
            block.push(header as u8 | 0x80);
            header >>= 7;
        }
        block.push(header as u8);
        block.extend(value);
        index.tables().entries(table).put(txn, key, &block).unwrap();
    }

    fn serialised(documents: &RoaringBitmap) -> Vec<u8> {
        let mut bytes = Vec::new();
        documents.serialize_into(&mut bytes).unwrap();
        bytes
    }

    fn mark(index: &Index, mut txn: WriteTxn<'_>, version: u32) {
        index.tables().main.put(&mut txn, main_table::FORMAT_VERSION, &version.to_le_bytes()).unwrap();
        txn.commit().unwrap();
    }

    #[test]
    fn pairs_of_version_1_are_found_after_opening() {
        let folder = tempfile::tempdir().unwrap();
        let documents = |number: u32| RoaringBitmap::from_sorted_iter(number..number * 100).unwrap();
        let pairs = [("red", "car", 1), ("red", "car", 3), ("red", "card", 1), ("reds", "a", 2)];
        let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
        let mut txn = index.environment().write_txn().unwrap();
        for (number, (first, second, distance)) in pairs.into_iter().enumerate() {
            let key = [first.as_bytes(), &[0], second.as_bytes(), &[0, distance]].concat();
            let value = serialised(&documents(number as u32 * 50 + 1));
            put(&index, &mut txn, (TableId::WordPairPostings, &key), DENSE, value);
        }
        mark(&index, txn, 1);
        drop(index);
        for _ in 0..2 {
            let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
            let txn = index.environment().read_txn().unwrap();
            for (number, (first, second, distance)) in pairs.into_iter().enumerate() {
                let key = word_pair::key(first, second, distance);
                let found = index.tables().word_pair_postings.get(&txn, &key).unwrap();
                assert_eq!(found, Some(documents(number as u32 * 50 + 1)));
            }
        }
    }

    #[test]
    fn sets_of_version_2_are_found_after_opening() {
        let folder = tempfile::tempdir().unwrap();
        let below: RoaringBitmap = (0..1 << 18).filter(|id| id % 3 > 0).collect();
        let above: RoaringBitmap = (1 << 18..(1 << 18) + 50_000).collect();
        let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
        let mut txn = index.environment().write_txn().unwrap();
        let all = document_set::ALL;
        put(&index, &mut txn, (TableId::DocumentSets, &all), DENSE, serialised(&below));
        let continued = [&all[..], &[0, 1]].concat();
        put(&index, &mut txn, (TableId::DocumentSets, &continued), DENSE | CONTINUED, serialised(&above));
        let group = [0, 7, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        let value = [vec![9], serialised(&above)].concat();
        put(&index, &mut txn, (TableId::FacetNumbers, &group), DENSE, value);
        mark(&index, txn, 2);
        drop(index);
        let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
        let txn = index.environment().read_txn().unwrap();
        assert_eq!(index.tables().document_sets.get(&txn, &all).unwrap(), Some(&below | &above));
        assert_eq!(index.tables().facet_numbers.postings().get(&txn, &group).unwrap(), Some(above));
    }

    #[test]
    fn version_3_is_opened_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let documents: RoaringBitmap = (0..5000).collect();
        let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
        let mut txn = index.environment().write_txn().unwrap();
        let mut writer = index.tables().document_sets.direct_writer(&mut txn);
        writer.set(&document_set::ALL, &documents).unwrap();
        writer.finish().unwrap();
        mark(&index, txn, 3);
        drop(index);
        let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
        let txn = index.environment().read_txn().unwrap();
        assert_eq!(index.tables().document_sets.get(&txn, &document_set::ALL).unwrap(), Some(documents));
        assert_eq!(format_version::read(index.tables(), &txn).unwrap(), Some(format_version::CURRENT));
    }
}
