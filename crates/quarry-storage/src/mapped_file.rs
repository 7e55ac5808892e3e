//! A file mapped into memory, read only: payloads are scanned where they lie, whatever their size.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

/// The bytes of a file. The system reads pages when they are touched and drops them when memory is short.
#[derive(Debug)]
pub struct MappedFile {
    /// None for an empty file, which cannot be mapped.
    map: Option<Mmap>,
}

impl MappedFile {
    /// Maps the file at `path`.
    pub fn open(path: &Path) -> io::Result<MappedFile> {
        MappedFile::of(&File::open(path)?)
    }

    /// Maps an open file, which may be closed or unlinked afterwards.
    ///
    /// The file belongs to this process and is complete: nobody writes to it while it is mapped.
    #[allow(unsafe_code)]
    pub fn of(file: &File) -> io::Result<MappedFile> {
        if file.metadata()?.len() == 0 {
            return Ok(MappedFile { map: None });
        }
        // SAFETY: a mapping is only sound while the file does not change. Payload files lie in the data
        // folder, which is locked by this process, or are anonymous; they are written once, before this.
        let map = unsafe { Mmap::map(file)? };
        Ok(MappedFile { map: Some(map) })
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write;

    use super::*;

    #[test]
    fn maps_what_was_written_and_an_empty_file() {
        let mut file = tempfile::tempfile().unwrap();
        assert!(MappedFile::of(&file).unwrap().is_empty());
        file.write_all(b"{}\n").unwrap();
        assert_eq!(&*MappedFile::of(&file).unwrap(), b"{}\n");
    }
}
