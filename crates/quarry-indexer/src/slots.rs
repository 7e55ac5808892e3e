//! The documents that the operations of a batch name, packed: what is kept for each of them is some fifty
//! bytes, in a file when they are many.
//!
//! A slot stands for one external id. It says what the document becomes, as places of payloads. Slots that
//! change something become [`Changes`] in ascending order of document ids.

use std::hash::BuildHasher;
use std::io;
use std::ops::Range;

use bytemuck::{Pod, Zeroable};
use hashbrown::DefaultHashBuilder;
use quarry_index::DocumentId;
use quarry_storage::SpillVec;

use crate::batch::Method;
use crate::change::{Content, DocumentChange};
use crate::number_table::NumberTable;

/// A part of a source.
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Piece {
    start: u64,
    length: u32,
    source: u32,
}

/// A source and its number: what pieces of it are told by.
#[derive(Clone, Copy)]
pub(crate) struct Source<'p> {
    text: &'p str,
    number: u32,
}

impl Source<'_> {
    /// The place of `part`, a slice of the text of this source.
    ///
    /// # Errors
    /// `Other` when it is longer than 4 GiB.
    pub(crate) fn piece(&self, part: &str) -> io::Result<Piece> {
        let start = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        debug_assert!(start + part.len() <= self.text.len(), "the part lies in the source");
        let length =
            u32::try_from(part.len()).map_err(|_| io::Error::other("a document is longer than 4 GiB"))?;
        Ok(Piece { start: start as u64, length, source: self.number })
    }
}

/// What becomes of the document of a slot.
mod state {
    pub(super) const AS_STORED: u8 = 0;
    pub(super) const ABSENT: u8 = 1;
    pub(super) const REPLACED: u8 = 2;
    pub(super) const LAID_OVER_STORED: u8 = 3;
}

/// One external id that an operation named.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Slot {
    external_id: Piece,
    /// The first object of a document that is sent.
    object: Piece,
    /// Number of the last object laid over the first one, plus one.
    last_more: u32,
    /// Id of the stored document, if `is_stored`.
    document: DocumentId,
    /// Number of the operation that counted the document last, plus one.
    pub(crate) counted_by: u32,
    state: u8,
    is_stored: u8,
    is_deletion_counted: u8,
    _padding: u8,
}

/// An object laid over others.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct More {
    object: Piece,
    /// Number of the one before, plus one.
    before: u32,
    _padding: u32,
}

impl Slot {
    /// The stored document.
    pub(crate) fn stored(&self) -> Option<DocumentId> {
        (self.is_stored != 0).then_some(self.document)
    }

    /// Whether there is a document after the operations so far.
    pub(crate) fn is_present(&self) -> bool {
        match self.state {
            state::AS_STORED => self.is_stored != 0,
            other => other != state::ABSENT,
        }
    }

    /// Takes the document out; whether it is stored and no operation before has counted its deletion.
    pub(crate) fn delete(&mut self) -> bool {
        self.state = state::ABSENT;
        let counts = self.is_stored != 0 && self.is_deletion_counted == 0;
        self.is_deletion_counted = 1;
        counts
    }

    /// Takes the document out; its deletion stays to be counted.
    pub(crate) fn remove(&mut self) {
        self.state = state::ABSENT;
    }

    /// Makes the document this object and nothing else.
    pub(crate) fn replace(&mut self, object: Piece) {
        (self.state, self.object, self.last_more) = (state::REPLACED, object, 0);
    }
}

/// All slots of a batch.
#[derive(Default)]
pub(crate) struct Slots<'p> {
    sources: Vec<&'p str>,
    slots: SpillVec<Slot>,
    more: SpillVec<More>,
    numbers: NumberTable,
    hasher: DefaultHashBuilder,
}

impl<'p> Slots<'p> {
    /// Registers a text that pieces will be taken of.
    pub(crate) fn source(&mut self, text: &'p str) -> Source<'p> {
        self.sources.push(text);
        Source { text, number: self.sources.len() as u32 - 1 }
    }

    /// The text of a piece.
    pub(crate) fn text(&self, piece: Piece) -> &'p str {
        let start = piece.start as usize;
        &self.sources[piece.source as usize][start..start + piece.length as usize]
    }

    /// The number of the slot of an external id, made now if there is none.
    ///
    /// - `stored`: asked for the stored document of a new slot
    pub(crate) fn number<E: From<io::Error>>(
        &mut self,
        external_id: Piece,
        stored: impl FnOnce(&str) -> Result<Option<DocumentId>, E>,
    ) -> Result<u32, E> {
        let text = self.text(external_id);
        let hash = self.hasher.hash_one(text);
        let is_it = |number: u32| self.text(self.slots[number as usize].external_id) == text;
        if let Some(number) = self.numbers.find(hash, is_it) {
            return Ok(number);
        }
        let stored = stored(text)?;
        let number = self.slots.len() as u32;
        self.numbers.insert(hash, number)?;
        self.slots.push(Slot {
            external_id,
            document: stored.unwrap_or_default(),
            is_stored: u8::from(stored.is_some()),
            ..Slot::zeroed()
        })?;
        Ok(number)
    }

    /// The slot of a number that was given.
    pub(crate) fn slot(&mut self, number: u32) -> &mut Slot {
        &mut self.slots[number as usize]
    }

    /// Adds an object that was sent for the document of a slot.
    pub(crate) fn add(&mut self, number: u32, object: Piece, method: Method) -> io::Result<()> {
        let slot = &mut self.slots[number as usize];
        match (slot.state, method) {
            (state::AS_STORED, Method::Update) if slot.is_stored != 0 => {
                slot.replace(object);
                slot.state = state::LAID_OVER_STORED;
            }
            (state::REPLACED | state::LAID_OVER_STORED, Method::Update) => {
                self.more.push(More { object, before: slot.last_more, _padding: 0 })?;
                slot.last_more = self.more.len() as u32;
            }
            _ => slot.replace(object),
        }
        Ok(())
    }

    /// Turns the slots that change something into changes. New documents take ids from `next_id`, in the order
    /// in which their external ids were first met.
    pub(crate) fn into_changes(self, mut next_id: impl FnMut() -> DocumentId) -> io::Result<Changes<'p>> {
        let mut order = SpillVec::default();
        for (number, slot) in self.slots.iter().enumerate() {
            let document = match (slot.state, slot.stored()) {
                (state::AS_STORED, _) | (state::ABSENT, None) => continue,
                (_, Some(document)) => document,
                (_, None) => next_id(),
            };
            order.push(place(document, number as u32))?;
        }
        order.sort_unstable();
        Ok(Changes { slots: self, order })
    }

    fn change(&self, document: DocumentId, slot: &Slot) -> DocumentChange<'p> {
        let content = || {
            let mut content = Content::replaced_by(self.text(slot.object));
            content.over_stored = slot.state == state::LAID_OVER_STORED;
            let mut next = slot.last_more;
            while next > 0 {
                let more = self.more[next as usize - 1];
                content.more.push(self.text(more.object));
                next = more.before;
            }
            content.more.reverse();
            content
        };
        DocumentChange {
            document,
            external_id: self.text(slot.external_id),
            before: slot.is_stored != 0,
            after: (slot.state != state::ABSENT).then(content),
        }
    }
}

/// In place of the number of a slot: the document stays as it is stored.
const UNCHANGED: u32 = u32::MAX;

fn place(document: DocumentId, slot: u32) -> u64 {
    u64::from(document) << 32 | u64::from(slot)
}

/// What a batch does to documents, ascending by document id.
#[derive(Default)]
pub(crate) struct Changes<'p> {
    slots: Slots<'p>,
    /// Document, then slot or [`UNCHANGED`].
    order: SpillVec<u64>,
}

impl<'p> Changes<'p> {
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Adds documents that stay as they are, none of which is changed.
    pub(crate) fn add_unchanged(&mut self, documents: impl Iterator<Item = DocumentId>) -> io::Result<()> {
        for document in documents {
            self.order.push(place(document, UNCHANGED))?;
        }
        self.order.sort_unstable();
        Ok(())
    }

    /// The ids of all documents, ascending.
    pub(crate) fn documents(&self) -> impl Iterator<Item = DocumentId> {
        self.order.iter().map(|place| (place >> 32) as DocumentId)
    }

    /// The changes at some places.
    pub(crate) fn range(&self, places: Range<usize>) -> impl Iterator<Item = DocumentChange<'p>> {
        self.order[places].iter().map(|&place| {
            let document = (place >> 32) as DocumentId;
            match place as u32 {
                UNCHANGED => DocumentChange {
                    document,
                    external_id: "",
                    before: true,
                    after: Some(Content::as_stored()),
                },
                slot => self.slots.change(document, &self.slots.slots[slot as usize]),
            }
        })
    }

    /// All changes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = DocumentChange<'p>> {
        self.range(0..self.len())
    }

    /// The external id at a place; none for a document that stays as it is.
    pub(crate) fn external_id(&self, at: usize) -> &'p str {
        match self.order[at] as u32 {
            UNCHANGED => "",
            slot => self.slots.text(self.slots.slots[slot as usize].external_id),
        }
    }

    /// About the bytes that were sent for the change at a place: its first object.
    pub(crate) fn sent_bytes(&self, at: usize) -> usize {
        match self.order[at] as u32 {
            UNCHANGED => 0,
            slot => self.slots.slots[slot as usize].object.length as usize,
        }
    }
}
