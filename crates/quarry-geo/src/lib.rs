//! Geographic points and shapes: what documents hold, what filters ask, and the table between them.
//!
//! In reading order:
//!
//! - `point`: latitude and longitude, and the distance that clients see;
//! - `geo_field`: the field `_geo` of a document;
//! - `geojson`: the field `_geojson` of a document, which gives a [`Shape`];
//! - `bounding_box`, `circle`, `polygon`: the areas that filters name;
//! - `sphere`: directions and great-circle arcs, on which shapes are compared;
//! - `ring`: closed rings of many arcs;
//! - `shape`: points, lines and polygons; whether they meet an [`Area`]; their bytes;
//! - `pace`: when a comparison that takes too long ends;
//! - `cell`: the space-filling curve that gives areas a few ranges of keys;
//! - `table`: what is stored, how it changes, and how an area is looked up.
//!
//! Shapes live on a sphere: their edges, and those of polygons in filters, are great-circle arcs, the shorter way
//! round; only the sides of a bounding box follow parallels and meridians. The earth has a radius of 6 371 000 m.

mod bounding_box;
mod cell;
mod circle;
mod geo_field;
mod geojson;
mod pace;
mod point;
mod polygon;
mod ring;
mod shape;
mod sphere;
mod table;

pub use bounding_box::BoundingBox;
pub use circle::Circle;
pub use geo_field::{GeoFieldError, parse_geo_field};
pub use geojson::{GeoJsonError, parse_geojson};
pub use pace::{LookupError, Pace, Stopped};
pub use point::{EARTH_RADIUS_METRES, Point};
pub use polygon::Polygon;
pub use shape::{Area, Shape};
pub use table::{GeoChange, GeoDocument, GeoTable};
