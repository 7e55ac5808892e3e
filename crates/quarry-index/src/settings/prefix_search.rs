//! `prefixSearch`: whether the last word of a query matches words that begin with it.

use serde::{Deserialize, Serialize};

/// Whether the last word of a query matches words that begin with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PrefixSearch {
    /// It does, and unions of frequent prefixes are kept.
    #[default]
    IndexingTime,
    /// It does not, and none are kept.
    Disabled,
}
