//! Any error to `{message, code, type, link}` and a status.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quarry_error::{ErrorResponse, HasCode, Kind};

/// Seconds after which a refused search should come again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("10");

/// The error that ends a request.
#[derive(Debug)]
pub(crate) struct HttpError {
    error: ErrorResponse,
    /// Instead of the status of the code.
    status: Option<StatusCode>,
}

/// What a handler answers.
pub(crate) type Answer = Result<Response, HttpError>;

impl HttpError {
    /// An error with another status than that of its code.
    pub(crate) fn with_status(error: ErrorResponse, status: StatusCode) -> Self {
        HttpError { error, status: Some(status) }
    }

    /// The same error; when it says that something does not exist, with the status of a wrong request.
    pub(crate) fn not_found_as_bad_request(self) -> Self {
        let not_found = self.error.http_status() == StatusCode::NOT_FOUND.as_u16();
        HttpError { status: if not_found { Some(StatusCode::BAD_REQUEST) } else { self.status }, ..self }
    }

    /// The same error with `prefix` before its message.
    pub(crate) fn prefixed(self, prefix: &str) -> Self {
        HttpError { error: self.error.prefixed(prefix), status: self.status }
    }

    /// The same error with `suffix` after its message.
    pub(crate) fn suffixed(mut self, suffix: &str) -> Self {
        self.error.message.push_str(suffix);
        self
    }
}

impl<E: std::error::Error + HasCode> From<E> for HttpError {
    fn from(error: E) -> Self {
        HttpError { error: ErrorResponse::from_error(&error), status: None }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let error = self.error;
        if error.code.kind() == Kind::Internal {
            tracing::error!(code = error.code.name(), "{}", error.message);
        }
        let of_code =
            || StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let status = self.status.unwrap_or_else(of_code);
        let mut response = (status, Json(error)).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}
