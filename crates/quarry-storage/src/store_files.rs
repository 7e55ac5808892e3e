//! The files of an environment: looked at before LMDB opens them, and marked after it closed them.
//!
//! | file | what it is |
//! |---|---|
//! | `data.mdb` | the data |
//! | `lock.mdb` | the table of readers, shared memory of LMDB |
//! | `creating` | there while `data.mdb` is being made: a crash in that moment leaves an empty one |
//! | `closed` | there while nobody has the environment open: what `data.mdb` was when it was closed |
//!
//! LMDB makes a new environment out of an empty `data.mdb`. Without `creating` beside it, it was cut short, and
//! what was in it would be forgotten without a word: it is refused.
//!
//! A `data.mdb` that is not as `closed` says is walked, page by page ([`page_check`]): its process was killed, or
//! ended over a damaged page; or the file was copied back, cut, or written to by somebody else. `closed` is text: length
//! in bytes and time of the last change in seconds and nanoseconds, each after a space save the first. It is not made
//! durable: if it is lost with the power, a file is walked that need not be.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::{EnvironmentOptions, StorageError};

pub(crate) mod page_check;

/// Bytes of one reader in the table, and of what stands before the first.
const READER_BYTES: u64 = 64;
const READERS_HEAD_BYTES: u64 = 256;

/// What is known of the files before they are opened.
pub(crate) struct StoreFiles {
    /// Length of the data.
    pub(crate) data_bytes: u64,
    folder: PathBuf,
    is_being_made: bool,
}

impl StoreFiles {
    /// Checks the files in `folder`; makes the folder and what must be there before LMDB comes.
    pub(crate) fn prepare(folder: &Path, options: &EnvironmentOptions) -> Result<StoreFiles, StorageError> {
        let data = folder.join("data.mdb");
        let metadata = if_there(fs::metadata(&data))?;
        let is_being_made = metadata.is_none() || folder.join("creating").exists();
        match metadata.as_ref().map(Metadata::len) {
            None if options.must_exist => return Err(damaged("data.mdb is missing")),
            Some(0) if options.must_exist || !is_being_made => {
                return Err(damaged("data.mdb is empty, it was cut short"));
            }
            _ => {}
        }
        if is_being_made {
            fs::create_dir_all(folder)?;
            File::create(folder.join("creating"))?;
        }
        let data_bytes = metadata.as_ref().map_or(0, Metadata::len);
        let closed = if_there(fs::read_to_string(folder.join("closed")))?;
        if data_bytes > 0 && closed != metadata.as_ref().map(state) {
            page_check::check_file(&File::open(&data)?)?;
        }
        // Gone before LMDB looks at a page: should that end the process, the file is walked next time.
        if_there(fs::remove_file(folder.join("closed")))?;
        reserve_readers(&folder.join("lock.mdb"), options.readers_max)?;
        Ok(StoreFiles { data_bytes, folder: folder.to_path_buf(), is_being_made })
    }

    /// Says that LMDB has opened the files; what is given back must live longer than the environment.
    pub(crate) fn are_open(self) -> Result<OpenFiles, StorageError> {
        if self.is_being_made {
            fs::remove_file(self.folder.join("creating"))?;
            sync_folder(&self.folder)?;
            self.folder.parent().map_or(Ok(()), sync_folder)?;
        }
        let inode = fs::metadata(self.folder.join("data.mdb"))?.ino();
        Ok(OpenFiles { folder: self.folder, inode })
    }
}

/// Makes the names in a folder durable: a file that is synced can still lose its name with the power.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    // The parent of a relative path of one part is the folder in which the process runs.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}

/// The files of an open environment. Dropped when LMDB has closed them.
pub(crate) struct OpenFiles {
    folder: PathBuf,
    /// Of the data: another file may have taken its place.
    inode: u64,
}

impl OpenFiles {
    fn are_closed(&self) -> io::Result<()> {
        let metadata = fs::metadata(self.folder.join("data.mdb"))?;
        if metadata.ino() == self.inode {
            fs::write(self.folder.join("closed"), state(&metadata))
        } else {
            Ok(())
        }
    }
}

impl Drop for OpenFiles {
    fn drop(&mut self) {
        // The folder may be gone, or the disk full: then the file is walked when it is opened next.
        let _ = self.are_closed();
    }
}

/// What is written in `closed`.
fn state(metadata: &Metadata) -> String {
    format!("{} {} {}", metadata.len(), metadata.mtime(), metadata.mtime_nsec())
}

fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
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
