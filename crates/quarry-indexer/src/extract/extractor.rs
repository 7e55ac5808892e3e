//! One thread of the extraction: reads changes, gathers what differs.

use std::collections::HashMap;

use quarry_index::document::RecordWriter;
use quarry_index::{FieldId, Snapshot};

use crate::cache::ThreadCache;
use crate::change::{Content, DocumentChange};
use crate::error::IndexError;
use crate::extract::assemble::{Assembler, TopLevel};
use crate::extract::difference::{DocumentKeys, push_difference};
use crate::extract::facets::{DocumentValues, FactReader};
use crate::extract::flat_document::{FieldTable, FlatDocument, Reading};
use crate::extract::geo::{GeoCache, GeoReader};
use crate::extract::plan::{Plan, TableWork};
use crate::extract::prefixes::PrefixFinder;
use crate::extract::words::WordReader;
use crate::family::FAMILIES_COUNT;
use crate::send::documents::ChunkRecords;

/// What one thread has extracted.
pub(crate) struct Extracted {
    pub(crate) cache: ThreadCache,
    pub(crate) geo: GeoCache,
    /// Documents that gained a top-level field, less those that lost it.
    pub(crate) field_counts: HashMap<FieldId, i64>,
}

/// The state of one thread.
pub(crate) struct Extractor<'x> {
    plan: &'x Plan<'x>,
    extracted: Extracted,
    assembler: Assembler,
    table: FieldTable,
    words: WordReader<'x>,
    /// When prefixes follow each document.
    prefixes: Option<PrefixFinder<'x>>,
    facts: FactReader,
    geo: GeoReader,
    record_writer: RecordWriter<'x>,
    before_keys: DocumentKeys,
    after_keys: DocumentKeys,
    is_rebuilt: [bool; FAMILIES_COUNT],
}

impl<'x> Extractor<'x> {
    pub(crate) fn new(plan: &'x Plan<'x>) -> Result<Extractor<'x>, IndexError> {
        Ok(Extractor {
            extracted: Extracted {
                cache: ThreadCache::default(),
                geo: GeoCache::default(),
                field_counts: HashMap::new(),
            },
            assembler: Assembler::default(),
            table: FieldTable::new(plan.fields),
            words: WordReader::new(&plan.settings, &plan.tokenizer, plan.work),
            prefixes: plan.kept_prefixes.as_deref().map(PrefixFinder::new),
            facts: FactReader::new(plan.fields),
            geo: GeoReader::new(plan.fields, plan.work),
            record_writer: RecordWriter::new(plan.compression.as_ref())?,
            before_keys: DocumentKeys::default(),
            after_keys: DocumentKeys::default(),
            is_rebuilt: plan.work.rebuilt_families(),
            plan,
        })
    }

    /// What was extracted.
    pub(crate) fn finish(self) -> Extracted {
        self.extracted
    }

    /// Extracts one change. Documents must come ascending; `snapshot` is the index before the batch.
    pub(crate) fn extract(
        &mut self,
        snapshot: &Snapshot<'_>,
        change: &DocumentChange<'_>,
        records: &mut ChunkRecords,
    ) -> Result<(), IndexError> {
        let stored = match change.before {
            true => snapshot.record(change.document)?,
            false => None,
        };
        let before: TopLevel<'_> = stored.iter().flat_map(|record| record.iter()).collect();
        let after = match &change.after {
            Some(content) => self.assembler.assemble(self.plan.fields, content, stored.as_ref())?,
            None => TopLevel::new(),
        };
        if before == after && !self.plan.work.needs_all_documents() {
            return Ok(());
        }
        self.write_record(change, &before, &after, records)?;
        self.read_geo(snapshot, change, &before, &after)?;
        self.extract_fields(change, &before, &after)?;
        self.spill_if_full()
    }

    fn write_record(
        &mut self,
        change: &DocumentChange<'_>,
        before: &TopLevel<'_>,
        after: &TopLevel<'_>,
        records: &mut ChunkRecords,
    ) -> Result<(), IndexError> {
        if change.after.as_ref().is_some_and(Content::is_as_stored) || before == after {
            return Ok(());
        }
        let counts = &mut self.extracted.field_counts;
        for &(field, _) in before {
            *counts.entry(field).or_default() -= 1;
        }
        for &(field, _) in after {
            *counts.entry(field).or_default() += 1;
        }
        match change.after {
            Some(_) => {
                check_vectors(self.plan, change, after)?;
                records.put(change.document, self.record_writer.encode(after.iter().copied())?);
            }
            None => records.delete(change.document),
        }
        Ok(())
    }

    fn read_geo(
        &mut self,
        snapshot: &Snapshot<'_>,
        change: &DocumentChange<'_>,
        before: &TopLevel<'_>,
        after: &TopLevel<'_>,
    ) -> Result<(), IndexError> {
        let Extracted { geo, cache, .. } = &mut self.extracted;
        match self.geo.read((change.document, change.external_id), before, after, (geo, &mut cache.geo)) {
            // A document that no operation named: its id is looked up only to be told.
            Err(IndexError::Geo(_)) if change.external_id.is_empty() => {
                let external_id = snapshot.external_id(change.document)?.unwrap_or_default();
                self.geo.read((change.document, &external_id), before, after, (geo, &mut cache.geo))
            }
            read => read,
        }
    }

    fn extract_fields(
        &mut self,
        change: &DocumentChange<'_>,
        before: &TopLevel<'_>,
        after: &TopLevel<'_>,
    ) -> Result<(), IndexError> {
        let work = self.plan.work;
        let mut reading = Reading {
            settings: &self.plan.settings,
            fields: self.plan.fields,
            table: &mut self.table,
            with_words: work.words.is_on() || work.pairs.is_on() || work.extracts_prefixes(),
            with_facets: work.facets.is_on(),
        };
        let before = reading.read(before)?;
        let after = reading.read(after)?;
        self.before_keys.clear();
        self.after_keys.clear();
        if before.searchable != after.searchable || work.rebuilds_words() {
            self.read_words(&before, &after)?;
        }
        if before.facts != after.facts || work.facets == TableWork::Rebuild {
            self.read_facts(change, &before, &after)?;
        }
        let (before_keys, after_keys) = (&mut self.before_keys, &mut self.after_keys);
        push_difference(
            change.document,
            before_keys,
            after_keys,
            &self.is_rebuilt,
            &mut self.extracted.cache,
        )?;
        Ok(())
    }

    fn read_words(&mut self, before: &FlatDocument<'_>, after: &FlatDocument<'_>) -> Result<(), IndexError> {
        let cache = &mut self.extracted.cache;
        let work = self.plan.work;
        let is_all_rebuilt = work.words != TableWork::Update && work.pairs != TableWork::Update;
        if !is_all_rebuilt {
            let lexicons = (&mut cache.words, &mut cache.keys);
            self.words.read(
                &before.searchable,
                &self.table,
                &mut self.prefixes,
                lexicons,
                &mut self.before_keys,
            )?;
        }
        let lexicons = (&mut cache.words, &mut cache.keys);
        self.words.read(&after.searchable, &self.table, &mut self.prefixes, lexicons, &mut self.after_keys)
    }

    fn read_facts(
        &mut self,
        change: &DocumentChange<'_>,
        before: &FlatDocument<'_>,
        after: &FlatDocument<'_>,
    ) -> Result<(), IndexError> {
        let cache = &mut self.extracted.cache;
        let mut before = match self.plan.work.facets {
            TableWork::Rebuild => DocumentValues::default(),
            _ => self.facts.read(&before.facts, &mut cache.keys, &mut self.before_keys)?,
        };
        let mut after = self.facts.read(&after.facts, &mut cache.keys, &mut self.after_keys)?;
        let values = (&mut cache.numbers, &mut cache.strings);
        Ok(self.facts.push_values(change.document, &mut before, &mut after, values)?)
    }

    fn spill_if_full(&mut self) -> Result<(), IndexError> {
        /// Below this a run is not worth a file.
        const SPILL_BYTES_MIN: usize = 1 << 20;
        let cache = &mut self.extracted.cache;
        let bytes_max = self.plan.thread_bytes_max;
        let left = bytes_max.saturating_sub(cache.lexicons_bytes());
        // However many strings there are: runs that are short would be many.
        let left = left.max(bytes_max / 4).max(SPILL_BYTES_MIN);
        if cache.used_bytes() > left {
            cache.spill()?;
        }
        Ok(())
    }
}

/// `_vectors` must be an object.
fn check_vectors(
    plan: &Plan<'_>,
    change: &DocumentChange<'_>,
    after: &TopLevel<'_>,
) -> Result<(), IndexError> {
    let Some(field) = plan.fields.id("_vectors") else { return Ok(()) };
    let Some(&(_, value)) = after.iter().find(|(other, _)| *other == field) else { return Ok(()) };
    if value.starts_with('{') {
        return Ok(());
    }
    Err(IndexError::VectorsType { external_id: change.external_id.to_owned(), value: value.to_owned() })
}
