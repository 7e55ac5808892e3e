//! What a change of settings touches: which tables are built anew, which are emptied, which stay.

use quarry_index::settings::{PrefixSearch, ProximityPrecision};
use quarry_index::{Fields, Settings, SettingsDiff, TableId};

use crate::extract::plan::{TableWork, Work};

/// What a batch does to each group of tables, before documents are looked at.
pub(crate) struct TableDecision<'s> {
    pub(crate) before: &'s Settings,
    pub(crate) after: &'s Settings,
    pub(crate) diff: SettingsDiff,
    pub(crate) fields: &'s Fields,
    /// Whether so many documents change that unions of prefixes are cheaper built anew.
    pub(crate) is_large_write: bool,
}

impl TableDecision<'_> {
    /// The work of the batch.
    pub(crate) fn work(&self) -> Work {
        let SettingsDiff { words, pairs, prefixes, .. } = self.diff;
        let after = self.after;
        let has_pairs = after.proximity == ProximityPrecision::ByWord;
        let has_prefixes = after.prefix_search == PrefixSearch::IndexingTime;
        let prefixes_work = match has_prefixes {
            false => TableWork::Off,
            true if words || prefixes || self.is_large_write => TableWork::Rebuild,
            true => TableWork::Update,
        };
        Work {
            words: update_or_rebuild(words),
            pairs: if has_pairs { update_or_rebuild(pairs || words) } else { TableWork::Off },
            prefixes: prefixes_work,
            facets: update_or_rebuild(self.changes_facets()),
            points: self.geo_work(after.is_geo_stored()),
            shapes: self.geo_work(after.is_geojson_filterable()),
        }
    }

    /// Facets are built anew only if some field that documents have is concerned.
    fn changes_facets(&self) -> bool {
        self.diff.facets && !self.before.changed_facet_fields(self.after, self.fields).is_empty()
    }
}

impl TableDecision<'_> {
    /// Points and shapes share one table: when one of them comes or goes, both are built anew.
    fn geo_work(&self, is_on: bool) -> TableWork {
        let stored = |settings: &Settings| (settings.is_geo_stored(), settings.is_geojson_filterable());
        match is_on {
            false => TableWork::Off,
            true => update_or_rebuild(stored(self.before) != stored(self.after)),
        }
    }
}

fn update_or_rebuild(is_rebuilt: bool) -> TableWork {
    if is_rebuilt { TableWork::Rebuild } else { TableWork::Update }
}

/// The tables that lose every entry at the start of a batch: those built anew, and those that nothing is
/// kept in any more.
pub(crate) fn emptied_tables(work: &Work, is_cleared: bool) -> Vec<TableId> {
    let mut emptied = Vec::new();
    let mut add = |is_emptied: bool, tables: &[TableId]| {
        if is_emptied || is_cleared {
            emptied.extend_from_slice(tables);
        }
    };
    let is_kept = |work: TableWork| work == TableWork::Update;
    add(false, &[TableId::Documents, TableId::ExternalDocumentIds, TableId::DocumentSets]);
    add(
        !is_kept(work.words),
        &[
            TableId::WordPostings,
            TableId::ExactWordPostings,
            TableId::WordFieldPostings,
            TableId::WordPositionPostings,
            TableId::FieldWordCountPostings,
        ],
    );
    add(!is_kept(work.pairs), &[TableId::WordPairPostings]);
    add(
        !is_kept(work.prefixes),
        &[TableId::PrefixPostings, TableId::PrefixFieldPostings, TableId::PrefixPositionPostings],
    );
    add(
        !is_kept(work.facets),
        &[
            TableId::FacetNull,
            TableId::FacetEmpty,
            TableId::FacetExists,
            TableId::FacetNumbers,
            TableId::FacetStrings,
            TableId::DocumentFacetNumbers,
            TableId::DocumentFacetStrings,
        ],
    );
    add(!is_kept(work.points) && !is_kept(work.shapes), &[TableId::GeoPoints]);
    emptied
}
