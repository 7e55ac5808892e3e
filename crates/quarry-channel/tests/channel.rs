//! What the contract of the channel promises, one test per promise.
#![allow(clippy::unwrap_used)]

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use quarry_channel::{
    KEY_BYTES_MAX, Operation, RING_BYTES_MIN, Receiver, Rings, RingsError, SendError, read_embeddings,
};

/// Reads everything until the senders are gone.
fn drain(receiver: &mut Receiver) -> Vec<(u16, Vec<u8>, Option<Vec<u8>>)> {
    let mut received = Vec::new();
    while let Some(operation) = receiver.next() {
        received.push(match operation {
            Operation::Put { table, key, value } => (table, key.to_vec(), Some(value.to_vec())),
            Operation::Delete { table, key } => (table, key.to_vec(), None),
            other => panic!("not a table operation: {other:?}"),
        });
    }
    received
}

#[test]
fn every_kind_arrives_in_order_with_and_without_the_ring() {
    let mut rings = Rings::new(RING_BYTES_MIN, 1).unwrap();
    let (senders, mut receiver) = rings.channel(4);
    let (large, flat) = (vec![5; 4 * RING_BYTES_MIN], vec![0.5; RING_BYTES_MIN]);
    thread::scope(|scope| {
        let (large, flat) = (&large, &flat);
        scope.spawn(move || {
            let sender = senders.sender(0);
            sender.put(1, b"k", b"v").unwrap();
            sender.put_with(2, b"in place", 3, |place| place.copy_from_slice(b"abc")).unwrap();
            sender.delete(3, b"gone").unwrap();
            sender.delete_vectors(4).unwrap();
            sender.set_vectors(5, 6, &[vec![1.0, 2.0], vec![3.0, 4.0]]).unwrap();
            sender.put(7, b"large", large).unwrap();
            sender.set_vectors(8, 9, &[flat]).unwrap();
        });
        assert_eq!(receiver.next(), Some(Operation::Put { table: 1, key: b"k", value: b"v" }));
        assert_eq!(receiver.next(), Some(Operation::Put { table: 2, key: b"in place", value: b"abc" }));
        assert_eq!(receiver.next(), Some(Operation::Delete { table: 3, key: b"gone" }));
        assert_eq!(receiver.next(), Some(Operation::DeleteVectors { document: 4 }));
        check_vectors(&mut receiver, (5, 6), &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(receiver.next(), Some(Operation::Put { table: 7, key: b"large", value: large }));
        check_vectors(&mut receiver, (8, 9), flat);
        assert_eq!(receiver.next(), None);
        assert_eq!(receiver.next(), None);
    });
}

fn check_vectors(receiver: &mut Receiver, expected_ids: (u32, u8), expected: &[f32]) {
    let Some(Operation::SetVectors { document, embedder, embeddings }) = receiver.next() else {
        panic!("embeddings were sent");
    };
    let mut values = vec![7.0];
    read_embeddings(embeddings, &mut values);
    assert_eq!((document, embedder), expected_ids);
    assert_eq!(values, expected);
}

#[test]
fn a_mapped_file_is_sent_whatever_its_size() {
    let mut rings = Rings::new(RING_BYTES_MIN, 1).unwrap();
    let (senders, mut receiver) = rings.channel(1);
    let map = memmap2::MmapMut::map_anon(3).unwrap().make_read_only().unwrap();
    senders.sender(0).send_large_file(1, b"k", map).unwrap();
    drop(senders);
    assert_eq!(drain(&mut receiver), [(1, b"k".to_vec(), Some(vec![0; 3]))]);
}

#[test]
fn rings_need_threads_and_room_for_the_longest_key() {
    assert!(matches!(Rings::new(1 << 20, 0), Err(RingsError::NoThreads)));
    let too_small = Rings::new(3 * RING_BYTES_MIN - 1, 3);
    assert!(matches!(
        too_small,
        Err(RingsError::TooSmall { ring_bytes, ring_bytes_min: RING_BYTES_MIN }) if ring_bytes == RING_BYTES_MIN - 1
    ));
    assert_eq!(Rings::new(3 * RING_BYTES_MIN, 3).unwrap().threads(), 3);
}

#[test]
fn keys_have_1_to_511_bytes() {
    let mut rings = Rings::new(RING_BYTES_MIN, 1).unwrap();
    let (senders, mut receiver) = rings.channel(1);
    let sender = senders.sender(0);
    for length in [0, KEY_BYTES_MAX + 1, 1 << 16, (1 << 16) + 1] {
        let key = vec![1; length];
        let refused_put = |error: SendError, bytes: usize| {
            matches!(&error, SendError::StorePut { table: 7, key: refused, value_bytes }
                if **refused == *key && *value_bytes == bytes)
        };
        assert!(refused_put(sender.put(7, &key, b"abc").unwrap_err(), 3));
        assert!(refused_put(sender.put_with(7, &key, 9, |_| panic!("nothing to fill")).unwrap_err(), 9));
        let map = memmap2::MmapMut::map_anon(5).unwrap().make_read_only().unwrap();
        assert!(refused_put(sender.send_large_file(7, &key, map).unwrap_err(), 5));
        let error = sender.delete(8, &key).unwrap_err();
        assert!(matches!(error, SendError::StoreDelete { table: 8, key: refused } if *refused == *key));
    }
    for length in [1, KEY_BYTES_MAX] {
        sender.delete(0, &vec![1; length]).unwrap();
        assert!(matches!(receiver.next(), Some(Operation::Delete { key, .. }) if key.len() == length));
        sender.put(0, &vec![1; length], b"").unwrap();
        assert!(
            matches!(receiver.next(), Some(Operation::Put { key, value: b"", .. }) if key.len() == length)
        );
    }
}

#[test]
fn errors_name_the_table_the_key_length_and_the_value_length() {
    let mut rings = Rings::new(RING_BYTES_MIN, 1).unwrap();
    let (senders, _receiver) = rings.channel(1);
    let put = senders.sender(0).put(7, &[0; 512], b"abc").unwrap_err();
    assert_eq!(
        put.to_string(),
        "cannot put a key of 512 bytes with a value of 3 bytes in table 7: keys have 1 to 511 bytes"
    );
    let delete = senders.sender(0).delete(7, b"").unwrap_err();
    assert_eq!(delete.to_string(), "cannot delete a key of 0 bytes from table 7: keys have 1 to 511 bytes");
}

#[test]
fn the_smallest_ring_carries_frames_of_every_length() {
    let mut rings = Rings::new(RING_BYTES_MIN, 1).unwrap();
    let (senders, mut receiver) = rings.channel(1);
    let sending = thread::spawn(move || {
        for length in 0..2 * RING_BYTES_MIN {
            senders.sender(0).put_with(0, b"k", length, |place| place.fill(length as u8)).unwrap();
        }
    });
    let received = drain(&mut receiver);
    sending.join().unwrap();
    // Frames first come in order of length, then files do, and no file overtakes a frame.
    assert!(received.iter().map(|(_, _, value)| value.as_ref().unwrap().len()).eq(0..2 * RING_BYTES_MIN));
    for (_, _, value) in received {
        let value = value.unwrap();
        assert!(value.iter().all(|byte| *byte == value.len() as u8));
    }
}

#[test]
fn an_oversized_operation_arrives_after_what_its_thread_sent_before() {
    let mut rings = Rings::new(1 << 16, 1).unwrap();
    let (senders, mut receiver) = rings.channel(8);
    let large = vec![1; 1 << 16];
    for round in 0..8u16 {
        for key in 0..100u8 {
            senders.sender(0).put(round, &[key], b"small").unwrap();
        }
        senders.sender(0).put(round, b"large", &large).unwrap();
    }
    drop(senders);
    let received = drain(&mut receiver);
    for round in 0..8 {
        let of_large =
            received.iter().position(|(table, key, _)| *table == round && key == b"large").unwrap();
        let last_small =
            received.iter().rposition(|(table, key, _)| *table == round && key == &[99]).unwrap();
        assert!(last_small < of_large);
    }
    assert_eq!(received.len(), 808);
}

#[test]
fn a_dropped_receiver_aborts_every_sender() {
    let mut rings = Rings::new(4 * RING_BYTES_MIN, 4).unwrap();
    let (senders, mut receiver) = rings.channel(1);
    thread::scope(|scope| {
        let senders = &senders;
        let small = [0, 1].map(|thread| {
            scope.spawn(move || {
                loop {
                    if let Err(error) = senders.sender(thread).put(0, b"key", b"value") {
                        return error;
                    }
                }
            })
        });
        let large = [2, 3].map(|thread| {
            scope.spawn(move || {
                loop {
                    if let Err(error) = senders.sender(thread).put(0, b"key", &[0; 2 * RING_BYTES_MIN]) {
                        return error;
                    }
                }
            })
        });
        for _ in 0..1000 {
            assert!(receiver.next().is_some());
        }
        drop(receiver);
        for sending in small.into_iter().chain(large) {
            assert!(matches!(sending.join().unwrap(), SendError::IndexationAborted));
        }
    });
    let aborted = |sent: Result<(), SendError>| matches!(sent, Err(SendError::IndexationAborted));
    assert!(aborted(senders.sender(0).delete(0, b"k")));
    assert!(aborted(senders.sender(0).delete_vectors(0)));
    assert!(aborted(senders.sender(0).set_vectors::<[f32; 0]>(0, 0, &[])));
}

#[test]
fn a_sender_that_panics_leaves_whole_frames_and_ends_the_channel() {
    let mut rings = Rings::new(2 * RING_BYTES_MIN, 2).unwrap();
    let (senders, mut receiver) = rings.channel(1);
    let sending = thread::spawn(move || {
        let sender = senders.sender(1);
        sender.put(0, b"before", b"1").unwrap();
        let interrupted = panic::catch_unwind(AssertUnwindSafe(|| {
            sender.put_with(0, b"interrupted", 9, |_| panic!("while a value is written"))
        }));
        assert!(interrupted.is_err());
        sender.put(0, b"after", b"2").unwrap();
        panic!("with the senders in hand");
    });
    let received = drain(&mut receiver);
    assert!(sending.join().is_err());
    assert_eq!(
        received,
        [(0, b"before".to_vec(), Some(b"1".to_vec())), (0, b"after".to_vec(), Some(b"2".to_vec()))]
    );
}

#[test]
fn rings_are_reused_and_start_empty() {
    let mut rings = Rings::new(2 * RING_BYTES_MIN, 2).unwrap();
    for batch in 0..50u16 {
        let (senders, mut receiver) = rings.channel(2);
        senders.sender(0).put(batch, b"read", b"").unwrap();
        senders.sender(1).put(batch, b"perhaps left behind", &[0; 300]).unwrap();
        senders.sender(1).put(batch, b"left behind", &vec![0; 4 * RING_BYTES_MIN]).unwrap();
        assert_eq!(receiver.next(), Some(Operation::Put { table: batch, key: b"read", value: b"" }));
        // Both orders of leaving, and both with a frame still lent.
        if batch % 2 == 0 {
            drop(receiver);
        } else {
            drop(senders);
        }
    }
}

#[test]
fn channels_that_live_at_the_same_time_do_not_meet() {
    let mut rings = Rings::new(RING_BYTES_MIN, 1).unwrap();
    let (first_senders, mut first_receiver) = rings.channel(1);
    let (second_senders, mut second_receiver) = rings.channel(1);
    first_senders.sender(0).put(1, b"k", b"").unwrap();
    second_senders.sender(0).put(2, b"k", b"").unwrap();
    drop((first_senders, second_senders));
    assert_eq!(drain(&mut first_receiver), [(1, b"k".to_vec(), Some(Vec::new()))]);
    assert_eq!(drain(&mut second_receiver), [(2, b"k".to_vec(), Some(Vec::new()))]);
    std::mem::forget(first_receiver);
    let (senders, mut receiver) = rings.channel(1);
    drop(senders);
    assert!(drain(&mut receiver).is_empty());
}

#[test]
fn a_rayon_pool_sends_through_its_own_rings() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let mut rings = pool.install(|| Rings::for_current_pool(1 << 16)).unwrap();
    assert_eq!(rings.threads(), 3);
    let (senders, mut receiver) = rings.channel(2);
    let sending = thread::spawn(move || {
        pool.broadcast(|context| {
            for _ in 0..1000 {
                senders.current().put(context.index() as u16, b"k", b"v").unwrap();
            }
        });
        // Outside of a pool there is a sender too.
        senders.current().put(3, b"k", b"v").unwrap();
    });
    let received = drain(&mut receiver);
    sending.join().unwrap();
    for thread in 0..3 {
        assert_eq!(received.iter().filter(|(table, ..)| *table == thread).count(), 1000);
    }
    assert_eq!(received.len(), 3001);
}

#[test]
fn threads_that_share_a_ring_take_turns() {
    let mut rings = Rings::new(RING_BYTES_MIN, 1).unwrap();
    let (senders, mut receiver) = rings.channel(1);
    let sending = thread::spawn(move || {
        thread::scope(|scope| {
            for thread in 0..4 {
                let senders = &senders;
                scope.spawn(move || {
                    for _ in 0..500 {
                        senders.sender(thread).put(thread as u16, b"k", &[thread as u8; 100]).unwrap();
                    }
                });
            }
        });
    });
    let received = drain(&mut receiver);
    sending.join().unwrap();
    assert_eq!(received.len(), 2000);
    assert!(received.iter().all(|(table, _, value)| value.as_deref() == Some(&[*table as u8; 100])));
}

#[test]
fn no_ring_starves() {
    let mut rings = Rings::new(3 << 16, 3).unwrap();
    let (senders, mut receiver) = rings.channel(1);
    for thread in [0, 1, 2] {
        for _ in 0..100 {
            senders.sender(thread).put(thread as u16, b"k", b"v").unwrap();
        }
    }
    senders.sender(0).put(3, b"large", &[0; 1 << 16]).unwrap();
    drop(senders);
    let tables: Vec<_> = drain(&mut receiver).into_iter().map(|(table, ..)| table).collect();
    assert!(tables[..60].chunks(3).all(|chunk| chunk == [0, 1, 2]));
    // The oversized operation comes as soon as its turn does, long before the other rings are empty.
    assert!(tables.iter().position(|table| *table == 3).unwrap() < 200);
}

#[test]
fn statistics_count_attempts_and_those_that_waited() {
    let mut rings = Rings::new(RING_BYTES_MIN, 1).unwrap();
    let (senders, mut receiver) = rings.channel(1);
    assert_eq!(senders.stats().congestion_ratio(), 0.0);
    for _ in 0..3 {
        senders.sender(0).put(0, b"k", &[0; 200]).unwrap();
    }
    assert_eq!((senders.stats().attempts, senders.stats().blocked_attempts), (3, 0));

    let sent = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (senders, sent) = (senders, &sent);
        scope.spawn(move || {
            for _ in 0..20 {
                senders.sender(0).put(0, b"k", &[0; 200]).unwrap();
                sent.fetch_add(1, Ordering::SeqCst);
            }
        });
        let start = Instant::now();
        while receiver.stats().blocked_attempts == 0 {
            assert!(start.elapsed() < Duration::from_secs(30), "a full ring must block its sender");
            thread::yield_now();
        }
        assert!(sent.load(Ordering::SeqCst) < 20);
        assert_eq!(drain(&mut receiver).len(), 23);
    });
    let stats = receiver.stats();
    assert!(stats.blocked_attempts > 0);
    assert_eq!(stats.attempts - stats.blocked_attempts, 23);
    assert!(stats.congestion_ratio() > 0.0 && stats.congestion_ratio() < 1.0);
}

#[test]
fn a_folder_that_takes_no_file_is_a_typed_error() {
    let mut rings = Rings::new(RING_BYTES_MIN, 1).unwrap().with_spill_folder("no-such-folder");
    let (senders, _receiver) = rings.channel(1);
    let error = senders.sender(0).put(0, b"k", &[0; RING_BYTES_MIN]).unwrap_err();
    assert!(matches!(error, SendError::Spill { value_bytes: RING_BYTES_MIN, .. }));
}
