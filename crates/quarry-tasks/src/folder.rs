//! The database folder: its lock, its version, its uid.
//!
//! | entry | what it is |
//! |---|---|
//! | `VERSION` | text `major.minor.patch`; written when the rest is there |
//! | `instance-uid` | uuid of this database, text |
//! | `lock` | empty; locked while a process has the folder open |
//! | `tasks/` | environment of the queue and the catalog |
//! | `update_files/` | payloads of waiting additions |
//! | `indexes/{uuid}/` | one environment per index |

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use quarry_storage::sync_folder;
use uuid::Uuid;

use crate::error::OpenError;
use crate::version::{DATABASE_VERSION, parse_version};

/// An open database folder: nobody else has it while this lives.
#[derive(Debug)]
pub(crate) struct DatabaseFolder {
    path: PathBuf,
    pub(crate) instance_uid: Uuid,
    /// Whether the stores must be there. The version is written when they are, and not before: a crash in
    /// between leaves a folder that is made anew.
    pub(crate) is_complete: bool,
    _lock: File,
}

impl DatabaseFolder {
    pub(crate) fn open(path: &Path) -> Result<DatabaseFolder, OpenError> {
        let refused = |source| OpenError::Folder { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(refused)?;
        let lock = lock(path)?;
        let is_complete = check_version(&path.join("VERSION"))?;
        let instance_uid = instance_uid(&path.join("instance-uid"))?;
        let folder = DatabaseFolder { path: path.to_owned(), instance_uid, is_complete, _lock: lock };
        // The catalog removes indexes that the queue does not name.
        if !is_complete && !folder.tasks().join("data.mdb").exists() && has_entries(&folder.indexes()) {
            let detail = "it holds indexes, but the queue in `tasks`, which knows their names, is missing";
            return Err(OpenError::Damaged { path: folder.indexes(), detail });
        }
        Ok(folder)
    }

    /// Says that all that a database has is there now.
    pub(crate) fn complete(&mut self) -> Result<(), OpenError> {
        if !self.is_complete {
            write_durably(&self.path.join("VERSION"), DATABASE_VERSION)?;
            self.is_complete = true;
        }
        Ok(())
    }

    pub(crate) fn tasks(&self) -> PathBuf {
        self.path.join("tasks")
    }

    pub(crate) fn payloads(&self) -> PathBuf {
        self.path.join("update_files")
    }

    pub(crate) fn indexes(&self) -> PathBuf {
        self.path.join("indexes")
    }
}

fn has_entries(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some())
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let refused = |source| OpenError::Folder { path: path.to_owned(), source };
    let file =
        File::options().create(true).truncate(false).write(true).open(path.join("lock")).map_err(refused)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(refused(error)),
    }
}

/// Whether the folder has a version, which must be ours.
fn check_version(path: &Path) -> Result<bool, OpenError> {
    let Some(text) = read_text(path)? else { return Ok(false) };
    let found = parse_version(&text)
        .ok_or(OpenError::Damaged { path: path.to_owned(), detail: "not a `major.minor.patch` version" })?;
    if Some(found) != parse_version(DATABASE_VERSION) {
        return Err(OpenError::Version { found: text.trim().to_owned(), expected: DATABASE_VERSION });
    }
    Ok(true)
}

fn instance_uid(path: &Path) -> Result<Uuid, OpenError> {
    match read_text(path)? {
        Some(text) => text
            .trim()
            .parse()
            .map_err(|_| OpenError::Damaged { path: path.to_owned(), detail: "not a uuid" }),
        None => {
            let uid = Uuid::new_v4();
            write_durably(path, &uid.to_string())?;
            Ok(uid)
        }
    }
}

fn read_text(path: &Path) -> Result<Option<String>, io::Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a small file so that a crash leaves either nothing or all of it.
fn write_durably(path: &Path, text: &str) -> Result<(), io::Error> {
    let draft = path.with_extension("draft");
    let mut file = File::create(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_folder_opens_once_at_a_time_and_keeps_its_uid() {
        let folder = tempfile::tempdir().unwrap();
        let mut open = DatabaseFolder::open(folder.path()).unwrap();
        assert!(!open.is_complete);
        open.complete().unwrap();
        let uid = open.instance_uid;
        assert!(matches!(DatabaseFolder::open(folder.path()), Err(OpenError::InUse { .. })));
        drop(open);
        let open = DatabaseFolder::open(folder.path()).unwrap();
        assert!(open.is_complete && open.instance_uid == uid);
        assert_eq!(fs::read_to_string(folder.path().join("VERSION")).unwrap(), DATABASE_VERSION);
    }

    #[test]
    fn another_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (text, wrong_version) in [("1.49.0", true), ("9.0.0\n", true), ("x", false)] {
            fs::write(folder.path().join("VERSION"), text).unwrap();
            let error = DatabaseFolder::open(folder.path()).unwrap_err();
            assert_eq!(matches!(error, OpenError::Version { .. }), wrong_version, "{error}");
        }
    }
}
