//! What `_geoRadius` names: all places within a distance of a point.

use crate::bounding_box::BoundingBox;
use crate::point::{EARTH_RADIUS_METRES, Point};
use crate::polygon::Polygon;
use crate::sphere::{Arc, Vector};

/// Metres by which the box around a circle is drawn larger: distances are rounded to the millimetre.
const MARGIN_METRES: f64 = 0.01;

/// Circles with a larger radius, in radians, are compared as they are: their outline would not fit in half of the earth.
const LARGEST_OUTLINE: f64 = 1.4;

/// All places within a distance of a point, which may be negative: then there are none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    /// Its middle.
    pub center: Point,
    /// The distance.
    pub radius_metres: f64,
}

impl Circle {
    /// Whether the distance of the point, rounded to the millimetre, is at most the radius.
    pub fn contains(&self, point: &Point) -> bool {
        self.center.distance_metres(point) <= self.radius_metres
    }

    /// A box around the circle; none if it is empty.
    pub(crate) fn enclosing_box(&self) -> Option<BoundingBox> {
        if self.radius_metres < 0.0 {
            return None;
        }
        let center = self.center.normalized();
        let angle = (self.radius_metres + MARGIN_METRES) / EARTH_RADIUS_METRES;
        let degrees = angle.to_degrees();
        let (south, north) = (center.latitude - degrees, center.latitude + degrees);
        if south <= -90.0 || north >= 90.0 {
            return Some(BoundingBox::around(south.max(-90.0), north.min(90.0), -180.0, 180.0));
        }
        let span = (angle.sin() / center.latitude.to_radians().cos()).clamp(-1.0, 1.0).asin().to_degrees();
        Some(BoundingBox::around(south, north, center.longitude - span, center.longitude + span))
    }

    /// Whether an arc comes within the radius.
    pub(crate) fn meets(&self, arc: &Arc) -> bool {
        let metres = arc.angle_to(Vector::from(&self.center)) * EARTH_RADIUS_METRES;
        (metres * 1000.0).round() / 1000.0 <= self.radius_metres
    }

    /// A polygon of `corners` corners on the circle; none if the circle is too large to have one.
    pub(crate) fn outline(&self, corners: usize) -> Option<Polygon> {
        let angle = self.radius_metres / EARTH_RADIUS_METRES;
        if angle > LARGEST_OUTLINE {
            return None;
        }
        let center = Vector::from(&self.center);
        let helper = if center.z.abs() < 0.9 { Vector::NORTH } else { Vector { x: 1.0, y: 0.0, z: 0.0 } };
        let right = helper.cross(center).normalized()?;
        let up = center.cross(right);
        let corner = |position: usize| {
            let (sin, cos) = (std::f64::consts::TAU * position as f64 / corners as f64).sin_cos();
            (center * angle.cos() + (up * cos + right * sin) * angle.sin()).point()
        };
        Some(Polygon::new(&(0..corners).map(corner).collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(latitude: f64, longitude: f64, radius_metres: f64) -> Circle {
        Circle { center: Point { latitude, longitude }, radius_metres }
    }

    #[test]
    fn boxes_enclose_circles() {
        let area = circle(51.0, 3.0, 100_000.0).enclosing_box().expect("a box");
        assert!(area.south < 50.11 && area.north > 51.89 && area.west < 1.58 && area.east > 4.42);
        let date_line = circle(10.0, 179.9, 50_000.0).enclosing_box().expect("a box");
        assert!(date_line.west > date_line.east);
        let polar = circle(89.0, 0.0, 200_000.0).enclosing_box().expect("a box");
        assert_eq!((polar.north, polar.west, polar.east), (90.0, -180.0, 180.0));
        assert_eq!(circle(0.0, 0.0, 1e9).enclosing_box(), Some(BoundingBox::EARTH));
        assert_eq!(circle(0.0, 0.0, -1.0).enclosing_box(), None);
    }

    #[test]
    fn outlines_lie_on_the_circle() {
        let circle = circle(51.0, 3.0, 100_000.0);
        let outline = circle.outline(10).expect("a small circle");
        let north = Point { latitude: 51.0 + (99_999.0 / EARTH_RADIUS_METRES).to_degrees(), longitude: 3.0 };
        assert!(outline.contains_place(Vector::from(&north)));
        assert!(outline.contains_place(Vector::from(&circle.center)));
        let beyond =
            Point { latitude: 51.0 + (100_001.0 / EARTH_RADIUS_METRES).to_degrees(), longitude: 3.0 };
        assert!(!outline.contains_place(Vector::from(&beyond)));
        assert!(self::circle(0.0, 0.0, 1e7).outline(10).is_none());
    }
}
