//! Why a batch, or one operation of it, failed.
//!
//! Texts are those of the API, without the name of the index: the caller puts it before the errors that are
//! not about a payload ([`IndexError::is_payload`]).

use std::io;

use quarry_channel::SendError;
use quarry_error::{Code, ErrorResponse, HasCode};
use quarry_geo::{GeoFieldError, GeoJsonError};
use quarry_index::SettingsError;
use quarry_storage::StorageError;

use crate::ingest::edit_function::EditFunctionError;

/// Why nothing was written, or why one operation was left out.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// A document of a payload cannot be taken: the payload fails alone.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The batch would give the index more field names than it can hold.
    #[error("A document cannot contain more than 65,535 fields.")]
    TooManyFields,
    /// A `_geo` field is no point, and points are filtered or sorted by.
    #[error(transparent)]
    Geo(#[from] GeoFieldError),
    /// A `_geojson` field is no shape, and shapes are filtered by.
    #[error(transparent)]
    GeoJson(#[from] GeoJsonError),
    /// `_vectors` is not an object.
    #[error(
        "The `_vectors` field in the document with id: `{external_id}` is not an object. Was expecting an object with \
         a key for each embedder with manually provided vectors, but instead got `{value}`"
    )]
    VectorsType {
        /// The document.
        external_id: String,
        /// What was found, as JSON.
        value: String,
    },
    /// An edition was refused.
    #[error(transparent)]
    Edit(#[from] EditFunctionError),
    /// A filter was refused.
    #[error(transparent)]
    Filter(#[from] ErrorResponse),
    /// The settings were refused.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The primary key of an index with documents cannot be changed.
    #[error("Index already has a primary key: `{primary_key}`.")]
    PrimaryKeyIsSet {
        /// The key that stays.
        primary_key: String,
    },
    /// The caller asked to stop.
    #[error("the batch was cancelled")]
    Cancelled,
    /// A thread of the batch panicked.
    #[error("An unexpected crash occurred when processing the task: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// The batch is too large to join the late changes, and there are some: it is run again when they are settled.
    #[error("internal: late changes wait.")]
    LateChangesWait,
    /// The store failed.
    #[error("{0}")]
    Storage(#[from] StorageError),
    /// An operation could not be handed to the writer.
    #[error("internal: {0}.")]
    Channel(#[from] SendError),
    /// A payload or a temporary file cannot be read or written.
    #[error(
        "{0}. This error generally happens when you have no space left on device or when your database doesn't have \
         read or write right."
    )]
    Io(#[from] io::Error),
    /// Something that was checked before does not hold any more.
    #[error("internal: {detail}.")]
    Damaged {
        /// What was found.
        detail: &'static str,
    },
}

impl IndexError {
    /// Whether the error is about a payload: shown without the name of the index, and fails its operation alone.
    pub fn is_payload(&self) -> bool {
        matches!(self, IndexError::Document(_))
    }

    /// Whether the caller asked to stop.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, IndexError::Cancelled)
    }

    /// Whether a thread ended with it only because the batch had stopped already.
    pub(crate) fn follows_from_stopping(&self) -> bool {
        matches!(self, IndexError::Cancelled | IndexError::Channel(SendError::IndexationAborted))
    }

    /// Whether the map is too small: the batch is run again after it has grown.
    pub(crate) fn is_map_full(&self) -> bool {
        matches!(self, IndexError::Storage(StorageError::MapFull))
    }
}

impl HasCode for IndexError {
    fn code(&self) -> Code {
        match self {
            IndexError::Document(error) => error.code(),
            IndexError::TooManyFields => Code::MaxFieldsLimitExceeded,
            IndexError::Geo(error) => error.code(),
            IndexError::GeoJson(error) => error.code(),
            IndexError::VectorsType { .. } => Code::InvalidVectorsType,
            IndexError::Edit(_) => Code::EditDocumentsByFunctionError,
            IndexError::Filter(error) => error.code(),
            IndexError::Settings(error) => error.code(),
            IndexError::PrimaryKeyIsSet { .. } => Code::IndexPrimaryKeyAlreadyExists,
            IndexError::Storage(error) => storage_code(error),
            IndexError::Io(error) if error.kind() == io::ErrorKind::StorageFull => Code::NoSpaceLeftOnDevice,
            IndexError::Io(_) => Code::IoError,
            IndexError::Cancelled
            | IndexError::LateChangesWait
            | IndexError::Panicked { .. }
            | IndexError::Channel(_)
            | IndexError::Damaged { .. } => Code::Internal,
        }
    }
}

fn storage_code(error: &StorageError) -> Code {
    match error {
        StorageError::DiskFull => Code::NoSpaceLeftOnDevice,
        StorageError::MapFull => Code::DatabaseSizeLimitReached,
        StorageError::TooManyOpenFiles => Code::TooManyOpenFiles,
        StorageError::Io { .. } | StorageError::MapRefused { .. } => Code::IoError,
        _ => Code::Internal,
    }
}

/// Why the documents of a payload cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// A document without the primary key.
    #[error("Document doesn't have a `{primary_key}` attribute: `{document}`.")]
    MissingId {
        /// Path of the primary key.
        primary_key: String,
        /// The document, as compact JSON.
        document: String,
    },
    /// A document in which the path of the primary key leads to several values.
    #[error("Document have too many matching `{primary_key}` attribute: `{document}`.")]
    TooManyIds {
        /// Path of the primary key.
        primary_key: String,
        /// The document, as compact JSON.
        document: String,
    },
    /// An id of a wrong type, with a wrong character, or of a wrong length.
    #[error(
        "Document identifier `{id}` is invalid. A document identifier can be of type integer or string, only composed \
         of alphanumeric characters (a-z A-Z 0-9), hyphens (-) and underscores (_), and can not be more than 511 bytes."
    )]
    InvalidId {
        /// The id, as JSON.
        id: String,
    },
    /// No field of the first document can be the primary key.
    #[error(
        "The primary key inference failed as the engine did not find any field ending with `id` in its name. Please \
         specify the primary key manually using the `primaryKey` query parameter."
    )]
    NoPrimaryKeyCandidate,
    /// Several fields of the first document can be the primary key.
    #[error(
        "The primary key inference failed as the engine found {candidates_count} fields ending with `id` in their \
         names: '{first}' and '{second}'. Please specify the primary key manually using the `primaryKey` query parameter."
    )]
    SeveralPrimaryKeyCandidates {
        /// How many.
        candidates_count: usize,
        /// The first, in byte order.
        first: String,
        /// The second.
        second: String,
    },
    /// The operation names another primary key than the index has.
    #[error("Index already has a primary key: `{primary_key}`.")]
    PrimaryKeyIsSet {
        /// The key of the index.
        primary_key: String,
    },
    /// A document nested too deeply.
    #[error(
        "The document with the id `{external_id}` is nested too deeply: values can be nested in at most 127 arrays \
         and objects."
    )]
    NestedTooDeeply {
        /// The document.
        external_id: String,
    },
}

impl HasCode for DocumentError {
    fn code(&self) -> Code {
        match self {
            DocumentError::MissingId { .. } => Code::MissingDocumentId,
            DocumentError::TooManyIds { .. } | DocumentError::InvalidId { .. } => Code::InvalidDocumentId,
            DocumentError::NoPrimaryKeyCandidate => Code::IndexPrimaryKeyNoCandidateFound,
            DocumentError::SeveralPrimaryKeyCandidates { .. } => Code::IndexPrimaryKeyMultipleCandidatesFound,
            DocumentError::PrimaryKeyIsSet { .. } => Code::IndexPrimaryKeyAlreadyExists,
            DocumentError::NestedTooDeeply { .. } => Code::MalformedPayload,
        }
    }
}

impl From<crate::json_text::Damaged> for IndexError {
    fn from(_: crate::json_text::Damaged) -> IndexError {
        IndexError::Damaged { detail: "a payload or a stored document is damaged JSON" }
    }
}
