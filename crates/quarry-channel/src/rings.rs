//! The rings of all threads, lent to one channel after another.

use std::env;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::RingsError;
use crate::frame;
use crate::message::Shared;
use crate::ring::{self, RingConsumer, RingProducer};
use crate::sender::KEY_BYTES_MAX;
use crate::statistics::Counters;
use crate::wake_up::WakeUp;
use crate::{Receiver, Senders};

/// Bytes of the smallest legal ring: one in which the delete of the longest key always fits.
pub const RING_BYTES_MIN: usize = ring::ring_bytes_for(frame::delete_bytes(KEY_BYTES_MAX));

/// One ring per sending thread, allocated once and reused by one channel after another.
pub struct Rings {
    ring_bytes: usize,
    threads: usize,
    spill_folder: PathBuf,
    home: Home,
}

impl Rings {
    /// Makes one ring for each of `threads` threads, each of `total_capacity_bytes / threads`.
    ///
    /// The memory is reserved; the system gives its pages when they are first written.
    ///
    /// # Errors
    /// `NoThreads` if `threads` is 0; `TooSmall` if a ring would have less than [`RING_BYTES_MIN`].
    pub fn new(total_capacity_bytes: usize, threads: usize) -> Result<Self, RingsError> {
        let ring_bytes = total_capacity_bytes.checked_div(threads).ok_or(RingsError::NoThreads)?;
        if ring_bytes < RING_BYTES_MIN {
            return Err(RingsError::TooSmall { ring_bytes, ring_bytes_min: RING_BYTES_MIN });
        }
        Ok(Self { ring_bytes, threads, spill_folder: env::temp_dir(), home: Home::default() })
    }

    /// Makes one ring for each thread of the rayon pool that calls, or of the global pool outside of any.
    ///
    /// # Errors
    /// `TooSmall` if a ring would have less than [`RING_BYTES_MIN`].
    pub fn for_current_pool(total_capacity_bytes: usize) -> Result<Self, RingsError> {
        Self::new(total_capacity_bytes, rayon::current_num_threads())
    }

    /// Puts the files of oversized values in `folder` instead of the system's folder for temporary files.
    pub fn with_spill_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spill_folder = folder.into();
        self
    }

    /// Number of rings, hence of threads that can send without meeting each other.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Opens an empty channel over the rings.
    ///
    /// At most `channel_capacity` oversized operations wait at one time; 0 counts as 1. The rings come back when
    /// both ends are dropped. If an end of the channel before still lives, this channel gets rings of its own.
    pub fn channel(&mut self, channel_capacity: usize) -> (Senders, Receiver) {
        let (producers, consumers) = self.take_halves();
        // A queue without room could not hold the wake-up of a receiver that is about to wait.
        let (messages_in, messages_out) = flume::bounded(channel_capacity.max(1));
        let shared = Arc::new(Shared {
            wake_up: WakeUp::new(),
            counters: (0..self.threads).map(|_| Counters::default()).collect(),
            frame_bytes_max: ring::frame_bytes_max(self.ring_bytes),
            spill_folder: self.spill_folder.clone(),
            home: self.home.clone(),
        });
        (
            Senders::over(producers, messages_in, shared.clone()),
            Receiver::over(consumers, messages_out, shared),
        )
    }

    /// The rings that came home, emptied, or fresh ones if a half is still away.
    fn take_halves(&mut self) -> (Vec<ProducerSlot>, Vec<RingConsumer>) {
        let mut idle = self.home.lock();
        if let (Some(producers), Some(mut consumers)) = (idle.producers.take(), idle.consumers.take()) {
            consumers.iter_mut().for_each(RingConsumer::clear);
            return (producers, consumers);
        }
        drop(idle);
        self.home = Home::default();
        (0..self.threads)
            .map(|_| {
                let (producer, consumer) = ring::ring(self.ring_bytes);
                (ProducerSlot(Mutex::new(producer)), consumer)
            })
            .unzip()
    }
}

/// The producer of one thread, alone on its cache lines: adjacent lines are fetched in pairs of 64 bytes.
///
/// The lock is for callers that share a slot against the advice of [`Senders::sender`]; normally it is free.
#[repr(align(128))]
pub(crate) struct ProducerSlot(pub(crate) Mutex<RingProducer>);

/// Where the two ends of a channel put the halves of its rings when they are dropped.
#[derive(Clone, Default)]
pub(crate) struct Home {
    idle: Arc<Mutex<IdleHalves>>,
}

#[derive(Default)]
struct IdleHalves {
    producers: Option<Vec<ProducerSlot>>,
    consumers: Option<Vec<RingConsumer>>,
}

impl Home {
    pub(crate) fn return_producers(&self, producers: Vec<ProducerSlot>) {
        self.lock().producers = Some(producers);
    }

    pub(crate) fn return_consumers(&self, consumers: Vec<RingConsumer>) {
        self.lock().consumers = Some(consumers);
    }

    fn lock(&self) -> MutexGuard<'_, IdleHalves> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
