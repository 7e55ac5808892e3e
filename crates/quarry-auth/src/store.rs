//! API keys on disk: a table `api-keys` in an environment of its own.
//!
//! Key: the 16 bytes of the uid. Value: the key as JSON ([`Key`]).

use std::path::Path;

use quarry_storage::{Environment, EnvironmentOptions, PlainTable};
use uuid::Uuid;

use crate::error::KeyError;
use crate::key::Key;

/// Keys are small and few.
const MAP_SIZE_BYTES: usize = 64 << 20;

pub(crate) struct KeyStore {
    environment: Environment,
    keys: PlainTable,
}

impl KeyStore {
    /// Opens the store in the folder `path`, which is made when missing.
    pub(crate) fn open(path: &Path) -> Result<KeyStore, KeyError> {
        let options = EnvironmentOptions {
            tables_max: 1,
            map_size_bytes: MAP_SIZE_BYTES,
            readers_max: 64,
            ..EnvironmentOptions::default()
        };
        let environment = Environment::open(path, &options)
            .map_err(|source| KeyError::Open { path: path.to_path_buf(), source })?;
        let keys = environment.plain_table("api-keys")?;
        Ok(KeyStore { environment, keys })
    }

    /// Every key, in no order.
    pub(crate) fn all(&self) -> Result<Vec<Key>, KeyError> {
        let txn = self.environment.read_txn()?;
        let mut keys = Vec::new();
        for entry in self.keys.iter(&txn)? {
            let (_, value) = entry?;
            keys.push(serde_json::from_slice(value)?);
        }
        Ok(keys)
    }

    /// Writes keys, each over the one of the same uid.
    pub(crate) fn put(&self, keys: &[&Key]) -> Result<(), KeyError> {
        let mut txn = self.environment.write_txn()?;
        for key in keys {
            self.keys.put(&mut txn, key.uid.as_bytes(), &serde_json::to_vec(key)?)?;
        }
        Ok(txn.commit()?)
    }

    /// Removes a key.
    pub(crate) fn delete(&self, uid: Uuid) -> Result<(), KeyError> {
        let mut txn = self.environment.write_txn()?;
        self.keys.delete(&mut txn, uid.as_bytes())?;
        Ok(txn.commit()?)
    }

    /// Replaces all keys.
    pub(crate) fn replace_all(&self, keys: &[Key]) -> Result<(), KeyError> {
        let mut txn = self.environment.write_txn()?;
        self.keys.clear(&mut txn)?;
        for key in keys {
            self.keys.put(&mut txn, key.uid.as_bytes(), &serde_json::to_vec(key)?)?;
        }
        Ok(txn.commit()?)
    }

    /// Writes a compacted copy of the store to the file `to`.
    pub(crate) fn copy_compacted(&self, to: &Path) -> Result<(), KeyError> {
        Ok(self.environment.copy_compacted(to)?)
    }
}
