//! Why a request is not allowed, and what can go wrong with keys.

use std::path::PathBuf;

use quarry_error::{Code, HasCode};
use quarry_storage::StorageError;
use uuid::Uuid;

/// Why a request is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No token, or not a bearer token.
    #[error("The Authorization header is missing. It must use the bearer authorization method.")]
    MissingHeader,
    /// The token is unknown, expired, or not for this action.
    #[error("The provided API key is invalid.")]
    InvalidKey,
    /// Keys cannot be managed without a master key.
    #[error(
        "Meilisearch is running without a master key. To access this API endpoint, you must have set a master key \
         at launch."
    )]
    MissingMasterKey,
    /// The key is for other indexes.
    #[error("The API key cannot acces the index `{index}`, authorized indexes are {allowed:?}.")]
    IndexNotAllowed {
        /// The index asked for.
        index: String,
        /// The patterns of the key, sorted.
        allowed: Vec<String>,
    },
    /// The tenant token is for other indexes.
    #[error("The provided tenant token cannot acces the index `{index}`, allowed indexes are {allowed:?}.")]
    IndexNotAllowedByToken {
        /// The index asked for.
        index: String,
        /// The patterns of the token, sorted.
        allowed: Vec<String>,
    },
    /// The tenant token reaches further than its key.
    #[error("The API key used to generate this tenant token cannot acces the index `{index}`.")]
    IndexNotAllowedByTokenKey {
        /// The index asked for.
        index: String,
    },
    /// The tenant token was for a time that is over.
    #[error("Tenant token expired. Was valid up to `{expiration}` and we're now `{now}`.")]
    TokenExpired {
        /// Unix seconds.
        expiration: i64,
        /// Unix seconds.
        now: i64,
    },
    /// The tenant token cannot be read or was signed by somebody else.
    #[error("Could not decode tenant token, {detail}.")]
    UnreadableToken {
        /// What is wrong with it.
        detail: String,
    },
}

impl HasCode for AuthError {
    fn code(&self) -> Code {
        match self {
            AuthError::MissingHeader => Code::MissingAuthorizationHeader,
            AuthError::MissingMasterKey => Code::MissingMasterKey,
            AuthError::InvalidKey
            | AuthError::IndexNotAllowed { .. }
            | AuthError::IndexNotAllowedByToken { .. }
            | AuthError::IndexNotAllowedByTokenKey { .. }
            | AuthError::TokenExpired { .. }
            | AuthError::UnreadableToken { .. } => Code::InvalidApiKey,
        }
    }
}

/// What can go wrong with keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No key has this uid or value.
    #[error("API key `{key}` not found.")]
    NotFound {
        /// What was asked for.
        key: String,
    },
    /// A key has this uid already.
    #[error("`uid` field value `{uid}` is already an existing API key.")]
    AlreadyExists {
        /// The uid.
        uid: Uuid,
    },
    /// A key for some indexes with an action for the whole server.
    #[error(
        "cannot create index-scoped API key with global action `\"{action}\"`\n  - Hint: remove action \
         `\"{action}\"` from the action list, or remove `indexes` to make the key global"
    )]
    GlobalAction {
        /// The action.
        action: &'static str,
    },
    /// The store of keys cannot be opened.
    #[error("the API keys in \"{}\" cannot be opened: {source}", path.display())]
    Open {
        /// Its folder.
        path: PathBuf,
        /// Why.
        source: StorageError,
    },
    /// The store of keys cannot be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A stored key is not what was written.
    #[error("the store of API keys is damaged: {source}")]
    Damaged {
        /// What the reader said.
        #[from]
        source: serde_json::Error,
    },
}

impl HasCode for KeyError {
    fn code(&self) -> Code {
        match self {
            KeyError::NotFound { .. } => Code::ApiKeyNotFound,
            KeyError::AlreadyExists { .. } => Code::ApiKeyAlreadyExists,
            KeyError::GlobalAction { .. } => Code::IndexScopedApiKeyWithGlobalAction,
            KeyError::Storage(error) | KeyError::Open { source: error, .. } => match error {
                StorageError::DiskFull => Code::NoSpaceLeftOnDevice,
                StorageError::TooManyOpenFiles => Code::TooManyOpenFiles,
                StorageError::Io { .. } => Code::IoError,
                _ => Code::Internal,
            },
            KeyError::Damaged { .. } => Code::InvalidStoreFile,
        }
    }
}
