//! Key of `document-sets`: sets of documents that belong to no word and no value.
//!
//! Layout: one byte, the number of the set.

/// The key of the set of all documents.
pub const ALL: [u8; 1] = [0];

/// The key of the set of documents that have a point (`_geo`).
pub const WITH_POINT: [u8; 1] = [1];
