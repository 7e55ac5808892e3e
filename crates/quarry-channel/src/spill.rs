//! Values too large for a ring, in anonymous memory-mapped files.

use std::io::{self, Read};
use std::path::Path;

use memmap2::{Mmap, MmapMut};

/// Makes a file of `bytes` bytes that has no name, lets `fill` write it in place, and returns it read-only.
///
/// # Errors
/// The file cannot be made or there is no room for it. This shows before `fill` runs: the file is first written
/// with zeros, because a store into a mapped hole of a full disk does not fail, it kills the process.
pub(crate) fn mapped_file(folder: &Path, bytes: usize, fill: impl FnOnce(&mut [u8])) -> io::Result<Mmap> {
    let mut file = tempfile::tempfile_in(folder)?;
    io::copy(&mut io::repeat(0).take(bytes as u64), &mut file)?;
    // SAFETY: the file has no name and its only handle is dropped here, so nobody else can write or shorten it.
    #[allow(unsafe_code)]
    let mut map = unsafe { MmapMut::map_mut(&file)? };
    fill(&mut map);
    map.make_read_only()
}
