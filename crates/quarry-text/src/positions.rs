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
