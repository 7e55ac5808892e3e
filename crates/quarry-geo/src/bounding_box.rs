//! Boxes along the parallels and meridians: what `_geoBoundingBox` names, and what encloses other areas.

use crate::point::{Point, wrapped_degrees};
use crate::sphere::{Arc, TOLERANCE, Vector};

/// A box, its borders included. Degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundingBox {
    /// The lower border, -90..=90.
    pub south: f64,
    /// The upper border, -90..=90.
    pub north: f64,
    /// The left border, -180..=180.
    pub west: f64,
    /// The right border, -180..=180. Less than `west` if the box crosses the 180th meridian.
    pub east: f64,
}

/// Degrees by which a box is widened so that rounding never leaves anything out.
const MARGIN_DEGREES: f64 = 1e-7;

impl BoundingBox {
    /// The whole earth.
    pub const EARTH: BoundingBox = BoundingBox { south: -90.0, north: 90.0, west: -180.0, east: 180.0 };

    /// Whether the coordinates of the point, as they are, lie within the borders.
    pub fn contains(&self, point: &Point) -> bool {
        let longitude = point.longitude;
        let between = if self.west <= self.east {
            self.west <= longitude && longitude <= self.east
        } else {
            (-180.0..=180.0).contains(&longitude) && (longitude >= self.west || longitude <= self.east)
        };
        between && self.south <= point.latitude && point.latitude <= self.north
    }

    /// The box, or its two parts on both sides of the 180th meridian; none of them crosses it.
    pub(crate) fn parts(&self) -> Vec<BoundingBox> {
        if self.west <= self.east {
            return vec![*self];
        }
        vec![BoundingBox { east: 180.0, ..*self }, BoundingBox { west: -180.0, ..*self }]
    }

    /// The box between two latitudes and around a span of longitudes, which may leave -180..=180.
    ///
    /// A box that reaches a pole holds all longitudes there, and so it gets them everywhere.
    pub(crate) fn around(south: f64, north: f64, west: f64, east: f64) -> BoundingBox {
        let (south, north) = (south.max(-90.0), north.min(90.0));
        let reaches_pole = south <= MARGIN_DEGREES - 90.0 || north >= 90.0 - MARGIN_DEGREES;
        if reaches_pole || east - west >= 360.0 {
            return BoundingBox { south, north, ..BoundingBox::EARTH };
        }
        BoundingBox { south, north, west: wrapped_degrees(west), east: wrapped_degrees(east) }
    }

    /// A box a little larger.
    pub(crate) fn widened(&self) -> BoundingBox {
        let east = if self.west <= self.east { self.east } else { self.east + 360.0 };
        BoundingBox::around(
            self.south - MARGIN_DEGREES,
            self.north + MARGIN_DEGREES,
            self.west - MARGIN_DEGREES,
            east + MARGIN_DEGREES,
        )
    }

    /// The box around the arcs between neighbouring points; of a ring, the last arc leads back to the first point.
    ///
    /// A ring around a pole encloses that pole.
    pub(crate) fn around_path(points: &[Point], is_ring: bool) -> Option<BoundingBox> {
        let first = points.first()?.normalized();
        let (mut south, mut north) = (first.latitude, first.latitude);
        let (mut west, mut east) = (first.longitude, first.longitude);
        let mut longitude = first.longitude;
        let mut previous = first;
        let mut center = Vector::ZERO;
        let ends = points[1..].iter().chain(points.first().filter(|_| is_ring));
        for point in ends {
            let point = point.normalized();
            let arc = Arc::new(Vector::from(&previous), Vector::from(&point));
            for latitude in arc.turning_places().map(|place| place.point().latitude).chain([point.latitude]) {
                south = south.min(latitude);
                north = north.max(latitude);
            }
            longitude += wrapped_degrees(point.longitude - previous.longitude);
            west = west.min(longitude);
            east = east.max(longitude);
            center = center + arc.to;
            previous = point;
        }
        let winds_around_pole = is_ring && (longitude - first.longitude).abs() > 180.0;
        if winds_around_pole && center.z >= 0.0 {
            return Some(BoundingBox::around(south, 90.0, -180.0, 180.0));
        }
        if winds_around_pole {
            return Some(BoundingBox::around(-90.0, north, -180.0, 180.0));
        }
        Some(BoundingBox::around(south, north, west, east))
    }

    /// One of its places.
    pub(crate) fn corner(&self) -> Vector {
        Vector::from(&Point { latitude: self.south, longitude: self.west })
    }

    pub(crate) fn contains_place(&self, place: Vector) -> bool {
        let point = place.point();
        let slack = TOLERANCE.to_degrees();
        let latitude_fits = self.south - slack <= point.latitude && point.latitude <= self.north + slack;
        latitude_fits && self.parts().iter().any(|part| part.spans_longitude(place, point.longitude))
    }

    /// Whether a longitude lies between the borders of a box that does not cross the 180th meridian. At the poles all do.
    fn spans_longitude(&self, place: Vector, longitude: f64) -> bool {
        let slack = TOLERANCE.to_degrees();
        let is_pole = place.x.hypot(place.y) <= TOLERANCE;
        let between = |longitude: f64| self.west - slack <= longitude && longitude <= self.east + slack;
        is_pole || between(longitude) || (longitude.abs() >= 180.0 - slack && between(-longitude))
    }

    /// Whether an arc has a place within the box.
    pub(crate) fn meets(&self, arc: &Arc) -> bool {
        if self.contains_place(arc.from) || self.contains_place(arc.to) {
            return true;
        }
        let Some(axis) = arc.axis else { return false };
        let crosses_meridian = [self.west, self.east]
            .into_iter()
            .filter_map(|longitude| meridian_crossing(axis, longitude))
            .any(|place| arc.spans(axis, place) && self.contains_place(place));
        let crosses_parallel = || {
            [self.south, self.north]
                .into_iter()
                .flat_map(|latitude| parallel_crossings(axis, latitude))
                .any(|place| arc.spans(axis, place) && self.contains_place(place))
        };
        crosses_meridian || crosses_parallel()
    }
}

/// Where the great circle around `axis` crosses a meridian; none if it is the meridian.
fn meridian_crossing(axis: Vector, longitude: f64) -> Option<Vector> {
    let (sin, cos) = longitude.to_radians().sin_cos();
    let crossing = axis.cross(Vector { x: -sin, y: cos, z: 0.0 }).normalized()?;
    let is_this_side = crossing.x * cos + crossing.y * sin >= 0.0;
    Some(if is_this_side { crossing } else { -crossing })
}

/// Where the great circle around `axis` crosses a parallel: at two places, or none.
fn parallel_crossings(axis: Vector, latitude: f64) -> Vec<Vector> {
    let Some(highest) = (Vector::NORTH - axis * axis.z).normalized() else { return Vec::new() };
    let cos = latitude.to_radians().sin() / highest.z;
    if highest.z <= TOLERANCE || cos.abs() > 1.0 {
        return Vec::new();
    }
    let side = axis.cross(highest) * (1.0 - cos * cos).sqrt();
    vec![highest * cos + side, highest * cos - side]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(latitude: f64, longitude: f64) -> Point {
        Point { latitude, longitude }
    }

    fn bounding_box(south: f64, north: f64, west: f64, east: f64) -> BoundingBox {
        BoundingBox { south, north, west, east }
    }

    #[test]
    fn borders_are_included() {
        let area = bounding_box(50.0, 52.0, 3.0, 5.0);
        assert!(area.contains(&point(50.0, 3.0)) && area.contains(&point(52.0, 5.0)));
        assert!(!area.contains(&point(49.999, 4.0)) && !area.contains(&point(51.0, 5.001)));
    }

    #[test]
    fn boxes_may_cross_the_date_line() {
        let area = bounding_box(-20.0, 0.0, 170.0, -170.0);
        for longitude in [170.0, 180.0, -180.0, -170.0] {
            assert!(area.contains(&point(-10.0, longitude)), "{longitude}");
        }
        for longitude in [169.9, 0.0, -169.9, 190.0] {
            assert!(!area.contains(&point(-10.0, longitude)), "{longitude}");
        }
        assert_eq!(
            area.parts(),
            [bounding_box(-20.0, 0.0, 170.0, 180.0), bounding_box(-20.0, 0.0, -180.0, -170.0)]
        );
    }

    #[test]
    fn coordinates_are_taken_as_they_are() {
        assert!(!BoundingBox::EARTH.contains(&point(95.0, 10.0)));
        assert!(!BoundingBox::EARTH.contains(&point(5.0, -300.0)));
    }

    #[test]
    fn boxes_around_paths() {
        let around = |points: &[Point], is_ring| BoundingBox::around_path(points, is_ring).expect("points");
        let area = around(&[point(10.0, 170.0), point(12.0, -175.0)], false);
        assert!(area.west == 170.0 && area.east == -175.0);
        let bulging = around(&[point(40.0, -30.0), point(40.0, 30.0)], false);
        assert!(bulging.north > 44.0 && bulging.south == 40.0);
        let polar = around(&[point(80.0, 0.0), point(80.0, 120.0), point(80.0, -120.0)], true);
        assert_eq!((polar.north, polar.west, polar.east), (90.0, -180.0, 180.0));
        assert!(BoundingBox::around_path(&[], true).is_none());
    }

    #[test]
    fn arcs_meet_boxes() {
        let area = bounding_box(9.0, 11.0, 9.0, 11.0);
        let arc = |from: (f64, f64), to: (f64, f64)| {
            Arc::new(Vector::from(&point(from.0, from.1)), Vector::from(&point(to.0, to.1)))
        };
        assert!(area.meets(&arc((6.0, 6.0), (12.0, 12.0))));
        assert!(area.meets(&arc((0.0, 10.0), (20.0, 10.0))));
        assert!(area.meets(&arc((10.0, 0.0), (10.0, 20.0))));
        assert!(area.meets(&arc((10.0, 10.0), (10.0, 10.0))));
        assert!(!area.meets(&arc((0.0, 12.0), (20.0, 12.0))));
        assert!(!area.meets(&arc((10.0, 12.0), (10.0, 20.0))));
        // The arc between two places of the same latitude passes north of it.
        assert!(!bounding_box(43.0, 44.0, -1.0, 1.0).meets(&arc((40.0, -30.0), (40.0, 30.0))));
        assert!(bounding_box(44.0, 45.0, -1.0, 1.0).meets(&arc((40.0, -30.0), (40.0, 30.0))));
        let date_line = bounding_box(-1.0, 1.0, 179.0, -179.0);
        assert!(date_line.meets(&arc((-10.0, 180.0), (10.0, 180.0))));
        assert!(date_line.meets(&arc((0.0, 170.0), (0.0, -170.0))));
    }
}
