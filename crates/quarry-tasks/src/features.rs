//! The experimental features: stored in the queue's environment, kept in memory.

use std::sync::{PoisonError, RwLock};

use quarry_api::features::{Features, FeaturesUpdate};
use quarry_storage::StorageError;

use crate::store::Store;
use crate::store::record::{decode, encode};

const KEY: &[u8] = b"features";

/// The features that are on.
#[derive(Debug)]
pub(crate) struct FeatureStore {
    forced: FeaturesUpdate,
    stored: RwLock<Features>,
}

impl FeatureStore {
    pub(crate) fn open(
        store: &Store,
        defaults: Features,
        forced: FeaturesUpdate,
    ) -> Result<FeatureStore, StorageError> {
        let txn = store.environment.read_txn()?;
        let stored = match store.features.get(&txn, KEY)? {
            Some(bytes) => decode(store.features.name(), bytes)?,
            None => defaults,
        };
        Ok(FeatureStore { forced, stored: RwLock::new(stored) })
    }

    /// What is on: what was stored, and what the command line forces.
    pub(crate) fn get(&self) -> Features {
        let stored = *self.stored.read().unwrap_or_else(PoisonError::into_inner);
        stored.changed(self.forced)
    }

    /// Changes some features for good.
    pub(crate) fn update(&self, store: &Store, update: FeaturesUpdate) -> Result<Features, StorageError> {
        let mut stored = self.stored.write().unwrap_or_else(PoisonError::into_inner);
        let changed = stored.changed(update);
        let mut txn = store.environment.write_txn()?;
        store.features.put(&mut txn, KEY, &encode(&changed))?;
        txn.commit()?;
        *stored = changed;
        Ok(changed.changed(self.forced))
    }
}
