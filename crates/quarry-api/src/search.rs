//! Search parameters: the JSON body, one query of a multi-search, the query string.

use deserr::Deserr;
use quarry_error::marker::*;
use quarry_error::{Code, ErrorResponse};
use serde_json::Value;

use crate::index_uid::IndexUid;
use crate::locale::{Locale, LocaleList};
use crate::multi_search::FederationOptions;
use crate::param::{CommaList, FromParameter, Param};
use crate::request_error::{JsonError, QueryError, missing_field};

/// Hits of an answer when the request does not say.
pub const DEFAULT_LIMIT: usize = 20;
/// Words around a match when the request does not say.
pub const DEFAULT_CROP_LENGTH: usize = 10;
/// What marks a cut when the request does not say.
pub const DEFAULT_CROP_MARKER: &str = "…";
/// What opens a highlight when the request does not say.
pub const DEFAULT_HIGHLIGHT_PRE_TAG: &str = "<em>";
/// What closes a highlight when the request does not say.
pub const DEFAULT_HIGHLIGHT_POST_TAG: &str = "</em>";

/// Declares a request type with all parameters of a search, in the order of the error messages,
/// between fields of its own.
macro_rules! search_parameters {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident {
            paging { $number:ty, $offset:expr, $limit:expr }
            before { $($before:tt)* }
            after { $($after:tt)* }
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Deserr)]
        #[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
        #[allow(missing_docs)]
        pub struct $name {
            $($before)*
            #[deserr(default, error = JsonError<InvalidSearchQ>)]
            pub q: Option<String>,
            #[deserr(default = $offset, error = JsonError<InvalidSearchOffset>)]
            pub offset: $number,
            #[deserr(default = $limit, error = JsonError<InvalidSearchLimit>)]
            pub limit: $number,
            #[deserr(default, error = JsonError<InvalidSearchPage>)]
            pub page: Option<usize>,
            #[deserr(default, error = JsonError<InvalidSearchHitsPerPage>)]
            pub hits_per_page: Option<usize>,
            #[deserr(default, error = JsonError<InvalidSearchAttributesToRetrieve>)]
            pub attributes_to_retrieve: Option<Vec<String>>,
            #[deserr(default, error = JsonError<InvalidSearchAttributesToCrop>)]
            pub attributes_to_crop: Option<Vec<String>>,
            #[deserr(default = DEFAULT_CROP_LENGTH, error = JsonError<InvalidSearchCropLength>)]
            pub crop_length: usize,
            #[deserr(default = DEFAULT_CROP_MARKER.to_owned(), error = JsonError<InvalidSearchCropMarker>)]
            pub crop_marker: String,
            #[deserr(default, error = JsonError<InvalidSearchAttributesToHighlight>)]
            pub attributes_to_highlight: Option<Vec<String>>,
            #[deserr(default = DEFAULT_HIGHLIGHT_PRE_TAG.to_owned(), error = JsonError<InvalidSearchHighlightPreTag>)]
            pub highlight_pre_tag: String,
            #[deserr(default = DEFAULT_HIGHLIGHT_POST_TAG.to_owned(), error = JsonError<InvalidSearchHighlightPostTag>)]
            pub highlight_post_tag: String,
            #[deserr(default, error = JsonError<InvalidSearchShowMatchesPosition>)]
            pub show_matches_position: bool,
            #[deserr(default, error = JsonError<InvalidSearchFilter>)]
            pub filter: Option<Value>,
            #[deserr(default, error = JsonError<InvalidSearchSort>)]
            pub sort: Option<Vec<String>>,
            #[deserr(default, error = JsonError<InvalidSearchDistinct>)]
            pub distinct: Option<String>,
            #[deserr(default, error = JsonError<InvalidSearchFacets>)]
            pub facets: Option<Vec<String>>,
            #[deserr(default, error = JsonError<InvalidSearchMatchingStrategy>)]
            pub matching_strategy: MatchingStrategy,
            #[deserr(default, error = JsonError<InvalidSearchAttributesToSearchOn>)]
            pub attributes_to_search_on: Option<Vec<String>>,
            #[deserr(default, error = JsonError<InvalidSearchRankingScoreThreshold>)]
            pub ranking_score_threshold: Option<RankingScoreThreshold>,
            #[deserr(default, error = JsonError<InvalidSearchLocales>)]
            pub locales: Option<Vec<Locale>>,
            #[deserr(default, error = JsonError<InvalidSearchHybridQuery>)]
            pub hybrid: Option<HybridQuery>,
            #[deserr(default, error = JsonError<InvalidSearchVector>)]
            pub vector: Option<Vec<f32>>,
            #[deserr(default, error = JsonError<InvalidSearchRetrieveVectors>)]
            pub retrieve_vectors: bool,
            #[deserr(default, error = JsonError<InvalidSearchMedia>)]
            pub media: Option<Value>,
            #[deserr(default, error = JsonError<InvalidSearchPersonalize>)]
            pub personalize: Option<Personalize>,
            #[deserr(default, error = JsonError<InvalidSearchUseNetwork>)]
            pub use_network: Option<bool>,
            #[deserr(default, error = JsonError<InvalidSearchShowRankingScore>)]
            pub show_ranking_score: bool,
            #[deserr(default, error = JsonError<InvalidSearchShowRankingScoreDetails>)]
            pub show_ranking_score_details: bool,
            #[deserr(default, error = JsonError<InvalidSearchShowPerformanceDetails>)]
            pub show_performance_details: bool,
            $($after)*
        }
    };
}

search_parameters! {
    /// The body of a search.
    pub struct SearchQuery {
        paging { usize, 0, DEFAULT_LIMIT }
        before {}
        after {}
    }
}

search_parameters! {
    /// One query of a multi-search.
    pub struct SearchQueryWithIndex {
        paging { Option<usize>, None, None }
        before {
            #[deserr(error = JsonError<InvalidIndexUid>, missing_field_error = missing_field::<MissingIndexUid>)]
            pub index_uid: IndexUid,
        }
        after {
            #[deserr(default)]
            pub federation_options: Option<FederationOptions>,
        }
    }
}

impl SearchQueryWithIndex {
    /// Takes apart: the index, its search, what concerns the federation.
    pub fn into_parts(self) -> (IndexUid, SearchQuery, Option<FederationOptions>) {
        let query = SearchQuery {
            q: self.q,
            offset: self.offset.unwrap_or(0),
            limit: self.limit.unwrap_or(DEFAULT_LIMIT),
            page: self.page,
            hits_per_page: self.hits_per_page,
            attributes_to_retrieve: self.attributes_to_retrieve,
            attributes_to_crop: self.attributes_to_crop,
            crop_length: self.crop_length,
            crop_marker: self.crop_marker,
            attributes_to_highlight: self.attributes_to_highlight,
            highlight_pre_tag: self.highlight_pre_tag,
            highlight_post_tag: self.highlight_post_tag,
            show_matches_position: self.show_matches_position,
            filter: self.filter,
            sort: self.sort,
            distinct: self.distinct,
            facets: self.facets,
            matching_strategy: self.matching_strategy,
            attributes_to_search_on: self.attributes_to_search_on,
            ranking_score_threshold: self.ranking_score_threshold,
            locales: self.locales,
            hybrid: self.hybrid,
            vector: self.vector,
            retrieve_vectors: self.retrieve_vectors,
            media: self.media,
            personalize: self.personalize,
            use_network: self.use_network,
            show_ranking_score: self.show_ranking_score,
            show_ranking_score_details: self.show_ranking_score_details,
            show_performance_details: self.show_performance_details,
        };
        (self.index_uid, query, self.federation_options)
    }
}

/// Which words a document may miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr, serde::Serialize)]
#[deserr(rename_all = camelCase)]
#[serde(rename_all = "camelCase")]
pub enum MatchingStrategy {
    /// The last ones.
    #[default]
    Last,
    /// None.
    All,
    /// The most frequent ones.
    Frequency,
}

/// How much meaning counts beside words.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = JsonError<InvalidSearchHybridQuery>, rename_all = camelCase, deny_unknown_fields)]
pub struct HybridQuery {
    /// From 0, only words, to 1, only vectors.
    #[deserr(default, error = JsonError<InvalidSearchSemanticRatio>)]
    pub semantic_ratio: SemanticRatio,
    /// The embedder's name.
    #[deserr(error = JsonError<InvalidSearchEmbedder>)]
    pub embedder: String,
}

/// A re-ordering for one user.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = JsonError<InvalidSearchPersonalize>, rename_all = camelCase, deny_unknown_fields)]
pub struct Personalize {
    /// What is known about the user.
    #[deserr(error = JsonError<InvalidSearchPersonalizeUserContext>)]
    pub user_context: String,
}

macro_rules! unit_interval {
    ($(#[$attribute:meta])* $name:ident, $error:ident, $width:ty, $field:literal) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Deserr, serde::Serialize)]
        #[serde(transparent)]
        #[deserr(try_from($width) = $name::try_from -> $error)]
        pub struct $name(pub $width);

        /// A number outside of 0 to 1.
        #[derive(Debug, Clone, Copy, thiserror::Error)]
        #[error("the value of `{}` is invalid, expected a float between `0.0` and `1.0`.", $field)]
        pub struct $error;

        impl TryFrom<$width> for $name {
            type Error = $error;

            fn try_from(value: $width) -> Result<Self, Self::Error> {
                if (0.0..=1.0).contains(&value) { Ok($name(value)) } else { Err($error) }
            }
        }

        impl FromParameter for $name {
            fn from_parameter(text: &str) -> Result<Self, String> {
                let value: $width = text.parse().map_err(|_| $error.to_string())?;
                $name::try_from(value).map_err(|error| error.to_string())
            }
        }
    };
}

unit_interval!(
    /// The weight of vectors, from 0 to 1.
    SemanticRatio,
    InvalidSemanticRatio,
    f32,
    "semanticRatio"
);

unit_interval!(
    /// The score under which a hit is left out, from 0 to 1.
    RankingScoreThreshold,
    InvalidRankingScoreThreshold,
    f64,
    "rankingScoreThreshold"
);

impl Default for SemanticRatio {
    fn default() -> Self {
        SemanticRatio(0.5)
    }
}

/// The query string of a search.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = QueryError, rename_all = camelCase, deny_unknown_fields)]
struct SearchQueryString {
    #[deserr(default, error = QueryError<InvalidSearchQ>)]
    q: Option<String>,
    #[deserr(default, error = QueryError<InvalidSearchOffset>)]
    offset: Param<usize>,
    #[deserr(default = Param(DEFAULT_LIMIT), error = QueryError<InvalidSearchLimit>)]
    limit: Param<usize>,
    #[deserr(default, error = QueryError<InvalidSearchPage>)]
    page: Option<Param<usize>>,
    #[deserr(default, error = QueryError<InvalidSearchHitsPerPage>)]
    hits_per_page: Option<Param<usize>>,
    #[deserr(default, error = QueryError<InvalidSearchAttributesToRetrieve>)]
    attributes_to_retrieve: Option<CommaList<String>>,
    #[deserr(default, error = QueryError<InvalidSearchAttributesToCrop>)]
    attributes_to_crop: Option<CommaList<String>>,
    #[deserr(default = Param(DEFAULT_CROP_LENGTH), error = QueryError<InvalidSearchCropLength>)]
    crop_length: Param<usize>,
    #[deserr(default = DEFAULT_CROP_MARKER.to_owned(), error = QueryError<InvalidSearchCropMarker>)]
    crop_marker: String,
    #[deserr(default, error = QueryError<InvalidSearchAttributesToHighlight>)]
    attributes_to_highlight: Option<CommaList<String>>,
    #[deserr(default = DEFAULT_HIGHLIGHT_PRE_TAG.to_owned(), error = QueryError<InvalidSearchHighlightPreTag>)]
    highlight_pre_tag: String,
    #[deserr(default = DEFAULT_HIGHLIGHT_POST_TAG.to_owned(), error = QueryError<InvalidSearchHighlightPostTag>)]
    highlight_post_tag: String,
    #[deserr(default, error = QueryError<InvalidSearchShowMatchesPosition>)]
    show_matches_position: Param<bool>,
    #[deserr(default, error = QueryError<InvalidSearchFilter>)]
    filter: Option<String>,
    #[deserr(default, error = QueryError<InvalidSearchSort>)]
    sort: Option<String>,
    #[deserr(default, error = QueryError<InvalidSearchDistinct>)]
    distinct: Option<String>,
    #[deserr(default, error = QueryError<InvalidSearchFacets>)]
    facets: Option<CommaList<String>>,
    #[deserr(default, error = QueryError<InvalidSearchMatchingStrategy>)]
    matching_strategy: MatchingStrategy,
    #[deserr(default, error = QueryError<InvalidSearchAttributesToSearchOn>)]
    attributes_to_search_on: Option<CommaList<String>>,
    #[deserr(default, error = QueryError<InvalidSearchRankingScoreThreshold>)]
    ranking_score_threshold: Option<Param<RankingScoreThreshold>>,
    #[deserr(default, error = QueryError<InvalidSearchLocales>)]
    locales: Option<LocaleList>,
    #[deserr(default, error = QueryError<InvalidSearchEmbedder>)]
    hybrid_embedder: Option<String>,
    #[deserr(default, error = QueryError<InvalidSearchSemanticRatio>)]
    hybrid_semantic_ratio: Option<Param<SemanticRatio>>,
    #[deserr(default, error = QueryError<InvalidSearchVector>)]
    vector: Option<Param<Vector>>,
    #[deserr(default, error = QueryError<InvalidSearchRetrieveVectors>)]
    retrieve_vectors: Param<bool>,
    #[deserr(default, error = QueryError<InvalidSearchPersonalizeUserContext>)]
    personalize_user_context: Option<String>,
    #[deserr(default, error = QueryError<InvalidSearchUseNetwork>)]
    use_network: Option<Param<bool>>,
    #[deserr(default, error = QueryError<InvalidSearchShowRankingScore>)]
    show_ranking_score: Param<bool>,
    #[deserr(default, error = QueryError<InvalidSearchShowRankingScoreDetails>)]
    show_ranking_score_details: Param<bool>,
    #[deserr(default, error = QueryError<InvalidSearchShowPerformanceDetails>)]
    show_performance_details: Param<bool>,
}

/// Comma-separated numbers. An error names the parameter, not the element.
#[derive(Debug, Clone, PartialEq)]
struct Vector(Vec<f32>);

impl FromParameter for Vector {
    fn from_parameter(text: &str) -> Result<Self, String> {
        let number = |element: &str| element.parse::<f32>().map_err(|error| error.to_string());
        text.split(',').map(number).collect::<Result<_, _>>().map(Vector)
    }
}

impl SearchQuery {
    /// Reads the query string of a search.
    ///
    /// # Errors
    /// The first error of a parameter; a vector or a ratio without the name of an embedder.
    pub fn from_query_string(query: &str) -> Result<SearchQuery, ErrorResponse> {
        let sent: SearchQueryString = crate::query_string::from_query_string(query)?;
        let hybrid = hybrid_of_query_string(&sent)?;
        let list = |list: Option<CommaList<String>>| list.map(|list| list.0);
        Ok(SearchQuery {
            q: sent.q,
            offset: sent.offset.0,
            limit: sent.limit.0,
            page: sent.page.map(|param| param.0),
            hits_per_page: sent.hits_per_page.map(|param| param.0),
            attributes_to_retrieve: list(sent.attributes_to_retrieve),
            attributes_to_crop: list(sent.attributes_to_crop),
            crop_length: sent.crop_length.0,
            crop_marker: sent.crop_marker,
            attributes_to_highlight: list(sent.attributes_to_highlight),
            highlight_pre_tag: sent.highlight_pre_tag,
            highlight_post_tag: sent.highlight_post_tag,
            show_matches_position: sent.show_matches_position.0,
            filter: sent.filter.map(filter_of_text),
            sort: sent.sort.map(|text| split_sort(&text)),
            distinct: sent.distinct,
            facets: list(sent.facets),
            matching_strategy: sent.matching_strategy,
            attributes_to_search_on: list(sent.attributes_to_search_on),
            ranking_score_threshold: sent.ranking_score_threshold.map(|param| param.0),
            locales: sent.locales.map(|locales| locales.0),
            hybrid,
            vector: sent.vector.map(|param| param.0.0),
            retrieve_vectors: sent.retrieve_vectors.0,
            media: None,
            personalize: sent.personalize_user_context.map(|user_context| Personalize { user_context }),
            use_network: sent.use_network.map(|param| param.0),
            show_ranking_score: sent.show_ranking_score.0,
            show_ranking_score_details: sent.show_ranking_score_details.0,
            show_performance_details: sent.show_performance_details.0,
        })
    }
}

fn hybrid_of_query_string(sent: &SearchQueryString) -> Result<Option<HybridQuery>, ErrorResponse> {
    let ratio = sent.hybrid_semantic_ratio.map(|param| param.0);
    match (&sent.hybrid_embedder, ratio) {
        (Some(embedder), ratio) => {
            Ok(Some(HybridQuery { semantic_ratio: ratio.unwrap_or_default(), embedder: embedder.clone() }))
        }
        (None, Some(_)) => Err(ErrorResponse::new(
            "`hybridEmbedder` is mandatory when `hybridSemanticRatio` is present",
            Code::InvalidSearchHybridQuery,
        )),
        (None, None) if sent.vector.is_some() => Err(ErrorResponse::new(
            "`hybridEmbedder` is mandatory when `vector` is present",
            Code::MissingSearchHybrid,
        )),
        (None, None) => Ok(None),
    }
}

/// The filter of a query string: JSON when it is JSON, else an expression.
pub fn filter_of_text(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// Splits `a:asc,_geoPoint(1,2):desc` at the commas outside of parentheses.
pub fn split_sort(text: &str) -> Vec<String> {
    let mut criteria = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                criteria.push(text[start..position].trim_matches('"').to_owned());
                start = position + 1;
            }
            _ => {}
        }
    }
    criteria.push(text[start..].trim_matches('"').to_owned());
    criteria
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;
    use crate::query_string::from_json;

    fn check(body: Value, message: &str, code: Code) {
        let error = from_json::<SearchQuery, BadRequest>(body).unwrap_err();
        assert_eq!((error.message.as_str(), error.code), (message, code));
    }

    #[test]
    fn errors_carry_the_code_of_the_field() {
        check(
            json!({"limit": -1}),
            "Invalid value type at `.limit`: expected a positive integer, but found a negative integer: `-1`",
            Code::InvalidSearchLimit,
        );
        check(
            json!({"hybrid": {"semanticRatio": 2, "embedder": "e"}}),
            "Invalid value at `.hybrid.semanticRatio`: the value of `semanticRatio` is invalid, expected a float \
             between `0.0` and `1.0`.",
            Code::InvalidSearchSemanticRatio,
        );
        check(
            json!({"hybrid": {}}),
            "Missing field `embedder` inside `.hybrid`",
            Code::InvalidSearchHybridQuery,
        );
        check(
            json!({"matchingStrategy": "most"}),
            "Unknown value `most` at `.matchingStrategy`: expected one of `last`, `all`, `frequency`",
            Code::InvalidSearchMatchingStrategy,
        );
        check(
            json!({"cropLength": null}),
            "Invalid value type at `.cropLength`: expected a positive integer, but found null",
            Code::InvalidSearchCropLength,
        );
    }

    #[test]
    fn the_query_string_says_the_same_as_the_body() {
        let query = SearchQuery::from_query_string(
            "q=a&limit=3&sort=a:asc,_geoPoint(1,2):desc&filter=%5B%22a=1%22%5D&facets=a,b",
        )
        .unwrap();
        let body = json!({"q": "a", "limit": 3, "sort": ["a:asc", "_geoPoint(1,2):desc"], "filter": ["a=1"],
            "facets": ["a", "b"]});
        assert_eq!(query, from_json::<SearchQuery, BadRequest>(body).unwrap());
    }

    #[test]
    fn a_ratio_needs_an_embedder() {
        let error = SearchQuery::from_query_string("hybridSemanticRatio=0.5").unwrap_err();
        assert_eq!(error.code, Code::InvalidSearchHybridQuery);
    }
}
