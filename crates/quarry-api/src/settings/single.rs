//! Settings that are one word.

use deserr::Deserr;
use serde::Serialize;

/// How closely the distance between words is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserr)]
#[deserr(rename_all = camelCase)]
#[serde(rename_all = "camelCase")]
pub enum ProximityPrecision {
    /// In words.
    ByWord,
    /// Only whether they share an attribute.
    ByAttribute,
}

/// When the prefixes of words are prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserr)]
#[deserr(rename_all = camelCase)]
#[serde(rename_all = "camelCase")]
pub enum PrefixSearch {
    /// When documents are indexed.
    IndexingTime,
    /// Never: the last word matches whole words only.
    Disabled,
}
