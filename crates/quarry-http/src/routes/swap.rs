//! `/swap-indexes`.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use quarry_api::indexes::SwapIndexes;
use quarry_auth::AuthError;
use quarry_error::{Code, ErrorResponse};
use quarry_tasks::{Swap, TaskContent};

use super::indexes::enqueue;
use crate::app::App;
use crate::error::{Answer, HttpError};
use crate::extract::JsonBody;
use crate::guard::Allowed;

pub(crate) async fn swap(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    JsonBody(body): JsonBody<Vec<SwapIndexes>>,
) -> Answer {
    let mut swaps = Vec::with_capacity(body.len());
    for entry in body {
        let names: Vec<String> = entry.indexes.into_iter().map(|uid| uid.into_string()).collect();
        if names.iter().any(|name| !allowed.allows_index(name)) {
            return Err(AuthError::InvalidKey.into());
        }
        swaps.push(Swap { indexes: pair(names)?, rename: entry.rename });
    }
    check_unique(&swaps)?;
    enqueue(&app, TaskContent::IndexSwap { swaps }, None).await
}

fn pair(names: Vec<String>) -> Result<(String, String), HttpError> {
    <[String; 2]>::try_from(names).map(|[left, right]| (left, right)).map_err(|names| {
        let message = format!(
            "Two indexes must be given for each swap. The list `{names:?}` contains {} indexes.",
            names.len()
        );
        ErrorResponse::new(message, Code::InvalidSwapIndexes).into()
    })
}

fn check_unique(swaps: &[Swap]) -> Result<(), HttpError> {
    let mut seen = BTreeSet::new();
    let mut repeated = BTreeSet::new();
    for Swap { indexes: (left, right), .. } in swaps {
        for name in [left, right] {
            if !seen.insert(name) {
                repeated.insert(format!("`{name}`"));
            }
        }
    }
    if repeated.is_empty() {
        return Ok(());
    }
    let (verb, names) = (
        if repeated.len() == 1 { "was" } else { "were" },
        repeated.into_iter().collect::<Vec<_>>().join(", "),
    );
    let message =
        format!("Indexes must be declared only once during a swap. {names} {verb} specified several times.");
    Err(ErrorResponse::new(message, Code::InvalidSwapDuplicateIndexFound).into())
}
