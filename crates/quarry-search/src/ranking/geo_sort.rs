//! Sort criteria on the distance to a point. Documents within a metre of the first one of a bucket share it.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::rc::Rc;

use quarry_geo::{GeoTable, Point};
use quarry_index::DocumentId;
use quarry_storage::StorageError;
use roaring::RoaringBitmap;

use crate::context::SearchContext;
use crate::graph::QueryGraph;
use crate::ranking::graph_rule::Start;
use crate::ranking::{Bucket, Buckets};
use crate::score::ScoreDetail;
use crate::sort::SortOrder;

/// Documents this near to the first one of a bucket belong to it.
const BUCKET_METRES: f64 = 1.0;

/// Documents of one bucket.
const BUCKET_DOCUMENTS_MAX: u64 = 1000;

/// Below this many documents, distances order by whole metres.
const WHOLE_METRES_BELOW: usize = 1000;

/// Sets the rule to work.
pub(crate) fn start<'c, 'i>(
    start: &Start<'_, 'c, 'i>,
    target: [f64; 2],
    order: SortOrder,
) -> Result<Box<dyn Buckets<'i> + 'c>, StorageError> {
    let snapshot = start.context.snapshot;
    let table = GeoTable::new(snapshot.tables().geo_points);
    let from = Point { latitude: target[0], longitude: target[1] };
    let points = table.points(snapshot.txn(), start.universe)?;
    let in_whole_metres = points.len() < WHOLE_METRES_BELOW;
    let place = |(document, point): (DocumentId, Point)| {
        let metres = from.distance_metres(&point);
        let distance = if in_whole_metres { metres.trunc() } else { metres };
        let rank = match order {
            SortOrder::Ascending => distance,
            SortOrder::Descending => -distance,
        };
        Place { document, point, metres, rank }
    };
    // Sorted only as far as somebody looks.
    let places: BinaryHeap<Place> = points.into_iter().map(place).collect::<Vec<_>>().into();
    Ok(Box::new(Distances { graph: Rc::clone(start.graph), target, order, places }))
}

/// A document on the map. The greatest one is the first of the order.
struct Place {
    document: DocumentId,
    point: Point,
    metres: f64,
    /// The distance that counts, negative if far ones come first.
    rank: f64,
}

impl Ord for Place {
    /// Documents that are as far come in the order of their ids.
    fn cmp(&self, other: &Place) -> Ordering {
        other.rank.total_cmp(&self.rank).then(other.document.cmp(&self.document))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Place) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Place) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Place {}

/// The rule at work.
struct Distances {
    graph: Rc<QueryGraph>,
    target: [f64; 2],
    order: SortOrder,
    /// The best one on top.
    places: BinaryHeap<Place>,
}

impl Distances {
    fn bucket(&self, documents: RoaringBitmap, found: Option<([f64; 2], f64)>) -> Bucket {
        let detail = ScoreDetail::GeoSort { target: self.target, order: self.order, found };
        Bucket { documents, graph: Rc::clone(&self.graph), detail }
    }
}

impl Buckets<'_> for Distances {
    fn next(
        &mut self,
        _: &SearchContext<'_>,
        remaining: &RoaringBitmap,
    ) -> Result<Option<Bucket>, StorageError> {
        let first = loop {
            match self.places.pop() {
                Some(place) if remaining.contains(place.document) => break place,
                Some(_) => {}
                None if remaining.is_empty() => return Ok(None),
                None => return Ok(Some(self.bucket(remaining.clone(), None))),
            }
        };
        let mut documents = RoaringBitmap::from([first.document]);
        while documents.len() < BUCKET_DOCUMENTS_MAX
            && let Some(place) = self.places.peek()
            && (place.metres - first.metres).abs() <= BUCKET_METRES
        {
            documents.insert(place.document);
            self.places.pop();
        }
        documents &= remaining;
        let point = [first.point.latitude, first.point.longitude];
        Ok(Some(self.bucket(documents, Some((point, first.metres)))))
    }
}
