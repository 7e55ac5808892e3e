//! Polygons on the sphere: what `_geoPolygon` names.

use crate::bounding_box::BoundingBox;
use crate::point::Point;
use crate::ring::Ring;
use crate::sphere::{Arc, Vector};

/// A ring of great-circle arcs and what it encloses, the ring included.
///
/// It must fit in half of the earth: of the two areas that a ring separates, it encloses the one around the middle
/// of its corners.
#[derive(Debug, Clone)]
pub struct Polygon {
    ring: Ring,
    enclosing: Option<BoundingBox>,
}

impl Polygon {
    /// The polygon with these corners, in the order of its ring; the last is joined with the first.
    pub fn new(corners: &[Point]) -> Polygon {
        let places: Vec<Vector> = corners.iter().map(Vector::from).collect();
        Polygon { ring: Ring::new(&places), enclosing: BoundingBox::around_path(corners, true) }
    }

    /// A box around it; none without corners.
    pub(crate) fn enclosing_box(&self) -> Option<BoundingBox> {
        self.enclosing
    }

    /// One of its places; none without corners.
    pub(crate) fn corner(&self) -> Option<Vector> {
        self.ring.corner()
    }

    pub(crate) fn contains_place(&self, place: Vector) -> bool {
        self.ring.contains_place(place)
    }

    /// Whether the ring meets an arc; one that lies inside does not.
    pub(crate) fn ring_meets(&self, arc: &Arc) -> bool {
        self.ring.meets(arc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(corners: &[(f64, f64)]) -> Polygon {
        let corners: Vec<Point> =
            corners.iter().map(|&(latitude, longitude)| Point { latitude, longitude }).collect();
        Polygon::new(&corners)
    }

    fn contains(polygon: &Polygon, latitude: f64, longitude: f64) -> bool {
        polygon.contains_place(Vector::from(&Point { latitude, longitude }))
    }

    #[test]
    fn squares_contain_their_inside_and_border() {
        let square = polygon(&[(-1.0, -1.0), (-1.0, 5.0), (5.0, 5.0), (5.0, -1.0)]);
        assert!(contains(&square, 0.0, 0.0));
        assert!(contains(&square, -1.0, -1.0));
        assert!(contains(&square, 3.0, 5.0));
        assert!(!contains(&square, 6.0, 0.0));
        assert!(!contains(&square, 0.0, 180.0));
        assert!(!contains(&square, -2.0, -178.0));
    }

    #[test]
    fn direction_does_not_matter() {
        let square = polygon(&[(5.0, -1.0), (5.0, 5.0), (-1.0, 5.0), (-1.0, -1.0)]);
        assert!(contains(&square, 0.0, 0.0) && !contains(&square, 6.0, 0.0));
    }

    #[test]
    fn polygons_may_cross_the_date_line_and_hold_a_pole() {
        let across = polygon(&[(-5.0, 175.0), (5.0, 175.0), (5.0, -175.0), (-5.0, -175.0)]);
        assert!(contains(&across, 0.0, 180.0) && contains(&across, 0.0, -178.0));
        assert!(!contains(&across, 0.0, 170.0));
        let polar = polygon(&[(80.0, 0.0), (80.0, 120.0), (80.0, -120.0)]);
        assert!(contains(&polar, 90.0, 0.0) && contains(&polar, 88.0, 60.0));
        assert!(!contains(&polar, -90.0, 0.0) && !contains(&polar, 70.0, 60.0));
    }

    #[test]
    fn concave_polygons_leave_their_notch_out() {
        let notched = polygon(&[(0.0, 0.0), (0.0, 10.0), (10.0, 10.0), (2.0, 5.0), (10.0, 0.0)]);
        assert!(contains(&notched, 1.0, 5.0) && contains(&notched, 6.0, 1.0));
        assert!(!contains(&notched, 6.0, 5.0));
    }
}
