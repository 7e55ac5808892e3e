//! The sending end: serialises each operation straight into the ring of the thread.

use std::mem;
use std::num::NonZeroU16;
use std::sync::{Arc, PoisonError};
use std::thread;

use flume::TrySendError;
use memmap2::Mmap;

use crate::error::SendError;
use crate::frame;
use crate::message::{Message, Oversized, OversizedContent, Shared};
use crate::rings::ProducerSlot;
use crate::spill;
use crate::statistics::{self, ChannelStatistics};

/// Longest key of a put or a delete, in bytes: the longest that the store takes.
pub const KEY_BYTES_MAX: usize = 511;

/// The sending ends of all threads. Dropping it ends the channel, once the receiver has drained it.
pub struct Senders {
    slots: Vec<ProducerSlot>,
    messages: flume::Sender<Message>,
    shared: Arc<Shared>,
}

impl Senders {
    pub(crate) fn over(
        slots: Vec<ProducerSlot>,
        messages: flume::Sender<Message>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { slots, messages, shared }
    }

    /// Number of rings: [`sender`](Self::sender) takes 0 to one less.
    pub fn threads(&self) -> usize {
        self.slots.len()
    }

    /// The sender of one thread. An index beyond the number of rings counts from 0 again.
    ///
    /// Threads that use the same index take turns, which is correct but slow.
    pub fn sender(&self, thread_index: usize) -> Sender<'_> {
        Sender { senders: self, ring: thread_index % self.slots.len() }
    }

    /// The sender of the current thread of a rayon pool; that of index 0 outside of any pool.
    pub fn current(&self) -> Sender<'_> {
        self.sender(rayon::current_thread_index().unwrap_or(0))
    }

    /// How much the senders had to wait so far.
    pub fn stats(&self) -> ChannelStatistics {
        statistics::sum(&self.shared.counters)
    }
}

impl Drop for Senders {
    fn drop(&mut self) {
        self.shared.home.return_producers(mem::take(&mut self.slots));
    }
}

/// The sending end of one thread. Cheap to make and to copy.
///
/// Every method waits while there is no room. Every method fails with `IndexationAborted` if the receiver is gone, and
/// then the operation is lost.
#[derive(Clone, Copy)]
pub struct Sender<'senders> {
    senders: &'senders Senders,
    ring: usize,
}

impl Sender<'_> {
    /// Sends a put of `value` under `key` (1 to [`KEY_BYTES_MAX`] bytes).
    ///
    /// # Errors
    /// `StorePut` for a key of another length; `Spill` if an oversized value finds no room on disk;
    /// `IndexationAborted`.
    pub fn put(&self, table: u16, key: &[u8], value: &[u8]) -> Result<(), SendError> {
        self.put_with(table, key, value.len(), |place| place.copy_from_slice(value))
    }

    /// Sends a put whose value of `value_bytes` bytes is written in place by `fill`.
    ///
    /// `fill` must write all of the slice it gets, which holds bytes of no meaning, and must not send.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_with(
        &self,
        table: u16,
        key: &[u8],
        value_bytes: usize,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<(), SendError> {
        let Some(key_length) = key_length(key) else {
            return Err(SendError::StorePut { table, key: key.into(), value_bytes });
        };
        let frame_bytes = frame::put_bytes(key.len(), value_bytes);
        if frame_bytes > self.senders.shared.frame_bytes_max {
            let value = self.spill(value_bytes, fill)?;
            return self.send_oversized(OversizedContent::Put { table, key: key.into(), value });
        }
        self.send_frame(frame_bytes, |frame| fill(frame::write_put(frame, table, key_length, key)))
    }

    /// Sends a put whose value is already in a mapped file, whatever its size.
    ///
    /// # Errors
    /// `StorePut` for a key that has not 1 to [`KEY_BYTES_MAX`] bytes; `IndexationAborted`.
    pub fn send_large_file(&self, table: u16, key: &[u8], value: Mmap) -> Result<(), SendError> {
        if key_length(key).is_none() {
            return Err(SendError::StorePut { table, key: key.into(), value_bytes: value.len() });
        }
        self.send_oversized(OversizedContent::Put { table, key: key.into(), value })
    }

    /// Sends a delete of `key` (1 to [`KEY_BYTES_MAX`] bytes).
    ///
    /// # Errors
    /// `StoreDelete` for a key of another length, which might not fit in a ring; `IndexationAborted`.
    pub fn delete(&self, table: u16, key: &[u8]) -> Result<(), SendError> {
        if key_length(key).is_none() {
            return Err(SendError::StoreDelete { table, key: key.into() });
        }
        self.send_frame(frame::delete_bytes(key.len()), |frame| frame::write_delete(frame, table, key))
    }

    /// Sends a delete of the embeddings that `document` has from any embedder.
    ///
    /// # Errors
    /// `IndexationAborted`.
    pub fn delete_vectors(&self, document: u32) -> Result<(), SendError> {
        self.send_frame(frame::DELETE_VECTORS_BYTES, |frame| frame::write_delete_vectors(frame, document))
    }

    /// Sends the embeddings that replace those that `document` has from `embedder`.
    ///
    /// They arrive one after another, so a flat slice of n x d values may come as one embedding.
    ///
    /// # Errors
    /// `Spill` if oversized embeddings find no room on disk; `IndexationAborted`.
    pub fn set_vectors<E: AsRef<[f32]>>(
        &self,
        document: u32,
        embedder: u8,
        embeddings: &[E],
    ) -> Result<(), SendError> {
        let embeddings_bytes = embeddings.iter().map(|embedding| size_of_val(embedding.as_ref())).sum();
        let frame_bytes = frame::set_vectors_bytes(embeddings_bytes);
        if frame_bytes > self.senders.shared.frame_bytes_max {
            let embeddings =
                self.spill(embeddings_bytes, |place| frame::write_embeddings(place, embeddings))?;
            return self.send_oversized(OversizedContent::SetVectors { document, embedder, embeddings });
        }
        self.send_frame(frame_bytes, |frame| frame::write_set_vectors(frame, document, embedder, embeddings))
    }

    fn send_frame(&self, frame_bytes: usize, fill: impl FnOnce(&mut [u8])) -> Result<(), SendError> {
        let Senders { slots, messages, shared } = self.senders;
        let counters = &shared.counters[self.ring];
        self.check_receiver()?;
        counters.count_attempt();
        let when_blocked = || {
            counters.count_blocked();
            self.check_receiver()?;
            thread::yield_now();
            Ok(())
        };
        // A `fill` that panicked has left no frame behind, so a poisoned ring is as good as any.
        let mut producer = slots[self.ring].0.lock().unwrap_or_else(PoisonError::into_inner);
        producer.write(frame_bytes, when_blocked, fill)?;
        drop(producer);
        if shared.wake_up.claim() && messages.is_empty() {
            // A full queue wakes the receiver by itself; of a receiver that has just gone the next send will tell.
            let _ = messages.try_send(Message::WakeUp);
        }
        Ok(())
    }

    fn send_oversized(&self, content: OversizedContent) -> Result<(), SendError> {
        let Senders { slots, messages, shared } = self.senders;
        let counters = &shared.counters[self.ring];
        let after_frames = slots[self.ring].0.lock().unwrap_or_else(PoisonError::into_inner).committed();
        counters.count_attempt();
        match messages.try_send(Message::Oversized(Oversized { ring: self.ring, after_frames, content })) {
            Ok(()) => Ok(()),
            Err(TrySendError::Disconnected(_)) => Err(SendError::IndexationAborted),
            Err(TrySendError::Full(message)) => {
                counters.count_blocked();
                messages.send(message).map_err(|_| SendError::IndexationAborted)
            }
        }
    }

    fn spill(&self, value_bytes: usize, fill: impl FnOnce(&mut [u8])) -> Result<Mmap, SendError> {
        self.check_receiver()?;
        spill::mapped_file(&self.senders.shared.spill_folder, value_bytes, fill)
            .map_err(|source| SendError::Spill { value_bytes, source })
    }

    fn check_receiver(&self) -> Result<(), SendError> {
        if self.senders.messages.is_disconnected() { Err(SendError::IndexationAborted) } else { Ok(()) }
    }
}

/// Length of a key, if the store takes it.
fn key_length(key: &[u8]) -> Option<NonZeroU16> {
    let length = u16::try_from(key.len()).ok().filter(|length| usize::from(*length) <= KEY_BYTES_MAX)?;
    NonZeroU16::new(length)
}
