//! Identifiers of documents, as clients write them.

use quarry_error::{Code, HasCode};
use serde_json::Value;

/// The longest identifier.
const BYTES_MAX: usize = 511;

/// A value that cannot be the identifier of a document.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "Document identifier `{value}` is invalid. A document identifier can be of type integer or string, only \
     composed of alphanumeric characters (a-z A-Z 0-9), hyphens (-) and underscores (_), and can not be more \
     than 511 bytes."
)]
pub struct InvalidDocumentIdentifier {
    value: Value,
}

impl HasCode for InvalidDocumentIdentifier {
    fn code(&self) -> Code {
        Code::InvalidDocumentId
    }
}

/// The text of an identifier: an integer, or a string of the allowed characters.
///
/// # Errors
/// Every other value.
pub fn document_identifier(value: &Value) -> Result<String, InvalidDocumentIdentifier> {
    let text = match value {
        Value::String(text) if is_identifier(text) => Some(text.clone()),
        Value::Number(number) if number.is_u64() || number.is_i64() => Some(number.to_string()),
        _ => None,
    };
    text.ok_or_else(|| InvalidDocumentIdentifier { value: value.clone() })
}

fn is_identifier(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.len() <= BYTES_MAX && text.bytes().all(allowed)
}
