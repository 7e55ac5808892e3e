//! `_geoRadius`, `_geoBoundingBox` and `_geoPolygon`.
//!
//! The first two look at points (`_geo`) and shapes (`_geojson`), as far as each is filterable; the last at shapes.

use quarry_filter::{Node, Token};
use quarry_geo::{Area, BoundingBox, Circle, GeoTable, LookupError, Pace, Point, Polygon};
use roaring::RoaringBitmap;

use super::{Evaluation, FilterEvaluationError, Refusal, rules};

/// Corners of the polygon that stands for a circle when the filter does not say.
const DEFAULT_RESOLUTION: usize = 125;

/// What a geographic condition names.
pub(super) enum GeoArea {
    Circle { circle: Circle, resolution: usize },
    Box(BoundingBox),
    Polygon(Polygon),
}

impl Evaluation<'_> {
    /// The documents with a point in the area, or a shape that meets it.
    pub(super) fn geo(&self, node: &Node) -> Result<RoaringBitmap, FilterEvaluationError> {
        let Some(area) = self.geo_area(node)? else { return Ok(RoaringBitmap::new()) };
        self.documents_in(area).map_err(|error| match error {
            LookupError::Stopped => self.too_slow(),
            LookupError::Storage(error) => error.into(),
        })
    }

    fn documents_in(&self, area: GeoArea) -> Result<RoaringBitmap, LookupError> {
        let settings = self.snapshot.settings();
        let txn = self.snapshot.txn();
        let table = GeoTable::new(self.snapshot.tables().geo_points);
        let with_points = rules::has_attribute(settings, rules::GEO_FIELD);
        let has_time = || self.has_time();
        let pace = Pace::new(&has_time);
        let mut found = RoaringBitmap::new();
        let area = match area {
            GeoArea::Circle { circle, resolution } => {
                if with_points {
                    found = table.points_in_circle(txn, &circle, &pace)?;
                }
                Area::circle(circle, resolution)
            }
            GeoArea::Box(area) => {
                if with_points {
                    found = table.points_in_box(txn, &area, &pace)?;
                }
                Area::Box(area)
            }
            GeoArea::Polygon(polygon) => Area::Polygon(polygon),
        };
        if rules::has_attribute(settings, rules::GEOJSON_FIELD) {
            found |= table.shapes_in(txn, &area, &pace)?;
        }
        Ok(found)
    }

    /// The area of a geographic condition; none for other conditions.
    ///
    /// # Errors
    /// What is no coordinate, no distance or no resolution.
    pub(super) fn geo_area(&self, node: &Node) -> Result<Option<GeoArea>, FilterEvaluationError> {
        match node {
            Node::GeoRadius { center, radius, resolution } => {
                let circle = Circle { center: self.point(center)?, radius_metres: self.number(radius)? };
                let resolution = match resolution {
                    Some(resolution) => self.resolution(resolution)?,
                    None => DEFAULT_RESOLUTION,
                };
                Ok(Some(GeoArea::Circle { circle, resolution }))
            }
            Node::GeoBoundingBox { top_right, bottom_left } => {
                let (top, bottom) = (self.point(top_right)?, self.point(bottom_left)?);
                if top.latitude < bottom.latitude {
                    let refusal = Refusal::TopBelowBottom { top: top.latitude, bottom: bottom.latitude };
                    return Err(self.refuse(refusal, Some(&bottom_left[1])));
                }
                Ok(Some(GeoArea::Box(BoundingBox {
                    south: bottom.latitude,
                    north: top.latitude,
                    west: bottom.longitude,
                    east: top.longitude,
                })))
            }
            Node::GeoPolygon { points } => {
                let corners = points.iter().map(|point| self.point(point)).collect::<Result<Vec<_>, _>>()?;
                Ok(Some(GeoArea::Polygon(Polygon::new(&corners))))
            }
            _ => Ok(None),
        }
    }

    fn point(&self, [latitude, longitude]: &[Token; 2]) -> Result<Point, FilterEvaluationError> {
        let point = Point { latitude: self.number(latitude)?, longitude: self.number(longitude)? };
        if !(-90.0..=90.0).contains(&point.latitude) {
            return Err(self.refuse(Refusal::BadLatitude(point.latitude), Some(latitude)));
        }
        if !(-180.0..=180.0).contains(&point.longitude) {
            return Err(self.refuse(Refusal::BadLongitude(point.longitude), Some(longitude)));
        }
        Ok(point)
    }

    fn number(&self, token: &Token) -> Result<f64, FilterEvaluationError> {
        token.finite_number().ok_or_else(|| self.refuse(Refusal::NotFinite, Some(token)))
    }

    fn resolution(&self, token: &Token) -> Result<usize, FilterEvaluationError> {
        let resolution = token.value().parse().ok().filter(|resolution| (3..=1000).contains(resolution));
        resolution.ok_or_else(|| self.refuse(Refusal::BadResolution(token.value().to_owned()), Some(token)))
    }
}
