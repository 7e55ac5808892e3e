//! Bodies, piece by piece, under the size limit.

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use quarry_error::{Code, HasCode};

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error(
        "The provided payload reached the size limit. The maximum accepted payload size is {}.",
        described_size(*.bytes_max)
    )]
    TooLarge { bytes_max: u64 },
    #[error("The provided payload is incomplete and cannot be parsed")]
    Incomplete { detail: String },
}

impl HasCode for BodyError {
    fn code(&self) -> Code {
        match self {
            BodyError::TooLarge { .. } => Code::PayloadTooLarge,
            BodyError::Incomplete { .. } => Code::BadRequest,
        }
    }
}

/// The words of the innermost error.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// A body that refuses to give more than its limit.
pub(crate) struct LimitedBody {
    body: Body,
    bytes_max: u64,
    bytes_read: u64,
}

impl LimitedBody {
    pub(crate) fn new(body: Body, bytes_max: u64) -> Self {
        LimitedBody { body, bytes_max, bytes_read: 0 }
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| BodyError::Incomplete { detail: root_cause(&error) })?;
            if let Ok(data) = frame.into_data() {
                self.bytes_read += data.len() as u64;
                if self.bytes_read > self.bytes_max {
                    return Err(BodyError::TooLarge { bytes_max: self.bytes_max });
                }
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// The whole body.
    pub(crate) async fn collect(mut self) -> Result<Vec<u8>, BodyError> {
        let mut collected = Vec::new();
        while let Some(piece) = self.next().await? {
            collected.extend_from_slice(&piece);
        }
        Ok(collected)
    }
}

/// A size in the largest unit under it: binary units when it divides by 1024, else decimal ones; up to
/// three decimals, without zeros at the end.
fn described_size(bytes: u64) -> String {
    let (step, units): (u64, &[&str]) = if bytes.is_multiple_of(1024) {
        (1024, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
    } else {
        (1000, &["B", "KB", "MB", "GB", "TB", "PB"])
    };
    let (mut unit, mut scale) = (0, 1_u64);
    while unit + 1 < units.len() && bytes / scale >= step {
        scale *= step;
        unit += 1;
    }
    let text = format!("{:.3}", bytes as f64 / scale as f64);
    format!("{} {}", text.trim_end_matches('0').trim_end_matches('.'), units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let check = |bytes, text: &str| assert_eq!(described_size(bytes), text);
        check(2048, "2 KiB");
        check(3 * 1024, "3 KiB");
        check(1500, "1.5 KB");
        check(3000, "3 KB");
        check(1_000_000, "1 MB");
        check(100_000_001, "100 MB");
        check(7, "7 B");
    }
}
