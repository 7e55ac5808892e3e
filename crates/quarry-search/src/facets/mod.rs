//! Facets: which values the candidates of a search hold.
//!
//! In reading order:
//! - [`fields`]: the fields that a request asks for, and whether it may;
//! - [`counted`]: values with their counts, in the order in which they are shown, as many as are shown;
//! - [`document_walk`] and [`value_walk`]: two ways to count, for few and for many candidates;
//! - [`spelling`]: how strings are spelled when they are shown;
//! - [`field_facet`]: all that is shown of one field;
//! - [`value_search`]: the values that begin like a text, typos included.

mod counted;
mod document_walk;
mod field_facet;
mod fields;
mod spelling;
#[cfg(test)]
mod tests;
mod value_search;
mod value_walk;

use quarry_index::Snapshot;
use roaring::RoaringBitmap;
use serde_json::{Map, Value, json};

use crate::error::SearchError;
use field_facet::FieldFacet;

pub use fields::{FacetsError, check};
pub use value_search::{FacetHit, FacetSearchError, FacetSearchRequest, facet_search};

/// The values of some fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FacetAnswer {
    /// Field to value to count. Fields by name, values in the order of the settings.
    pub distribution: Map<String, Value>,
    /// Field to `min` and `max`, the least and the greatest number; fields with numbers only.
    pub stats: Map<String, Value>,
}

/// Counts the values of the fields that match `patterns` in `candidates`.
///
/// # Errors
/// If a pattern matches no filterable field, or the index cannot be read.
pub fn distribution(
    snapshot: &Snapshot<'_>,
    patterns: &[String],
    candidates: &RoaringBitmap,
) -> Result<FacetAnswer, SearchError> {
    check(snapshot.settings(), patterns)?;
    let documents_count = snapshot.documents_count()?;
    let mut answer = FacetAnswer::default();
    for (name, field) in fields::asked_for(snapshot, patterns) {
        let facet = FieldFacet::new(snapshot, field, name, candidates, documents_count).count()?;
        answer.distribution.insert(name.to_owned(), Value::Object(facet.values));
        if let Some((min, max)) = facet.numbers {
            answer.stats.insert(name.to_owned(), json!({ "min": min, "max": max }));
        }
    }
    Ok(answer)
}
