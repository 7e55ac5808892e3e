//! The action each route needs, checked before anything else of the request is looked at.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use quarry_api::action::Action;
use quarry_auth::{AuthError, Credentials, Permissions};

use crate::app::App;
use crate::error::HttpError;

/// The name of the path parameter that holds an index.
pub(crate) const INDEX_UID: &str = "index_uid";

/// What the routes of one line of the table need.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) app: Arc<App>,
    pub(crate) action: Option<Action>,
}

/// Lets a request pass with what it may do, or refuses it.
pub(crate) async fn check(
    State(guard): State<Guard>,
    parameters: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Result<Response, HttpError> {
    let permissions = match guard.action {
        None => Permissions::everything(),
        Some(action) => {
            let index = match &parameters {
                Ok(named) => named.iter().find(|(name, _)| *name == INDEX_UID).map(|(_, uid)| uid),
                // Not UTF-8: no index has such a name, and the route says so.
                Err(_) => Some(""),
            };
            guard.app.auth.authorize(credentials(request.headers()), action, index)?
        }
    };
    request.extensions_mut().insert(permissions);
    Ok(next.run(request).await)
}

/// What the `Authorization` header says.
fn credentials(headers: &HeaderMap) -> Credentials<'_> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Credentials::Absent };
    let rest = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer"));
    match rest {
        Some("") => Credentials::Token(""),
        Some(rest) => rest.strip_prefix(' ').map_or(Credentials::Other, Credentials::Token),
        None => Credentials::Other,
    }
}

/// What the request may do, as the guard found.
pub(crate) struct Allowed(pub(crate) Permissions);

impl<S: Send + Sync> FromRequestParts<S> for Allowed {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        // Every route goes through the guard; without it, nothing is allowed.
        parts
            .extensions
            .get::<Permissions>()
            .cloned()
            .map(Allowed)
            .ok_or_else(|| AuthError::InvalidKey.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn tokens() {
        let check = |value: &str, expected: Credentials<'_>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            assert_eq!(credentials(&headers), expected, "{value:?}");
        };
        assert_eq!(credentials(&HeaderMap::new()), Credentials::Absent);
        check("Bearer key", Credentials::Token("key"));
        check("Bearer", Credentials::Token(""));
        check("Bearer  key", Credentials::Token(" key"));
        check("bearer key", Credentials::Other);
        check("Bearerkey", Credentials::Other);
        check("Basic YTpi", Credentials::Other);
    }
}
