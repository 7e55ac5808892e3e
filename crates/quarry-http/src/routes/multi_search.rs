//! `/multi-search`: several searches in one request.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use quarry_api::multi_search::MultiSearch;
use quarry_api::search::SearchQueryWithIndex;
use quarry_api::search_answer::SearchAnswer;
use quarry_auth::{AuthError, Permissions};
use quarry_error::{Code, ErrorResponse};
use serde::Serialize;

use super::federated;
use super::search::{Search, wants_metadata};
use crate::app::{App, blocking};
use crate::error::{Answer, HttpError};
use crate::extract::JsonBody;
use crate::guard::Allowed;

/// An answer with the index it comes from.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexAnswer {
    index_uid: String,
    #[serde(flatten)]
    answer: SearchAnswer,
}

pub(crate) async fn search(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    headers: HeaderMap,
    JsonBody(request): JsonBody<MultiSearch>,
) -> Answer {
    let wants_metadata = wants_metadata(&headers);
    if let Some(federation) = request.federation {
        return federated::search(&app, allowed, wants_metadata, request.queries, federation).await;
    }
    let start = Instant::now();
    let permit = app.search_queue.acquire().await?;
    let waited = start.elapsed();
    let body = blocking(&app, move |app| {
        // Each answer is written as soon as it is there: as text it takes a fraction of the memory.
        let mut body = br#"{"results":["#.to_vec();
        let count = request.queries.len();
        for (position, query) in request.queries.into_iter().enumerate() {
            let index_uid = query.index_uid.as_str().to_owned();
            let answer = prepare(app, &allowed, query, wants_metadata)
                .and_then(|search| search.one_of(count).run(app, waited))
                .map_err(|error| inside(position, error))?;
            if position > 0 {
                body.push(b',');
            }
            let answer = IndexAnswer { index_uid, answer };
            serde_json::to_writer(&mut body, &answer)
                .map_err(|error| ErrorResponse::new(error.to_string(), Code::Internal))?;
        }
        drop(permit);
        body.extend_from_slice(b"]}");
        Ok(body)
    })
    .await?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// An error with the query it is about. What does not exist is a mistake of the request here.
pub(crate) fn inside(position: usize, error: HttpError) -> HttpError {
    error.not_found_as_bad_request().prefixed(&format!("Inside `.queries[{position}]`: "))
}

fn prepare(
    app: &App,
    allowed: &Permissions,
    query: SearchQueryWithIndex,
    wants_metadata: bool,
) -> Result<Search, HttpError> {
    let (uid, query, options) = query.into_parts();
    if !allowed.allows_index(uid.as_str()) {
        return Err(AuthError::InvalidKey.into());
    }
    if options.is_some() {
        let message = "Using `federationOptions` is not allowed in a non-federated search.\n - Hint: remove \
                       `federationOptions` from the query or add `federation` to the request.";
        return Err(ErrorResponse::new(message, Code::InvalidMultiSearchFederationOptions).into());
    }
    Search::new(app, allowed, uid, query, wants_metadata)
}
