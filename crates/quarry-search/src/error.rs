//! Why a search is refused or fails.

use quarry_error::{Code, HasCode};
use quarry_storage::StorageError;
use thiserror::Error;

use crate::distinct::DistinctError;
use crate::facets::FacetsError;
use crate::filter::FilterEvaluationError;
use crate::scope::SearchedAttributesError;
use crate::sort::SortError;

/// Why a search is refused or fails. The texts do not name the index: see [`SearchError::concerns_index`].
#[derive(Debug, Error)]
pub enum SearchError {
    /// `sort` asks for what the settings do not allow.
    #[error(transparent)]
    Sort(#[from] SortError),
    /// `distinct` asks for what the settings do not allow.
    #[error(transparent)]
    Distinct(#[from] DistinctError),
    /// `attributesToSearchOn` asks for what the settings do not allow.
    #[error(transparent)]
    SearchedAttributes(#[from] SearchedAttributesError),
    /// `facets` asks for what the settings do not allow.
    #[error(transparent)]
    Facets(#[from] FacetsError),
    /// The filter cannot be evaluated.
    #[error(transparent)]
    Filter(#[from] FilterEvaluationError),
    /// The index cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl SearchError {
    /// Whether the message that clients see begins with the name of the index.
    pub fn concerns_index(&self) -> bool {
        match self {
            SearchError::Sort(_)
            | SearchError::Distinct(_)
            | SearchError::SearchedAttributes(_)
            | SearchError::Filter(_) => true,
            SearchError::Facets(_) | SearchError::Storage(_) => false,
        }
    }
}

impl HasCode for SearchError {
    fn code(&self) -> Code {
        match self {
            SearchError::Sort(error) => error.code(),
            SearchError::Distinct(error) => error.code(),
            SearchError::SearchedAttributes(error) => error.code(),
            SearchError::Facets(error) => error.code(),
            SearchError::Filter(error) => error.code(),
            SearchError::Storage(_) => Code::Internal,
        }
    }
}
