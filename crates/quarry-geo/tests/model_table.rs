//! The table against the obvious: every document compared with the area, one by one.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use quarry_geo::{
    Area, BoundingBox, Circle, GeoDocument, GeoTable, LookupError, Pace, Point, Polygon, parse_geojson,
};
use quarry_storage::{Environment, EnvironmentOptions};
use roaring::RoaringBitmap;
use serde_json::json;

/// A table in a folder of its own.
struct Fixture {
    _folder: tempfile::TempDir,
    environment: Environment,
    table: GeoTable,
}

impl Fixture {
    fn new() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment::open(folder.path(), &EnvironmentOptions::default()).unwrap();
        let table = GeoTable::new(environment.plain_table("geo-points").unwrap().into());
        Fixture { _folder: folder, environment, table }
    }

    fn write(&self, before: &[GeoDocument], after: &[GeoDocument]) {
        let nothing = GeoDocument::default();
        let mut changes = Vec::new();
        for document in 0..before.len().max(after.len()) {
            let old = before.get(document).unwrap_or(&nothing);
            changes.extend(old.changes(document as u32, after.get(document).unwrap_or(&nothing)));
        }
        changes.sort_by(|a, b| a.key.cmp(&b.key));
        let mut txn = self.environment.write_txn().unwrap();
        let mut writer = self.table.entries().direct_writer(&mut txn);
        for change in &changes {
            writer.apply(&change.key, change.value.as_deref()).unwrap();
        }
        writer.finish().unwrap();
        txn.commit().unwrap();
    }
}

fn select(documents: &[GeoDocument], test: impl Fn(&GeoDocument) -> bool) -> RoaringBitmap {
    (0u32..).zip(documents).filter(|(_, document)| test(document)).map(|(id, _)| id).collect()
}

fn degrees(limit: f64) -> impl Strategy<Value = f64> {
    prop_oneof![-limit..=limit, (-limit..=limit).prop_map(f64::round), Just(limit), Just(-limit), Just(0.0)]
}

fn points() -> impl Strategy<Value = Point> {
    prop_oneof![
        4 => (degrees(90.0), degrees(180.0)),
        1 => (degrees(200.0), degrees(700.0)),
    ]
    .prop_map(|(latitude, longitude)| Point { latitude, longitude })
}

fn documents() -> impl Strategy<Value = GeoDocument> {
    let shape = prop_oneof![
        points().prop_map(|point| json!({"type": "Point", "coordinates": [point.longitude, point.latitude]})),
        (points(), -20.0..20.0, -20.0..20.0).prop_map(|(start, right, up): (Point, f64, f64)| {
            let (longitude, latitude) = (start.longitude, start.latitude.clamp(-69.0, 69.0));
            json!({"type": "LineString", "coordinates": [[longitude, latitude], [longitude + right, latitude + up]]})
        }),
        (points(), 0.001..20.0).prop_map(|(corner, size): (Point, f64)| {
            let (west, south) = (corner.longitude, corner.latitude.clamp(-69.0, 69.0));
            let (east, north) = (west + size, south + size);
            json!({"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]})
        }),
    ];
    (prop::option::of(points()), prop::option::of(shape)).prop_map(|(point, shape)| GeoDocument {
        point,
        shape: shape.and_then(|shape| parse_geojson(&shape).unwrap()),
    })
}

fn boxes() -> impl Strategy<Value = BoundingBox> {
    (degrees(90.0), degrees(90.0), degrees(180.0), degrees(180.0))
        .prop_map(|(a, b, west, east)| BoundingBox { south: a.min(b), north: a.max(b), west, east })
}

fn circles() -> impl Strategy<Value = Circle> {
    let radius = prop_oneof![-10.0..1000.0, 0.0..1e6, 0.0..2.1e7, Just(0.0)];
    (degrees(90.0), degrees(180.0), radius).prop_map(|(latitude, longitude, radius_metres)| Circle {
        center: Point { latitude, longitude },
        radius_metres,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn areas_find_what_they_hold(
        before in prop::collection::vec(documents(), 0..40),
        after in prop::collection::vec(documents(), 0..60),
        boxes in prop::collection::vec(boxes(), 4),
        circles in prop::collection::vec(circles(), 8),
    ) {
        let fixture = Fixture::new();
        fixture.write(&[], &before);
        fixture.write(&before, &after);
        let txn = fixture.environment.read_txn().unwrap();
        let table = fixture.table;
        for area in boxes {
            let expected = select(&after, |document| document.point.is_some_and(|point| area.contains(&point)));
            prop_assert_eq!(table.points_in_box(&txn, &area, &Pace::unhurried()).unwrap(), expected);
            check_shapes(&table, &txn, &after, &Area::Box(area))?;
        }
        for circle in circles {
            let expected = select(&after, |document| document.point.is_some_and(|point| circle.contains(&point)));
            prop_assert_eq!(table.points_in_circle(&txn, &circle, &Pace::unhurried()).unwrap(), expected);
            check_shapes(&table, &txn, &after, &Area::circle(circle, 20))?;
            let Point { latitude, longitude } = circle.center;
            let corner = |up: f64, right: f64| Point { latitude: latitude.clamp(-80.0, 80.0) + up, longitude: longitude + right };
            let polygon = Polygon::new(&[corner(-8.0, -9.0), corner(7.0, -5.0), corner(6.0, 12.0)]);
            check_shapes(&table, &txn, &after, &Area::Polygon(polygon))?;
        }
        let all: RoaringBitmap = (0..after.len() as u32).collect();
        let expected: Vec<(u32, Point)> =
            (0u32..).zip(&after).filter_map(|(id, document)| document.point.map(|point| (id, point))).collect();
        prop_assert_eq!(table.points(&txn, &all).unwrap(), expected);
    }
}

fn check_shapes(
    table: &GeoTable,
    txn: &quarry_storage::Txn<'_>,
    documents: &[GeoDocument],
    area: &Area,
) -> Result<(), TestCaseError> {
    let pace = Pace::unhurried();
    let meets = |document: &GeoDocument| {
        document.shape.as_ref().is_some_and(|shape| shape.intersects(area, &pace).unwrap())
    };
    prop_assert_eq!(table.shapes_in(txn, area, &pace).unwrap(), select(documents, meets));
    Ok(())
}

#[test]
fn many_points_are_read_in_one_go() {
    let fixture = Fixture::new();
    let documents: Vec<GeoDocument> = (0..1000)
        .map(|id| GeoDocument {
            point: (id % 3 != 0).then(|| Point { latitude: f64::from(id) / 100.0, longitude: 1.0 }),
            shape: None,
        })
        .collect();
    fixture.write(&[], &documents);
    let txn = fixture.environment.read_txn().unwrap();
    let even: RoaringBitmap = (0..1000).step_by(2).collect();
    let points = fixture.table.points(&txn, &even).unwrap();
    assert_eq!(points.len(), 333);
    assert!(points.iter().all(|(id, point)| point.latitude == f64::from(*id) / 100.0 && id % 2 == 0));
}

#[test]
fn unchanged_documents_change_nothing() {
    let document = GeoDocument {
        point: Some(Point { latitude: 1.0, longitude: 2.0 }),
        shape: parse_geojson(&json!({"type": "Point", "coordinates": [1, 2]})).unwrap(),
    };
    assert!(document.changes(7, &document).is_empty());
    assert_eq!(GeoDocument::default().changes(7, &document).len(), 4);
    assert!(document.changes(7, &GeoDocument::default()).iter().all(|change| change.value.is_none()));
}

#[test]
fn look_ups_end_when_they_take_too_long() {
    let fixture = Fixture::new();
    let documents: Vec<GeoDocument> = (0..100)
        .map(|id| GeoDocument {
            point: Some(Point { latitude: f64::from(id) / 100.0, longitude: 1.0 }),
            shape: parse_geojson(&json!({"type": "Point", "coordinates": [1, f64::from(id) / 100.0]}))
                .unwrap(),
        })
        .collect();
    fixture.write(&[], &documents);
    let txn = fixture.environment.read_txn().unwrap();
    let pace = Pace::new(&|| false);
    let circle = Circle { center: Point { latitude: 0.0, longitude: 0.0 }, radius_metres: 1e6 };
    let table = fixture.table;
    for stopped in [
        table.points_in_circle(&txn, &circle, &pace),
        table.points_in_box(&txn, &BoundingBox::EARTH, &pace),
        table.shapes_in(&txn, &Area::circle(circle, 100), &pace),
    ] {
        assert!(matches!(stopped, Err(LookupError::Stopped)), "{stopped:?}");
    }
    let path: Vec<[f64; 2]> = (0..1000).map(|step| [f64::from(step) / 100.0, 20.0]).collect();
    let line = parse_geojson(&json!({"type": "LineString", "coordinates": path})).unwrap().unwrap();
    assert!(line.intersects(&Area::circle(circle, 100), &Pace::new(&|| false)).is_err());
}
