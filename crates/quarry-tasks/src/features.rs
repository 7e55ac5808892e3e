//! The experimental features: stored in the queue's environment, kept in memory.

use std::sync::{PoisonError, RwLock};

use quarry_api::features::{Features, FeaturesUpdate};
use quarry_storage::StorageError;

use crate::error::QueueError;
use crate::queue::Shared;
use crate::store::Store;
use crate::store::record::{decode, encode};

const KEY: &[u8] = b"features";

/// The features that are on.
///
/// What the command line forces is on from each start. The route can turn it off until the next one, and
/// stores all that is on at that moment.
#[derive(Debug)]
pub(crate) struct FeatureStore {
    current: RwLock<Features>,
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
        Ok(FeatureStore { current: RwLock::new(stored.changed(forced)) })
    }

    pub(crate) fn get(&self) -> Features {
        *self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes some features for good.
    pub(crate) fn update(&self, shared: &Shared, update: FeaturesUpdate) -> Result<Features, QueueError> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let changed = current.changed(update);
        let mut txn = shared.write_txn()?;
        shared.store.features.put(&mut txn, KEY, &encode(&changed))?;
        txn.commit()?;
        *current = changed;
        Ok(changed)
    }
}
