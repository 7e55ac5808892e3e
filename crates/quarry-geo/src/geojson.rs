//! The field `_geojson` of a document: any GeoJSON object.
//!
//! Source: RFC 7946. Positions are longitude first; altitudes and what is beyond, `bbox`, `properties` and foreign
//! members are left aside. Features without geometry have no shape.

use quarry_error::{Code, HasCode};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::point::Point;
use crate::shape::{Piece, Shape};

/// Why a value is no GeoJSON. Its text is the message for the client; `found` is JSON.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GeoJsonError {
    /// An object was expected.
    #[error("Expected an owned Object, but got `{found}`")]
    NotAnObject {
        /// What stood there.
        found: String,
    },
    /// An object without `type`.
    #[error("Expected a Feature, FeatureCollection, or Geometry, but got an empty type")]
    MissingType,
    /// An object of an unknown type.
    #[error("Expected a Feature, FeatureCollection, or Geometry, but got `{found}`")]
    UnknownType {
        /// The value of `type`.
        found: String,
    },
    /// An object lacks what its type needs.
    #[error("Encountered {object} with no `{key}` key")]
    MissingKey {
        /// The type of the object.
        object: String,
        /// What it lacks.
        key: &'static str,
    },
    /// An array was expected.
    #[error("Expected an Array, but got `{found}`")]
    NotAnArray {
        /// What stood there.
        found: String,
    },
    /// A number was expected.
    #[error("Expected a Float value, but got `{found}`")]
    NotANumber {
        /// What stood there.
        found: String,
    },
    /// A position without longitude and latitude.
    #[error("A position must contain two or more elements, but got `{count}`")]
    ShortPosition {
        /// How many numbers it has.
        count: usize,
    },
}

impl HasCode for GeoJsonError {
    fn code(&self) -> Code {
        Code::InvalidDocumentGeoField
    }
}

/// Reads the field `_geojson` of a document. Null is no shape, and so is a feature without geometry.
///
/// # Errors
/// What is not GeoJSON.
pub fn parse_geojson(value: &Value) -> Result<Option<Shape>, GeoJsonError> {
    if value.is_null() {
        return Ok(None);
    }
    let mut pieces = Vec::new();
    read_object(value, &mut pieces)?;
    Ok(Shape::new(pieces))
}

fn read_object(value: &Value, pieces: &mut Vec<Piece>) -> Result<(), GeoJsonError> {
    let object = value.as_object().ok_or_else(|| GeoJsonError::NotAnObject { found: value.to_string() })?;
    let kind = object.get("type").ok_or(GeoJsonError::MissingType)?;
    match kind.as_str() {
        Some("Feature") => match member(object, "geometry")? {
            Value::Null => Ok(()),
            geometry => read_object(geometry, pieces),
        },
        Some("FeatureCollection") => read_each(member(object, "features")?, |item| read_object(item, pieces)),
        Some("GeometryCollection") => {
            read_each(member(object, "geometries")?, |item| read_object(item, pieces))
        }
        Some(kind) => read_geometry(kind, object, pieces),
        None => Err(GeoJsonError::UnknownType { found: kind.to_string() }),
    }
}

fn read_geometry(
    kind: &str,
    object: &Map<String, Value>,
    pieces: &mut Vec<Piece>,
) -> Result<(), GeoJsonError> {
    let coordinates = || member(object, "coordinates");
    let mut add = |piece: Result<Piece, GeoJsonError>| {
        pieces.push(piece?);
        Ok(())
    };
    match kind {
        "Point" => add(position(coordinates()?).map(Piece::Point)),
        "LineString" => add(positions(coordinates()?).map(Piece::Line)),
        "Polygon" => add(rings(coordinates()?).map(Piece::Polygon)),
        "MultiPoint" => read_each(coordinates()?, |item| add(position(item).map(Piece::Point))),
        "MultiLineString" => read_each(coordinates()?, |item| add(positions(item).map(Piece::Line))),
        "MultiPolygon" => read_each(coordinates()?, |item| add(rings(item).map(Piece::Polygon))),
        other => Err(GeoJsonError::UnknownType { found: other.to_owned() }),
    }
}

fn member<'a>(object: &'a Map<String, Value>, key: &'static str) -> Result<&'a Value, GeoJsonError> {
    object.get(key).ok_or_else(|| {
        let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
        GeoJsonError::MissingKey { object: kind.to_owned(), key }
    })
}

fn read_each(
    value: &Value,
    read: impl FnMut(&Value) -> Result<(), GeoJsonError>,
) -> Result<(), GeoJsonError> {
    array(value)?.iter().try_for_each(read)
}

fn array(value: &Value) -> Result<&[Value], GeoJsonError> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| GeoJsonError::NotAnArray { found: value.to_string() })
}

fn rings(value: &Value) -> Result<Vec<Vec<Point>>, GeoJsonError> {
    array(value)?.iter().map(positions).collect()
}

fn positions(value: &Value) -> Result<Vec<Point>, GeoJsonError> {
    array(value)?.iter().map(position).collect()
}

fn position(value: &Value) -> Result<Point, GeoJsonError> {
    let number =
        |value: &Value| value.as_f64().ok_or_else(|| GeoJsonError::NotANumber { found: value.to_string() });
    match array(value)? {
        [longitude, latitude, ..] => Ok(Point { longitude: number(longitude)?, latitude: number(latitude)? }),
        short => Err(GeoJsonError::ShortPosition { count: short.len() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check_error(value: Value, message: &str) {
        let error = parse_geojson(&value).expect_err("not GeoJSON");
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn all_types_are_read() {
        for (value, pieces) in [
            (json!({"type": "Point", "coordinates": [3.7, 51.0, 12.0]}), 1),
            (json!({"type": "MultiPoint", "coordinates": [[20, 20], [30, 30]]}), 2),
            (json!({"type": "LineString", "coordinates": [[6, 6], [12, 12]]}), 1),
            (json!({"type": "MultiLineString", "coordinates": [[[6, 6], [12, 12]], [[1, 1], [2, 2]]]}), 2),
            (json!({"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 0]]]}), 1),
            (json!({"type": "MultiPolygon", "coordinates": [[[[0, 0], [4, 0], [4, 4], [0, 0]]]]}), 1),
            (
                json!({"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [1, 2]}]}),
                1,
            ),
            (
                json!({"type": "Feature", "properties": {"a": 1}, "geometry": {"type": "Point", "coordinates": [1, 2]}}),
                1,
            ),
            (
                json!({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}]}),
                1,
            ),
        ] {
            let shape = parse_geojson(&value).expect("GeoJSON").expect("a shape");
            assert_eq!(shape.pieces().len(), pieces, "{value}");
        }
    }

    #[test]
    fn what_has_no_geometry_has_no_shape() {
        for value in [
            json!(null),
            json!({"type": "Feature", "geometry": null}),
            json!({"type": "FeatureCollection", "features": []}),
            json!({"type": "MultiPoint", "coordinates": []}),
            json!({"type": "LineString", "coordinates": []}),
            json!({"type": "Polygon", "coordinates": [[]]}),
        ] {
            assert_eq!(parse_geojson(&value), Ok(None), "{value}");
        }
    }

    #[test]
    fn other_values_are_refused() {
        check_error(json!(5), "Expected an owned Object, but got `5`");
        check_error(json!("POINT(1 2)"), "Expected an owned Object, but got `\"POINT(1 2)\"`");
        check_error(
            json!({"coordinates": [1, 2]}),
            "Expected a Feature, FeatureCollection, or Geometry, but got an empty type",
        );
        check_error(
            json!({"type": "Circle", "coordinates": [1, 2]}),
            "Expected a Feature, FeatureCollection, or Geometry, but got `Circle`",
        );
        check_error(json!({"type": "Point"}), "Encountered Point with no `coordinates` key");
        check_error(
            json!({"type": "Point", "coordinates": [1]}),
            "A position must contain two or more elements, but got `1`",
        );
        check_error(
            json!({"type": "Point", "coordinates": ["a", "b"]}),
            "Expected a Float value, but got `\"a\"`",
        );
        check_error(json!({"type": "LineString", "coordinates": [1, 2]}), "Expected an Array, but got `1`");
    }
}
