//! Everything that the stages of one search share.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use quarry_index::{Dictionary, Snapshot};
use quarry_storage::StorageError;

use crate::postings_cache::{LazyPostings, PostingsCache};
use crate::query::interner::Interner;
use crate::query::{PhraseId, Term, TermId, WordId, WordRef};
use crate::resolve::Resolved;
use crate::scope::SearchScope;

/// The state of one search: the index, the terms, and what was read for them.
pub(crate) struct SearchContext<'s> {
    pub snapshot: &'s Snapshot<'s>,
    pub scope: SearchScope,
    pub postings: PostingsCache<'s>,
    /// All terms of the query graph: words, phrases, n-grams. Complete before ranking starts.
    pub terms: Vec<Term>,
    words: RefCell<Interner<str>>,
    phrases: RefCell<Interner<[Option<WordId>]>>,
    dictionary: OnceCell<Dictionary<'s>>,
    exact_dictionary: OnceCell<Dictionary<'s>>,
    pub(crate) resolved: Resolved,
}

impl<'s> SearchContext<'s> {
    pub(crate) fn new(
        snapshot: &'s Snapshot<'s>,
        scope: SearchScope,
    ) -> Result<SearchContext<'s>, StorageError> {
        Ok(SearchContext {
            snapshot,
            scope,
            postings: PostingsCache::new(snapshot)?,
            terms: Vec::new(),
            words: RefCell::default(),
            phrases: RefCell::default(),
            dictionary: OnceCell::new(),
            exact_dictionary: OnceCell::new(),
            resolved: Resolved::default(),
        })
    }

    pub(crate) fn term(&self, term: TermId) -> &Term {
        &self.terms[term.index()]
    }

    /// The number of `word`.
    pub(crate) fn word(&self, word: &str) -> WordId {
        self.words.borrow_mut().word(word)
    }

    /// The word of a number.
    pub(crate) fn text(&self, word: WordId) -> Rc<str> {
        Rc::clone(self.words.borrow().text(word))
    }

    /// The number of the phrase of `words`.
    pub(crate) fn phrase(&self, words: &[Option<WordId>]) -> PhraseId {
        self.phrases.borrow_mut().phrase(words)
    }

    /// The words of a phrase; none where any word may stand.
    pub(crate) fn phrase_words(&self, phrase: PhraseId) -> Rc<[Option<WordId>]> {
        Rc::clone(self.phrases.borrow().words(phrase))
    }

    /// The words of a phrase as texts.
    pub(crate) fn phrase_text(&self, phrase: PhraseId) -> Vec<Option<String>> {
        let words = self.phrase_words(phrase);
        words.iter().map(|word| word.map(|word| self.text(word).to_string())).collect()
    }

    /// Documents that hold `word` in a searched attribute.
    pub(crate) fn word_documents(&self, word: WordRef) -> Result<Rc<LazyPostings<'s>>, StorageError> {
        self.postings.documents(&self.scope, word, &self.text(word.word))
    }

    /// The words that typos may reach.
    pub(crate) fn dictionary(&self) -> Result<&Dictionary<'s>, StorageError> {
        opened(&self.dictionary, || self.snapshot.dictionary())
    }

    /// The words that typos never reach.
    pub(crate) fn exact_dictionary(&self) -> Result<&Dictionary<'s>, StorageError> {
        opened(&self.exact_dictionary, || self.snapshot.exact_dictionary())
    }

    /// Whether some document holds `word`.
    pub(crate) fn is_known(&self, word: &str) -> Result<bool, StorageError> {
        Ok(self.dictionary()?.contains(word)
            || (self.postings.has_exact_words && self.exact_dictionary()?.contains(word)))
    }
}

fn opened<T>(cell: &OnceCell<T>, open: impl FnOnce() -> Result<T, StorageError>) -> Result<&T, StorageError> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = open()?;
    Ok(cell.get_or_init(|| value))
}
