//! `faceting` and `pagination`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use deserr::Deserr;
use quarry_error::marker::{InvalidSettingsFaceting, InvalidSettingsPagination};
use serde::Serialize;

use crate::request_error::JsonError;
use crate::setting::Setting;

/// What changes in `faceting`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserr)]
#[deserr(error = JsonError<InvalidSettingsFaceting>, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct FacetingSettings {
    /// The most values of one facet.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub max_values_per_facet: Setting<usize>,
    /// The order of the values of each facet.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub sort_facet_values_by: Setting<BTreeMap<String, FacetOrder>>,
}

/// The order of the values of a facet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserr)]
#[deserr(rename_all = camelCase)]
#[serde(rename_all = "camelCase")]
pub enum FacetOrder {
    /// By their text.
    Alpha,
    /// The most frequent first.
    Count,
}

/// What changes in `pagination`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserr)]
#[deserr(error = JsonError<InvalidSettingsPagination>, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct PaginationSettings {
    /// The most hits that can be reached.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub max_total_hits: Setting<NonZeroUsize>,
}
