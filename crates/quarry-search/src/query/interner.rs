//! Words and phrases as small numbers, for the time of one query.

use std::hash::Hash;
use std::rc::Rc;

use rustc_hash::FxHashMap;

/// Number of a word in this query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct WordId(u32);

/// Number of a phrase in this query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PhraseId(u32);

/// Numbers values in the order in which they come, equal ones once.
#[derive(Debug)]
pub(crate) struct Interner<T: ?Sized> {
    numbers: FxHashMap<Rc<T>, u32>,
    values: Vec<Rc<T>>,
}

impl<T: ?Sized> Default for Interner<T> {
    fn default() -> Self {
        Interner { numbers: FxHashMap::default(), values: Vec::new() }
    }
}

impl<T: ?Sized + Eq + Hash> Interner<T> {
    fn number<'v>(&mut self, value: &'v T) -> u32
    where
        Rc<T>: From<&'v T>,
    {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let number = u32::try_from(self.values.len()).expect("a query meets far fewer than 2^32 words");
        let value: Rc<T> = value.into();
        self.values.push(Rc::clone(&value));
        self.numbers.insert(value, number);
        number
    }
}

impl Interner<str> {
    /// The number of `word`.
    pub(crate) fn word(&mut self, word: &str) -> WordId {
        WordId(self.number(word))
    }

    /// The word of a number.
    pub(crate) fn text(&self, word: WordId) -> &Rc<str> {
        &self.values[word.0 as usize]
    }
}

impl Interner<[Option<WordId>]> {
    /// The number of the phrase of `words`.
    pub(crate) fn phrase(&mut self, words: &[Option<WordId>]) -> PhraseId {
        PhraseId(self.number(words))
    }

    /// The words of a phrase; none where any word may stand.
    pub(crate) fn words(&self, phrase: PhraseId) -> &Rc<[Option<WordId>]> {
        &self.values[phrase.0 as usize]
    }
}
