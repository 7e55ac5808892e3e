//! Which attributes a search looks into.

use quarry_error::{Code, HasCode};
use quarry_index::attribute_pattern::matches;
use quarry_index::{FieldId, Snapshot};
use rustc_hash::FxHashSet;
use thiserror::Error;

use crate::sort::VisibleNames;

/// The searched attributes and what they weigh.
#[derive(Debug, Default)]
pub(crate) struct SearchScope {
    /// The only attributes searched; none: all searchable ones.
    pub restricted_to: Option<Vec<FieldId>>,
    /// Searched attributes with their weights, by weight.
    pub weights: Vec<(FieldId, u16)>,
    /// Weight of the last entry of the searchable attributes.
    pub weight_max: u16,
    /// Searched attributes whose words typos never reach.
    pub exact_fields: FxHashSet<FieldId>,
}

impl SearchScope {
    /// The scope of a search that names `attributes` (patterns), or none.
    ///
    /// # Errors
    /// `NotSearchable` for the first that fits no searchable attribute.
    pub(crate) fn new(
        snapshot: &Snapshot<'_>,
        attributes: Option<&[String]>,
    ) -> Result<SearchScope, SearchedAttributesError> {
        let restricted_to = attributes.map(|attributes| resolve(snapshot, attributes)).transpose()?.flatten();
        let searchable = snapshot.searchable_fields();
        let is_searched = |field: &FieldId| restricted_to.as_ref().is_none_or(|only| only.contains(field));
        let weights: Vec<(FieldId, u16)> =
            searchable.iter().filter(|(field, _)| is_searched(field)).copied().collect();
        let weight_max = snapshot.settings().searchable_weight_max();
        let exact_fields =
            weights.iter().map(|&(field, _)| field).filter(|&field| snapshot.features(field).exact).collect();
        Ok(SearchScope { restricted_to, weights, weight_max, exact_fields })
    }

    /// The weight of `field`; none if it is not searched.
    pub(crate) fn weight(&self, field: FieldId) -> Option<u16> {
        self.weights.iter().find(|(one, _)| *one == field).map(|(_, weight)| *weight)
    }
}

/// The fields that `attributes` name; none if they name all.
fn resolve(
    snapshot: &Snapshot<'_>,
    attributes: &[String],
) -> Result<Option<Vec<FieldId>>, SearchedAttributesError> {
    if attributes.iter().any(|attribute| attribute == "*") {
        return Ok(None);
    }
    let fields = snapshot.fields();
    let entries = snapshot.settings().searchable.as_deref();
    let mut resolved = Vec::new();
    for attribute in attributes {
        let before = resolved.len();
        for &(field, _) in snapshot.searchable_fields() {
            if matches(attribute, fields.name(field)) {
                resolved.push(field);
            }
        }
        let fits_entry = |entries: &[String]| entries.iter().any(|entry| matches(attribute, entry));
        if resolved.len() == before && !entries.is_none_or(fits_entry) {
            return Err(not_searchable(snapshot, attribute));
        }
    }
    resolved.sort_unstable();
    resolved.dedup();
    Ok(Some(resolved))
}

fn not_searchable(snapshot: &Snapshot<'_>, attribute: &str) -> SearchedAttributesError {
    let fields = snapshot.fields();
    let known = snapshot.searchable_fields().iter().map(|&(field, _)| fields.name(field));
    let entries = snapshot.settings().searchable.iter().flatten().map(String::as_str);
    let available = VisibleNames::of(snapshot.settings(), known.chain(entries));
    SearchedAttributesError::NotSearchable { attribute: attribute.to_owned(), available }
}

/// Attributes that cannot be searched. The caller names the index.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SearchedAttributesError {
    /// No searchable attribute fits.
    #[error("Attribute `{attribute}` is not searchable. Available searchable attributes are: `{available}`.")]
    NotSearchable {
        /// The name or pattern of the request.
        attribute: String,
        /// The searchable ones.
        available: VisibleNames,
    },
}

impl HasCode for SearchedAttributesError {
    fn code(&self) -> Code {
        Code::InvalidSearchAttributesToSearchOn
    }
}
