//! The nodes of a branch or leaf, once it is known that they lie inside their page.

use std::ops::Range;

use super::{BRANCH, ID_BYTES, OTHER_KIND, OTHER_NUMBER, PAGE_HEAD_BYTES, damaged, u16_at, u32_at, u64_at};
use crate::StorageError;

const NODE_HEAD_BYTES: usize = 8;
/// Flags of a leaf's node: its value has pages of its own; it is the record of a table.
const HAS_LONG_VALUE: u16 = 0x01;
const IS_TABLE: u16 = 0x02;

/// The nodes of a page, in the order of their keys.
pub(super) struct Nodes<'p> {
    page: &'p [u8],
    offsets: Range<usize>,
}

/// One of them: its bytes to the end of the page.
pub(super) struct Node<'p> {
    bytes: &'p [u8],
}

impl<'p> Nodes<'p> {
    /// The nodes of the page `number`, which must be of this `kind` and have `nodes_min` of them, in places of their own.
    pub(super) fn of(
        page: &'p [u8],
        number: u64,
        kind: u16,
        nodes_min: usize,
    ) -> Result<Nodes<'p>, StorageError> {
        if u64_at(page, 0) != number {
            return Err(damaged(number, OTHER_NUMBER));
        }
        if u16_at(page, 10) != kind {
            return Err(damaged(number, OTHER_KIND));
        }
        let offsets_end = usize::from(u16_at(page, 12));
        let nodes_start = usize::from(u16_at(page, 14));
        let is_inside =
            PAGE_HEAD_BYTES <= offsets_end && offsets_end <= nodes_start && nodes_start <= page.len();
        if !is_inside || !offsets_end.is_multiple_of(2) {
            return Err(damaged(number, "its head does not fit its length"));
        }
        let nodes = Nodes { page, offsets: PAGE_HEAD_BYTES..offsets_end };
        if nodes.offsets.len() / 2 < nodes_min {
            return Err(damaged(number, "it has too few entries"));
        }
        nodes.check_places(number, kind, nodes_start)?;
        Ok(nodes)
    }

    fn check_places(&self, number: u64, kind: u16, nodes_start: usize) -> Result<(), StorageError> {
        let mut places = Vec::with_capacity(self.offsets.len() / 2);
        for offset in self.offsets() {
            let length = self.page.get(offset..).and_then(|bytes| Node::length(bytes, kind));
            match length {
                Some(length) if offset >= nodes_start => places.push(offset..offset + length),
                _ => return Err(damaged(number, "an entry lies outside of it")),
            }
        }
        places.sort_unstable_by_key(|place| place.start);
        if places.windows(2).any(|pair| pair[0].end > pair[1].start) {
            return Err(damaged(number, "two entries lie over each other"));
        }
        Ok(())
    }

    fn offsets(&self) -> impl Iterator<Item = usize> + use<'p> {
        self.page[self.offsets.clone()]
            .as_chunks::<2>()
            .0
            .iter()
            .map(|bytes| usize::from(u16::from_ne_bytes(*bytes)))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Node<'p>> + use<'p> {
        let page = self.page;
        self.offsets().map(move |offset| Node { bytes: &page[offset..] })
    }
}

impl<'p> Node<'p> {
    /// Length of the node that `bytes` begin with, in bytes; none if it does not fit.
    fn length(bytes: &[u8], kind: u16) -> Option<usize> {
        if bytes.len() < NODE_HEAD_BYTES {
            return None;
        }
        let node = Node { bytes };
        let value_bytes = match kind {
            BRANCH => 0,
            _ if node.flags() & HAS_LONG_VALUE != 0 => ID_BYTES,
            _ => node.value_bytes(),
        };
        let length = NODE_HEAD_BYTES + node.key_bytes() + value_bytes;
        (length <= bytes.len()).then_some(length)
    }

    fn flags(&self) -> u16 {
        u16_at(self.bytes, 4)
    }

    fn key_bytes(&self) -> usize {
        usize::from(u16_at(self.bytes, 6))
    }

    pub(super) fn key(&self) -> &'p [u8] {
        &self.bytes[NODE_HEAD_BYTES..NODE_HEAD_BYTES + self.key_bytes()]
    }

    /// The page below a node of a branch.
    pub(super) fn child(&self) -> u64 {
        u64::from(u32_at(self.bytes, 0)) | u64::from(self.flags()) << 32
    }

    /// Length of the value of a leaf's node, in bytes, wherever it is.
    pub(super) fn value_bytes(&self) -> usize {
        u32_at(self.bytes, 0) as usize
    }

    /// The value, if it is in the page.
    pub(super) fn value(&self) -> &'p [u8] {
        let start = NODE_HEAD_BYTES + self.key_bytes();
        if self.long_value().is_some() { &[] } else { &self.bytes[start..start + self.value_bytes()] }
    }

    /// The first page of a value that has pages of its own.
    pub(super) fn long_value(&self) -> Option<u64> {
        let is_long = self.flags() & HAS_LONG_VALUE != 0;
        is_long.then(|| u64_at(self.bytes, NODE_HEAD_BYTES + self.key_bytes()))
    }

    pub(super) fn is_table(&self) -> bool {
        self.flags() & IS_TABLE != 0
    }

    /// Whether it has no other flags: those are of features of LMDB that are not used.
    pub(super) fn has_known_flags(&self) -> bool {
        self.flags() & !(HAS_LONG_VALUE | IS_TABLE) == 0
    }
}
