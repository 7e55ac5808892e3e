//! Tokenisation: segmentation, normalisation, separators, languages.
//!
//! A text becomes tokens in four steps, in reading order of the modules:
//! 1. `script`: consecutive characters of one script form a group; the group's language is found if it matters.
//! 2. `pattern`: the group is cut on separators and dictionary words, longest first.
//! 3. `segment`: what lies between is one word, or several where the script or the language needs a dictionary.
//! 4. `fold`: each piece is rewritten to its lemma, the form that is indexed and compared.
//!
//! [`Tokenizer`] runs them; [`FieldPositions`] numbers the words of a document field. Nothing outside this
//! crate knows which library segments a language, or that one does at all.

mod facet;
mod fold;
mod korean;
mod language;
mod pattern;
mod positions;
mod script;
mod segment;
mod separators;
mod stop_word;
mod token;
mod tokenizer;

pub use facet::{FACET_VALUE_BYTES_MAX, normalize_facet, normalize_facet_uncut};
pub use language::{LOCALES_BODY_ORDER, LOCALES_QUERY_ORDER, Language};
pub use positions::{FieldPositions, POSITIONS_MAX, WORD_BYTES_MAX, bucket_position};
pub use stop_word::normalize_stop_word;
pub use token::{OwnedToken, Token, TokenKind};
pub use tokenizer::{Scratch, Tokenizer, TokenizerOptions, is_number_like, normalize_words};
