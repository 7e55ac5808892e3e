//! Points and shapes of documents: the fields `_geo` and `_geojson`, where settings ask for them.

use quarry_geo::{GeoDocument, parse_geo_field, parse_geojson};
use quarry_index::{DocumentId, FieldId, Fields};
use quarry_storage::SpillVec;

use crate::error::IndexError;
use crate::extract::assemble::TopLevel;
use crate::extract::plan::{TableWork, Work};
use crate::json_text::Damaged;
use crate::value_run::{GeoChanges, ShortKey};

/// Documents that have a point now, and those that have none any more, as one thread has met them.
#[derive(Default)]
pub(crate) struct GeoCache {
    pub(crate) with_point: SpillVec<DocumentId>,
    pub(crate) without_point: SpillVec<DocumentId>,
}

/// Reads the geographic fields; one per thread.
pub(crate) struct GeoReader {
    point_field: Option<FieldId>,
    shape_field: Option<FieldId>,
    work: Work,
}

impl GeoReader {
    pub(crate) fn new(fields: &Fields, work: Work) -> GeoReader {
        GeoReader {
            point_field: fields.id("_geo").filter(|_| work.points.is_on()),
            shape_field: fields.id("_geojson").filter(|_| work.shapes.is_on()),
            work,
        }
    }

    /// Gathers what changes when a document becomes `after`.
    ///
    /// # Errors
    /// `Geo`, `GeoJson` when a field cannot be read.
    pub(crate) fn read(
        &self,
        (document, external_id): (DocumentId, &str),
        before: &TopLevel<'_>,
        after: &TopLevel<'_>,
        (cache, changes): (&mut GeoCache, &mut GeoChanges),
    ) -> Result<(), IndexError> {
        let mut old = GeoDocument::default();
        let mut new = GeoDocument::default();
        if let Some((was, is)) = self.differing(self.point_field, self.work.points, before, after) {
            // What is stored was read before: an error cannot come from there.
            old.point = was.map(|value| point(external_id, value)).transpose().ok().flatten().flatten();
            new.point = is.map(|value| point(external_id, value)).transpose()?.flatten();
            match (old.point, new.point) {
                (_, Some(_)) => cache.with_point.push(document)?,
                (Some(_), None) => cache.without_point.push(document)?,
                (None, None) => {}
            }
        }
        if let Some((was, is)) = self.differing(self.shape_field, self.work.shapes, before, after) {
            old.shape = was.map(shape).transpose().ok().flatten().flatten();
            new.shape = is.map(shape).transpose()?.flatten();
        }
        for change in old.changes(document, &new) {
            changes.push(ShortKey::of(&change.key)?, change.value.as_deref())?;
        }
        Ok(())
    }

    /// The raw values of `field` before and after, if they differ or all must be read.
    fn differing<'d>(
        &self,
        field: Option<FieldId>,
        work: TableWork,
        before: &TopLevel<'d>,
        after: &TopLevel<'d>,
    ) -> Option<(Option<&'d str>, Option<&'d str>)> {
        let field = field?;
        let value = |top_level: &TopLevel<'d>| {
            let place = top_level.binary_search_by_key(&field, |&(field, _)| field).ok()?;
            Some(top_level[place].1)
        };
        let was = if work == TableWork::Rebuild { None } else { value(before) };
        let is = value(after);
        (was != is).then_some((was, is))
    }
}

fn point(external_id: &str, value: &str) -> Result<Option<quarry_geo::Point>, IndexError> {
    let value = serde_json::from_str(value).map_err(|_| Damaged)?;
    Ok(parse_geo_field(external_id, &value)?)
}

fn shape(value: &str) -> Result<Option<quarry_geo::Shape>, IndexError> {
    let value = serde_json::from_str(value).map_err(|_| Damaged)?;
    Ok(parse_geojson(&value)?)
}
