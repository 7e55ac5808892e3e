//! What a batch did.

use std::collections::BTreeMap;

use crate::error::IndexError;

/// What a committed batch did.
#[derive(Debug, Default)]
pub struct BatchReport {
    /// One per operation, in order. An operation that failed alone left no trace.
    pub operations: Vec<Result<OperationReport, IndexError>>,
    /// How much the extractors had to wait for the writer.
    pub congestion: Congestion,
    /// Bytes of each table before the batch, by stored name.
    pub table_sizes_before: BTreeMap<&'static str, u64>,
    /// Bytes of each table after the batch, by stored name.
    pub table_sizes_after: BTreeMap<&'static str, u64>,
}

/// What one operation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OperationReport {
    /// Documents in the payload, or ids given.
    pub received: u64,
    /// Distinct ids in the payload, documents left out by `skip_creation` included.
    pub indexed: u64,
    /// Deletion by ids: those that were there and that no operation before has counted. By filter: the
    /// documents selected. Clear: the documents before the batch, for the first one. Edition: as `edited`.
    pub deleted: u64,
    /// Documents given to the function of an edition.
    pub edited: u64,
}

/// How much the extractors had to wait for the writer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Congestion {
    /// Times that room was asked for.
    pub attempts: u64,
    /// Those of `attempts` that found none.
    pub blocked_attempts: u64,
}

impl Congestion {
    /// Blocked attempts per attempt, in 0.0..=1.0.
    pub fn ratio(&self) -> f64 {
        if self.attempts == 0 { 0.0 } else { self.blocked_attempts as f64 / self.attempts as f64 }
    }
}
