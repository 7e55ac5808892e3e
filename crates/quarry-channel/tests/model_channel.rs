//! Random operations of every kind and size from 1 to 8 threads: what arrives is what was sent.
//!
//! The model of the channel is the list of operations itself: the multiset received equals the multiset sent, and
//! what each thread sent through its ring arrives in the order of sending.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;
use quarry_channel::{KEY_BYTES_MAX, Operation, RING_BYTES_MIN, Receiver, Rings, Sender};

/// Ring of the model: small, so that it wraps and fills all the time.
const RING_BYTES: usize = RING_BYTES_MIN;

/// Largest value that surely goes through a ring with the key of a model operation.
const FRAME_VALUE_BYTES_MAX: usize = RING_BYTES / 2 - 9 - 1 - 8 - KEY_BYTES_MAX.div_ceil(8);

#[derive(Debug, Clone, Copy)]
enum Kind {
    Put { value_bytes: usize },
    PutWith { value_bytes: usize },
    Delete,
    DeleteVectors,
    SetVectors { embeddings: usize, dimensions: usize },
}

fn kind() -> impl Strategy<Value = Kind> {
    let value_bytes = prop_oneof![4 => 0..64usize, 4 => 0..RING_BYTES / 2, 1 => 0..=4 * RING_BYTES].boxed();
    prop_oneof![
        4 => value_bytes.clone().prop_map(|value_bytes| Kind::Put { value_bytes }),
        4 => value_bytes.prop_map(|value_bytes| Kind::PutWith { value_bytes }),
        2 => Just(Kind::Delete),
        1 => Just(Kind::DeleteVectors),
        2 => (0..8usize, 0..140usize).prop_map(|(embeddings, dimensions)| Kind::SetVectors { embeddings, dimensions }),
    ]
}

/// An operation with its bytes, owned. The number of the operation is in its key, or else in its document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Owned {
    Put { table: u16, key: Vec<u8>, value: Vec<u8> },
    Delete { table: u16, key: Vec<u8> },
    DeleteVectors { document: u32 },
    SetVectors { document: u32, embedder: u8, embeddings: Vec<u8> },
}

impl Owned {
    /// Operation `number` of `thread`, with bytes that depend on both.
    fn make(thread: usize, number: usize, kind: Kind) -> Self {
        let document = (thread * 1000 + number) as u32;
        let mut key = document.to_be_bytes().to_vec();
        key.resize(4 + number % 60, thread as u8);
        let bytes = |length: usize| (0..length).map(|at| (at + number * 7 + thread) as u8).collect();
        match kind {
            Kind::Put { value_bytes } | Kind::PutWith { value_bytes } => {
                Self::Put { table: thread as u16, key, value: bytes(value_bytes) }
            }
            Kind::Delete => Self::Delete { table: thread as u16, key },
            Kind::DeleteVectors => Self::DeleteVectors { document },
            Kind::SetVectors { embeddings, dimensions } => Self::SetVectors {
                document,
                embedder: thread as u8,
                embeddings: (0..embeddings * dimensions)
                    .flat_map(|at| ((at + number) as f32).to_le_bytes())
                    .collect(),
            },
        }
    }

    fn receive(operation: Operation<'_>) -> Self {
        match operation {
            Operation::Put { table, key, value } => Self::Put { table, key: key.into(), value: value.into() },
            Operation::Delete { table, key } => Self::Delete { table, key: key.into() },
            Operation::DeleteVectors { document } => Self::DeleteVectors { document },
            Operation::SetVectors { document, embedder, embeddings } => {
                Self::SetVectors { document, embedder, embeddings: embeddings.into() }
            }
        }
    }

    fn send(&self, sender: Sender<'_>, kind: Kind) {
        let sent = match (self, kind) {
            (Self::Put { table, key, value }, Kind::PutWith { .. }) => {
                sender.put_with(*table, key, value.len(), |place| place.copy_from_slice(value))
            }
            (Self::Put { table, key, value }, _) => sender.put(*table, key, value),
            (Self::Delete { table, key }, _) => sender.delete(*table, key),
            (Self::DeleteVectors { document }, _) => sender.delete_vectors(*document),
            (Self::SetVectors { document, embedder, embeddings }, kind) => {
                let mut values = Vec::new();
                quarry_channel::read_embeddings(embeddings, &mut values);
                let dimensions = if let Kind::SetVectors { dimensions, .. } = kind { dimensions } else { 0 };
                let rows: Vec<_> = values.chunks(dimensions.max(1)).collect();
                sender.set_vectors(*document, *embedder, &rows)
            }
        };
        sent.unwrap();
    }

    /// Thread and number of the operation.
    fn place(&self) -> (u32, u32) {
        let document = match self {
            Self::Put { key, .. } | Self::Delete { key, .. } => {
                u32::from_be_bytes(key[..4].try_into().unwrap())
            }
            Self::DeleteVectors { document } | Self::SetVectors { document, .. } => *document,
        };
        (document / 1000, document % 1000)
    }

    fn surely_a_frame(&self) -> bool {
        match self {
            Self::Put { value, .. } => value.len() <= FRAME_VALUE_BYTES_MAX,
            Self::SetVectors { embeddings, .. } => embeddings.len() <= FRAME_VALUE_BYTES_MAX,
            Self::Delete { .. } | Self::DeleteVectors { .. } => true,
        }
    }

    fn surely_oversized(&self) -> bool {
        match self {
            Self::Put { value, .. } => value.len() > RING_BYTES / 2,
            Self::SetVectors { embeddings, .. } => embeddings.len() > RING_BYTES / 2,
            Self::Delete { .. } | Self::DeleteVectors { .. } => false,
        }
    }
}

fn receive_all(receiver: &mut Receiver) -> Vec<Owned> {
    let mut received = Vec::new();
    while let Some(operation) = receiver.next() {
        received.push(Owned::receive(operation));
    }
    received
}

fn counts(operations: impl IntoIterator<Item = Owned>) -> HashMap<Owned, usize> {
    let mut counts = HashMap::new();
    for operation in operations {
        *counts.entry(operation).or_default() += 1;
    }
    counts
}

fn check_order(received: &[Owned]) {
    let mut last_frame: HashMap<u32, u32> = HashMap::new();
    let mut last_oversized: HashMap<u32, u32> = HashMap::new();
    let mut oversized_arrived: HashMap<u32, u32> = HashMap::new();
    for operation in received {
        let (thread, number) = operation.place();
        if operation.surely_a_frame() {
            let last = last_frame.insert(thread, number);
            assert!(last.is_none_or(|last| last < number), "frames of thread {thread} out of order");
            let overtaken = oversized_arrived.get(&thread).is_some_and(|oversized| number < *oversized);
            assert!(!overtaken, "an oversized operation of thread {thread} overtook frame {number}");
        } else if operation.surely_oversized() {
            let last = last_oversized.insert(thread, number);
            assert!(
                last.is_none_or(|last| last < number),
                "oversized operations of thread {thread} out of order"
            );
            oversized_arrived.insert(thread, number);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_arrives_is_what_was_sent(
        batches in vec(vec(vec(kind(), 0..120), 1..=8), 1..3),
        channel_capacity in 0..4usize,
    ) {
        let threads = batches.iter().map(Vec::len).max().unwrap();
        let mut rings = Rings::new(RING_BYTES * threads, threads).unwrap();
        for kinds in &batches {
            let operations = |thread: usize| {
                kinds[thread].iter().enumerate().map(move |(number, kind)| (Owned::make(thread, number, *kind), *kind))
            };
            let (senders, mut receiver) = rings.channel(channel_capacity);
            let received = thread::scope(|scope| {
                scope.spawn(move || thread::scope(|scope| {
                    for thread in 0..kinds.len() {
                        let senders = &senders;
                        scope.spawn(move || {
                            for (operation, kind) in operations(thread) {
                                operation.send(senders.sender(thread), kind);
                            }
                        });
                    }
                }));
                receive_all(&mut receiver)
            });
            check_order(&received);
            let sent = (0..kinds.len()).flat_map(|thread| operations(thread).map(|(operation, _)| operation));
            prop_assert_eq!(counts(received), counts(sent));
        }
    }
}
