//! Counting by value: reads the postings of each value. Its cost follows the documents that have the field,
//! not the candidates.

use std::borrow::Cow;

use quarry_facets::FacetKey;
use quarry_index::keys::{facet_number, facet_string};
use quarry_index::{DocumentId, FieldId, Snapshot, number_text};
use quarry_storage::{Postings, PostingsTable, StorageError};
use roaring::RoaringBitmap;

use super::counted::Shown;
use super::document_walk::number_of;
use super::field_facet::Kinds;

/// The candidates among which values are counted.
#[derive(Clone, Copy)]
pub(super) struct Candidates<'c> {
    pub documents: &'c RoaringBitmap,
    /// Whether they are all documents of the index: then postings need not be read to be counted.
    pub are_all: bool,
}

impl<'c> Candidates<'c> {
    pub(super) fn new(documents: &'c RoaringBitmap, documents_count: u64) -> Candidates<'c> {
        Candidates { documents, are_all: documents.len() == documents_count }
    }

    /// How many hold a value.
    pub(super) fn count(&self, postings: &Postings<'_>) -> Result<u64, StorageError> {
        if self.are_all { postings.len() } else { postings.intersection_len(self.documents) }
    }

    /// The lowest that holds a value.
    pub(super) fn first(&self, postings: &Postings<'_>) -> Result<Option<DocumentId>, StorageError> {
        postings.first_in(self.documents)
    }
}

/// The values of one field.
pub(super) struct ValueWalk<'s> {
    snapshot: &'s Snapshot<'s>,
    field: FieldId,
    candidates: Candidates<'s>,
    /// Whether the field holds numbers and strings, which may show alike.
    is_mixed: bool,
}

impl<'s> ValueWalk<'s> {
    pub(super) fn new(
        snapshot: &'s Snapshot<'s>,
        field: FieldId,
        kinds: Kinds,
        candidates: Candidates<'s>,
    ) -> ValueWalk<'s> {
        ValueWalk { snapshot, field, candidates, is_mixed: kinds.numbers && kinds.strings }
    }

    /// Gives the numbers that candidates hold to `shown`, ascending, until it has enough.
    pub(super) fn give_numbers(&self, shown: &mut Shown) -> Result<(), StorageError> {
        let table = self.snapshot.tables().facet_numbers.postings();
        self.for_each_value(table, shown, |value, postings| {
            let own = self.candidates.count(postings)?;
            match self.equal_string(value)? {
                // Without a candidate of its own the number does not show: the string does.
                Some(strings) if own > 0 => self.count_either(postings, &strings),
                _ => Ok(own),
            }
        })
    }

    /// Gives the strings that candidates hold to `shown`, ascending, until it has enough. Strings that show
    /// like a number of a candidate are left out.
    pub(super) fn give_strings(&self, shown: &mut Shown) -> Result<(), StorageError> {
        let table = self.snapshot.tables().facet_strings.postings();
        self.for_each_value(table, shown, |value, postings| {
            let own = self.candidates.count(postings)?;
            if own > 0 && self.shows_like_number(value)? { Ok(0) } else { Ok(own) }
        })
    }

    fn for_each_value(
        &self,
        table: PostingsTable,
        shown: &mut Shown,
        count: impl Fn(&[u8], &Postings<'_>) -> Result<u64, StorageError>,
    ) -> Result<(), StorageError> {
        let mut cursor = table.cursor(self.snapshot.txn(), &FacetKey::scan_level(self.field, 0))?;
        while !shown.is_complete()
            && let Some((key, postings)) = cursor.next()?
        {
            let value = FacetKey::value_of(key)?;
            let count = count(value, &postings)?;
            match count {
                0 => shown.skip(),
                _ => shown.push(value, count, None),
            }
        }
        Ok(())
    }

    /// The postings of the string that shows like a number.
    fn equal_string(&self, value: &[u8]) -> Result<Option<Postings<'s>>, StorageError> {
        let Some(number) = number_of(value).filter(|_| self.is_mixed) else { return Ok(None) };
        let key = facet_string::key(self.field, &number_text::format(number));
        self.snapshot.tables().facet_strings.postings().find(self.snapshot.txn(), &key)
    }

    fn shows_like_number(&self, value: &[u8]) -> Result<bool, StorageError> {
        // Most strings are told from numbers by their first character.
        let may_be_number = value.first().is_some_and(|first| *first == b'-' || first.is_ascii_digit());
        if !self.is_mixed || !may_be_number {
            return Ok(false);
        }
        let text = facet_string::string(value).unwrap_or(Cow::Borrowed(""));
        let Ok(number) = text.parse::<f64>() else { return Ok(false) };
        if !number.is_finite() || number_text::format(number) != text {
            return Ok(false);
        }
        let key = facet_number::key(self.field, number);
        let numbers = self.snapshot.tables().facet_numbers.postings().find(self.snapshot.txn(), &key)?;
        numbers.map_or(Ok(false), |numbers| Ok(self.candidates.count(&numbers)? > 0))
    }

    fn count_either(&self, one: &Postings<'_>, other: &Postings<'_>) -> Result<u64, StorageError> {
        let candidates = self.candidates.documents;
        Ok((one.intersection(candidates)? | other.intersection(candidates)?).len())
    }
}
