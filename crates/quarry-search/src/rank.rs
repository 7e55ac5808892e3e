//! From a request to ranked documents: everything of a search but facets and formatting.

use std::rc::Rc;
use std::time::Instant;

use quarry_filter::Wording;
use quarry_index::Snapshot;
use quarry_index::settings::PrefixSearch;
use quarry_storage::StorageError;
use quarry_text::Language;
use roaring::RoaringBitmap;

use crate::bucket_sort::{BucketSort, Outcome, RankedDocument};
use crate::context::SearchContext;
use crate::deadline::Deadline;
use crate::distinct::Distinct;
use crate::error::SearchError;
use crate::format::Matcher;
use crate::graph::QueryGraph;
use crate::graph::removal::RemovalOrder;
use crate::query::{ParsedQuery, Reach, WordRef, ngrams, parse};
use crate::ranking::{Rule, rules, words};
use crate::request::{SearchRequest, Window};
use crate::scope::SearchScope;
use crate::{explain, filter, sort};

/// Details that the documents of one window may carry together, as long as each may have [`RULES_MIN`].
const DETAILS_MAX: usize = 250_000;

/// Rules that every search may apply.
const RULES_MIN: usize = 250;

/// Ranked documents, and all that could be.
#[derive(Debug)]
pub struct Ranked {
    /// The documents of the request's window, best first.
    pub documents: Vec<RankedDocument>,
    /// Documents that match, less those that distinct or the threshold took out.
    pub candidates: RoaringBitmap,
    /// What was looked for, to be found again in the texts of documents.
    pub matcher: Matcher,
    /// Whether time was over before ranking was.
    pub degraded: bool,
}

/// Ranks the documents of an index for a request.
///
/// - `wording`: the text of the filter that an error shows
/// - `deadline`: when ranking stops
///
/// # Errors
/// If the request names attributes that the settings do not allow, or the index cannot be read.
pub fn rank(
    snapshot: &Snapshot<'_>,
    request: &SearchRequest,
    wording: Wording,
    deadline: Deadline,
) -> Result<Ranked, SearchError> {
    let scope = SearchScope::new(snapshot, request.attributes_to_search_on.as_deref())?;
    sort::check(snapshot, &request.sort)?;
    let distinct = Distinct::new(snapshot, request.distinct.as_deref())?;
    let candidates = match &request.filter {
        Some(filter) => {
            let time_max_ms = snapshot.settings().cutoff_ms().max(filter::TIME_MAX_MS);
            filter::evaluate(snapshot, filter, wording, Some(time_max_ms))?
        }
        None => snapshot.documents_ids()?,
    };
    let started = Instant::now();
    let mut context = SearchContext::new(snapshot, scope)?;
    let parsed = parse_query(&context, request);
    let (universe, graph, removal) = resolve_query(&mut context, request, &parsed, candidates)?;
    explain::query(&context, &graph, universe.len(), started);

    let window = request.pagination.window(snapshot.settings().max_total_hits);
    let ranking = Ranking { context: &context, request, distinct: distinct.as_ref(), deadline };
    let outcome = ranking.run(&universe, graph, &removal, window, !parsed.terms.is_empty())?;
    let candidates = (universe - outcome.excluded) - outcome.dropped;
    Ok(Ranked {
        documents: outcome.documents,
        candidates,
        matcher: Matcher::of(&context),
        degraded: outcome.degraded,
    })
}

fn parse_query(context: &SearchContext<'_>, request: &SearchRequest) -> ParsedQuery {
    let snapshot = context.snapshot;
    let Some(text) = request.query.as_deref().filter(|text| !text.trim().is_empty()) else {
        return ParsedQuery::default();
    };
    let locales = match &request.locales[..] {
        [] => searched_locales(context),
        given => given.to_vec(),
    };
    let searches_prefixes = snapshot.settings().prefix_search != PrefixSearch::Disabled;
    parse::parse(snapshot.tokenizer(), text, &locales, searches_prefixes)
}

/// The languages of the searched attributes.
fn searched_locales(context: &SearchContext<'_>) -> Vec<Language> {
    let mut locales: Vec<Language> = Vec::new();
    for &(field, _) in &context.scope.weights {
        for locale in &context.snapshot.features(field).locales {
            if !locales.contains(locale) {
                locales.push(*locale);
            }
        }
    }
    locales
}

/// The documents that match at all, the graph of the query, and the order in which its words are given up.
fn resolve_query(
    context: &mut SearchContext<'_>,
    request: &SearchRequest,
    parsed: &ParsedQuery,
    mut candidates: RoaringBitmap,
) -> Result<(RoaringBitmap, Rc<QueryGraph>, RemovalOrder), StorageError> {
    for word in &parsed.negative_words {
        let word = WordRef { word: context.word(word), reach: Reach::Everywhere };
        candidates -= &**context.word_documents(word)?.documents()?;
    }
    for phrase in &parsed.negative_phrases {
        candidates -= &*context.phrase_documents(context.parsed_phrase(phrase))?;
    }
    let mut terms = Vec::with_capacity(parsed.terms.len() * 3);
    for (index, term) in parsed.terms.iter().enumerate() {
        terms.push(context.parsed_term(term, index as u8)?);
    }
    let joined = ngrams::ngrams(context, &terms)?;
    terms.extend(joined);
    context.terms = terms;
    let graph = QueryGraph::of_terms(&context.terms);
    let removal = RemovalOrder::new(context, request.matching_strategy)?;
    if parsed.terms.is_empty() {
        return Ok((candidates, Rc::new(graph), removal));
    }
    let universe = words::matching_documents(context, &graph, &removal, candidates)?;
    Ok((universe, Rc::new(graph), removal))
}

/// The ranking of one request.
struct Ranking<'c, 'i> {
    context: &'c SearchContext<'i>,
    request: &'c SearchRequest,
    distinct: Option<&'c Distinct<'i>>,
    deadline: Deadline,
}

impl Ranking<'_, '_> {
    /// Ranks as far as the window and exact totals need.
    fn run(
        &self,
        universe: &RoaringBitmap,
        graph: Rc<QueryGraph>,
        removal: &RemovalOrder,
        window: Window,
        has_words: bool,
    ) -> Result<Outcome, StorageError> {
        let settings = self.context.snapshot.settings();
        let is_exhaustive = self.request.pagination.is_exhaustive();
        let takes_out = self.request.ranking_score_threshold.is_some() || self.distinct.is_some();
        let ranks_all_reachable = is_exhaustive && takes_out;
        let ranked_window =
            if ranks_all_reachable { Window { offset: 0, length: settings.max_total_hits } } else { window };
        let strategy = self.request.matching_strategy;
        let mut rules = rules(&settings.ranking_rules, &self.request.sort, strategy, has_words);
        rules.truncate(rules_max(ranked_window));
        let sort = BucketSort {
            context: self.context,
            rules: &rules,
            last_reader_of_graph: rules.iter().rposition(Rule::reads_graph).unwrap_or(0),
            removal,
            distinct: self.distinct,
            threshold: self.request.ranking_score_threshold,
            deadline: self.deadline,
            window: ranked_window,
            outcome: Outcome::default(),
            details: Vec::new(),
            passed: 0,
        };
        let mut outcome = sort.run(universe.clone(), graph)?;
        if is_exhaustive && let Some(distinct) = self.distinct {
            exclude_in_rest(distinct, universe, &mut outcome)?;
        }
        if ranks_all_reachable {
            let skipped = window.offset.min(outcome.documents.len());
            outcome.documents.drain(..skipped);
            outcome.documents.truncate(window.length);
        }
        Ok(outcome)
    }
}

/// How many rules a search applies: more than anybody writes, but not so many that what they say of the documents of
/// a large window fills the memory.
fn rules_max(window: Window) -> usize {
    (DETAILS_MAX / window.length.max(1)).max(RULES_MIN)
}

/// Excludes what ranking did not come to: one document of each value stays.
fn exclude_in_rest(
    distinct: &Distinct<'_>,
    universe: &RoaringBitmap,
    outcome: &mut Outcome,
) -> Result<(), StorageError> {
    let ranked: RoaringBitmap = outcome.documents.iter().map(|ranked| ranked.document).collect();
    let rest = (universe - &outcome.dropped) - ranked;
    for document in rest {
        if !outcome.excluded.contains(document) {
            distinct.exclude_others(document, &mut outcome.excluded)?;
        }
    }
    Ok(())
}
