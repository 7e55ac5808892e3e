//! One document per value of an attribute.

use quarry_error::{Code, HasCode};
use quarry_index::keys::{document_facet, facet_number, facet_string};
use quarry_index::{DocumentId, FieldId, Snapshot};
use quarry_storage::StorageError;
use roaring::RoaringBitmap;
use thiserror::Error;

use crate::sort::VisibleNames;

/// The attribute of which each value is shown once.
pub(crate) struct Distinct<'s> {
    snapshot: &'s Snapshot<'s>,
    field: FieldId,
}

impl<'s> Distinct<'s> {
    /// The attribute of a request, or else that of the settings; none if there is neither, or if no document
    /// ever had it.
    ///
    /// # Errors
    /// If the request names an attribute that cannot be filtered by.
    pub(crate) fn new(
        snapshot: &'s Snapshot<'s>,
        requested: Option<&str>,
    ) -> Result<Option<Distinct<'s>>, DistinctError> {
        if let Some(attribute) = requested {
            check(snapshot, attribute)?;
        }
        let attribute = requested.or(snapshot.settings().distinct.as_deref());
        let field = attribute.and_then(|attribute| snapshot.fields().id(attribute));
        Ok(field.map(|field| Distinct { snapshot, field }))
    }

    /// Adds to `excluded` all other documents that share a value with `document`.
    pub(crate) fn exclude_others(
        &self,
        document: DocumentId,
        excluded: &mut RoaringBitmap,
    ) -> Result<(), StorageError> {
        let (tables, txn) = (self.snapshot.tables(), self.snapshot.txn());
        let key = document_facet::key(self.field, document);
        let was_excluded = excluded.contains(document);
        if let Some(stored) = tables.document_facet_numbers.get(txn, &key)? {
            for number in document_facet::numbers(stored) {
                let same =
                    tables.facet_numbers.postings().find(txn, &facet_number::key(self.field, number))?;
                same.map_or(Ok(()), |same| same.union_into(excluded))?;
            }
        }
        if let Some(stored) = tables.document_facet_strings.get(txn, &key)? {
            for (normalised, _) in document_facet::strings(stored) {
                let key = facet_string::key(self.field, normalised);
                let same = tables.facet_strings.postings().find(txn, &key)?;
                same.map_or(Ok(()), |same| same.union_into(excluded))?;
            }
        }
        if !was_excluded {
            excluded.remove(document);
        }
        Ok(())
    }
}

fn check(snapshot: &Snapshot<'_>, attribute: &str) -> Result<(), DistinctError> {
    let settings = snapshot.settings();
    match settings.filterable_rule(attribute) {
        Some((_, features)) if features.is_filterable() => Ok(()),
        Some((rule, _)) => Err(DistinctError::RuleWithoutFilter { attribute: attribute.to_owned(), rule }),
        None => {
            let filterable = settings.filterable.iter().filter(|rule| rule.features().is_filterable());
            let patterns = filterable.flat_map(|rule| rule.patterns()).map(String::as_str);
            let available = VisibleNames::of(settings, patterns);
            Err(DistinctError::NotFilterable { attribute: attribute.to_owned(), available })
        }
    }
}

/// An attribute that cannot be distinct. The caller names the index.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DistinctError {
    /// No rule makes the attribute filterable.
    #[error(
        "Attribute `{attribute}` is not filterable and thus, cannot be used as distinct attribute. {}",
        filterable_list(.available)
    )]
    NotFilterable {
        /// The attribute.
        attribute: String,
        /// Patterns of the filterable ones.
        available: VisibleNames,
    },
    /// The rule of the attribute allows no filter.
    #[error(
        "Attribute `{attribute}` is not filterable and thus, cannot be used as distinct attribute. Note: this attribute matches rule #{rule} in filterableAttributes, but this rule does not enable filtering.\nHint: enable filtering in rule #{rule} by adding appropriate filter features.\nHint: prepend another rule matching {attribute} with filter features before rule #{rule}"
    )]
    RuleWithoutFilter {
        /// The attribute.
        attribute: String,
        /// Number of the rule, from 0.
        rule: usize,
    },
}

impl HasCode for DistinctError {
    fn code(&self) -> Code {
        Code::InvalidSearchDistinct
    }
}

fn filterable_list(available: &VisibleNames) -> String {
    if available.names.is_empty() {
        return "This index does not have configured filterable attributes.".to_owned();
    }
    format!("Available filterable attributes patterns are: `{available}`.")
}
