//! From the text of a query to terms with everything that may stand for them.
//!
//! In reading order:
//! - [`parse`]: tokens to words, phrases and negations;
//! - [`interner`]: words and phrases as small numbers for the time of one query;
//! - [`term`]: a term, its classes of derivations, and how it is made;
//! - [`ngrams`]: neighbouring words taken as one;
//! - [`prefix`]: words that begin with the last one;
//! - [`typo`] with [`edit_distance`]: words that are nearly the one asked for;
//! - [`split_words`]: one word that the documents write as two.

pub(crate) mod edit_distance;
pub(crate) mod interner;
pub(crate) mod ngrams;
pub(crate) mod parse;
pub(crate) mod prefix;
pub(crate) mod split_words;
pub(crate) mod term;
#[cfg(test)]
mod tests;
pub(crate) mod typo;

pub(crate) use interner::{PhraseId, WordId};
pub(crate) use parse::ParsedQuery;
pub(crate) use term::{Class, Reach, Term, TermId, TermKind, WordRef};
