//! The families: which postings table each kind of extracted entry goes to, and how its keys are made.
//!
//! An entry is (first, second, document). `first` is the number of a word or of a whole key; `second` says
//! the rest of the key: a field, a position bucket, or another word with a distance.

use quarry_index::TableId;
use quarry_index::keys::{word, word_number, word_pair};

use crate::lexicon::Order;

/// One kind of extracted entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Family {
    Word,
    ExactWord,
    WordField,
    WordPosition,
    WordPair,
    Prefix,
    PrefixField,
    PrefixPosition,
    FieldWordCount,
    FacetNull,
    FacetEmpty,
    FacetExists,
    FacetNumber,
    FacetString,
}

/// How many families there are.
pub(crate) const FAMILIES_COUNT: usize = Family::ALL.len();

/// Bits of `second` that hold the distance of a pair.
const DISTANCE_BITS: u32 = 2;

impl Family {
    pub(crate) const ALL: [Family; 14] = [
        Family::Word,
        Family::ExactWord,
        Family::WordField,
        Family::WordPosition,
        Family::WordPair,
        Family::Prefix,
        Family::PrefixField,
        Family::PrefixPosition,
        Family::FieldWordCount,
        Family::FacetNull,
        Family::FacetEmpty,
        Family::FacetExists,
        Family::FacetNumber,
        Family::FacetString,
    ];

    /// The table of its postings.
    pub(crate) fn table(self) -> TableId {
        match self {
            Family::Word => TableId::WordPostings,
            Family::ExactWord => TableId::ExactWordPostings,
            Family::WordField => TableId::WordFieldPostings,
            Family::WordPosition => TableId::WordPositionPostings,
            Family::WordPair => TableId::WordPairPostings,
            Family::Prefix => TableId::PrefixPostings,
            Family::PrefixField => TableId::PrefixFieldPostings,
            Family::PrefixPosition => TableId::PrefixPositionPostings,
            Family::FieldWordCount => TableId::FieldWordCountPostings,
            Family::FacetNull => TableId::FacetNull,
            Family::FacetEmpty => TableId::FacetEmpty,
            Family::FacetExists => TableId::FacetExists,
            Family::FacetNumber => TableId::FacetNumbers,
            Family::FacetString => TableId::FacetStrings,
        }
    }

    /// Whether `first` is the number of a word; otherwise it is that of a whole key.
    pub(crate) fn is_of_words(self) -> bool {
        (self as usize) < Family::FieldWordCount as usize
    }

    /// `second` with the number of a word in it replaced by `renumber`.
    #[inline]
    pub(crate) fn renumber_second(self, second: u32, renumber: impl Fn(u32) -> u32) -> u32 {
        match self {
            Family::WordPair => {
                let (word, distance) = split_pair(second);
                pair_second(renumber(word), distance)
            }
            _ => second,
        }
    }

    /// Puts the key of an entry in `key`; `first` and the word in `second` are ranks of `order`.
    pub(crate) fn put_key(self, order: &Order, first: u32, second: u32, key: &mut Vec<u8>) {
        let text = order.get(first);
        match self {
            Family::Word | Family::ExactWord | Family::Prefix => word::put(key, text),
            Family::WordField | Family::PrefixField | Family::WordPosition | Family::PrefixPosition => {
                word_number::put(key, text, second as u16)
            }
            Family::WordPair => {
                let (other, distance) = split_pair(second);
                word_pair::put(key, text, order.get(other), distance);
            }
            _ => {
                key.clear();
                key.extend_from_slice(text);
            }
        }
    }
}

/// `second` of a pair: the right word and the distance, 1 to 3.
#[inline]
pub(crate) fn pair_second(word: u32, distance: u8) -> u32 {
    word << DISTANCE_BITS | u32::from(distance)
}

/// The right word and the distance of a pair.
#[inline]
pub(crate) fn split_pair(second: u32) -> (u32, u8) {
    (second >> DISTANCE_BITS, (second & 3) as u8)
}
