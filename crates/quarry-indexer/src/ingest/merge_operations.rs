//! All operations of a batch, in order, become one change per document.
//!
//! 1. Payloads are mapped and editions run ([`Prepared`]).
//! 2. Each operation is applied to a slot per external id: what the document becomes, as slices of payloads.
//!    A payload with one bad document is refused whole, before any of its documents is looked at.
//! 3. Slots that change something become [`DocumentChange`]s in ascending order of document ids: documents
//!    keep theirs; other ones take the smallest ids that deletions have freed, then the next above all, in the
//!    order in which their external ids were first met.
//!
//! What is kept in memory per document is a slot of about a hundred bytes, never a value.

use hashbrown::HashMap;
use quarry_index::{DocumentId, Fields, Snapshot};
use quarry_storage::MappedFile;
use roaring::RoaringBitmap;
use rustc_hash::FxHashSet;

use super::document_id::external_id;
use super::edit_function::{self, Editions};
use super::primary_key::{self, Found};
use crate::batch::{Batch, Method, Operation};
use crate::change::{Content, DocumentChange};
use crate::error::{DocumentError, IndexError};
use crate::flatten::visit_nested_names;
use crate::json_text::{DEPTH_MAX, entries, is_deeper_than};
use crate::report::OperationReport;

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
    /// Ascending by document id.
    pub(crate) changes: Vec<DocumentChange<'p>>,
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
        slots: Vec::new(),
        slot_of: HashMap::new(),
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
        changes: merger.changes(),
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
    slots: Vec<Slot<'p>>,
    slot_of: HashMap<&'p str, u32>,
    is_cleared: bool,
}

/// One external id that an operation named.
struct Slot<'p> {
    external_id: &'p str,
    stored: Option<DocumentId>,
    state: State<'p>,
    /// Number of the operation that counted the document last, plus one.
    counted_by: u32,
    is_deletion_counted: bool,
}

enum State<'p> {
    AsStored,
    Absent,
    Present(Content<'p>),
}

impl Slot<'_> {
    fn is_present(&self) -> bool {
        match self.state {
            State::AsStored => self.stored.is_some(),
            State::Absent => false,
            State::Present(_) => true,
        }
    }

    /// Takes the document out; whether no operation before has counted its deletion.
    fn delete(&mut self) -> bool {
        self.state = State::Absent;
        let counts = self.stored.is_some() && !self.is_deletion_counted;
        self.is_deletion_counted = true;
        counts
    }
}

/// A document of a payload whose id is valid.
struct Sent<'p> {
    external_id: &'p str,
    object: &'p str,
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
        let (sent, names) = self.read_payload(text, &primary_key, rule)?;
        self.insert_fields(&names)?;
        let mut report = OperationReport { received: sent.len() as u64, ..OperationReport::default() };
        for document in &sent {
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
        text: &'p str,
        primary_key: &str,
        rule: &AddRule,
    ) -> Result<(Vec<Sent<'p>>, Vec<String>), IndexError> {
        let mut sent = Vec::new();
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
            let external_id = read_id(object, primary_key, everybodys_names)?;
            // A document that is left out brings no field.
            if rule.skip_creation && self.slot(external_id)?.is_present() {
                names.look_at(&self.fields, object)?;
            }
            sent.push(Sent { external_id, object });
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
    fn add_document(&mut self, number: usize, sent: &Sent<'p>, rule: &AddRule) -> Result<bool, IndexError> {
        let slot = self.slot(sent.external_id)?;
        let is_first = slot.counted_by != number as u32 + 1;
        slot.counted_by = number as u32 + 1;
        if rule.skip_creation && !slot.is_present() {
            return Ok(is_first);
        }
        match (&mut slot.state, rule.method) {
            (State::AsStored, Method::Update) if slot.stored.is_some() => {
                slot.state = State::Present(Content::stored_with(sent.object));
            }
            (State::Present(content), Method::Update) => content.more.push(sent.object),
            _ => slot.state = State::Present(Content::replaced_by(sent.object)),
        }
        Ok(is_first)
    }

    fn delete_by_ids(&mut self, ids: &'p [String]) -> Result<OperationReport, IndexError> {
        let mut deleted = 0;
        for id in ids {
            deleted += u64::from(self.slot(id)?.delete());
        }
        Ok(OperationReport { received: ids.len() as u64, deleted, ..OperationReport::default() })
    }

    fn delete_documents(&mut self, candidates: &RoaringBitmap) -> Result<OperationReport, IndexError> {
        if !self.is_cleared {
            for document in candidates {
                if let Some(external_id) = self.context.snapshot.external_id(document)? {
                    let external_id = self.context.arena.alloc_str(&external_id);
                    self.slot(external_id)?.delete();
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
        for edition in &editions.editions {
            let slot = self.slot(&edition.external_id)?;
            if slot.stored != Some(edition.document) {
                continue;
            }
            slot.state = match &edition.after {
                Some(after) => State::Present(Content::replaced_by(&text[after.clone()])),
                None => State::Absent,
            };
        }
        let edited = editions.candidates_count;
        Ok(OperationReport { edited, deleted: edited, ..OperationReport::default() })
    }

    fn clear(&mut self) -> OperationReport {
        let deleted = self.stored_documents.len();
        self.stored_documents.clear();
        self.slots.clear();
        self.slot_of.clear();
        self.is_cleared = true;
        OperationReport { deleted, ..OperationReport::default() }
    }

    fn slot(&mut self, external_id: &'p str) -> Result<&mut Slot<'p>, IndexError> {
        let index = match self.slot_of.get(external_id) {
            Some(&index) => index as usize,
            None => {
                let stored = match self.stored_documents.is_empty() {
                    true => None,
                    false => self.context.snapshot.document_id(external_id)?,
                };
                let state = State::AsStored;
                self.slot_of.insert(external_id, self.slots.len() as u32);
                self.slots.push(Slot {
                    external_id,
                    stored,
                    state,
                    counted_by: 0,
                    is_deletion_counted: false,
                });
                self.slots.len() - 1
            }
        };
        Ok(&mut self.slots[index])
    }

    /// Turns the slots that change something into changes.
    fn changes(&mut self) -> Vec<DocumentChange<'p>> {
        let mut free_ids = FreeIds::new(&self.stored_documents);
        let mut changes = Vec::with_capacity(self.slots.len());
        for slot in std::mem::take(&mut self.slots) {
            let after = match slot.state {
                State::AsStored => continue,
                State::Absent => None,
                State::Present(content) => Some(content),
            };
            let document = match (slot.stored, &after) {
                (None, None) => continue,
                (Some(document), _) => document,
                (None, Some(_)) => free_ids.next(),
            };
            let (external_id, before) = (slot.external_id, slot.stored.is_some());
            changes.push(DocumentChange { document, external_id, before, after });
        }
        changes.sort_unstable_by_key(|change| change.document);
        changes
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
