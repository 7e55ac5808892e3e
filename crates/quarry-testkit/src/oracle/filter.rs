//! Filters on a document, value by value.

use std::fmt;

use quarry_text::normalize_facet;
use serde_json::{Map, Value};

use super::values::{self, FacetValue};
use super::{FilterFeatures, Oracle};

/// A condition; it prints as the filter language writes it.
#[derive(Debug, Clone)]
pub enum OracleFilter {
    /// About one field.
    Field {
        /// Its name.
        field: String,
        /// What is asked of it.
        operator: OracleOperator,
        /// The contrary, in the way that the operator is negated: `NOT IN`, `IS NOT NULL`.
        negated: bool,
    },
    /// Both.
    And(Box<OracleFilter>, Box<OracleFilter>),
    /// One of them.
    Or(Box<OracleFilter>, Box<OracleFilter>),
    /// Not.
    Not(Box<OracleFilter>),
}

/// What is asked of a field.
#[derive(Debug, Clone)]
pub enum OracleOperator {
    /// `=`
    Equal(String),
    /// `!=`
    Different(String),
    /// `>`
    Above(String),
    /// `>=`
    AtLeast(String),
    /// `<`
    Below(String),
    /// `<=`
    AtMost(String),
    /// `TO`
    Between(String, String),
    /// `IN`
    In(Vec<String>),
    /// `EXISTS`
    Exists,
    /// `IS NULL`
    Null,
    /// `IS EMPTY`
    Empty,
    /// `CONTAINS`
    Contains(String),
    /// `STARTS WITH`
    StartsWith(String),
}

use OracleOperator::*;

impl OracleOperator {
    /// Whether it is negated by a word of its own.
    fn has_negation(&self) -> bool {
        matches!(self, In(_) | Exists | Null | Empty | Contains(_) | StartsWith(_))
    }

    fn is_allowed(&self, features: FilterFeatures) -> bool {
        match self {
            Equal(_) | Different(_) | In(_) => features.equality,
            Above(_) | AtLeast(_) | Below(_) | AtMost(_) | Between(..) => features.comparison,
            Exists | Null | Empty | Contains(_) | StartsWith(_) => features.equality || features.comparison,
        }
    }

    fn matches(&self, document: &Map<String, Value>, field: &str) -> bool {
        let value = values::at(document, field);
        let has = |holds: &dyn Fn(&FacetValue) -> bool| values::of(document, field).iter().any(holds);
        let has_text = |holds: &dyn Fn(&str) -> bool| {
            has(&|value| matches!(value, FacetValue::Text(text) if holds(text)))
        };
        match self {
            Equal(wanted) => has(&|value| is_equal(value, wanted)),
            Different(wanted) => !has(&|value| is_equal(value, wanted)),
            Above(bound) => has(&|value| compares(value, bound, &|order| order.is_gt())),
            AtLeast(bound) => has(&|value| compares(value, bound, &|order| order.is_ge())),
            Below(bound) => has(&|value| compares(value, bound, &|order| order.is_lt())),
            AtMost(bound) => has(&|value| compares(value, bound, &|order| order.is_le())),
            Between(low, high) => has(&|value| {
                compares(value, low, &|order| order.is_ge()) && compares(value, high, &|order| order.is_le())
            }),
            In(list) => list.iter().any(|wanted| has(&|value| is_equal(value, wanted))),
            Exists => value.is_some(),
            Null => value.is_some_and(Value::is_null),
            Empty => match value {
                Some(Value::String(text)) => text.is_empty(),
                Some(Value::Array(items)) => items.is_empty(),
                Some(Value::Object(members)) => members.is_empty(),
                _ => false,
            },
            Contains(part) => has_text(&|text| text.contains(&normalize_facet(part))),
            StartsWith(start) if start.is_empty() => value.is_some(),
            StartsWith(start) => has_text(&|text| text.starts_with(&normalize_facet(start))),
        }
    }
}

/// The number that a text reads as.
fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number + 0.0)
}

fn is_equal(value: &FacetValue, wanted: &str) -> bool {
    match value {
        FacetValue::Number(stored) => number(wanted) == Some(*stored),
        FacetValue::Text(stored) => *stored == normalize_facet(wanted),
    }
}

/// Numbers with numbers, strings with strings.
fn compares(value: &FacetValue, bound: &str, holds: &dyn Fn(std::cmp::Ordering) -> bool) -> bool {
    match value {
        FacetValue::Number(stored) => number(bound).is_some_and(|bound| holds(stored.total_cmp(&bound))),
        FacetValue::Text(stored) => holds(stored.cmp(&normalize_facet(bound))),
    }
}

impl OracleFilter {
    /// Whether the document satisfies the condition. On a field that no document ever had, no condition holds,
    /// and so its negation does.
    pub(crate) fn matches(&self, oracle: &Oracle, document: &Map<String, Value>) -> bool {
        match self {
            OracleFilter::Field { field, operator, negated } => {
                (oracle.knows(field) && operator.matches(document, field)) != *negated
            }
            OracleFilter::And(a, b) => a.matches(oracle, document) && b.matches(oracle, document),
            OracleFilter::Or(a, b) => a.matches(oracle, document) || b.matches(oracle, document),
            OracleFilter::Not(inner) => !inner.matches(oracle, document),
        }
    }

    /// Whether the settings allow every operator on its field.
    pub(crate) fn is_allowed(&self, oracle: &Oracle) -> bool {
        match self {
            OracleFilter::Field { field, operator, .. } => {
                !oracle.knows(field) || operator.is_allowed(oracle.settings.filter_features(field))
            }
            OracleFilter::And(a, b) | OracleFilter::Or(a, b) => a.is_allowed(oracle) && b.is_allowed(oracle),
            OracleFilter::Not(inner) => inner.is_allowed(oracle),
        }
    }

    /// As an operand of what binds more tightly than `OR`, or even than `AND`.
    fn operand(&self, binds_below_and: bool) -> String {
        match self {
            OracleFilter::Or(..) => format!("({self})"),
            OracleFilter::And(..) if binds_below_and => format!("({self})"),
            _ => self.to_string(),
        }
    }
}

/// As the filter language takes it: in quotes where it must be.
fn written(value: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    if !value.is_empty() && value.chars().all(is_word) { value.to_owned() } else { format!("\"{value}\"") }
}

impl fmt::Display for OracleFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OracleFilter::Field { field, operator, negated } => write_condition(f, field, operator, *negated),
            OracleFilter::And(a, b) => write!(f, "{} AND {}", a.operand(false), b.operand(false)),
            OracleFilter::Or(a, b) => write!(f, "{a} OR {b}"),
            OracleFilter::Not(inner) => write!(f, "NOT {}", inner.operand(true)),
        }
    }
}

fn write_condition(
    f: &mut fmt::Formatter<'_>,
    field: &str,
    operator: &OracleOperator,
    negated: bool,
) -> fmt::Result {
    if negated && !operator.has_negation() {
        f.write_str("NOT ")?;
    }
    let not = if negated { "NOT " } else { "" };
    match operator {
        Equal(value) => write!(f, "{field} = {}", written(value)),
        Different(value) => write!(f, "{field} != {}", written(value)),
        Above(bound) => write!(f, "{field} > {}", written(bound)),
        AtLeast(bound) => write!(f, "{field} >= {}", written(bound)),
        Below(bound) => write!(f, "{field} < {}", written(bound)),
        AtMost(bound) => write!(f, "{field} <= {}", written(bound)),
        Between(low, high) => write!(f, "{field} {} TO {}", written(low), written(high)),
        In(list) => {
            let list: Vec<String> = list.iter().map(|value| written(value)).collect();
            write!(f, "{field} {not}IN [{}]", list.join(", "))
        }
        Exists => write!(f, "{field} {not}EXISTS"),
        Null => write!(f, "{field} IS {not}NULL"),
        Empty => write!(f, "{field} IS {not}EMPTY"),
        Contains(part) => write!(f, "{field} {not}CONTAINS {}", written(part)),
        StartsWith(start) => write!(f, "{field} {not}STARTS WITH {}", written(start)),
    }
}
