//! `foreignKeys`: fields that hold ids of documents of other indexes.

use deserr::Deserr;
use quarry_error::marker::InvalidSettingsForeignKeys;
use serde::Serialize;

use crate::request_error::JsonError;

/// A field that holds ids of documents of another index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr)]
#[deserr(error = JsonError<InvalidSettingsForeignKeys>, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct ForeignKey {
    /// The other index.
    pub foreign_index_uid: String,
    /// The field.
    pub field_name: String,
}
