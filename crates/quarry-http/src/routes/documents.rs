//! `/indexes/{uid}/documents`: read, add, delete, edit.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use quarry_api::documents::{
    AddDocuments, CustomMetadata, DeleteByFilter, EditDocuments, FetchDocuments, GetDocument, chosen_fields,
};
use quarry_api::features::Feature;
use quarry_api::index_uid::IndexUid;
use quarry_api::page::Page;
use quarry_engine::convert_payload;
use quarry_engine::documents as engine;
use quarry_error::{Code, ErrorResponse};
use quarry_tasks::{Method, NewTask, TaskContent};
use serde_json::Value;

use super::indexes::enqueue;
use crate::app::{App, blocking};
use crate::convert::filter::{check_features, parse_filter};
use crate::error::{Answer, HttpError};
use crate::extract::{
    IndexPath, JsonBody, JsonText, PathParameter, QueryString, io_error, payload_format, receive,
};
use crate::guard::Allowed;

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
    query: QueryString,
) -> Answer {
    let request = FetchDocuments::from_query_string(&query.0)?;
    fetch_documents(&app, uid, request).await
}

pub(crate) async fn fetch(
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
    JsonBody(mut request): JsonBody<FetchDocuments>,
) -> Answer {
    request.fields = request.fields.and_then(chosen_fields);
    fetch_documents(&app, uid, request).await
}

async fn fetch_documents(app: &Arc<App>, uid: IndexUid, request: FetchDocuments) -> Answer {
    let ids = request.identifiers()?;
    let features = app.queue.features();
    if let Some(filter) = &request.filter
        && let Some(filter) = parse_filter(filter, Code::InvalidDocumentFilter)?
    {
        check_features(&filter, &features)?;
    }
    let permit = match features.disable_documents_fetch_queue {
        true => None,
        false => Some(app.search_queue.acquire().await?),
    };
    let (offset, limit) = (request.offset, request.limit);
    let fetched = blocking(app, move |app| {
        let handle = app.catalog().get(uid.as_str())?;
        let snapshot = handle.snapshot().map_err(crate::convert::storage_error)?;
        let fetched = engine::fetch(
            &snapshot,
            &engine::FetchRequest {
                offset: request.offset,
                limit: request.limit,
                shown: engine::Shown { fields: request.fields, vectors: request.retrieve_vectors },
                filter: request.filter,
                ids,
                sort: request.sort,
            },
        )?;
        drop(permit);
        Ok(fetched)
    })
    .await?;
    let page = Page { results: fetched.documents, offset, limit, total: fetched.total as usize };
    Ok(Json(page).into_response())
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
    PathParameter(id): PathParameter,
    query: QueryString,
) -> Answer {
    let request: GetDocument = query.parse()?;
    let fields = request.fields.and_then(|fields| chosen_fields(fields.0));
    let shown = engine::Shown { fields, vectors: request.retrieve_vectors.0 };
    let document = blocking(&app, move |app| {
        let handle = app.catalog().get(uid.as_str())?;
        let snapshot = handle.snapshot().map_err(crate::convert::storage_error)?;
        let document = engine::get(&snapshot, &id, &shown)?;
        document.ok_or_else(|| {
            ErrorResponse::new(format!("Document `{id}` not found."), Code::DocumentNotFound).into()
        })
    })
    .await?;
    Ok(Json(document).into_response())
}

pub(crate) async fn replace(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    IndexPath(uid): IndexPath,
    query: QueryString,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let may_create = allowed.may_create_index(uid.as_str());
    add(&app, uid, Method::Replace, may_create, (query, headers, body)).await
}

pub(crate) async fn update(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    IndexPath(uid): IndexPath,
    query: QueryString,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let may_create = allowed.may_create_index(uid.as_str());
    add(&app, uid, Method::Update, may_create, (query, headers, body)).await
}

/// Receives documents, checks that they are documents, and stores the task with its payload.
async fn add(
    app: &Arc<App>,
    uid: IndexUid,
    method: Method,
    allow_index_creation: bool,
    (query, headers, body): (QueryString, HeaderMap, Body),
) -> Answer {
    let parameters = AddDocuments::from_query_string(&query.0)?;
    let format = payload_format(&headers, parameters.csv_delimiter)?;
    let options = &app.options;
    let received = receive(body, options.payload_bytes_max, &options.scratch_folder, format.name()).await?;
    let task = blocking(app, move |app| {
        let mut payload_file = app.queue.payload_file().map_err(io_error)?;
        let converted = received
            .with_bytes(|bytes| convert_payload(format, bytes, &mut payload_file.file))
            .map_err(io_error)?;
        let documents_count = converted?;
        let content = TaskContent::DocumentAddition {
            index: uid.into_string(),
            method,
            primary_key: parameters.primary_key,
            payload: payload_file.sync().map_err(io_error)?,
            documents_count,
            skip_creation: parameters.skip_creation,
            allow_index_creation,
        };
        let new_task = NewTask { content, custom_metadata: parameters.custom_metadata };
        let task = app.queue.register(new_task)?;
        // Only now: the file of a task that was refused goes with `payload_file`.
        payload_file.leave();
        Ok(task)
    })
    .await?;
    Ok((axum::http::StatusCode::ACCEPTED, Json(task.summary())).into_response())
}

pub(crate) async fn clear(
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
    query: QueryString,
) -> Answer {
    let CustomMetadata { custom_metadata } = query.parse()?;
    enqueue(&app, TaskContent::DocumentClear { index: uid.into_string() }, custom_metadata).await
}

pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
    PathParameter(id): PathParameter,
    query: QueryString,
) -> Answer {
    let CustomMetadata { custom_metadata } = query.parse()?;
    let content = TaskContent::DocumentDeletion { index: uid.into_string(), ids: vec![id] };
    enqueue(&app, content, custom_metadata).await
}

pub(crate) async fn delete_batch(
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
    query: QueryString,
    JsonText(text): JsonText,
) -> Answer {
    let CustomMetadata { custom_metadata } = query.parse()?;
    let ids: Vec<Value> = serde_json::from_slice(&text).map_err(|error| {
        if error.is_data() {
            ErrorResponse::new(format!("Json deserialize error: {error}"), Code::BadRequest)
        } else {
            quarry_api::query_string::malformed_json(&error)
        }
    })?;
    let text = |id| match id {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let content =
        TaskContent::DocumentDeletion { index: uid.into_string(), ids: ids.into_iter().map(text).collect() };
    enqueue(&app, content, custom_metadata).await
}

pub(crate) async fn delete_by_filter(
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
    query: QueryString,
    JsonBody(DeleteByFilter { filter }): JsonBody<DeleteByFilter>,
) -> Answer {
    let CustomMetadata { custom_metadata } = query.parse()?;
    match parse_filter(&filter, Code::InvalidDocumentFilter)? {
        Some(parsed) => check_features(&parsed, &app.queue.features())?,
        None if filter.is_null() => {
            let message = "Invalid syntax for the filter parameter: `expected String, Array, found: null`.";
            return Err(ErrorResponse::new(message, Code::InvalidDocumentFilter).into());
        }
        None => {
            let message = "Sending an empty filter is forbidden.";
            return Err(ErrorResponse::new(message, Code::InvalidDocumentFilter).into());
        }
    }
    let content = TaskContent::DocumentDeletionByFilter { index: uid.into_string(), filter };
    enqueue(&app, content, custom_metadata).await
}

pub(crate) async fn edit(
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
    query: QueryString,
    JsonBody(body): JsonBody<EditDocuments>,
) -> Answer {
    let features = app.queue.features();
    features.require(Feature::EditDocumentsByFunction, "Using the documents edit route")?;
    let CustomMetadata { custom_metadata } = query.parse()?;
    let context = match body.context {
        None => None,
        Some(Value::Object(context)) => Some(context),
        Some(_) => {
            let error =
                ErrorResponse::new("The context must be an object", Code::InvalidDocumentEditionContext);
            return Err(error.into());
        }
    };
    quarry_indexer::edit_function::check(&body.function)
        .map_err(|error| ErrorResponse::new(error.to_string(), Code::BadRequest))?;
    if let Some(filter) = &body.filter {
        let prefix = format!("Index `{uid}`: ");
        let parsed = parse_filter(filter, Code::InvalidDocumentFilter);
        if let Some(parsed) = parsed.map_err(|error| HttpError::from(error).prefixed(&prefix))? {
            check_features(&parsed, &features)?;
        }
    }
    let content = TaskContent::DocumentEdition {
        index: uid.into_string(),
        filter: body.filter,
        context,
        function: body.function,
    };
    enqueue(&app, content, custom_metadata).await
}
