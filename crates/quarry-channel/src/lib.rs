//! Extractor to writer: one lock-free ring per thread; bytes only.
//!
//! Many threads prepare operations on an index, one thread applies them. This crate carries the operations from
//! the many to the one. It moves bytes: a table is a `u16`, a document a `u32`, an embedder a `u8`, and what they
//! mean is the business of the two ends.
//!
//! ```
//! use quarry_channel::{Operation, Rings};
//!
//! let mut rings = Rings::new(1 << 20, 2)?;
//! let (senders, mut receiver) = rings.channel(8);
//! let sending = std::thread::spawn(move || senders.sender(1).put(7, b"key", b"value"));
//! while let Some(operation) = receiver.next() {
//!     assert_eq!(operation, Operation::Put { table: 7, key: b"key", value: b"value" });
//! }
//! sending.join().expect("the sending thread does not panic")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The contract
//!
//! **Shape.** [`Rings`] owns one ring per sending thread, each an equal part of the total capacity, and lends them
//! to one channel after another: memory is allocated once. Every thread writes frames into its own ring and the
//! [`Receiver`] reads all rings, so that senders never meet each other. Beside the rings there is one small bounded
//! queue for wake-ups and for values too large for a ring.
//!
//! **Order.** What one thread sends through its ring arrives in the order of sending. Nothing is said of two
//! threads. An oversized operation arrives after everything its thread sent before it; what its thread sends after
//! it may arrive first.
//!
//! **Capacity.** A frame takes at most half a ring less 9 bytes, because a frame never goes over the end of the ring
//! and 9 bytes is the longest length prefix. Larger values and embeddings go through an anonymous memory-mapped
//! file; at most `channel_capacity` of them wait at one time, and a thread that has one more waits. A delete always
//! fits, because no ring is smaller than [`RING_BYTES_MIN`].
//!
//! **Back-pressure.** A thread whose ring is full asks again at once, 10,000 times in all since the ring last had room
//! without asking. Then it counts one blocked attempt, looks whether the receiver is still there, and gives up its turn
//! on the processor; if half of the ring is then not free, it pauses for 50 microseconds and counts the next one.
//! [`ChannelStatistics`] tells how often that happened.
//!
//! **Fairness.** The receiver takes one frame from a ring and goes on with the next ring, and looks at the queue of
//! oversized operations at least once every 64 frames, so no thread starves.
//!
//! **Wake-up.** A receiver that finds every ring empty naps for a moment, announces that it waits, looks at the rings once more, and
//! waits on the queue for at most 100 ms. A sender that has committed a frame sends a wake-up only if the receiver
//! has announced that it waits and the queue is empty: the queue never fills with wake-ups, and a busy receiver
//! costs its senders no lock. `tests/loom.rs` runs the very source of that protocol through all interleavings.
//!
//! **The receiver dies.** From then on every send answers [`SendError::IndexationAborted`], including those that
//! wait for room.
//!
//! **The senders die.** When [`Senders`] is dropped, in an orderly way or by a panic, the receiver delivers all that
//! was committed, then ends. A frame that a panic interrupted is never seen. Whether the batch is complete is for
//! the thread that joins the senders to say, not for the channel.
//!
//! # Reading order
//!
//! [`Operation`] is what travels; `frame` is its bytes in a ring; `ring` is one ring with its two halves; `rings` makes a
//! channel; `wake_up` is the protocol between a sender that commits and a receiver that waits; `spill` maps
//! oversized values; `sender` and `receiver` are the two ends; `statistics` counts.
//!
//! # Checking memory safety
//!
//! The codec of frames runs under Miri where the toolchain has it: `cargo miri test -p quarry-channel frame`.

mod error;
mod frame;
mod message;
mod operation;
mod receiver;
mod ring;
mod rings;
mod sender;
mod spill;
mod statistics;
mod sync;
mod wake_up;

pub use error::{RingsError, SendError};
pub use operation::{Operation, read_embeddings};
pub use receiver::Receiver;
pub use rings::{RING_BYTES_MIN, Rings};
pub use sender::{KEY_BYTES_MAX, Sender, Senders};
pub use statistics::ChannelStatistics;
