//! THE route table: every method and path, the action it needs, the handler.

mod batches;
mod documents;
mod experimental;
mod facet_search;
mod features;
mod federated;
mod fields;
mod indexes;
mod keys;
mod multi_search;
mod search;
mod server;
mod settings;
mod similar;
mod stats;
mod swap;
mod tasks;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Bytes;
use axum::handler::Handler;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, on};
use quarry_api::action::Action;

use crate::app::App;
use crate::guard::{Guard, check};
use crate::openapi::{self, Route};

/// Puts routes one by one into a router, each behind its guard.
struct Table {
    app: Arc<App>,
    router: Router<Arc<App>>,
    /// What was put in so far.
    routes: Vec<Route>,
}

impl Table {
    fn add<H, T>(mut self, method: MethodFilter, path: &str, action: Option<Action>, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        let guard = Guard { app: self.app.clone(), action };
        self.routes.push(Route { method: name(method), path: path.to_owned(), action });
        let route = on(method, handler).route_layer(from_fn_with_state(guard, check));
        self.router = self.router.route(path, route);
        self
    }

    /// A route that needs an action.
    fn on<H, T>(self, method: MethodFilter, path: &str, action: Action, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(method, path, Some(action), handler)
    }

    /// A route that everybody may use.
    fn open<H, T>(self, method: MethodFilter, path: &str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        self.add(method, path, None, handler)
    }
}

/// Every route of the API.
pub(crate) fn router(app: Arc<App>) -> Router {
    let table = Table { app: app.clone(), router: Router::new(), routes: Vec::new() };
    let table = index_routes(table);
    let table = document_routes(table);
    let table = server_routes(table);
    let table = settings::routes(table);
    let table = experimental_routes(table);
    let table = description_route(table);
    table.router.with_state(app)
}

/// The description of all routes, its own among them. Made when first asked for.
fn description_route(table: Table) -> Table {
    const PATH: &str = "/openapi.json";
    let mut routes = table.routes.clone();
    routes.push(Route { method: name(GET), path: PATH.to_owned(), action: None });
    let document = Arc::new(LazyLock::new(move || Bytes::from(openapi::document(&routes))));
    table.open(
        GET,
        PATH,
        move || async move { ([(CONTENT_TYPE, "application/json")], Bytes::clone(&document)) },
    )
}

/// The method of a route, as the description names it.
fn name(method: MethodFilter) -> &'static str {
    let names = [(GET, "get"), (POST, "post"), (PUT, "put"), (PATCH, "patch"), (DELETE, "delete")];
    names.into_iter().find(|(known, _)| *known == method).map_or("other", |(_, name)| name)
}

const GET: MethodFilter = MethodFilter::GET;
const POST: MethodFilter = MethodFilter::POST;
const PUT: MethodFilter = MethodFilter::PUT;
const PATCH: MethodFilter = MethodFilter::PATCH;
const DELETE: MethodFilter = MethodFilter::DELETE;

fn index_routes(table: Table) -> Table {
    table
        .on(GET, "/indexes", Action::IndexesGet, indexes::list)
        .on(POST, "/indexes", Action::IndexesCreate, indexes::create)
        .on(GET, "/indexes/{index_uid}", Action::IndexesGet, indexes::get)
        .on(PATCH, "/indexes/{index_uid}", Action::IndexesUpdate, indexes::update)
        .on(DELETE, "/indexes/{index_uid}", Action::IndexesDelete, indexes::delete)
        .on(POST, "/indexes/{index_uid}/compact", Action::IndexesCompact, indexes::compact)
        .on(POST, "/indexes/{index_uid}/fields", Action::FieldsPost, fields::list)
        .on(GET, "/indexes/{index_uid}/stats", Action::StatsGet, stats::of_index)
        .on(GET, "/indexes/{index_uid}/search", Action::Search, search::by_query_string)
        .on(POST, "/indexes/{index_uid}/search", Action::Search, search::by_body)
        .on(POST, "/indexes/{index_uid}/facet-search", Action::Search, facet_search::search)
        .on(POST, "/multi-search", Action::Search, multi_search::search)
        .on(POST, "/swap-indexes", Action::IndexesSwap, swap::swap)
        .on(GET, "/indexes/{index_uid}/settings", Action::SettingsGet, settings::get_all)
        .on(PATCH, "/indexes/{index_uid}/settings", Action::SettingsUpdate, settings::update_all)
        .on(DELETE, "/indexes/{index_uid}/settings", Action::SettingsUpdate, settings::reset_all)
}

fn document_routes(table: Table) -> Table {
    table
        .on(GET, "/indexes/{index_uid}/documents", Action::DocumentsGet, documents::list)
        .on(POST, "/indexes/{index_uid}/documents", Action::DocumentsAdd, documents::replace)
        .on(PUT, "/indexes/{index_uid}/documents", Action::DocumentsAdd, documents::update)
        .on(DELETE, "/indexes/{index_uid}/documents", Action::DocumentsDelete, documents::clear)
        .on(POST, "/indexes/{index_uid}/documents/fetch", Action::DocumentsGet, documents::fetch)
        .on(
            POST,
            "/indexes/{index_uid}/documents/delete",
            Action::DocumentsDelete,
            documents::delete_by_filter,
        )
        .on(
            POST,
            "/indexes/{index_uid}/documents/delete-batch",
            Action::DocumentsDelete,
            documents::delete_batch,
        )
        .on(POST, "/indexes/{index_uid}/documents/edit", Action::DocumentsAll, documents::edit)
        .on(GET, "/indexes/{index_uid}/documents/{document_id}", Action::DocumentsGet, documents::get)
        .on(
            DELETE,
            "/indexes/{index_uid}/documents/{document_id}",
            Action::DocumentsDelete,
            documents::delete,
        )
}

fn server_routes(table: Table) -> Table {
    table
        .open(GET, "/", server::root)
        .open(GET, "/health", server::health)
        .on(GET, "/version", Action::Version, server::version)
        .on(GET, "/stats", Action::StatsGet, stats::of_server)
        .on(GET, "/tasks", Action::TasksGet, tasks::list)
        .on(DELETE, "/tasks", Action::TasksDelete, tasks::delete)
        .on(POST, "/tasks/cancel", Action::TasksCancel, tasks::cancel)
        .on(POST, "/tasks/compact", Action::TasksCompact, tasks::compact)
        .on(GET, "/tasks/{task_id}", Action::TasksGet, tasks::get)
        .on(GET, "/tasks/{task_id}/documents", Action::TasksGet, tasks::documents)
        .on(GET, "/batches", Action::TasksGet, batches::list)
        .on(GET, "/batches/{batch_id}", Action::TasksGet, batches::get)
        .on(GET, "/keys", Action::KeysGet, keys::list)
        .on(POST, "/keys", Action::KeysCreate, keys::create)
        .on(GET, "/keys/{key}", Action::KeysGet, keys::get)
        .on(PATCH, "/keys/{key}", Action::KeysUpdate, keys::update)
        .on(DELETE, "/keys/{key}", Action::KeysDelete, keys::delete)
        .on(GET, "/experimental-features", Action::ExperimentalGet, features::get)
        .on(PATCH, "/experimental-features", Action::ExperimentalUpdate, features::update)
        .on(POST, "/dumps", Action::DumpsCreate, server::dump)
        .on(POST, "/snapshots", Action::SnapshotsCreate, server::snapshot)
}

/// Routes behind a feature that is off by default, and those whose work is not there yet.
fn experimental_routes(table: Table) -> Table {
    use Action::*;
    use experimental as gated;
    table
        .on(GET, "/indexes/{index_uid}/similar", Search, similar::by_query_string)
        .on(POST, "/indexes/{index_uid}/similar", Search, similar::by_body)
        .on(GET, "/metrics", MetricsGet, gated::metrics)
        .on(POST, "/logs/stream", MetricsGet, gated::logs)
        .on(DELETE, "/logs/stream", MetricsGet, gated::logs)
        .on(POST, "/logs/stderr", MetricsGet, gated::logs)
        .on(GET, "/network", NetworkGet, gated::network)
        .on(PATCH, "/network", NetworkUpdate, gated::network)
        .on(POST, "/network/control", NetworkUpdate, gated::network)
        .on(POST, "/dynamic-search-rules", DynamicSearchRulesGet, gated::list_rules)
        .on(DELETE, "/dynamic-search-rules", DynamicSearchRulesDelete, gated::change_rules)
        .on(GET, "/dynamic-search-rules/{uid}", DynamicSearchRulesGet, gated::get_rule)
        .on(PATCH, "/dynamic-search-rules/{uid}", DynamicSearchRulesUpdate, gated::change_rules)
        .on(DELETE, "/dynamic-search-rules/{uid}", DynamicSearchRulesDelete, gated::change_rules)
        .on(POST, "/render-template", SettingsGet, gated::render_template)
        .on(GET, "/chats", ChatsGet, gated::list_chats)
        .on(GET, "/chats/{workspace_uid}", ChatsGet, gated::get_chat)
        .on(DELETE, "/chats/{workspace_uid}", ChatsDelete, gated::delete_chat)
        .on(GET, "/chats/{workspace_uid}/settings", ChatsSettingsGet, gated::get_chat_settings)
        .on(PATCH, "/chats/{workspace_uid}/settings", ChatsSettingsUpdate, gated::change_chat_settings)
        .on(DELETE, "/chats/{workspace_uid}/settings", ChatsSettingsUpdate, gated::change_chat_settings)
        .on(POST, "/chats/{workspace_uid}/chat/completions", ChatCompletions, gated::complete_chat)
        .on(POST, "/export", Export, gated::unavailable)
        .on(GET, "/webhooks", WebhooksGet, gated::unavailable)
        .on(POST, "/webhooks", WebhooksCreate, gated::unavailable)
        .on(GET, "/webhooks/{uuid}", WebhooksGet, gated::unavailable)
        .on(PATCH, "/webhooks/{uuid}", WebhooksUpdate, gated::unavailable)
        .on(DELETE, "/webhooks/{uuid}", WebhooksDelete, gated::unavailable)
}
