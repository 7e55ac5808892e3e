//! One consistent view of an index: everything that a search reads comes from it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use quarry_storage::{ReadTxn, StorageError, Txn};
use quarry_text::Tokenizer;
use roaring::RoaringBitmap;
use serde_json::{Map, Value};

use crate::dictionary::KeptPrefixes;
use crate::document::{CompressionDictionary, Record, RecordReader};
use crate::features::FieldFeatures;
use crate::keys::{document, document_set};
use crate::settings::Synonyms;
use crate::statistics::{self, Dates, FieldDistribution};
use crate::{Dictionary, DictionaryKind, DocumentId, FieldId, Fields, Settings, Tables, external_ids};

/// Record readers that are kept for later snapshots.
const READERS_KEPT_MAX: usize = 8;

/// Settings, fields and what follows from them: read once, shared by snapshots until the generation changes.
pub(crate) struct Loaded {
    pub(crate) generation: u64,
    settings: Arc<Settings>,
    fields: Arc<Fields>,
    tokenizer: Arc<Tokenizer>,
    features: Vec<FieldFeatures>,
    searchable_fields: Vec<(FieldId, u16)>,
    synonyms: Arc<OnceLock<Synonyms>>,
    compression: Option<CompressionDictionary>,
    readers: Mutex<Vec<RecordReader>>,
}

impl Loaded {
    /// Reads them as of `txn`; what follows from the settings alone is taken from `before` when they are
    /// the same.
    pub(crate) fn read(
        tables: &Tables,
        txn: &Txn<'_>,
        generation: u64,
        before: Option<&Loaded>,
    ) -> Result<Loaded, StorageError> {
        let settings = Settings::read(tables, txn)?;
        let fields = Fields::read(tables, txn)?;
        let features: Vec<FieldFeatures> =
            fields.iter().map(|(_, name)| settings.field_features(name)).collect();
        let weights = features.iter().enumerate();
        let mut searchable_fields: Vec<(FieldId, u16)> = weights
            .filter_map(|(field, features)| Some((field as FieldId, features.searchable_weight?)))
            .collect();
        searchable_fields.sort_by_key(|&(field, weight)| (weight, field));
        let (settings, tokenizer, synonyms) = match before.filter(|before| *before.settings == settings) {
            Some(before) => {
                (Arc::clone(&before.settings), Arc::clone(&before.tokenizer), Arc::clone(&before.synonyms))
            }
            None => {
                let tokenizer = settings.tokenizer();
                (Arc::new(settings), tokenizer, Arc::default())
            }
        };
        Ok(Loaded {
            generation,
            settings,
            fields: Arc::new(fields),
            tokenizer,
            features,
            searchable_fields,
            synonyms,
            compression: CompressionDictionary::read(tables, txn)?,
            readers: Mutex::new(Vec::new()),
        })
    }

    fn take_reader(&self) -> RecordReader {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.pop().unwrap_or_else(|| RecordReader::new(self.compression.clone()))
    }

    fn give_reader(&self, reader: RecordReader) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS_KEPT_MAX {
            readers.push(reader);
        }
    }
}

/// One consistent view of an index. May move between threads, not be shared by them.
pub struct Snapshot<'i> {
    tables: &'i Tables,
    txn: ReadTxn<'i>,
    loaded: Arc<Loaded>,
    reader: RefCell<Option<RecordReader>>,
}

impl<'i> Snapshot<'i> {
    pub(crate) fn new(tables: &'i Tables, txn: ReadTxn<'i>, loaded: Arc<Loaded>) -> Snapshot<'i> {
        Snapshot { tables, txn, loaded, reader: RefCell::new(None) }
    }

    /// The transaction: every read of a table takes it.
    pub fn txn(&self) -> &Txn<'i> {
        &self.txn
    }

    /// Every table.
    pub fn tables(&self) -> &'i Tables {
        self.tables
    }

    /// The settings.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.loaded.settings
    }

    /// The fields.
    pub fn fields(&self) -> &Arc<Fields> {
        &self.loaded.fields
    }

    /// The tokenizer of the settings.
    pub fn tokenizer(&self) -> &Arc<Tokenizer> {
        &self.loaded.tokenizer
    }

    /// What the settings make of a field. A field that was never given an id has no feature.
    pub fn features(&self, field: FieldId) -> &FieldFeatures {
        static NONE: OnceLock<FieldFeatures> = OnceLock::new();
        let known = self.loaded.features.get(usize::from(field));
        known.unwrap_or_else(|| NONE.get_or_init(FieldFeatures::default))
    }

    /// The searchable fields with their weights, by weight and then field.
    pub fn searchable_fields(&self) -> &[(FieldId, u16)] {
        &self.loaded.searchable_fields
    }

    /// The synonyms as words of the index: normalised once per settings.
    pub fn synonyms(&self) -> &Synonyms {
        let loaded = &self.loaded;
        loaded.synonyms.get_or_init(|| Synonyms::normalise(&loaded.settings.synonyms, &loaded.tokenizer))
    }

    /// The dictionary that new records are compressed with.
    pub fn compression_dictionary(&self) -> Option<&CompressionDictionary> {
        self.loaded.compression.as_ref()
    }

    /// The ids of all documents.
    pub fn documents_ids(&self) -> Result<RoaringBitmap, StorageError> {
        statistics::documents_ids(self.tables, &self.txn)
    }

    /// Number of documents.
    pub fn documents_count(&self) -> Result<u64, StorageError> {
        statistics::documents_count(self.tables, &self.txn)
    }

    /// The ids of the documents that have a point (`_geo`).
    pub fn geo_documents(&self) -> Result<RoaringBitmap, StorageError> {
        Ok(self.tables.document_sets.get(&self.txn, &document_set::WITH_POINT)?.unwrap_or_default())
    }

    /// The name of the attribute that identifies documents, once it is known.
    pub fn primary_key(&self) -> Option<&str> {
        self.loaded.settings.primary_key.as_deref()
    }

    /// The document with an external id. Any text may be asked for.
    pub fn document_id(&self, external: &str) -> Result<Option<DocumentId>, StorageError> {
        external_ids::get(self.tables, &self.txn, external)
    }

    /// The external id of a document: its value of the primary key.
    pub fn external_id(&self, document: DocumentId) -> Result<Option<String>, StorageError> {
        let (Some(primary_key), Some(record)) = (self.primary_key(), self.record(document)?) else {
            return Ok(None);
        };
        external_ids::of_record(&record, self.fields(), primary_key)
    }

    /// A document. Nothing is parsed until it is asked for.
    pub fn record(&self, document: DocumentId) -> Result<Option<Record<'_>>, StorageError> {
        let Some(stored) = self.tables.documents.get(&self.txn, &document::key(document))? else {
            return Ok(None);
        };
        let mut reader = self.reader.borrow_mut();
        reader.get_or_insert_with(|| self.loaded.take_reader()).read(stored).map(Some)
    }

    /// A whole document, its fields in the order in which the index met them first.
    pub fn document_json(&self, document: DocumentId) -> Result<Option<Map<String, Value>>, StorageError> {
        self.record(document)?.map(|record| record.to_json_object(self.fields())).transpose()
    }

    /// The words that typos may reach.
    pub fn dictionary(&self) -> Result<Dictionary<'_>, StorageError> {
        Dictionary::open(self.tables, &self.txn, DictionaryKind::Words)
    }

    /// The words that typos never reach.
    pub fn exact_dictionary(&self) -> Result<Dictionary<'_>, StorageError> {
        Dictionary::open(self.tables, &self.txn, DictionaryKind::ExactWords)
    }

    /// The prefixes for which unions are kept.
    pub fn kept_prefixes(&self) -> Result<KeptPrefixes<'_>, StorageError> {
        KeptPrefixes::open(self.tables, &self.txn)
    }

    /// How many documents have each top-level field, by name.
    pub fn field_distribution(&self) -> Result<BTreeMap<String, u64>, StorageError> {
        Ok(FieldDistribution::read(self.tables, &self.txn)?.by_name(self.fields()))
    }

    /// When the index was created, and when it last changed.
    pub fn dates(&self) -> Result<Dates, StorageError> {
        Dates::read(self.tables, &self.txn)
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.loaded.give_reader(reader);
        }
    }
}
