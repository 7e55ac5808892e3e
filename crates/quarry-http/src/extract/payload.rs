//! Documents in a body: small bodies stay in memory, large ones go to a file without a name.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use quarry_engine::PayloadFormat;
use quarry_error::{Code, ErrorResponse};
use quarry_storage::{MappedFile, StorageError};

use super::body::LimitedBody;
use crate::convert::storage_error;
use crate::error::HttpError;

/// Bodies up to this size stay in memory.
const MEMORY_BYTES_MAX: usize = 1 << 20;

const ACCEPTED: &str =
    "Accepted values for the Content-Type header are: `application/json`, `application/x-ndjson`, `text/csv`";

/// A body as it came, decompressed.
pub(crate) enum ReceivedPayload {
    Memory(Vec<u8>),
    File(File),
}

impl ReceivedPayload {
    /// Gives the bytes to `read`. Blocks: for a thread that may.
    pub(crate) fn with_bytes<T>(self, read: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
        match self {
            ReceivedPayload::Memory(bytes) => Ok(read(&bytes)),
            ReceivedPayload::File(file) => Ok(read(&MappedFile::of(&file)?)),
        }
    }
}

/// The format that the headers name.
///
/// # Errors
/// When there is none, an unknown one, or a delimiter for something else than CSV.
pub(crate) fn payload_format(headers: &HeaderMap, delimiter: Option<u8>) -> Result<PayloadFormat, HttpError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        let message = format!("A Content-Type header is missing. {ACCEPTED}");
        return Err(ErrorResponse::new(message, Code::MissingContentType).into());
    };
    let sent = String::from_utf8_lossy(value.as_bytes());
    let essence = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let format = match essence.as_str() {
        "application/json" => PayloadFormat::Json,
        "application/x-ndjson" => PayloadFormat::Ndjson,
        "text/csv" => return Ok(PayloadFormat::Csv { delimiter: delimiter.unwrap_or(b',') }),
        _ => {
            let message = format!("The Content-Type `{}` is invalid. {ACCEPTED}", sent);
            return Err(ErrorResponse::new(message, Code::InvalidContentType).into());
        }
    };
    if delimiter.is_some() {
        let message = format!(
            "The Content-Type `{essence}` does not support the use of a csv delimiter. The csv delimiter can only \
             be used with the Content-Type `text/csv`."
        );
        return Err(ErrorResponse::new(message, Code::InvalidContentType).into());
    }
    Ok(format)
}

/// Receives a body, under the limit.
///
/// # Errors
/// When it is too large, broken off or empty; when the disk fails.
pub(crate) async fn receive(
    body: Body,
    bytes_max: u64,
    scratch_folder: &Path,
    format_name: &str,
) -> Result<ReceivedPayload, HttpError> {
    let mut body = LimitedBody::new(body, bytes_max);
    let mut memory = Vec::new();
    while let Some(piece) = body.next().await? {
        memory.extend_from_slice(&piece);
        if memory.len() > MEMORY_BYTES_MAX {
            return spill(body, memory, scratch_folder).await;
        }
    }
    if memory.is_empty() {
        let message = format!("A {format_name} payload is missing.");
        return Err(ErrorResponse::new(message, Code::MissingPayload).into());
    }
    Ok(ReceivedPayload::Memory(memory))
}

/// Writes what was received so far and the rest of the body to a file.
async fn spill(
    mut body: LimitedBody,
    received: Vec<u8>,
    scratch_folder: &Path,
) -> Result<ReceivedPayload, HttpError> {
    let mut file = tempfile::tempfile_in(scratch_folder).map_err(io_error)?;
    let mut pending = received;
    loop {
        // Pieces are gathered so that each visit to a blocking thread writes enough.
        while pending.len() < MEMORY_BYTES_MAX {
            match body.next().await? {
                Some(piece) => pending.extend_from_slice(&piece),
                None => {
                    let file = write_all(file, pending).await?.0;
                    return Ok(ReceivedPayload::File(file));
                }
            }
        }
        (file, pending) = write_all(file, pending).await?;
    }
}

/// Writes a buffer on a blocking thread and gives it back empty.
async fn write_all(mut file: File, mut buffer: Vec<u8>) -> Result<(File, Vec<u8>), HttpError> {
    let written = tokio::task::spawn_blocking(move || {
        file.write_all(&buffer)?;
        buffer.clear();
        Ok((file, buffer))
    });
    match written.await {
        Ok(result) => result.map_err(io_error),
        Err(_) => Err(ErrorResponse::new("internal: a write crashed.", Code::Internal).into()),
    }
}

/// The error for a file that cannot be made, written or read: what the store tells apart has its own code.
pub(crate) fn io_error(error: io::Error) -> HttpError {
    match StorageError::from(error) {
        StorageError::Io { source } => {
            let message = format!(
                "{source}. This error generally happens when you have no space left on device or when your database \
                 doesn't have read or write right."
            );
            ErrorResponse::new(message, Code::IoError).into()
        }
        known => storage_error(known),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::response::IntoResponse;
    use http_body_util::BodyExt;
    use serde_json::Value;

    use super::*;

    /// The code of the answer when the system says `errno`.
    async fn code(errno: i32) -> String {
        let response = io_error(io::Error::from_raw_os_error(errno)).into_response();
        assert_eq!(response.status(), 422);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        body["code"].as_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn what_the_system_refuses_has_its_own_code() {
        let (eio, enfile, emfile, enospc) = (5, 23, 24, 28);
        assert_eq!(code(emfile).await, "too_many_open_files");
        assert_eq!(code(enfile).await, "too_many_open_files");
        assert_eq!(code(enospc).await, "no_space_left_on_device");
        assert_eq!(code(eio).await, "io_error");
    }
}
