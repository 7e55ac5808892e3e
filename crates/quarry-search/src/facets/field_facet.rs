//! All that is shown of one field: its values, counted and in order, and the range of its numbers.

use quarry_facets::Direction;
use quarry_index::keys::{document_facet, facet_string};
use quarry_index::settings::FacetOrder;
use quarry_index::{FieldId, Snapshot, number_text};
use quarry_storage::StorageError;
use roaring::RoaringBitmap;
use serde_json::{Map, Value};

use super::counted::{Counted, Shown, ShownOrder};
use super::document_walk::{DocumentWalk, number_of};
use super::value_walk::{Candidates, ValueWalk};

/// Candidates up to which numbers in the order of values come in the order of their texts.
const NUMBERS_AS_TEXT_CANDIDATES_MAX: u64 = 3000;

/// Documents of the index per candidate from which reading the values of each candidate costs less than
/// reading the postings of all values.
const DOCUMENTS_PER_CANDIDATE_MIN: u64 = 256;

/// One field to count.
pub(super) struct FieldFacet<'s> {
    snapshot: &'s Snapshot<'s>,
    field: FieldId,
    candidates: Candidates<'s>,
    documents_count: u64,
    order: FacetOrder,
    values_max: usize,
}

/// What is shown of a field.
pub(super) struct CountedField {
    /// Value to count.
    pub values: Map<String, Value>,
    /// The least and the greatest number.
    pub numbers: Option<(f64, f64)>,
}

impl<'s> FieldFacet<'s> {
    pub(super) fn new(
        snapshot: &'s Snapshot<'s>,
        field: FieldId,
        name: &str,
        candidates: &'s RoaringBitmap,
        documents_count: u64,
    ) -> FieldFacet<'s> {
        let faceting = &snapshot.settings().faceting;
        FieldFacet {
            snapshot,
            field,
            candidates: Candidates::new(candidates, documents_count),
            documents_count,
            order: faceting.order_of(name),
            values_max: faceting.max_values,
        }
    }

    /// Counts the values that candidates hold.
    pub(super) fn count(&self) -> Result<CountedField, StorageError> {
        let candidates_count = self.candidates.documents.len();
        if candidates_count.saturating_mul(DOCUMENTS_PER_CANDIDATE_MIN) <= self.documents_count {
            self.count_by_document()
        } else {
            self.count_by_value()
        }
    }

    fn count_by_document(&self) -> Result<CountedField, StorageError> {
        let walk = DocumentWalk::read(self.snapshot, self.field, self.candidates.documents)?;
        let mut shown = Shown::new(self.number_order(), self.values_max);
        walk.numbers().for_each(|counted| shown.push(counted));
        let numbers = shown.finish();
        let mut shown = Shown::new(self.string_order(), self.values_max - numbers.len());
        walk.strings().for_each(|counted| shown.push(counted));
        let values = self.values(&numbers, &shown.finish())?;
        Ok(CountedField { values, numbers: walk.number_range() })
    }

    fn count_by_value(&self) -> Result<CountedField, StorageError> {
        let walk = ValueWalk::new(self.snapshot, self.field, self.candidates)?;
        let mut shown = Shown::new(self.number_order(), self.values_max);
        walk.numbers(&mut shown)?;
        let numbers = shown.finish();
        let mut shown = Shown::new(self.string_order(), self.values_max - numbers.len());
        walk.strings(&mut shown)?;
        let values = self.values(&numbers, &shown.finish())?;
        Ok(CountedField { values, numbers: self.number_range()? })
    }

    fn number_order(&self) -> ShownOrder {
        match self.order {
            FacetOrder::Count => ShownOrder::Count,
            FacetOrder::Alpha if self.candidates.documents.len() <= NUMBERS_AS_TEXT_CANDIDATES_MAX => {
                ShownOrder::By(shown_number)
            }
            FacetOrder::Alpha => ShownOrder::Ascending,
        }
    }

    fn string_order(&self) -> ShownOrder {
        match self.order {
            FacetOrder::Count => ShownOrder::Count,
            FacetOrder::Alpha => ShownOrder::Ascending,
        }
    }

    fn values(&self, numbers: &[Counted], strings: &[Counted]) -> Result<Map<String, Value>, StorageError> {
        let mut values = Map::new();
        for counted in numbers {
            values.insert(shown_number(&counted.value), Value::from(counted.count));
        }
        for counted in strings {
            values
                .insert(spelling(self.snapshot, self.field, self.candidates, counted)?, counted.count.into());
        }
        Ok(values)
    }

    fn number_range(&self) -> Result<Option<(f64, f64)>, StorageError> {
        let table = self.snapshot.tables().facet_numbers;
        let first = |direction| {
            let value =
                table.first_value(self.snapshot.txn(), self.field, direction, self.candidates.documents)?;
            Ok::<_, StorageError>(value.and_then(|value| number_of(&value)))
        };
        Ok(first(Direction::Ascending)?.zip(first(Direction::Descending)?))
    }
}

fn shown_number(value: &[u8]) -> String {
    number_of(value).map(number_text::format).unwrap_or_default()
}

/// A string as the first candidate that holds it spells it.
pub(super) fn spelling(
    snapshot: &Snapshot<'_>,
    field: FieldId,
    candidates: Candidates<'_>,
    counted: &Counted,
) -> Result<String, StorageError> {
    let (tables, txn) = (snapshot.tables(), snapshot.txn());
    let first_document = match counted.first_document {
        Some(document) => Some(document),
        None => {
            let key = quarry_facets::FacetKey { field, level: 0, value: &counted.value }.to_bytes();
            let postings = tables.facet_strings.postings().find(txn, &key)?;
            postings.map_or(Ok(None), |postings| candidates.first(&postings))?
        }
    };
    if let Some(document) = first_document
        && let Some(stored) = tables.document_facet_strings.get(txn, &document_facet::key(field, document))?
    {
        let spelled = document_facet::strings(stored)
            .find(|(normalised, _)| facet_string::value(normalised) == counted.value);
        if let Some((_, original)) = spelled {
            return Ok(original.to_owned());
        }
    }
    Ok(facet_string::string(&counted.value).unwrap_or_default().into_owned())
}
