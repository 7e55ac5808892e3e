//! What a federated search asks for.

use std::collections::BTreeMap;

use quarry_search::{Pagination, SearchRequest};

/// One of the searches.
#[derive(Debug, Clone)]
pub struct FederatedQuery {
    /// The index.
    pub index_uid: String,
    /// The search. Its pagination is that of the federation.
    pub request: SearchRequest,
    /// The factor of its scores, 0 or more.
    pub weight: f64,
}

/// What concerns all searches together.
#[derive(Debug, Clone, Default)]
pub struct FederationRequest {
    /// Which part of the merged list.
    pub pagination: Pagination,
    /// The facets wanted of each index.
    pub facets_by_index: BTreeMap<String, Option<Vec<String>>>,
    /// Given: the facets of all indexes are added up.
    pub merge_facets: Option<MergeFacets>,
    /// The field of which each value may show once.
    pub distinct: Option<String>,
}

/// How facets of several indexes are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeFacets {
    /// The most values of one facet; `None`: all that the indexes gave.
    pub values_max: Option<usize>,
}

impl FederationRequest {
    /// How many hits each search must rank, from the first on, so that the part asked for is right.
    pub(crate) fn pagination_of_queries(&self) -> Pagination {
        match self.pagination {
            Pagination::Offset { offset, limit } => {
                Pagination::Offset { offset: 0, limit: offset.saturating_add(limit) }
            }
            Pagination::Page { page, hits_per_page } => {
                Pagination::Page { page: 1, hits_per_page: page.saturating_mul(hits_per_page) }
            }
        }
    }
}
