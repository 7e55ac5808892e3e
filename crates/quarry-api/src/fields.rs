//! The fields of an index and what each is used for.

use deserr::Deserr;
use quarry_error::marker::*;
use serde::Serialize;

use crate::page::DEFAULT_LIMIT;
use crate::request_error::JsonError;

/// The body of `POST …/fields`.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
pub struct ListFields {
    /// Fields left out at the beginning.
    #[deserr(default, error = JsonError<InvalidIndexOffset>)]
    pub offset: usize,
    /// Fields of the answer.
    #[deserr(default = DEFAULT_LIMIT, error = JsonError<InvalidIndexLimit>)]
    pub limit: usize,
    /// Which fields.
    #[deserr(default, error = JsonError<InvalidIndexFieldsFilter>)]
    pub filter: Option<FieldsFilter>,
}

/// Which fields are wanted: all given conditions hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserr)]
#[deserr(error = JsonError<InvalidIndexFieldsFilter>, rename_all = camelCase, deny_unknown_fields)]
#[allow(missing_docs)]
pub struct FieldsFilter {
    #[deserr(default, error = JsonError<InvalidIndexFieldsFilterAttributePatterns>)]
    pub attribute_patterns: Option<Vec<String>>,
    #[deserr(default, error = JsonError<InvalidIndexFieldsFilterDisplayed>)]
    pub displayed: Option<bool>,
    #[deserr(default, error = JsonError<InvalidIndexFieldsFilterSearchable>)]
    pub searchable: Option<bool>,
    #[deserr(default, error = JsonError<InvalidIndexFieldsFilterSortable>)]
    pub sortable: Option<bool>,
    #[deserr(default, error = JsonError<InvalidIndexFieldsFilterDistinct>)]
    pub distinct: Option<bool>,
    #[deserr(default, error = JsonError<InvalidIndexFieldsFilterRankingRule>)]
    pub ranking_rule: Option<bool>,
    #[deserr(default, error = JsonError<InvalidIndexFieldsFilterFilterable>)]
    pub filterable: Option<bool>,
}

/// One field, as clients read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct FieldView {
    pub name: String,
    pub displayed: Enabled,
    pub searchable: Enabled,
    pub sortable: Enabled,
    pub distinct: Enabled,
    pub ranking_rule: RankingRuleUse,
    pub filterable: FilterableUse,
    pub localized: Localized,
}

/// Whether a field has a use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Enabled {
    /// Whether it has.
    pub enabled: bool,
}

/// Whether a field is a custom ranking rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RankingRuleUse {
    /// Whether it is.
    pub enabled: bool,
    /// `asc` or `desc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<&'static str>,
}

/// How a field filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct FilterableUse {
    pub enabled: bool,
    pub sort_by: &'static str,
    pub facet_search: bool,
    pub equality: bool,
    pub comparison: bool,
}

/// The languages of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Localized {
    /// Three letters each, the first a capital.
    pub locales: Vec<String>,
}
