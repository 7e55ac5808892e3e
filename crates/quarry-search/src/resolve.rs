//! Terms to the documents that match them.

use std::cell::RefCell;
use std::rc::Rc;

use quarry_storage::{PostingsUnion, StorageError};
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use crate::context::SearchContext;
use crate::graph::NodeTerm;
use crate::postings_cache::{LazyPostings, NumberedPostings};
use crate::query::{PhraseId, Reach, TermId, TermKind, WordId, WordRef};
use crate::space::Space;

/// Words that a phrase compares at a time.
const PHRASE_WINDOW: usize = 3;

/// What was resolved so far.
#[derive(Default)]
pub(crate) struct Resolved {
    classes: RefCell<FxHashMap<(TermId, u8), Rc<RoaringBitmap>>>,
    nodes: RefCell<FxHashMap<NodeTerm, Rc<RoaringBitmap>>>,
    phrases: RefCell<FxHashMap<PhraseId, Rc<RoaringBitmap>>>,
}

/// One derivation of a term, as the rules look at it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Derivation {
    /// A word.
    Word(WordRef),
    /// All words with a kept prefix.
    KeptPrefix(WordId),
    /// Several words in a row.
    Phrase(PhraseId),
}

/// How the index tells where words are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// By field.
    Field,
    /// By the bucket of their position, in whatever field.
    Position,
}

impl<'s> SearchContext<'s> {
    /// Documents that match any derivation of a node.
    pub(crate) fn node_documents(&self, node: NodeTerm) -> Result<Rc<RoaringBitmap>, StorageError> {
        if let Some(documents) = self.resolved.nodes.borrow().get(&node) {
            return Ok(Rc::clone(documents));
        }
        let documents = if node.is_exact {
            self.exact_documents(node.term)?
        } else {
            let mut classes = node.classes();
            let first = classes.next().map(|typos| self.class_documents(node.term, typos)).transpose()?;
            let mut documents = first.unwrap_or_default();
            for typos in classes {
                let more = self.class_documents(node.term, typos)?;
                if !more.is_empty() {
                    *Rc::make_mut(&mut documents) |= &*more;
                }
            }
            documents
        };
        self.resolved.nodes.borrow_mut().insert(node, Rc::clone(&documents));
        Ok(documents)
    }

    /// Documents that match a term with this number of typos.
    pub(crate) fn class_documents(&self, term: TermId, typos: u8) -> Result<Rc<RoaringBitmap>, StorageError> {
        if let Some(documents) = self.resolved.classes.borrow().get(&(term, typos)) {
            return Ok(Rc::clone(documents));
        }
        let class = self.term(term).class(self, typos)?;
        let documents = match (&class.words[..], class.kept_prefix, &class.phrases[..]) {
            ([word], None, []) => Rc::clone(self.word_documents(*word)?.documents()?),
            (words, kept_prefix, phrases) => {
                let mut documents = PostingsUnion::default();
                for word in words {
                    self.word_documents(*word)?.add_to(&mut documents)?;
                }
                if let Some(prefix) = kept_prefix {
                    self.prefix_documents(prefix)?.add_to(&mut documents)?;
                }
                for phrase in phrases {
                    documents.add_bitmap(&*self.phrase_documents(*phrase)?);
                }
                Rc::new(documents.finish())
            }
        };
        self.resolved.classes.borrow_mut().insert((term, typos), Rc::clone(&documents));
        Ok(documents)
    }

    /// Documents that hold the term as it was asked for: the word itself or the phrase.
    fn exact_documents(&self, term: TermId) -> Result<Rc<RoaringBitmap>, StorageError> {
        match (self.term(term).kind, self.term(term).exact) {
            (TermKind::Phrase(phrase), _) => self.phrase_documents(phrase),
            (_, Some(word)) => Ok(Rc::clone(self.word_documents(word)?.documents()?)),
            (_, None) => Ok(Rc::default()),
        }
    }

    /// Calls `each` for the derivations of a node.
    pub(crate) fn for_each_derivation(
        &self,
        node: NodeTerm,
        mut each: impl FnMut(Derivation) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let term = self.term(node.term);
        if node.is_exact {
            return match (term.kind, term.exact) {
                (TermKind::Phrase(phrase), _) => each(Derivation::Phrase(phrase)),
                (_, Some(word)) => each(Derivation::Word(word)),
                (_, None) => Ok(()),
            };
        }
        for typos in node.classes() {
            let class = term.class(self, typos)?;
            class.words.iter().try_for_each(|word| each(Derivation::Word(*word)))?;
            class.kept_prefix.map_or(Ok(()), |prefix| each(Derivation::KeptPrefix(prefix)))?;
            class.phrases.iter().try_for_each(|phrase| each(Derivation::Phrase(*phrase)))?;
        }
        Ok(())
    }

    /// The documents of `space` that match a derivation.
    pub(crate) fn derivation_documents<S: Space>(
        &self,
        space: &S,
        derivation: Derivation,
    ) -> Result<S::Set, StorageError> {
        match derivation {
            Derivation::Word(word) => space.project_postings(&*self.word_documents(word)?),
            Derivation::KeptPrefix(prefix) => space.project_postings(&*self.prefix_documents(prefix)?),
            Derivation::Phrase(phrase) => Ok(space.project(&*self.phrase_documents(phrase)?)),
        }
    }

    fn prefix_documents(&self, prefix: WordId) -> Result<Rc<LazyPostings<'s>>, StorageError> {
        self.postings.prefix_documents(&self.scope, prefix, &self.text(prefix))
    }

    /// The documents of a derivation by field or by position, and which fields it reaches. Of several words the
    /// first one tells.
    pub(crate) fn places(
        &self,
        derivation: Derivation,
        place: Place,
    ) -> Result<(NumberedPostings<'s>, Reach), StorageError> {
        let of_word = |WordRef { word, reach }: WordRef| {
            let text = self.text(word);
            let postings = match place {
                Place::Field => self.postings.fields(word, &text)?,
                Place::Position => self.postings.positions(word, &text)?,
            };
            Ok((postings, reach))
        };
        match derivation {
            Derivation::Word(word) => of_word(word),
            Derivation::KeptPrefix(prefix) => {
                let text = self.text(prefix);
                let postings = match place {
                    Place::Field => self.postings.prefix_fields(prefix, &text)?,
                    Place::Position => self.postings.prefix_positions(prefix, &text)?,
                };
                Ok((postings, Reach::Tolerant))
            }
            Derivation::Phrase(phrase) => match self.locating_word(phrase) {
                Some(word) => of_word(WordRef { word, reach: Reach::Everywhere }),
                None => Ok((NumberedPostings::from([]), Reach::Everywhere)),
            },
        }
    }

    /// The first word of a phrase that is not a hole: what the phrase is located by.
    pub(crate) fn locating_word(&self, phrase: PhraseId) -> Option<WordId> {
        self.phrase_words(phrase).iter().flatten().next().copied()
    }

    /// Documents that hold a phrase: all its words; each word right behind the one before it; and each word
    /// behind the one two before it, at distance 1 or 2. Holes are any word.
    ///
    /// That all of this is true at one place of the document is not asked.
    pub(crate) fn phrase_documents(&self, phrase: PhraseId) -> Result<Rc<RoaringBitmap>, StorageError> {
        if let Some(documents) = self.resolved.phrases.borrow().get(&phrase) {
            return Ok(Rc::clone(documents));
        }
        let documents = Rc::new(self.find_phrase(&self.phrase_words(phrase))?);
        self.resolved.phrases.borrow_mut().insert(phrase, Rc::clone(&documents));
        Ok(documents)
    }

    fn find_phrase(&self, words: &[Option<WordId>]) -> Result<RoaringBitmap, StorageError> {
        let mut of_words = Vec::with_capacity(words.len());
        for word in words.iter().flatten() {
            let of_word = self.word_documents(WordRef { word: *word, reach: Reach::Everywhere })?;
            of_words.push(Rc::clone(of_word.documents()?));
        }
        of_words.sort_by_key(|documents| documents.len());
        let Some((rarest, others)) = of_words.split_first() else { return Ok(RoaringBitmap::new()) };
        let mut documents = (**rarest).clone();
        for other in others {
            documents &= &**other;
        }
        for (start, left) in words.iter().enumerate() {
            for gap in 1..PHRASE_WINDOW {
                let (Some(left), Some(Some(right))) = (left, words.get(start + gap)) else { continue };
                if documents.is_empty() {
                    return Ok(documents);
                }
                let (left_text, right_text) = (self.text(*left), self.text(*right));
                let pair = self.postings.pair((*left, &left_text), (*right, &right_text))?;
                let mut near = RoaringBitmap::new();
                for at_distance in &pair[..gap] {
                    near |= &**at_distance.documents()?;
                }
                documents &= near;
            }
        }
        Ok(documents)
    }

    /// Whether the term may still match as it was asked for.
    pub(crate) fn has_exact_form(&self, node: NodeTerm) -> bool {
        let term = self.term(node.term);
        match term.kind {
            TermKind::Phrase(_) => true,
            TermKind::Ngram => false,
            TermKind::Word => term.exact.is_some() && node.has_class(0),
        }
    }
}
