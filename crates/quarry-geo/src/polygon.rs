//! Polygons on the sphere: what `_geoPolygon` names, and the rings of shapes.

use crate::bounding_box::BoundingBox;
use crate::point::Point;
use crate::sphere::{Arc, TOLERANCE, Vector};

/// A ring of great-circle arcs and what it encloses, the ring included.
///
/// It must fit in half of the earth: of the two areas that a ring separates, it encloses the one around the middle
/// of its corners.
#[derive(Debug, Clone)]
pub struct Polygon {
    arcs: Vec<Arc>,
    middle: Vector,
    enclosing: Option<BoundingBox>,
}

impl Polygon {
    /// The polygon with these corners, in the order of its ring; the last is joined with the first.
    pub fn new(corners: &[Point]) -> Polygon {
        let places: Vec<Vector> = corners.iter().map(Vector::from).collect();
        let next = places.iter().cycle().skip(1);
        let arcs = places.iter().zip(next).map(|(from, to)| Arc::new(*from, *to)).collect();
        let middle = places.iter().fold(Vector::ZERO, |sum, place| sum + *place);
        Polygon { arcs, middle, enclosing: BoundingBox::around_path(corners, true) }
    }

    /// A box around it; none without corners.
    pub(crate) fn enclosing_box(&self) -> Option<BoundingBox> {
        self.enclosing
    }

    /// One of its places; none without corners.
    pub(crate) fn corner(&self) -> Option<Vector> {
        self.arcs.first().map(|arc| arc.from)
    }

    pub(crate) fn contains_place(&self, place: Vector) -> bool {
        let is_on_ring = || self.arcs.iter().any(|arc| arc.angle_to(place) <= TOLERANCE);
        is_on_ring() || (self.winds_around(place) && place.dot(self.middle) >= 0.0)
    }

    /// Whether the ring goes around a place, or around the opposite one.
    fn winds_around(&self, place: Vector) -> bool {
        let helper = if place.z.abs() < 0.9 { Vector::NORTH } else { Vector { x: 1.0, y: 0.0, z: 0.0 } };
        let Some(right) = helper.cross(place).normalized() else { return false };
        let up = place.cross(right);
        let bearing = |target: Vector| target.dot(right).atan2(target.dot(up));
        let turns: f64 = self
            .arcs
            .iter()
            .map(|arc| {
                let turn = bearing(arc.to) - bearing(arc.from);
                // The shorter way: an arc is seen under less than half a turn.
                turn - (turn / std::f64::consts::TAU).round() * std::f64::consts::TAU
            })
            .sum();
        turns.abs() > std::f64::consts::PI
    }

    /// Whether the ring meets an arc; one that lies inside does not.
    pub(crate) fn ring_meets(&self, arc: &Arc) -> bool {
        self.arcs.iter().any(|side| side.meets(arc))
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
