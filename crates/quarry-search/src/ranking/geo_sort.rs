//! Sort criteria on the distance to a point. Documents within a metre of the first one of a bucket share it.

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
    let mut places: Vec<Place> = table
        .points(snapshot.txn(), start.universe)?
        .into_iter()
        .map(|(document, point)| Place { document, point, metres: from.distance_metres(&point) })
        .collect();
    let in_whole_metres = places.len() < WHOLE_METRES_BELOW;
    let distance = |place: &Place| if in_whole_metres { place.metres.trunc() } else { place.metres };
    // Stable: documents that are as far stay in the order of their ids. The first one goes last.
    places.sort_by(|left, right| match order {
        SortOrder::Ascending => distance(left).total_cmp(&distance(right)),
        SortOrder::Descending => distance(right).total_cmp(&distance(left)),
    });
    places.reverse();
    Ok(Box::new(Distances { graph: Rc::clone(start.graph), target, order, places }))
}

/// A document on the map.
struct Place {
    document: DocumentId,
    point: Point,
    metres: f64,
}

/// The rule at work.
struct Distances {
    graph: Rc<QueryGraph>,
    target: [f64; 2],
    order: SortOrder,
    /// The best ones last.
    places: Vec<Place>,
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
            && let Some(place) =
                self.places.pop_if(|place| (place.metres - first.metres).abs() <= BUCKET_METRES)
        {
            documents.insert(place.document);
        }
        documents &= remaining;
        let point = [first.point.latitude, first.point.longitude];
        Ok(Some(self.bucket(documents, Some((point, first.metres)))))
    }
}
