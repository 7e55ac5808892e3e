//! Typed senders: what a merge produces, as frames of the channel.
//!
//! A sender knows one table. It is the sink of a block writer: what leaves it are physical entries, blocks of
//! neighbouring keys, which the writer of the batch applies as they are.

pub(crate) mod blocks;
pub(crate) mod store;
