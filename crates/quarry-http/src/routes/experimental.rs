//! Routes behind an experimental feature, and routes whose work is not there yet.
//!
//! A feature that is off is refused as the API says. What is on but not there yet is refused too, never
//! answered as if it were done.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use quarry_api::features::Feature;
use quarry_error::{Code, ErrorResponse};

use crate::app::App;
use crate::error::{Answer, HttpError};

/// The error for something that this version cannot do.
pub(crate) fn not_available(what: &str) -> HttpError {
    let message = format!("{what} is not available in this version.");
    HttpError::with_status(ErrorResponse::new(message, Code::Internal), StatusCode::NOT_IMPLEMENTED)
}

pub(crate) async fn unavailable() -> Answer {
    Err(not_available("This route"))
}

/// Refuses a gated route: because its feature is off, or because its work is not there.
macro_rules! gated {
    ($($name:ident, $feature:ident, $action:literal;)*) => {
        $(
            pub(crate) async fn $name(State(app): State<Arc<App>>) -> Answer {
                app.queue.features().require(Feature::$feature, $action)?;
                Err(not_available("This route"))
            }
        )*
    };
}

gated! {
    metrics, Metrics, "Getting metrics";
    logs, LogsRoute, "Modifying logs through the `/logs/*` routes";
    network, Network, "Using the /network route";
    list_rules, DynamicSearchRules, "Calling the `POST /dynamic-search-rules` route";
    get_rule, DynamicSearchRules, "Calling the `GET /dynamic-search-rules/{:ruleUid}` route";
    change_rules, DynamicSearchRules, "Using the `/dynamic-search-rules` routes";
    render_template, RenderRoute, "calling the /render-template route";
    list_chats, ChatCompletions, "listing the chats";
    get_chat, ChatCompletions, "displaying a chat";
    delete_chat, ChatCompletions, "deleting a chat";
    get_chat_settings, ChatCompletions, "using the /chats/settings route";
    change_chat_settings, ChatCompletions, "using the /chats/settings route";
    complete_chat, ChatCompletions, "using the /chats chat completions route";
}
