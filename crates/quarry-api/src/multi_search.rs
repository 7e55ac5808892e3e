//! Several searches in one request, apart or merged into one list.

use std::collections::BTreeMap;

use deserr::Deserr;
use quarry_error::marker::*;

use crate::index_uid::IndexUid;
use crate::request_error::JsonError;
use crate::search::{DEFAULT_LIMIT, Personalize, SearchQueryWithIndex};

/// The body of a multi-search.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
pub struct MultiSearch {
    /// The searches.
    pub queries: Vec<SearchQueryWithIndex>,
    /// Given, even as `{}`: the results become one list.
    #[deserr(default)]
    pub federation: Option<Federation>,
}

/// How the results of several searches become one list.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
pub struct Federation {
    /// Hits of the answer.
    #[deserr(default = DEFAULT_LIMIT, error = JsonError<InvalidSearchLimit>)]
    pub limit: usize,
    /// Hits left out at the beginning.
    #[deserr(default, error = JsonError<InvalidSearchOffset>)]
    pub offset: usize,
    /// The page, from 1.
    #[deserr(default, error = JsonError<InvalidSearchPage>)]
    pub page: Option<usize>,
    /// Hits of a page.
    #[deserr(default, error = JsonError<InvalidSearchHitsPerPage>)]
    pub hits_per_page: Option<usize>,
    /// The facets wanted of each index.
    #[deserr(default, error = JsonError<InvalidMultiSearchFacetsByIndex>)]
    pub facets_by_index: BTreeMap<IndexUid, Option<Vec<String>>>,
    /// Given: the facets of all indexes are added up.
    #[deserr(default, error = JsonError<InvalidMultiSearchMergeFacets>)]
    pub merge_facets: Option<MergeFacets>,
    /// The field of which each value may show once.
    #[deserr(default, error = JsonError<InvalidSearchDistinct>)]
    pub distinct: Option<String>,
    /// Whether the answer tells the time of each step.
    #[deserr(default, error = JsonError<InvalidSearchShowPerformanceDetails>)]
    pub show_performance_details: bool,
    /// A re-ordering for one user.
    #[deserr(default, error = JsonError<InvalidSearchPersonalize>)]
    pub personalize: Option<Personalize>,
}

/// How facets of several indexes are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(error = JsonError<InvalidMultiSearchMergeFacets>, rename_all = camelCase, deny_unknown_fields)]
pub struct MergeFacets {
    /// The most values of one facet.
    #[deserr(default, error = JsonError<InvalidMultiSearchMaxValuesPerFacet>)]
    pub max_values_per_facet: Option<usize>,
}

/// The place of one query in the merged list.
#[derive(Debug, Clone, PartialEq, Default, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
pub struct FederationOptions {
    /// The factor of its scores.
    #[deserr(default, error = JsonError<InvalidMultiSearchWeight>)]
    pub weight: Weight,
    /// The server that answers it.
    #[deserr(default, error = JsonError<InvalidMultiSearchRemote>)]
    pub remote: Option<String>,
    /// Its number among the queries of the original request.
    #[deserr(default, error = JsonError<InvalidMultiSearchQueryPosition>)]
    pub query_position: Option<usize>,
}

/// A factor of scores, 0 or more.
#[derive(Debug, Clone, Copy, PartialEq, Deserr)]
#[deserr(try_from(f64) = Weight::try_from -> InvalidWeight)]
pub struct Weight(pub f64);

/// A negative factor.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the value of `weight` is invalid, expected a positive float (>= 0.0).")]
pub struct InvalidWeight;

impl TryFrom<f64> for Weight {
    type Error = InvalidWeight;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        if value >= 0.0 { Ok(Weight(value)) } else { Err(InvalidWeight) }
    }
}

impl Default for Weight {
    fn default() -> Self {
        Weight(1.0)
    }
}
