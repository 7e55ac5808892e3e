//! An NDJSON body: objects one after another, whatever white space is between them.

use serde::de::DeserializeSeed;
use serde::{Deserialize, Deserializer};

use super::transcode::DocumentSeed;
use crate::payload::{Lines, MalformedPayload, PayloadError};

const FORMAT: &str = "ndjson";

/// One document, compact.
struct CompactDocument(Vec<u8>);

impl<'de> Deserialize<'de> for CompactDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut out = Vec::with_capacity(1 << 10);
        DocumentSeed { out: &mut out }.deserialize(deserializer)?;
        Ok(CompactDocument(out))
    }
}

/// Writes the documents of `input` to `lines`.
pub(crate) fn convert(input: &[u8], lines: &mut Lines<'_>) -> Result<(), PayloadError> {
    let mut parser = serde_json::Deserializer::from_slice(input);
    parser.disable_recursion_limit();
    for document in parser.into_iter::<CompactDocument>() {
        let CompactDocument(bytes) = document
            .map_err(|error| MalformedPayload::Json { format: FORMAT, message: error.to_string() })?;
        lines.document().extend_from_slice(&bytes);
        lines.end_document()?;
    }
    Ok(())
}
