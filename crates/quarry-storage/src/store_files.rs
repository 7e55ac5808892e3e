//! The files of an environment, looked at before LMDB opens them.
//!
//! | file | what it is |
//! |---|---|
//! | `data.mdb` | the data |
//! | `lock.mdb` | the table of readers, shared memory of LMDB |
//! | `creating` | there while `data.mdb` is being made: a crash in that moment leaves an empty one |
//!
//! LMDB makes a new environment out of an empty `data.mdb`. Without `creating` beside it, it was cut short, and
//! what was in it would be forgotten without a word: it is refused.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::{EnvironmentOptions, StorageError};

/// Bytes of one reader in the table, and of what stands before the first.
const READER_BYTES: u64 = 64;
const READERS_HEAD_BYTES: u64 = 256;

/// What is known of the files before they are opened.
pub(crate) struct StoreFiles {
    /// Length of the data.
    pub(crate) data_bytes: u64,
    marker: Option<PathBuf>,
}

impl StoreFiles {
    /// Checks the files in `folder`; makes the folder and what must be there before LMDB comes.
    pub(crate) fn prepare(folder: &Path, options: &EnvironmentOptions) -> Result<StoreFiles, StorageError> {
        let marker = folder.join("creating");
        let data_bytes = length(&folder.join("data.mdb"))?;
        let is_being_made = data_bytes.is_none() || marker.exists();
        match data_bytes {
            None if options.must_exist => return Err(damaged("data.mdb is missing")),
            Some(0) if options.must_exist || !is_being_made => {
                return Err(damaged("data.mdb is empty, it was cut short"));
            }
            _ => {}
        }
        let marker = is_being_made.then_some(marker);
        if let Some(marker) = &marker {
            fs::create_dir_all(folder)?;
            File::create(marker)?;
        }
        reserve_readers(&folder.join("lock.mdb"), options.readers_max)?;
        Ok(StoreFiles { data_bytes: data_bytes.unwrap_or(0), marker })
    }

    /// Says that LMDB has opened the files.
    pub(crate) fn are_made(&self) -> Result<(), StorageError> {
        Ok(self.marker.as_deref().map_or(Ok(()), fs::remove_file)?)
    }
}

fn length(path: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives the table of readers its blocks. It is written through a mapping, and on a full disk the system ends a
/// process that writes to a page without a block; this fails in words instead.
fn reserve_readers(path: &Path, readers_max: u32) -> Result<(), StorageError> {
    let file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
    let bytes = READERS_HEAD_BYTES + u64::from(readers_max) * READER_BYTES;
    match fallocate(&file, FallocateFlags::empty(), 0, bytes) {
        // A file system without reservations: the pages are taken as they are used.
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        Err(error) => Err(io::Error::from(error).into()),
    }
}

fn damaged(detail: &'static str) -> StorageError {
    StorageError::Corrupted { table: "(file)", detail }
}
