//! Operations of any sizes through the channel, by one thread: they arrive as they were sent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarry_channel::{Operation, RING_BYTES_MIN, Rings, read_embeddings};
use quarry_fuzz::pieces::Pieces;

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sent {
    Put(u16, Vec<u8>, Vec<u8>),
    Delete(u16, Vec<u8>),
    DeleteVectors(u32),
    SetVectors(u32, u8, Vec<u8>),
}

fuzz_target!(|input: &[u8]| {
    let mut rings = Rings::new(RING_BYTES_MIN, 1).expect("the smallest ring can be made");
    let (senders, mut receiver) = rings.channel(64);
    let mut pieces = Pieces::of(input);
    let mut sent = Vec::new();
    // Less than a ring, so that one thread can send all before it receives.
    let mut room = RING_BYTES_MIN / 2;
    while let Some(operation) = next(&mut pieces) {
        let Some(left) = room.checked_sub(bytes(&operation) + 32) else { break };
        let sender = senders.sender(0);
        let outcome = match &operation {
            Sent::Put(table, key, value) => sender.put(*table, key, value),
            Sent::Delete(table, key) => sender.delete(*table, key),
            Sent::DeleteVectors(document) => sender.delete_vectors(*document),
            Sent::SetVectors(document, embedder, embedding) => {
                let mut values = Vec::new();
                read_embeddings(embedding, &mut values);
                sender.set_vectors(*document, *embedder, &[values])
            }
        };
        if outcome.is_ok() {
            room = left;
            sent.push(operation);
        }
    }
    drop(senders);
    let mut received = Vec::new();
    while let Some(operation) = receiver.next() {
        received.push(match operation {
            Operation::Put { table, key, value } => Sent::Put(table, key.to_vec(), value.to_vec()),
            Operation::Delete { table, key } => Sent::Delete(table, key.to_vec()),
            Operation::DeleteVectors { document } => Sent::DeleteVectors(document),
            Operation::SetVectors { document, embedder, embeddings } => {
                Sent::SetVectors(document, embedder, embeddings.to_vec())
            }
        });
    }
    sent.sort();
    received.sort();
    assert_eq!(received, sent);
});

fn next(pieces: &mut Pieces<'_>) -> Option<Sent> {
    if pieces.is_empty() {
        return None;
    }
    let table = u16::from(pieces.byte());
    Some(match pieces.byte() & 3 {
        0 => {
            let key = pieces.piece()?.to_vec();
            let value = pieces.piece()?.repeat(usize::from(pieces.byte() & 3));
            Sent::Put(table, key, value)
        }
        1 => Sent::Delete(table, pieces.piece()?.to_vec()),
        2 => Sent::DeleteVectors(u32::from(table) << 20),
        _ => {
            let bytes = pieces.piece()?;
            // Not-a-number has many forms, which a copy through f32 need not keep.
            let values = bytes.iter().flat_map(|&byte| f32::from(byte).to_le_bytes()).collect();
            Sent::SetVectors(u32::from(table), 3, values)
        }
    })
}

fn bytes(operation: &Sent) -> usize {
    match operation {
        Sent::Put(_, key, value) => key.len() + value.len(),
        Sent::Delete(_, key) => key.len(),
        Sent::DeleteVectors(_) => 0,
        Sent::SetVectors(_, _, embeddings) => embeddings.len(),
    }
}
