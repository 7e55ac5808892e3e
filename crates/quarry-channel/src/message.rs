//! What goes through the queue beside the rings, and what both ends share.

use std::path::PathBuf;

use memmap2::Mmap;

use crate::Operation;
use crate::rings::Home;
use crate::statistics::Counters;
use crate::wake_up::WakeUp;

/// One message of the bounded queue.
#[derive(Debug)]
pub(crate) enum Message {
    /// A ring has a frame.
    WakeUp,
    /// An operation too large for a ring.
    Oversized(Oversized),
}

/// An operation too large for a ring, and its place in the order of its ring.
#[derive(Debug)]
pub(crate) struct Oversized {
    /// Index of the ring of the thread that sent it.
    pub(crate) ring: usize,
    /// Frames that had been committed to that ring: the receiver reads them first.
    pub(crate) after_frames: u64,
    pub(crate) content: OversizedContent,
}

/// The operation itself.
#[derive(Debug)]
pub(crate) enum OversizedContent {
    Put { table: u16, key: Box<[u8]>, value: Mmap },
    SetVectors { document: u32, embedder: u8, embeddings: Mmap },
}

impl OversizedContent {
    pub(crate) fn operation(&self) -> Operation<'_> {
        match self {
            Self::Put { table, key, value } => Operation::Put { table: *table, key, value },
            Self::SetVectors { document, embedder, embeddings } => {
                Operation::SetVectors { document: *document, embedder: *embedder, embeddings }
            }
        }
    }
}

/// What the senders and the receiver of one channel share, beside the rings and the queue.
pub(crate) struct Shared {
    pub(crate) wake_up: WakeUp,
    /// One per ring.
    pub(crate) counters: Vec<Counters>,
    /// Longest frame that a ring takes; anything longer goes through the queue.
    pub(crate) frame_bytes_max: usize,
    /// Folder of the files of oversized values.
    pub(crate) spill_folder: PathBuf,
    /// Where both ends put the rings when they are dropped.
    pub(crate) home: Home,
}
