//! Payload files: the documents of additions, from the upload until the task is over.
//!
//! One file per addition in `update_files/`, named by a uuid: newline-delimited JSON, validated while it
//! was written. A file whose task was never registered is removed at the next start.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use quarry_crash::CrashPoint;
use quarry_storage::sync_folder;
use uuid::Uuid;

/// The folder of payload files.
#[derive(Debug, Clone)]
pub struct Payloads {
    folder: PathBuf,
}

/// A payload being received. Dropped before it is left to its task, it leaves nothing behind.
#[derive(Debug)]
pub struct PayloadFile {
    /// Where the documents are written, as newline-delimited JSON.
    pub file: File,
    uuid: Uuid,
    path: PathBuf,
    kept: bool,
}

impl Payloads {
    pub(crate) fn open(folder: PathBuf) -> io::Result<Payloads> {
        fs::create_dir_all(&folder)?;
        Ok(Payloads { folder })
    }

    /// A fresh file, open for reading and writing.
    pub fn create(&self) -> io::Result<PayloadFile> {
        let uuid = Uuid::new_v4();
        let path = self.path(uuid);
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        Ok(PayloadFile { file, uuid, path, kept: false })
    }

    /// Where the payload `uuid` is.
    pub fn path(&self, uuid: Uuid) -> PathBuf {
        self.folder.join(uuid.to_string())
    }

    /// Opens a payload for reading; `None` when it is gone.
    pub fn read(&self, uuid: Uuid) -> io::Result<Option<File>> {
        match File::open(self.path(uuid)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Size of a payload in bytes; 0 when it is gone.
    pub(crate) fn bytes(&self, uuid: Uuid) -> u64 {
        fs::metadata(self.path(uuid)).map_or(0, |metadata| metadata.len())
    }

    /// Removes a payload. A file that cannot be removed is only logged: the next start tries again.
    pub(crate) fn remove(&self, uuid: Uuid) {
        if let Err(error) = fs::remove_file(self.path(uuid))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(payload = %uuid, %error, "a payload file could not be removed");
        }
    }

    /// Removes every file that no task in `wanted` needs.
    pub(crate) fn remove_orphans(&self, wanted: &HashSet<Uuid>) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if uuid_of(&path).is_some_and(|uuid| !wanted.contains(&uuid)) {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }
}

fn uuid_of(path: &Path) -> Option<Uuid> {
    path.file_name()?.to_str()?.parse().ok()
}

impl PayloadFile {
    /// The name by which a task refers to the payload.
    pub fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file durable, and its name too. Gives the name: a task may be registered with it now, to which
    /// the file is left by [`PayloadFile::leave`].
    pub fn sync(&self) -> io::Result<Uuid> {
        self.file.sync_all()?;
        self.path.parent().map_or(Ok(()), sync_folder)?;
        CrashPoint::PayloadKept.reach();
        Ok(self.uuid)
    }

    /// Leaves the file to the task that was registered with it.
    pub fn leave(mut self) {
        self.kept = true;
    }

    /// Makes the file durable and leaves it to a task that is yet to be registered. If that fails, the file stays
    /// until the next start.
    pub fn keep(self) -> io::Result<Uuid> {
        let uuid = self.sync()?;
        self.leave();
        Ok(uuid)
    }
}

impl Drop for PayloadFile {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing refers to the file; what cannot be removed now goes at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}
