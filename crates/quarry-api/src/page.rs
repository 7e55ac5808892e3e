//! Lists cut into pages: the parameters and the answer.

use serde::Serialize;

/// Entries of a page when the request does not say.
pub const DEFAULT_LIMIT: usize = 20;

/// A page of a list: `{"results", "offset", "limit", "total"}`.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// The entries of this page.
    pub results: Vec<T>,
    /// How many entries come before it.
    pub offset: usize,
    /// How many it may hold.
    pub limit: usize,
    /// How many there are in all.
    pub total: usize,
}

impl<T> Page<T> {
    /// Cuts a page out of the whole list.
    pub fn cut(all: impl ExactSizeIterator<Item = T>, offset: usize, limit: usize) -> Self {
        let total = all.len();
        Page { results: all.skip(offset).take(limit).collect(), offset, limit, total }
    }
}
