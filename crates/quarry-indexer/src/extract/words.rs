//! The searchable values of a document, tokenised once, as keys of every family keyed by words.

use std::borrow::Cow;

use quarry_index::keys::field_word_count;
use quarry_index::{FieldId, Settings};
use quarry_text::{FieldPositions, Scratch, Tokenizer, bucket_position, is_number_like};

use crate::error::IndexError;
use crate::extract::difference::DocumentKeys;
use crate::extract::flat_document::FieldTable;
use crate::extract::plan::Work;
use crate::extract::prefixes::PrefixFinder;
use crate::extract::word_pairs;
use crate::family::Family;
use crate::json_text::decode_string;
use crate::lexicon::Lexicon;

/// A word of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occurrence {
    pub(crate) field: FieldId,
    pub(crate) position: u16,
    /// Number of the word in the lexicon.
    pub(crate) word: u32,
    /// Whether typos never reach the word here.
    is_exact: bool,
}

/// Reads words; one per thread.
pub(crate) struct WordReader<'x> {
    pub(crate) settings: &'x Settings,
    pub(crate) tokenizer: &'x Tokenizer,
    pub(crate) work: Work,
    scratch: Scratch,
    /// The words of the document at hand, by field and position.
    occurrences: Vec<Occurrence>,
    /// For each word of the lexicon, whether it is number-like; known as far as it was asked for.
    number_like: Vec<bool>,
}

impl<'x> WordReader<'x> {
    pub(crate) fn new(settings: &'x Settings, tokenizer: &'x Tokenizer, work: Work) -> WordReader<'x> {
        let (scratch, occurrences, number_like) = (Scratch::default(), Vec::new(), Vec::new());
        WordReader { settings, tokenizer, work, scratch, occurrences, number_like }
    }

    /// Pushes the keys of a document.
    ///
    /// - `values`: searchable raw values, by field
    pub(crate) fn read(
        &mut self,
        values: &[(FieldId, &str)],
        table: &FieldTable,
        prefixes: &mut Option<PrefixFinder<'_>>,
        (words, keys): (&mut Lexicon, &mut Lexicon),
        out: &mut DocumentKeys,
    ) -> Result<(), IndexError> {
        self.occurrences.clear();
        for of_field in values.chunk_by(|a, b| a.0 == b.0) {
            let word_count = self.tokenize(of_field, table, words)?;
            if (1..=u32::from(field_word_count::WORDS_MAX)).contains(&word_count) && self.work.words.is_on() {
                let key = field_word_count::key(of_field[0].0, word_count as u8);
                out.push(Family::FieldWordCount, keys.intern(&key)?, 0);
            }
        }
        if self.work.words.is_on() {
            self.push_words(out);
        }
        if self.work.pairs.is_on() {
            word_pairs::push(&self.occurrences, out);
        }
        if let Some(prefixes) = prefixes {
            for occurrence in &self.occurrences {
                let kept = prefixes.of(occurrence.word, words)?;
                for prefix in kept.iter() {
                    if !occurrence.is_exact {
                        out.push(Family::Prefix, prefix, 0);
                    }
                    out.push(Family::PrefixField, prefix, u32::from(occurrence.field));
                    out.push(Family::PrefixPosition, prefix, bucket(occurrence));
                }
            }
        }
        Ok(())
    }

    /// Adds the words of one field; how many there are.
    fn tokenize(
        &mut self,
        values: &[(FieldId, &str)],
        table: &FieldTable,
        words: &mut Lexicon,
    ) -> Result<u32, IndexError> {
        let field = values[0].0;
        let Some(features) = table.get(field) else { return Ok(0) };
        let mut positions = FieldPositions::new();
        let mut failed = None;
        for &(_, value) in values {
            let text = match value.starts_with('"') {
                true => decode_string(value)?,
                false => Cow::Borrowed(value),
            };
            let WordReader { tokenizer, scratch, occurrences, .. } = self;
            positions.value(tokenizer, &text, &features.locales, scratch, |position, lemma| {
                match words.intern(lemma.as_bytes()) {
                    Ok(word) => {
                        occurrences.push(Occurrence { field, position, word, is_exact: features.exact });
                    }
                    Err(error) => failed = Some(error),
                }
            });
        }
        if let Some(error) = failed {
            return Err(error.into());
        }
        if self.settings.typo.disable_on_numbers && !features.exact {
            self.mark_numbers(field, words);
        }
        Ok(positions.word_count())
    }

    /// Marks the number-like words of the last field as exact.
    fn mark_numbers(&mut self, field: FieldId, words: &Lexicon) {
        for word in self.number_like.len()..words.len() {
            let word = std::str::from_utf8(words.get(word as u32));
            self.number_like.push(word.is_ok_and(is_number_like));
        }
        for occurrence in self.occurrences.iter_mut().rev().take_while(|occurrence| occurrence.field == field)
        {
            occurrence.is_exact = self.number_like[occurrence.word as usize];
        }
    }

    fn push_words(&self, out: &mut DocumentKeys) {
        for occurrence in &self.occurrences {
            let family = if occurrence.is_exact { Family::ExactWord } else { Family::Word };
            out.push(family, occurrence.word, 0);
            out.push(Family::WordField, occurrence.word, u32::from(occurrence.field));
            out.push(Family::WordPosition, occurrence.word, bucket(occurrence));
        }
    }
}

fn bucket(occurrence: &Occurrence) -> u32 {
    u32::from(bucket_position(occurrence.position))
}
