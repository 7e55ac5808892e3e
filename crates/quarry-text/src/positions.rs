//! Positions of the words of one document field.

use crate::language::Language;
use crate::token::TokenKind;
use crate::tokenizer::{Scratch, Tokenizer};

/// Words at this position or after are not indexed.
pub const POSITIONS_MAX: u32 = 1 << 16;

/// Longest word that is indexed, in bytes of its lemma.
pub const WORD_BYTES_MAX: usize = 250;

/// Distance between words around a hard separator, and between the values of a field.
const FAR: u32 = 8;

/// Numbers the words of one field of one document, value after value.
#[derive(Debug, Default)]
pub struct FieldPositions {
    /// Last used position, once a value was given.
    last: Option<u32>,
    word_count: u32,
}

impl FieldPositions {
    /// A field without a value yet.
    pub fn new() -> FieldPositions {
        FieldPositions::default()
    }

    /// Calls `each` with the position and lemma of the words to index of the next value of the field.
    ///
    /// The first value starts at 0, each following one 8 after the last used position. Leading separators are
    /// skipped; then a word is 1 after the word before it, or 8 if a hard separator stands between.
    /// Stop words and words too long to be indexed take a position, words normalised to nothing do not.
    pub fn value(
        &mut self,
        tokenizer: &Tokenizer,
        text: &str,
        locales: &[Language],
        scratch: &mut Scratch,
        mut each: impl FnMut(u16, &str),
    ) {
        let mut position = self.last.map_or(0, |last| last.saturating_add(FAR));
        let mut step = 0;
        let word_count = &mut self.word_count;
        tokenizer.for_each_token(text, locales, scratch, |token| match token.kind {
            TokenKind::Word | TokenKind::StopWord if !token.lemma.is_empty() => {
                position = position.saturating_add(step);
                step = 1;
                let is_indexed = token.kind == TokenKind::Word
                    && token.lemma.len() <= WORD_BYTES_MAX
                    && !token.lemma.trim_ascii().is_empty();
                if let (true, Ok(position)) = (is_indexed, u16::try_from(position)) {
                    *word_count += 1;
                    each(position, token.lemma);
                }
            }
            TokenKind::SeparatorHard if step != 0 => step = FAR,
            _ => {}
        });
        self.last = Some(position);
    }

    /// Number of words indexed so far, repetitions included.
    pub fn word_count(&self) -> u32 {
        self.word_count
    }
}

/// The bucket under which a position is stored: exact below 16, then 24, then powers of two.
pub fn bucket_position(position: u16) -> u16 {
    match position {
        0..16 => position,
        16..24 => 24,
        _ => position.checked_next_power_of_two().unwrap_or(u16::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::TokenizerOptions;

    fn positions(options: &TokenizerOptions, values: &[&str]) -> (Vec<(u16, String)>, FieldPositions) {
        let tokenizer = Tokenizer::new(options);
        let mut field = FieldPositions::new();
        let mut found = Vec::new();
        for value in values {
            field.value(&tokenizer, value, &[], &mut Scratch::default(), |position, word| {
                found.push((position, word.to_owned()));
            });
        }
        (found, field)
    }

    fn check(values: &[&str], expected: &[(u16, &str)]) {
        let (found, field) = positions(&TokenizerOptions::default(), values);
        let found: Vec<(u16, &str)> =
            found.iter().map(|(position, word)| (*position, word.as_str())).collect();
        assert_eq!(found, expected, "{values:?}");
        assert_eq!(field.word_count() as usize, expected.len());
    }

    #[test]
    fn words_are_one_apart_and_sentences_eight() {
        check(&["Red car"], &[(0, "red"), (1, "car")]);
        check(&["stop. go"], &[(0, "stop"), (8, "go")]);
        check(&["a -! - b"], &[(0, "a"), (8, "b")]);
        check(&["3.5 m"], &[(0, "3"), (1, "5"), (2, "m")]);
        check(&["! ?red"], &[(0, "red")]);
        check(&["red! "], &[(0, "red")]);
        check(&["手机壳"], &[(0, "手机"), (1, "壳")]);
        check(&["", "..."], &[]);
    }

    #[test]
    fn values_are_eight_apart() {
        check(&["red car", "blue"], &[(0, "red"), (1, "car"), (9, "blue")]);
        check(&["red!", "!blue. sky", "x"], &[(0, "red"), (8, "blue"), (16, "sky"), (24, "x")]);
    }

    #[test]
    fn stop_words_take_a_position_and_are_not_indexed() {
        let options =
            TokenizerOptions { stop_words: ["the", "of"].map(String::from).into(), ..Default::default() };
        let (found, field) = positions(&options, &["the end of the road", "The end. of"]);
        let found: Vec<(u16, &str)> =
            found.iter().map(|(position, word)| (*position, word.as_str())).collect();
        assert_eq!(found, [(1, "end"), (4, "road"), (12, "the"), (13, "end")]);
        assert_eq!(field.word_count(), 4);
    }

    #[test]
    fn long_words_take_a_position_and_empty_ones_do_not() {
        let long = "x".repeat(251);
        check(&[&format!("a {long} b")], &[(0, "a"), (2, "b")]);
        let longest = "x".repeat(250);
        check(&[&longest], &[(0, &longest)]);
        check(&["a \u{1} b"], &[(0, "a"), (1, "b")]);
        check(&["a\0b"], &[(0, "a"), (1, "b")]);
    }

    #[test]
    fn positions_beyond_the_limit_are_dropped() {
        let (found, field) = positions(&TokenizerOptions::default(), &[&"w ".repeat(65_540), "last"]);
        assert_eq!(found.len(), 65_536);
        assert_eq!(found.last().map(|(position, _)| *position), Some(u16::MAX));
        assert_eq!(u32::from(u16::MAX) + 1, POSITIONS_MAX);
        assert_eq!(field.word_count(), 65_536);
    }

    #[test]
    fn stored_positions_are_bucketed() {
        let check = |position, expected| assert_eq!(bucket_position(position), expected, "{position}");
        for exact in 0..16 {
            check(exact, exact);
        }
        for (position, expected) in
            [(16, 24), (23, 24), (24, 32), (32, 32), (33, 64), (257, 512), (32_768, 32_768)]
        {
            check(position, expected);
        }
        check(32_769, u16::MAX);
        check(u16::MAX, u16::MAX);
    }
}
