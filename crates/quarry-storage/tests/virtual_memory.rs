//! A store whose map may not grow says so and goes on. The limit is that of the process, which has this one test.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use quarry_storage::{Environment, EnvironmentOptions, StorageError};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is left to the process: enough for its heap, too little for a map of twice the size.
const ROOM_BYTES: u64 = 256 << 20;

/// The virtual memory that the process has taken.
fn virtual_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    let kib: u64 = size.trim().trim_end_matches(" kB").parse().unwrap();
    kib << 10
}

#[test]
fn a_map_that_may_not_grow_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::open(folder.path(), &EnvironmentOptions::default()).unwrap();
    let table = environment.plain_table("one").unwrap();
    let put = |key: &[u8]| {
        let mut txn = environment.write_txn().unwrap();
        table.put(&mut txn, key, b"value").unwrap();
        txn.commit().unwrap();
    };
    put(b"before");
    let map_bytes = environment.map_size_bytes();

    let limit = getrlimit(Resource::As);
    let tight = Rlimit { current: Some(virtual_bytes() + ROOM_BYTES), maximum: limit.maximum };
    setrlimit(Resource::As, tight).unwrap();
    let error = environment.grow(0).unwrap_err();
    assert!(matches!(error, StorageError::MapRefused { .. }), "{error:?}");
    assert!(error.to_string().contains("ulimit -v"), "{error}");
    assert_eq!(environment.map_size_bytes(), map_bytes);
    assert!(environment.used_bytes().unwrap() > 0);
    put(b"under the limit");

    setrlimit(Resource::As, limit).unwrap();
    environment.grow(0).unwrap();
    assert!(environment.map_size_bytes() >= 2 * map_bytes);
    put(b"after");
    assert_eq!(table.len(&environment.read_txn().unwrap()).unwrap(), 3);
}
