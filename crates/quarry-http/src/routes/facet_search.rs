//! `/indexes/{uid}/facet-search`: a search among the values of one facet.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use quarry_api::facet_search::FacetSearchQuery;
use quarry_api::features::Feature;
use quarry_api::search_answer::{FacetHitView, FacetSearchAnswer};
use quarry_search as engine;

use crate::app::{App, blocking};
use crate::convert::search::{
    check_vector_parameters, elapsed_ms, languages, matching_strategy, search_filter,
};
use crate::convert::storage_error;
use crate::error::Answer;
use crate::extract::{IndexPath, JsonBody};
use crate::guard::Allowed;

pub(crate) async fn search(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    IndexPath(uid): IndexPath,
    JsonBody(query): JsonBody<FacetSearchQuery>,
) -> Answer {
    let features = app.queue.features();
    if query.use_network == Some(true) {
        features.require(Feature::Network, "passing `useNetwork` in a search query")?;
    }
    let filter = search_filter(query.filter.as_ref(), uid.as_str(), &allowed, &features)?;
    let has_vector =
        check_vector_parameters(query.media.is_some(), query.vector.is_some(), query.hybrid.is_some())?;
    let is_semantic = has_vector || query.hybrid.as_ref().is_some_and(|hybrid| hybrid.semantic_ratio.0 > 0.0);
    let request = engine::facets::FacetSearchRequest {
        facet_name: query.facet_name,
        facet_query: query.facet_query,
        search: engine::SearchRequest {
            // By meaning, every document that passes the filter is a candidate.
            query: if is_semantic { None } else { query.q },
            filter,
            matching_strategy: matching_strategy(query.matching_strategy),
            attributes_to_search_on: query.attributes_to_search_on,
            ranking_score_threshold: query.ranking_score_threshold.map(|threshold| threshold.0),
            locales: languages(query.locales),
            ..engine::SearchRequest::default()
        },
        exhaustive_count: query.exhaustive_facet_count.unwrap_or(false),
    };
    let permit = app.search_queue.acquire().await?;
    let answer = blocking(&app, move |app| {
        let start = Instant::now();
        let handle = app.catalog().get(uid.as_str())?;
        let snapshot = handle.snapshot().map_err(storage_error)?;
        let found = engine::facets::facet_search(&snapshot, &request)?;
        drop(permit);
        let facet_hits =
            found.into_iter().map(|hit| FacetHitView { value: hit.value, count: hit.count }).collect();
        Ok(FacetSearchAnswer {
            facet_hits,
            facet_query: request.facet_query,
            processing_time_ms: elapsed_ms(start),
        })
    })
    .await?;
    Ok(Json(answer).into_response())
}
