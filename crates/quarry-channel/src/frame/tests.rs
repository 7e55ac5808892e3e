//! Every kind of frame there and back, and bytes that are no frame.
#![allow(clippy::unwrap_used)]

use super::*;

/// Decodes at every alignment, since a ring gives frames any address.
fn check(frame: &[u8], expected: Operation<'_>) {
    for offset in 0..8 {
        let mut shifted = vec![0xAA; offset];
        shifted.extend_from_slice(frame);
        assert_eq!(decode(&shifted[offset..]), Ok(expected));
    }
}

fn put_frame(table: u16, key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut frame = vec![0xFF; put_bytes(key.len(), value.len())];
    let key_length = NonZeroU16::new(key.len() as u16).unwrap();
    write_put(&mut frame, table, key_length, key).copy_from_slice(value);
    frame
}

#[test]
fn put() {
    check(&put_frame(3, b"k", b""), Operation::Put { table: 3, key: b"k", value: b"" });
    check(
        &put_frame(u16::MAX, b"key", b"value"),
        Operation::Put { table: u16::MAX, key: b"key", value: b"value" },
    );
    let key = [7; 511];
    check(&put_frame(0, &key, &[1; 1000]), Operation::Put { table: 0, key: &key, value: &[1; 1000] });
}

#[test]
fn delete() {
    let mut frame = vec![0xFF; delete_bytes(3)];
    write_delete(&mut frame, 9, b"key");
    check(&frame, Operation::Delete { table: 9, key: b"key" });
}

#[test]
fn delete_vectors() {
    let mut frame = vec![0xFF; DELETE_VECTORS_BYTES];
    write_delete_vectors(&mut frame, 0xDEAD_BEEF);
    check(&frame, Operation::DeleteVectors { document: 0xDEAD_BEEF });
}

#[test]
fn set_vectors() {
    let embeddings = [vec![1.0, -2.5], vec![f32::MIN_POSITIVE, f32::MAX]];
    let mut frame = vec![0xFF; set_vectors_bytes(16)];
    write_set_vectors(&mut frame, 12, 255, &embeddings);
    let bytes: Vec<u8> = embeddings.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    check(&frame, Operation::SetVectors { document: 12, embedder: 255, embeddings: &bytes });

    let mut values = vec![9.0; 5];
    crate::read_embeddings(&frame[frame.len() - 16..], &mut values);
    assert_eq!(values, embeddings.concat());
}

#[test]
fn bytes_that_are_no_frame() {
    assert_eq!(decode(&[]), Err(FrameError::Truncated));
    assert_eq!(decode(&[3]), Err(FrameError::UnknownKind { kind: 3 }));
    let put = put_frame(3, b"key", b"");
    for length in 0..put.len() {
        assert_eq!(decode(&put[..length]), Err(FrameError::Truncated));
    }
    for kind in [DELETE_VECTORS, SET_VECTORS] {
        assert_eq!(decode(&[kind, 0, 0, 0]), Err(FrameError::Truncated));
    }
    let mut ragged = vec![0; set_vectors_bytes(3)];
    ragged[0] = SET_VECTORS;
    assert_eq!(decode(&ragged), Err(FrameError::RaggedEmbeddings { payload_bytes: 3 }));
}

#[test]
fn impossible_lengths_saturate() {
    assert_eq!(put_bytes(511, usize::MAX), usize::MAX);
    assert_eq!(set_vectors_bytes(usize::MAX), usize::MAX);
}
