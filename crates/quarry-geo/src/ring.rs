//! Rings of great-circle arcs, with a tree over the arcs that finds those near a place, an arc or a plane.
//!
//! The tree: the arcs in their order, eight to a leaf, eight nodes to a node above. Each node knows its extent in space,
//! not in latitude and longitude, so that neither poles nor the 180th meridian are special. Neighbouring arcs are near
//! each other, so no sorting is needed, and the tree adds a tenth to the size of the arcs. A ring of arcs that all cross
//! each other makes it useless, and a question then costs as much as asking each arc.

use crate::sphere::{Arc, TOLERANCE, Vector};

/// Children of a node.
const FAN_OUT: usize = 8;

/// By how much an extent is larger than its arcs. The axis of the shortest arcs (1e-10) is known to 1e-6 only, and what
/// `Arc` takes for a touch may be off by as much.
const MARGIN: f64 = 1e-5;

/// Arcs longer than about this, in radians, have an axis that is exact to far less than the tolerance.
const LONG: f64 = 1e-3;

/// A closed ring and what it encloses, the ring included.
///
/// Of the two areas that a ring separates, it encloses the one around the middle of its corners.
#[derive(Debug, Clone)]
pub(crate) struct Ring {
    arcs: Vec<Arc>,
    /// The extents of the nodes, those of the leaves first; the last level is a single node.
    levels: Vec<Vec<Extent>>,
    middle: Vector,
}

/// A box in space, with its sides along the axes.
#[derive(Debug, Clone, Copy)]
struct Extent {
    low: Vector,
    high: Vector,
}

impl Extent {
    fn around(arc: &Arc) -> Extent {
        // No place of the arc is farther from the chord than its top.
        let bulge = 1.0 - ((1.0 + arc.from.dot(arc.to)) / 2.0).max(0.0).sqrt();
        let margin = Vector { x: 1.0, y: 1.0, z: 1.0 } * (bulge + MARGIN);
        let ends = Extent { low: arc.from, high: arc.from }.joined(&Extent { low: arc.to, high: arc.to });
        Extent { low: ends.low - margin, high: ends.high + margin }
    }

    fn joined(&self, other: &Extent) -> Extent {
        let (low, high) = (self.low, self.high);
        Extent {
            low: Vector { x: low.x.min(other.low.x), y: low.y.min(other.low.y), z: low.z.min(other.low.z) },
            high: Vector {
                x: high.x.max(other.high.x),
                y: high.y.max(other.high.y),
                z: high.z.max(other.high.z),
            },
        }
    }

    fn contains(&self, place: Vector) -> bool {
        self.overlaps(&Extent { low: place, high: place })
    }

    fn overlaps(&self, other: &Extent) -> bool {
        self.low.x <= other.high.x
            && other.low.x <= self.high.x
            && self.low.y <= other.high.y
            && other.low.y <= self.high.y
            && self.low.z <= other.high.z
            && other.low.z <= self.high.z
    }

    /// The middle of the box along a direction, and how far it reaches to both sides.
    fn along(&self, direction: Vector) -> (f64, f64) {
        let (middle, reach) = ((self.low + self.high) * 0.5, (self.high - self.low) * 0.5);
        let steepness = Vector { x: direction.x.abs(), y: direction.y.abs(), z: direction.z.abs() };
        (middle.dot(direction), reach.dot(steepness))
    }
}

impl Ring {
    /// The ring with these corners, in this order; the last is joined with the first.
    pub(crate) fn new(corners: &[Vector]) -> Ring {
        let next = corners.iter().cycle().skip(1);
        let arcs: Vec<Arc> = corners.iter().zip(next).map(|(from, to)| Arc::new(*from, *to)).collect();
        let middle = corners.iter().fold(Vector::ZERO, |sum, corner| sum + *corner);
        let mut levels: Vec<Vec<Extent>> = Vec::new();
        let leaves =
            arcs.chunks(FAN_OUT).filter_map(|leaf| joined(leaf.iter().map(Extent::around))).collect();
        let mut level: Vec<Extent> = leaves;
        while level.len() > 1 {
            let above = level.chunks(FAN_OUT).filter_map(|node| joined(node.iter().copied())).collect();
            levels.push(std::mem::replace(&mut level, above));
        }
        levels.push(level);
        Ring { arcs, levels, middle }
    }

    /// One of its places; none without corners.
    pub(crate) fn corner(&self) -> Option<Vector> {
        self.arcs.first().map(|arc| arc.from)
    }

    /// Whether a place lies on the ring or in what it encloses.
    pub(crate) fn contains_place(&self, place: Vector) -> bool {
        self.passes_through(place) || (place.dot(self.middle) >= 0.0 && self.winds_around(place))
    }

    /// Whether the ring meets an arc; one that lies inside does not.
    pub(crate) fn meets(&self, arc: &Arc) -> bool {
        let extent = Extent::around(arc);
        self.any(|node| node.overlaps(&extent), |side| side.meets(arc))
    }

    fn passes_through(&self, place: Vector) -> bool {
        let is_near = |arc: &Arc| match arc.axis {
            // Cheap, for rings whose arcs are so long that the tree does not tell them apart.
            Some(axis) if place.dot(axis).abs() > 2.0 * TOLERANCE => (arc.to - arc.from).length() < LONG,
            _ => true,
        };
        self.any(|node| node.contains(place), |arc| is_near(arc) && arc.angle_to(place) <= TOLERANCE)
    }

    /// Whether the ring goes around a place, or around the opposite one.
    ///
    /// Seen from the place, the ring is a closed path of straight lines in a plane. It goes around as often as it
    /// crosses the half-line upwards to the right, less its crossings to the left.
    fn winds_around(&self, place: Vector) -> bool {
        let helper = if place.z.abs() < 0.9 { Vector::NORTH } else { Vector { x: 1.0, y: 0.0, z: 0.0 } };
        let Some(right) = helper.cross(place).normalized() else { return false };
        let up = place.cross(right);
        let may_cross = |node: &Extent| {
            let ((middle, reach), (height, rise)) = (node.along(right), node.along(up));
            middle.abs() <= reach && height + rise >= 0.0
        };
        let mut turns = 0_i64;
        self.any(may_cross, |arc| {
            let (from, to) = (arc.from.dot(right), arc.to.dot(right));
            if (from < 0.0) != (to < 0.0) {
                let rightwards = arc.from.dot(up) * to - arc.to.dot(up) * from;
                turns += i64::from(from < 0.0 && rightwards > 0.0) - i64::from(to < 0.0 && rightwards < 0.0);
            }
            false
        });
        turns != 0
    }

    /// Whether an arc passes a test, of those in leaves that, like all nodes above them, may hold such arcs.
    fn any(&self, may_hold: impl Fn(&Extent) -> bool, mut passes: impl FnMut(&Arc) -> bool) -> bool {
        self.any_below(self.levels.len() - 1, 0, &may_hold, &mut passes)
    }

    /// The same for the nodes from `first` on that have one parent.
    fn any_below(
        &self,
        level: usize,
        first: usize,
        may_hold: &impl Fn(&Extent) -> bool,
        passes: &mut impl FnMut(&Arc) -> bool,
    ) -> bool {
        let nodes = self.levels[level].iter().enumerate().skip(first).take(FAN_OUT);
        for (position, _) in nodes.filter(|(_, extent)| may_hold(extent)) {
            let first_child = position * FAN_OUT;
            let passed = match level.checked_sub(1) {
                Some(below) => self.any_below(below, first_child, may_hold, passes),
                None => self.arcs.iter().skip(first_child).take(FAN_OUT).any(&mut *passes),
            };
            if passed {
                return true;
            }
        }
        false
    }
}

fn joined(mut extents: impl Iterator<Item = Extent>) -> Option<Extent> {
    let first = extents.next()?;
    Some(extents.fold(first, |all, extent| all.joined(&extent)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::Point;
    use proptest::prelude::*;
    use std::f64::consts::{PI, TAU};

    /// The twin of `contains_place`: asks every arc, and sums the angles under which it is seen.
    fn contains_slowly(ring: &Ring, place: Vector) -> bool {
        let is_on_ring = ring.arcs.iter().any(|arc| arc.angle_to(place) <= TOLERANCE);
        is_on_ring || (turns_slowly(ring, place).sum::<f64>().abs() > PI && place.dot(ring.middle) >= 0.0)
    }

    /// The angles under which a place sees the arcs.
    fn turns_slowly(ring: &Ring, place: Vector) -> impl Iterator<Item = f64> + '_ {
        let helper = if place.z.abs() < 0.9 { Vector::NORTH } else { Vector { x: 1.0, y: 0.0, z: 0.0 } };
        let right = helper.cross(place).normalized().expect("the helper is elsewhere");
        let up = place.cross(right);
        let bearing = move |target: Vector| target.dot(right).atan2(target.dot(up));
        ring.arcs.iter().map(move |arc| {
            let turn = bearing(arc.to) - bearing(arc.from);
            // The shorter way: an arc is seen under less than half a turn.
            turn - (turn / TAU).round() * TAU
        })
    }

    fn at(latitude: f64, longitude: f64) -> Vector {
        Vector::from(&Point { latitude, longitude })
    }

    fn coordinate(limit: f64) -> impl Strategy<Value = f64> {
        prop_oneof![
            -limit..=limit,
            (-limit..=limit).prop_map(f64::round),
            Just(limit),
            Just(-limit),
            Just(0.0)
        ]
    }

    fn places() -> impl Strategy<Value = Vector> {
        (coordinate(90.0), coordinate(180.0)).prop_map(|(latitude, longitude)| at(latitude, longitude))
    }

    /// Corners around a middle, near or far, in turn or in any order.
    fn rings() -> impl Strategy<Value = Vec<Vector>> {
        let size = prop_oneof![1e-9..1e-6, 1e-5..1e-2, 0.01..1.0, 1.0..40.0, 40.0..100.0];
        let corners = prop::collection::vec((0.0..TAU, 0.0..1.0_f64), 1..300);
        let around = (places(), size, corners, any::<bool>(), any::<bool>()).prop_map(
            |(middle, size, mut corners, in_turn, is_round)| {
                if in_turn {
                    corners.sort_by(|a, b| a.0.total_cmp(&b.0));
                }
                let right = middle.cross(if middle.z.abs() < 0.9 { Vector::NORTH } else { at(0.0, 0.0) });
                let right = right.normalized().expect("elsewhere");
                let up = right.cross(middle);
                let corner = |(bearing, fraction): &(f64, f64)| {
                    let angle = f64::to_radians(size * if is_round { 1.0 } else { *fraction });
                    let aside = right * bearing.sin() + up * bearing.cos();
                    at_point(middle * angle.cos() + aside * angle.sin())
                };
                corners.iter().map(corner).collect()
            },
        );
        prop_oneof![4 => around, 1 => prop::collection::vec(places(), 0..40)].prop_filter(
            "arcs of half a turn go any way",
            |corners: &Vec<Vector>| {
                let next = corners.iter().cycle().skip(1);
                corners.iter().zip(next).all(|(from, to)| from.dot(*to) > -1.0 + 1e-9)
            },
        )
    }

    /// A place as coordinates give it.
    fn at_point(place: Vector) -> Vector {
        Vector::from(&place.point())
    }

    /// Places anywhere, and on and near the ring.
    fn places_about(ring: &Ring, anywhere: Vec<Vector>, nudges: &[(usize, f64, Vector)]) -> Vec<Vector> {
        let mut places = anywhere;
        if !ring.arcs.is_empty() {
            for (position, nudge, direction) in nudges {
                let arc = &ring.arcs[position % ring.arcs.len()];
                let middle = (arc.from + arc.to).normalized().expect("no arc of half a turn");
                let far = (arc.from + ring.middle).normalized().unwrap_or(arc.from);
                let starts = [arc.from, middle, far];
                let moved =
                    starts.map(|start| (start + *direction * *nudge).normalized().expect("a short way"));
                places.extend(starts.into_iter().chain(moved).map(at_point));
            }
        }
        // An arc seen under half a turn is behind the earth, or so short that its axis is not exact enough to tell that
        // the place lies on it, or at its end. Rounding decides on which side it passes.
        let is_clear = |place: &Vector| {
            turns_slowly(ring, *place).all(|turn| turn.abs() < PI - 1e-5)
                && ring.arcs.iter().all(|arc| arc.from.angle(*place) > 2.0 * TOLERANCE)
        };
        places.retain(|place| ring.passes_through(*place) || is_clear(place));
        places
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn the_tree_answers_as_all_arcs(
            corners in rings(),
            anywhere in prop::collection::vec(places(), 10),
            nudges in prop::collection::vec((any::<usize>(), prop_oneof![1e-12..1e-9, 1e-8..1e-4, 1e-3..0.5], places()), 10),
        ) {
            let ring = Ring::new(&corners);
            let places = places_about(&ring, anywhere, &nudges);
            for place in &places {
                prop_assert_eq!(ring.contains_place(*place), contains_slowly(&ring, *place), "{:?}", place);
            }
            for ends in places.windows(2) {
                let arc = Arc::new(ends[0], ends[1]);
                let expected = ring.arcs.iter().any(|side| side.meets(&arc));
                prop_assert_eq!(ring.meets(&arc), expected, "{:?}", arc);
            }
        }
    }

    #[test]
    fn rings_of_many_corners_ask_few_arcs() {
        let corner = |step: u32| at(50.0 + f64::from(step).to_radians().sin(), f64::from(step) / 1000.0);
        let ring = Ring::new(&(0..100_000).map(corner).collect::<Vec<_>>());
        let mut asked = 0;
        let place = corner(31_415);
        ring.any(
            |node| node.contains(place),
            |_| {
                asked += 1;
                false
            },
        );
        assert!(asked > 0 && asked < 200, "{asked}");
    }
}
