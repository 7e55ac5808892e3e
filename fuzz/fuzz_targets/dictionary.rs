//! Word dictionaries of any bytes open or are `Corrupted`. True ones agree with a set.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::pieces::Pieces;
use quarry_fuzz::store::index;
use quarry_index::{Dictionary, DictionaryKind, KeptPrefixes};
use quarry_storage::WriteTxn;

fuzz_target!(|input: &[u8]| {
    let index = index();
    let mut txn = index.environment().write_txn().expect("a transaction can begin");
    let mut pieces = Pieces::of(input);
    if pieces.byte() == 0 {
        let entries: [&[u8]; 4] = [b"words-base", b"words-added", b"words-removed", b"kept-prefixes"];
        for entry in entries {
            if let Some(bytes) = pieces.long_piece() {
                index.tables().main.put(&mut txn, entry, bytes).expect("an entry can be written");
            }
        }
        // Walking a damaged automaton is another matter: an index checks their checksums when it opens.
        let _ = Dictionary::open(index.tables(), &txn, DictionaryKind::Words);
        let _ = KeptPrefixes::open(index.tables(), &txn);
    } else {
        rounds(pieces, &mut txn);
    }
});

/// Words that come and go, beside a set.
fn rounds(mut pieces: Pieces<'_>, txn: &mut WriteTxn<'_>) {
    let tables = index().tables();
    let mut model = BTreeSet::new();
    while !pieces.is_empty() {
        let (mut created, mut removed) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..pieces.byte() & 31 {
            let Some(word) = pieces.piece() else { break };
            let word = String::from_utf8_lossy(word).into_owned();
            if word.is_empty() || created.contains(&word) || removed.contains(&word) {
                continue;
            }
            if pieces.byte() & 1 == 0 {
                created.insert(word)
            } else {
                removed.insert(word)
            };
        }
        let [came, gone] = [&created, &removed].map(|words| words.iter().map(String::as_str));
        Dictionary::update(tables, txn, DictionaryKind::Words, came, gone)
            .expect("a whole dictionary takes changes");
        model.extend(created);
        model.retain(|word| !removed.contains(word));
        let dictionary =
            Dictionary::open(tables, txn, DictionaryKind::Words).expect("a whole dictionary can be opened");
        assert_eq!(dictionary.words(), model.iter().cloned().collect::<Vec<String>>());
        assert_eq!(dictionary.len(), model.len());
    }
}
