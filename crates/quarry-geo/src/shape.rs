//! Points, lines and polygons: whether they meet an area, and their bytes.
//!
//! Layout of a shape: its pieces, one after the other. Counts are u32 little endian, numbers f64 little endian.
//!
//! | piece | bytes |
//! |---|---|
//! | point | 0, then a position |
//! | line | 1, count, then as many positions |
//! | polygon | 2, count of rings, then for each ring: count, then as many positions |
//! | position | longitude, latitude |

use crate::bounding_box::BoundingBox;
use crate::circle::Circle;
use crate::pace::{Pace, Stopped};
use crate::point::Point;
use crate::polygon::Polygon;
use crate::ring::Ring;
use crate::sphere::{Arc, Vector};

/// What a document covers: at least one point, line or polygon.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    pieces: Vec<Piece>,
}

/// A part of a shape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    Point(Point),
    /// At least one point.
    Line(Vec<Point>),
    /// The outer ring, then the holes; none is empty.
    Polygon(Vec<Vec<Point>>),
}

/// What a filter names, to be compared with shapes.
#[derive(Debug, Clone)]
pub enum Area {
    /// `_geoBoundingBox`
    Box(BoundingBox),
    /// `_geoPolygon`
    Polygon(Polygon),
    /// `_geoRadius`: a polygon of so many corners stands for the circle, unless the circle is too large.
    Circle {
        /// The circle.
        circle: Circle,
        /// The polygon.
        outline: Option<Polygon>,
    },
}

impl Area {
    /// The circle, compared with shapes as a polygon of `resolution` corners.
    pub fn circle(circle: Circle, resolution: usize) -> Area {
        Area::Circle { circle, outline: circle.outline(resolution) }
    }

    /// A box around the area; none if it is empty.
    pub(crate) fn enclosing_box(&self) -> Option<BoundingBox> {
        match self {
            Area::Box(area) => Some(*area),
            Area::Polygon(polygon) => polygon.enclosing_box(),
            Area::Circle { circle, .. } => circle.enclosing_box(),
        }
    }

    fn contains_place(&self, place: Vector) -> bool {
        match self {
            Area::Box(area) => area.contains_place(place),
            Area::Polygon(polygon) => polygon.contains_place(place),
            Area::Circle { circle, outline } => {
                circle.contains(&place.point())
                    && outline.as_ref().is_none_or(|polygon| polygon.contains_place(place))
            }
        }
    }

    /// Whether an arc meets the area, one that lies inside with both ends left aside.
    fn meets(&self, arc: &Arc) -> bool {
        match self {
            Area::Box(area) => area.meets(arc),
            Area::Polygon(polygon) => polygon.ring_meets(arc),
            Area::Circle { circle, outline } => {
                circle.meets(arc) && outline.as_ref().is_none_or(|polygon| polygon.ring_meets(arc))
            }
        }
    }

    /// One of its places; none if it is empty.
    fn any_place(&self) -> Option<Vector> {
        match self {
            Area::Box(area) => Some(area.corner()),
            Area::Polygon(polygon) => polygon.corner(),
            Area::Circle { circle, .. } => {
                (circle.radius_metres >= 0.0).then(|| Vector::from(&circle.center))
            }
        }
    }
}

impl Shape {
    /// A shape of these pieces, leaving out empty ones; none if nothing remains.
    pub(crate) fn new(mut pieces: Vec<Piece>) -> Option<Shape> {
        pieces.retain_mut(|piece| match piece {
            Piece::Point(_) => true,
            Piece::Line(points) => !points.is_empty(),
            Piece::Polygon(rings) => {
                rings.retain(|ring| !ring.is_empty());
                !rings.is_empty()
            }
        });
        (!pieces.is_empty()).then_some(Shape { pieces })
    }

    #[cfg(test)]
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether the shape and the area have a place in common.
    ///
    /// # Errors
    /// `Stopped` if that takes longer than it may.
    pub fn intersects(&self, area: &Area, pace: &Pace<'_>) -> Result<bool, Stopped> {
        any(&self.pieces, |piece| piece.intersects(area, pace))
    }

    /// A box around each piece.
    pub(crate) fn enclosing_boxes(&self) -> impl Iterator<Item = BoundingBox> + '_ {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Point(point) => BoundingBox::around_path(std::slice::from_ref(point), false),
            Piece::Line(points) => BoundingBox::around_path(points, false),
            Piece::Polygon(rings) => BoundingBox::around_path(&rings[0], true),
        })
    }

    /// The bytes of the shape; the layout is in the file's introduction.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Point(point) => {
                    bytes.push(0);
                    encode_position(point, &mut bytes);
                }
                Piece::Line(points) => {
                    bytes.push(1);
                    encode_positions(points, &mut bytes);
                }
                Piece::Polygon(rings) => {
                    bytes.push(2);
                    bytes.extend((rings.len() as u32).to_le_bytes());
                    rings.iter().for_each(|ring| encode_positions(ring, &mut bytes));
                }
            }
        }
        bytes
    }

    /// Reads the bytes of a shape; none if they are damaged.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Shape> {
        let mut reader = Reader { bytes };
        let mut pieces = Vec::new();
        while let Some((kind, rest)) = reader.bytes.split_first() {
            reader.bytes = rest;
            pieces.push(match kind {
                0 => Piece::Point(reader.position()?),
                1 => Piece::Line(reader.positions()?),
                2 => {
                    let count = reader.count(size_of::<u32>())?;
                    Piece::Polygon((0..count).map(|_| reader.positions()).collect::<Option<_>>()?)
                }
                _ => return None,
            });
        }
        Shape::new(pieces)
    }
}

impl Piece {
    fn intersects(&self, area: &Area, pace: &Pace<'_>) -> Result<bool, Stopped> {
        match self {
            Piece::Point(point) => path_meets(&[Vector::from(point)], area, pace),
            Piece::Line(points) => path_meets(&places(points), area, pace),
            Piece::Polygon(rings) => {
                let rings: Vec<Vec<Vector>> = rings.iter().map(|ring| places(ring)).collect();
                Ok(any(&rings, |ring| path_meets(ring, area, pace))? || polygon_holds(&rings, area))
            }
        }
    }
}

fn places(points: &[Point]) -> Vec<Vector> {
    points.iter().map(Vector::from).collect()
}

/// Whether a place or an arc of the path meets the area.
fn path_meets(path: &[Vector], area: &Area, pace: &Pace<'_>) -> Result<bool, Stopped> {
    let holds_place = any(path, |place| pace.step().map(|()| area.contains_place(*place)))?;
    let meets = |from, to| pace.step().map(|()| area.meets(&Arc::new(from, to)));
    Ok(holds_place || any(path.windows(2), |ends| meets(ends[0], ends[1]))?)
}

/// Whether an area that meets no ring lies inside the polygon, outside its holes.
fn polygon_holds(rings: &[Vec<Vector>], area: &Area) -> bool {
    let Some(place) = area.any_place() else { return false };
    let holds = |ring: &Vec<Vector>| Ring::new(ring).contains_place(place);
    holds(&rings[0]) && !rings[1..].iter().any(holds)
}

/// Whether an item passes a test that may be stopped.
fn any<T>(
    items: impl IntoIterator<Item = T>,
    mut test: impl FnMut(T) -> Result<bool, Stopped>,
) -> Result<bool, Stopped> {
    for item in items {
        if test(item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn encode_position(point: &Point, bytes: &mut Vec<u8>) {
    bytes.extend(point.longitude.to_le_bytes());
    bytes.extend(point.latitude.to_le_bytes());
}

fn encode_positions(points: &[Point], bytes: &mut Vec<u8>) {
    bytes.extend((points.len() as u32).to_le_bytes());
    points.iter().for_each(|point| encode_position(point, bytes));
}

const POSITION_BYTES: usize = 2 * size_of::<f64>();

/// Reads the bytes of a shape from the front.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*first)
    }

    /// A count of items of at least `item_bytes` each, which must all be there.
    fn count(&mut self, item_bytes: usize) -> Option<usize> {
        let count = u32::from_le_bytes(self.array()?) as usize;
        (count.checked_mul(item_bytes)? <= self.bytes.len()).then_some(count)
    }

    fn position(&mut self) -> Option<Point> {
        let longitude = f64::from_le_bytes(self.array()?);
        let latitude = f64::from_le_bytes(self.array()?);
        Some(Point { latitude, longitude })
    }

    fn positions(&mut self) -> Option<Vec<Point>> {
        let count = self.count(POSITION_BYTES)?;
        (0..count).map(|_| self.position()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geojson::parse_geojson;
    use serde_json::{Value, json};

    fn shape(value: Value) -> Shape {
        parse_geojson(&value).expect("GeoJSON").expect("a shape")
    }

    fn meets(shape: &Shape, area: &Area) -> bool {
        shape.intersects(area, &Pace::unhurried()).expect("time enough")
    }

    fn intersects(value: Value, area: &Area) -> bool {
        meets(&shape(value), area)
    }

    fn square(west: f64, south: f64, size: f64) -> Value {
        let (east, north) = (west + size, south + size);
        json!([[west, south], [east, south], [east, north], [west, north], [west, south]])
    }

    fn polygon_area(corners: &[(f64, f64)]) -> Area {
        let corners: Vec<Point> =
            corners.iter().map(|&(latitude, longitude)| Point { latitude, longitude }).collect();
        Area::Polygon(Polygon::new(&corners))
    }

    fn circle_area(latitude: f64, longitude: f64, radius_metres: f64, resolution: usize) -> Area {
        Area::circle(Circle { center: Point { latitude, longitude }, radius_metres }, resolution)
    }

    #[test]
    fn polygons_select_what_they_touch() {
        let area = polygon_area(&[(9.0, 9.0), (9.0, 11.0), (11.0, 11.0), (11.0, 9.0)]);
        assert!(intersects(json!({"type": "Point", "coordinates": [10, 10]}), &area));
        assert!(intersects(json!({"type": "LineString", "coordinates": [[6, 6], [12, 12]]}), &area));
        assert!(intersects(json!({"type": "Polygon", "coordinates": [square(0.0, 0.0, 50.0)]}), &area));
        assert!(intersects(json!({"type": "Polygon", "coordinates": [square(9.5, 9.5, 0.5)]}), &area));
        assert!(!intersects(json!({"type": "Polygon", "coordinates": [square(20.0, 0.0, 5.0)]}), &area));
        let around =
            json!({"type": "Polygon", "coordinates": [square(0.0, 0.0, 50.0), square(5.0, 5.0, 10.0)]});
        assert!(!intersects(around, &area));
    }

    #[test]
    fn boxes_select_what_they_touch() {
        let area = Area::Box(BoundingBox { south: 9.0, north: 11.0, west: 9.0, east: 11.0 });
        assert!(intersects(json!({"type": "Point", "coordinates": [11, 9]}), &area));
        assert!(intersects(json!({"type": "LineString", "coordinates": [[6, 6], [12, 12]]}), &area));
        assert!(intersects(json!({"type": "Polygon", "coordinates": [square(0.0, 0.0, 50.0)]}), &area));
        assert!(!intersects(json!({"type": "MultiPoint", "coordinates": [[20, 20], [8, 10]]}), &area));
    }

    #[test]
    fn circles_select_what_they_touch() {
        let point = shape(json!({"type": "Point", "coordinates": [10, 10]}));
        assert!(meets(&point, &circle_area(10.0, 10.0, 0.0, 125)));
        assert!(meets(&point, &circle_area(10.0, 10.01, 2_000.0, 125)));
        assert!(!meets(&point, &circle_area(10.0, 10.1, 2_000.0, 125)));
        assert!(!meets(&point, &circle_area(10.0, 10.0, -1.0, 125)));
        // A great circle passes 2.7 km north of where the straight line of a map does.
        let line = shape(json!({"type": "LineString", "coordinates": [[6, 6], [12, 12]]}));
        assert!(!meets(&line, &circle_area(10.0, 10.0, 1_000.0, 125)));
        assert!(meets(&line, &circle_area(10.0, 10.0, 3_000.0, 125)));
        let around = shape(json!({"type": "Polygon", "coordinates": [square(0.0, 0.0, 20.0)]}));
        assert!(meets(&around, &circle_area(10.0, 10.0, 10.0, 125)));
        assert!(meets(&around, &circle_area(-60.0, -170.0, 19_000_000.0, 125)));
    }

    #[test]
    fn resolution_cuts_the_circle() {
        // South of the middle, half-way between two of the three corners.
        let point = shape(json!({"type": "Point", "coordinates": [10.0, 9.2]}));
        assert!(meets(&point, &circle_area(10.0, 10.0, 100_000.0, 1000)));
        assert!(!meets(&point, &circle_area(10.0, 10.0, 100_000.0, 3)));
    }

    #[test]
    fn bytes_give_the_shape_back() {
        let original = shape(json!({"type": "GeometryCollection", "geometries": [
            {"type": "Point", "coordinates": [1.5, -2.5]},
            {"type": "LineString", "coordinates": [[6, 6], [12, 12]]},
            {"type": "Polygon", "coordinates": [square(0.0, 0.0, 50.0), square(5.0, 5.0, 10.0)]},
        ]}));
        let bytes = original.encode();
        assert_eq!(Shape::decode(&bytes), Some(original));
        for length in 0..bytes.len() {
            let _ = Shape::decode(&bytes[..length]);
        }
        assert_eq!(Shape::decode(&[1, 255, 255, 255, 255]), None);
        assert_eq!(Shape::decode(&[2, 1, 0, 0, 0, 255, 255, 255, 255]), None);
        assert_eq!(Shape::decode(&[9]), None);
        assert_eq!(Shape::decode(&[]), None);
    }
}
