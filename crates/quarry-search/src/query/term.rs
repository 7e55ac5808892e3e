//! Terms: what the query asks for, and everything that may stand for it, in classes of 0, 1 and 2 typos.

use std::cell::OnceCell;
use std::ops::RangeInclusive;

use quarry_storage::StorageError;
use quarry_text::WORD_BYTES_MAX;

use crate::context::SearchContext;
use crate::query::parse::ParsedTerm;
use crate::query::{PhraseId, WordId, prefix, split_words, typo};

/// Synonyms of one word that count, and the words in them.
const SYNONYMS_MAX: usize = 50;
const SYNONYM_WORDS_MAX: usize = 100;

/// Number of a term in the query: its place in [`SearchContext::terms`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TermId(pub u16);

impl TermId {
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Which attributes' words a derivation stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reach {
    /// All: the word was asked for as it is.
    Everywhere,
    /// Only those where typos are allowed: the word was derived.
    Tolerant,
}

/// A word that may stand for a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct WordRef {
    pub word: WordId,
    pub reach: Reach,
}

/// Derivations of a term with one number of typos.
#[derive(Debug, Default)]
pub(crate) struct Class {
    /// Words, the one asked for first if it is known.
    pub words: Vec<WordRef>,
    /// A prefix whose words are not listed: their unions are kept in the index.
    pub kept_prefix: Option<WordId>,
    /// Several words in a row: the phrase asked for, synonyms, split words.
    pub phrases: Vec<PhraseId>,
}

/// What a term is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TermKind {
    /// One word of the query.
    Word,
    /// Two or three words of the query taken as one.
    Ngram,
    /// Words in quotes.
    Phrase(PhraseId),
}

/// One node's worth of query.
#[derive(Debug)]
pub(crate) struct Term {
    pub kind: TermKind,
    /// The text looked for; none for a phrase.
    pub word: Option<WordId>,
    pub is_prefix: bool,
    /// Typos that its words allow: 0 to 2.
    pub typos_allowed: u8,
    /// Terms of the query that it covers.
    pub indexes: RangeInclusive<u8>,
    /// Positions of the query that it covers.
    pub positions: RangeInclusive<u16>,
    /// The word itself, if the index knows it; never for n-grams.
    pub exact: Option<WordRef>,
    /// Derivations without typos.
    pub without_typos: Class,
    /// Derivations with one and with two typos, found when first asked for.
    pub with_typos: OnceCell<[Class; 2]>,
}

impl Term {
    /// Number of terms of the query that it covers.
    pub(crate) fn words_count(&self) -> u32 {
        u32::from(self.indexes.end() - self.indexes.start()) + 1
    }

    /// The highest class that the term may match in, whether or not something does: a word that allows no
    /// typo may still be split.
    pub(crate) fn class_max(&self) -> u8 {
        match self.kind {
            TermKind::Phrase(_) => 0,
            TermKind::Word | TermKind::Ngram => self.typos_allowed.max(1),
        }
    }

    /// Derivations with `typos` typos.
    pub(crate) fn class<'t>(
        &'t self,
        context: &SearchContext<'_>,
        typos: u8,
    ) -> Result<&'t Class, StorageError> {
        if typos == 0 {
            return Ok(&self.without_typos);
        }
        let classes = match self.with_typos.get() {
            Some(classes) => classes,
            None => {
                let found = self.derive_with_typos(context)?;
                self.with_typos.get_or_init(|| found)
            }
        };
        Ok(&classes[usize::from(typos.min(2)) - 1])
    }

    fn derive_with_typos(&self, context: &SearchContext<'_>) -> Result<[Class; 2], StorageError> {
        let Some(word) = self.word else { return Ok(Default::default()) };
        let text = context.text(word);
        if text.len() > WORD_BYTES_MAX {
            return Ok(Default::default());
        }
        let [one, two] = typo::near_words(context, &text, self.typos_allowed, self.is_prefix)?;
        let mut classes =
            [Class { words: one, ..Class::default() }, Class { words: two, ..Class::default() }];
        if let Some((left, right)) = split_words::best_split(context, &text)? {
            let words = [Some(context.word(left)), Some(context.word(right))];
            let joins_its_own = self.kind == TermKind::Ngram
                && self.typos_allowed <= 1
                && context.is_two_terms(&self.indexes, left, right);
            if !joins_its_own {
                classes[0].phrases.push(context.phrase(&words));
            }
        }
        Ok(classes)
    }
}

impl SearchContext<'_> {
    /// Makes the term of a parsed word or phrase, the `index`-th of the query.
    pub(crate) fn parsed_term(&self, parsed: &ParsedTerm, index: u8) -> Result<Term, StorageError> {
        match parsed {
            ParsedTerm::Word { word, position, is_prefix } => {
                let typos_allowed = self.snapshot.settings().typo.typos_max(word);
                let mut term = Term {
                    kind: TermKind::Word,
                    word: Some(self.word(word)),
                    is_prefix: *is_prefix,
                    typos_allowed,
                    indexes: index..=index,
                    positions: *position..=*position,
                    exact: None,
                    without_typos: Class::default(),
                    with_typos: OnceCell::new(),
                };
                self.derive_without_typos(&mut term, word)?;
                self.add_synonyms(&mut term, &[word]);
                Ok(term)
            }
            ParsedTerm::Phrase { words, positions } => {
                let phrase = self.parsed_phrase(words);
                Ok(Term {
                    kind: TermKind::Phrase(phrase),
                    word: None,
                    is_prefix: false,
                    typos_allowed: 0,
                    indexes: index..=index,
                    positions: positions.clone(),
                    exact: None,
                    without_typos: Class { phrases: vec![phrase], ..Class::default() },
                    with_typos: OnceCell::new(),
                })
            }
        }
    }

    /// The number of a phrase in quotes.
    pub(crate) fn parsed_phrase(&self, words: &[Option<String>]) -> PhraseId {
        let words: Vec<Option<WordId>> =
            words.iter().map(|word| word.as_deref().map(|word| self.word(word))).collect();
        self.phrase(&words)
    }

    /// Finds the word itself and, for a prefix, the words that begin with it.
    pub(crate) fn derive_without_typos(&self, term: &mut Term, text: &str) -> Result<(), StorageError> {
        if text.len() > WORD_BYTES_MAX {
            return Ok(());
        }
        let is_ngram = term.kind == TermKind::Ngram;
        let reach = if is_ngram { Reach::Tolerant } else { Reach::Everywhere };
        let is_known = if is_ngram { self.dictionary()?.contains(text) } else { self.is_known(text)? };
        let itself = WordRef { word: self.word(text), reach };
        if is_known {
            term.without_typos.words.push(itself);
            term.exact = (!is_ngram).then_some(itself);
        }
        if term.is_prefix {
            prefix::add_words_with_prefix(self, itself, text, &mut term.without_typos)?;
        }
        Ok(())
    }

    /// Adds the synonyms of a sequence of words.
    pub(crate) fn add_synonyms(&self, term: &mut Term, words: &[&str]) {
        let class = &mut term.without_typos;
        let mut words_count = 0;
        for synonym in self.snapshot.synonyms().of(words).iter().take(SYNONYMS_MAX) {
            words_count += synonym.len();
            if words_count > SYNONYM_WORDS_MAX {
                break;
            }
            match &synonym[..] {
                [] => {}
                [word] => {
                    class.words.push(WordRef { word: self.word(word), reach: Reach::Everywhere });
                }
                several => {
                    let words: Vec<Option<WordId>> =
                        several.iter().map(|word| Some(self.word(word))).collect();
                    class.phrases.push(self.phrase(&words));
                }
            }
        }
    }

    /// Whether the terms at `indexes` are the words `left` and `right`.
    fn is_two_terms(&self, indexes: &RangeInclusive<u8>, left: &str, right: &str) -> bool {
        let is_word = |index: u8, word: &str| {
            self.terms.iter().any(|term| {
                term.kind == TermKind::Word
                    && *term.indexes.start() == index
                    && term.word.is_some_and(|id| &*self.text(id) == word)
            })
        };
        indexes.end() - indexes.start() == 1
            && is_word(*indexes.start(), left)
            && is_word(*indexes.end(), right)
    }
}
