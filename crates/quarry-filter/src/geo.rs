//! The geographic operations: `_geoRadius(…)`, `_geoBoundingBox(…)` and `_geoPolygon(…)`.
//!
//! Their arguments are plain numbers, never quoted, with white space allowed around each. Whether they are possible
//! coordinates is for the evaluation to say.

use crate::ast::Node;
use crate::error::{GeoProblem, Problem, SyntaxError};
use crate::parser::Parser;
use crate::token::Token;

impl Parser {
    pub(crate) fn geo_radius(&mut self) -> Result<Node, SyntaxError> {
        self.cursor.read("_geoRadius");
        self.expect("(", GeoProblem::RadiusForm)?;
        let arguments = self.numbers(GeoProblem::RadiusForm)?;
        self.expect(")", GeoProblem::RadiusForm)?;
        let count = arguments.len();
        let mut arguments = arguments.into_iter();
        match (arguments.next(), arguments.next(), arguments.next()) {
            (Some(latitude), Some(longitude), Some(radius)) if count <= 4 => {
                Ok(Node::GeoRadius { center: [latitude, longitude], radius, resolution: arguments.next() })
            }
            _ => Err(self.cursor.error(Problem::Geo(GeoProblem::RadiusArguments(count)))),
        }
    }

    pub(crate) fn geo_bounding_box(&mut self) -> Result<Node, SyntaxError> {
        self.cursor.read("_geoBoundingBox");
        self.expect("(", GeoProblem::BoundingBoxForm)?;
        let corners = self.points(GeoProblem::BoundingBoxForm)?;
        self.expect(")", GeoProblem::BoundingBoxForm)?;
        let wrong_count = self.cursor.error(Problem::Geo(GeoProblem::BoundingBoxForm));
        let [top_right, bottom_left] = <[Vec<Token>; 2]>::try_from(corners).map_err(|_| wrong_count)?;
        Ok(Node::GeoBoundingBox {
            top_right: coordinates(top_right)?,
            bottom_left: coordinates(bottom_left)?,
        })
    }

    pub(crate) fn geo_polygon(&mut self) -> Result<Node, SyntaxError> {
        self.cursor.read("_geoPolygon");
        self.expect("(", GeoProblem::PolygonForm)?;
        let points = self.points(GeoProblem::PolygonForm)?;
        if self.cursor.read(",") {
            self.cursor.skip_whitespace();
        }
        self.expect(")", GeoProblem::PolygonForm)?;
        let points = points.into_iter().map(coordinates).collect::<Result<Vec<_>, _>>()?;
        match points.last() {
            Some([_, last]) if points.len() < 3 => {
                let problem = Problem::Geo(GeoProblem::PolygonPoints(points.len()));
                Err(SyntaxError { problem, place: last.clone() })
            }
            _ => Ok(Node::GeoPolygon { points }),
        }
    }

    fn expect(&mut self, delimiter: &str, problem: GeoProblem) -> Result<(), SyntaxError> {
        if self.cursor.read(delimiter) { Ok(()) } else { Err(self.cursor.error(Problem::Geo(problem))) }
    }

    /// One or more lists of numbers in brackets, separated by commas; stops before a comma that no list follows.
    fn points(&mut self, problem: GeoProblem) -> Result<Vec<Vec<Token>>, SyntaxError> {
        let mut points = Vec::new();
        self.cursor.skip_whitespace();
        loop {
            self.expect("[", problem)?;
            points.push(self.numbers(problem)?);
            self.expect("]", problem)?;
            self.cursor.skip_whitespace();
            let end = self.cursor.position();
            let goes_on = self.cursor.read(",") && {
                self.cursor.skip_whitespace();
                self.cursor.peek() == Some('[')
            };
            if !goes_on {
                self.cursor.go_to(end);
                return Ok(points);
            }
        }
    }

    /// One or more numbers separated by commas; stops before a comma that no number follows.
    fn numbers(&mut self, problem: GeoProblem) -> Result<Vec<Token>, SyntaxError> {
        self.cursor.skip_whitespace();
        let first = self.number().ok_or_else(|| self.cursor.error(Problem::Geo(problem)))?;
        let mut numbers = vec![first];
        loop {
            let end = self.cursor.position();
            if self.cursor.read(",") {
                self.cursor.skip_whitespace();
                if let Some(number) = self.number() {
                    numbers.push(number);
                    continue;
                }
            }
            self.cursor.go_to(end);
            return Ok(numbers);
        }
    }

    /// A decimal number, and the white space after it.
    fn number(&mut self) -> Option<Token> {
        let length = number_length(self.cursor.rest())?;
        let number = self.cursor.take(length);
        self.cursor.skip_whitespace();
        Some(number)
    }
}

/// A point must have a latitude and a longitude; the error is shown at its first number.
fn coordinates(numbers: Vec<Token>) -> Result<[Token; 2], SyntaxError> {
    <[Token; 2]>::try_from(numbers).map_err(|numbers| {
        let problem = Problem::Geo(GeoProblem::Coordinates(numbers.len()));
        SyntaxError { problem, place: numbers[0].clone() }
    })
}

/// How many bytes the number takes that `text` starts with: sign, digits with a point somewhere, exponent.
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = |from: usize| usize::from(matches!(bytes.get(from), Some(b'+' | b'-')));

    let start = sign(0);
    let whole = digits(start);
    let mut end = start + whole;
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if whole + fraction == 0 {
            return None;
        }
        end += 1 + fraction;
    } else if whole == 0 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent = end + 1 + sign(end + 1);
        let exponent_digits = digits(exponent);
        if exponent_digits > 0 {
            end = exponent + exponent_digits;
        }
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_they_should() {
        for (text, expected) in [
            ("12)", Some(2)),
            ("-12.5,", Some(5)),
            ("+.5", Some(3)),
            ("5.", Some(2)),
            ("1e3x", Some(3)),
            ("1e-3", Some(4)),
            ("1e", Some(1)),
            (".", None),
            ("-", None),
            ("x1", None),
            ("", None),
        ] {
            assert_eq!(number_length(text), expected, "{text}");
        }
    }
}
