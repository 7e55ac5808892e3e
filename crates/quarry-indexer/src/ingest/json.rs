//! A JSON body: an array of objects, or one object.

use std::io;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

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
    let documents = DocumentsVisitor { lines, failed: &mut failed };
    let converted = parser.deserialize_seq(documents);
    match failed {
        Some(error) => Err(PayloadError::Io(error)),
        // The words for an array are those of a parser that looks at the syntax first.
        None => Ok(converted.map_err(|error| malformed(syntax_error(input).unwrap_or(error)))?),
    }
}

/// What is wrong with the syntax of an array, if anything is.
fn syntax_error(input: &[u8]) -> Option<serde_json::Error> {
    struct Syntax;

    impl<'de> Visitor<'de> for Syntax {
        type Value = ();

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("a sequence of documents")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
            while sequence.next_element::<&RawValue>()?.is_some() {}
            Ok(())
        }
    }

    serde_json::Deserializer::from_slice(input).deserialize_seq(Syntax).err()
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
