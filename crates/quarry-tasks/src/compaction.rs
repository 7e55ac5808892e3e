//! The queue's own file written anew without its holes.
//!
//! An open environment cannot change its file. So the compacted file takes the place of the one in use,
//! which this process goes on reading until it stops; what it would write there would be lost, so it writes
//! no more.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use quarry_crash::CrashPoint;
use quarry_storage::sync_folder;

use crate::error::QueueError;
use crate::folder::DatabaseFolder;
use crate::queue::Shared;

/// Bytes of the queue's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactedBytes {
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

/// Compacts the queue's file and ends writing.
pub(crate) fn compact(shared: &Shared) -> Result<CompactedBytes, QueueError> {
    // Held to the end: nobody commits to the file that goes.
    let _txn = shared.write_txn()?;
    let environment = &shared.store.environment;
    let data = shared.folder.tasks().join("data.mdb");
    let draft = draft(&shared.folder);
    remove_draft(&shared.folder)?;
    environment.copy_compacted(&draft)?;
    File::open(&draft)?.sync_all()?;
    let bytes = CompactedBytes { before: environment.disk_bytes()?, after: fs::metadata(&draft)?.len() };
    CrashPoint::QueueCompacting.reach();
    fs::rename(&draft, &data)?;
    sync_folder(&shared.folder.tasks())?;
    CrashPoint::QueueCompacted.reach();
    shared.must_restart.store(true, Ordering::Release);
    if let Some(running) = shared.running() {
        running.stop();
    }
    Ok(bytes)
}

/// Removes what a compaction left that did not come to its end.
pub(crate) fn remove_draft(folder: &DatabaseFolder) -> io::Result<()> {
    match fs::remove_file(draft(folder)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn draft(folder: &DatabaseFolder) -> PathBuf {
    folder.tasks().join("data.compacted")
}
