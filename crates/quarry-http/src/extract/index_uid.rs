//! Parts of paths.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use quarry_api::index_uid::IndexUid;

use crate::error::HttpError;
use crate::guard::INDEX_UID;

/// The index named in the path, checked.
pub(crate) struct IndexPath(pub(crate) IndexUid);

impl<S: Send + Sync> FromRequestParts<S> for IndexPath {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let uid = parameter(parts, state, |name| name == INDEX_UID).await;
        Ok(IndexPath(uid.parse()?))
    }
}

/// The other parameter of the path: the uid of a task, the id of a document.
pub(crate) struct PathParameter(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathParameter {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(PathParameter(parameter(parts, state, |name| name != INDEX_UID).await))
    }
}

async fn parameter<S: Send + Sync>(parts: &mut Parts, state: &S, wanted: impl Fn(&str) -> bool) -> String {
    // A path that is not UTF-8 names nothing that exists.
    match RawPathParams::from_request_parts(parts, state).await {
        Ok(parameters) => {
            let found = parameters.iter().find(|(name, _)| wanted(name));
            found.map(|(_, value)| value.to_owned()).unwrap_or_default()
        }
        Err(_) => String::new(),
    }
}
