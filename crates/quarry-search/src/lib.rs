//! The read path: query graph, ranking, filters, facets, formatting.
//!
//! [`search`] is all of it on one screen. In reading order:
//! - [`request`], [`sort`]: what a search asks for;
//! - [`rank`]: from a request to ranked documents;
//!   - `query`: text to terms and what may stand for them; `graph`: every way to read the query;
//!   - `resolve`, `postings_cache`: terms to documents, each posting read once;
//!   - `ranking`, `bucket_sort`, `distinct`, `deadline`: documents in order, as far as somebody looks;
//! - [`score`]: what rules say of documents, as one number;
//! - [`filter`], [`facets`], [`format`]: what may match, which values it has, and what is shown of it;
//! - `explain`: a trace of every decision.
//!
//! Everything a search reads comes from one snapshot. Nothing here writes, opens a transaction, or knows HTTP.

mod bucket_sort;
mod context;
mod deadline;
mod distinct;
mod error;
mod explain;
pub mod facets;
pub mod filter;
pub mod format;
mod graph;
mod postings_cache;
mod query;
pub mod rank;
mod ranking;
pub mod request;
mod resolve;
mod scope;
pub mod score;
pub mod sort;
mod space;
#[cfg(test)]
mod test_index;

use quarry_filter::Wording;
use quarry_index::Snapshot;
use serde_json::{Map, Value};

use format::Formatter;

pub use bucket_sort::RankedDocument;
pub use deadline::Deadline;
pub use distinct::DistinctError;
pub use error::SearchError;
pub use facets::FacetAnswer;
pub use format::HitContent;
pub use rank::{Ranked, rank};
pub use request::{MatchingStrategy, Pagination, SearchRequest, Window};
pub use scope::SearchedAttributesError;
pub use score::{Rank, ScoreDetail, global_score};
pub use sort::{SortCriterion, SortError, SortOrder, SortSyntaxError};

/// The answer to a search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchResult {
    /// The documents of the window, best first.
    pub hits: Vec<Hit>,
    /// Documents that match: an estimate if the request gave a window, exact if it gave a page.
    pub candidates_count: u64,
    /// Values of fields, if asked for.
    pub facets: Option<FacetAnswer>,
    /// Whether time was over before ranking was.
    pub degraded: bool,
}

/// One document as a client sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What it shows of the document.
    pub content: HitContent,
    /// The score, if asked for.
    pub score: Option<f64>,
    /// The score of each rule, if asked for.
    pub score_details: Option<Map<String, Value>>,
}

/// Searches one index.
///
/// # Errors
/// If the request names attributes that the settings do not allow, or the index cannot be read.
pub fn search(snapshot: &Snapshot<'_>, request: &SearchRequest) -> Result<SearchResult, SearchError> {
    let deadline = Deadline::of_search(snapshot.settings());
    let ranked = rank(snapshot, request, Wording::Rewritten, deadline)?;
    let facets = match request.facets.as_deref() {
        None | Some([]) => None,
        Some(patterns) => Some(facets::distribution(snapshot, patterns, &ranked.candidates)?),
    };
    let Ranked { documents, candidates, matcher, degraded } = ranked;
    let formatter = Formatter::new(snapshot, request, matcher);
    let hits = documents.iter().map(|found| hit(snapshot, request, &formatter, found));
    Ok(SearchResult {
        hits: hits.collect::<Result<_, _>>()?,
        candidates_count: candidates.len(),
        facets,
        degraded,
    })
}

fn hit(
    snapshot: &Snapshot<'_>,
    request: &SearchRequest,
    formatter: &Formatter<'_>,
    found: &RankedDocument,
) -> Result<Hit, SearchError> {
    let details = || score::details_to_json(&found.details, snapshot.settings());
    Ok(Hit {
        content: formatter.hit(found.document)?,
        score: request.show_ranking_score.then(|| global_score(&found.details)),
        score_details: request.show_ranking_score_details.then(details),
    })
}
