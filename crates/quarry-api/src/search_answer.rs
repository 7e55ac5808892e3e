//! The answer to a search.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use uuid::Uuid;

/// The answer to a search.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct SearchAnswer {
    pub hits: Vec<HitView>,
    pub query: String,
    pub processing_time_ms: u64,
    #[serde(flatten)]
    pub totals: Totals,
    /// Field to value to count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facet_distribution: Option<Map<String, Value>>,
    /// Field to `min` and `max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facet_stats: Option<Map<String, Value>>,
    pub request_uid: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_details: Option<BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semantic_hit_count: Option<usize>,
}

/// The answer to a federated search.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct FederatedAnswer {
    pub hits: Vec<HitView>,
    pub processing_time_ms: u64,
    #[serde(flatten)]
    pub totals: Totals,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facet_distribution: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facet_stats: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub facets_by_index: BTreeMap<String, FacetsView>,
    pub request_uid: Uuid,
    /// In the order of the queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<Metadata>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semantic_hit_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_details: Option<BTreeMap<&'static str, String>>,
}

/// The facets of one index.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct FacetsView {
    pub distribution: Map<String, Value>,
    pub stats: Map<String, Value>,
}

/// Which part of the results the answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Totals {
    /// A window over an estimated total.
    #[serde(rename_all = "camelCase")]
    Estimated {
        /// The most hits of the answer.
        limit: usize,
        /// Hits left out at the beginning.
        offset: usize,
        /// How many documents match, as far as it is known.
        estimated_total_hits: u64,
    },
    /// A page of an exact total.
    #[serde(rename_all = "camelCase")]
    Exact {
        /// Hits of a page.
        hits_per_page: usize,
        /// The page, from 1.
        page: usize,
        /// How many pages there are.
        total_pages: u64,
        /// How many documents match.
        total_hits: u64,
    },
}

impl Totals {
    /// A page of `total_hits` hits.
    pub fn of_page(page: usize, hits_per_page: usize, total_hits: u64) -> Totals {
        let total_pages = match hits_per_page {
            0 => 0,
            _ => total_hits.div_ceil(hits_per_page as u64),
        };
        Totals::Exact { hits_per_page, page, total_pages, total_hits }
    }
}

/// What a search was about, for clients that asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    pub query_uid: Uuid,
    pub index_uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<String>,
}

/// One hit: the fields of the document, then what was asked about it.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs)]
pub struct HitView {
    pub document: Map<String, Value>,
    pub federation: Option<FederationView>,
    pub geo_distance: Option<u64>,
    pub formatted: Option<Map<String, Value>>,
    pub matches_position: Option<Value>,
    pub ranking_score: Option<f64>,
    pub ranking_score_details: Option<Map<String, Value>>,
}

/// Where a hit of a merged list comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct FederationView {
    pub index_uid: String,
    pub queries_position: usize,
    pub weighted_ranking_score: f64,
}

impl Serialize for HitView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut hit = serializer.serialize_map(None)?;
        for (name, value) in &self.document {
            hit.serialize_entry(name, value)?;
        }
        if let Some(federation) = &self.federation {
            hit.serialize_entry("_federation", federation)?;
        }
        if let Some(distance) = self.geo_distance {
            hit.serialize_entry("_geoDistance", &distance)?;
        }
        if let Some(formatted) = &self.formatted {
            hit.serialize_entry("_formatted", formatted)?;
        }
        if let Some(positions) = &self.matches_position {
            hit.serialize_entry("_matchesPosition", positions)?;
        }
        if let Some(score) = self.ranking_score {
            hit.serialize_entry("_rankingScore", &score)?;
        }
        if let Some(details) = &self.ranking_score_details {
            hit.serialize_entry("_rankingScoreDetails", details)?;
        }
        hit.end()
    }
}

/// The answer to a facet search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FacetSearchAnswer {
    /// The values found.
    pub facet_hits: Vec<FacetHitView>,
    /// The query, as sent.
    pub facet_query: Option<String>,
    /// How long it took.
    pub processing_time_ms: u64,
}

/// A value of a facet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FacetHitView {
    /// In its original spelling.
    pub value: String,
    /// Documents that hold it.
    pub count: u64,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn keys_come_in_the_order_of_the_api() {
        let mut document = Map::new();
        document.insert("id".to_owned(), json!(1));
        let answer = SearchAnswer {
            hits: vec![HitView { document, ranking_score: Some(1.0), ..HitView::default() }],
            query: "x".to_owned(),
            processing_time_ms: 3,
            totals: Totals::Estimated { limit: 20, offset: 0, estimated_total_hits: 1 },
            facet_distribution: None,
            facet_stats: None,
            request_uid: Uuid::nil(),
            metadata: None,
            performance_details: None,
            semantic_hit_count: None,
        };
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            "{\"hits\":[{\"id\":1,\"_rankingScore\":1.0}],\"query\":\"x\",\"processingTimeMs\":3,\"limit\":20,\
             \"offset\":0,\"estimatedTotalHits\":1,\"requestUid\":\"00000000-0000-0000-0000-000000000000\"}"
        );
    }

    #[test]
    fn pages_are_counted_up() {
        let pages = |hits_per_page, total| match Totals::of_page(1, hits_per_page, total) {
            Totals::Exact { total_pages, .. } => total_pages,
            Totals::Estimated { .. } => unreachable!(),
        };
        assert_eq!(pages(3, 7), 3);
        assert_eq!(pages(7, 7), 1);
        assert_eq!(pages(7, 0), 0);
        assert_eq!(pages(0, 5), 0);
    }
}
