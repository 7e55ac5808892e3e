//! Latitude and longitude, and the distance that clients see.

/// The radius of the sphere that distances are measured on.
pub const EARTH_RADIUS_METRES: f64 = 6_371_000.0;

/// A point on the earth, in degrees.
///
/// Both are finite, but not bounded: documents may hold a latitude of 95, five degrees beyond the pole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Degrees north of the equator.
    pub latitude: f64,
    /// Degrees east of the prime meridian.
    pub longitude: f64,
}

impl Point {
    /// Great-circle distance in metres, rounded to the millimetre.
    ///
    /// # Source
    /// The haversine formula.
    pub fn distance_metres(&self, other: &Point) -> f64 {
        let latitudes = (other.latitude - self.latitude).to_radians();
        let longitudes = (other.longitude - self.longitude).to_radians();
        let half_chord_squared = (latitudes / 2.0).sin().powi(2)
            + self.latitude.to_radians().cos()
                * other.latitude.to_radians().cos()
                * (longitudes / 2.0).sin().powi(2);
        let angle = 2.0 * half_chord_squared.clamp(0.0, 1.0).sqrt().asin();
        (angle * EARTH_RADIUS_METRES * 1000.0).round() / 1000.0
    }

    /// The same place with a latitude in -90..=90 and a longitude in -180..=180.
    pub(crate) fn normalized(&self) -> Point {
        let mut latitude = wrapped_degrees(self.latitude);
        let mut longitude = self.longitude;
        if latitude.abs() > 90.0 {
            latitude = latitude.signum() * 180.0 - latitude;
            longitude += 180.0;
        }
        Point { latitude, longitude: wrapped_degrees(longitude) }
    }
}

/// The same angle in -180..=180; what is in this range already stays as it is.
pub(crate) fn wrapped_degrees(degrees: f64) -> f64 {
    if (-180.0..=180.0).contains(&degrees) {
        return degrees;
    }
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(latitude: f64, longitude: f64) -> Point {
        Point { latitude, longitude }
    }

    fn check(from: Point, to: Point, metres: f64) {
        assert_eq!(from.distance_metres(&to).round(), metres, "{from:?} to {to:?}");
        assert_eq!(from.distance_metres(&to), to.distance_metres(&from));
    }

    #[test]
    fn distances() {
        check(point(51.05, 3.72), point(51.0543, 3.7174), 512.0);
        check(point(10.0, 20.0), point(11.0, 21.0), 155_941.0);
        check(point(90.0, 0.0), point(90.0, 120.0), 0.0);
        check(point(10.0, 179.9), point(10.0, -179.9), 21_901.0);
        check(point(0.0, 0.0), point(0.0, 180.0), 20_015_087.0);
        check(point(0.0, 0.0), point(95.0, 10.0), 10_555_051.0);
        check(point(0.0, 0.0), point(10.0, -300.0), 6_727_437.0);
    }

    #[test]
    fn distances_are_whole_millimetres() {
        let metres = point(0.0, 0.0).distance_metres(&point(0.00001, 0.0));
        assert_eq!(metres, 1.112);
    }

    #[test]
    fn points_beyond_the_pole_are_elsewhere() {
        assert_eq!(point(95.0, 10.0).normalized(), point(85.0, -170.0));
        assert_eq!(point(-100.0, -10.0).normalized(), point(-80.0, 170.0));
        assert_eq!(point(10.0, -300.0).normalized(), point(10.0, 60.0));
        assert_eq!(point(90.0, 180.0).normalized(), point(90.0, 180.0));
        let far = point(1e300, -1e300).normalized();
        assert!(far.latitude.abs() <= 90.0 && far.longitude.abs() <= 180.0);
    }
}
