//! The space-filling curve: places near each other get numbers near each other.
//!
//! Latitude and longitude are cut in 2^32 steps each, and the bits of both are interleaved, longitude first (Morton
//! order). The cells of level L are the squares of 2^(32 - L) steps: all numbers that share their first 2 L bits. So a
//! cell is a range of numbers, and a box is a few ranges.

use std::ops::RangeInclusive;

use crate::bounding_box::BoundingBox;
use crate::point::Point;

/// Bits of each coordinate; the level of the smallest cells.
pub(crate) const LEVEL_MAX: u8 = 32;

/// The most cells that a box is cut into. More cells fit the box better and cost more seeks: the excess area of a
/// square falls from half of it with 16 cells to a fifth with 64.
const CELLS_MAX: usize = 64;

/// The number of the smallest cell that holds a point.
pub(crate) fn cell_of(point: &Point) -> u64 {
    let point = point.normalized();
    interleave(column(point.longitude), row(point.latitude))
}

/// The numbers of the smallest cells that meet a box, as ascending ranges, and possibly of others nearby.
pub(crate) fn ranges_of(area: &BoundingBox) -> Vec<RangeInclusive<u64>> {
    ranges_at_level(area, LEVEL_MAX)
}

/// The numbers of the first smallest cells of all cells of a level that meet a box; as ranges.
pub(crate) fn ranges_at_level(area: &BoundingBox, level: u8) -> Vec<RangeInclusive<u64>> {
    let mut ranges: Vec<RangeInclusive<u64>> =
        area.parts().iter().flat_map(|part| ranges_of_square(&Square::of(part), level)).collect();
    ranges.sort_unstable_by_key(|range| *range.start());
    merge_neighbours(ranges)
}

/// A level at which some boxes meet only a few cells, and the numbers of these cells (of their first smallest cell).
pub(crate) fn covering_cells(areas: &[BoundingBox]) -> (u8, Vec<u64>) {
    let squares: Vec<Square> =
        areas.iter().flat_map(BoundingBox::parts).map(|part| Square::of(&part)).collect();
    let level = squares.iter().map(Square::level).min().unwrap_or(0);
    let mut cells: Vec<u64> = squares.iter().flat_map(|square| square.cells(level)).collect();
    cells.sort_unstable();
    cells.dedup();
    (level, cells)
}

fn column(longitude: f64) -> u32 {
    step((longitude + 180.0) / 360.0)
}

fn row(latitude: f64) -> u32 {
    step((latitude + 90.0) / 180.0)
}

/// 0.0..=1.0 in 2^32 steps. The conversion saturates, so 1.0 gives the last one.
fn step(fraction: f64) -> u32 {
    (fraction * 4_294_967_296.0) as u32
}

/// Interleaves two numbers, the bits of `column` above those of `row`.
fn interleave(column: u32, row: u32) -> u64 {
    spread(column) << 1 | spread(row)
}

/// Puts a zero before each bit.
fn spread(value: u32) -> u64 {
    let mut bits = u64::from(value);
    bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff;
    bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333;
    (bits | bits << 1) & 0x5555_5555_5555_5555
}

/// A box in steps, its borders included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Square {
    columns: (u32, u32),
    rows: (u32, u32),
}

impl Square {
    /// The steps of a box that does not cross the 180th meridian.
    fn of(area: &BoundingBox) -> Square {
        Square { columns: (column(area.west), column(area.east)), rows: (row(area.south), row(area.north)) }
    }

    /// The deepest level whose cells are at least as large as the square, so that it meets at most four of them.
    fn level(&self) -> u8 {
        let extent = (self.columns.1 - self.columns.0).max(self.rows.1 - self.rows.0);
        extent.leading_zeros() as u8
    }

    /// The cells of a level that the square meets.
    fn cells(&self, level: u8) -> Vec<u64> {
        let shift = u32::from(LEVEL_MAX - level);
        let steps = |(first, last): (u32, u32)| {
            let cells = (u64::from(first) >> shift)..=(u64::from(last) >> shift);
            cells.map(move |cell| (cell << shift) as u32)
        };
        let mut cells = Vec::new();
        for column in steps(self.columns) {
            cells.extend(steps(self.rows).map(|row| interleave(column, row)));
        }
        cells
    }
}

/// A cell while a square is cut: its first column and row, and its level.
#[derive(Debug, Clone, Copy)]
struct Cell {
    column: u32,
    row: u32,
    level: u8,
}

impl Cell {
    /// Columns or rows of the cell, less one.
    fn extent(&self) -> u32 {
        u32::MAX.checked_shr(u32::from(self.level)).unwrap_or(0)
    }

    fn meets(&self, square: &Square) -> bool {
        self.column <= square.columns.1
            && self.column + self.extent() >= square.columns.0
            && self.row <= square.rows.1
            && self.row + self.extent() >= square.rows.0
    }

    fn is_inside(&self, square: &Square) -> bool {
        self.column >= square.columns.0
            && self.column + self.extent() <= square.columns.1
            && self.row >= square.rows.0
            && self.row + self.extent() <= square.rows.1
    }

    fn quarters(&self) -> [Cell; 4] {
        let half = self.extent() / 2 + 1;
        [(0, 0), (0, half), (half, 0), (half, half)].map(|(right, up)| Cell {
            column: self.column + right,
            row: self.row + up,
            level: self.level + 1,
        })
    }

    fn range(&self) -> RangeInclusive<u64> {
        let first = interleave(self.column, self.row);
        first..=first + (u64::MAX.checked_shr(2 * u32::from(self.level)).unwrap_or(0))
    }
}

/// Cuts a square into cells of at most `level_max`: level by level, as long as there are not too many.
fn ranges_of_square(square: &Square, level_max: u8) -> Vec<RangeInclusive<u64>> {
    let mut whole: Vec<Cell> = Vec::new();
    let mut cut = vec![Cell { column: 0, row: 0, level: 0 }];
    for _ in 0..level_max {
        let quarters: Vec<Cell> =
            cut.iter().flat_map(Cell::quarters).filter(|cell| cell.meets(square)).collect();
        if whole.len() + quarters.len() > CELLS_MAX {
            break;
        }
        let (inside, partly): (Vec<Cell>, Vec<Cell>) =
            quarters.into_iter().partition(|cell| cell.is_inside(square));
        whole.extend(inside);
        cut = partly;
    }
    whole.into_iter().chain(cut).map(|cell| cell.range()).collect()
}

/// Joins ascending ranges that touch.
fn merge_neighbours(ranges: Vec<RangeInclusive<u64>>) -> Vec<RangeInclusive<u64>> {
    let mut merged: Vec<RangeInclusive<u64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if *range.start() <= last.end().saturating_add(1) => {
                *last = *last.start()..=*last.end().max(range.end());
            }
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(latitude: f64, longitude: f64) -> Point {
        Point { latitude, longitude }
    }

    fn contains(ranges: &[RangeInclusive<u64>], cell: u64) -> bool {
        ranges.iter().any(|range| range.contains(&cell))
    }

    #[test]
    fn corners_of_the_earth() {
        assert_eq!(cell_of(&point(-90.0, -180.0)), 0);
        assert_eq!(cell_of(&point(90.0, 180.0)), u64::MAX);
        assert_eq!(cell_of(&point(0.0, 0.0)), 0b11 << 62);
        assert_eq!(ranges_of(&BoundingBox::EARTH), [0..=u64::MAX]);
    }

    #[test]
    fn small_boxes_have_few_cells() {
        let area = BoundingBox { south: 51.0, north: 51.0001, west: 3.0, east: 3.0001 };
        let (level, cells) = covering_cells(&[area]);
        assert!(level > 16 && cells.len() <= 4, "level {level}, {} cells", cells.len());
        let one_point = BoundingBox { south: 51.0, north: 51.0, west: 3.0, east: 3.0 };
        assert_eq!(covering_cells(&[one_point]), (LEVEL_MAX, vec![cell_of(&point(51.0, 3.0))]));
        assert_eq!(covering_cells(&[BoundingBox::EARTH]).0, 0);
    }

    fn boxes() -> impl Strategy<Value = BoundingBox> {
        let borders = (-90.0..=90.0, -90.0..=90.0, -180.0..=180.0, -180.0..=180.0, 0.0..1.0f64);
        borders.prop_map(|(south, north, west, east, shrink): (f64, f64, f64, f64, f64)| {
            let shrink = shrink.powi(6);
            BoundingBox {
                south: south.min(north),
                north: south.min(north) + (north - south).abs() * shrink,
                west,
                east: (west + (east - west) * shrink).clamp(-180.0, 180.0),
            }
        })
    }

    proptest! {
        #[test]
        fn ranges_hold_the_points_of_the_box(area in boxes(), up in 0.0..=1.0f64, right in 0.0..=1.0f64) {
            let ranges = ranges_of(&area);
            prop_assert!(ranges.len() <= 2 * CELLS_MAX);
            prop_assert!(ranges.is_sorted_by(|a, b| a.end() < b.start()));
            for part in area.parts() {
                let inside = point(
                    (part.south + (part.north - part.south) * up).clamp(part.south, part.north),
                    (part.west + (part.east - part.west) * right).clamp(part.west, part.east),
                );
                prop_assert!(contains(&ranges, cell_of(&inside)), "{:?} in {:?}", inside, area);
                let (level, cells) = covering_cells(&[area]);
                let shift = 2 * u32::from(LEVEL_MAX - level);
                let first = cell_of(&inside).checked_shr(shift).unwrap_or(0).checked_shl(shift).unwrap_or(0);
                prop_assert!(cells.contains(&first));
                prop_assert!(contains(&ranges_at_level(&area, level), first));
            }
        }

        #[test]
        fn ranges_leave_most_of_the_earth_out(
            latitude in -80.0..80.0f64, longitude in -170.0..170.0f64, size in 0.0001..1.0f64,
        ) {
            let area = BoundingBox { south: latitude, north: latitude + size, west: longitude, east: longitude + size };
            let covered: f64 = ranges_of(&area).iter().map(|range| (range.end() - range.start()) as f64).sum();
            let needed = (size / 180.0) * (size / 360.0) * 2f64.powi(64);
            prop_assert!(covered < needed * 4.0, "{} times too much", covered / needed);
        }
    }
}
