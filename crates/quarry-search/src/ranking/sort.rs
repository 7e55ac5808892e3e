//! Sort criteria on fields, and custom rules: each value of the field makes a bucket. Numbers come before
//! strings in both directions, documents without a value last.

use std::cmp::Ordering;
use std::rc::Rc;

use quarry_facets::{Direction, OrderedValues};
use quarry_index::keys::{document_facet, facet_number, facet_string};
use quarry_index::{DocumentId, FieldId};
use quarry_storage::StorageError;
use roaring::RoaringBitmap;

use crate::context::SearchContext;
use crate::graph::QueryGraph;
use crate::ranking::graph_rule::Start;
use crate::ranking::{Bucket, Buckets};
use crate::score::{ScoreDetail, SortValue};
use crate::sort::SortOrder;

/// Below this many documents their values are read one by one rather than walking the values of the field.
const DOCUMENTS_ONE_BY_ONE: u64 = 128;

/// Sets the rule to work on a field.
pub(crate) fn start<'c, 'i>(
    start: &Start<'_, 'c, 'i>,
    name: &str,
    order: SortOrder,
) -> Result<Box<dyn Buckets<'i> + 'c>, StorageError> {
    let described = Described { graph: Rc::clone(start.graph), field: name.to_owned(), order };
    let context = start.context;
    let Some(field) = context.snapshot.fields().id(name) else {
        return Ok(Box::new(ListedValues { described, values: Vec::new() }));
    };
    if start.universe.len() <= DOCUMENTS_ONE_BY_ONE {
        let values = list_values(context, field, order, start.universe)?;
        return Ok(Box::new(ListedValues { described, values }));
    }
    let direction = match order {
        SortOrder::Ascending => Direction::Ascending,
        SortOrder::Descending => Direction::Descending,
    };
    let (tables, txn) = (context.snapshot.tables(), context.snapshot.txn());
    let numbers = tables.facet_numbers.ordered(txn, field, direction, start.universe)?;
    let strings = tables.facet_strings.ordered(txn, field, direction, start.universe)?;
    Ok(Box::new(WalkedValues { described, numbers, strings, given: RoaringBitmap::new() }))
}

/// What buckets of a field have in common.
struct Described {
    graph: Rc<QueryGraph>,
    field: String,
    order: SortOrder,
}

impl Described {
    fn bucket(&self, documents: RoaringBitmap, value: SortValue) -> Bucket {
        let detail = ScoreDetail::Sort { field: self.field.clone(), order: self.order, value };
        Bucket { documents, graph: Rc::clone(&self.graph), detail }
    }

    /// The documents without a value.
    fn last_bucket(&self, remaining: &RoaringBitmap) -> Option<Bucket> {
        (!remaining.is_empty()).then(|| self.bucket(remaining.clone(), SortValue::Missing))
    }
}

/// The best value of one document, numbers first.
fn value_of(
    context: &SearchContext<'_>,
    field: FieldId,
    document: DocumentId,
    order: SortOrder,
) -> Result<SortValue, StorageError> {
    let (tables, txn) = (context.snapshot.tables(), context.snapshot.txn());
    let key = document_facet::key(field, document);
    if let Some(stored) = tables.document_facet_numbers.get(txn, &key)? {
        let mut numbers = document_facet::numbers(stored);
        let number = match order {
            SortOrder::Ascending => numbers.next(),
            SortOrder::Descending => numbers.next_back(),
        };
        if let Some(number) = number {
            return Ok(SortValue::Number(number));
        }
    }
    let Some(stored) = tables.document_facet_strings.get(txn, &key)? else { return Ok(SortValue::Missing) };
    let mut strings = document_facet::strings(stored).map(|(normalised, _)| normalised);
    let text = match order {
        SortOrder::Ascending => strings.next(),
        SortOrder::Descending => strings.last(),
    };
    Ok(text.map_or(SortValue::Missing, |text| SortValue::Text(text.to_owned())))
}

/// The documents that have a value, with it, the best ones last.
fn list_values(
    context: &SearchContext<'_>,
    field: FieldId,
    order: SortOrder,
    documents: &RoaringBitmap,
) -> Result<Vec<(SortValue, DocumentId)>, StorageError> {
    let mut values = Vec::with_capacity(documents.len() as usize);
    for document in documents {
        let value = value_of(context, field, document, order)?;
        if value != SortValue::Missing {
            values.push((value, document));
        }
    }
    values.sort_by(|(left, _), (right, _)| compare(right, left, order));
    Ok(values)
}

/// Less is better.
fn compare(left: &SortValue, right: &SortValue, order: SortOrder) -> Ordering {
    let directed = |ordering: Ordering| match order {
        SortOrder::Ascending => ordering,
        SortOrder::Descending => ordering.reverse(),
    };
    match (left, right) {
        (SortValue::Number(left), SortValue::Number(right)) => directed(left.total_cmp(right)),
        (SortValue::Text(left), SortValue::Text(right)) => directed(left.cmp(right)),
        (SortValue::Number(_), _) | (SortValue::Text(_), SortValue::Missing) => Ordering::Less,
        (SortValue::Missing, SortValue::Missing) => Ordering::Equal,
        _ => Ordering::Greater,
    }
}

/// Buckets of a small universe.
struct ListedValues {
    described: Described,
    /// The best ones last.
    values: Vec<(SortValue, DocumentId)>,
}

impl Buckets<'_> for ListedValues {
    fn next(
        &mut self,
        _: &SearchContext<'_>,
        remaining: &RoaringBitmap,
    ) -> Result<Option<Bucket>, StorageError> {
        while let Some((value, document)) = self.values.pop() {
            let mut documents = RoaringBitmap::from([document]);
            while let Some((_, same)) = self.values.pop_if(|(other, _)| *other == value) {
                documents.insert(same);
            }
            documents &= remaining;
            if !documents.is_empty() {
                return Ok(Some(self.described.bucket(documents, value)));
            }
        }
        Ok(self.described.last_bucket(remaining))
    }
}

/// Buckets of a large universe.
struct WalkedValues<'c, 'i> {
    described: Described,
    numbers: OrderedValues<'c, 'i>,
    strings: OrderedValues<'c, 'i>,
    /// Documents that came with a better value.
    given: RoaringBitmap,
}

impl Buckets<'_> for WalkedValues<'_, '_> {
    fn next(
        &mut self,
        _: &SearchContext<'_>,
        remaining: &RoaringBitmap,
    ) -> Result<Option<Bucket>, StorageError> {
        loop {
            let (value, mut documents) = if let Some(found) = self.numbers.next() {
                let (value, documents) = found?;
                self.numbers.leave_out(&documents);
                let number = value.try_into().map(facet_number::number).unwrap_or_default();
                (SortValue::Number(number), documents)
            } else if let Some(found) = self.strings.next() {
                let (value, documents) = found?;
                self.strings.leave_out(&documents);
                let text = facet_string::string(&value).unwrap_or_default().into_owned();
                (SortValue::Text(text), documents)
            } else {
                return Ok(self.described.last_bucket(remaining));
            };
            documents -= &self.given;
            self.given |= &documents;
            documents &= remaining;
            if !documents.is_empty() {
                return Ok(Some(self.described.bucket(documents, value)));
            }
        }
    }
}
