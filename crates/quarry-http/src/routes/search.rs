//! `/indexes/{uid}/search`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use quarry_api::index_uid::IndexUid;
use quarry_api::search::SearchQuery;
use quarry_api::search_answer::{Metadata, SearchAnswer};
use quarry_auth::Permissions;
use quarry_error::{Code, ErrorResponse};
use quarry_search as engine;
use uuid::Uuid;

use crate::app::{App, blocking};
use crate::convert::search::{Prepared, elapsed_ms, hit_view, prepare, totals};
use crate::convert::storage_error;
use crate::error::{Answer, HttpError};
use crate::extract::{IndexPath, JsonBody, QueryString};
use crate::guard::Allowed;

pub(crate) async fn by_body(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    IndexPath(uid): IndexPath,
    headers: HeaderMap,
    JsonBody(query): JsonBody<SearchQuery>,
) -> Answer {
    answer(&app, allowed, uid, &headers, query).await
}

pub(crate) async fn by_query_string(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    IndexPath(uid): IndexPath,
    headers: HeaderMap,
    query: QueryString,
) -> Answer {
    let query = SearchQuery::from_query_string(&query.0)?;
    answer(&app, allowed, uid, &headers, query).await
}

async fn answer(
    app: &Arc<App>,
    allowed: Permissions,
    uid: IndexUid,
    headers: &HeaderMap,
    query: SearchQuery,
) -> Answer {
    let search = Search::new(app, &allowed, uid, query, wants_metadata(headers))?;
    let start = Instant::now();
    let permit = app.search_queue.acquire().await?;
    let waited = start.elapsed();
    let answer = blocking(app, move |app| {
        let answer = search.run(app, waited);
        drop(permit);
        answer
    })
    .await?;
    Ok(Json(answer).into_response())
}

/// Whether the client wants to know what the search was about.
pub(crate) fn wants_metadata(headers: &HeaderMap) -> bool {
    let value = headers.get("meili-include-metadata").and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
}

/// One search, checked and ready to run.
pub(crate) struct Search {
    pub(crate) uid: IndexUid,
    pub(crate) prepared: Prepared,
    shows_performance: bool,
    wants_metadata: bool,
}

impl Search {
    /// Checks a search.
    ///
    /// # Errors
    /// What is wrong with it, as far as that can be said without the index.
    pub(crate) fn new(
        app: &App,
        allowed: &Permissions,
        uid: IndexUid,
        query: SearchQuery,
        wants_metadata: bool,
    ) -> Result<Search, HttpError> {
        let shows_performance = query.show_performance_details;
        let features = app.queue.features();
        let prepared = prepare(query, uid.as_str(), allowed, &features, app.options.has_personalization)?;
        Ok(Search { uid, prepared, shows_performance, wants_metadata })
    }

    /// The same search as one of `count` in a request: what bounds one answer bounds all of theirs together.
    pub(crate) fn one_of(mut self, count: usize) -> Search {
        self.prepared.request.tag_bytes_max /= count.max(1);
        self
    }

    /// Runs the search. Blocks.
    ///
    /// # Errors
    /// When the index does not exist or the search does not fit its settings.
    pub(crate) fn run(self, app: &App, waited: Duration) -> Result<SearchAnswer, HttpError> {
        let start = Instant::now();
        let handle = app.catalog().get(self.uid.as_str())?;
        let snapshot = handle.snapshot().map_err(storage_error)?;
        let semantic_hit_count = self.without_vectors(snapshot.settings())?;
        let request = &self.prepared.request;
        let result = engine::search(&snapshot, request).map_err(|error| index_error(&self.uid, error))?;
        let metadata = self.wants_metadata.then(|| self.metadata(snapshot.primary_key()));
        let (facet_distribution, facet_stats) =
            result.facets.map(|facets| (facets.distribution, facets.stats)).unzip();
        Ok(SearchAnswer {
            hits: result.hits.into_iter().map(hit_view).collect(),
            query: request.query.clone().unwrap_or_default(),
            totals: totals(request.pagination, result.candidates_count),
            facet_distribution,
            facet_stats,
            request_uid: Uuid::now_v7(),
            metadata,
            performance_details: self.shows_performance.then(|| performance_details(waited, start.elapsed())),
            semantic_hit_count,
            processing_time_ms: elapsed_ms(start),
        })
    }

    /// What the search is about.
    pub(crate) fn metadata(&self, primary_key: Option<&str>) -> Metadata {
        Metadata {
            query: self.prepared.request.query.clone(),
            query_uid: Uuid::now_v7(),
            index_uid: self.uid.as_str().to_owned(),
            primary_key: primary_key.map(str::to_owned),
        }
    }

    /// Searches by meaning are not there yet: a hybrid search falls back on words, as it does when
    /// embedding fails; a search by meaning alone is an error.
    pub(crate) fn without_vectors(
        &self,
        settings: &quarry_engine::Settings,
    ) -> Result<Option<usize>, HttpError> {
        let Some(semantic) = &self.prepared.semantic else { return Ok(None) };
        if !settings.embedders.contains_key(&semantic.embedder) {
            let message = format!("Cannot find embedder with name `{}`.", semantic.embedder);
            return Err(ErrorResponse::new(message, Code::InvalidSearchEmbedder).into());
        }
        if semantic.is_hybrid {
            return Ok(Some(0));
        }
        let message =
            "Error while generating embeddings: runtime error: embeddings are not available in this version";
        Err(ErrorResponse::new(message, Code::VectorEmbeddingError).into())
    }
}

/// An error of a search, with the index it is about where clients expect it.
pub(crate) fn index_error(uid: &IndexUid, error: engine::SearchError) -> HttpError {
    let concerns_index = error.concerns_index();
    let error = HttpError::from(error);
    if concerns_index { error.prefixed(&format!("Index `{uid}`: ")) } else { error }
}

/// The time of each step, as answers tell it.
pub(crate) fn performance_details(waited: Duration, searched: Duration) -> BTreeMap<&'static str, String> {
    BTreeMap::from([("wait in queue", format!("{waited:.2?}")), ("search", format!("{searched:.2?}"))])
}
