//! Kept prefixes of the words of a document: how the unions of prefixes follow a small write.

use std::io;

use quarry_index::dictionary::KeptPrefixes;
use quarry_index::dictionary::kept_prefixes::{PREFIX_BYTES_MAX, prefixes_of};

use crate::lexicon::Lexicon;

/// Finds the kept prefixes of words; each word is looked up once per thread.
pub(crate) struct PrefixFinder<'x> {
    kept: &'x KeptPrefixes<'x>,
    of_words: Vec<Option<WordPrefixes>>,
}

/// The kept prefixes of one word, as numbers of the lexicon.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WordPrefixes {
    numbers: [u32; PREFIX_BYTES_MAX],
    count: u8,
}

impl WordPrefixes {
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.numbers.into_iter().take(usize::from(self.count))
    }
}

impl<'x> PrefixFinder<'x> {
    pub(crate) fn new(kept: &'x KeptPrefixes<'x>) -> PrefixFinder<'x> {
        PrefixFinder { kept, of_words: Vec::new() }
    }

    /// The kept prefixes of a word of the lexicon, which get numbers there too.
    pub(crate) fn of(&mut self, word: u32, words: &mut Lexicon) -> io::Result<WordPrefixes> {
        let place = word as usize;
        if self.of_words.len() <= place {
            self.of_words.resize(place + 1, None);
        }
        match self.of_words[place] {
            Some(known) => Ok(known),
            None => {
                let found = self.find(word, words)?;
                self.of_words[place] = Some(found);
                Ok(found)
            }
        }
    }

    fn find(&self, word: u32, words: &mut Lexicon) -> io::Result<WordPrefixes> {
        let mut found = WordPrefixes::default();
        let mut start = [0; PREFIX_BYTES_MAX];
        let text = words.get(word);
        let length = text.len().min(PREFIX_BYTES_MAX);
        start[..length].copy_from_slice(&text[..length]);
        // Cutting may split the last character: what is before it is valid.
        let start = match std::str::from_utf8(&start[..length]) {
            Ok(start) => start,
            Err(error) => std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default(),
        };
        for prefix in prefixes_of(start).filter(|prefix| self.kept.contains(prefix)) {
            found.numbers[usize::from(found.count)] = words.intern(prefix.as_bytes())?;
            found.count += 1;
        }
        Ok(found)
    }
}
