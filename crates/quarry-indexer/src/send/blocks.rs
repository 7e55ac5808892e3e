//! Blocks of one table on their way to the writer.

use quarry_channel::Sender;
use quarry_index::TableId;
use quarry_storage::BlockSink;

use crate::error::IndexError;

/// Sends the changed blocks of one table.
pub(crate) struct BlockSender<'s> {
    sender: Sender<'s>,
    table: TableId,
}

impl<'s> BlockSender<'s> {
    pub(crate) fn new(sender: Sender<'s>, table: TableId) -> BlockSender<'s> {
        BlockSender { sender, table }
    }
}

impl BlockSink for BlockSender<'_> {
    type Error = IndexError;

    fn put(&mut self, key: &[u8], block: &[u8]) -> Result<(), IndexError> {
        Ok(self.sender.put(self.table.number(), key, block)?)
    }

    fn delete(&mut self, key: &[u8]) -> Result<(), IndexError> {
        Ok(self.sender.delete(self.table.number(), key)?)
    }
}
