//! `proximityPrecision`: how near words have to be to count as near.

use serde::{Deserialize, Serialize};

/// How near words have to be to count as near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProximityPrecision {
    /// Distances in words.
    #[default]
    ByWord,
    /// In the same attribute, or not.
    ByAttribute,
}
