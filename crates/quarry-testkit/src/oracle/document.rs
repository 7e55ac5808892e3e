//! What of a document counts for a search: its words, where they stand, and how near to each other.

use std::collections::BTreeMap;

use quarry_text::{FieldPositions, Scratch, Tokenizer, bucket_position};
use serde_json::{Map, Value};

use super::OracleSettings;

/// A document cut into words.
#[derive(Debug)]
pub(crate) struct Parsed<'d> {
    /// Its internal number.
    pub(crate) number: u32,
    pub(crate) id: &'d str,
    pub(crate) json: &'d Map<String, Value>,
    /// By attribute, in the order of the settings: positions and words.
    attributes: Vec<Vec<(u16, String)>>,
    /// Smallest distance of two words in order, within one attribute; 1 to 3 only. 1 for all words of an attribute if
    /// the settings do not look at places.
    distances: BTreeMap<(String, String), u16>,
}

impl<'d> Parsed<'d> {
    pub(crate) fn of(
        (number, id, json): (u32, &'d str, &'d Map<String, Value>),
        settings: &OracleSettings,
        tokenizer: &Tokenizer,
    ) -> Parsed<'d> {
        let attributes: Vec<Vec<(u16, String)>> =
            settings.searchable.iter().map(|name| words(json.get(name), tokenizer)).collect();
        let mut distances = BTreeMap::new();
        for attribute in &attributes {
            for (first_position, first) in attribute {
                for (second_position, second) in attribute {
                    let distance = match settings.proximity_by_attribute {
                        true => 1,
                        false => second_position.saturating_sub(*first_position),
                    };
                    if (1..=3).contains(&distance) {
                        let smallest = distances.entry((first.clone(), second.clone())).or_insert(distance);
                        *smallest = distance.min(*smallest);
                    }
                }
            }
        }
        Parsed { number, id, json, attributes, distances }
    }

    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().flatten().map(|(_, word)| word.as_str())
    }

    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.words().any(|stored| stored == word)
    }

    pub(crate) fn distance(&self, first: &str, second: &str) -> Option<u16> {
        self.distances.get(&(first.to_owned(), second.to_owned())).copied()
    }

    /// Numbers of the attributes that hold a word.
    pub(crate) fn attributes_of<'s>(&'s self, word: &'s str) -> impl Iterator<Item = usize> + 's {
        let holds = move |words: &Vec<(u16, String)>| words.iter().any(|(_, stored)| stored == word);
        self.attributes.iter().enumerate().filter(move |(_, words)| holds(words)).map(|(number, _)| number)
    }

    /// Stored positions of a word, in any attribute.
    pub(crate) fn positions_of<'s>(&'s self, word: &'s str) -> impl Iterator<Item = u16> + 's {
        self.attributes
            .iter()
            .flatten()
            .filter(move |(_, stored)| stored == word)
            .map(|(position, _)| bucket_position(*position))
    }

    /// Number of words of an attribute.
    pub(crate) fn word_count(&self, attribute: usize) -> usize {
        self.attributes[attribute].len()
    }

    pub(crate) fn attributes_count(&self) -> usize {
        self.attributes.len()
    }

    /// Whether the words stand one behind the other, as far as distances of two and three words tell.
    pub(crate) fn has_phrase(&self, words: &[String]) -> bool {
        words.iter().all(|word| self.has_word(word))
            && words.windows(2).all(|pair| self.distance(&pair[0], &pair[1]) == Some(1))
            && words.windows(3).all(|three| self.distance(&three[0], &three[2]).is_some_and(|d| d <= 2))
    }
}

fn words(value: Option<&Value>, tokenizer: &Tokenizer) -> Vec<(u16, String)> {
    let (mut positions, mut scratch, mut found) = (FieldPositions::new(), Scratch::default(), Vec::new());
    let mut add = |text: &str| {
        positions.value(tokenizer, text, &[], &mut scratch, |position, word| {
            found.push((position, word.to_owned()))
        });
    };
    match value {
        Some(Value::Array(values)) => values.iter().filter_map(text).for_each(|text| add(&text)),
        Some(value) => text(value).iter().for_each(|text| add(text)),
        None => {}
    }
    found
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
