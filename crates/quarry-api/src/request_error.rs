//! Errors of request validation: a message that names the field, and the field's stable code.
//!
//! A request type names the code of each field in its type: `#[deserr(error = JsonError<InvalidSearchQ>)]`.
//! The words differ between JSON bodies ([`JsonError`]) and query strings ([`QueryError`]). Only the
//! first error is kept.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::ops::ControlFlow;

use deserr::errors::{JsonError as JsonText, QueryParamError as QueryText};
use deserr::{DeserializeError, ErrorKind, IntoValue, MergeWithError, ValuePointerRef, take_cf_content};
use quarry_error::marker::BadRequest;
use quarry_error::{Code, CodeMarker, ErrorResponse, HasCode};

/// How a kind of request words its errors.
pub trait Wording {
    /// The message for `error` at `location`.
    fn describe<V: IntoValue>(error: ErrorKind<V>, location: ValuePointerRef) -> String;
}

/// The words used for JSON bodies: fields, paths such as `.a.b[0]`.
#[derive(Debug, Clone, Copy)]
pub struct Json;

/// The words used for query strings: parameters.
#[derive(Debug, Clone, Copy)]
pub struct Query;

impl Wording for Json {
    fn describe<V: IntoValue>(error: ErrorKind<V>, location: ValuePointerRef) -> String {
        with_short_names(error, |error| take_cf_content(JsonText::error(None, error, location)).to_string())
    }
}

impl Wording for Query {
    fn describe<V: IntoValue>(error: ErrorKind<V>, location: ValuePointerRef) -> String {
        with_short_names(error, |error| take_cf_content(QueryText::error(None, error, location)).to_string())
    }
}

/// Bytes of a name that no known one is like.
const UNLIKE_ANY_BYTES: usize = 256;

/// Stands for such a name in a message.
const STAND_IN: &str = "(a name too long for a mistyped one)";

/// The message for `error`. Looking for a name that was meant takes the length of the given one times those of all that
/// there are, so long ones are put into the message afterwards.
fn with_short_names<V: IntoValue>(error: ErrorKind<V>, describe: impl Fn(ErrorKind<V>) -> String) -> String {
    match error {
        ErrorKind::UnknownKey { key, accepted } if key.len() > UNLIKE_ANY_BYTES => {
            describe(ErrorKind::UnknownKey { key: STAND_IN, accepted }).replacen(STAND_IN, key, 1)
        }
        ErrorKind::UnknownValue { value, accepted } if value.len() > UNLIKE_ANY_BYTES => {
            describe(ErrorKind::UnknownValue { value: STAND_IN, accepted }).replacen(STAND_IN, value, 1)
        }
        error => describe(error),
    }
}

/// The first thing that is wrong in a request.
///
/// `W` chooses the words, `C` the code of errors raised at this level. An error that comes from a
/// field inside keeps the code of that field.
pub struct RequestError<W, C> {
    message: String,
    code: Code,
    level: PhantomData<(W, C)>,
}

/// An error in a JSON body.
pub type JsonError<C = BadRequest> = RequestError<Json, C>;

/// An error in a query string.
pub type QueryError<C = BadRequest> = RequestError<Query, C>;

impl<W, C: CodeMarker> RequestError<W, C> {
    /// An error with a message of its own.
    pub fn new(message: String) -> Self {
        RequestError { message, code: C::CODE, level: PhantomData }
    }
}

impl<W, C> fmt::Debug for RequestError<W, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RequestError")
            .field("message", &self.message)
            .field("code", &self.code)
            .finish()
    }
}

impl<W, C> HasCode for RequestError<W, C> {
    fn code(&self) -> Code {
        self.code
    }
}

impl<W, C> From<RequestError<W, C>> for ErrorResponse {
    fn from(error: RequestError<W, C>) -> Self {
        ErrorResponse { message: error.message, code: error.code }
    }
}

impl<W: Wording, C: CodeMarker> DeserializeError for RequestError<W, C> {
    fn error<V: IntoValue>(
        _previous: Option<Self>,
        error: ErrorKind<V>,
        location: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        ControlFlow::Break(RequestError::new(W::describe(error, location)))
    }
}

impl<W, C, D> MergeWithError<RequestError<W, D>> for RequestError<W, C> {
    fn merge(
        _previous: Option<Self>,
        inner: RequestError<W, D>,
        _location: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        ControlFlow::Break(RequestError { message: inner.message, code: inner.code, level: PhantomData })
    }
}

impl<W: Wording, C: CodeMarker, E: std::error::Error> MergeWithError<E> for RequestError<W, C> {
    fn merge(_previous: Option<Self>, inner: E, location: ValuePointerRef) -> ControlFlow<Self, Self> {
        let error = ErrorKind::Unexpected { msg: inner.to_string() };
        ControlFlow::Break(RequestError::new(W::describe::<Infallible>(error, location)))
    }
}

/// The error for an absent field that has a code of its own for that case.
pub(crate) fn missing_field<C: CodeMarker>(field: &str, location: ValuePointerRef) -> JsonError<C> {
    RequestError::new(Json::describe::<Infallible>(ErrorKind::MissingField { field }, location))
}

/// The error for a field that exists but can never be changed.
pub(crate) fn immutable_field<C: CodeMarker>(field: &str, accepted: &[&str]) -> JsonError<C> {
    let accepted = accepted.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    RequestError::new(format!("Immutable field `{field}`: expected one of {accepted}"))
}

/// The error for a field that does not exist.
pub(crate) fn unknown_field(field: &str, accepted: &[&str], location: ValuePointerRef) -> JsonError {
    RequestError::new(Json::describe::<Infallible>(ErrorKind::UnknownKey { key: field, accepted }, location))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_too_long_for_a_mistyped_one_are_shown_without_a_guess() {
        let message = |key: &str| unknown_field(key, &["limit", "offset"], ValuePointerRef::Origin).message;
        assert_eq!(
            message("limmit"),
            "Unknown field `limmit`: did you mean `limit`? expected one of `limit`, `offset`"
        );
        let long = "limit".repeat(1_000_000);
        assert_eq!(message(&long), format!("Unknown field `{long}`: expected one of `limit`, `offset`"));
    }
}
