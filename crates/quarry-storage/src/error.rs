//! What can go wrong below the index: the disk, LMDB's limits, damaged bytes.

use std::io;

/// An error of the store. Each variant names its cause, so that the layers above can say what to do.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The memory map is full: abort the transaction, call `Environment::grow`, run the batch again.
    #[error("the memory map of the store is full")]
    MapFull,
    /// The system refuses a larger map. The store goes on with the one it has.
    #[error(
        "the memory map of the store may not grow by {bytes} bytes: {source}: look for a limit on virtual memory (`ulimit -v`)"
    )]
    MapRefused {
        /// What was asked for, beyond the map there is.
        bytes: usize,
        /// What the system said.
        source: io::Error,
    },
    /// The map was given up for a larger one, which did not come.
    #[error(
        "the store lost its memory map when it grew: raise the limit on virtual memory (`ulimit -v`), then restart the server"
    )]
    MapLost,
    /// The file system has no room left.
    #[error("There is no more space left on the device. Consider increasing the size of the disk/partition.")]
    DiskFull,
    /// The process has too many files open.
    #[error("too many open files: raise the limit of open files of the process")]
    TooManyOpenFiles,
    /// Every slot of the reader table is taken.
    #[error("too many searches and reads are running at the same time on one store")]
    ReadersFull,
    /// Bytes on disk are not what was written.
    #[error("the store is damaged: table `{table}`: {detail}")]
    Corrupted {
        /// Stored name of the table.
        table: &'static str,
        /// What was found.
        detail: &'static str,
    },
    /// A page of the data file is not what was written.
    #[error("the store is damaged: page {page} of data.mdb: {detail}")]
    DamagedPage {
        /// Its number: it begins at this many times the size of a page.
        page: u64,
        /// What was found.
        detail: &'static str,
    },
    /// The last page of a commit could not be written, so that LMDB does not know which state the file is in: until it
    /// is opened anew, every transaction ends with this.
    #[error(
        "the store could not finish a write and answers nothing since: check the disk, then restart the server"
    )]
    WriteUnfinished,
    /// A key that LMDB cannot hold.
    #[error("a key of table `{table}` has {length} bytes, outside 1..=511")]
    KeyLength {
        /// Stored name of the table.
        table: &'static str,
        /// Length of the key, in bytes.
        length: usize,
    },
    /// Keys of one writer did not ascend: a defect of the caller.
    #[error("keys written to table `{table}` do not ascend")]
    KeyOrder {
        /// Stored name of the table.
        table: &'static str,
    },
    /// The operating system refused.
    #[error("{source}")]
    Io {
        /// What it said.
        source: io::Error,
    },
    /// Any other answer of LMDB.
    #[error("{detail}")]
    Lmdb {
        /// What it said.
        detail: String,
    },
}

impl StorageError {
    /// Whether bytes on disk are not what was written: trying again finds the same.
    pub fn is_damage(&self) -> bool {
        matches!(self, StorageError::Corrupted { .. } | StorageError::DamagedPage { .. })
    }
}

impl From<io::Error> for StorageError {
    fn from(source: io::Error) -> Self {
        from_io(source)
    }
}

impl From<heed::Error> for StorageError {
    fn from(error: heed::Error) -> Self {
        use heed::MdbError;
        match error {
            heed::Error::Io(source) => from_io(source),
            heed::Error::Mdb(MdbError::MapFull) => StorageError::MapFull,
            heed::Error::Mdb(MdbError::ReadersFull) => StorageError::ReadersFull,
            heed::Error::Mdb(MdbError::Panic) => StorageError::WriteUnfinished,
            heed::Error::Mdb(MdbError::PageNotFound | MdbError::Corrupted) => {
                StorageError::Corrupted { table: "(unknown)", detail: "a page is missing or of a wrong kind" }
            }
            heed::Error::Mdb(MdbError::Invalid) => {
                StorageError::Corrupted { table: "(file)", detail: "not a store file, or cut short" }
            }
            other => StorageError::Lmdb { detail: other.to_string() },
        }
    }
}

fn from_io(source: io::Error) -> StorageError {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    match source.raw_os_error() {
        Some(ENFILE | EMFILE) => StorageError::TooManyOpenFiles,
        _ if source.kind() == io::ErrorKind::StorageFull => StorageError::DiskFull,
        _ => StorageError::Io { source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_gave_up_says_what_to_do() {
        let error = StorageError::from(heed::Error::Mdb(heed::MdbError::Panic));
        assert!(matches!(error, StorageError::WriteUnfinished), "{error:?}");
        assert!(error.to_string().contains("restart the server"), "{error}");
        // What is on disk is whole: the commit before, or this one.
        assert!(!error.is_damage());
    }
}
