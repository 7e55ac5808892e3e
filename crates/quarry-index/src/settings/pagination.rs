//! `pagination`: how many hits can be reached.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::Change;

/// Hits that can be reached, when the setting is not given.
pub const DEFAULT_MAX_TOTAL_HITS: usize = 1000;

/// A change of the setting, field by field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PaginationUpdate {
    /// `maxTotalHits`
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub max_total_hits: Change<NonZeroUsize>,
}

impl PaginationUpdate {
    pub(super) fn all_reset() -> PaginationUpdate {
        PaginationUpdate { max_total_hits: Change::Reset }
    }

    pub(super) fn merge(&mut self, later: PaginationUpdate) {
        self.max_total_hits.replace_by(later.max_total_hits);
    }
}

/// `maxTotalHits` after an update.
pub(super) fn apply(before: usize, update: &Change<PaginationUpdate>) -> usize {
    match update {
        Change::Unchanged => before,
        Change::Reset => DEFAULT_MAX_TOTAL_HITS,
        Change::Set(update) => match update.max_total_hits {
            Change::Unchanged => before,
            Change::Reset => DEFAULT_MAX_TOTAL_HITS,
            Change::Set(hits) => hits.get(),
        },
    }
}
