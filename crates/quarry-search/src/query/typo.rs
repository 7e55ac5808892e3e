//! Words of the dictionary that are nearly the one asked for.

use std::ops::ControlFlow;

use quarry_storage::StorageError;

use crate::context::SearchContext;
use crate::query::edit_distance::{EditDistance, Nearness};
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
    let (mut one, mut two) = (Vec::new(), Vec::new());
    if typos_allowed == 0 {
        return Ok([one, two]);
    }
    let automaton = EditDistance::new(text, typos_allowed, is_prefix);
    context.dictionary()?.search(&automaton, |word, state| {
        let Nearness { edits, same_first } = automaton.nearness(&state);
        let typos = if same_first { edits } else { 2 };
        let (words, words_max) = match typos {
            0 => return ControlFlow::Continue(()),
            1 => (&mut one, ONE_TYPO_WORDS_MAX),
            _ => (&mut two, TWO_TYPOS_WORDS_MAX),
        };
        if words.len() < words_max {
            words.push(WordRef { word: context.word(word), reach: Reach::Tolerant });
        }
        let is_full =
            one.len() == ONE_TYPO_WORDS_MAX && (typos_allowed == 1 || two.len() == TWO_TYPOS_WORDS_MAX);
        if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    Ok([one, two])
}
