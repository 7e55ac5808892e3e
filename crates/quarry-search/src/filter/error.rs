//! Why a filter cannot be evaluated.

use std::fmt;

use quarry_error::{Code, HasCode};
use quarry_filter::did_you_mean;
use quarry_storage::StorageError;
use thiserror::Error;

/// A filter that cannot be evaluated. Its text is the message for the client, without the name of the index.
#[derive(Debug, Error)]
pub enum FilterEvaluationError {
    /// The settings do not allow it. Routes whose filters have a code of their own use that instead of ours.
    #[error("{message}")]
    Refused {
        /// What is wrong.
        refusal: Box<Refusal>,
        /// The same in words, followed by the place in the filter if it has one.
        message: String,
    },
    /// The index cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl HasCode for FilterEvaluationError {
    fn code(&self) -> Code {
        match self {
            FilterEvaluationError::Refused { .. } => Code::InvalidSearchFilter,
            FilterEvaluationError::Storage(_) => Code::Internal,
        }
    }
}

/// What the settings of an index do not allow.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// No rule makes the field filterable.
    NotFilterable {
        /// The name as the message shows it.
        field: String,
        /// The patterns of the rules that make fields filterable, sorted.
        patterns: Vec<String>,
    },
    /// The rule of the field does not allow the operator.
    OperatorNotAllowed {
        /// The operator.
        operator: &'static str,
        /// The field.
        field: String,
        /// The number of the rule, from 0.
        rule: usize,
        /// The feature that the operator needs.
        feature: FilterFeature,
    },
    /// A latitude beyond a pole.
    BadLatitude(f64),
    /// A longitude beyond the 180th meridian.
    BadLongitude(f64),
    /// A number so large that it has no place among floats.
    NotFinite,
    /// A bounding box upside down.
    TopBelowBottom {
        /// Latitude of the first corner.
        top: f64,
        /// Latitude of the second.
        bottom: f64,
    },
    /// A resolution that is no whole number from 3 to 1000; the number as given.
    BadResolution(String),
    /// No embedder of this name.
    UnknownEmbedder {
        /// The name.
        embedder: String,
        /// Those that there are, sorted.
        available: Vec<String>,
    },
    /// The embedder has no fragment of this name.
    UnknownFragment {
        /// The name.
        fragment: String,
        /// The embedder.
        embedder: String,
        /// Those that there are, sorted.
        available: Vec<String>,
    },
    /// It takes longer than a request may wait for it.
    TooSlow {
        /// How long that is.
        time_max_ms: u64,
    },
    /// `_foreign` where it cannot be.
    ForeignNotSupported,
    /// `_foreign` on a field that is no foreign key.
    NotAForeignKey {
        /// The field.
        field: String,
    },
    /// `_foreign` inside `_foreign`.
    ForeignNested,
    /// More documents of the other index match than a filter can hold.
    ForeignTooMany {
        /// The field.
        field: String,
        /// How many match.
        count: u64,
        /// How many may.
        limit: u64,
    },
}

/// What a rule may allow filters to do with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterFeature {
    /// `=`, `!=`, `IN`
    Equality,
    /// `<`, `>`, `<=`, `>=`, `TO`
    Comparison,
}

impl FilterFeature {
    fn name(self) -> &'static str {
        match self {
            FilterFeature::Equality => "equality",
            FilterFeature::Comparison => "comparison",
        }
    }

    /// The operators of the other feature, which is the one that the rule allows.
    fn other_operators(self) -> &'static str {
        match self {
            FilterFeature::Equality => "<, >, <=, >=, TO",
            FilterFeature::Comparison => "=, !=, IN",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NotFilterable { field, patterns } => {
                write!(f, "Attribute `{field}` is not filterable. ")?;
                available(
                    f,
                    "filterable attribute patterns",
                    patterns,
                    "This index does not have configured filterable attributes.",
                )
            }
            Refusal::OperatorNotAllowed { operator, field, rule, feature } => {
                let (allowed, needed) = (feature.other_operators(), feature.name());
                write!(
                    f,
                    "Filter operator `{operator}` is not allowed for the attribute `{field}`.\
                    \n  - Note: allowed operators: OR, AND, NOT, {allowed}, IS EMPTY, IS NULL, EXISTS.\
                    \n  - Note: field `{field}` matched rule #{rule} in `filterableAttributes`\
                    \n  - Hint: enable {needed} in rule #{rule} by modifying the features.filter object\
                    \n  - Hint: prepend another rule matching `{field}` with appropriate filter features before rule #{rule}"
                )
            }
            Refusal::BadLatitude(latitude) => {
                write!(f, "Bad latitude `{latitude}`. Latitude must be contained between -90 and 90 degrees.")
            }
            Refusal::BadLongitude(longitude) => {
                let inside = (longitude + 180.0).rem_euclid(360.0) - 180.0;
                write!(
                    f,
                    "Bad longitude `{longitude}`. Longitude must be contained between -180 and 180 degrees. Hint: try using `{inside}` instead."
                )
            }
            Refusal::NotFinite => write!(f, "Non finite floats are not supported"),
            Refusal::TopBelowBottom { top, bottom } => {
                write!(f, "The top latitude `{top}` is below the bottom latitude `{bottom}`.")
            }
            Refusal::BadResolution(resolution) => {
                write!(f, "Invalid resolution `{resolution}`. Resolution must be between 3 and 1000.")
            }
            Refusal::UnknownEmbedder { embedder, available: names } => {
                write!(f, "The embedder `{embedder}` does not exist. ")?;
                available(f, "embedders", names, "This index does not have any configured embedders.")?;
                suggest(f, embedder, names)
            }
            Refusal::UnknownFragment { fragment, embedder, available: names } => {
                write!(f, "The fragment `{fragment}` does not exist on embedder `{embedder}`. ")?;
                available(
                    f,
                    "fragments on this embedder",
                    names,
                    "This embedder does not have any configured fragments.",
                )?;
                suggest(f, fragment, names)
            }
            Refusal::TooSlow { time_max_ms } => write!(
                f,
                "The filter could not be evaluated within {time_max_ms} ms. Try rewriting the filter so that it contains fewer conditions."
            ),
            Refusal::ForeignNotSupported => {
                write!(f, "Filter condition `_foreign` is not supported for this endpoint.")
            }
            Refusal::NotAForeignKey { field } => write!(f, "Field `{field}` is not a foreign key"),
            Refusal::ForeignNested => write!(f, "Nested foreign filters are not supported"),
            Refusal::ForeignTooMany { field, count, limit } => write!(
                f,
                "Too many foreign documents match the `_foreign` filter on `{field}`: found {count}, but limited to {limit}."
            ),
        }
    }
}

fn available(f: &mut fmt::Formatter<'_>, what: &str, names: &[String], none: &str) -> fmt::Result {
    if names.is_empty() {
        return f.write_str(none);
    }
    write!(f, "Available {what} are: `{}`.", names.join("`, `"))
}

fn suggest(f: &mut fmt::Formatter<'_>, name: &str, names: &[String]) -> fmt::Result {
    match did_you_mean(name, names.iter().map(String::as_str)) {
        Some(close) => write!(f, " Did you mean `{close}`?"),
        None => Ok(()),
    }
}
