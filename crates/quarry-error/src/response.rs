//! The error object that clients read: `{"message", "code", "type", "link"}`.

use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codes::Code;

/// Where the documentation of a code is.
const LINK_PREFIX: &str = "https://docs.meilisearch.com/errors#";

/// An error that knows its stable code.
///
/// Implemented by the error types of every crate whose errors can reach a client.
pub trait HasCode {
    /// The stable code of this error.
    fn code(&self) -> Code;
}

/// An error as clients read it, in answers and in tasks.
///
/// Serialises with the keys `message`, `code`, `type`, `link`, in this order. Deserialises from the
/// same object (`message` and `code` are enough), which is how stored tasks are read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ErrorResponse {
    /// What is wrong, where, and what would be right.
    pub message: String,
    /// The stable code.
    pub code: Code,
}

impl ErrorResponse {
    /// An error with this message and code.
    pub fn new(message: impl Into<String>, code: Code) -> Self {
        ErrorResponse { message: message.into(), code }
    }

    /// The client's view of a typed error: its text and its code.
    pub fn from_error<E: std::error::Error + HasCode + ?Sized>(error: &E) -> Self {
        ErrorResponse { message: error.to_string(), code: error.code() }
    }

    /// The same error with `prefix` before its message.
    pub fn prefixed(self, prefix: &str) -> Self {
        ErrorResponse { message: format!("{prefix}{}", self.message), code: self.code }
    }

    /// The HTTP status of an answer with this error.
    pub fn http_status(&self) -> u16 {
        self.code.http_status()
    }
}

impl HasCode for ErrorResponse {
    fn code(&self) -> Code {
        self.code
    }
}

impl Serialize for ErrorResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("ErrorResponse", 4)?;
        object.serialize_field("message", &self.message)?;
        object.serialize_field("code", self.code.name())?;
        object.serialize_field("type", self.code.kind().name())?;
        object.serialize_field("link", &format!("{LINK_PREFIX}{}", self.code.name()))?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for ErrorResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Stored {
            message: String,
            code: String,
        }
        let Stored { message, code } = Stored::deserialize(deserializer)?;
        let code =
            Code::from_name(&code).ok_or_else(|| D::Error::custom(format!("unknown error code `{code}`")))?;
        Ok(ErrorResponse { message, code })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn keys_come_in_the_order_of_the_contract() {
        let error = ErrorResponse::new("Index `a` not found.", Code::IndexNotFound);
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            "{\"message\":\"Index `a` not found.\",\"code\":\"index_not_found\",\"type\":\"invalid_request\",\
             \"link\":\"https://docs.meilisearch.com/errors#index_not_found\"}"
        );
    }

    #[test]
    fn a_stored_error_reads_back() {
        let error = ErrorResponse::new("x", Code::Internal).prefixed("Index `a`: ");
        let text = serde_json::to_string(&error).unwrap();
        assert_eq!(serde_json::from_str::<ErrorResponse>(&text).unwrap(), error);
        assert!(serde_json::from_str::<ErrorResponse>(r#"{"message":"x","code":"nope"}"#).is_err());
    }
}
