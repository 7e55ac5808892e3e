//! `filterableAttributes`: names, and rules over patterns of names.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use quarry_error::marker::InvalidSettingsFilterableAttributes;
use serde::Serialize;

use crate::request_error::JsonError;

type Error = JsonError<InvalidSettingsFilterableAttributes>;

/// An attribute that filters, or a rule for several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FilterableAttribute {
    /// The name of an attribute or of a parent.
    Name(String),
    /// Patterns with the same uses.
    Rule(FilterableRule),
}

/// Patterns of attributes and what they are used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr)]
#[deserr(error = Error, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct FilterableRule {
    /// The patterns.
    pub attribute_patterns: Vec<String>,
    /// The uses.
    #[deserr(default)]
    pub features: FilterableFeatures,
}

/// What attributes are used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserr)]
#[deserr(error = Error, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct FilterableFeatures {
    /// Whether their values can be searched.
    #[deserr(default)]
    pub facet_search: bool,
    /// The operators that filters may use.
    #[deserr(default)]
    pub filter: OperatorFeatures,
}

/// The operators that filters may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserr)]
#[deserr(error = Error, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct OperatorFeatures {
    /// `=`, `!=`, `IN`.
    #[deserr(default = true)]
    pub equality: bool,
    /// `<`, `<=`, `>`, `>=`, `TO`.
    #[deserr(default)]
    pub comparison: bool,
}

impl Default for OperatorFeatures {
    fn default() -> Self {
        OperatorFeatures { equality: true, comparison: false }
    }
}

impl Deserr<Error> for FilterableAttribute {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef,
    ) -> Result<Self, Error> {
        match value {
            Value::String(name) => Ok(FilterableAttribute::Name(name)),
            Value::Map(_) => {
                FilterableRule::deserialize_from_value(value, location).map(FilterableAttribute::Rule)
            }
            actual => {
                let error = ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::String] };
                Err(take_cf_content(Error::error(None, error, location)))
            }
        }
    }
}
