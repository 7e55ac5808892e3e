//! The field `_geo` of a document: `{"lat": 51.05, "lng": "3.72"}`.

use quarry_error::{Code, HasCode};
use serde_json::Value;
use thiserror::Error;

use crate::point::Point;

/// Why the field `_geo` of a document cannot be read. Its text is the message for the client.
///
/// In every variant `document` is the external id as JSON, and the values are JSON.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GeoFieldError {
    /// Neither an object nor null.
    #[error(
        "The `_geo` field in the document with the id: `{document}` is not an object. Was expecting an object with the `_geo.lat` and `_geo.lng` fields but instead got `{found}`."
    )]
    NotAnObject {
        /// The document.
        document: String,
        /// What the field holds.
        found: String,
    },
    /// Other keys than `lat` and `lng`.
    #[error(
        "The `_geo` field in the document with the id: `{document}` contains the following unexpected fields: `{fields}`."
    )]
    UnexpectedFields {
        /// The document.
        document: String,
        /// An object of the other keys with their values.
        fields: String,
    },
    /// Neither `lat` nor `lng`.
    #[error(
        "Could not find latitude nor longitude in the document with the id: `{document}`. Was expecting `_geo.lat` and `_geo.lng` fields."
    )]
    MissingBoth {
        /// The document.
        document: String,
    },
    /// No `lat`.
    #[error(
        "Could not find latitude in the document with the id: `{document}`. Was expecting a `_geo.lat` field."
    )]
    MissingLatitude {
        /// The document.
        document: String,
    },
    /// No `lng`.
    #[error(
        "Could not find longitude in the document with the id: `{document}`. Was expecting a `_geo.lng` field."
    )]
    MissingLongitude {
        /// The document.
        document: String,
    },
    /// Neither is a finite number.
    #[error(
        "Could not parse latitude nor longitude in the document with the id: `{document}`. Was expecting finite numbers but instead got `{latitude}` and `{longitude}`."
    )]
    BadBoth {
        /// The document.
        document: String,
        /// The value of `lat`.
        latitude: String,
        /// The value of `lng`.
        longitude: String,
    },
    /// The latitude is no finite number.
    #[error(
        "Could not parse latitude in the document with the id: `{document}`. Was expecting a finite number but instead got `{latitude}`."
    )]
    BadLatitude {
        /// The document.
        document: String,
        /// The value of `lat`.
        latitude: String,
    },
    /// The longitude is no finite number.
    #[error(
        "Could not parse longitude in the document with the id: `{document}`. Was expecting a finite number but instead got `{longitude}`."
    )]
    BadLongitude {
        /// The document.
        document: String,
        /// The value of `lng`.
        longitude: String,
    },
}

impl HasCode for GeoFieldError {
    fn code(&self) -> Code {
        Code::InvalidDocumentGeoField
    }
}

/// Reads the field `_geo` of the document with this external id. Null is no point.
///
/// Latitude and longitude are numbers, or texts that read as numbers. They must be finite, and have no bounds.
///
/// # Errors
/// One variant for each way in which the value can be wrong.
pub fn parse_geo_field(external_id: &str, value: &Value) -> Result<Option<Point>, GeoFieldError> {
    let document = || Value::from(external_id).to_string();
    let fields = match value {
        Value::Null => return Ok(None),
        Value::Object(fields) => fields,
        other => return Err(GeoFieldError::NotAnObject { document: document(), found: other.to_string() }),
    };
    let (latitude, longitude) = match (fields.get("lat"), fields.get("lng")) {
        (Some(latitude), Some(longitude)) => (latitude, longitude),
        (Some(_), None) => return Err(GeoFieldError::MissingLongitude { document: document() }),
        (None, Some(_)) => return Err(GeoFieldError::MissingLatitude { document: document() }),
        (None, None) => return Err(GeoFieldError::MissingBoth { document: document() }),
    };
    if fields.len() > 2 {
        let mut others = fields.clone();
        others.retain(|name, _| name != "lat" && name != "lng");
        let fields = Value::Object(others).to_string();
        return Err(GeoFieldError::UnexpectedFields { document: document(), fields });
    }
    match (degrees(latitude), degrees(longitude)) {
        (Some(latitude), Some(longitude)) => Ok(Some(Point { latitude, longitude })),
        (None, Some(_)) => {
            Err(GeoFieldError::BadLatitude { document: document(), latitude: latitude.to_string() })
        }
        (Some(_), None) => {
            Err(GeoFieldError::BadLongitude { document: document(), longitude: longitude.to_string() })
        }
        (None, None) => Err(GeoFieldError::BadBoth {
            document: document(),
            latitude: latitude.to_string(),
            longitude: longitude.to_string(),
        }),
    }
}

fn degrees(value: &Value) -> Option<f64> {
    let degrees = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    degrees.filter(|degrees| degrees.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(value: Value, expected: Option<(f64, f64)>) {
        let expected = expected.map(|(latitude, longitude)| Point { latitude, longitude });
        assert_eq!(parse_geo_field("a", &value), Ok(expected), "{value}");
    }

    fn check_error(value: Value, message: &str) {
        let error = parse_geo_field("a-1", &value).expect_err("not a point");
        assert_eq!(error.to_string(), message);
        assert_eq!(error.code(), Code::InvalidDocumentGeoField);
    }

    #[test]
    fn points_are_read() {
        check(json!(null), None);
        check(json!({"lat": 51, "lng": 3.7}), Some((51.0, 3.7)));
        check(json!({"lng": "-3e0", "lat": "2.5"}), Some((2.5, -3.0)));
        check(json!({"lat": 95, "lng": -300}), Some((95.0, -300.0)));
    }

    #[test]
    fn other_values_are_refused() {
        check_error(
            json!([51, 3]),
            "The `_geo` field in the document with the id: `\"a-1\"` is not an object. Was expecting an object with the `_geo.lat` and `_geo.lng` fields but instead got `[51,3]`.",
        );
        check_error(
            json!({"lat": 1, "lng": 2, "alt": 3}),
            "The `_geo` field in the document with the id: `\"a-1\"` contains the following unexpected fields: `{\"alt\":3}`.",
        );
    }

    #[test]
    fn both_coordinates_must_be_there() {
        check_error(
            json!({}),
            "Could not find latitude nor longitude in the document with the id: `\"a-1\"`. Was expecting `_geo.lat` and `_geo.lng` fields.",
        );
        check_error(
            json!({"lng": 2}),
            "Could not find latitude in the document with the id: `\"a-1\"`. Was expecting a `_geo.lat` field.",
        );
        check_error(
            json!({"lat": 2}),
            "Could not find longitude in the document with the id: `\"a-1\"`. Was expecting a `_geo.lng` field.",
        );
    }

    #[test]
    fn both_coordinates_must_be_finite_numbers() {
        check_error(
            json!({"lat": null, "lng": "y"}),
            "Could not parse latitude nor longitude in the document with the id: `\"a-1\"`. Was expecting finite numbers but instead got `null` and `\"y\"`.",
        );
        for latitude in [json!("NaN"), json!(""), json!([1]), json!(" 1"), json!("1e999")] {
            check_error(
                json!({"lat": latitude, "lng": 2}),
                &format!(
                    "Could not parse latitude in the document with the id: `\"a-1\"`. Was expecting a finite number but instead got `{latitude}`."
                ),
            );
        }
        check_error(
            json!({"lat": 1, "lng": true}),
            "Could not parse longitude in the document with the id: `\"a-1\"`. Was expecting a finite number but instead got `true`.",
        );
    }
}
