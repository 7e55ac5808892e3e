//! `foreignKeys`: fields that hold ids of documents of other indexes.

use serde::{Deserialize, Serialize};

/// A field that holds ids of documents of another index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForeignKey {
    /// The other index.
    pub foreign_index_uid: String,
    /// The field.
    pub field_name: String,
}
