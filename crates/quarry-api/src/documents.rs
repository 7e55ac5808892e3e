//! Documents: fetch, add, delete, edit.

use deserr::Deserr;
use quarry_error::marker::*;
use quarry_error::{Code, ErrorResponse};
use serde_json::Value;

use crate::document_id::document_identifier;
use crate::page::DEFAULT_LIMIT;
use crate::param::{CommaList, Param};
use crate::query_string::from_query_string;
use crate::request_error::{JsonError, QueryError, missing_field};
use crate::search::{filter_of_text, split_sort};

/// The body of `POST …/documents/fetch`.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
#[allow(missing_docs)]
pub struct FetchDocuments {
    #[deserr(default, error = JsonError<InvalidDocumentOffset>)]
    pub offset: usize,
    #[deserr(default = DEFAULT_LIMIT, error = JsonError<InvalidDocumentLimit>)]
    pub limit: usize,
    /// The fields to return; all when `None`.
    #[deserr(default, error = JsonError<InvalidDocumentFields>)]
    pub fields: Option<Vec<String>>,
    #[deserr(default, error = JsonError<InvalidDocumentRetrieveVectors>)]
    pub retrieve_vectors: bool,
    #[deserr(default, error = JsonError<InvalidDocumentIds>)]
    pub ids: Option<Vec<Value>>,
    #[deserr(default, error = JsonError<InvalidDocumentFilter>)]
    pub filter: Option<Value>,
    #[deserr(default, error = JsonError<InvalidDocumentSort>)]
    pub sort: Option<Vec<String>>,
    #[deserr(default, error = JsonError<InvalidDocumentUseNetwork>)]
    pub use_network: Option<bool>,
}

/// The query string of `GET …/documents`.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = QueryError, rename_all = camelCase, deny_unknown_fields)]
struct FetchDocumentsQueryString {
    #[deserr(default, error = QueryError<InvalidDocumentOffset>)]
    offset: Param<usize>,
    #[deserr(default = Param(DEFAULT_LIMIT), error = QueryError<InvalidDocumentLimit>)]
    limit: Param<usize>,
    #[deserr(default, error = QueryError<InvalidDocumentFields>)]
    fields: Option<CommaList<String>>,
    #[deserr(default, error = QueryError<InvalidDocumentRetrieveVectors>)]
    retrieve_vectors: Param<bool>,
    #[deserr(default, error = QueryError<InvalidDocumentIds>)]
    ids: Option<CommaList<String>>,
    #[deserr(default, error = QueryError<InvalidDocumentFilter>)]
    filter: Option<String>,
    #[deserr(default, error = QueryError<InvalidDocumentSort>)]
    sort: Option<String>,
    // Exists in its JSON form only: every text is refused.
    #[deserr(default, error = QueryError<InvalidDocumentUseNetwork>)]
    use_network: Option<bool>,
}

impl FetchDocuments {
    /// Reads the query string of `GET …/documents`.
    ///
    /// # Errors
    /// The first error of a parameter.
    pub fn from_query_string(query: &str) -> Result<FetchDocuments, ErrorResponse> {
        let sent: FetchDocumentsQueryString = from_query_string(query)?;
        Ok(FetchDocuments {
            offset: sent.offset.0,
            limit: sent.limit.0,
            fields: sent.fields.and_then(|fields| chosen_fields(fields.0)),
            retrieve_vectors: sent.retrieve_vectors.0,
            ids: sent.ids.map(|ids| ids.0.into_iter().map(Value::String).collect()),
            filter: sent.filter.map(filter_of_text),
            sort: sent.sort.map(|text| split_sort(&text)),
            use_network: sent.use_network,
        })
    }

    /// The identifiers as text.
    ///
    /// # Errors
    /// `invalid_document_ids` for the first that cannot be one.
    pub fn identifiers(&self) -> Result<Option<Vec<String>>, ErrorResponse> {
        let Some(ids) = &self.ids else { return Ok(None) };
        let identifier = |(index, id)| {
            document_identifier(id).map_err(|error| {
                ErrorResponse::new(format!("In `.ids[{index}]`: {error}"), Code::InvalidDocumentIds)
            })
        };
        ids.iter().enumerate().map(identifier).collect::<Result<_, _>>().map(Some)
    }
}

/// `*` anywhere means all fields.
pub fn chosen_fields(fields: Vec<String>) -> Option<Vec<String>> {
    if fields.iter().any(|field| field == "*") { None } else { Some(fields) }
}

/// The query string of `GET …/documents/{id}`.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = QueryError, rename_all = camelCase, deny_unknown_fields)]
pub struct GetDocument {
    /// The fields to return.
    #[deserr(default, error = QueryError<InvalidDocumentFields>)]
    pub fields: Option<CommaList<String>>,
    /// Whether vectors are returned.
    #[deserr(default, error = QueryError<InvalidDocumentRetrieveVectors>)]
    pub retrieve_vectors: Param<bool>,
    /// Exists in its JSON form only: every text is refused.
    #[deserr(default, error = QueryError<InvalidDocumentUseNetwork>)]
    pub use_network: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = QueryError, rename_all = camelCase, deny_unknown_fields)]
struct AddDocumentsQueryString {
    #[deserr(default, error = QueryError<InvalidIndexPrimaryKey>)]
    primary_key: Option<String>,
    #[deserr(default, error = QueryError<InvalidDocumentCsvDelimiter>)]
    csv_delimiter: Option<char>,
    #[deserr(default, error = QueryError<InvalidIndexCustomMetadata>)]
    custom_metadata: Option<String>,
    #[deserr(default, error = QueryError<InvalidSkipCreation>)]
    skip_creation: Option<String>,
}

/// The query string of `POST` and `PUT …/documents`.
#[derive(Debug, Clone, PartialEq)]
pub struct AddDocuments {
    /// The field that identifies documents.
    pub primary_key: Option<String>,
    /// What separates the cells of CSV, one ASCII character.
    pub csv_delimiter: Option<u8>,
    /// A text to find again in the task.
    pub custom_metadata: Option<String>,
    /// Whether documents that do not exist yet are left out.
    pub skip_creation: bool,
}

impl AddDocuments {
    /// Reads the query string of a route that adds documents.
    ///
    /// # Errors
    /// The first error of a parameter.
    pub fn from_query_string(query: &str) -> Result<AddDocuments, ErrorResponse> {
        let sent: AddDocumentsQueryString = from_query_string(query)?;
        Ok(AddDocuments {
            primary_key: sent.primary_key,
            csv_delimiter: sent.csv_delimiter.map(ascii_delimiter).transpose()?,
            custom_metadata: sent.custom_metadata,
            skip_creation: sent.skip_creation.map(skip_creation).transpose()?.unwrap_or(false),
        })
    }
}

fn ascii_delimiter(delimiter: char) -> Result<u8, ErrorResponse> {
    let byte = u8::try_from(delimiter).ok().filter(u8::is_ascii);
    byte.ok_or_else(|| {
        let message = format!("csv delimiter must be an ascii character. Found: `{delimiter}`");
        ErrorResponse::new(message, Code::InvalidDocumentCsvDelimiter)
    })
}

fn skip_creation(text: String) -> Result<bool, ErrorResponse> {
    text.to_lowercase().parse().map_err(|_| {
        let message = format!("skipCreation must be either `true` or `false`. Found: `{text}`");
        ErrorResponse::new(message, Code::InvalidSkipCreation)
    })
}

/// The query string of the routes that delete or edit documents.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = QueryError, rename_all = camelCase, deny_unknown_fields)]
pub struct CustomMetadata {
    /// A text to find again in the task.
    #[deserr(default, error = QueryError<InvalidIndexCustomMetadata>)]
    pub custom_metadata: Option<String>,
}

/// The body of `POST …/documents/delete`.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
pub struct DeleteByFilter {
    /// Which documents go.
    #[deserr(error = JsonError<InvalidDocumentFilter>, missing_field_error = missing_field::<MissingDocumentFilter>)]
    pub filter: Value,
}

/// The body of `POST …/documents/edit`.
#[derive(Debug, Clone, PartialEq, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
pub struct EditDocuments {
    /// Which documents are edited.
    #[deserr(default, error = JsonError<InvalidDocumentFilter>)]
    pub filter: Option<Value>,
    /// Values that the function reads. Must be an object, checked by the route.
    #[deserr(default, error = JsonError<InvalidDocumentEditionContext>)]
    pub context: Option<Value>,
    /// The function, a Rhai script.
    #[deserr(error = JsonError<InvalidDocumentEditionFunctionFilter>, missing_field_error = missing_field::<MissingDocumentEditionFunction>)]
    pub function: String,
}
