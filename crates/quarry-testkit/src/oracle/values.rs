//! The values of a field of a document, as filters, sorting, facets and distinct see them.

use std::cmp::Ordering;

use quarry_text::normalize_facet;
use serde_json::{Map, Value};

/// A value: strings in the form in which they are compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FacetValue {
    Number(f64),
    Text(String),
}

impl FacetValue {
    /// Numbers before strings.
    pub(crate) fn order(&self, other: &FacetValue) -> Ordering {
        match (self, other) {
            (FacetValue::Number(a), FacetValue::Number(b)) => a.total_cmp(b),
            (FacetValue::Text(a), FacetValue::Text(b)) => a.cmp(b),
            (FacetValue::Number(_), FacetValue::Text(_)) => Ordering::Less,
            (FacetValue::Text(_), FacetValue::Number(_)) => Ordering::Greater,
        }
    }
}

/// What stands in a field: `a`, or `a.b` for what is nested in it; None if the document has no such field.
pub(crate) fn at<'d>(document: &'d Map<String, Value>, field: &str) -> Option<&'d Value> {
    match field.split_once('.') {
        None => document.get(field),
        Some((parent, nested)) => at(document.get(parent)?.as_object()?, nested),
    }
}

/// The values of a field with their spelling: those of an array one by one; empty ones are none.
pub(crate) fn spelled(document: &Map<String, Value>, field: &str) -> Vec<(FacetValue, String)> {
    let one = |value: &Value| match value {
        Value::String(text) => {
            let normalized = normalize_facet(text);
            (!normalized.is_empty()).then(|| (FacetValue::Text(normalized), text.clone()))
        }
        Value::Number(number) => {
            // -0 is 0.
            let number = number.as_f64()? + 0.0;
            Some((FacetValue::Number(number), number.to_string()))
        }
        Value::Bool(value) => Some((FacetValue::Text(value.to_string()), value.to_string())),
        _ => None,
    };
    match at(document, field) {
        Some(Value::Array(items)) => items.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The values of a field.
pub(crate) fn of(document: &Map<String, Value>, field: &str) -> Vec<FacetValue> {
    spelled(document, field).into_iter().map(|(value, _)| value).collect()
}

/// All fields of a document, nested ones by their whole names.
pub(crate) fn fields(document: &Map<String, Value>) -> Vec<String> {
    let mut names = Vec::new();
    for (name, value) in document {
        names.push(name.clone());
        let nested = value.as_object().map(fields).unwrap_or_default();
        names.extend(nested.into_iter().map(|nested| format!("{name}.{nested}")));
    }
    names
}
