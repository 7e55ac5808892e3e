//! Records of documents on their way to the writer, in the order of document ids.
//!
//! Chunks are extracted by several threads and come to an end in any order. The one whose turn it is sends
//! its records and those of the chunks behind it that wait; all through one ring, so that they arrive in
//! order and the writer can append.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use quarry_channel::Sender;
use quarry_index::keys::document;
use quarry_index::{DocumentId, TableId};

use crate::error::IndexError;

/// The records of one chunk: for each document its id, and its record unless it goes.
#[derive(Default)]
pub(crate) struct ChunkRecords {
    records: Vec<(DocumentId, Option<usize>)>,
    bytes: Vec<u8>,
}

impl ChunkRecords {
    /// Sets the record of a document.
    pub(crate) fn put(&mut self, document: DocumentId, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.records.push((document, Some(record.len())));
    }

    /// Takes a document out.
    pub(crate) fn delete(&mut self, document: DocumentId) {
        self.records.push((document, None));
    }
}

/// Where chunks wait for their turn.
pub(crate) struct DocumentQueue<'s> {
    sender: Sender<'s>,
    turn: Mutex<Turn>,
}

#[derive(Default)]
struct Turn {
    next_chunk: usize,
    waiting: BTreeMap<usize, ChunkRecords>,
}

impl<'s> DocumentQueue<'s> {
    pub(crate) fn new(sender: Sender<'s>) -> DocumentQueue<'s> {
        DocumentQueue { sender, turn: Mutex::default() }
    }

    /// Room for the records of a chunk.
    pub(crate) fn chunk(&self) -> ChunkRecords {
        ChunkRecords::default()
    }

    /// Sends the records of chunk `number` when its turn comes; every number must be given once.
    pub(crate) fn send(&self, number: usize, records: ChunkRecords) -> Result<(), IndexError> {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        turn.waiting.insert(number, records);
        loop {
            let next = turn.next_chunk;
            let Some(records) = turn.waiting.remove(&next) else { return Ok(()) };
            self.send_records(&records)?;
            turn.next_chunk += 1;
        }
    }

    fn send_records(&self, records: &ChunkRecords) -> Result<(), IndexError> {
        let table = TableId::Documents.number();
        let mut start = 0;
        for &(document, length) in &records.records {
            match length {
                Some(length) => {
                    let record = &records.bytes[start..start + length];
                    self.sender.put(table, &document::key(document), record)?;
                    start += length;
                }
                None => self.sender.delete(table, &document::key(document))?,
            }
        }
        Ok(())
    }
}
