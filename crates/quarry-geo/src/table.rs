//! Points and shapes of documents, in one block table.
//!
//! | key | value | order serves |
//! |---|---|---|
//! | 0, cell (u64), document (u32) | latitude, longitude (f64 little endian) | points of an area |
//! | 1, document (u32) | latitude, longitude | the point of a document |
//! | 2, level (u8), cell (u64), document (u32) | nothing | shapes that may meet an area |
//! | 3, document (u32) | the shape (`shape`) | the shape of a document |
//!
//! Integers in keys are big endian. A shape is listed under the cells that its boxes meet, all of one level, chosen so
//! that they are few (`cell`). A search for shapes visits every level that has shapes.

use std::ops::Bound;

use quarry_storage::{BlockTable, StorageError, Txn};
use roaring::RoaringBitmap;

use crate::bounding_box::BoundingBox;
use crate::cell::{LEVEL_MAX, cell_of, covering_cells, ranges_at_level, ranges_of};
use crate::circle::Circle;
use crate::pace::{LookupError, Pace};
use crate::point::Point;
use crate::shape::{Area, Shape};

const POINT_BY_CELL: u8 = 0;
const POINT_BY_DOCUMENT: u8 = 1;
const SHAPE_BY_CELL: u8 = 2;
const SHAPE_BY_DOCUMENT: u8 = 3;

/// Above this many documents their points are read in one go through the table rather than one by one.
const DOCUMENTS_ONE_BY_ONE: u64 = 256;

/// The table of points and shapes of one index.
#[derive(Clone, Copy)]
pub struct GeoTable {
    entries: BlockTable,
}

/// What a document has on the map.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GeoDocument {
    /// From the field `_geo`.
    pub point: Option<Point>,
    /// From the field `_geojson`.
    pub shape: Option<Shape>,
}

/// One change of the table.
///
/// Those of a batch must be sorted by key before they are written; no two documents share a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeoChange {
    /// The key.
    pub key: Vec<u8>,
    /// The new value; none to take the entry out.
    pub value: Option<Vec<u8>>,
}

impl GeoDocument {
    /// The changes of the table when `document` becomes `after`; none if nothing changes.
    pub fn changes(&self, document: u32, after: &GeoDocument) -> Vec<GeoChange> {
        let mut changes = Vec::new();
        if self.point != after.point {
            replace(&mut changes, point_entries(document, self.point), point_entries(document, after.point));
        }
        if self.shape != after.shape {
            let before = shape_entries(document, self.shape.as_ref());
            replace(&mut changes, before, shape_entries(document, after.shape.as_ref()));
        }
        changes
    }
}

type Entry = (Vec<u8>, Vec<u8>);

/// Takes out what is not in `after`, and sets what is.
fn replace(changes: &mut Vec<GeoChange>, before: Vec<Entry>, after: Vec<Entry>) {
    let is_gone = |key: &Vec<u8>| !after.iter().any(|(kept, _)| kept == key);
    let gone = before.iter().map(|(key, _)| key).filter(|key| is_gone(key));
    changes.extend(gone.map(|key| GeoChange { key: key.clone(), value: None }));
    changes.extend(after.iter().cloned().map(|(key, value)| GeoChange { key, value: Some(value) }));
}

fn point_entries(document: u32, point: Option<Point>) -> Vec<Entry> {
    let Some(point) = point else { return Vec::new() };
    let value = [point.latitude.to_le_bytes(), point.longitude.to_le_bytes()].concat();
    let mut by_cell = cell_key(&[POINT_BY_CELL], cell_of(&point));
    by_cell.extend(document.to_be_bytes());
    vec![(by_cell, value.clone()), (document_key(POINT_BY_DOCUMENT, document), value)]
}

fn shape_entries(document: u32, shape: Option<&Shape>) -> Vec<Entry> {
    let Some(shape) = shape else { return Vec::new() };
    let boxes: Vec<BoundingBox> = shape.enclosing_boxes().collect();
    let (level, cells) = covering_cells(&boxes);
    let mut entries: Vec<Entry> = cells
        .into_iter()
        .map(|cell| {
            let mut key = cell_key(&[SHAPE_BY_CELL, level], cell);
            key.extend(document.to_be_bytes());
            (key, Vec::new())
        })
        .collect();
    entries.push((document_key(SHAPE_BY_DOCUMENT, document), shape.encode()));
    entries
}

fn cell_key(prefix: &[u8], cell: u64) -> Vec<u8> {
    let mut key = prefix.to_vec();
    key.extend(cell.to_be_bytes());
    key
}

fn document_key(kind: u8, document: u32) -> Vec<u8> {
    let mut key = vec![kind];
    key.extend(document.to_be_bytes());
    key
}

fn decode_point(bytes: &[u8]) -> Option<Point> {
    let (latitude, longitude) = bytes.split_first_chunk()?;
    let longitude = f64::from_le_bytes(longitude.try_into().ok()?);
    Some(Point { latitude: f64::from_le_bytes(*latitude), longitude })
}

/// The document id that ends a key.
fn document_of(key: &[u8]) -> Option<u32> {
    key.last_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

impl GeoTable {
    /// The points and shapes kept in `entries`.
    pub fn new(entries: BlockTable) -> GeoTable {
        GeoTable { entries }
    }

    /// The table itself, to write [`GeoChange`]s to.
    pub fn entries(&self) -> BlockTable {
        self.entries
    }

    /// The point of a document.
    ///
    /// # Errors
    /// Whatever reading may meet; `Corrupted` if the stored point cannot be read.
    pub fn point(&self, txn: &Txn<'_>, document: u32) -> Result<Option<Point>, StorageError> {
        let value = self.entries.get(txn, &document_key(POINT_BY_DOCUMENT, document))?;
        value.map(|value| self.stored_point(value)).transpose()
    }

    /// The points of those `documents` that have one, in the order of their ids.
    ///
    /// # Errors
    /// As [`GeoTable::point`].
    pub fn points(
        &self,
        txn: &Txn<'_>,
        documents: &RoaringBitmap,
    ) -> Result<Vec<(u32, Point)>, StorageError> {
        let (Some(first), Some(last)) = (documents.min(), documents.max()) else { return Ok(Vec::new()) };
        let mut points = Vec::new();
        if documents.len() <= DOCUMENTS_ONE_BY_ONE {
            for document in documents {
                points.extend(self.point(txn, document)?.map(|point| (document, point)));
            }
            return Ok(points);
        }
        let (first, last) = (document_key(POINT_BY_DOCUMENT, first), document_key(POINT_BY_DOCUMENT, last));
        let mut cursor = self.entries.range_cursor(txn, Bound::Included(&first), Bound::Included(&last))?;
        while let Some((key, value)) = cursor.next()? {
            let document = document_of(key).ok_or_else(|| self.damaged("a key is too short"))?;
            if documents.contains(document) {
                points.push((document, self.stored_point(value)?));
            }
        }
        Ok(points)
    }

    /// The documents whose point lies in a circle.
    ///
    /// # Errors
    /// As [`GeoTable::point`]; `Stopped` if it takes longer than it may.
    pub fn points_in_circle(
        &self,
        txn: &Txn<'_>,
        circle: &Circle,
        pace: &Pace<'_>,
    ) -> Result<RoaringBitmap, LookupError> {
        match circle.enclosing_box() {
            Some(area) => self.points_where(txn, &area, |point| circle.contains(point), pace),
            None => Ok(RoaringBitmap::new()),
        }
    }

    /// The documents whose point lies in a box.
    ///
    /// # Errors
    /// As [`GeoTable::point`]; `Stopped` if it takes longer than it may.
    pub fn points_in_box(
        &self,
        txn: &Txn<'_>,
        area: &BoundingBox,
        pace: &Pace<'_>,
    ) -> Result<RoaringBitmap, LookupError> {
        self.points_where(txn, area, |point| area.contains(point), pace)
    }

    /// The documents whose point is in the cells of a box and passes a test.
    fn points_where(
        &self,
        txn: &Txn<'_>,
        area: &BoundingBox,
        passes: impl Fn(&Point) -> bool,
        pace: &Pace<'_>,
    ) -> Result<RoaringBitmap, LookupError> {
        let mut found = Vec::new();
        for range in ranges_of(area) {
            let first = cell_key(&[POINT_BY_CELL], *range.start());
            let last = last_key(&[POINT_BY_CELL], *range.end());
            let mut cursor =
                self.entries.range_cursor(txn, Bound::Included(&first), Bound::Included(&last))?;
            while let Some((key, value)) = cursor.next()? {
                pace.step()?;
                if passes(&self.stored_point(value)?) {
                    found.push(document_of(key).ok_or_else(|| self.damaged("a key is too short"))?);
                }
            }
        }
        Ok(found.into_iter().collect())
    }

    /// The documents whose shape has a place in common with an area.
    ///
    /// # Errors
    /// Whatever reading may meet; `Corrupted` if a stored shape cannot be read; `Stopped` if it takes longer than it may.
    pub fn shapes_in(
        &self,
        txn: &Txn<'_>,
        area: &Area,
        pace: &Pace<'_>,
    ) -> Result<RoaringBitmap, LookupError> {
        let Some(enclosing) = area.enclosing_box() else { return Ok(RoaringBitmap::new()) };
        let mut found = RoaringBitmap::new();
        for document in self.shapes_near(txn, &enclosing.widened(), pace)? {
            pace.step()?;
            let value = self.entries.get(txn, &document_key(SHAPE_BY_DOCUMENT, document))?;
            let shape =
                value.and_then(Shape::decode).ok_or_else(|| self.damaged("a shape cannot be read"))?;
            if shape.intersects(area, pace)? {
                found.insert(document);
            }
        }
        Ok(found)
    }

    /// The documents with shapes in the cells of a box.
    fn shapes_near(
        &self,
        txn: &Txn<'_>,
        area: &BoundingBox,
        pace: &Pace<'_>,
    ) -> Result<RoaringBitmap, LookupError> {
        let mut found = RoaringBitmap::new();
        let mut next_level = self.level_from(txn, 0)?;
        while let Some(level) = next_level {
            for range in ranges_at_level(area, level) {
                let first = cell_key(&[SHAPE_BY_CELL, level], *range.start());
                let last = last_key(&[SHAPE_BY_CELL, level], *range.end());
                let mut cursor =
                    self.entries.range_cursor(txn, Bound::Included(&first), Bound::Included(&last))?;
                while let Some((key, _)) = cursor.next()? {
                    pace.step()?;
                    found.insert(document_of(key).ok_or_else(|| self.damaged("a key is too short"))?);
                }
            }
            next_level = self.level_from(txn, level + 1)?;
        }
        Ok(found)
    }

    /// The first level, from `level` on, that has shapes.
    fn level_from(&self, txn: &Txn<'_>, level: u8) -> Result<Option<u8>, StorageError> {
        if level > LEVEL_MAX {
            return Ok(None);
        }
        let (first, end) = ([SHAPE_BY_CELL, level], [SHAPE_BY_CELL, LEVEL_MAX + 1]);
        let mut cursor = self.entries.range_cursor(txn, Bound::Included(&first), Bound::Excluded(&end))?;
        Ok(cursor.next()?.and_then(|(key, _)| key.get(1).copied()))
    }

    fn stored_point(&self, value: &[u8]) -> Result<Point, StorageError> {
        decode_point(value).ok_or_else(|| self.damaged("a point cannot be read"))
    }

    fn damaged(&self, detail: &'static str) -> StorageError {
        StorageError::Corrupted { table: self.entries.name(), detail }
    }
}

/// The greatest key of a cell: that of the greatest document.
fn last_key(prefix: &[u8], cell: u64) -> Vec<u8> {
    let mut key = cell_key(prefix, cell);
    key.extend(u32::MAX.to_be_bytes());
    key
}
