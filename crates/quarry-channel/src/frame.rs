//! Bytes of one operation in a ring.
//!
//! Layout: kind (1 byte), header (see below, native byte order, unaligned), payload (the rest of the frame).
//!
//! | kind | header | payload |
//! |---|---|---|
//! | 0 table operation | table (u16), key length (u16, 0 for a delete) | key, then value; or key alone for a delete |
//! | 1 delete vectors | document (u32) | none |
//! | 2 set vectors | document (u32), embedder (u8), padding (3 bytes of 0) | n x d little-endian f32 |
//!
//! Frames never leave the process, hence the native byte order of headers; embeddings are stored as they come, hence
//! theirs. Written by `sender`, read by `receiver`.

use std::num::NonZeroU16;

use bytemuck::{NoUninit, Pod, Zeroable};
use thiserror::Error;

use crate::Operation;

const TABLE_OPERATION: u8 = 0;
const DELETE_VECTORS: u8 = 1;
const SET_VECTORS: u8 = 2;

const KIND_BYTES: usize = 1;

/// Bytes of every delete-vectors frame.
pub(crate) const DELETE_VECTORS_BYTES: usize = KIND_BYTES + size_of::<DeleteVectorsHeader>();

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct TableHeader {
    table: u16,
    /// `None` for a delete, whose payload is the key.
    key_length: Option<NonZeroU16>,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct DeleteVectorsHeader {
    document: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct SetVectorsHeader {
    document: u32,
    embedder: u8,
    padding: [u8; 3],
}

/// Why bytes are not a frame.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum FrameError {
    #[error("the frame ends before its kind, its header or its key does")]
    Truncated,
    #[error("there is no frame of kind {kind}")]
    UnknownKind { kind: u8 },
    #[error("{payload_bytes} bytes are not a whole number of f32")]
    RaggedEmbeddings { payload_bytes: usize },
}

/// Length of a put frame; saturates, which makes it larger than any ring.
pub(crate) fn put_bytes(key_bytes: usize, value_bytes: usize) -> usize {
    delete_bytes(key_bytes).saturating_add(value_bytes)
}

/// Length of a delete frame.
pub(crate) const fn delete_bytes(key_bytes: usize) -> usize {
    KIND_BYTES + size_of::<TableHeader>() + key_bytes
}

/// Length of a set-vectors frame; saturates, which makes it larger than any ring.
pub(crate) fn set_vectors_bytes(embeddings_bytes: usize) -> usize {
    (KIND_BYTES + size_of::<SetVectorsHeader>()).saturating_add(embeddings_bytes)
}

/// Writes a put up to its value, and returns the place of the value.
///
/// `frame` has [`put_bytes`] bytes. A zero `key_length` would mean a delete.
pub(crate) fn write_put<'frame>(
    frame: &'frame mut [u8],
    table: u16,
    key_length: NonZeroU16,
    key: &[u8],
) -> &'frame mut [u8] {
    let payload = write_header(frame, TABLE_OPERATION, &TableHeader { table, key_length: Some(key_length) });
    let (key_place, value_place) = payload.split_at_mut(key.len());
    key_place.copy_from_slice(key);
    value_place
}

/// Writes a delete. `frame` has [`delete_bytes`] bytes.
pub(crate) fn write_delete(frame: &mut [u8], table: u16, key: &[u8]) {
    write_header(frame, TABLE_OPERATION, &TableHeader { table, key_length: None }).copy_from_slice(key);
}

/// Writes a delete-vectors frame. `frame` has [`DELETE_VECTORS_BYTES`] bytes.
pub(crate) fn write_delete_vectors(frame: &mut [u8], document: u32) {
    write_header(frame, DELETE_VECTORS, &DeleteVectorsHeader { document });
}

/// Writes a set-vectors frame. `frame` has [`set_vectors_bytes`] bytes.
pub(crate) fn write_set_vectors<E: AsRef<[f32]>>(
    frame: &mut [u8],
    document: u32,
    embedder: u8,
    embeddings: &[E],
) {
    let header = SetVectorsHeader { document, embedder, padding: [0; 3] };
    write_embeddings(write_header(frame, SET_VECTORS, &header), embeddings);
}

/// Writes embeddings one after another, little-endian. `place` has 4 bytes per value.
pub(crate) fn write_embeddings<E: AsRef<[f32]>>(place: &mut [u8], embeddings: &[E]) {
    let mut place = place;
    for embedding in embeddings {
        let embedding = embedding.as_ref();
        let (head, tail) = place.split_at_mut(size_of_val(embedding));
        let (values, _) = head.as_chunks_mut();
        for (bytes, value) in values.iter_mut().zip(embedding) {
            *bytes = value.to_le_bytes();
        }
        place = tail;
    }
}

/// Reads a frame that one of the functions above wrote.
pub(crate) fn decode(frame: &[u8]) -> Result<Operation<'_>, FrameError> {
    let (&kind, rest) = frame.split_first().ok_or(FrameError::Truncated)?;
    match kind {
        TABLE_OPERATION => {
            let (TableHeader { table, key_length }, payload) = read_header(rest)?;
            let Some(key_length) = key_length else {
                return Ok(Operation::Delete { table, key: payload });
            };
            let (key, value) =
                payload.split_at_checked(key_length.get().into()).ok_or(FrameError::Truncated)?;
            Ok(Operation::Put { table, key, value })
        }
        DELETE_VECTORS => {
            let (DeleteVectorsHeader { document }, _) = read_header(rest)?;
            Ok(Operation::DeleteVectors { document })
        }
        SET_VECTORS => {
            let (SetVectorsHeader { document, embedder, .. }, embeddings) = read_header(rest)?;
            if embeddings.len() % size_of::<f32>() != 0 {
                return Err(FrameError::RaggedEmbeddings { payload_bytes: embeddings.len() });
            }
            Ok(Operation::SetVectors { document, embedder, embeddings })
        }
        kind => Err(FrameError::UnknownKind { kind }),
    }
}

/// Writes kind and header, and returns the place of the payload.
fn write_header<'frame, H: NoUninit>(frame: &'frame mut [u8], kind: u8, header: &H) -> &'frame mut [u8] {
    let (head, payload) = frame.split_at_mut(KIND_BYTES + size_of::<H>());
    head[0] = kind;
    head[KIND_BYTES..].copy_from_slice(bytemuck::bytes_of(header));
    payload
}

/// Reads a header that may lie at any address, and returns the payload after it.
fn read_header<H: Pod>(bytes: &[u8]) -> Result<(H, &[u8]), FrameError> {
    let (head, payload) = bytes.split_at_checked(size_of::<H>()).ok_or(FrameError::Truncated)?;
    let header = bytemuck::try_pod_read_unaligned(head).map_err(|_| FrameError::Truncated)?;
    Ok((header, payload))
}

#[cfg(test)]
mod tests;
