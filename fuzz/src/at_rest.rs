//! A folder of stores as a stopped program leaves it: written anew for each input, which then changes its entries.

use std::fs;
use std::path::{Path, PathBuf};

use quarry_storage::{Environment, EnvironmentOptions, PlainTable, WriteTxn};
use tempfile::TempDir;

use crate::pieces::Pieces;

/// A folder and all files in it.
pub struct AtRest {
    folder: TempDir,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl AtRest {
    /// The folder that `fill` leaves behind.
    pub fn after(fill: impl FnOnce(&Path)) -> AtRest {
        let folder = tempfile::tempdir().expect("a folder can be made");
        fill(folder.path());
        let mut files = Vec::new();
        read_all(folder.path(), &mut files);
        AtRest { folder, files }
    }

    /// Where it is, as it was left.
    pub fn restored(&self) -> &Path {
        let folder = self.folder.path();
        for entry in fs::read_dir(folder).expect("the folder is ours") {
            let path = entry.expect("the folder is ours").path();
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.expect("the folder is ours");
        }
        for (path, bytes) in &self.files {
            fs::create_dir_all(path.parent().expect("files are in the folder")).expect("the folder is ours");
            fs::write(path, bytes).expect("the folder is ours");
        }
        folder
    }
}

fn read_all(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("the folder is ours") {
        let path = entry.expect("the folder is ours").path();
        if path.is_dir() {
            read_all(&path, files);
        } else {
            let bytes = fs::read(&path).expect("the folder is ours");
            files.push((path, bytes));
        }
    }
}

/// Changes entries of the store in `folder`, as long as the input says how: table (u8), entry (u8), what (u8), place
/// (u8), then bytes as a piece. What: 0 writes them over a part of the value, 1 over a part of the key, 2 puts an entry
/// with them as the key and a long piece as the value.
pub fn change_entries<const N: usize>(folder: &Path, names: [&'static str; N], mut pieces: Pieces<'_>) {
    let environment =
        Environment::open(folder, &EnvironmentOptions::default()).expect("it was made by the target");
    let tables = environment.tables(names).expect("tables can be made");
    let mut txn = environment.write_txn().expect("a transaction can begin");
    while !pieces.is_empty() {
        let table = tables[usize::from(pieces.byte()) % N];
        let (number, what, place) = (pieces.byte(), pieces.byte(), usize::from(pieces.byte()));
        let piece = pieces.piece().unwrap_or_default();
        if what % 3 == 2 {
            // Keys that LMDB does not take are nothing that a store could hold.
            let _ = table.put(&mut txn, piece, pieces.long_piece().unwrap_or_default());
        } else {
            change_entry(&mut txn, table, usize::from(number), |key, value| {
                let part = if what % 3 == 0 { value } else { key };
                for (byte, new) in part.iter_mut().skip(place).zip(piece) {
                    *byte = *new;
                }
            });
        }
    }
    txn.commit().expect("the changes can be written");
}

fn change_entry(
    txn: &mut WriteTxn<'_>,
    table: PlainTable,
    number: usize,
    change: impl FnOnce(&mut [u8], &mut [u8]),
) {
    let entry = table.iter(txn).expect("the table can be read").nth(number);
    let Some((key, value)) = entry.map(|entry| entry.expect("the table can be read")) else { return };
    let before = key.to_vec();
    let (mut key, mut value) = (key.to_vec(), value.to_vec());
    change(&mut key, &mut value);
    table.delete(txn, &before).expect("the entry can be deleted");
    table.put(txn, &key, &value).expect("the entry has the length of the one before");
}
