//! A search among the values of one facet.

use deserr::Deserr;
use quarry_error::marker::*;
use serde_json::Value;

use crate::locale::Locale;
use crate::request_error::{JsonError, missing_field};
use crate::search::{HybridQuery, MatchingStrategy, RankingScoreThreshold};

/// The body of a facet search. Clients send whole search queries: unknown keys are ignored.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase)]
#[allow(missing_docs)]
pub struct FacetSearchQuery {
    #[deserr(default, error = JsonError<InvalidFacetSearchQuery>)]
    pub facet_query: Option<String>,
    #[deserr(error = JsonError<InvalidFacetSearchFacetName>, missing_field_error = missing_field::<MissingFacetSearchFacetName>)]
    pub facet_name: String,
    #[deserr(default, error = JsonError<InvalidSearchQ>)]
    pub q: Option<String>,
    #[deserr(default, error = JsonError<InvalidSearchVector>)]
    pub vector: Option<Vec<f32>>,
    #[deserr(default, error = JsonError<InvalidSearchMedia>)]
    pub media: Option<Value>,
    #[deserr(default, error = JsonError<InvalidSearchHybridQuery>)]
    pub hybrid: Option<HybridQuery>,
    #[deserr(default, error = JsonError<InvalidSearchFilter>)]
    pub filter: Option<Value>,
    #[deserr(default, error = JsonError<InvalidSearchMatchingStrategy>)]
    pub matching_strategy: MatchingStrategy,
    #[deserr(default, error = JsonError<InvalidSearchAttributesToSearchOn>)]
    pub attributes_to_search_on: Option<Vec<String>>,
    #[deserr(default, error = JsonError<InvalidSearchRankingScoreThreshold>)]
    pub ranking_score_threshold: Option<RankingScoreThreshold>,
    #[deserr(default, error = JsonError<InvalidSearchLocales>)]
    pub locales: Option<Vec<Locale>>,
    #[deserr(default, error = JsonError<InvalidFacetSearchExhaustiveFacetCount>)]
    pub exhaustive_facet_count: Option<bool>,
    #[deserr(default, error = JsonError<InvalidSearchUseNetwork>)]
    pub use_network: Option<bool>,
}
