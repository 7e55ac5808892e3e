//! `localizedAttributes`: the languages of attributes.

use deserr::Deserr;
use quarry_error::marker::InvalidSettingsLocalizedAttributes;
use serde::Serialize;

use crate::locale::Locale;
use crate::request_error::JsonError;

/// Patterns of attributes and their languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr)]
#[deserr(error = JsonError<InvalidSettingsLocalizedAttributes>, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct LocalizedRule {
    /// The patterns.
    pub attribute_patterns: Vec<String>,
    /// The languages; all when empty.
    pub locales: Vec<Locale>,
}
