//! Queries as people type them: words of titles, whole, begun or misspelled.

use serde_json::Value;

/// Numbers that look random and are the same on every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Random {
        Random(20_261_123)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            let other = self.below(end + 1);
            items.swap(end, other);
        }
    }
}

/// `count` queries about films, one JSON object a line.
pub(crate) fn of(films: &[String], count: usize) -> Vec<String> {
    let mut random = Random::new();
    (0..count).map(|number| one(&films[random.below(films.len())], number, &mut random)).collect()
}

fn one(film: &str, number: usize, random: &mut Random) -> String {
    let film: Value = serde_json::from_str(film).unwrap();
    let title = film["title"].as_str().unwrap_or_default();
    let mut words: Vec<String> = title.split_whitespace().take(4).map(str::to_lowercase).collect();
    match number % 5 {
        // As the title has them.
        0 => {}
        // In quotes.
        1 => return format!("\"{}\"", words.join(" ")),
        // The last one begun.
        2 => {
            if let Some(last) = words.last_mut() {
                *last = last.chars().take(3).collect();
            }
        }
        // Two neighbours exchanged in the longest.
        3 => {
            if let Some(longest) = words.iter_mut().max_by_key(|word| word.len()) {
                *longest = exchanged(longest, random);
            }
        }
        // With a word of the text.
        _ => {
            let overview = film["overview"].as_str().unwrap_or_default();
            let others: Vec<&str> = overview.split_whitespace().collect();
            words.truncate(2);
            words.extend(others.get(random.below(others.len())).map(|word| (*word).to_owned()));
        }
    }
    words.join(" ")
}

/// Behind the first letter, which typos rarely reach.
fn exchanged(word: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() > 3 {
        let at = 1 + random.below(letters.len() - 2);
        letters.swap(at, at + 1);
    }
    letters.into_iter().collect()
}
