//! Generated documents, the same for a seed.

use std::fmt::Write as _;
use std::ops::Range;

use serde_json::{Value, json};

use crate::random::Random;

/// Words that documents take theirs from.
const VOCABULARY: u64 = 200_000;

/// Passages of some 600 bytes with words as frequent as those of a language: the n-th word once in n times.
pub(crate) fn passages(random: &mut Random, ids: Range<u64>) -> Value {
    ids.map(|id| {
        let (title, body) = (text(random, 3), text(random, 100));
        json!({ "id": id, "title": title, "text": body, "year": 1900 + random.below(120) })
    })
    .collect()
}

/// Documents of some 60 bytes.
pub(crate) fn titles(random: &mut Random, ids: Range<u64>) -> Value {
    ids.map(|id| json!({ "id": id, "title": text(random, 4), "year": 1900 + random.below(120) })).collect()
}

/// Some words, the last one cut short as while one types.
pub(crate) fn query(random: &mut Random) -> String {
    let words = 1 + random.below(3);
    let mut query = text(random, words);
    query.truncate(query.len().saturating_sub(random.below(3) as usize).max(2));
    query
}

fn text(random: &mut Random, words: u64) -> String {
    let words: Vec<String> = (0..words).map(|_| word(random)).collect();
    words.join(" ")
}

fn word(random: &mut Random) -> String {
    let rank = (VOCABULARY as f64).powf(random.below(1 << 20) as f64 / (1u64 << 20) as f64) as u64;
    spelled(rank)
}

/// A word that can be pronounced, another for each rank.
fn spelled(mut rank: u64) -> String {
    let mut word = String::new();
    loop {
        let consonant = b"bcdfghklmnprstvz"[(rank % 16) as usize] as char;
        let vowel = b"aeiou"[(rank / 16 % 5) as usize] as char;
        // Writing to a text does not fail.
        let _ = write!(word, "{consonant}{vowel}");
        rank /= 80;
        if rank == 0 {
            return word;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_differ() {
        let words: std::collections::BTreeSet<String> = (0..20_000).map(spelled).collect();
        assert_eq!(words.len(), 20_000);
    }
}
