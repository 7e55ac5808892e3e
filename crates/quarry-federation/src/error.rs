//! Why a federated search is refused or fails.

use quarry_error::{Code, HasCode};
use quarry_search::SearchError;
use quarry_storage::StorageError;

use crate::compatibility::Incompatible;

/// Why a federated search is refused or fails.
#[derive(Debug, thiserror::Error)]
pub enum FederationError {
    /// One of the searches is refused.
    #[error("Inside `.queries[{position}]`: {prefix}{source}", prefix = index_prefix(index_uid, source))]
    Query {
        /// Its place among the queries.
        position: usize,
        /// Its index.
        index_uid: String,
        /// Why.
        source: SearchError,
    },
    /// Two lists cannot be compared.
    #[error("Inside `.queries[{position}]`: {source}")]
    Incompatible {
        /// The place of the search that does not fit.
        position: usize,
        /// What does not fit.
        source: Incompatible,
    },
    /// The facets of an index that is searched are refused.
    #[error("Inside `.queries[{position}]`: Inside `.federation.facetsByIndex.{index_uid}`: {source}")]
    Facets {
        /// The place of the first search on the index.
        position: usize,
        /// The index.
        index_uid: String,
        /// Why.
        source: SearchError,
    },
    /// The facets of an index that is not searched are refused.
    #[error(
        "Inside `.federation.facetsByIndex.{index_uid}`: {source}\n - Note: index `{index_uid}` is not used in queries"
    )]
    UnusedFacets {
        /// The index.
        index_uid: String,
        /// Why.
        source: SearchError,
    },
    /// Facets cannot be added up because indexes order their values differently.
    #[error(
        "Inside `.queries[{position}]`: Inside `.federation.facetsByIndex.{index_uid}`: Inconsistent order for values \
         in facet `{facet}`: index `{other_uid}` orders {other_order}, but index `{index_uid}` orders {order}.\n - \
         Hint: Remove `federation.mergeFacets` or change `faceting.sortFacetValuesBy` to be consistent in settings."
    )]
    FacetOrder {
        /// The place of the first search on the index.
        position: usize,
        /// The facet.
        facet: String,
        /// The index that came first.
        other_uid: String,
        /// How it orders.
        other_order: &'static str,
        /// The index.
        index_uid: String,
        /// How it orders.
        order: &'static str,
    },
    /// An index cannot be read.
    #[error("internal: {0}.")]
    Storage(#[from] StorageError),
}

fn index_prefix(index_uid: &str, error: &SearchError) -> String {
    if error.concerns_index() { format!("Index `{index_uid}`: ") } else { String::new() }
}

impl HasCode for FederationError {
    fn code(&self) -> Code {
        match self {
            FederationError::Query { source, .. }
            | FederationError::Facets { source, .. }
            | FederationError::UnusedFacets { source, .. } => source.code(),
            FederationError::Incompatible { .. } => Code::InvalidMultiSearchQueryRankingRules,
            FederationError::FacetOrder { .. } => Code::InvalidMultiSearchFacetOrder,
            FederationError::Storage(_) => Code::Internal,
        }
    }
}
