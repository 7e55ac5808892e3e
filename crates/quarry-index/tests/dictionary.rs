//! Dictionaries against a plain ordered set, through every size of change.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use proptest::prelude::*;
use quarry_index::dictionary::Guide;
use quarry_index::dictionary::kept_prefixes::{PREFIX_BYTES_MAX, PREFIX_WORDS_MIN};
use quarry_index::{Dictionary, DictionaryKind, Index, IndexOptions, KeptPrefixes};
use quarry_storage::WriteTxn;

struct Opened {
    index: Index,
    _folder: tempfile::TempDir,
}

fn empty_index() -> Opened {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
    Opened { index, _folder: folder }
}

/// Words out of few letters, so that prefixes repeat and words come back.
fn word() -> impl Strategy<Value = String> {
    "[abé]{1,3}|[abcdef]{4,7}".prop_map(|word| word)
}

fn change() -> impl Strategy<Value = (BTreeSet<String>, BTreeSet<String>)> {
    let some = || prop::collection::btree_set(word(), 0..30);
    let many = prop::collection::btree_set("[a-c]{5,8}", 200..900);
    (prop_oneof![3 => some(), 1 => many], some())
}

/// Wants the words of some letters that are at most so long.
struct Letters {
    letters: [char; 3],
    length_max: usize,
    /// Whether it tells the walk the letters.
    tells: bool,
    found: Vec<String>,
}

impl Guide for Letters {
    type State = usize;

    fn start(&self) -> usize {
        0
    }

    fn step(&self, length: &usize, character: char) -> Option<usize> {
        (*length < self.length_max && self.letters.contains(&character)).then_some(length + 1)
    }

    fn only(&self, length: &usize, characters: &mut Vec<char>) -> bool {
        // Sometimes, repeated and with one that leads nowhere.
        let tells = self.tells && length.is_multiple_of(2);
        if tells {
            characters.extend(self.letters.iter().chain(&self.letters).chain(&['x']));
        }
        tells
    }

    fn word(&mut self, word: &str, length: &usize) -> ControlFlow<()> {
        assert_eq!(word.chars().count(), *length);
        self.found.push(word.to_owned());
        ControlFlow::Continue(())
    }
}

fn walked(dictionary: &Dictionary<'_>, tells: bool) -> Vec<String> {
    let letters = || Letters { letters: ['é', 'b', 'a'], length_max: 6, tells, found: Vec::new() };
    let (mut base, mut added) = (letters(), letters());
    dictionary.walk_base(&mut base);
    dictionary.walk_added(&mut added);
    assert!(base.found.is_sorted() && added.found.is_sorted());
    base.found.extend(added.found);
    base.found.sort();
    base.found
}

fn with_prefix(dictionary: &Dictionary<'_>, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    dictionary.with_prefix(prefix, |word| {
        found.push(word.to_owned());
        ControlFlow::Continue(())
    });
    found
}

fn kept(words: &BTreeSet<String>) -> Vec<String> {
    let mut prefixes = BTreeSet::new();
    for word in words {
        let ends = (1..=PREFIX_BYTES_MAX).filter(|&end| end <= word.len() && word.is_char_boundary(end));
        prefixes.extend(ends.map(|end| word[..end].to_owned()));
    }
    let words_of = |prefix: &String| words.iter().filter(|word| word.starts_with(prefix.as_str())).count();
    prefixes.into_iter().filter(|prefix| words_of(prefix) >= PREFIX_WORDS_MIN).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_an_ordered_set(changes in prop::collection::vec(change(), 1..8)) {
        let opened = empty_index();
        let (index, mut words) = (&opened.index, BTreeSet::<String>::new());
        for (created, removed) in changes {
            let created: Vec<String> = created.into_iter().collect();
            let removed: Vec<String> = removed.into_iter().filter(|word| !created.contains(word)).collect();
            words.extend(created.iter().cloned());
            words.retain(|word| !removed.contains(word));
            let mut txn = index.environment().write_txn().unwrap();
            let before = KeptPrefixes::open(index.tables(), &txn).unwrap().to_vec();
            update(index, &mut txn, DictionaryKind::Words, &created, &removed);
            let changed: Vec<&String> = created.iter().chain(&removed).collect();
            let prefixes = KeptPrefixes::update(index.tables(), &mut txn, &changed).unwrap();
            txn.commit().unwrap();

            let snapshot = index.snapshot().unwrap();
            let dictionary = snapshot.dictionary().unwrap();
            prop_assert_eq!(dictionary.words(), words.iter().cloned().collect::<Vec<_>>());
            prop_assert_eq!(dictionary.len(), words.len());
            prop_assert!(snapshot.exact_dictionary().unwrap().is_empty());
            for prefix in ["", "a", "é", "ab", "cd", "bbbb", "x"] {
                let expected: Vec<String> = words.iter().filter(|w| w.starts_with(prefix)).cloned().collect();
                prop_assert_eq!(with_prefix(&dictionary, prefix), expected.clone());
                prop_assert_eq!(dictionary.prefix_count(prefix, 3), expected.len().min(3));
                prop_assert_eq!(dictionary.prefix_count_at_least(prefix, 2), expected.len() >= 2);
            }
            for word in created.iter().chain(&removed) {
                prop_assert_eq!(dictionary.contains(word), words.contains(word));
            }
            let is_wanted = |word: &&String| {
                word.chars().count() <= 6 && word.chars().all(|letter| matches!(letter, 'a' | 'b' | 'é'))
            };
            let expected: Vec<String> = words.iter().filter(is_wanted).cloned().collect();
            prop_assert_eq!(walked(&dictionary, true), expected.clone());
            prop_assert_eq!(walked(&dictionary, false), expected);

            let after = snapshot.kept_prefixes().unwrap().to_vec();
            prop_assert_eq!(&after, &kept(&words));
            let came: Vec<_> = after.iter().filter(|prefix| !before.contains(prefix)).cloned().collect();
            let went: Vec<_> = before.iter().filter(|prefix| !after.contains(prefix)).cloned().collect();
            prop_assert_eq!((prefixes.created, prefixes.removed), (came, went));
        }
    }
}

fn update(
    index: &Index,
    txn: &mut WriteTxn<'_>,
    kind: DictionaryKind,
    created: &[String],
    removed: &[String],
) {
    let (created, removed) = (created.iter().map(String::as_str), removed.iter().map(String::as_str));
    Dictionary::update(index.tables(), txn, kind, created, removed).unwrap();
}

#[test]
fn a_search_can_be_stopped() {
    let opened = empty_index();
    let mut txn = opened.index.environment().write_txn().unwrap();
    let words = ["one", "three", "two"].map(str::to_owned);
    update(&opened.index, &mut txn, DictionaryKind::ExactWords, &words, &[]);
    txn.commit().unwrap();
    let snapshot = opened.index.snapshot().unwrap();
    let mut met = Vec::new();
    snapshot.exact_dictionary().unwrap().for_each(|word| {
        met.push(word.to_owned());
        if met.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(met, ["one", "three"]);
    assert!(!snapshot.dictionary().unwrap().contains("one"));
}

#[test]
fn a_small_change_does_not_rewrite_the_base() {
    let opened = empty_index();
    let (index, main) = (&opened.index, opened.index.tables().main);
    let words: Vec<String> = (0..20_000).map(|number| format!("word{number:05}")).collect();
    let mut txn = index.environment().write_txn().unwrap();
    update(index, &mut txn, DictionaryKind::Words, &words, &[]);
    let base = main.get(&txn, b"words-base").unwrap().unwrap().to_vec();
    let (created, removed) = (["new", "newer"].map(str::to_owned), ["word00007".to_owned()]);
    update(index, &mut txn, DictionaryKind::Words, &created, &removed);
    assert_eq!(main.get(&txn, b"words-base").unwrap().unwrap(), base);
    let dictionary = Dictionary::open(index.tables(), &txn, DictionaryKind::Words).unwrap();
    assert_eq!(dictionary.len(), 20_001);
    assert!(dictionary.contains("newer") && !dictionary.contains("word00007"));
}
