//! `/keys`: list, get, create, change, delete.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use quarry_api::keys::{CreateKey, KeyView, ListKeys, UpdateKey};
use quarry_api::page::Page;
use quarry_api::setting::Setting;
use quarry_auth::Key;
use time::OffsetDateTime;

use crate::app::{App, blocking};
use crate::error::Answer;
use crate::extract::{JsonBody, PathParameter, QueryString};

fn view(app: &App, key: &Key) -> KeyView {
    KeyView {
        name: key.name.clone(),
        description: key.description.clone(),
        key: app.auth.value(key),
        uid: key.uid,
        actions: key.actions.clone(),
        indexes: key.indexes.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
        expires_at: key.expires_at,
        created_at: key.created_at,
        updated_at: key.updated_at,
    }
}

pub(crate) async fn list(State(app): State<Arc<App>>, query: QueryString) -> Answer {
    let ListKeys { offset, limit } = query.parse()?;
    let keys = app.auth.keys();
    let page = Page::cut(keys.iter().map(|key| view(&app, key)), offset.0, limit.0);
    Ok(Json(page).into_response())
}

pub(crate) async fn get(State(app): State<Arc<App>>, PathParameter(key): PathParameter) -> Answer {
    let key = app.auth.key(&key)?;
    Ok(Json(view(&app, &key)).into_response())
}

pub(crate) async fn create(State(app): State<Arc<App>>, JsonBody(body): JsonBody<CreateKey>) -> Answer {
    let now = OffsetDateTime::now_utc();
    let key = Key {
        uid: body.uid.0,
        name: body.name,
        description: body.description,
        actions: body.actions,
        indexes: body.indexes,
        expires_at: body.expires_at.map(|expiration| expiration.0),
        created_at: now,
        updated_at: now,
    };
    let view = blocking(&app, move |app| Ok(view(app, &*app.auth.create(key)?))).await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

pub(crate) async fn update(
    State(app): State<Arc<App>>,
    PathParameter(key): PathParameter,
    JsonBody(body): JsonBody<UpdateKey>,
) -> Answer {
    let apply = |change: Setting<String>, field: &mut Option<String>| match change {
        Setting::NotSet => {}
        Setting::Reset => *field = None,
        Setting::Set(value) => *field = Some(value),
    };
    let view = blocking(&app, move |app| {
        let changed = app.auth.update(&key, |key| {
            apply(body.description, &mut key.description);
            apply(body.name, &mut key.name);
        })?;
        Ok(view(app, &changed))
    })
    .await?;
    Ok(Json(view).into_response())
}

pub(crate) async fn delete(State(app): State<Arc<App>>, PathParameter(key): PathParameter) -> Answer {
    blocking(&app, move |app| Ok(app.auth.delete(&key)?)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
