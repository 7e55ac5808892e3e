//! Key of `documents`: a document id, so that records lie in the order of their ids.
//!
//! Layout: document (u32, big endian).

use crate::DocumentId;

/// The key of `document`.
pub fn key(document: DocumentId) -> [u8; 4] {
    document.to_be_bytes()
}

/// The document of a key.
pub fn parse(key: &[u8]) -> Option<DocumentId> {
    key.try_into().ok().map(DocumentId::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        assert_eq!(parse(&key(70_000)), Some(70_000));
        assert_eq!(parse(&[1, 2, 3]), None);
    }
}
