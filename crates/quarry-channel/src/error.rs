//! What can go wrong when rings are made and when an operation is sent.

use std::io;

use thiserror::Error;

/// Why rings cannot be made.
#[derive(Debug, Error)]
pub enum RingsError {
    /// There is no thread to make a ring for.
    #[error("a channel needs at least one sending thread")]
    NoThreads,
    /// The share of one thread cannot hold the longest key twice.
    #[error("{ring_bytes} bytes per thread are too few for a ring, it takes {ring_bytes_min}")]
    TooSmall {
        /// Bytes that each ring would get.
        ring_bytes: usize,
        /// Bytes that a ring takes at least: [`RING_BYTES_MIN`](crate::RING_BYTES_MIN).
        ring_bytes_min: usize,
    },
}

/// Why an operation was not sent. Nothing of it reaches the receiver.
#[derive(Debug, Error)]
pub enum SendError {
    /// The receiver is gone: nobody will apply what is sent.
    #[error("indexation aborted: the writer no longer receives operations")]
    IndexationAborted,
    /// The key of a put is empty or longer than [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX).
    #[error(
        "cannot put a key of {} bytes with a value of {value_bytes} bytes in table {table}: keys have 1 to {} bytes",
        key.len(),
        crate::KEY_BYTES_MAX
    )]
    StorePut {
        /// Table that was addressed.
        table: u16,
        /// The refused key, whole.
        key: Box<[u8]>,
        /// Length of the value.
        value_bytes: usize,
    },
    /// The key of a delete is empty or longer than [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX).
    #[error("cannot delete a key of {} bytes from table {table}: keys have 1 to {} bytes", key.len(), crate::KEY_BYTES_MAX)]
    StoreDelete {
        /// Table that was addressed.
        table: u16,
        /// The refused key, whole.
        key: Box<[u8]>,
    },
    /// An oversized value could not be written to a temporary file.
    #[error("cannot write a value of {value_bytes} bytes to a temporary file")]
    Spill {
        /// Length of the value.
        value_bytes: usize,
        /// What the file system said.
        source: io::Error,
    },
}
