//! From searches to one list, in four steps.
//!
//! 1. Searches are grouped by index, indexes in the order of their names; every search is checked against
//!    the one before.
//! 2. Each is ranked as far as the part asked for can reach.
//! 3. The lists are merged by the standings of their hits; the distinct field is applied again.
//! 4. The hits of the part are read; facets are counted over what is left of the candidates.

use std::collections::BTreeMap;

use quarry_filter::Wording;
use quarry_index::{DocumentId, Snapshot};
use quarry_search::format::Formatter;
use quarry_search::{Deadline, Hit, Pagination, SearchError, facets, global_score, rank, score};
use roaring::RoaringBitmap;

use crate::compare::Standing;
use crate::compatibility::CanonicalRules;
use crate::distinct::SeenValues;
use crate::error::FederationError;
use crate::facets::{FacetOrders, FederatedFacets, merge as merge_facets};
use crate::merge::{Candidate, RankedList, merge};
use crate::request::{FederatedQuery, FederationRequest};

/// A hit of the merged list.
#[derive(Debug, Clone, PartialEq)]
pub struct FederatedHit {
    /// The hit as its search shows it.
    pub hit: Hit,
    /// Its index.
    pub index_uid: String,
    /// The place of its search among the queries.
    pub query_position: usize,
    /// Its score times the weight of its search.
    pub weighted_score: f64,
}

/// The answer to a federated search.
#[derive(Debug, Clone, PartialEq)]
pub struct FederatedResult {
    /// The part asked for.
    pub hits: Vec<FederatedHit>,
    /// Documents that match: an estimate for a window, exact for a page.
    pub candidates_count: u64,
    /// Values of fields, if asked for.
    pub facets: FederatedFacets,
}

/// One search, ranked.
struct RankedQuery<'q, 's> {
    position: usize,
    query: &'q FederatedQuery,
    formatter: Formatter<'s>,
    details: BTreeMap<DocumentId, std::sync::Arc<[score::ScoreDetail]>>,
}

/// The searches on one index and what they left.
struct IndexGroup {
    uid: String,
    first_position: usize,
    candidates: RoaringBitmap,
}

/// Searches several indexes and merges the results.
///
/// - `snapshots`: a snapshot of every index that `queries` or `facets_by_index` name, by uid; two uids may lead to one
///
/// # Errors
/// The first search that is refused, or that does not fit the others.
pub fn federate(
    snapshots: &BTreeMap<String, &Snapshot<'_>>,
    queries: &[FederatedQuery],
    federation: &FederationRequest,
) -> Result<FederatedResult, FederationError> {
    check_unused_facets(snapshots, queries, federation)?;
    let mut runner = Runner::new(snapshots, federation);
    for (uid, snapshot) in snapshots {
        // The searches of one index share its cut-off, however many they are.
        let deadline = Deadline::of_search(snapshot.settings());
        for (position, query) in queries.iter().enumerate().filter(|(_, query)| query.index_uid == *uid) {
            runner.run(position, query, snapshot, deadline)?;
        }
    }
    runner.finish()
}

fn check_unused_facets(
    snapshots: &BTreeMap<String, &Snapshot<'_>>,
    queries: &[FederatedQuery],
    federation: &FederationRequest,
) -> Result<(), FederationError> {
    for (uid, patterns) in &federation.facets_by_index {
        let is_used = queries.iter().any(|query| query.index_uid == *uid);
        if let (false, Some(patterns), Some(snapshot)) = (is_used, patterns, snapshots.get(uid)) {
            facets::check(snapshot.settings(), patterns).map_err(|error| FederationError::UnusedFacets {
                index_uid: uid.clone(),
                source: SearchError::from(error),
            })?;
        }
    }
    Ok(())
}

struct Runner<'q, 's> {
    snapshots: &'s BTreeMap<String, &'s Snapshot<'s>>,
    federation: &'q FederationRequest,
    before: Option<CanonicalRules>,
    queries: Vec<RankedQuery<'q, 's>>,
    lists: Vec<RankedList>,
    groups: Vec<IndexGroup>,
}

impl<'q, 's> Runner<'q, 's> {
    fn new(snapshots: &'s BTreeMap<String, &'s Snapshot<'s>>, federation: &'q FederationRequest) -> Self {
        Runner {
            snapshots,
            federation,
            before: None,
            queries: Vec::new(),
            lists: Vec::new(),
            groups: Vec::new(),
        }
    }

    fn run(
        &mut self,
        position: usize,
        query: &'q FederatedQuery,
        snapshot: &'s Snapshot<'s>,
        deadline: Deadline,
    ) -> Result<(), FederationError> {
        self.check_rules(position, query, snapshot)?;
        let mut request = query.request.clone();
        request.pagination = self.federation.pagination_of_queries();
        if self.federation.distinct.is_some() {
            request.distinct.clone_from(&self.federation.distinct);
        }
        let refused =
            |source| FederationError::Query { position, index_uid: query.index_uid.clone(), source };
        let ranked = rank(snapshot, &request, Wording::Rewritten, deadline).map_err(refused)?;
        let number = self.queries.len();
        let candidates = ranked.documents.iter().map(|found| Candidate {
            query: number,
            document: found.document,
            standing: Standing::new(&found.details, query.weight),
        });
        let candidates = candidates.collect();
        let index = self.group(position, &query.index_uid, ranked.candidates);
        self.lists.push(RankedList { position, index, candidates });
        let details = ranked.documents.into_iter().map(|found| (found.document, found.details)).collect();
        let formatter = Formatter::new(snapshot, &query.request, ranked.matcher);
        self.queries.push(RankedQuery { position, query, formatter, details });
        Ok(())
    }

    fn check_rules(
        &mut self,
        position: usize,
        query: &FederatedQuery,
        snapshot: &Snapshot<'_>,
    ) -> Result<(), FederationError> {
        let rules = CanonicalRules::new(position, &query.index_uid, &query.request, snapshot.settings());
        if let Some(before) = &self.before {
            rules.check(before).map_err(|source| FederationError::Incompatible { position, source })?;
        }
        self.before = Some(rules);
        Ok(())
    }

    /// Adds candidates to the group of an index, which is made when it is the first; its number.
    fn group(&mut self, position: usize, uid: &str, candidates: RoaringBitmap) -> usize {
        match self.groups.iter().position(|group| group.uid == uid) {
            Some(index) => {
                self.groups[index].candidates |= candidates;
                index
            }
            None => {
                self.groups.push(IndexGroup { uid: uid.to_owned(), first_position: position, candidates });
                self.groups.len() - 1
            }
        }
    }

    fn finish(mut self) -> Result<FederatedResult, FederationError> {
        let (offset, length) = match self.federation.pagination {
            Pagination::Offset { offset, limit } => (offset, limit),
            Pagination::Page { page: 0, .. } => (0, 0),
            Pagination::Page { page, hits_per_page } => {
                ((page - 1).saturating_mul(hits_per_page), hits_per_page)
            }
        };
        // Values that repeat leave the total wherever they are in the list.
        let needs_all = self.federation.distinct.is_some();
        let wanted = if needs_all { usize::MAX } else { offset.saturating_add(length) };
        let merged = merge(std::mem::take(&mut self.lists), wanted);
        let kept = self.without_repeated_values(merged)?;
        let hits = kept.iter().skip(offset).take(length).map(|candidate| self.hit(candidate));
        let hits = hits.collect::<Result<_, _>>()?;
        let candidates_count = self.groups.iter().map(|group| group.candidates.len()).sum();
        Ok(FederatedResult { hits, candidates_count, facets: self.facets()? })
    }

    /// Applies the distinct field of the federation: what is dropped is no candidate any more.
    fn without_repeated_values(&mut self, merged: Vec<Candidate>) -> Result<Vec<Candidate>, FederationError> {
        let Some(field) = &self.federation.distinct else { return Ok(merged) };
        let mut seen = SeenValues::new(field);
        let mut kept = Vec::with_capacity(merged.len());
        for candidate in merged {
            let uid = &self.queries[candidate.query].query.index_uid;
            if seen.accepts(self.snapshots[uid], candidate.document)? {
                kept.push(candidate);
            } else if let Some(group) = self.groups.iter_mut().find(|group| group.uid == *uid) {
                group.candidates.remove(candidate.document);
            }
        }
        Ok(kept)
    }

    fn hit(&self, candidate: &Candidate) -> Result<FederatedHit, FederationError> {
        let RankedQuery { position, query, formatter, details } = &self.queries[candidate.query];
        let settings = self.snapshots[&query.index_uid].settings();
        let details = details.get(&candidate.document).map(|details| &**details).unwrap_or_default();
        let request = &query.request;
        Ok(FederatedHit {
            hit: Hit {
                content: formatter.hit(candidate.document)?,
                score: request.show_ranking_score.then(|| global_score(details)),
                score_details: request
                    .show_ranking_score_details
                    .then(|| score::details_to_json(details, settings)),
            },
            index_uid: query.index_uid.clone(),
            query_position: *position,
            weighted_score: candidate.standing.weighted_score,
        })
    }

    fn facets(&self) -> Result<FederatedFacets, FederationError> {
        let federation = self.federation;
        let mut by_index = BTreeMap::new();
        let mut orders = FacetOrders::default();
        for group in &self.groups {
            let Some(Some(patterns)) = federation.facets_by_index.get(&group.uid) else { continue };
            let snapshot = self.snapshots[&group.uid];
            if federation.merge_facets.is_some() {
                orders.note(patterns, &group.uid, snapshot.settings(), group.first_position)?;
            }
            if patterns.is_empty() {
                continue;
            }
            let counted = facets::distribution(snapshot, patterns, &group.candidates);
            let counted = counted.map_err(|source| FederationError::Facets {
                position: group.first_position,
                index_uid: group.uid.clone(),
                source,
            })?;
            by_index.insert(group.uid.clone(), counted);
        }
        Ok(match federation.merge_facets {
            Some(options) if !federation.facets_by_index.is_empty() => {
                FederatedFacets::Merged(merge_facets(by_index, &orders, options))
            }
            _ if by_index.is_empty() => FederatedFacets::None,
            _ => FederatedFacets::ByIndex(by_index),
        })
    }
}
