//! Words of the dictionary that are nearly the one asked for.

use std::ops::ControlFlow;

use quarry_index::dictionary::Guide;
use quarry_storage::StorageError;

use crate::context::SearchContext;
use crate::query::edit_distance::{EditDistance, Nearness, State};
use crate::query::{Reach, WordRef};

/// Words with one typo and with two that count, the first in byte order.
const ONE_TYPO_WORDS_MAX: usize = 150;
const TWO_TYPOS_WORDS_MAX: usize = 50;

/// Words with one typo and with two. An error on the first letter counts as two typos.
///
/// - `typos_allowed`: 0 to 2
/// - `is_prefix`: whether words that only begin so count too
pub(crate) fn near_words(
    context: &SearchContext<'_>,
    text: &str,
    typos_allowed: u8,
    is_prefix: bool,
) -> Result<[Vec<WordRef>; 2], StorageError> {
    if typos_allowed == 0 {
        return Ok(Default::default());
    }
    let dictionary = context.dictionary()?;
    let mut near = NearWords::new(EditDistance::new(text, typos_allowed, is_prefix));
    dictionary.walk_base(&mut near);
    let mut added = NearWords::new(EditDistance::new(text, typos_allowed, is_prefix));
    dictionary.walk_added(&mut added);
    let references = |words: Vec<Box<str>>| -> Vec<WordRef> {
        words.iter().map(|word| WordRef { word: context.word(word), reach: Reach::Tolerant }).collect()
    };
    Ok([
        references(first_of_both(near.one, added.one, ONE_TYPO_WORDS_MAX)),
        references(first_of_both(near.two, added.two, TWO_TYPOS_WORDS_MAX)),
    ])
}

/// The first `words_max` of two lists of words in byte order.
fn first_of_both(mut words: Vec<Box<str>>, more: Vec<Box<str>>, words_max: usize) -> Vec<Box<str>> {
    if !more.is_empty() {
        words.extend(more);
        words.sort_unstable();
        words.truncate(words_max);
    }
    words
}

/// Collects the first words in byte order, and leads the walk past those that come too late.
struct NearWords {
    near: EditDistance,
    allows_two: bool,
    one: Vec<Box<str>>,
    two: Vec<Box<str>>,
}

impl NearWords {
    fn new(near: EditDistance) -> NearWords {
        NearWords { allows_two: near.edits_max() > 1, near, one: Vec::new(), two: Vec::new() }
    }
}

impl Guide for NearWords {
    type State = State;

    fn start(&self) -> State {
        self.near.start()
    }

    fn step(&self, state: &State, character: char) -> Option<State> {
        let next = self.near.step(state, character);
        self.near.can_match(&next).then_some(next)
    }

    fn only(&self, state: &State, characters: &mut Vec<char>) -> bool {
        self.near.only(state, characters)
    }

    fn word(&mut self, word: &str, state: &State) -> ControlFlow<()> {
        if !self.near.is_match(state) {
            return ControlFlow::Continue(());
        }
        let Nearness { edits, same_first } = self.near.nearness(state);
        let typos = if same_first { edits } else { 2 };
        let (words, words_max) = match typos {
            0 => return ControlFlow::Continue(()),
            1 => (&mut self.one, ONE_TYPO_WORDS_MAX),
            _ => (&mut self.two, TWO_TYPOS_WORDS_MAX),
        };
        if words.len() < words_max {
            words.push(word.into());
        }
        let is_two_full = !self.allows_two || self.two.len() == TWO_TYPOS_WORDS_MAX;
        if is_two_full && self.one.len() == ONE_TYPO_WORDS_MAX {
            return ControlFlow::Break(());
        }
        if is_two_full {
            self.near.narrow();
        }
        ControlFlow::Continue(())
    }
}
