//! What is extracted from documents: settings, fields, and which tables are built anew.

use std::sync::Arc;

use quarry_index::dictionary::KeptPrefixes;
use quarry_index::document::CompressionDictionary;
use quarry_index::{Fields, Index, Settings};
use quarry_text::Tokenizer;

use crate::family::{FAMILIES_COUNT, Family};

/// What every thread of an extraction reads.
#[derive(Clone)]
pub(crate) struct Plan<'x> {
    pub(crate) index: &'x Index,
    pub(crate) settings: Arc<Settings>,
    pub(crate) fields: &'x Fields,
    pub(crate) tokenizer: Arc<Tokenizer>,
    /// The kept prefixes, when documents are extracted into the families of prefixes.
    pub(crate) kept_prefixes: Option<Arc<KeptPrefixes<'x>>>,
    pub(crate) compression: Option<CompressionDictionary>,
    pub(crate) work: Work,
    /// Entries and values that one thread may keep in memory, in bytes.
    pub(crate) thread_bytes_max: usize,
}

/// What becomes of the tables of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TableWork {
    /// Nothing is kept there.
    #[default]
    Off,
    /// Changed documents change it.
    Update,
    /// It was emptied and every document is put in again.
    Rebuild,
}

impl TableWork {
    /// Whether documents have something to say.
    pub(crate) fn is_on(self) -> bool {
        self != TableWork::Off
    }
}

/// What becomes of each group of tables.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Work {
    pub(crate) words: TableWork,
    pub(crate) pairs: TableWork,
    /// Prefixes of words: rebuilt from the tables of words, not by extraction.
    pub(crate) prefixes: TableWork,
    pub(crate) facets: TableWork,
    pub(crate) points: TableWork,
    pub(crate) shapes: TableWork,
}

impl Work {
    /// What becomes of the table of a family.
    pub(crate) fn of(&self, family: Family) -> TableWork {
        match family {
            Family::Word
            | Family::ExactWord
            | Family::WordField
            | Family::WordPosition
            | Family::FieldWordCount => self.words,
            Family::WordPair => self.pairs,
            Family::Prefix | Family::PrefixField | Family::PrefixPosition => self.prefixes,
            Family::FacetNull
            | Family::FacetEmpty
            | Family::FacetExists
            | Family::FacetNumber
            | Family::FacetString => self.facets,
        }
    }

    /// Whether documents that did not change must be read as well.
    pub(crate) fn needs_all_documents(&self) -> bool {
        [self.words, self.pairs, self.facets, self.points, self.shapes].contains(&TableWork::Rebuild)
    }

    /// Whether words are extracted into prefix families.
    pub(crate) fn extracts_prefixes(&self) -> bool {
        self.prefixes == TableWork::Update
    }

    /// Whether some family keyed by words is built anew.
    pub(crate) fn rebuilds_words(&self) -> bool {
        [self.words, self.pairs].contains(&TableWork::Rebuild)
    }

    /// For each family, whether it is built anew.
    pub(crate) fn rebuilt_families(&self) -> [bool; FAMILIES_COUNT] {
        Family::ALL.map(|family| self.of(family) == TableWork::Rebuild)
    }
}
