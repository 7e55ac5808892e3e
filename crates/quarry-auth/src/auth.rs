//! The whole of authentication: the master key, the keys, the decision.
//!
//! Keys are few and read by every request: they live in memory, the store is written first.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use quarry_api::action::Action;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::{AuthError, KeyError};
use crate::key::{Key, default_keys};
use crate::pattern::covers;
use crate::permissions::Permissions;
use crate::secret::{Fingerprint, Fingerprinter, key_value};
use crate::store::KeyStore;
use crate::tenant::TenantToken;

/// Decides what requests may do and keeps the API keys.
pub struct Auth {
    master_key: Option<MasterKey>,
    fingerprinter: Fingerprinter,
    store: KeyStore,
    keys: RwLock<Keys>,
}

/// What a request says of who it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials<'r> {
    /// Nothing.
    Absent,
    /// Something else than a bearer token.
    Other,
    /// A bearer token: the master key, an API key or a tenant token.
    Token(&'r str),
}

struct MasterKey {
    value: String,
    fingerprint: Fingerprint,
}

#[derive(Default)]
struct Keys {
    by_uid: HashMap<Uuid, Arc<Key>>,
    by_value: HashMap<Fingerprint, Uuid>,
}

impl Auth {
    /// Opens the keys in the folder `path`. Makes the default keys when there is none.
    ///
    /// # Errors
    /// When the store cannot be opened or is damaged.
    pub fn open(path: &Path, master_key: Option<&str>) -> Result<Auth, KeyError> {
        let store = KeyStore::open(path)?;
        let fingerprinter = Fingerprinter::random();
        let master_key = master_key.map(|value| MasterKey {
            value: value.to_owned(),
            fingerprint: fingerprinter.fingerprint(value),
        });
        let mut keys = store.all()?;
        if keys.is_empty() && master_key.is_some() {
            keys = default_keys(OffsetDateTime::now_utc());
            store.put(&keys.iter().collect::<Vec<_>>())?;
        }
        let auth = Auth { master_key, fingerprinter, store, keys: RwLock::default() };
        keys.into_iter().for_each(|key| auth.remember(key));
        Ok(auth)
    }

    /// Whether a master key is set. Without one, everything is allowed.
    pub fn has_master_key(&self) -> bool {
        self.master_key.is_some()
    }

    /// Decides whether a request may do `action`, on `index` if it names one.
    ///
    /// # Errors
    /// Why not.
    pub fn authorize(
        &self,
        credentials: Credentials<'_>,
        action: Action,
        index: Option<&str>,
    ) -> Result<Permissions, AuthError> {
        let Some(master_key) = &self.master_key else {
            return without_master_key(credentials, action);
        };
        let Credentials::Token(token) = credentials else { return Err(AuthError::MissingHeader) };
        let fingerprint = self.fingerprinter.fingerprint(token);
        if fingerprint.matches(&master_key.fingerprint) {
            return Ok(Permissions::everything());
        }
        if let Some(key) = self.key_with_fingerprint(fingerprint) {
            return authorize_key(key, action, index);
        }
        if !matches!(action, Action::Search | Action::ChatCompletions) {
            return Err(AuthError::InvalidKey);
        }
        match TenantToken::parse(token) {
            Some(tenant) => self.authorize_tenant(&tenant?, master_key, action, index),
            None => Err(AuthError::InvalidKey),
        }
    }

    fn authorize_tenant(
        &self,
        token: &TenantToken<'_>,
        master_key: &MasterKey,
        action: Action,
        index: Option<&str>,
    ) -> Result<Permissions, AuthError> {
        let claims = &token.claims;
        token.verify(&key_value(&master_key.value, claims.api_key_uid))?;
        let now = OffsetDateTime::now_utc();
        if let Some(expiration) = claims.exp.filter(|expiration| now.unix_timestamp() > *expiration) {
            return Err(AuthError::TokenExpired { expiration, now: now.unix_timestamp() });
        }
        let key = self.read().by_uid.get(&claims.api_key_uid).cloned().ok_or(AuthError::InvalidKey)?;
        if let Some(index) = index {
            if claims.search_rules.rule(index).is_none() {
                let allowed = claims.search_rules.patterns();
                return Err(AuthError::IndexNotAllowedByToken { index: index.to_owned(), allowed });
            }
            if !key.indexes.iter().any(|pattern| covers(pattern.as_str(), index)) {
                return Err(AuthError::IndexNotAllowedByTokenKey { index: index.to_owned() });
            }
        }
        if !key.allows(action, now) {
            return Err(AuthError::InvalidKey);
        }
        Ok(Permissions::of_key(key, Some(Arc::new(claims.search_rules.clone())), false))
    }

    fn key_with_fingerprint(&self, fingerprint: Fingerprint) -> Option<Arc<Key>> {
        let keys = self.read();
        let uid = keys.by_value.get(&fingerprint)?;
        keys.by_uid.get(uid).cloned()
    }

    /// Every key, the newest first.
    pub fn keys(&self) -> Vec<Arc<Key>> {
        let mut keys: Vec<Arc<Key>> = self.read().by_uid.values().cloned().collect();
        keys.sort_by(|a, b| b.created_at.cmp(&a.created_at).then(a.uid.cmp(&b.uid)));
        keys
    }

    /// The value of a key: what clients send.
    pub fn value(&self, key: &Key) -> String {
        self.master_key.as_ref().map_or_else(String::new, |master_key| key_value(&master_key.value, key.uid))
    }

    /// The key with this uid or value.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn key(&self, uid_or_value: &str) -> Result<Arc<Key>, KeyError> {
        let by_uid = Uuid::parse_str(uid_or_value).ok().and_then(|uid| self.read().by_uid.get(&uid).cloned());
        by_uid
            .or_else(|| self.key_with_fingerprint(self.fingerprinter.fingerprint(uid_or_value)))
            .ok_or_else(|| KeyError::NotFound { key: uid_or_value.to_owned() })
    }

    /// Adds a key.
    ///
    /// # Errors
    /// `AlreadyExists`, `GlobalAction`, or the store fails.
    pub fn create(&self, key: Key) -> Result<Arc<Key>, KeyError> {
        if let Some(action) = key.misplaced_action() {
            return Err(KeyError::GlobalAction { action: action.name() });
        }
        if self.read().by_uid.contains_key(&key.uid) {
            return Err(KeyError::AlreadyExists { uid: key.uid });
        }
        self.store.put(&[&key])?;
        let uid = key.uid;
        self.remember(key);
        self.key(&uid.to_string())
    }

    /// Changes a key; its uid must stay.
    ///
    /// # Errors
    /// `NotFound`, or the store fails.
    pub fn update(&self, uid_or_value: &str, change: impl FnOnce(&mut Key)) -> Result<Arc<Key>, KeyError> {
        let mut key = Key::clone(&*self.key(uid_or_value)?);
        change(&mut key);
        key.updated_at = OffsetDateTime::now_utc();
        self.store.put(&[&key])?;
        let key = Arc::new(key);
        self.write().by_uid.insert(key.uid, key.clone());
        Ok(key)
    }

    /// Removes a key.
    ///
    /// # Errors
    /// `NotFound`, or the store fails.
    pub fn delete(&self, uid_or_value: &str) -> Result<(), KeyError> {
        let key = self.key(uid_or_value)?;
        self.store.delete(key.uid)?;
        let mut keys = self.write();
        keys.by_uid.remove(&key.uid);
        keys.by_value.retain(|_, uid| *uid != key.uid);
        Ok(())
    }

    /// Replaces all keys, as an import does.
    ///
    /// # Errors
    /// When the store fails.
    pub fn replace_all(&self, keys: Vec<Key>) -> Result<(), KeyError> {
        self.store.replace_all(&keys)?;
        *self.write() = Keys::default();
        keys.into_iter().for_each(|key| self.remember(key));
        Ok(())
    }

    /// Writes a compacted copy of the store to the file `to`, for snapshots.
    ///
    /// # Errors
    /// When the store fails.
    pub fn copy_compacted(&self, to: &Path) -> Result<(), KeyError> {
        self.store.copy_compacted(to)
    }

    fn remember(&self, key: Key) {
        let value = self.value(&key);
        let mut keys = self.write();
        if !value.is_empty() {
            keys.by_value.insert(self.fingerprinter.fingerprint(&value), key.uid);
        }
        keys.by_uid.insert(key.uid, Arc::new(key));
    }

    fn read(&self) -> RwLockReadGuard<'_, Keys> {
        // Every change is a single statement or two independent ones: a panic elsewhere cannot break it.
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Keys> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything is open but the keys. A header that is no bearer token is refused all the same.
fn without_master_key(credentials: Credentials<'_>, action: Action) -> Result<Permissions, AuthError> {
    match credentials {
        _ if is_about_keys(action) => Err(AuthError::MissingMasterKey),
        Credentials::Other => Err(AuthError::MissingHeader),
        Credentials::Token("") => Err(AuthError::InvalidKey),
        Credentials::Absent | Credentials::Token(_) => Ok(Permissions::everything()),
    }
}

fn is_about_keys(action: Action) -> bool {
    matches!(action, Action::KeysCreate | Action::KeysGet | Action::KeysUpdate | Action::KeysDelete)
}

fn authorize_key(key: Arc<Key>, action: Action, index: Option<&str>) -> Result<Permissions, AuthError> {
    let now = OffsetDateTime::now_utc();
    match index {
        Some(index) if !key.indexes.iter().any(|pattern| covers(pattern.as_str(), index)) => {
            let mut allowed: Vec<String> =
                key.indexes.iter().map(|pattern| pattern.as_str().to_owned()).collect();
            allowed.sort();
            return Err(AuthError::IndexNotAllowed { index: index.to_owned(), allowed });
        }
        None if !key.is_for_all_indexes() && !works_for_some_indexes(action) => {
            return Err(AuthError::InvalidKey);
        }
        _ => {}
    }
    if !key.allows(action, now) {
        return Err(AuthError::InvalidKey);
    }
    let may_create = key.allows(Action::IndexesCreate, now);
    Ok(Permissions::of_key(key, None, may_create))
}

/// Actions that a key for some indexes may do on a route that names no index: it then sees its own.
fn works_for_some_indexes(action: Action) -> bool {
    matches!(
        action,
        Action::Search
            | Action::DocumentsGet
            | Action::IndexesCreate
            | Action::IndexesGet
            | Action::IndexesSwap
            | Action::TasksGet
            | Action::TasksCancel
            | Action::TasksDelete
            | Action::SettingsGet
            | Action::StatsGet
            | Action::ChatCompletions
    )
}

#[cfg(test)]
mod tests;
