//! All that is shown of one field: its values, counted and in order, and the range of its numbers.

use quarry_facets::{Direction, FacetKey, FacetTable};
use quarry_index::settings::FacetOrder;
use quarry_index::{FieldId, Snapshot, number_text};
use quarry_storage::StorageError;
use roaring::RoaringBitmap;
use serde_json::{Map, Value};

use super::counted::{Counted, GroupSize, Shown, ShownOrder};
use super::document_walk::{DocumentWalk, number_of};
use super::spelling::spellings;
use super::value_walk::{Candidates, ValueWalk};

/// Candidates up to which numbers in the order of values come in the order of their texts.
const NUMBERS_AS_TEXT_CANDIDATES_MAX: u64 = 3000;

/// What the two walks cost, in nanoseconds, measured on 120,000 documents with fields of 2 to 120,000 values:
/// to read the values of one candidate, to look at one document of a posting, and to look at one value.
const CANDIDATE_NANOS: u64 = 1400;
const DOCUMENT_NANOS: u64 = 10;
const VALUE_NANOS: u64 = 150;

/// Documents of an index up to which it does not matter how values are counted, so that it is always done by value:
/// which of equally frequent values are shown then never changes with the candidates.
const DOCUMENTS_ALWAYS_BY_VALUE: u64 = 1 << 14;

/// Values of a group of a facet table, or groups of a larger one.
const GROUP_VALUES: u64 = 16;

/// One field to count.
pub(super) struct FieldFacet<'s> {
    snapshot: &'s Snapshot<'s>,
    field: FieldId,
    candidates: Candidates<'s>,
    documents_count: u64,
    order: FacetOrder,
    values_max: usize,
}

/// Which kinds of values some document of the index has in a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kinds {
    pub numbers: bool,
    pub strings: bool,
}

impl Kinds {
    fn of(snapshot: &Snapshot<'_>, field: FieldId) -> Result<Kinds, StorageError> {
        let holds = |table: FacetTable| -> Result<bool, StorageError> {
            let mut cursor = table.postings().cursor(snapshot.txn(), &FacetKey::scan_level(field, 0))?;
            Ok(cursor.next()?.is_some())
        };
        let tables = snapshot.tables();
        Ok(Kinds { numbers: holds(tables.facet_numbers)?, strings: holds(tables.facet_strings)? })
    }
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
        let kinds = Kinds::of(self.snapshot, self.field)?;
        if self.is_cheaper_by_document(kinds)? {
            self.count_by_document(kinds)
        } else {
            self.count_by_value(kinds)
        }
    }

    /// The same, counted by document and by value.
    #[cfg(test)]
    pub(super) fn count_both_ways(&self) -> Result<[CountedField; 2], StorageError> {
        let kinds = Kinds::of(self.snapshot, self.field)?;
        Ok([self.count_by_document(kinds)?, self.count_by_value(kinds)?])
    }

    fn is_cheaper_by_document(&self, kinds: Kinds) -> Result<bool, StorageError> {
        if self.documents_count <= DOCUMENTS_ALWAYS_BY_VALUE {
            return Ok(false);
        }
        let by_document = self.candidates.documents.len().saturating_mul(CANDIDATE_NANOS);
        let by_value = self.documents_count.saturating_mul(DOCUMENT_NANOS);
        // Not even as many values as documents, which is a lot, would make up for that many candidates.
        let are_many = by_document >= self.documents_count.saturating_mul(DOCUMENT_NANOS + VALUE_NANOS);
        if by_document <= by_value || are_many {
            return Ok(!are_many);
        }
        let tables = self.snapshot.tables();
        let mut values_count = 0u64;
        for (order, table, is_held) in [
            (self.number_order(), tables.facet_numbers, kinds.numbers),
            (self.string_order(), tables.facet_strings, kinds.strings),
        ] {
            // In the order of values the walk ends early.
            if is_held && !matches!(order, ShownOrder::Ascending) {
                let levels = table.top_level(self.snapshot.txn(), self.field)?.unwrap_or(0);
                values_count += GROUP_VALUES.saturating_pow(levels.into());
            }
        }
        Ok(by_document <= by_value.saturating_add(values_count.saturating_mul(VALUE_NANOS)))
    }

    fn count_by_document(&self, kinds: Kinds) -> Result<CountedField, StorageError> {
        let walk = DocumentWalk::read(self.snapshot, self.field, kinds, self.candidates.documents)?;
        let mut shown = Shown::new(self.number_order(), self.values_max);
        walk.give_numbers(&mut shown);
        let numbers = shown.finish();
        let mut shown = Shown::new(self.string_order(), self.values_max - numbers.len());
        walk.give_strings(&mut shown);
        let values = self.values(&numbers, &shown.finish())?;
        Ok(CountedField { values, numbers: walk.number_range() })
    }

    fn count_by_value(&self, kinds: Kinds) -> Result<CountedField, StorageError> {
        let walk = ValueWalk::new(self.snapshot, self.field, kinds, self.candidates);
        let in_groups = |order, size| match order {
            ShownOrder::Count => ShownOrder::CountInGroups(size),
            other => other,
        };
        let mut shown = Shown::new(in_groups(self.number_order(), GroupSize::Four), self.values_max);
        walk.give_numbers(&mut shown)?;
        let numbers = shown.finish();
        let mut shown =
            Shown::new(in_groups(self.string_order(), GroupSize::Two), self.values_max - numbers.len());
        walk.give_strings(&mut shown)?;
        let values = self.values(&numbers, &shown.finish())?;
        let numbers = if kinds.numbers { self.number_range()? } else { None };
        Ok(CountedField { values, numbers })
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
        let spelled = spellings(self.snapshot, self.field, self.candidates, strings)?;
        for (spelling, counted) in spelled.into_iter().zip(strings) {
            values.insert(spelling, Value::from(counted.count));
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
