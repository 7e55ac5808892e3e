//! The engine against a slow, obvious twin: random indexes, batches of operations, queries. A case is one query on
//! one state of one index.
//!
//! `cargo xtask model --cases 100000` runs more of them. What it reads, also without it:
//! - `QUARRY_MODEL_CASES`: cases [5000]
//! - `QUARRY_MODEL_FIRST`: number of the first index [0]; a number always gives the same index and queries
#![allow(clippy::unwrap_used)]

mod corpus;
mod queries;
mod twins;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use corpus::{setting, writes};
use queries::query;
use twins::Twins;

/// Indexes are tried by so many threads.
const THREADS: usize = 2;

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// All cases of one index; how many there were.
fn try_index(number: u64) -> Result<u64, String> {
    let config = ProptestConfig {
        cases: 1,
        max_shrink_iters: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let strategy = (setting(), writes(), proptest::collection::vec(query(), 1..40));
    let cases = AtomicU64::new(0);
    let outcome = TestRunner::new_with_rng(config, rng).run(&strategy, |(setting, writes, queries)| {
        let mut twins = Twins::new(&setting);
        for write in &writes {
            twins.write(write).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let view = twins.oracle.view();
            for query in &queries {
                cases.fetch_add(1, Ordering::Relaxed);
                twins.compare(&view, query)?;
            }
        }
        Ok(())
    });
    outcome.map_err(|error| format!("index {number}: {error}"))?;
    Ok(cases.into_inner())
}

#[test]
fn the_engine_agrees_with_its_twin() {
    let wanted = variable("QUARRY_MODEL_CASES", 5000);
    let (next, done) = (AtomicU64::new(variable("QUARRY_MODEL_FIRST", 0)), AtomicU64::new(0));
    let failures: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while done.load(Ordering::Relaxed) < wanted && failures.lock().unwrap().is_empty() {
                    match try_index(next.fetch_add(1, Ordering::Relaxed)) {
                        Ok(cases) => {
                            done.fetch_add(cases, Ordering::Relaxed);
                        }
                        Err(failure) => failures.lock().unwrap().push(failure),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    println!("{} cases on {} indexes, no difference", done.into_inner(), next.into_inner());
}
