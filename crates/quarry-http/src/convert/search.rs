//! Searches, from the wire to the engine and back.

use std::time::Instant;

use quarry_api::features::{Feature, Features, feature_not_enabled};
use quarry_api::locale::Locale;
use quarry_api::search::{MatchingStrategy, SearchQuery};
use quarry_api::search_answer::{HitView, Totals};
use quarry_auth::Permissions;
use quarry_error::{Code, ErrorResponse};
use quarry_filter::Filter;
use quarry_search as engine;
use quarry_text::Language;
use serde_json::Value;

use super::filter::{check_features, parse_filter};
use crate::error::HttpError;

/// Hits of a page when only the page is given.
const DEFAULT_HITS_PER_PAGE: usize = 20;

/// A search as the engine wants it, with what the wire says beside it.
pub(crate) struct Prepared {
    pub(crate) request: engine::SearchRequest,
    /// The embedder that the search needs; `None` for a search by words.
    pub(crate) semantic: Option<Semantic>,
}

/// What a search by meaning needs.
pub(crate) struct Semantic {
    pub(crate) embedder: String,
    /// Whether results by words count too.
    pub(crate) is_hybrid: bool,
}

/// Checks a search and turns it into a request for the engine.
///
/// # Errors
/// A feature that is off, a filter or sort that cannot be read, parameters that exclude each other.
pub(crate) fn prepare(
    query: SearchQuery,
    index_uid: &str,
    allowed: &Permissions,
    features: &Features,
    has_personalization: bool,
) -> Result<Prepared, HttpError> {
    if query.personalize.is_some() && !has_personalization {
        return Err(feature_not_enabled("reranking search results", "personalization").into());
    }
    if query.use_network == Some(true) {
        features.require(Feature::Network, "passing `useNetwork` in a search query")?;
    }
    let filter = search_filter(query.filter.as_ref(), index_uid, allowed, features)?;
    let semantic = semantic(&query)?;
    Ok(Prepared { request: search_request(query, filter)?, semantic })
}

/// The filter of the request and that of the tenant token, joined.
pub(crate) fn search_filter(
    sent: Option<&Value>,
    index_uid: &str,
    allowed: &Permissions,
    features: &Features,
) -> Result<Option<Filter>, HttpError> {
    let parse = |filter: &Value| parse_filter(filter, Code::InvalidSearchFilter);
    let sent = sent.map(parse).transpose()?.flatten();
    if let Some(filter) = &sent {
        check_features(filter, features)?;
    }
    let rule = allowed.search_rule(index_uid).and_then(|rule| rule.filter);
    let rule = rule.map(parse).transpose()?.flatten();
    Ok(match (sent, rule) {
        (Some(sent), Some(rule)) => Some(sent.and(rule)),
        (sent, rule) => sent.or(rule),
    })
}

/// Checks that `media`, `vector` and `hybrid` go together; whether one of the first two is there.
pub(crate) fn check_vector_parameters(
    has_media: bool,
    has_vector: bool,
    has_hybrid: bool,
) -> Result<bool, ErrorResponse> {
    match (has_media, has_vector, has_hybrid) {
        (true, true, _) => Err(ErrorResponse::new(
            "Invalid request: both `media` and `vector` parameters are present.",
            Code::InvalidSearchMediaAndVector,
        )),
        (true, _, false) | (_, true, false) => Err(ErrorResponse::new(
            "Invalid request: missing `hybrid` parameter when `vector` or `media` are present.",
            Code::MissingSearchHybrid,
        )),
        _ => Ok(has_media || has_vector),
    }
}

/// Whether a search is by words, by meaning, or both: the first rule that fits.
fn semantic(query: &SearchQuery) -> Result<Option<Semantic>, HttpError> {
    let has_vector =
        check_vector_parameters(query.media.is_some(), query.vector.is_some(), query.hybrid.is_some())?;
    let Some(hybrid) = &query.hybrid else { return Ok(None) };
    let ratio = hybrid.semantic_ratio.0;
    let has_words = query.q.as_ref().is_some_and(|words| !words.trim().is_empty());
    if ratio == 0.0 || !(has_words || has_vector) {
        return Ok(None);
    }
    Ok(Some(Semantic { embedder: hybrid.embedder.clone(), is_hybrid: has_words && ratio < 1.0 }))
}

fn search_request(query: SearchQuery, filter: Option<Filter>) -> Result<engine::SearchRequest, HttpError> {
    Ok(engine::SearchRequest {
        pagination: pagination(&query),
        query: query.q,
        filter,
        sort: sort_criteria(query.sort.unwrap_or_default(), Code::InvalidSearchSort)?,
        distinct: query.distinct,
        facets: query.facets,
        attributes_to_retrieve: query.attributes_to_retrieve,
        attributes_to_crop: query.attributes_to_crop.unwrap_or_default(),
        crop_length: query.crop_length,
        crop_marker: query.crop_marker,
        attributes_to_highlight: query.attributes_to_highlight.unwrap_or_default(),
        highlight_pre_tag: query.highlight_pre_tag,
        highlight_post_tag: query.highlight_post_tag,
        tag_bytes_max: engine::request::TAG_BYTES_MAX,
        show_matches_position: query.show_matches_position,
        matching_strategy: matching_strategy(query.matching_strategy),
        attributes_to_search_on: query.attributes_to_search_on,
        ranking_score_threshold: query.ranking_score_threshold.map(|threshold| threshold.0),
        locales: languages(query.locales),
        show_ranking_score: query.show_ranking_score,
        show_ranking_score_details: query.show_ranking_score_details,
    })
}

fn pagination(query: &SearchQuery) -> engine::Pagination {
    match (query.page, query.hits_per_page) {
        (None, None) => engine::Pagination::Offset { offset: query.offset, limit: query.limit },
        (page, hits_per_page) => engine::Pagination::Page {
            page: page.unwrap_or(1),
            hits_per_page: hits_per_page.unwrap_or(DEFAULT_HITS_PER_PAGE),
        },
    }
}

/// Reads sort criteria.
///
/// # Errors
/// The first that cannot be read, with the code of the route.
pub(crate) fn sort_criteria(sort: Vec<String>, code: Code) -> Result<Vec<engine::SortCriterion>, HttpError> {
    let criterion = |text: String| {
        text.parse::<engine::SortCriterion>()
            .map_err(|error| ErrorResponse::new(error.to_string(), code).into())
    };
    sort.into_iter().map(criterion).collect()
}

/// The same choice for the engine.
pub(crate) fn matching_strategy(strategy: MatchingStrategy) -> engine::MatchingStrategy {
    match strategy {
        MatchingStrategy::Last => engine::MatchingStrategy::Last,
        MatchingStrategy::All => engine::MatchingStrategy::All,
        MatchingStrategy::Frequency => engine::MatchingStrategy::Frequency,
    }
}

/// The same languages for the engine.
pub(crate) fn languages(locales: Option<Vec<Locale>>) -> Vec<Language> {
    let language = |locale: Locale| Language::parse_locale(locale.three_letters());
    locales.unwrap_or_default().into_iter().filter_map(language).collect()
}

/// The totals of an answer.
pub(crate) fn totals(pagination: engine::Pagination, candidates_count: u64) -> Totals {
    match pagination {
        engine::Pagination::Offset { offset, limit } => {
            Totals::Estimated { limit, offset, estimated_total_hits: candidates_count }
        }
        engine::Pagination::Page { page, hits_per_page } => {
            Totals::of_page(page, hits_per_page, candidates_count)
        }
    }
}

/// A hit as clients read it.
pub(crate) fn hit_view(hit: engine::Hit) -> HitView {
    HitView {
        document: hit.content.document,
        federation: None,
        geo_distance: hit.content.geo_distance,
        formatted: hit.content.formatted,
        // Positions are numbers under text keys: they always serialise.
        matches_position: hit
            .content
            .matches_position
            .and_then(|positions| serde_json::to_value(positions).ok()),
        ranking_score: hit.score,
        ranking_score_details: hit.score_details,
    }
}

/// Milliseconds since `start`, as answers tell them.
pub(crate) fn elapsed_ms(start: Instant) -> u64 {
    start.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
}
