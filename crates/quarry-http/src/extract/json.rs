//! JSON bodies.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use deserr::Deserr;
use quarry_api::query_string::{from_json, malformed_json};
use quarry_api::request_error::JsonError;
use quarry_error::marker::BadRequest;
use quarry_error::{Code, ErrorResponse};
use serde_json::Value;

use super::body::{BodyError, LimitedBody};
use crate::app::App;
use crate::error::HttpError;

/// A JSON body, read as `T`.
pub(crate) struct JsonBody<T>(pub(crate) T);

/// A JSON body as text. It is not empty, nothing else is known of it.
pub(crate) struct JsonText(pub(crate) Vec<u8>);

impl FromRequest<Arc<App>> for JsonText {
    type Rejection = HttpError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        check_content_type(request.headers())?;
        let body = LimitedBody::new(request.into_body(), app.options.payload_bytes_max);
        let text = body.collect().await.map_err(described)?;
        if text.is_empty() {
            return Err(ErrorResponse::new("A json payload is missing.", Code::MissingPayload).into());
        }
        Ok(JsonText(text))
    }
}

impl<T: Deserr<JsonError>> FromRequest<Arc<App>> for JsonBody<T> {
    type Rejection = HttpError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        let JsonText(text) = JsonText::from_request(request, app).await?;
        Ok(JsonBody(from_json::<T, BadRequest>(parse_json(&text)?)?))
    }
}

/// The error of a body that broke off, in the words of JSON routes.
fn described(error: BodyError) -> HttpError {
    match error {
        BodyError::Incomplete { detail } => {
            let message = format!(
                "Error that occur during reading payload: payload reached EOF before completing: \
                 Some(Custom {{ kind: InvalidInput, error: {:?} }})",
                detail.to_lowercase()
            );
            ErrorResponse::new(message, Code::BadRequest).into()
        }
        too_large => too_large.into(),
    }
}

/// Parses a body.
pub(crate) fn parse_json(text: &[u8]) -> Result<Value, HttpError> {
    serde_json::from_slice(text).map_err(|error| match broken_string_end(text) {
        Some((line, column)) if error.to_string().starts_with(NOT_UNICODE) => {
            let message = format!(
                "The json payload provided is malformed. `{NOT_UNICODE} at line {line} column {column}`."
            );
            ErrorResponse::new(message, Code::MalformedPayload).into()
        }
        _ => malformed_json(&error).into(),
    })
}

/// How the parser begins its words about a string that is not UTF-8.
const NOT_UNICODE: &str = "invalid unicode code point";

/// Line and column, from 1, of the end of the first string that is not UTF-8: where clients expect the
/// error to be.
fn broken_string_end(text: &[u8]) -> Option<(usize, usize)> {
    let mut position = std::str::from_utf8(text).err()?.valid_up_to();
    while *text.get(position)? != b'"' {
        position += if text[position] == b'\\' { 2 } else { 1 };
    }
    let before = &text[..=position];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    Some((line, before.len() - line_start))
}

fn check_content_type(headers: &HeaderMap) -> Result<(), HttpError> {
    const ACCEPTED: &str = "Accepted values for the Content-Type header are: `application/json`";
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        let message = format!("A Content-Type header is missing. {ACCEPTED}");
        return Err(ErrorResponse::new(message, Code::MissingContentType).into());
    };
    let value = String::from_utf8_lossy(value.as_bytes());
    if is_json(&value) {
        return Ok(());
    }
    let message = format!("The Content-Type `{value}` is invalid. {ACCEPTED}");
    Err(ErrorResponse::new(message, Code::InvalidContentType).into())
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.split_once('/') {
        Some((kind, subtype)) => {
            !kind.is_empty() && ((kind == "application" && subtype == "json") || subtype.ends_with("+json"))
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_strings_are_told_by_their_end() {
        assert_eq!(broken_string_end(b"{\"q\":\"\xff\"}"), Some((1, 8)));
        assert_eq!(broken_string_end(b"{\n\"q\xff\\\"\": 1}"), Some((2, 6)));
        assert_eq!(broken_string_end(b"{\"q\xff"), None);
        assert_eq!(broken_string_end(b"{}"), None);
    }

    #[test]
    fn content_types() {
        let check = |value: &str, accepted: bool| assert_eq!(is_json(value), accepted, "{value}");
        check("application/json", true);
        check("Application/JSON; charset=utf-8", true);
        check("application/vnd.api+json", true);
        check("text/json", false);
        check("text/plain", false);
        check("json", false);
    }
}
