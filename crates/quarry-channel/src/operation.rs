//! What travels through the channel, as the receiver sees it.

/// One operation on the index, borrowed from the ring or from the mapped file that it arrived in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation<'frame> {
    /// Store `value` under `key`.
    Put {
        /// Table to write to.
        table: u16,
        /// 1 to [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX) bytes.
        key: &'frame [u8],
        /// Any length, unaligned.
        value: &'frame [u8],
    },
    /// Remove `key`, if it is there.
    Delete {
        /// Table to write to.
        table: u16,
        /// 1 to [`KEY_BYTES_MAX`](crate::KEY_BYTES_MAX) bytes.
        key: &'frame [u8],
    },
    /// Remove the embeddings of a document from every embedder.
    DeleteVectors {
        /// The document.
        document: u32,
    },
    /// Replace the embeddings that a document has from one embedder.
    SetVectors {
        /// The document.
        document: u32,
        /// The embedder.
        embedder: u8,
        /// n x d little-endian `f32`, one embedding after another, unaligned: see [`read_embeddings`].
        embeddings: &'frame [u8],
    },
}

/// Copies the embeddings of [`Operation::SetVectors`] into an aligned vector, which is emptied first.
///
/// One vector is meant to serve a whole batch, so that only the longest operation allocates.
pub fn read_embeddings(embeddings: &[u8], values: &mut Vec<f32>) {
    let (whole, _) = embeddings.as_chunks();
    values.clear();
    values.extend(whole.iter().map(|bytes| f32::from_le_bytes(*bytes)));
}
