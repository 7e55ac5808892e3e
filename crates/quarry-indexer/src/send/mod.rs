//! Typed senders: what extraction and merge produce, as frames of the channel.
//!
//! - [`documents`]: records, in the order of document ids.
//! - [`blocks`]: everything else. A block sender knows one table and is the sink of a block writer: what leaves
//!   it are blocks of neighbouring keys, which the writer of the batch applies as they are.
//! - [`store`]: where block writers read what is stored.

pub(crate) mod blocks;
pub(crate) mod documents;
pub(crate) mod store;
