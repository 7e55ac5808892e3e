//! Documents in the order of sort criteria, without a search: for routes that list documents.
//!
//! Each criterion splits documents that are still equal by their values: numbers before strings in both
//! directions, documents without a value last. What stays equal keeps the order of first insertion.
//!
//! The criteria at work are a list, not calls within calls: a request may name more than a thread's stack could hold.

use quarry_error::{Code, ErrorResponse};
use quarry_facets::{Direction, OrderedValues};
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
    let mut order = Order { snapshot, criteria: &parsed, wanted, documents: Vec::new() };
    order.run(candidates.clone())?;
    Ok(order.documents)
}

struct Order<'s> {
    snapshot: &'s Snapshot<'s>,
    criteria: &'s [SortCriterion],
    wanted: usize,
    documents: Vec<DocumentId>,
}

/// A criterion that splits documents which those before it hold for equal.
struct Level<'s> {
    /// Its place among the criteria.
    place: usize,
    parts: Parts<'s>,
}

/// What a criterion makes of documents, part by part.
enum Parts<'s> {
    /// Those with a number, the first values first; then come those with a string.
    Numbers { values: OrderedValues<'s, 's>, field: FieldId, direction: Direction },
    /// Those with a string, the first values first.
    Strings(OrderedValues<'s, 's>),
    /// Those with a point, the last ones first, and those without.
    Distances { distances: Vec<(f64, DocumentId)>, without: RoaringBitmap },
}

impl<'s> Order<'s> {
    fn is_full(&self) -> bool {
        self.documents.len() >= self.wanted
    }

    /// Adds `candidates` in order, until enough are there.
    fn run(&mut self, candidates: RoaringBitmap) -> Result<(), StorageError> {
        let mut levels = Vec::new();
        levels.extend(self.start(0, candidates)?);
        while !self.is_full()
            && let Some(Level { place, parts }) = levels.pop()
        {
            let (documents, rest) = self.next_part(parts)?;
            levels.extend(rest.map(|parts| Level { place, parts }));
            levels.extend(self.start(place + 1, documents)?);
        }
        Ok(())
    }

    /// Sets the criterion at `place` to work; none if the documents need no splitting, and are added.
    fn start(&mut self, place: usize, candidates: RoaringBitmap) -> Result<Option<Level<'s>>, StorageError> {
        let Some(criterion) = self.criteria.get(place).filter(|_| candidates.len() > 1) else {
            let missing = self.wanted - self.documents.len();
            self.documents.extend(candidates.iter().take(missing));
            return Ok(None);
        };
        let parts = match criterion {
            SortCriterion::Field { name, order } => match self.snapshot.fields().id(name) {
                Some(field) => self.numbers(candidates, field, direction(*order))?,
                None => Parts::Distances { distances: Vec::new(), without: candidates },
            },
            SortCriterion::GeoPoint { point: [latitude, longitude], order } => {
                let centre = Point { latitude: *latitude, longitude: *longitude };
                self.distances(candidates, centre, *order)?
            }
        };
        Ok(Some(Level { place, parts }))
    }

    fn numbers(
        &self,
        candidates: RoaringBitmap,
        field: FieldId,
        direction: Direction,
    ) -> Result<Parts<'s>, StorageError> {
        let (tables, txn) = (self.snapshot.tables(), self.snapshot.txn());
        let values = tables.facet_numbers.ordered(txn, field, direction, &candidates)?;
        Ok(Parts::Numbers { values, field, direction })
    }

    fn distances(
        &self,
        mut without: RoaringBitmap,
        centre: Point,
        order: SortOrder,
    ) -> Result<Parts<'s>, StorageError> {
        let table = GeoTable::new(self.snapshot.tables().geo_points);
        let points = table.points(self.snapshot.txn(), &without)?;
        let mut distances: Vec<(f64, DocumentId)> =
            points.into_iter().map(|(document, point)| (centre.distance_metres(&point), document)).collect();
        distances.sort_by(|(left, _), (right, _)| {
            let last_first = right.total_cmp(left);
            if order == SortOrder::Ascending { last_first } else { last_first.reverse() }
        });
        without -= distances.iter().map(|(_, document)| *document).collect::<RoaringBitmap>();
        Ok(Parts::Distances { distances, without })
    }

    /// The first part, and what is left to split; the last part is what has no value.
    fn next_part(&self, parts: Parts<'s>) -> Result<(RoaringBitmap, Option<Parts<'s>>), StorageError> {
        match parts {
            Parts::Numbers { mut values, field, direction } => {
                if let Some(documents) = next_value(&mut values)? {
                    let is_last = values.candidates().is_empty();
                    return Ok((
                        documents,
                        (!is_last).then_some(Parts::Numbers { values, field, direction }),
                    ));
                }
                let (tables, txn) = (self.snapshot.tables(), self.snapshot.txn());
                let strings = tables.facet_strings.ordered(txn, field, direction, values.candidates())?;
                self.next_part(Parts::Strings(strings))
            }
            Parts::Strings(mut values) => {
                let Some(documents) = next_value(&mut values)? else {
                    return Ok((values.candidates().clone(), None));
                };
                let is_last = values.candidates().is_empty();
                Ok((documents, (!is_last).then_some(Parts::Strings(values))))
            }
            Parts::Distances { mut distances, without } => {
                let Some((first, document)) = distances.pop() else { return Ok((without, None)) };
                let mut documents = RoaringBitmap::from([document]);
                while let Some((_, equal)) = distances.pop_if(|(distance, _)| *distance == first) {
                    documents.insert(equal);
                }
                let is_last = distances.is_empty() && without.is_empty();
                Ok((documents, (!is_last).then_some(Parts::Distances { distances, without })))
            }
        }
    }
}

/// The candidates with the next value, which are left out of what comes then: a document with several values counts
/// with its first one only.
fn next_value(values: &mut OrderedValues<'_, '_>) -> Result<Option<RoaringBitmap>, StorageError> {
    let Some(value) = values.next() else { return Ok(None) };
    let (_, documents) = value?;
    values.leave_out(&documents);
    Ok(Some(documents))
}

fn direction(order: SortOrder) -> Direction {
    match order {
        SortOrder::Ascending => Direction::Ascending,
        SortOrder::Descending => Direction::Descending,
    }
}
