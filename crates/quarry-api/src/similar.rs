//! Documents similar to one.

use deserr::Deserr;
use quarry_error::ErrorResponse;
use quarry_error::marker::*;
use serde_json::Value;

use crate::document_id::{InvalidDocumentIdentifier, document_identifier};
use crate::param::{CommaList, Param};
use crate::request_error::{JsonError, QueryError};
use crate::search::{DEFAULT_LIMIT, RankingScoreThreshold, filter_of_text};

/// The body of a search of similar documents.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
#[allow(missing_docs)]
pub struct SimilarQuery {
    #[deserr(error = JsonError<InvalidSimilarId>)]
    pub id: Identifier,
    #[deserr(default, error = JsonError<InvalidSimilarOffset>)]
    pub offset: usize,
    #[deserr(default = DEFAULT_LIMIT, error = JsonError<InvalidSimilarLimit>)]
    pub limit: usize,
    #[deserr(default, error = JsonError<InvalidSimilarFilter>)]
    pub filter: Option<Value>,
    #[deserr(error = JsonError<InvalidSimilarEmbedder>)]
    pub embedder: String,
    #[deserr(default, error = JsonError<InvalidSimilarAttributesToRetrieve>)]
    pub attributes_to_retrieve: Option<Vec<String>>,
    #[deserr(default, error = JsonError<InvalidSimilarRetrieveVectors>)]
    pub retrieve_vectors: bool,
    #[deserr(default, error = JsonError<InvalidSimilarShowRankingScore>)]
    pub show_ranking_score: bool,
    #[deserr(default, error = JsonError<InvalidSimilarShowRankingScoreDetails>)]
    pub show_ranking_score_details: bool,
    #[deserr(default, error = JsonError<InvalidSimilarShowPerformanceDetails>)]
    pub show_performance_details: bool,
    #[deserr(default, error = JsonError<InvalidSimilarRankingScoreThreshold>)]
    pub ranking_score_threshold: Option<RankingScoreThreshold>,
}

/// The identifier of a document: a string or an integer.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(try_from(Value) = Identifier::try_from -> InvalidDocumentIdentifier)]
pub struct Identifier(pub String);

impl TryFrom<Value> for Identifier {
    type Error = InvalidDocumentIdentifier;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        document_identifier(&value).map(Identifier)
    }
}

/// The same as a query string.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = QueryError, rename_all = camelCase, deny_unknown_fields)]
struct SimilarQueryString {
    #[deserr(error = QueryError<InvalidSimilarId>)]
    id: Identifier,
    #[deserr(error = QueryError<InvalidSimilarEmbedder>)]
    embedder: String,
    #[deserr(default, error = QueryError<InvalidSimilarOffset>)]
    offset: Param<usize>,
    #[deserr(default = Param(DEFAULT_LIMIT), error = QueryError<InvalidSimilarLimit>)]
    limit: Param<usize>,
    #[deserr(default, error = QueryError<InvalidSimilarAttributesToRetrieve>)]
    attributes_to_retrieve: Option<CommaList<String>>,
    #[deserr(default, error = QueryError<InvalidSimilarRetrieveVectors>)]
    retrieve_vectors: Param<bool>,
    #[deserr(default, error = QueryError<InvalidSimilarFilter>)]
    filter: Option<String>,
    #[deserr(default, error = QueryError<InvalidSimilarShowRankingScore>)]
    show_ranking_score: Param<bool>,
    #[deserr(default, error = QueryError<InvalidSimilarShowRankingScoreDetails>)]
    show_ranking_score_details: Param<bool>,
    #[deserr(default, error = QueryError<InvalidSimilarShowPerformanceDetails>)]
    show_performance_details: Param<bool>,
    #[deserr(default, error = QueryError<InvalidSimilarRankingScoreThreshold>)]
    ranking_score_threshold: Option<Param<RankingScoreThreshold>>,
}

impl SimilarQuery {
    /// Reads the query string of a search of similar documents.
    ///
    /// # Errors
    /// The first error of a parameter.
    pub fn from_query_string(query: &str) -> Result<SimilarQuery, ErrorResponse> {
        let sent: SimilarQueryString = crate::query_string::from_query_string(query)?;
        Ok(SimilarQuery {
            id: sent.id,
            offset: sent.offset.0,
            limit: sent.limit.0,
            filter: sent.filter.map(filter_of_text),
            embedder: sent.embedder,
            attributes_to_retrieve: sent.attributes_to_retrieve.map(|list| list.0),
            retrieve_vectors: sent.retrieve_vectors.0,
            show_ranking_score: sent.show_ranking_score.0,
            show_ranking_score_details: sent.show_ranking_score_details.0,
            show_performance_details: sent.show_performance_details.0,
            ranking_score_threshold: sent.ranking_score_threshold.map(|param| param.0),
        })
    }
}
