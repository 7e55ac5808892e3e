//! What handlers read from a request: paths, query strings, bodies.

mod body;
mod index_uid;
mod json;
mod payload;
mod query_string;

pub(crate) use index_uid::{IndexPath, PathParameter};
pub(crate) use json::{JsonBody, JsonText, parse_json};
pub(crate) use payload::{io_error, payload_format, receive};
pub(crate) use query_string::QueryString;
