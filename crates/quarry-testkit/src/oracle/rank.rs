//! The rules one inside the other, bucket by bucket, as far as the page of hits needs them.

use std::collections::BTreeSet;

use super::document::Parsed;
use super::path;
use super::rules::{self, Bucket, Documents, Path, Rule};
use super::terms::Terms;
use super::{OraclePage, OracleQuery, OracleSettings, values};

/// The documents of a page, and those that do not count any more.
pub(crate) struct Ranked<'a> {
    pub(crate) hits: Vec<(&'a Parsed<'a>, f64)>,
    /// Numbers of those that distinct or the threshold took out.
    pub(crate) left_out: BTreeSet<u32>,
}

/// Ranks `universe`, a part of the documents of the `index`.
pub(crate) fn rank<'a>(
    settings: &OracleSettings,
    query: &OracleQuery,
    terms: &Terms,
    index: &'a [Parsed<'a>],
    universe: &[&'a Parsed<'a>],
) -> Ranked<'a> {
    let distinct = query.distinct.as_deref().or(settings.distinct.as_deref());
    let (offset, length) = window(query.page, settings.total_hits_max);
    let is_exact = matches!(query.page, OraclePage::Page { .. });
    let ranks_all = is_exact && (distinct.is_some() || query.threshold.is_some());
    let rules = rules::rules(settings, query, terms.terms_count == 0);
    let mut ranking = Ranking {
        settings,
        terms,
        index,
        distinct,
        threshold: query.threshold,
        is_ranked: !rules.is_empty(),
        offset: if ranks_all { 0 } else { offset },
        length: if ranks_all { settings.total_hits_max } else { length },
        passed: 0,
        hits: Vec::new(),
        excluded: BTreeSet::new(),
        dropped: BTreeSet::new(),
    };
    let paths: Vec<Path> = path::all(terms)
        .into_iter()
        .map(|path| path.into_iter().map(|node| terms.nodes[node].clone()).collect())
        .collect();
    let bucket = Bucket { documents: universe.to_vec(), paths, score: None };
    ranking.split(&rules, bucket, (1.0, 1.0));
    if is_exact {
        ranking.exclude_in_rest(universe);
    }
    let mut hits = ranking.hits;
    if ranks_all {
        hits = hits.into_iter().skip(offset).take(length).collect();
    }
    Ranked { hits, left_out: &ranking.excluded | &ranking.dropped }
}

/// Hits to skip and hits to show: only the first `total_hits_max` can be reached.
fn window(page: OraclePage, total_hits_max: usize) -> (usize, usize) {
    let (offset, length) = match page {
        OraclePage::Window { offset, limit } => (offset, limit),
        OraclePage::Page { page: 0, .. } => (0, 0),
        OraclePage::Page { page, hits } => ((page - 1) * hits, hits),
    };
    let offset = offset.min(total_hits_max);
    (offset, length.min(total_hits_max - offset))
}

struct Ranking<'r, 'a> {
    settings: &'r OracleSettings,
    terms: &'r Terms,
    index: &'a [Parsed<'a>],
    distinct: Option<&'r str>,
    threshold: Option<f64>,
    /// Whether there is any rule.
    is_ranked: bool,
    offset: usize,
    length: usize,
    /// Documents that went by, before the page or into it.
    passed: usize,
    hits: Vec<(&'a Parsed<'a>, f64)>,
    /// Documents that share a value with one that went by.
    excluded: BTreeSet<u32>,
    /// Documents below the threshold.
    dropped: BTreeSet<u32>,
}

impl<'a> Ranking<'_, 'a> {
    fn is_full(&self) -> bool {
        self.hits.len() >= self.length
    }

    fn split(&mut self, rules: &[Rule], mut bucket: Bucket<'a>, (rank, max): (f64, f64)) {
        bucket.documents.retain(|document| !self.excluded.contains(&document.number));
        if self.is_full() || bucket.documents.is_empty() {
            return;
        }
        let Some((rule, rest)) = rules.split_first() else { return self.emit(&bucket.documents, rank / max) };
        // What lies before the page is not looked at any closer.
        if self.passed + bucket.documents.len() <= self.offset {
            return self.emit(&bucket.documents, rank / max);
        }
        let mut remaining: Documents<'a> = bucket.documents.clone();
        let parts = rules::parts(rule, self.terms, self.settings, &bucket);
        for step in 0..parts.count {
            if self.is_full() {
                return;
            }
            let part = (parts.at)(step, &remaining);
            if part.documents.is_empty() {
                continue;
            }
            let numbers: BTreeSet<u32> = part.documents.iter().map(|document| document.number).collect();
            remaining.retain(|document| !numbers.contains(&document.number));
            let score = match part.score {
                Some((local, local_max)) => {
                    let (local, local_max) = (f64::from(local), f64::from(local_max));
                    ((rank - 1.0).max(0.0) * local_max + local, max * local_max)
                }
                None => (rank, max),
            };
            if self.threshold.is_some_and(|threshold| score.0 / score.1 < threshold) {
                self.dropped.extend(numbers);
                self.dropped.extend(remaining.iter().map(|document| document.number));
                return;
            }
            self.split(rest, part, score);
            remaining.retain(|document| !self.excluded.contains(&document.number));
        }
    }

    /// Lets documents go by in the order of their numbers: a bucket that rules made as a whole, documents that
    /// nothing ranks as far as the page goes.
    fn emit(&mut self, documents: &[&'a Parsed<'a>], score: f64) {
        for document in documents {
            if self.is_full() && !self.is_ranked {
                return;
            }
            if self.excluded.contains(&document.number) {
                continue;
            }
            self.exclude_others(document);
            self.passed += 1;
            if self.passed > self.offset && !self.is_full() {
                self.hits.push((document, score));
            }
        }
    }

    /// A document that is kept excludes all others that share a value.
    fn exclude_others(&mut self, kept: &Parsed<'_>) {
        let Some(field) = self.distinct else { return };
        let values = values::of(kept.json, field);
        let shares = |document: &&Parsed<'_>| {
            document.number != kept.number
                && values::of(document.json, field).iter().any(|value| values.contains(value))
        };
        self.excluded.extend(self.index.iter().filter(shares).map(|document| document.number));
    }

    /// For exact totals: of what ranking did not come to, one document of each value stays.
    fn exclude_in_rest(&mut self, universe: &[&'a Parsed<'a>]) {
        let hits: BTreeSet<u32> = self.hits.iter().map(|(document, _)| document.number).collect();
        for document in universe {
            let is_over =
                [&hits, &self.dropped, &self.excluded].iter().any(|set| set.contains(&document.number));
            if !is_over {
                self.exclude_others(document);
            }
        }
    }
}
