//! What may name a document: integers of 64 bits and strings of `[A-Za-z0-9_-]`, 1 to 511 bytes.

use crate::error::DocumentError;

/// Longest id, in bytes: the longest key of the store.
const ID_BYTES_MAX: usize = 511;

/// The external id that a raw JSON value stands for; `1` and `"1"` are the same.
///
/// # Errors
/// `InvalidId` for any other type, character or length.
pub(crate) fn external_id(value: &str) -> Result<&str, DocumentError> {
    let id = match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(text) if is_valid_text(text) => Some(text),
        None if is_integer(value) => Some(value),
        _ => None,
    };
    id.ok_or_else(|| DocumentError::InvalidId { id: value.to_owned() })
}

fn is_valid_text(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// Payload files hold numbers beyond 64 bits as floats, so whatever has only digits is an integer.
fn is_integer(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_plain_strings_are_ids() {
        for (value, id) in
            [("1", "1"), ("\"1\"", "1"), ("-7", "-7"), ("\"a_B-9\"", "a_B-9"), ("\"007\"", "007")]
        {
            assert_eq!(external_id(value), Ok(id));
        }
        assert!(external_id(&format!("\"{}\"", "x".repeat(511))).is_ok());
    }

    #[test]
    fn everything_else_is_refused_and_shown_as_json() {
        let long = format!("\"{}\"", "x".repeat(512));
        for value in
            ["1.0", "true", "null", "[1]", "{\"a\":1}", "\"\"", "\"a b\"", "\"é\"", "\"a\\n\"", "1e3", &long]
        {
            assert_eq!(external_id(value), Err(DocumentError::InvalidId { id: value.to_owned() }));
        }
    }
}
