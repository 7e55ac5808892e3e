//! One document of a batch: what was stored and what shall be.

use quarry_index::DocumentId;

/// What a batch does to one document.
#[derive(Debug, Clone)]
pub(crate) struct DocumentChange<'p> {
    pub(crate) document: DocumentId,
    pub(crate) external_id: &'p str,
    /// Whether the document is stored.
    pub(crate) before: bool,
    /// What the document becomes; None when it goes.
    pub(crate) after: Option<Content<'p>>,
}

/// A document put together from slices of payloads, which are not copied.
#[derive(Debug, Clone)]
pub(crate) struct Content<'p> {
    /// Whether the objects are laid over what is stored.
    pub(crate) over_stored: bool,
    /// The first object; None leaves what is stored as it is.
    pub(crate) first: Option<&'p str>,
    /// The objects laid over the first one, in order.
    pub(crate) more: Vec<&'p str>,
}

impl<'p> Content<'p> {
    /// A document that is one object as it was sent.
    pub(crate) fn replaced_by(object: &'p str) -> Content<'p> {
        Content { over_stored: false, first: Some(object), more: Vec::new() }
    }

    /// A stored document as it is.
    pub(crate) fn as_stored() -> Content<'p> {
        Content { over_stored: true, first: None, more: Vec::new() }
    }

    /// The objects, in the order in which they are laid over each other.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &'p str> {
        self.first.into_iter().chain(self.more.iter().copied())
    }
}

impl Content<'_> {
    /// Whether nothing was sent.
    pub(crate) fn is_as_stored(&self) -> bool {
        self.over_stored && self.first.is_none() && self.more.is_empty()
    }
}
