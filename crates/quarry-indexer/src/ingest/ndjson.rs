//! An NDJSON body: objects one after another, whatever white space is between them.

use serde::de::DeserializeSeed;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::syntax;
use super::transcode::DocumentSeed;
use crate::payload::{Lines, MalformedPayload, PayloadError};

const FORMAT: &str = "ndjson";

/// One document, compact.
struct CompactDocument(Vec<u8>);

impl<'de> Deserialize<'de> for CompactDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut out = Vec::with_capacity(1 << 10);
        DocumentSeed::among_others(&mut out).deserialize(deserializer)?;
        Ok(CompactDocument(out))
    }
}

/// Shows the documents to `visit`, as far as the syntax is right.
fn documents<'i>(input: &'i [u8], visit: &mut dyn FnMut(&'i RawValue)) -> serde_json::Result<()> {
    for document in serde_json::Deserializer::from_slice(input).into_iter() {
        visit(document?);
    }
    Ok(())
}

/// Writes the documents of `input` to `lines`.
pub(crate) fn convert(input: &[u8], lines: &mut Lines<'_>) -> Result<(), PayloadError> {
    let mut parser = serde_json::Deserializer::from_slice(input);
    parser.disable_recursion_limit();
    for document in parser.into_iter::<CompactDocument>() {
        let CompactDocument(bytes) = document.map_err(|error| {
            let message = syntax::error_words(input, documents).unwrap_or_else(|| error.to_string());
            MalformedPayload::Json { format: FORMAT, message }
        })?;
        lines.document().extend_from_slice(&bytes);
        lines.end_document()?;
    }
    Ok(())
}
