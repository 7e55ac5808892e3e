//! The text after `?`.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use deserr::Deserr;
use quarry_api::query_string::from_query_string;
use quarry_api::request_error::QueryError;

use crate::error::HttpError;

/// The query string as it was sent; empty without one.
pub(crate) struct QueryString(pub(crate) String);

impl QueryString {
    /// Reads it as `T`.
    pub(crate) fn parse<T: Deserr<QueryError>>(&self) -> Result<T, HttpError> {
        Ok(from_query_string(&self.0)?)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for QueryString {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(QueryString(parts.uri.query().unwrap_or_default().to_owned()))
    }
}
