//! The facts of a document, as keys of the facet families and as values by field.

use std::borrow::Cow;
use std::io;

use quarry_index::keys::{document_facet, facet_number, facet_string, field};
use quarry_index::{DocumentId, FieldId, Fields};
use quarry_text::normalize_facet;

use crate::cache::value_key;
use crate::error::IndexError;
use crate::extract::difference::DocumentKeys;
use crate::extract::flat_document::Fact;
use crate::family::Family;
use crate::json_text::{Damaged, decode_string};
use crate::lexicon::Lexicon;
use crate::value_run::FacetValues;

/// What a document holds in one field.
#[derive(Debug, Clone, PartialEq)]
struct FieldValues<'d> {
    field: FieldId,
    numbers: Vec<f64>,
    /// Normalised and original.
    strings: Vec<(String, Cow<'d, str>)>,
}

/// The facet values of one document, by field.
#[derive(Debug, Default)]
pub(crate) struct DocumentValues<'d> {
    fields: Vec<FieldValues<'d>>,
}

/// Reads facts; one per thread.
pub(crate) struct FactReader {
    /// Coordinates of the point of a document: numbers, even when they are written as texts.
    coordinates: [Option<FieldId>; 2],
    key: Vec<u8>,
    before: Vec<u8>,
    after: Vec<u8>,
}

impl FactReader {
    pub(crate) fn new(fields: &Fields) -> FactReader {
        let coordinates = ["_geo.lat", "_geo.lng"].map(|name| fields.id(name));
        FactReader { coordinates, key: Vec::new(), before: Vec::new(), after: Vec::new() }
    }

    /// Pushes the keys of a document's facts; its values.
    pub(crate) fn read<'d>(
        &mut self,
        facts: &[(FieldId, Fact<'d>)],
        keys: &mut Lexicon,
        out: &mut DocumentKeys,
    ) -> Result<DocumentValues<'d>, IndexError> {
        let mut values = DocumentValues::default();
        for &(field, fact) in facts {
            let family = match fact {
                Fact::Exists => Family::FacetExists,
                Fact::Null => Family::FacetNull,
                Fact::Empty => Family::FacetEmpty,
                Fact::Holds(value) => {
                    self.read_value(field, value, keys, (out, values.of(field)))?;
                    continue;
                }
            };
            out.push(family, keys.intern(&field::key(field))?, 0);
        }
        values.fields.sort_unstable_by_key(|values| values.field);
        Ok(values)
    }

    fn read_value<'d>(
        &mut self,
        field: FieldId,
        value: &'d str,
        keys: &mut Lexicon,
        (out, values): (&mut DocumentKeys, &mut FieldValues<'d>),
    ) -> Result<(), IndexError> {
        let is_number = value.as_bytes().first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
        let original = match value.starts_with('"') {
            true => decode_string(value)?,
            false => Cow::Borrowed(value),
        };
        let number = match is_number {
            true => Some(original.parse().map_err(|_| Damaged)?),
            false if self.coordinates.contains(&Some(field)) => original.parse().ok(),
            false => None,
        };
        if let Some(number) = number.filter(|number: &f64| number.is_finite()) {
            facet_number::put(&mut self.key, field, number);
            out.push(Family::FacetNumber, keys.intern(&self.key)?, 0);
            values.numbers.push(number);
            return Ok(());
        }
        let normalised = normalize_facet(&original);
        facet_string::put(&mut self.key, field, &normalised);
        out.push(Family::FacetString, keys.intern(&self.key)?, 0);
        values.strings.push((normalised, original));
        Ok(())
    }

    /// Sends the values of a document that differ; all of `after` when the tables are built anew.
    ///
    /// # Errors
    /// When the system has no memory left.
    pub(crate) fn push_values(
        &mut self,
        document: DocumentId,
        before: &mut DocumentValues<'_>,
        after: &mut DocumentValues<'_>,
        (numbers, strings): (&mut FacetValues, &mut FacetValues),
    ) -> io::Result<()> {
        let mut fields: Vec<FieldId> = before
            .fields
            .iter()
            .map(|values| values.field)
            .chain(after.fields.iter().map(|values| values.field))
            .collect();
        fields.sort_unstable();
        fields.dedup();
        for field in fields {
            let key = value_key(field, document);
            before.put_numbers(field, &mut self.before);
            after.put_numbers(field, &mut self.after);
            if self.before != self.after {
                numbers.push(key, (!self.after.is_empty()).then_some(&self.after))?;
            }
            before.put_strings(field, &mut self.before);
            after.put_strings(field, &mut self.after);
            if self.before != self.after {
                strings.push(key, (!self.after.is_empty()).then_some(&self.after))?;
            }
        }
        Ok(())
    }
}

impl<'d> DocumentValues<'d> {
    fn of(&mut self, field: FieldId) -> &mut FieldValues<'d> {
        let place = match self.fields.iter().rposition(|values| values.field == field) {
            Some(place) => place,
            None => {
                self.fields.push(FieldValues { field, numbers: Vec::new(), strings: Vec::new() });
                self.fields.len() - 1
            }
        };
        &mut self.fields[place]
    }

    fn find(&mut self, field: FieldId) -> Option<&mut FieldValues<'d>> {
        let place = self.fields.binary_search_by_key(&field, |values| values.field).ok()?;
        Some(&mut self.fields[place])
    }

    fn put_numbers(&mut self, field: FieldId, buffer: &mut Vec<u8>) {
        buffer.clear();
        if let Some(values) = self.find(field) {
            document_facet::put_numbers(buffer, &mut values.numbers);
        }
    }

    fn put_strings(&mut self, field: FieldId, buffer: &mut Vec<u8>) {
        buffer.clear();
        if let Some(values) = self.find(field) {
            let mut strings =
                values.strings.iter().map(|(normalised, original)| (&**normalised, &**original)).collect();
            document_facet::put_strings(buffer, &mut strings);
        }
    }
}
