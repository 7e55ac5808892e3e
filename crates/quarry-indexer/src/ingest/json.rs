//! A JSON body: an array of objects, or one object.

use std::io;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::syntax;
use super::transcode::DocumentSeed;
use crate::payload::{Lines, MalformedPayload, PayloadError};

const FORMAT: &str = "json";

/// Writes the documents of `input` to `lines`.
pub(crate) fn convert(input: &[u8], lines: &mut Lines<'_>) -> Result<(), PayloadError> {
    let mut parser = serde_json::Deserializer::from_slice(input);
    let first = input.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        Some(b'[') => convert_array(&mut parser, input, lines)?,
        Some(b'{') => {
            DocumentSeed::alone(lines.document()).deserialize(&mut parser).map_err(malformed)?;
            lines.end_document()?;
        }
        _ => {
            serde_json::from_slice::<IgnoredAny>(input).map_err(malformed)?;
            let message = "data are neither an object nor a list of objects".to_owned();
            return Err(MalformedPayload::Json { format: FORMAT, message }.into());
        }
    }
    Ok(parser.end().map_err(malformed)?)
}

fn convert_array<'de>(
    parser: &mut serde_json::Deserializer<serde_json::de::SliceRead<'de>>,
    input: &[u8],
    lines: &mut Lines<'_>,
) -> Result<(), PayloadError> {
    parser.disable_recursion_limit();
    let mut failed = None;
    let converted = parser.deserialize_seq(DocumentsVisitor { lines, failed: &mut failed });
    match failed {
        Some(error) => Err(PayloadError::Io(error)),
        // The words for an array are those of a parser that looks at the syntax first.
        None => Ok(converted.map_err(|error| {
            let message = syntax::error_words(input, documents).unwrap_or_else(|| error.to_string());
            MalformedPayload::Json { format: FORMAT, message }
        })?),
    }
}

/// Shows the documents of an array to `visit`, as far as the syntax is right.
fn documents<'i>(input: &'i [u8], visit: &mut dyn FnMut(&'i RawValue)) -> serde_json::Result<()> {
    struct Documents<'v, 'i>(&'v mut dyn FnMut(&'i RawValue));

    impl<'i> Visitor<'i> for Documents<'_, 'i> {
        type Value = ();

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("a sequence of documents")
        }

        fn visit_seq<A: SeqAccess<'i>>(self, mut sequence: A) -> Result<(), A::Error> {
            while let Some(document) = sequence.next_element()? {
                (self.0)(document);
            }
            Ok(())
        }
    }

    serde_json::Deserializer::from_slice(input).deserialize_seq(Documents(visit))
}

fn malformed(error: serde_json::Error) -> MalformedPayload {
    MalformedPayload::Json { format: FORMAT, message: error.to_string() }
}

struct DocumentsVisitor<'v, 'o> {
    lines: &'v mut Lines<'o>,
    /// Why the payload file could not be written.
    failed: &'v mut Option<io::Error>,
}

impl<'de> Visitor<'de> for DocumentsVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a sequence of documents")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while sequence.next_element_seed(DocumentSeed::among_others(self.lines.document()))?.is_some() {
            if let Err(error) = self.lines.end_document() {
                *self.failed = Some(error);
                return Err(A::Error::custom("the payload file cannot be written"));
            }
        }
        Ok(())
    }
}
