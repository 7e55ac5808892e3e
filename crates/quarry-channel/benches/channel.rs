//! Rings against a plain bounded channel of boxed operations: frames per second and bytes per second.
//!
//! Each producer sends its share of puts with a key of 16 bytes; the consumer adds up all bytes of the values, so
//! that it reads what it gets. Each figure is the best of three runs. Run with `cargo bench -p quarry-channel`.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use quarry_channel::{Operation, Rings};

const PRODUCERS: [usize; 3] = [1, 2, 8];
const VALUE_BYTES: [usize; 3] = [24, 256, 4096];
const KEY_BYTES: usize = 16;
const RINGS_BYTES: usize = 8 << 20;
const QUEUE_CAPACITY: usize = 1024;
const BYTES_PER_RUN: usize = 256 << 20;
const FRAMES_PER_RUN_MAX: usize = 2_000_000;
const RUNS: usize = 3;

/// One line of the table.
#[derive(Clone, Copy)]
struct Load {
    producers: usize,
    value_bytes: usize,
}

impl Load {
    fn frames_per_producer(self) -> usize {
        (BYTES_PER_RUN / (KEY_BYTES + self.value_bytes)).min(FRAMES_PER_RUN_MAX) / self.producers
    }

    fn frames(self) -> usize {
        self.frames_per_producer() * self.producers
    }

    fn bytes(self) -> usize {
        self.frames() * (KEY_BYTES + self.value_bytes)
    }
}

/// A put on the heap: what the rings avoid.
enum BoxedOperation {
    Put { table: u16, key: Box<[u8]>, value: Box<[u8]> },
}

fn checksum(value: &[u8]) -> u64 {
    value.iter().map(|byte| u64::from(*byte)).sum()
}

fn key(number: usize) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    key[..8].copy_from_slice(&(number as u64).to_be_bytes());
    key
}

fn through_rings(load: Load, rings: &mut Rings) -> (Duration, u64, f64) {
    let value = vec![1; load.value_bytes];
    let (senders, mut receiver) = rings.channel(8);
    let start = Instant::now();
    let sum = thread::scope(|scope| {
        let value = &value;
        scope.spawn(move || {
            thread::scope(|scope| {
                for thread in 0..load.producers {
                    let sender = senders.sender(thread);
                    scope.spawn(move || {
                        for number in 0..load.frames_per_producer() {
                            sender.put(1, &key(number), value).expect("the receiver waits for all frames");
                        }
                    });
                }
            });
        });
        let mut sum = 0;
        while let Some(operation) = receiver.next() {
            if let Operation::Put { table, key, value } = operation {
                black_box((table, key));
                sum += checksum(value);
            }
        }
        sum
    });
    (start.elapsed(), sum, receiver.stats().congestion_ratio())
}

fn through_boxes(load: Load) -> (Duration, u64) {
    let value = vec![1; load.value_bytes];
    let (sender, receiver) = flume::bounded(QUEUE_CAPACITY);
    let start = Instant::now();
    let sum = thread::scope(|scope| {
        for _ in 0..load.producers {
            let (sender, value) = (sender.clone(), &value);
            scope.spawn(move || {
                for number in 0..load.frames_per_producer() {
                    let (key, value) = (Box::from(key(number)), Box::from(value.as_slice()));
                    let operation = Box::new(BoxedOperation::Put { table: 1, key, value });
                    sender.send(operation).expect("the receiver waits for all operations");
                }
            });
        }
        drop(sender);
        let mut sum = 0;
        for operation in receiver {
            let BoxedOperation::Put { table, key, value } = *operation;
            black_box((table, key));
            sum += checksum(&value);
        }
        sum
    });
    (start.elapsed(), sum)
}

fn best<T>(run: impl FnMut() -> T, elapsed: impl Fn(&T) -> Duration) -> T {
    std::iter::repeat_with(run).take(RUNS).min_by_key(elapsed).expect("there is at least one run")
}

fn print_line(load: Load) {
    let mut rings = Rings::new(RINGS_BYTES, load.producers).expect("the rings are large enough");
    let (ring_time, ring_sum, congestion) = best(|| through_rings(load, &mut rings), |run| run.0);
    let (box_time, box_sum) = best(|| through_boxes(load), |run| run.0);
    assert_eq!(ring_sum, box_sum, "both ways deliver the same values");
    let rates = |time: Duration| {
        let seconds = time.as_secs_f64();
        (load.frames() as f64 / seconds / 1e6, load.bytes() as f64 / seconds / 1e9)
    };
    let (ring_frames, ring_bytes) = rates(ring_time);
    let (box_frames, box_bytes) = rates(box_time);
    println!(
        "{:>9} {:>11} {ring_frames:>12.2} {ring_bytes:>10.2} {box_frames:>12.2} {box_bytes:>10.2} {:>8.1} {congestion:>10.4}",
        load.producers,
        load.value_bytes,
        box_time.as_secs_f64() / ring_time.as_secs_f64(),
    );
}

fn main() {
    // Test runners start bench targets too, to see that they build and begin.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!("producers value_bytes rings_Mops/s rings_GB/s boxed_Mops/s boxed_GB/s  speedup congestion");
    for producers in PRODUCERS {
        for value_bytes in VALUE_BYTES {
            print_line(Load { producers, value_bytes });
        }
    }
}
