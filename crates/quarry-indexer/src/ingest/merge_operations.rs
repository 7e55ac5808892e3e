//! All operations of a batch, in order, become one change per document.
//!
//! 1. Payloads are mapped and editions run ([`Prepared`]).
//! 2. Each operation is applied to a slot per external id: what the document becomes, as slices of payloads.
//!    A payload with one bad document is refused whole, before any of its documents is looked at.
//! 3. Slots that change something become [`DocumentChange`]s in ascending order of document ids: documents
//!    keep theirs; other ones take the smallest ids that deletions have freed, then the next above all, in the
//!    order in which their external ids were first met.
//!
//! What is kept per document is a slot ([`crate::slots`]), never a value.

use bytemuck::{Pod, Zeroable};
use quarry_index::{DocumentId, Fields, Snapshot};
use quarry_storage::{MappedFile, SpillVec};
use roaring::RoaringBitmap;
use rustc_hash::FxHashSet;

use super::document_id::external_id;
use super::edit_function::{self, Editions};
use super::primary_key::{self, Found};
use crate::batch::{Batch, Method, Operation};
use crate::error::{DocumentError, IndexError};
use crate::flatten::visit_nested_names;
use crate::json_text::{DEPTH_MAX, entries, is_deeper_than};
use crate::report::OperationReport;
use crate::slots::{Changes, Piece, Slot, Slots, Source};

/// Documents between two looks at whether the batch is cancelled.
const DOCUMENTS_PER_CANCEL_CHECK: usize = 1024;

/// What an operation needs from outside, opened before slices of it are taken.
pub(crate) enum Prepared {
    Payload(MappedFile),
    Edition(Editions),
    Candidates(RoaringBitmap),
    Nothing,
}

/// The operations of a batch, prepared; those that could not be are `Nothing`, beside why.
pub(crate) type Preparation = (Vec<Prepared>, Vec<Option<IndexError>>);

/// Opens payloads, runs editions, and evaluates filters, on the documents before the batch.
pub(crate) fn prepare(
    batch: &Batch<'_>,
    snapshot: &Snapshot<'_>,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Preparation {
    let prepare = |operation: &Operation<'_>| match *operation {
        Operation::Documents { payload, .. } => Ok(Prepared::Payload(MappedFile::open(payload)?)),
        Operation::DeleteByFilter(filter) => {
            Ok(Prepared::Candidates((batch.resolve_filter)(snapshot, filter)?))
        }
        Operation::Edit { function, filter, context } => {
            let candidates = match filter {
                Some(filter) => (batch.resolve_filter)(snapshot, filter)?,
                None => snapshot.documents_ids()?,
            };
            Ok(Prepared::Edition(edit_function::run(snapshot, &candidates, function, context, cancelled)?))
        }
        Operation::DeleteByIds(_) | Operation::Clear => Ok(Prepared::Nothing),
    };
    let split = |prepared: Result<Prepared, IndexError>| match prepared {
        Ok(prepared) => (prepared, None),
        Err(error) => (Prepared::Nothing, Some(error)),
    };
    batch.operations.iter().map(|operation| split(prepare(operation))).unzip()
}

/// What the operations of a batch come to.
pub(crate) struct Merged<'p> {
    pub(crate) changes: Changes<'p>,
    /// One per operation.
    pub(crate) operations: Vec<Result<OperationReport, IndexError>>,
    /// The fields of the index, those of the batch included.
    pub(crate) fields: Fields,
    /// The primary key that the batch gives to an index without one.
    pub(crate) primary_key_found: Option<String>,
    /// Whether everything that was stored goes first.
    pub(crate) is_cleared: bool,
}

/// Merges the operations of `batch`.
///
/// - `primary_key`: that of the index, settings of the batch applied
/// - `external_ids`: where external ids are kept that are in no payload
///
/// # Errors
/// Only what fails the whole batch: `Storage`, `Record`, `Damaged`, `Cancelled`.
pub(crate) fn merge<'p>(
    batch: &Batch<'p>,
    prepared: &'p [Prepared],
    failures: Vec<Option<IndexError>>,
    context: MergeContext<'p, '_>,
) -> Result<Merged<'p>, IndexError> {
    let mut merger = Merger {
        fields: context.snapshot.fields().as_ref().clone(),
        stored_documents: context.snapshot.documents_ids()?,
        context,
        primary_key_found: None,
        slots: Slots::default(),
        is_cleared: false,
    };
    let mut operations = Vec::with_capacity(batch.operations.len());
    let all = batch.operations.iter().zip(prepared).zip(failures);
    for (number, ((operation, prepared), failure)) in all.enumerate() {
        let outcome = failure.map_or_else(|| merger.apply(number, operation, prepared), Err);
        operations.push(match outcome {
            Err(error) if fails_the_batch(&error) => return Err(error),
            outcome => outcome,
        });
    }
    Ok(Merged {
        changes: merger.changes()?,
        operations,
        fields: merger.fields,
        primary_key_found: merger.primary_key_found,
        is_cleared: merger.is_cleared,
    })
}

fn fails_the_batch(error: &IndexError) -> bool {
    matches!(error, IndexError::Storage(_) | IndexError::Damaged { .. } | IndexError::Cancelled)
}

/// What merging reads.
pub(crate) struct MergeContext<'p, 's> {
    pub(crate) snapshot: &'s Snapshot<'s>,
    pub(crate) primary_key: Option<String>,
    pub(crate) arena: &'p bumpalo::Bump,
    pub(crate) cancelled: &'s (dyn Fn() -> bool + Sync),
}

struct Merger<'p, 's> {
    context: MergeContext<'p, 's>,
    stored_documents: RoaringBitmap,
    fields: Fields,
    primary_key_found: Option<String>,
    slots: Slots<'p>,
    is_cleared: bool,
}

/// A document of a payload whose id is valid.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Sent {
    external_id: Piece,
    object: Piece,
}

impl<'p> Merger<'p, '_> {
    fn apply(
        &mut self,
        number: usize,
        operation: &Operation<'p>,
        prepared: &'p Prepared,
    ) -> Result<OperationReport, IndexError> {
        match (operation, prepared) {
            (
                &Operation::Documents { method, primary_key, skip_creation, .. },
                Prepared::Payload(payload),
            ) => self.add_payload(number, payload, primary_key, &AddRule { method, skip_creation }),
            (Operation::DeleteByIds(ids), _) => self.delete_by_ids(ids),
            (Operation::DeleteByFilter(_), Prepared::Candidates(candidates)) => {
                self.delete_documents(candidates)
            }
            (Operation::Edit { .. }, Prepared::Edition(editions)) => self.edit(editions),
            (Operation::Clear, _) => Ok(self.clear()),
            _ => Err(IndexError::Damaged { detail: "an operation was prepared as another" }),
        }
    }

    fn add_payload(
        &mut self,
        number: usize,
        payload: &'p MappedFile,
        asked_key: Option<&str>,
        rule: &AddRule,
    ) -> Result<OperationReport, IndexError> {
        let text = std::str::from_utf8(payload)
            .map_err(|_| IndexError::Damaged { detail: "a payload is not UTF-8" })?;
        let known_key = self.primary_key_found.clone().or_else(|| self.context.primary_key.clone());
        let Some(first) = text.lines().next() else { return Ok(OperationReport::default()) };
        let primary_key = match (known_key.as_deref(), asked_key) {
            (Some(known), Some(asked)) if known != asked => {
                return Err(DocumentError::PrimaryKeyIsSet { primary_key: known.to_owned() }.into());
            }
            (Some(known), _) => known.to_owned(),
            (None, Some(asked)) => asked.to_owned(),
            (None, None) => primary_key::infer(first)?,
        };
        let source = self.slots.source(text);
        let (sent, names) = self.read_payload((source, text), &primary_key, rule)?;
        self.insert_fields(&names)?;
        let mut report = OperationReport { received: sent.len() as u64, ..OperationReport::default() };
        for document in &*sent {
            report.indexed += u64::from(self.add_document(number, document, rule)?);
        }
        if known_key.is_none() {
            self.primary_key_found = Some(primary_key);
        }
        Ok(report)
    }

    /// The documents of a payload, all valid, and the names of fields that the index does not know yet.
    fn read_payload(
        &mut self,
        (source, text): (Source<'p>, &'p str),
        primary_key: &str,
        rule: &AddRule,
    ) -> Result<(SpillVec<Sent>, Vec<String>), IndexError> {
        let mut sent = SpillVec::default();
        let mut names = NewNames::default();
        for (line_number, object) in text.lines().enumerate() {
            if line_number % DOCUMENTS_PER_CANCEL_CHECK == 0 && (self.context.cancelled)() {
                return Err(IndexError::Cancelled);
            }
            // Before anything goes down into the document.
            if is_deeper_than(object, DEPTH_MAX) {
                let external_id = read_id(object, primary_key, None)?.to_owned();
                return Err(DocumentError::NestedTooDeeply { external_id }.into());
            }
            let everybodys_names = (!rule.skip_creation).then_some((&self.fields, &mut names));
            let external_id = source.piece(read_id(object, primary_key, everybodys_names)?)?;
            // A document that is left out brings no field.
            if rule.skip_creation && self.slot(external_id)?.is_present() {
                names.look_at(&self.fields, object)?;
            }
            sent.push(Sent { external_id, object: source.piece(object)? })?;
        }
        Ok((sent, names.names))
    }

    fn insert_fields(&mut self, names: &[String]) -> Result<(), IndexError> {
        if self.fields.len() + names.len() > quarry_index::fields::FIELDS_MAX {
            return Err(IndexError::TooManyFields);
        }
        for name in names {
            self.fields.insert(name).map_err(|_| IndexError::TooManyFields)?;
        }
        Ok(())
    }

    /// Applies one document; whether its id is met for the first time in operation `number`.
    fn add_document(&mut self, number: usize, sent: &Sent, rule: &AddRule) -> Result<bool, IndexError> {
        let slot_number = self.slot_number(sent.external_id)?;
        let slot = self.slots.slot(slot_number);
        let is_first = slot.counted_by != number as u32 + 1;
        slot.counted_by = number as u32 + 1;
        if rule.skip_creation && !slot.is_present() {
            return Ok(is_first);
        }
        self.slots.add(slot_number, sent.object, rule.method)?;
        Ok(is_first)
    }

    fn delete_by_ids(&mut self, ids: &'p [String]) -> Result<OperationReport, IndexError> {
        let mut deleted = 0;
        for id in ids {
            deleted += u64::from(self.slot_of(id)?.delete());
        }
        Ok(OperationReport { received: ids.len() as u64, deleted, ..OperationReport::default() })
    }

    fn delete_documents(&mut self, candidates: &RoaringBitmap) -> Result<OperationReport, IndexError> {
        if !self.is_cleared {
            for document in candidates {
                if let Some(external_id) = self.context.snapshot.external_id(document)? {
                    let external_id = self.context.arena.alloc_str(&external_id);
                    self.slot_of(external_id)?.delete();
                }
            }
        }
        Ok(OperationReport { deleted: candidates.len(), ..OperationReport::default() })
    }

    fn edit(&mut self, editions: &'p Editions) -> Result<OperationReport, IndexError> {
        let text = std::str::from_utf8(&editions.documents)
            .map_err(|_| IndexError::Damaged { detail: "an edited document is not UTF-8" })?;
        let mut names = NewNames::default();
        for after in editions.editions.iter().filter_map(|edition| edition.after.clone()) {
            names.look_at(&self.fields, &text[after])?;
        }
        self.insert_fields(&names.names)?;
        let source = self.slots.source(text);
        for edition in &editions.editions {
            let object = edition.after.clone().map(|after| source.piece(&text[after])).transpose()?;
            let slot = self.slot_of(&edition.external_id)?;
            if slot.stored() != Some(edition.document) {
                continue;
            }
            match object {
                Some(object) => slot.replace(object),
                None => slot.remove(),
            }
        }
        let edited = editions.candidates_count;
        Ok(OperationReport { edited, deleted: edited, ..OperationReport::default() })
    }

    fn clear(&mut self) -> OperationReport {
        let deleted = self.stored_documents.len();
        self.stored_documents.clear();
        self.slots = Slots::default();
        self.is_cleared = true;
        OperationReport { deleted, ..OperationReport::default() }
    }

    /// The slot of an id that is in no payload.
    fn slot_of(&mut self, external_id: &'p str) -> Result<&mut Slot, IndexError> {
        let piece = self.slots.source(external_id).piece(external_id)?;
        self.slot(piece)
    }

    fn slot(&mut self, external_id: Piece) -> Result<&mut Slot, IndexError> {
        let number = self.slot_number(external_id)?;
        Ok(self.slots.slot(number))
    }

    fn slot_number(&mut self, external_id: Piece) -> Result<u32, IndexError> {
        let (is_empty, snapshot) = (self.stored_documents.is_empty(), self.context.snapshot);
        self.slots.number(external_id, |text| match is_empty {
            true => Ok(None),
            false => Ok(snapshot.document_id(text)?),
        })
    }

    /// Turns the slots that change something into changes.
    fn changes(&mut self) -> Result<Changes<'p>, IndexError> {
        let mut free_ids = FreeIds::new(&self.stored_documents);
        Ok(std::mem::take(&mut self.slots).into_changes(|| free_ids.next())?)
    }
}

/// How the documents of a payload are taken.
struct AddRule {
    method: Method,
    skip_creation: bool,
}

/// The valid id of a document; its names are looked at on the way if they are wanted.
fn read_id<'p>(
    object: &'p str,
    primary_key: &str,
    mut names: Option<(&Fields, &mut NewNames)>,
) -> Result<&'p str, IndexError> {
    let mut found = Found::default();
    for entry in entries(object)? {
        let (key, value) = entry?;
        found.look_at(primary_key, &key, value)?;
        if let Some((known, names)) = &mut names {
            names.look_at_entry(known, &key, value)?;
        }
    }
    let names = || (primary_key.to_owned(), object.to_owned());
    match found {
        Found::One(value) => Ok(external_id(value)?),
        Found::Nothing => {
            let (primary_key, document) = names();
            Err(DocumentError::MissingId { primary_key, document }.into())
        }
        Found::Several => {
            let (primary_key, document) = names();
            Err(DocumentError::TooManyIds { primary_key, document }.into())
        }
    }
}

/// Names of fields met for the first time, in order.
#[derive(Default)]
struct NewNames {
    names: Vec<String>,
    seen: FxHashSet<String>,
    path: String,
}

impl NewNames {
    fn look_at(&mut self, known: &Fields, object: &str) -> Result<(), IndexError> {
        for entry in entries(object)? {
            let (key, value) = entry?;
            self.look_at_entry(known, &key, value)?;
        }
        Ok(())
    }

    fn look_at_entry(&mut self, known: &Fields, key: &str, value: &str) -> Result<(), IndexError> {
        self.add(known, key);
        if matches!(value.as_bytes().first(), Some(b'{' | b'[')) {
            let mut path = std::mem::take(&mut self.path);
            path.clear();
            path.push_str(key);
            visit_nested_names(&mut path, value, &mut |name| self.add(known, name))?;
            self.path = path;
        }
        Ok(())
    }

    fn add(&mut self, known: &Fields, name: &str) {
        if known.id(name).is_none() && !self.seen.contains(name) {
            self.seen.insert(name.to_owned());
            self.names.push(name.to_owned());
        }
    }
}

/// Ids for new documents: the gaps below the highest stored id, ascending, then those above it.
struct FreeIds {
    gaps: roaring::bitmap::IntoIter,
    next_above: DocumentId,
}

impl FreeIds {
    fn new(stored: &RoaringBitmap) -> FreeIds {
        let mut gaps = RoaringBitmap::new();
        let next_above = match stored.max() {
            Some(highest) => {
                gaps.insert_range(0..highest);
                gaps -= stored;
                highest + 1
            }
            None => 0,
        };
        FreeIds { gaps: gaps.into_iter(), next_above }
    }

    fn next(&mut self) -> DocumentId {
        self.gaps.next().unwrap_or_else(|| {
            self.next_above += 1;
            self.next_above - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_ids_come_first() {
        let mut free_ids = FreeIds::new(&RoaringBitmap::from_iter([1u32, 2, 5]));
        let ids: Vec<_> = (0..5).map(|_| free_ids.next()).collect();
        assert_eq!(ids, [0, 3, 4, 6, 7]);
        assert_eq!(FreeIds::new(&RoaringBitmap::new()).next(), 0);
    }
}
