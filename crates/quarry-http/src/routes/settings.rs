//! `/indexes/{uid}/settings`: all settings, and one sub-route for each.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use quarry_api::action::Action;
use quarry_api::index_uid::IndexUid;
use quarry_api::settings::{ROUTES, SettingRoute, Settings, Verb};
use quarry_auth::Permissions;
use quarry_tasks::TaskContent;
use serde_json::Value;

use super::indexes::enqueue;
use super::{DELETE, GET, PATCH, PUT, Table};
use crate::app::{App, blocking};
use crate::convert::storage_error;
use crate::error::Answer;
use crate::extract::{IndexPath, JsonBody, JsonText, parse_json};
use crate::guard::Allowed;

/// The sub-routes, from the table of settings.
pub(crate) fn routes(mut table: Table) -> Table {
    for setting in ROUTES {
        let path = format!("/indexes/{{index_uid}}/settings/{}", setting.path);
        let verb = match setting.verb {
            Verb::Put => PUT,
            Verb::Patch => PATCH,
        };
        table = table
            .on(GET, &path, Action::SettingsGet, move |app, uid| get_one(setting, app, uid))
            .on(verb, &path, Action::SettingsUpdate, move |app, allowed, uid, body| {
                update_one(setting, app, allowed, uid, body)
            })
            .on(DELETE, &path, Action::SettingsUpdate, move |app, allowed, uid| {
                reset_one(setting, app, allowed, uid)
            });
    }
    table
}

pub(crate) async fn get_all(State(app): State<Arc<App>>, IndexPath(uid): IndexPath) -> Answer {
    let settings = blocking(&app, move |app| {
        let features = app.queue.features();
        let handle = app.catalog().get(uid.as_str())?;
        let snapshot = handle.snapshot().map_err(storage_error)?;
        Ok(snapshot.settings().to_json(features.chat_completions, features.foreign_keys))
    })
    .await?;
    Ok(Json(settings).into_response())
}

async fn get_one(
    setting: &'static SettingRoute,
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
) -> Answer {
    let value = blocking(&app, move |app| {
        let handle = app.catalog().get(uid.as_str())?;
        let snapshot = handle.snapshot().map_err(storage_error)?;
        Ok(snapshot.settings().setting_json(setting.key).unwrap_or(Value::Null))
    })
    .await?;
    Ok(Json(value).into_response())
}

pub(crate) async fn update_all(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    IndexPath(uid): IndexPath,
    JsonBody(settings): JsonBody<Settings>,
) -> Answer {
    settings.validate(&app.queue.features())?;
    change(&app, &allowed, uid, &settings, false).await
}

async fn update_one(
    setting: &'static SettingRoute,
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    IndexPath(uid): IndexPath,
    JsonText(body): JsonText,
) -> Answer {
    let settings = setting.parse(parse_json(&body)?)?;
    settings.validate(&app.queue.features())?;
    change(&app, &allowed, uid, &settings, false).await
}

pub(crate) async fn reset_all(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    IndexPath(uid): IndexPath,
) -> Answer {
    change(&app, &allowed, uid, &Settings::reset_all(), true).await
}

async fn reset_one(
    setting: &'static SettingRoute,
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    IndexPath(uid): IndexPath,
) -> Answer {
    change(&app, &allowed, uid, &setting.reset(), true).await
}

async fn change(
    app: &Arc<App>,
    allowed: &Permissions,
    uid: IndexUid,
    settings: &Settings,
    is_deletion: bool,
) -> Answer {
    let allow_index_creation = allowed.may_create_index(uid.as_str());
    let content = TaskContent::Settings {
        index: uid.into_string(),
        settings: settings.to_json(),
        is_deletion,
        allow_index_creation,
    };
    enqueue(app, content, None).await
}
