//! From the text after `?` to a value that request types can be read from.

use deserr::Deserr;
use quarry_error::{Code, ErrorResponse};
use serde_json::{Map, Value};

use crate::request_error::QueryError;

/// Reads a request type from a query string; the empty string when there is none.
///
/// Every value is text. Of a repeated parameter the last value counts. Unknown escapes and broken
/// UTF-8 are replaced, never refused.
///
/// # Errors
/// The first error of the request type, with the words of query strings.
pub fn from_query_string<T: Deserr<QueryError>>(query: &str) -> Result<T, ErrorResponse> {
    deserr::deserialize::<T, Value, QueryError>(Value::Object(parse(query))).map_err(ErrorResponse::from)
}

/// Reads a request type from a parsed JSON body.
///
/// # Errors
/// The first error of the request type, with the words of JSON bodies.
pub fn from_json<T, C>(body: Value) -> Result<T, ErrorResponse>
where
    T: Deserr<crate::request_error::JsonError<C>>,
    C: quarry_error::CodeMarker,
{
    deserr::deserialize::<T, Value, crate::request_error::JsonError<C>>(body).map_err(ErrorResponse::from)
}

fn parse(query: &str) -> Map<String, Value> {
    let mut parameters = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        parameters.insert(decode(name, true), Value::String(decode(value, true)));
    }
    parameters
}

/// Decodes `%XX` escapes; `plus_is_space` also turns `+` into a space, as in query strings.
pub fn decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        let escape = bytes.get(position + 1..position + 3).and_then(hexadecimal_pair);
        match (bytes[position], escape) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                position += 2;
            }
            (b'+', _) if plus_is_space => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        position += 1;
    }
    match String::from_utf8(decoded) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

fn hexadecimal_pair(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let value = digit(pair[0])? * 16 + digit(pair[1])?;
    u8::try_from(value).ok()
}

/// The error for a JSON body that is not JSON.
pub fn malformed_json(error: &serde_json::Error) -> ErrorResponse {
    ErrorResponse::new(format!("The json payload provided is malformed. `{error}`."), Code::MalformedPayload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_and_the_last_value_counts() {
        let parameters = parse("q=a%20b+c&q=%C3%A9&flag&broken=%zz%4");
        assert_eq!(parameters["q"], "é");
        assert_eq!(parameters["flag"], "");
        assert_eq!(parameters["broken"], "%zz%4");
    }
}
