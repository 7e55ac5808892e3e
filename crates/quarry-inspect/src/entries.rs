//! Every entry of a table, decoded as far as two indexes can be compared: blocks depend on the history of
//! writes, entries do not.

use std::collections::BTreeMap;

use quarry_index::tables::TableKind;
use quarry_index::{DocumentId, Snapshot, TableId};
use quarry_storage::{BlockCursor, LayeredCursor, Postings, PostingsCursor, StorageError};
use roaring::RoaringBitmap;

/// Other numbers for documents: for comparing with an index where they have those. Must keep the order.
pub type Renumbering = BTreeMap<DocumentId, DocumentId>;

/// What stands under a key.
#[derive(Debug, Clone, PartialEq)]
pub enum EntryValue {
    /// A set of documents.
    Postings(RoaringBitmap),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// Walks one table.
pub struct Entries<'s> {
    snapshot: &'s Snapshot<'s>,
    table: TableId,
    renumbering: Option<&'s Renumbering>,
    source: Source<'s>,
}

type PlainEntries<'s> = Box<dyn Iterator<Item = Result<(&'s [u8], &'s [u8]), StorageError>> + 's>;

type OwnedEntry = (Vec<u8>, Vec<u8>);

enum Source<'s> {
    Postings(PostingsCursor<'s>),
    Layered(Box<LayeredCursor<'s>>),
    /// Late changes are seen in the tables that they are for.
    Nothing,
    Blocks(BlockCursor<'s>),
    Plain(PlainEntries<'s>),
    Main(std::vec::IntoIter<OwnedEntry>),
}

impl<'s> Entries<'s> {
    /// The entries of `table`, in key order.
    ///
    /// # Errors
    /// Those of the store, as for each step.
    pub fn of(
        snapshot: &'s Snapshot<'s>,
        table: TableId,
        renumbering: Option<&'s Renumbering>,
    ) -> Result<Entries<'s>, StorageError> {
        let (tables, txn) = (snapshot.tables(), snapshot.txn());
        let entries = tables.entries(table);
        let source = match table.kind() {
            TableKind::Postings => {
                Source::Postings(quarry_storage::PostingsTable::from(entries).cursor(txn, b"")?)
            }
            TableKind::Layered => {
                match tables.layered().into_iter().find(|layered| layered.is(table.number())) {
                    Some(layered) => Source::Layered(Box::new(layered.cursor(txn, b"")?)),
                    None => Source::Nothing,
                }
            }
            TableKind::Late => Source::Nothing,
            TableKind::FacetNumbers => Source::Postings(tables.facet_numbers.postings().cursor(txn, b"")?),
            TableKind::FacetStrings => Source::Postings(tables.facet_strings.postings().cursor(txn, b"")?),
            TableKind::Blocks => Source::Blocks(quarry_storage::BlockTable::from(entries).cursor(txn, b"")?),
            TableKind::Plain if table == TableId::Main => Source::Main(main_values(snapshot)?.into_iter()),
            TableKind::Plain => Source::Plain(Box::new(entries.iter(txn)?)),
        };
        Ok(Entries { snapshot, table, renumbering, source })
    }

    /// The next entry.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<(Vec<u8>, EntryValue)>, StorageError> {
        let (key, value) = match &mut self.source {
            Source::Main(values) => {
                return Ok(values.next().map(|(key, value)| (key, EntryValue::Bytes(value))));
            }
            Source::Nothing => return Ok(None),
            Source::Postings(cursor) => return postings_value(self.renumbering, cursor.next()?),
            Source::Layered(cursor) => return postings_value(self.renumbering, cursor.next()?),
            Source::Blocks(cursor) => match cursor.next()? {
                None => return Ok(None),
                Some((key, value)) => (key.to_vec(), value.to_vec()),
            },
            Source::Plain(entries) => match entries.next().transpose()? {
                None => return Ok(None),
                Some((key, value)) => (key.to_vec(), value.to_vec()),
            },
        };
        self.plain_value(key, value).map(Some)
    }

    fn plain_value(&self, mut key: Vec<u8>, value: Vec<u8>) -> Result<(Vec<u8>, EntryValue), StorageError> {
        match self.table {
            TableId::ExternalDocumentIds => {
                let document =
                    value.first_chunk().map(|bytes| self.number(DocumentId::from_be_bytes(*bytes)));
                return Ok((key, EntryValue::Postings(document.into_iter().collect())));
            }
            TableId::Documents => {
                let document = self.renumber_end(&mut key);
                let record =
                    document.map(|document| self.snapshot.document_json(document)).transpose()?.flatten();
                return Ok((key, EntryValue::Bytes(serde_json::to_vec(&record).unwrap_or_default())));
            }
            // All other block tables end their keys with a document.
            _ => self.renumber_end(&mut key),
        };
        Ok((key, EntryValue::Bytes(value)))
    }

    /// Renumbers the document that ends a key; its number before.
    fn renumber_end(&self, key: &mut [u8]) -> Option<DocumentId> {
        let document = DocumentId::from_be_bytes(*key.last_chunk()?);
        *key.last_chunk_mut()? = self.number(document).to_be_bytes();
        Some(document)
    }

    fn number(&self, document: DocumentId) -> DocumentId {
        self.renumbering.map_or(document, |numbers| renumbered(numbers, document))
    }
}

fn postings_value(
    renumbering: Option<&Renumbering>,
    entry: Option<(&[u8], Postings<'_>)>,
) -> Result<Option<(Vec<u8>, EntryValue)>, StorageError> {
    let Some((key, postings)) = entry else { return Ok(None) };
    let documents = postings.decode()?;
    if postings.len()? != documents.len() {
        let detail = "a set does not have as many documents as it says";
        return Err(StorageError::Corrupted { table: "postings", detail });
    }
    let documents = match renumbering {
        None => documents,
        Some(numbers) => documents.iter().map(|document| renumbered(numbers, document)).collect(),
    };
    Ok(Some((key.to_vec(), EntryValue::Postings(documents))))
}

fn renumbered(numbers: &Renumbering, document: DocumentId) -> DocumentId {
    numbers.get(&document).copied().unwrap_or(document)
}

/// The values of `main` that the documents and settings decide: not dates, counters, nor how a dictionary is
/// spread over its automata.
fn main_values(snapshot: &Snapshot<'_>) -> Result<Vec<OwnedEntry>, StorageError> {
    let lists = [
        ("words", snapshot.dictionary()?.words()),
        ("exact words", snapshot.exact_dictionary()?.words()),
        ("kept prefixes", snapshot.kept_prefixes()?.to_vec()),
    ];
    let mut values: Vec<OwnedEntry> = Vec::new();
    for (list, words) in lists {
        values.extend(words.into_iter().map(|word| (format!("{list}: {word}").into_bytes(), Vec::new())));
    }
    for (field, name) in snapshot.fields().iter() {
        values.push((format!("field {field:05}").into_bytes(), name.as_bytes().to_vec()));
    }
    for (field, count) in snapshot.field_distribution()? {
        values.push((format!("documents with {field}").into_bytes(), count.to_string().into_bytes()));
    }
    let settings = snapshot.settings().to_json(true, true);
    values.push((b"settings".to_vec(), settings.to_string().into_bytes()));
    values.sort();
    Ok(values)
}
