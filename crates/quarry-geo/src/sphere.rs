//! Directions from the centre of the earth, and arcs of great circles between them.
//!
//! Comparisons are inclusive up to [`TOLERANCE`]: what touches, meets.

use std::ops::{Add, Mul, Neg, Sub};

use crate::point::Point;

/// Angles below this, in radians, count as none: 0.6 mm on the ground.
pub(crate) const TOLERANCE: f64 = 1e-10;

/// A vector; of length 1 where it stands for a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Vector {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) z: f64,
}

impl From<&Point> for Vector {
    fn from(point: &Point) -> Vector {
        let (latitude_sin, latitude_cos) = point.latitude.to_radians().sin_cos();
        let (longitude_sin, longitude_cos) = point.longitude.to_radians().sin_cos();
        Vector { x: latitude_cos * longitude_cos, y: latitude_cos * longitude_sin, z: latitude_sin }
    }
}

impl Add for Vector {
    type Output = Vector;

    fn add(self, other: Vector) -> Vector {
        Vector { x: self.x + other.x, y: self.y + other.y, z: self.z + other.z }
    }
}

impl Sub for Vector {
    type Output = Vector;

    fn sub(self, other: Vector) -> Vector {
        self + -other
    }
}

impl Neg for Vector {
    type Output = Vector;

    fn neg(self) -> Vector {
        self * -1.0
    }
}

impl Mul<f64> for Vector {
    type Output = Vector;

    fn mul(self, factor: f64) -> Vector {
        Vector { x: self.x * factor, y: self.y * factor, z: self.z * factor }
    }
}

impl Vector {
    pub(crate) const ZERO: Vector = Vector { x: 0.0, y: 0.0, z: 0.0 };
    pub(crate) const NORTH: Vector = Vector { x: 0.0, y: 0.0, z: 1.0 };

    pub(crate) fn dot(self, other: Vector) -> f64 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    pub(crate) fn cross(self, other: Vector) -> Vector {
        Vector {
            x: self.y * other.z - self.z * other.y,
            y: self.z * other.x - self.x * other.z,
            z: self.x * other.y - self.y * other.x,
        }
    }

    pub(crate) fn length(self) -> f64 {
        self.dot(self).sqrt()
    }

    /// The same direction with length 1; none if the vector is too short to have a direction.
    pub(crate) fn normalized(self) -> Option<Vector> {
        let length = self.length();
        (length > TOLERANCE).then(|| self * (1.0 / length))
    }

    /// The angle between both, in radians.
    pub(crate) fn angle(self, other: Vector) -> f64 {
        self.cross(other).length().atan2(self.dot(other))
    }

    pub(crate) fn point(self) -> Point {
        let latitude = self.z.atan2(self.x.hypot(self.y)).to_degrees();
        Point { latitude, longitude: self.y.atan2(self.x).to_degrees() }
    }
}

/// The shorter arc between two places; a single place if both are the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arc {
    pub(crate) from: Vector,
    pub(crate) to: Vector,
    /// The axis of its great circle; none if it has no length.
    pub(crate) axis: Option<Vector>,
}

impl Arc {
    pub(crate) fn new(from: Vector, to: Vector) -> Arc {
        Arc { from, to, axis: from.cross(to).normalized() }
    }

    /// Whether a place on the great circle of the arc lies on the arc.
    pub(crate) fn spans(&self, axis: Vector, place: Vector) -> bool {
        // The last is for arcs so short that with the tolerance they would span the opposite place.
        self.from.cross(place).dot(axis) >= -TOLERANCE
            && place.cross(self.to).dot(axis) >= -TOLERANCE
            && place.dot(self.from + self.to) >= -TOLERANCE
    }

    /// The angle between `place` and the closest place of the arc, in radians.
    pub(crate) fn angle_to(&self, place: Vector) -> f64 {
        if let Some(axis) = self.axis {
            let height = place.dot(axis);
            if let Some(foot) = (place - axis * height).normalized()
                && self.spans(axis, foot)
            {
                return height.abs().min(1.0).asin();
            }
        }
        place.angle(self.from).min(place.angle(self.to))
    }

    pub(crate) fn meets(&self, other: &Arc) -> bool {
        let ends_meet = || {
            self.angle_to(other.from) <= TOLERANCE
                || self.angle_to(other.to) <= TOLERANCE
                || other.angle_to(self.from) <= TOLERANCE
                || other.angle_to(self.to) <= TOLERANCE
        };
        let (Some(axis), Some(other_axis)) = (self.axis, other.axis) else {
            return ends_meet();
        };
        let Some(crossing) = axis.cross(other_axis).normalized() else {
            return ends_meet();
        };
        [crossing, -crossing]
            .into_iter()
            .any(|place| self.spans(axis, place) && other.spans(other_axis, place))
    }

    /// The northernmost and southernmost places of the arc's great circle that lie on the arc.
    pub(crate) fn turning_places(&self) -> impl Iterator<Item = Vector> + '_ {
        let highest = self.axis.and_then(|axis| (Vector::NORTH - axis * axis.z).normalized());
        highest
            .into_iter()
            .flat_map(|highest| [highest, -highest])
            .filter(|place| self.axis.is_some_and(|axis| self.spans(axis, *place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> Vector {
        Vector::from(&Point { latitude, longitude })
    }

    fn arc(from: (f64, f64), to: (f64, f64)) -> Arc {
        Arc::new(place(from.0, from.1), place(to.0, to.1))
    }

    #[test]
    fn arcs_that_cross_or_touch_meet() {
        let equator = arc((0.0, -10.0), (0.0, 10.0));
        assert!(equator.meets(&arc((-5.0, 3.0), (5.0, 3.0))));
        assert!(equator.meets(&arc((0.0, 10.0), (5.0, 20.0))));
        assert!(equator.meets(&arc((0.0, 5.0), (0.0, 50.0))));
        assert!(equator.meets(&arc((0.0, 2.0), (0.0, 2.0))));
        assert!(!equator.meets(&arc((0.0, 11.0), (0.0, 50.0))));
        assert!(!equator.meets(&arc((1.0, -10.0), (1.0, 10.0))));
        assert!(!equator.meets(&arc((-5.0, 180.0), (5.0, 180.0))));
        assert!(!equator.meets(&arc((0.0, 170.0), (0.0, -170.0))));
    }

    #[test]
    fn the_shortest_arcs_are_on_one_side_of_the_earth() {
        let millimetre = arc((0.0, 0.0), (0.0, 8e-9));
        assert!(millimetre.axis.is_some() && millimetre.meets(&arc((-5.0, 0.0), (5.0, 0.0))));
        assert!(!millimetre.meets(&arc((-5.0, 180.0), (5.0, 180.0))));
    }

    #[test]
    fn arcs_take_the_shorter_way() {
        let date_line = arc((0.0, 170.0), (0.0, -170.0));
        assert!(date_line.meets(&arc((-5.0, 180.0), (5.0, 180.0))));
    }

    #[test]
    fn angles_to_arcs() {
        let equator = arc((0.0, -10.0), (0.0, 10.0));
        let degrees = |latitude, longitude| equator.angle_to(place(latitude, longitude)).to_degrees();
        assert!((degrees(5.0, 3.0) - 5.0).abs() < 1e-9);
        assert!((degrees(0.0, 30.0) - 20.0).abs() < 1e-9);
        assert!((degrees(0.0, 180.0) - 170.0).abs() < 1e-9);
        assert!((degrees(90.0, 0.0) - 90.0).abs() < 1e-9);
    }

    #[test]
    fn arcs_rise_above_their_ends() {
        let places: Vec<Vector> = arc((40.0, -30.0), (40.0, 30.0)).turning_places().collect();
        assert_eq!(places.len(), 1);
        assert!(places[0].point().latitude > 44.0 && places[0].point().longitude.abs() < 1e-9);
        assert_eq!(arc((10.0, 0.0), (20.0, 0.0)).turning_places().count(), 0);
    }
}
