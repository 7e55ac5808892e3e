//! `synonyms`: other words for a word, in one direction.
//!
//! The setting keeps what was given. A query looks synonyms up as words of the index: keys and values are
//! tokenised, stop words in them vanish, keys that become equal are merged.

use std::collections::{BTreeMap, HashSet};

use quarry_text::{Tokenizer, normalize_words};
use rustc_hash::FxHashMap;

/// Keys whose words have this many bytes together, or more, are ignored.
const KEY_BYTES_MAX: usize = 500;

/// Synonyms as words of the index.
#[derive(Debug, Clone, Default)]
pub struct Synonyms {
    by_words: FxHashMap<String, Vec<Vec<String>>>,
}

/// Between the words of a key: no word holds it.
const BETWEEN_WORDS: &str = "\0";

impl Synonyms {
    /// The words of the synonyms that a user gave.
    pub fn normalise(given: &BTreeMap<String, Vec<String>>, tokenizer: &Tokenizer) -> Synonyms {
        let mut by_words: FxHashMap<String, Vec<Vec<String>>> = FxHashMap::default();
        for (key, values) in given {
            let words = normalize_words(tokenizer, key);
            if words.is_empty() || words.iter().map(String::len).sum::<usize>() >= KEY_BYTES_MAX {
                continue;
            }
            let synonyms = by_words.entry(words.join(BETWEEN_WORDS)).or_default();
            let values = values.iter().map(|value| normalize_words(tokenizer, value));
            synonyms.extend(values.filter(|value| !value.is_empty()));
        }
        for synonyms in by_words.values_mut() {
            let mut seen = HashSet::new();
            synonyms.retain(|value| seen.insert(value.clone()));
        }
        Synonyms { by_words }
    }

    /// The synonyms of a sequence of words, each a sequence of words itself, in the order given.
    pub fn of<W: AsRef<str>>(&self, words: &[W]) -> &[Vec<String>] {
        let key = match words {
            [word] => self.by_words.get(word.as_ref()),
            words => {
                let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
                self.by_words.get(&words.join(BETWEEN_WORDS))
            }
        };
        key.map_or(&[], Vec::as_slice)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_words.is_empty()
    }
}
