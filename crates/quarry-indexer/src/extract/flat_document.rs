//! A document as its searchable values and its facts for facets, still as slices of JSON.
//!
//! Two documents with equal lists give equal entries, so equality of the lists is what saves the work.

use quarry_index::{FieldFeatures, FieldId, Fields, Settings};

use crate::extract::assemble::TopLevel;
use crate::flatten::{FieldVisitor, visit_fields};
use crate::json_text::Damaged;

/// What the settings make of each field, found out when a field is first met.
pub(crate) struct FieldTable {
    features: Vec<Option<FieldFeatures>>,
}

impl FieldTable {
    pub(crate) fn new(fields: &Fields) -> FieldTable {
        FieldTable { features: vec![None; fields.len()] }
    }

    /// Finds the features of `field` out, if they are not known yet.
    fn learn(&mut self, settings: &Settings, fields: &Fields, field: FieldId) {
        let features = &mut self.features[usize::from(field)];
        if features.is_none() {
            *features = Some(settings.field_features(fields.name(field)));
        }
    }

    /// The features of a field that some document has shown.
    pub(crate) fn get(&self, field: FieldId) -> Option<&FieldFeatures> {
        self.features.get(usize::from(field)).and_then(Option::as_ref)
    }

    fn is_searchable(&self, field: FieldId) -> bool {
        self.get(field).is_some_and(|features| features.searchable_weight.is_some())
    }

    fn is_presence_stored(&self, field: FieldId) -> bool {
        self.get(field).is_some_and(FieldFeatures::is_presence_stored)
    }

    fn is_faceted(&self, field: FieldId) -> bool {
        self.get(field).is_some_and(|features| features.faceted)
    }
}

/// Something that facets know of a field of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact<'d> {
    /// The document has the field.
    Exists,
    /// It is null there.
    Null,
    /// It is `""`, `[]` or `{}` there.
    Empty,
    /// It holds this string, number or boolean, as raw JSON.
    Holds(&'d str),
}

/// The lists of one document.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FlatDocument<'d> {
    /// Values to search, by field, then in the order of the document.
    pub(crate) searchable: Vec<(FieldId, &'d str)>,
    /// Facts of faceted fields, in the order of the document.
    pub(crate) facts: Vec<(FieldId, Fact<'d>)>,
}

/// Where a document is read for its lists.
pub(crate) struct Reading<'r> {
    pub(crate) settings: &'r Settings,
    pub(crate) fields: &'r Fields,
    pub(crate) table: &'r mut FieldTable,
    pub(crate) with_words: bool,
    pub(crate) with_facets: bool,
}

impl Reading<'_> {
    /// The lists of a document.
    pub(crate) fn read<'d>(&mut self, top_level: &TopLevel<'d>) -> Result<FlatDocument<'d>, Damaged> {
        let fields = self.fields;
        let mut collector = Collector { reading: self, flat: FlatDocument::default() };
        visit_fields(fields, top_level, &mut collector)?;
        let mut flat = collector.flat;
        if !flat.searchable.is_sorted_by_key(|&(field, _)| field) {
            // Stable: the values of one field keep the order of the document.
            flat.searchable.sort_by_key(|&(field, _)| field);
        }
        Ok(flat)
    }
}

struct Collector<'c, 'r, 'd> {
    reading: &'c mut Reading<'r>,
    flat: FlatDocument<'d>,
}

impl<'d> FieldVisitor<'d> for Collector<'_, '_, 'd> {
    fn entry(&mut self, field: FieldId, value: &'d str) {
        let Reading { settings, fields, table, with_facets, .. } = &mut *self.reading;
        table.learn(settings, fields, field);
        if !*with_facets || !table.is_presence_stored(field) {
            return;
        }
        self.flat.facts.push((field, Fact::Exists));
        match value {
            "null" => self.flat.facts.push((field, Fact::Null)),
            "\"\"" | "[]" | "{}" => self.flat.facts.push((field, Fact::Empty)),
            _ => {}
        }
    }

    fn scalar(&mut self, field: FieldId, value: &'d str) {
        if self.reading.with_words && self.reading.table.is_searchable(field) {
            self.flat.searchable.push((field, value));
        }
        // An empty string is no value of a facet.
        if self.reading.with_facets && value != "\"\"" && self.reading.table.is_faceted(field) {
            self.flat.facts.push((field, Fact::Holds(value)));
        }
    }
}
