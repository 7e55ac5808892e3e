//! Indexes: list, create, change, swap.

use deserr::{Deserr, ValuePointerRef};
use quarry_error::marker::*;
use serde::Serialize;
use time::OffsetDateTime;

use crate::index_uid::IndexUid;
use crate::page::DEFAULT_LIMIT;
use crate::param::Param;
use crate::request_error::{JsonError, QueryError, immutable_field, missing_field, unknown_field};

/// The query string of `GET /indexes`.
#[derive(Debug, Clone, Copy, Deserr)]
#[deserr(error = QueryError, rename_all = camelCase, deny_unknown_fields)]
pub struct ListIndexes {
    /// Indexes left out at the beginning.
    #[deserr(default, error = QueryError<InvalidIndexOffset>)]
    pub offset: Param<usize>,
    /// Indexes of the answer.
    #[deserr(default = Param(DEFAULT_LIMIT), error = QueryError<InvalidIndexLimit>)]
    pub limit: Param<usize>,
}

/// An index as clients read it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexView {
    /// Its name.
    pub uid: String,
    /// When it came to be.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it changed last.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// The field that identifies documents, if it is known yet.
    pub primary_key: Option<String>,
}

/// The body of `POST /indexes`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
pub struct CreateIndex {
    /// Its name.
    #[deserr(error = JsonError<InvalidIndexUid>, missing_field_error = missing_field::<MissingIndexUid>)]
    pub uid: IndexUid,
    /// The field that identifies documents.
    #[deserr(default, error = JsonError<InvalidIndexPrimaryKey>)]
    pub primary_key: Option<String>,
}

/// The body of `PATCH /indexes/{uid}`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields = deny_immutable_index_fields)]
pub struct UpdateIndex {
    /// The field that identifies documents.
    #[deserr(default, error = JsonError<InvalidIndexPrimaryKey>)]
    pub primary_key: Option<String>,
    /// A name to take instead of the present one. Checked by the route.
    #[deserr(default, error = JsonError<InvalidIndexUid>)]
    pub uid: Option<String>,
}

fn deny_immutable_index_fields(field: &str, accepted: &[&str], location: ValuePointerRef) -> JsonError {
    match field {
        "createdAt" => recode(immutable_field::<ImmutableIndexCreatedAt>(field, accepted), location),
        "updatedAt" => recode(immutable_field::<ImmutableIndexUpdatedAt>(field, accepted), location),
        _ => unknown_field(field, accepted, location),
    }
}

/// The same error seen from the level above.
pub(crate) fn recode<C>(error: JsonError<C>, location: ValuePointerRef) -> JsonError {
    deserr::take_cf_content(<JsonError as deserr::MergeWithError<JsonError<C>>>::merge(None, error, location))
}

/// One entry of the body of `POST /swap-indexes`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
pub struct SwapIndexes {
    /// The two indexes. Their number is checked by the route.
    #[deserr(error = JsonError<InvalidSwapIndexes>, missing_field_error = missing_field::<MissingSwapIndexes>)]
    pub indexes: Vec<IndexUid>,
    /// Whether the first takes the name of the second, which must be free.
    #[deserr(default, error = JsonError<InvalidSwapRename>)]
    pub rename: bool,
}

/// The query string of the statistics routes.
#[derive(Debug, Clone, Copy, Deserr)]
#[deserr(error = QueryError, rename_all = camelCase, deny_unknown_fields)]
pub struct StatsQuery {
    /// Whether the size of each table is told.
    #[deserr(default, error = QueryError<InvalidStatsShowInternalDatabaseSizes>)]
    pub show_internal_database_sizes: Param<bool>,
    /// How sizes are written.
    #[deserr(default, error = QueryError<InvalidStatsSizeFormat>)]
    pub size_format: SizeFormat,
}

/// How sizes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
#[deserr(rename_all = camelCase)]
pub enum SizeFormat {
    /// `"16.00 KiB"`.
    Human,
    /// The number of bytes.
    #[default]
    Raw,
}
