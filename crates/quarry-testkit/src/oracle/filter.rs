//! Filters on a document, value by value.

use std::cmp::Ordering;
use std::fmt;

use quarry_text::normalize_facet;
use serde_json::{Map, Value};

/// A condition; it prints as the filter language writes it.
#[derive(Debug, Clone)]
pub enum OracleFilter {
    /// `field = value`.
    Equal(String, String),
    /// `field != value`.
    Different(String, String),
    /// `field > number`.
    Above(String, i64),
    /// `field low TO high`.
    Between(String, i64, i64),
    /// `field IN [values]`.
    In(String, Vec<String>),
    /// `field EXISTS`.
    Exists(String),
    /// Both.
    And(Box<OracleFilter>, Box<OracleFilter>),
    /// One of them.
    Or(Box<OracleFilter>, Box<OracleFilter>),
    /// Not.
    Not(Box<OracleFilter>),
}

/// A value as filters see it.
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

/// The values of a field: those of an array one by one; empty ones are none.
pub(crate) fn values(document: &Map<String, Value>, field: &str) -> Vec<FacetValue> {
    let one = |value: &Value| match value {
        Value::String(text) => {
            Some(normalize_facet(text)).filter(|text| !text.is_empty()).map(FacetValue::Text)
        }
        Value::Number(number) => number.as_f64().map(|number| FacetValue::Number(number + 0.0)),
        Value::Bool(value) => Some(FacetValue::Text(value.to_string())),
        _ => None,
    };
    match document.get(field) {
        Some(Value::Array(items)) => items.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

impl OracleFilter {
    /// Whether the document satisfies the condition.
    pub(crate) fn matches(&self, document: &Map<String, Value>) -> bool {
        match self {
            OracleFilter::Equal(field, value) => {
                let text = FacetValue::Text(normalize_facet(value));
                let number = value.parse::<f64>().ok().map(FacetValue::Number);
                values(document, field)
                    .iter()
                    .any(|stored| *stored == text || Some(stored) == number.as_ref())
            }
            OracleFilter::Different(field, value) => {
                !OracleFilter::Equal(field.clone(), value.clone()).matches(document)
            }
            OracleFilter::Above(field, bound) => {
                let text = bound.to_string();
                values(document, field).iter().any(|stored| match stored {
                    FacetValue::Number(number) => *number > *bound as f64,
                    FacetValue::Text(stored) => *stored > text,
                })
            }
            OracleFilter::Between(field, low, high) => {
                let (from, to) = (low.to_string(), high.to_string());
                values(document, field).iter().any(|stored| match stored {
                    FacetValue::Number(number) => (*low as f64..=*high as f64).contains(number),
                    FacetValue::Text(stored) => *stored >= from && *stored <= to,
                })
            }
            OracleFilter::In(field, list) => {
                list.iter().any(|value| OracleFilter::Equal(field.clone(), value.clone()).matches(document))
            }
            OracleFilter::Exists(field) => document.contains_key(field),
            OracleFilter::And(a, b) => a.matches(document) && b.matches(document),
            OracleFilter::Or(a, b) => a.matches(document) || b.matches(document),
            OracleFilter::Not(inner) => !inner.matches(document),
        }
    }
}

impl fmt::Display for OracleFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OracleFilter::Equal(field, value) => write!(f, "{field} = \"{value}\""),
            OracleFilter::Different(field, value) => write!(f, "{field} != \"{value}\""),
            OracleFilter::Above(field, bound) => write!(f, "{field} > {bound}"),
            OracleFilter::Between(field, low, high) => write!(f, "{field} {low} TO {high}"),
            OracleFilter::In(field, list) => {
                let list: Vec<String> = list.iter().map(|value| format!("\"{value}\"")).collect();
                write!(f, "{field} IN [{}]", list.join(", "))
            }
            OracleFilter::Exists(field) => write!(f, "{field} EXISTS"),
            OracleFilter::And(a, b) => write!(f, "({a}) AND ({b})"),
            OracleFilter::Or(a, b) => write!(f, "({a}) OR ({b})"),
            OracleFilter::Not(inner) => write!(f, "NOT ({inner})"),
        }
    }
}
