//! `/multi-search` with `federation`: the results of several searches become one list.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::response::IntoResponse;
use quarry_api::features::{Feature, feature_not_enabled};
use quarry_api::multi_search::{Federation, FederationOptions};
use quarry_api::search::SearchQueryWithIndex;
use quarry_api::search_answer::{FacetsView, FederatedAnswer, FederationView, HitView};
use quarry_auth::{AuthError, Permissions};
use quarry_engine::{IndexHandle, Snapshot};
use quarry_error::{Code, ErrorResponse};
use quarry_federation::{
    FederatedFacets, FederatedHit, FederatedQuery, FederationRequest, MergeFacets, federate,
};
use quarry_search::{FacetAnswer, Pagination};
use uuid::Uuid;

use super::multi_search::inside;
use super::search::{Search, performance_details};
use crate::app::{App, blocking};
use crate::convert::search::{elapsed_ms, hit_view, totals};
use crate::convert::storage_error;
use crate::error::{Answer, HttpError};

/// Hits of a page when only the page is given.
const DEFAULT_HITS_PER_PAGE: usize = 20;

/// A search with its weight.
struct Weighted {
    search: Search,
    weight: f64,
}

/// Checks all searches, waits for a place, and answers with the merged list.
pub(crate) async fn search(
    app: &Arc<App>,
    allowed: Permissions,
    wants_metadata: bool,
    queries: Vec<SearchQueryWithIndex>,
    federation: Federation,
) -> Answer {
    if federation.personalize.is_some() && !app.options.has_personalization {
        return Err(feature_not_enabled("reranking search results", "personalization").into());
    }
    let count = queries.len();
    let mut searches = Vec::with_capacity(count);
    for (position, query) in queries.into_iter().enumerate() {
        let Weighted { search, weight } =
            prepare(app, &allowed, query, &federation).map_err(|error| inside(position, error))?;
        searches.push(Weighted { search: search.one_of(count), weight });
    }
    let start = Instant::now();
    let permit = app.search_queue.acquire().await?;
    let waited = start.elapsed();
    let answer = blocking(app, move |app| {
        let answer = run(app, &searches, federation, wants_metadata, waited);
        drop(permit);
        answer
    })
    .await?;
    Ok(Json(answer).into_response())
}

fn prepare(
    app: &App,
    allowed: &Permissions,
    query: SearchQueryWithIndex,
    federation: &Federation,
) -> Result<Weighted, HttpError> {
    if !allowed.allows_index(query.index_uid.as_str()) {
        return Err(AuthError::InvalidKey.into());
    }
    check_parameters(&query, federation)?;
    let (uid, query, options) = query.into_parts();
    let options = options.unwrap_or_default();
    check_options(app, &options)?;
    let search = Search::new(app, allowed, uid, query, false)?;
    Ok(Weighted { search, weight: options.weight.0 })
}

/// Refuses parameters that make sense for the merged list only.
fn check_parameters(query: &SearchQueryWithIndex, federation: &Federation) -> Result<(), ErrorResponse> {
    let paging = [
        ("offset", query.offset.is_some()),
        ("limit", query.limit.is_some()),
        ("page", query.page.is_some()),
        ("hitsPerPage", query.hits_per_page.is_some()),
    ];
    if let Some((name, _)) = paging.iter().find(|(_, is_given)| *is_given) {
        return refuse(
            Code::InvalidMultiSearchQueryPagination,
            format!(
                "Using pagination options is not allowed in federated queries.\n - Hint: remove `{name}` from the \
                 query or remove `federation` from the request\n - Hint: pass `federation.limit` and \
                 `federation.offset` for pagination in federated search"
            ),
        );
    }
    if let Some(facets) = &query.facets {
        return refuse(
            Code::InvalidMultiSearchQueryFacets,
            format!(
                "Using facet options is not allowed in federated queries.\n - Hint: remove `facets` from the query or \
                 remove `federation` from the request\n - Hint: pass `federation.facetsByIndex.{}: {facets:?}` for \
                 facets in federated search",
                query.index_uid
            ),
        );
    }
    if query.personalize.is_some() {
        return refuse(
            Code::InvalidMultiSearchQueryPersonalization,
            "Using `.personalize` is not allowed in federated queries.\n - Hint: remove `personalize` from the query or \
             remove `federation` from the request\n - Hint: pass `federation.personalize` for personalization in \
             federated search"
                .to_owned(),
        );
    }
    if query.show_performance_details {
        return refuse(
            Code::InvalidMultiSearchQueryShowPerformanceDetails,
            "Using `.showPerformanceDetails` is not allowed in federated queries.\n - Hint: remove \
             `showPerformanceDetails` from the query or remove `federation` from the request"
                .to_owned(),
        );
    }
    if query.distinct.is_some() && federation.distinct.is_some() {
        return refuse(
            Code::InvalidMultiSearchDistinct,
            "Using `distinct` options is not allowed in federated queries when it also appears in \
             `.federation.distinct`.\n - Hint: remove `distinct` from the query or remove `federation` from the \
             request\n  - Note: `distinct` at the query level is discouraged in federated search."
                .to_owned(),
        );
    }
    Ok(())
}

fn refuse(code: Code, message: String) -> Result<(), ErrorResponse> {
    Err(ErrorResponse::new(message, code))
}

fn check_options(app: &App, options: &FederationOptions) -> Result<(), ErrorResponse> {
    let features = app.queue.features();
    if options.query_position.is_some() {
        features.require(Feature::Network, "Using `federationOptions.queryPosition`")?;
    }
    if let Some(remote) = &options.remote {
        features.require(Feature::Network, "Performing a remote federated search")?;
        let message = format!("Invalid `.federation_options.remote`: remote `{remote}` is not registered");
        return Err(ErrorResponse::new(message, Code::InvalidMultiSearchRemote));
    }
    Ok(())
}

fn run(
    app: &App,
    searches: &[Weighted],
    federation: Federation,
    wants_metadata: bool,
    waited: Duration,
) -> Result<FederatedAnswer, HttpError> {
    let start = Instant::now();
    let handles = open(app, searches, &federation)?;
    let by_index = snapshots_of(&handles)?;
    let named = handles.iter().map(|(uid, handle)| (uid.clone(), &by_index[&handle.uuid()]));
    let snapshots: BTreeMap<String, &Snapshot<'_>> = named.collect();
    let semantic_hit_count = check_vectors(searches, &snapshots)?;
    let shows_performance = federation.show_performance_details;
    let request = federation_request(federation);
    let queries: Vec<FederatedQuery> = searches.iter().map(federated_query).collect();
    let result = federate(&snapshots, &queries, &request)?;
    let (merged, facets_by_index) = facets_views(result.facets);
    let (facet_distribution, facet_stats) = merged.map(|facets| (facets.distribution, facets.stats)).unzip();
    let metadata = wants_metadata.then(|| {
        let metadata = |weighted: &Weighted| {
            weighted.search.metadata(snapshots[weighted.search.uid.as_str()].primary_key())
        };
        searches.iter().map(metadata).collect()
    });
    Ok(FederatedAnswer {
        hits: result.hits.into_iter().map(federated_hit_view).collect(),
        totals: totals(request.pagination, result.candidates_count),
        facet_distribution,
        facet_stats,
        facets_by_index,
        request_uid: Uuid::now_v7(),
        metadata,
        semantic_hit_count,
        performance_details: shows_performance.then(|| performance_details(waited, start.elapsed())),
        processing_time_ms: elapsed_ms(start),
    })
}

/// Opens every index that a search or a facet names.
fn open(
    app: &App,
    searches: &[Weighted],
    federation: &Federation,
) -> Result<BTreeMap<String, Arc<IndexHandle>>, HttpError> {
    let mut handles = BTreeMap::new();
    for (position, weighted) in searches.iter().enumerate() {
        let uid = weighted.search.uid.as_str();
        if !handles.contains_key(uid) {
            let handle = app.catalog().get(uid).map_err(|error| inside(position, error.into()))?;
            handles.insert(uid.to_owned(), handle);
        }
    }
    for uid in federation.facets_by_index.keys().map(|uid| uid.as_str()) {
        if !handles.contains_key(uid) {
            let handle = app.catalog().get(uid).map_err(|error| unused_index(uid, error.into()))?;
            handles.insert(uid.to_owned(), handle);
        }
    }
    Ok(handles)
}

/// One snapshot of each index, by the name of its folder.
///
/// A swap between two lookups makes two uids lead to one index. While its map waits to grow, a second snapshot of it
/// would wait for that, and the map for the first one to go.
fn snapshots_of(
    handles: &BTreeMap<String, Arc<IndexHandle>>,
) -> Result<BTreeMap<Uuid, Snapshot<'_>>, HttpError> {
    let mut snapshots = BTreeMap::new();
    for handle in handles.values() {
        if let Entry::Vacant(entry) = snapshots.entry(handle.uuid()) {
            entry.insert(handle.snapshot().map_err(storage_error)?);
        }
    }
    Ok(snapshots)
}

/// An error about an index of which only the facets are wanted.
fn unused_index(uid: &str, error: HttpError) -> HttpError {
    error
        .not_found_as_bad_request()
        .prefixed(&format!("Inside `.federation.facetsByIndex.{uid}`: "))
        .suffixed(&format!("\n - Note: index `{uid}` is not used in queries"))
}

fn check_vectors(
    searches: &[Weighted],
    snapshots: &BTreeMap<String, &Snapshot<'_>>,
) -> Result<Option<usize>, HttpError> {
    let mut semantic_hit_count = None;
    for (position, weighted) in searches.iter().enumerate() {
        let settings = snapshots[weighted.search.uid.as_str()].settings();
        let found = weighted.search.without_vectors(settings).map_err(|error| inside(position, error))?;
        semantic_hit_count = semantic_hit_count.or(found);
    }
    Ok(semantic_hit_count)
}

fn federated_query(weighted: &Weighted) -> FederatedQuery {
    FederatedQuery {
        index_uid: weighted.search.uid.as_str().to_owned(),
        request: weighted.search.prepared.request.clone(),
        weight: weighted.weight,
    }
}

fn federation_request(federation: Federation) -> FederationRequest {
    let pagination = match (federation.page, federation.hits_per_page) {
        (None, None) => Pagination::Offset { offset: federation.offset, limit: federation.limit },
        (page, hits_per_page) => Pagination::Page {
            page: page.unwrap_or(1),
            hits_per_page: hits_per_page.unwrap_or(DEFAULT_HITS_PER_PAGE),
        },
    };
    let facets = federation.facets_by_index.into_iter();
    FederationRequest {
        pagination,
        facets_by_index: facets.map(|(uid, patterns)| (uid.into_string(), patterns)).collect(),
        merge_facets: federation
            .merge_facets
            .map(|merge| MergeFacets { values_max: merge.max_values_per_facet }),
        distinct: federation.distinct,
    }
}

fn facets_views(facets: FederatedFacets) -> (Option<FacetAnswer>, BTreeMap<String, FacetsView>) {
    match facets {
        FederatedFacets::None => (None, BTreeMap::new()),
        FederatedFacets::Merged(merged) => (Some(merged), BTreeMap::new()),
        FederatedFacets::ByIndex(by_index) => {
            let view =
                |facets: FacetAnswer| FacetsView { distribution: facets.distribution, stats: facets.stats };
            (None, by_index.into_iter().map(|(uid, facets)| (uid, view(facets))).collect())
        }
    }
}

fn federated_hit_view(found: FederatedHit) -> HitView {
    let federation = FederationView {
        index_uid: found.index_uid,
        queries_position: found.query_position,
        weighted_ranking_score: found.weighted_score,
    };
    HitView { federation: Some(federation), ..hit_view(found.hit) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use quarry_engine::{Catalog, CatalogOptions};
    use quarry_storage::{Environment, EnvironmentOptions};

    use super::*;

    #[test]
    fn an_index_found_under_two_names_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let names = Environment::open(&folder.path().join("names"), &EnvironmentOptions::default()).unwrap();
        let options = CatalogOptions::default();
        let catalog = Catalog::open(&names, folder.path().join("indexes"), &options).unwrap();
        let mut txn = names.write_txn().unwrap();
        let [birds, fish] = ["birds", "fish"].map(|uid| catalog.create(&mut txn, uid, None).unwrap());
        txn.commit().unwrap();
        let found = [("birds", &birds), ("fish", &fish), ("fish-before-the-swap", &birds)];
        let handles = found.map(|(uid, handle)| (uid.to_owned(), Arc::clone(handle)));
        let handles = BTreeMap::from(handles);
        let snapshots = snapshots_of(&handles).unwrap();
        assert_eq!(snapshots.len(), 2);
        assert!(snapshots.contains_key(&birds.uuid()) && snapshots.contains_key(&fish.uuid()));
    }
}
