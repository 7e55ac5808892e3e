//! What one hit shows of its document.

use quarry_geo::Point;
use quarry_index::{DocumentId, Snapshot};
use quarry_storage::StorageError;
use serde_json::{Map, Value};

use super::formatted::{FormatOptions, Texts};
use super::match_positions::{self, MatchesPosition};
use super::matcher::Matcher;
use super::retrieved_attributes::Projection;
use crate::request::SearchRequest;
use crate::sort::SortCriterion;

/// The field that holds the point of a document.
const GEO_FIELD: &str = "_geo";

/// What one hit shows of its document.
#[derive(Debug, Clone, PartialEq)]
pub struct HitContent {
    /// The retrieved attributes.
    pub document: Map<String, Value>,
    /// `_formatted`, if some attribute is cropped or highlighted.
    pub formatted: Option<Map<String, Value>>,
    /// `_matchesPosition`, if asked for.
    pub matches_position: Option<MatchesPosition>,
    /// `_geoDistance`: metres to the point of the sort, if the hit shows where it is.
    pub geo_distance: Option<u64>,
}

/// Reads documents and shows them as one search asked for.
pub struct Formatter<'s> {
    snapshot: &'s Snapshot<'s>,
    matcher: Matcher,
    retrieved: Projection,
    /// Attributes and options of `_formatted`.
    formatted: Option<(Projection, FormatOptions)>,
    shows_positions: bool,
    /// The first point that hits are sorted by.
    sort_point: Option<Point>,
}

impl<'s> Formatter<'s> {
    /// The formatter of one search; `matcher` is what its ranking left.
    pub fn new(snapshot: &'s Snapshot<'s>, request: &SearchRequest, matcher: Matcher) -> Formatter<'s> {
        let (settings, fields) = (snapshot.settings(), snapshot.fields());
        let retrieved = Projection::retrieved(settings, fields, request.attributes_to_retrieve.as_deref());
        let formatted = FormatOptions::new(settings, fields, request).map(|options| {
            let projection = if options.are_for_all() {
                Projection::displayed(settings)
            } else {
                retrieved.with(options.names())
            };
            (projection, options)
        });
        let sort_point = request.sort.iter().find_map(|criterion| match criterion {
            SortCriterion::GeoPoint { point: [latitude, longitude], .. } => {
                Some(Point { latitude: *latitude, longitude: *longitude })
            }
            SortCriterion::Field { .. } => None,
        });
        let shows_positions = request.show_matches_position;
        Formatter { snapshot, matcher, retrieved, formatted, shows_positions, sort_point }
    }

    /// What the hit `document` shows.
    ///
    /// # Errors
    /// `Corrupted` if there is no such document, or it cannot be read.
    pub fn hit(&self, document: DocumentId) -> Result<HitContent, StorageError> {
        let record = self.snapshot.record(document)?.ok_or(StorageError::Corrupted {
            table: "documents",
            detail: "a document that was found is not stored",
        })?;
        let (settings, fields) = (self.snapshot.settings(), self.snapshot.fields());
        let texts = Texts { tokenizer: self.snapshot.tokenizer(), settings, matcher: &self.matcher };
        let document = self.retrieved.apply(&record, fields)?;
        let formatted = match &self.formatted {
            Some((projection, options)) => Some(options.format(&texts, projection.apply(&record, fields)?)),
            None => None,
        };
        let matches_position = if self.shows_positions {
            let displayed = Projection::displayed(settings).apply(&record, fields)?;
            Some(match_positions::positions(&texts, &displayed))
        } else {
            None
        };
        let geo_distance = self.sort_point.and_then(|from| distance_metres(&from, &document));
        Ok(HitContent { document, formatted, matches_position, geo_distance })
    }
}

/// Metres from a point to the one that a document shows.
fn distance_metres(from: &Point, document: &Map<String, Value>) -> Option<u64> {
    let geo = document.get(GEO_FIELD)?;
    let degrees = |key: &str| match geo.get(key)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let to = Point { latitude: degrees("lat")?, longitude: degrees("lng")? };
    let metres = from.distance_metres(&to);
    metres.is_finite().then(|| metres.round() as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn distances_are_whole_metres() {
        let from = Point { latitude: 51.05, longitude: 3.72 };
        let check = |geo: Value, expected: Option<u64>| {
            let document = Map::from_iter([("_geo".to_owned(), geo)]);
            assert_eq!(distance_metres(&from, &document), expected);
        };
        check(json!({"lat": 51.0543, "lng": "3.7174"}), Some(512));
        check(json!({"lat": 51.05, "lng": 3.72}), Some(0));
        check(json!({"lat": 51.0543}), None);
        check(json!({"lat": "north", "lng": 1}), None);
        check(json!(null), None);
    }
}
