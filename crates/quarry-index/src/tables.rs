//! THE table of tables: stored name, kind, key, value, who writes and who reads.
//!
//! | table | key (`keys/`) | value | written by | read by |
//! |---|---|---|---|---|
//! | `main` | name of an entry (`main_table.rs`) | its own form | indexer | all |
//! | `documents` | `document` | record (`document/`) | indexer | search, engine |
//! | `external-documents-ids` | external id, as it is | document id, u32 big endian | indexer | indexer, engine |
//! | `document-sets` | `document_set` | postings: all documents, documents with a point | indexer | search |
//! | `word-docids` | `word` | postings | indexer | search |
//! | `exact-word-docids` | `word` | postings of words that typos never reach | indexer | search |
//! | `word-field-id-docids` | `word_number` | postings | indexer | search: attribute rank |
//! | `word-position-docids` | `word_number` | postings | indexer | search: word position |
//! | `word-pair-proximity-docids` | `word_pair` | postings | indexer | search: proximity, phrases |
//! | `field-id-word-count-docids` | `field_word_count` | postings | indexer | search: exactness |
//! | `word-prefix-docids` | `word` (a kept prefix) | postings | indexer, post-processing | search |
//! | `word-prefix-field-id-docids` | `word_number` (a kept prefix) | postings | the same | search |
//! | `word-prefix-position-docids` | `word_number` (a kept prefix) | postings | the same | search |
//! | `facet-id-is-null-docids` | `field` | postings | indexer | search: `IS NULL` |
//! | `facet-id-is-empty-docids` | `field` | postings | indexer | search: `IS EMPTY` |
//! | `facet-id-exists-docids` | `field` | postings | indexer | search: `EXISTS` |
//! | `facet-id-f64-docids` | `facet_number` | postings of values and, above them, of groups | indexer; quarry-facets | search |
//! | `facet-id-string-docids` | `facet_string` | the same | the same | the same |
//! | `field-id-docid-facet-f64s` | `document_facet` | the document's numbers | indexer | search: sort, distinct |
//! | `field-id-docid-facet-strings` | `document_facet` | its normalised and original strings | indexer | search |
//! | `geo-points` | quarry-geo | quarry-geo | quarry-geo | quarry-geo |
//! | `late-postings` | number of a table of words, then a key of it | ids that the key has more and less | indexer | with that table |
//!
//! Plain tables hold one LMDB entry per key. Block tables pack neighbouring keys in blocks, and postings
//! tables keep sets of document ids on such blocks (quarry-storage). What small writes change in the tables of words
//! waits in `late-postings`; their readers put both together.

use quarry_facets::{FacetKind, FacetTable};
use quarry_storage::{
    BlockTable, Environment, LateChanges, LayeredPostings, PlainTable, PostingsTable, StorageError,
};

/// How the entries of a table are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// One LMDB entry per key.
    Plain,
    /// Neighbouring entries packed in blocks.
    Blocks,
    /// Sets of document ids, packed in blocks.
    Postings,
    /// The same, and changes to them may wait.
    Layered,
    /// The changes that wait.
    Late,
    /// Sets of document ids of numbers and the groups above them.
    FacetNumbers,
    /// The same for strings.
    FacetStrings,
}

macro_rules! tables {
    ($($variant:ident, $field:ident: $type:ident = $kind:ident, $name:literal, $doc:literal;)*) => {
        /// Names one stored table. The number is what a channel frame carries.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum TableId {
            $(#[doc = $doc] $variant,)*
        }

        impl TableId {
            /// Every table, in the order of their numbers.
            pub const ALL: &'static [TableId] = &[$(TableId::$variant,)*];

            const NAMES: [&'static str; TableId::ALL.len()] = [$($name,)*];

            /// How its entries are stored.
            pub const fn kind(self) -> TableKind {
                match self {
                    $(TableId::$variant => TableKind::$kind,)*
                }
            }
        }

        /// Every table of one open index. Copies are cheap.
        #[derive(Clone, Copy)]
        pub struct Tables {
            $(#[doc = $doc] pub $field: $type,)*
            entries: [PlainTable; TableId::ALL.len()],
        }

        impl Tables {
            /// Opens every table, creating those that are missing.
            pub fn open(environment: &Environment) -> Result<Tables, StorageError> {
                let entries = environment.tables(TableId::NAMES)?;
                Ok(Tables {
                    $($field: open!($kind, entries, TableId::$variant),)*
                    entries,
                })
            }
        }
    };
}

macro_rules! open {
    (Plain, $entries:ident, $id:expr) => {
        $entries[$id as usize]
    };
    (Blocks, $entries:ident, $id:expr) => {
        BlockTable::from($entries[$id as usize])
    };
    (Postings, $entries:ident, $id:expr) => {
        PostingsTable::from($entries[$id as usize])
    };
    (Layered, $entries:ident, $id:expr) => {
        LayeredPostings::new(
            $entries[$id as usize].into(),
            $entries[TableId::LatePostings as usize].into(),
            $id as u8,
        )
    };
    (Late, $entries:ident, $id:expr) => {
        LateChanges::from($entries[$id as usize])
    };
    (FacetNumbers, $entries:ident, $id:expr) => {
        FacetTable::new($entries[$id as usize], FacetKind::Numbers)
    };
    (FacetStrings, $entries:ident, $id:expr) => {
        FacetTable::new($entries[$id as usize], FacetKind::Strings)
    };
}

tables! {
    Main, main: PlainTable = Plain, "main", "Single values: settings, fields, dictionaries, statistics.";
    Documents, documents: PlainTable = Plain, "documents", "Document id to record.";
    ExternalDocumentIds, external_document_ids: PlainTable = Plain, "external-documents-ids",
        "External id to document id.";
    DocumentSets, document_sets: PostingsTable = Postings, "document-sets", "All documents; documents with a point.";
    WordPostings, word_postings: LayeredPostings = Layered, "word-docids", "Word to documents.";
    ExactWordPostings, exact_word_postings: LayeredPostings = Layered, "exact-word-docids",
        "Word to the documents that hold it where typos are off.";
    WordFieldPostings, word_field_postings: LayeredPostings = Layered, "word-field-id-docids",
        "Word and field to documents.";
    WordPositionPostings, word_position_postings: LayeredPostings = Layered, "word-position-docids",
        "Word and position bucket to documents.";
    WordPairPostings, word_pair_postings: LayeredPostings = Layered, "word-pair-proximity-docids",
        "Two words and their distance to documents.";
    FieldWordCountPostings, field_word_count_postings: LayeredPostings = Layered, "field-id-word-count-docids",
        "Field and number of words to documents.";
    PrefixPostings, prefix_postings: LayeredPostings = Layered, "word-prefix-docids", "Kept prefix to documents.";
    PrefixFieldPostings, prefix_field_postings: LayeredPostings = Layered, "word-prefix-field-id-docids",
        "Kept prefix and field to documents.";
    PrefixPositionPostings, prefix_position_postings: LayeredPostings = Layered, "word-prefix-position-docids",
        "Kept prefix and position bucket to documents.";
    FacetNull, facet_null: PostingsTable = Postings, "facet-id-is-null-docids", "Field to documents where it is null.";
    FacetEmpty, facet_empty: PostingsTable = Postings, "facet-id-is-empty-docids",
        "Field to documents where it is `\"\"`, `[]` or `{}`.";
    FacetExists, facet_exists: PostingsTable = Postings, "facet-id-exists-docids", "Field to documents that have it.";
    FacetNumbers, facet_numbers: FacetTable = FacetNumbers, "facet-id-f64-docids", "Field and number to documents.";
    FacetStrings, facet_strings: FacetTable = FacetStrings, "facet-id-string-docids",
        "Field and normalised string to documents.";
    DocumentFacetNumbers, document_facet_numbers: BlockTable = Blocks, "field-id-docid-facet-f64s",
        "Field and document to its numbers.";
    DocumentFacetStrings, document_facet_strings: BlockTable = Blocks, "field-id-docid-facet-strings",
        "Field and document to its strings.";
    GeoPoints, geo_points: BlockTable = Blocks, "geo-points", "Points of documents, in the order of a space-filling curve.";
    LatePostings, late_postings: LateChanges = Late, "late-postings", "Changes to tables of words that wait.";
}

impl TableId {
    /// The stored name, as statistics show it.
    pub fn name(self) -> &'static str {
        TableId::NAMES[self as usize]
    }

    /// The table with this number, if there is one.
    pub fn from_number(number: u16) -> Option<TableId> {
        TableId::ALL.get(usize::from(number)).copied()
    }

    /// The number that channel frames carry, and keys of late changes.
    pub fn number(self) -> u16 {
        self as u16
    }
}

impl Tables {
    /// The tables whose changes may wait, in the order of their numbers.
    pub fn layered(&self) -> [LayeredPostings; 9] {
        [
            self.word_postings,
            self.exact_word_postings,
            self.word_field_postings,
            self.word_position_postings,
            self.word_pair_postings,
            self.field_word_count_postings,
            self.prefix_postings,
            self.prefix_field_postings,
            self.prefix_position_postings,
        ]
    }

    /// The LMDB entries under a table: what the one writer puts and deletes.
    pub fn entries(&self, table: TableId) -> PlainTable {
        self.entries[table as usize]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use quarry_storage::EnvironmentOptions;

    use super::*;

    #[test]
    fn numbers_and_tables_correspond() {
        for (number, &table) in TableId::ALL.iter().enumerate() {
            assert_eq!(usize::from(table.number()), number);
            assert_eq!(TableId::from_number(table.number()), Some(table));
        }
        assert_eq!(TableId::from_number(TableId::ALL.len() as u16), None);
    }

    #[test]
    fn every_layered_table_is_settled() {
        let folder = tempfile::tempdir().unwrap();
        let options =
            EnvironmentOptions { tables_max: TableId::ALL.len() as u32, ..EnvironmentOptions::default() };
        let tables = Tables::open(&Environment::open(folder.path(), &options).unwrap()).unwrap();
        let layered = tables.layered().map(|table| table.settled().name());
        let kinds = TableId::ALL.iter().filter(|table| table.kind() == TableKind::Layered);
        assert_eq!(layered.to_vec(), kinds.map(|table| table.name()).collect::<Vec<_>>());
    }

    #[test]
    fn stored_names_differ() {
        let mut names: Vec<_> = TableId::ALL.iter().map(|table| table.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TableId::ALL.len());
    }
}
