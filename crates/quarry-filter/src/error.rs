//! What may be wrong with a filter, in the words that clients see.

use std::fmt::{self, Display};

use crate::suggestion::did_you_mean;
use crate::token::Token;

/// Why a filter cannot be parsed. Its `Display` is the whole message for the client.
#[derive(Debug, Clone, PartialEq)]
pub enum FilterError {
    /// The JSON value is neither text, nor a list of texts, nor a list of such lists.
    Shape {
        /// What could have stood there.
        expected: &'static str,
        /// The JSON that stood there, on one line.
        found: String,
    },
    /// A text does not follow the grammar.
    Syntax(Box<SyntaxError>),
}

impl Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FilterError::Shape { expected, found } => {
                write!(f, "Invalid syntax for the filter parameter: `expected {expected}, found: {found}`.")
            }
            FilterError::Syntax(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FilterError {}

/// A text that does not follow the grammar: what is wrong, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntaxError {
    /// What is wrong.
    pub problem: Problem,
    /// The piece of text at fault; it may be empty, at the place where something is missing.
    pub place: Token,
}

impl Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.place.columns();
        self.problem.write(self.place.fragment(), f)?;
        write!(f, "\n{}:{} {}", columns.start, columns.end, self.place.source())
    }
}

impl From<SyntaxError> for FilterError {
    fn from(error: SyntaxError) -> FilterError {
        FilterError::Syntax(Box::new(error))
    }
}

/// The rules of the grammar that a text may break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// A value is missing, or something that is no value stands in its place.
    MissingValue,
    /// A reserved keyword stands in the place of a value.
    KeywordAsValue,
    /// A condition without operator.
    NoOperator,
    /// The filter is complete but the text goes on.
    TrailingCharacters,
    /// A quote or parenthesis is never closed by the character given here.
    MissingClosingDelimiter(char),
    /// A quoted value has an escape sequence that does not exist.
    MalformedValue,
    /// A quoted value has a numeric escape sequence whose number cannot be read.
    InvalidEscapedNumber,
    /// `IN` without `[`.
    InWithoutBracket,
    /// The list of `IN` is never closed.
    InWithoutClosingBracket,
    /// Something else than values and commas in the list of `IN`.
    InExpectedValues,
    /// As before, and it is a reserved keyword.
    InExpectedValuesNotKeyword,
    /// A geographic operation, or a reserved geographic name.
    Geo(GeoProblem),
    /// More than [`crate::MAX_DEPTH`] levels.
    TooDeep,
    /// A condition on vectors.
    Vectors(VectorsProblem),
    /// `_foreign` in a wrong form.
    ForeignForm,
}

/// What may be wrong with a geographic operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeoProblem {
    /// `_geoRadius` in a wrong form.
    RadiusForm,
    /// `_geoRadius` with so many arguments.
    RadiusArguments(usize),
    /// `_geoBoundingBox` in a wrong form.
    BoundingBoxForm,
    /// `_geoPolygon` in a wrong form.
    PolygonForm,
    /// `_geoPolygon` with so many points, fewer than three.
    PolygonPoints(usize),
    /// A point with so many coordinates.
    Coordinates(usize),
    /// An operation in the place of a value; its name.
    OperationAsValue(&'static str),
    /// A reserved name in the place of a field or value; the name.
    ReservedName(&'static str),
}

/// What may be wrong with a condition on vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VectorsProblem {
    /// `_vectors.` without a name after it.
    MissingEmbedder,
    /// An unknown part of the vectors of an embedder.
    UnknownPart,
    /// `.fragments` without the name of a fragment.
    MissingFragment,
    /// Something follows a selection of vectors directly, or nothing does.
    Leftover,
    /// Neither `EXISTS` nor `NOT EXISTS` after a selection of vectors.
    Operator,
}

/// The parts of an embedder's vectors that a filter may name.
pub(crate) const VECTORS_PARTS: [&str; 4] = ["fragments", "userProvided", "documentTemplate", "regenerate"];

const OPERATORS: &str = "`=`, `!=`, `>=`, `>`, `<=`, `<`, `IN`, `NOT IN`, `TO`, `EXISTS`, `NOT EXISTS`, `IS NULL`, \
     `IS NOT NULL`, `IS EMPTY`, `IS NOT EMPTY`, `CONTAINS`, `NOT CONTAINS`, `STARTS WITH`, `NOT STARTS WITH`, \
     `_geoRadius`, `_geoBoundingBox` or `_geoPolygon`";

impl Problem {
    /// Writes the diagnostic; `fragment` is the piece of text at fault.
    fn write(self, fragment: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = fragment.escape_debug();
        match self {
            Problem::MissingValue if fragment.is_empty() => {
                write!(f, "Was expecting a value but instead got nothing.")
            }
            Problem::MissingValue => write!(f, "Was expecting a value but instead got `{shown}`."),
            Problem::KeywordAsValue => write!(
                f,
                "Was expecting a value but instead got `{shown}`, which is a reserved keyword. To use `{shown}` as a field name or a value, surround it by quotes."
            ),
            Problem::NoOperator if fragment.is_empty() => {
                write!(f, "Was expecting an operation {OPERATORS} but instead got nothing.")
            }
            Problem::NoOperator => write!(f, "Was expecting an operation {OPERATORS} at `{shown}`."),
            Problem::TrailingCharacters => write!(
                f,
                "Found unexpected characters at the end of the filter: `{shown}`. You probably forgot an `OR` or an `AND` rule."
            ),
            Problem::MissingClosingDelimiter(delimiter) => {
                write!(f, "Expression `{shown}` is missing the following closing delimiter: `{delimiter}`.")
            }
            Problem::MalformedValue => write!(f, "Malformed value: `{shown}`."),
            Problem::InvalidEscapedNumber => {
                write!(f, "Found an invalid escaped sequence number: `{shown}`.")
            }
            Problem::InWithoutBracket => write!(f, "Expected `[` after `IN` keyword."),
            Problem::InWithoutClosingBracket => {
                write!(f, "Expected matching `]` after the list of field names given to `IN[`")
            }
            Problem::InExpectedValues => write!(
                f,
                "Expected only comma-separated field names inside `IN[..]` but instead found `{shown}`."
            ),
            Problem::InExpectedValuesNotKeyword => write!(
                f,
                "Expected only comma-separated field names inside `IN[..]` but instead found `{shown}`, which is a keyword. To use `{shown}` as a field name or a value, surround it by quotes."
            ),
            Problem::TooDeep => write!(
                f,
                "The filter exceeded the maximum depth limit. Try rewriting the filter so that it contains fewer nested conditions."
            ),
            Problem::ForeignForm => write!(
                f,
                "Was expecting a field name and an condition inside `_foreign(..)` filter but instead found `{shown}`."
            ),
            Problem::Geo(problem) => problem.fmt(f),
            Problem::Vectors(problem) => problem.write(fragment, f),
        }
    }
}

impl Display for GeoProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GeoProblem::RadiusForm => write!(
                f,
                "The `_geoRadius` filter must be in the form: `_geoRadius(latitude, longitude, radius, optionalResolution)`."
            ),
            GeoProblem::RadiusArguments(count) => {
                write!(f, "Was expecting 3 or 4 arguments for `_geoRadius`, but instead found {count}.")
            }
            GeoProblem::BoundingBoxForm => write!(
                f,
                "The `_geoBoundingBox` filter expects two pairs of arguments: `_geoBoundingBox([latitude, longitude], [latitude, longitude])`."
            ),
            GeoProblem::PolygonForm => write!(
                f,
                "The `_geoPolygon` filter doesn't match the expected format: `_geoPolygon([latitude, longitude], [latitude, longitude])`."
            ),
            GeoProblem::PolygonPoints(count) => {
                write!(
                    f,
                    "The `_geoPolygon` filter expects at least 3 points but only {count} were specified"
                )
            }
            GeoProblem::Coordinates(count) => {
                write!(f, "Was expecting 2 coordinates but instead found {count}.")
            }
            GeoProblem::OperationAsValue(name) => {
                write!(f, "The `{name}` filter is an operation and can't be used as a value.")
            }
            GeoProblem::ReservedName(name) => write!(
                f,
                "`{name}` is a reserved keyword and thus can't be used as a filter expression. Use the `_geoRadius(latitude, longitude, distance)` or `_geoBoundingBox([latitude, longitude], [latitude, longitude])` built-in rules to filter on `_geo` coordinates."
            ),
        }
    }
}

impl VectorsProblem {
    fn write(self, fragment: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VectorsProblem::MissingEmbedder => write!(f, "Was expecting embedder name but found nothing."),
            VectorsProblem::UnknownPart => {
                write!(
                    f,
                    "Was expecting one of `fragments`, `userProvided`, `documentTemplate`, `regenerate` or nothing, but instead found `{}`.",
                    fragment.escape_debug()
                )?;
                match did_you_mean(fragment, VECTORS_PARTS) {
                    Some(part) => write!(f, " Did you mean `{part}`?"),
                    None => Ok(()),
                }
            }
            VectorsProblem::MissingFragment => write!(f, "The vector filter is missing a fragment name."),
            VectorsProblem::Leftover => write!(f, "The vector filter has leftover tokens."),
            VectorsProblem::Operator => {
                write!(f, "Was expecting an operation like `EXISTS` or `NOT EXISTS` after the vector filter.")
            }
        }
    }
}
