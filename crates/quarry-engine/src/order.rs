//! Documents in the order of sort criteria, without a search: for routes that list documents.
//!
//! Each criterion splits documents that are still equal by their values: numbers before strings in both
//! directions, documents without a value last. What stays equal keeps the order of first insertion.

use quarry_error::{Code, ErrorResponse};
use quarry_facets::Direction;
use quarry_geo::{GeoTable, Point};
use quarry_index::{DocumentId, FieldId, Snapshot};
use quarry_search::{SortCriterion, SortOrder};
use quarry_storage::StorageError;
use roaring::RoaringBitmap;

use crate::documents::DocumentsError;

/// The first `wanted` documents of `candidates`, in the order of `criteria` (`field:asc`, `field:desc`).
///
/// # Errors
/// `Refused` with `invalid_document_sort`.
pub(crate) fn ordered(
    snapshot: &Snapshot<'_>,
    candidates: &RoaringBitmap,
    criteria: &[String],
    wanted: usize,
) -> Result<Vec<DocumentId>, DocumentsError> {
    let refused = |message: String| ErrorResponse::new(message, Code::InvalidDocumentSort);
    let mut parsed = Vec::with_capacity(criteria.len());
    for criterion in criteria {
        let criterion: SortCriterion = criterion.parse().map_err(|error| refused(format!("{error}")))?;
        criterion.check_sortable_hidden(snapshot.settings()).map_err(|error| refused(error.to_string()))?;
        parsed.push(criterion);
    }
    let mut order = Order { snapshot, wanted, documents: Vec::new() };
    order.split(candidates.clone(), &parsed)?;
    Ok(order.documents)
}

struct Order<'s> {
    snapshot: &'s Snapshot<'s>,
    wanted: usize,
    documents: Vec<DocumentId>,
}

impl Order<'_> {
    fn is_full(&self) -> bool {
        self.documents.len() >= self.wanted
    }

    /// Adds `candidates`, ordered by `criteria`, until enough are there.
    fn split(&mut self, candidates: RoaringBitmap, criteria: &[SortCriterion]) -> Result<(), StorageError> {
        if self.is_full() {
            return Ok(());
        }
        match criteria.split_first() {
            Some((criterion, rest)) if candidates.len() > 1 => match criterion {
                SortCriterion::Field { name, order } => {
                    let field = self.snapshot.fields().id(name);
                    self.split_by_field(candidates, field, direction(*order), rest)
                }
                SortCriterion::GeoPoint { point: [latitude, longitude], order } => {
                    let centre = Point { latitude: *latitude, longitude: *longitude };
                    self.split_by_distance(candidates, centre, *order, rest)
                }
            },
            _ => {
                let missing = self.wanted - self.documents.len();
                self.documents.extend(candidates.iter().take(missing));
                Ok(())
            }
        }
    }

    fn split_by_field(
        &mut self,
        mut candidates: RoaringBitmap,
        field: Option<FieldId>,
        direction: Direction,
        rest: &[SortCriterion],
    ) -> Result<(), StorageError> {
        let (tables, txn) = (self.snapshot.tables(), self.snapshot.txn());
        for table in [tables.facet_numbers, tables.facet_strings] {
            let Some(field) = field else { break };
            let mut values = table.ordered(txn, field, direction, &candidates)?;
            while let Some(value) = values.next() {
                let (_, documents) = value?;
                // A document with several values counts with its first one only.
                values.leave_out(&documents);
                self.split(documents, rest)?;
                if self.is_full() {
                    return Ok(());
                }
            }
            candidates = values.candidates().clone();
        }
        self.split(candidates, rest)
    }

    fn split_by_distance(
        &mut self,
        mut candidates: RoaringBitmap,
        centre: Point,
        order: SortOrder,
        rest: &[SortCriterion],
    ) -> Result<(), StorageError> {
        let table = GeoTable::new(self.snapshot.tables().geo_points);
        let mut distances: Vec<(f64, DocumentId)> = table
            .points(self.snapshot.txn(), &candidates)?
            .into_iter()
            .map(|(document, point)| (centre.distance_metres(&point), document))
            .collect();
        distances.sort_by(|(left, left_id), (right, right_id)| {
            let by_distance = left.total_cmp(right);
            let by_distance = if order == SortOrder::Ascending { by_distance } else { by_distance.reverse() };
            by_distance.then(left_id.cmp(right_id))
        });
        for equal in distances.chunk_by(|(left, _), (right, _)| left == right) {
            let documents: RoaringBitmap = equal.iter().map(|(_, document)| *document).collect();
            candidates -= &documents;
            self.split(documents, rest)?;
            if self.is_full() {
                return Ok(());
            }
        }
        self.split(candidates, rest)
    }
}

fn direction(order: SortOrder) -> Direction {
    match order {
        SortOrder::Ascending => Direction::Ascending,
        SortOrder::Descending => Direction::Descending,
    }
}
