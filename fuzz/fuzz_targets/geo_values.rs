//! Values of `_geo` and `_geojson`: any JSON gives a place or an error. A shape meets a box around itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarry_geo::{
    Area, BoundingBox, Circle, GeoDocument, Pace, Point, Polygon, parse_geo_field, parse_geojson,
};
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Ok(value) = serde_json::from_slice::<Value>(input) else { return };
    let point = parse_geo_field("id", &value).ok().flatten();
    let center = point.unwrap_or(Point { latitude: 10.0, longitude: 20.0 });
    let circle = Circle { center, radius_metres: 10_000.0 };
    circle.contains(&Point { latitude: 11.0, longitude: 20.0 });
    let shape = parse_geojson(&value).ok().flatten();
    if let Some(shape) = &shape {
        let corners = [(0.0, 0.0), (0.0, 30.0), (40.0, 10.0)];
        let corners = corners.map(|(latitude, longitude)| Point { latitude, longitude });
        let intersects = |area| shape.intersects(&area, &Pace::unhurried()).expect("nobody stops it");
        intersects(Area::circle(circle, 16));
        intersects(Area::Polygon(Polygon::new(&corners)));
        assert!(intersects(Area::Box(BoundingBox::EARTH)), "a shape is on earth");
    }
    GeoDocument::default().changes(1, &GeoDocument { point, shape });
});
