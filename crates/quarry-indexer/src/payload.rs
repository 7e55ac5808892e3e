//! From the body of a request to a payload file: one compact JSON object per line.
//!
//! [`convert`] validates while it writes. What it lets through holds for everything behind it: every line is
//! one JSON object, numbers fit an f64 or 64 bits, strings are whole Unicode. The texts of its errors are
//! part of the API: they are the words of the JSON and CSV parsers.

use std::io::{self, Write};

use quarry_error::{Code, HasCode};

use crate::ingest::{csv, json, ndjson};

/// Bytes gathered before they are written to the payload file.
const BUFFER_BYTES: usize = 1 << 16;

/// Longest parser message that is shown whole, in bytes.
const MESSAGE_BYTES_MAX: usize = 138;

/// How the documents of a body are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadFormat {
    /// An array of objects, or one object.
    Json,
    /// Objects one after another, white space between them.
    Ndjson,
    /// A header line, then one document per record.
    Csv {
        /// The byte between two cells.
        delimiter: u8,
    },
}

impl PayloadFormat {
    /// The name in error messages.
    pub fn name(self) -> &'static str {
        match self {
            PayloadFormat::Json => "json",
            PayloadFormat::Ndjson => "ndjson",
            PayloadFormat::Csv { .. } => "csv",
        }
    }
}

/// Why a body is no payload.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The client's mistake.
    #[error(transparent)]
    Malformed(#[from] MalformedPayload),
    /// The payload file cannot be written.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl HasCode for PayloadError {
    fn code(&self) -> Code {
        match self {
            PayloadError::Malformed(_) => Code::MalformedPayload,
            PayloadError::Io(error) if error.kind() == io::ErrorKind::StorageFull => {
                Code::NoSpaceLeftOnDevice
            }
            PayloadError::Io(_) => Code::IoError,
        }
    }
}

/// What is wrong with a body.
#[derive(Debug, thiserror::Error)]
pub enum MalformedPayload {
    /// The JSON parser's words.
    #[error(
        "The `{format}` payload provided is malformed. `Couldn't serialize document value: {}`.",
        shortened(message)
    )]
    Json {
        /// `json` or `ndjson`.
        format: &'static str,
        /// The parser's message, with line and column.
        message: String,
    },
    /// The CSV reader's words, or ours about a typed cell.
    #[error("The `csv` payload provided is malformed: `{message}`.")]
    Csv {
        /// What is wrong and where.
        message: String,
    },
}

/// A long message keeps its two ends.
fn shortened(message: &str) -> String {
    const START_BYTES: usize = 50;
    const END_BYTES: usize = 85;
    if message.len() <= MESSAGE_BYTES_MAX {
        return message.to_owned();
    }
    let is_boundary = |&at: &usize| message.is_char_boundary(at);
    let start = (0..=START_BYTES).rev().find(is_boundary).unwrap_or_default();
    let end = (message.len() - END_BYTES..message.len()).find(is_boundary).unwrap_or(message.len());
    format!("{}...{}", &message[..start], &message[end..])
}

/// Writes the documents of `input` to `output`, one compact object per line; how many there are.
///
/// - `input`: the whole body, decompressed; typically a mapped file, read once from start to end
///
/// # Errors
/// `Malformed` with the text that clients read; `Io` when `output` cannot be written. What was written
/// before an error has no meaning.
pub fn convert(format: PayloadFormat, input: &[u8], output: &mut dyn Write) -> Result<u64, PayloadError> {
    let mut lines = Lines { output, buffer: Vec::with_capacity(BUFFER_BYTES), documents: 0 };
    match format {
        PayloadFormat::Json => json::convert(input, &mut lines)?,
        PayloadFormat::Ndjson => ndjson::convert(input, &mut lines)?,
        PayloadFormat::Csv { delimiter } => csv::convert(input, delimiter, &mut lines)?,
    }
    lines.finish()
}

/// The payload being written.
pub(crate) struct Lines<'o> {
    output: &'o mut dyn Write,
    buffer: Vec<u8>,
    documents: u64,
}

impl Lines<'_> {
    /// Where the bytes of the next document go.
    pub(crate) fn document(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Ends a document that was written to [`Lines::document`].
    pub(crate) fn end_document(&mut self) -> io::Result<()> {
        self.buffer.push(b'\n');
        self.documents += 1;
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<u64, PayloadError> {
        self.flush()?;
        self.output.flush()?;
        Ok(self.documents)
    }
}

#[cfg(test)]
mod tests;
