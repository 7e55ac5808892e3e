//! The ranking rules: each is a cost of a document on a path; documents of one cost form a bucket.

use quarry_text::bucket_position;

use super::document::Parsed;
use super::filter::{self, FacetValue};
use super::path;
use super::terms::{Form, Node, Terms, form_matches};
use super::{OracleQuery, OracleSettings, Strategy};

type Documents<'a> = Vec<&'a Parsed<'a>>;

/// A way through the query, its nodes narrowed by the rules before.
type Path = Vec<Node>;

/// One rule in the order of their application.
enum Rule {
    Words,
    Typo,
    Proximity,
    AttributeRank,
    WordPosition,
    ExactAttribute,
    ExactWords,
    Sort(String, bool),
}

/// A part of what a rule makes of a bucket, best first.
struct Bucket<'a> {
    documents: Documents<'a>,
    paths: Vec<Path>,
    /// Rank and greatest rank; None for rules that do not count.
    score: Option<(u32, u32)>,
}

/// All documents in order with their global scores.
pub(crate) fn rank<'a>(
    settings: &OracleSettings,
    query: &OracleQuery,
    terms: &Terms,
    universe: Documents<'a>,
) -> Vec<(&'a Parsed<'a>, f64)> {
    let placeholder = terms.terms_count == 0;
    let rules = rules(settings, query, placeholder);
    let paths: Vec<Path> = path::all(terms)
        .into_iter()
        .map(|path| path.into_iter().map(|node| terms.nodes[node].clone()).collect())
        .collect();
    let mut ranked = Vec::new();
    split(
        &rules,
        terms,
        settings,
        Bucket { documents: universe, paths, score: None },
        (1.0, 1.0),
        &mut ranked,
    );
    ranked
}

fn rules(settings: &OracleSettings, query: &OracleQuery, placeholder: bool) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut words_seen = query.strategy == Strategy::All;
    for name in &settings.ranking_rules {
        let relevancy: Vec<Rule> = match name.as_str() {
            "words" => Vec::new(),
            "typo" => vec![Rule::Typo],
            "proximity" => vec![Rule::Proximity],
            "attributeRank" => vec![Rule::AttributeRank],
            "wordPosition" => vec![Rule::WordPosition],
            "exactness" => vec![Rule::ExactAttribute, Rule::ExactWords],
            "sort" => {
                for (field, ascending) in &query.sort {
                    rules.push(Rule::Sort(field.clone(), *ascending));
                }
                continue;
            }
            custom => {
                if let Some((field, direction)) = custom.rsplit_once(':') {
                    rules.push(Rule::Sort(field.to_owned(), direction == "asc"));
                }
                continue;
            }
        };
        if !placeholder {
            if !words_seen {
                words_seen = true;
                rules.push(Rule::Words);
            }
            rules.extend(relevancy);
        }
    }
    rules
}

fn split<'a>(
    rules: &[Rule],
    terms: &Terms,
    settings: &OracleSettings,
    bucket: Bucket<'a>,
    (rank, max): (f64, f64),
    ranked: &mut Vec<(&'a Parsed<'a>, f64)>,
) {
    let Some((rule, rest)) = rules.split_first() else {
        ranked.extend(bucket.documents.into_iter().map(|document| (document, rank / max)));
        return;
    };
    for part in buckets(rule, terms, settings, bucket) {
        let score = match part.score {
            Some((local, local_max)) => {
                ((rank - 1.0).max(0.0) * f64::from(local_max) + f64::from(local), max * f64::from(local_max))
            }
            None => (rank, max),
        };
        split(rest, terms, settings, part, score, ranked);
    }
}

fn buckets<'a>(rule: &Rule, terms: &Terms, settings: &OracleSettings, bucket: Bucket<'a>) -> Vec<Bucket<'a>> {
    match rule {
        Rule::Sort(field, ascending) => by_value(field, *ascending, bucket),
        Rule::ExactAttribute => by_exact_attribute(bucket),
        Rule::Words => words(terms, bucket),
        Rule::Typo => typo(bucket),
        Rule::ExactWords => exact_words(bucket),
        Rule::Proximity => by_path_cost(bucket, &proximity),
        Rule::AttributeRank => {
            let heaviest = settings.searchable.len().saturating_sub(1) as u32;
            by_path_cost(bucket, &|path, document| attribute_rank(path, document, heaviest))
        }
        Rule::WordPosition => by_path_cost(bucket, &word_position),
    }
}

/// Distributes documents by their least cost over `choices`: a cost and a narrowed path each, for those documents
/// that satisfy it. The greatest rank is one more than the greatest cost.
fn by_least_cost<'a>(
    documents: Documents<'a>,
    cost_max: u32,
    extra: u32,
    choices: &[(u32, Path)],
    satisfies: &dyn Fn(&Path, &Parsed<'a>) -> bool,
) -> Vec<Bucket<'a>> {
    let rank_max = cost_max + 1 + extra;
    let mut left = documents;
    let mut found = Vec::new();
    for cost in 0..=cost_max {
        let at_cost = || choices.iter().filter(|(choice, _)| *choice == cost).map(|(_, path)| path);
        let (taken, others): (Documents<'a>, Documents<'a>) =
            left.into_iter().partition(|document| at_cost().any(|path| satisfies(path, document)));
        left = others;
        if !taken.is_empty() {
            let paths: Vec<Path> = at_cost()
                .filter(|path| taken.iter().any(|document| satisfies(path, document)))
                .cloned()
                .collect();
            found.push(Bucket { documents: taken, paths, score: Some((rank_max - cost, rank_max)) });
        }
    }
    found
}

fn all_match(path: &Path, document: &Parsed<'_>) -> bool {
    path.iter().all(|node| node.matches(document))
}

fn words<'a>(terms: &Terms, bucket: Bucket<'a>) -> Vec<Bucket<'a>> {
    let mut choices = Vec::new();
    for path in &bucket.paths {
        give_up(terms, path, 0, (0, Vec::new()), &mut choices);
    }
    let cost_max = choices.iter().map(|(cost, _)| *cost).max().unwrap_or(0);
    let phrases = terms.nodes.iter().filter(|node| node.is_phrase);
    let phrase_words: u32 = phrases.map(|node| u32::from(node.to - node.from) + 1).sum();
    by_least_cost(bucket.documents, cost_max, phrase_words.saturating_sub(1), &choices, &all_match)
}

/// Every way to give up nodes of a path from left to right: behind one that was given up, those that go before it
/// must be given up too.
fn give_up(
    terms: &Terms,
    path: &[Node],
    latest: usize,
    (cost, kept): (u32, Path),
    out: &mut Vec<(u32, Path)>,
) {
    let Some((node, rest)) = path.split_first() else {
        out.push((cost, kept));
        return;
    };
    let step = terms.removal_step(node);
    if step.is_none_or(|step| step >= latest) {
        let kept = kept.iter().chain([node]).cloned().collect();
        give_up(terms, rest, latest, (cost, kept), out);
    }
    if let Some(step) = step {
        give_up(terms, rest, latest.max(step), (cost + node.terms_count(), kept), out);
    }
}

/// Every way to choose one alternative for each node: total cost and the narrowed path.
fn combinations(path: &Path, alternatives: &dyn Fn(&Node) -> Vec<(u32, Node)>) -> Vec<(u32, Path)> {
    path.iter().fold(vec![(0, Vec::new())], |ways, node| {
        let options = alternatives(node);
        ways.iter()
            .flat_map(|(cost, chosen)| {
                options.iter().map(move |(more, narrowed)| {
                    let mut longer: Path = chosen.clone();
                    longer.push(narrowed.clone());
                    (cost + more, longer)
                })
            })
            .collect()
    })
}

fn joined_cost(node: &Node) -> u32 {
    if node.terms_count() == 1 { 0 } else { node.terms_count() }
}

fn typo(bucket: Bucket<'_>) -> Vec<Bucket<'_>> {
    let with_class = |node: &Node| -> Vec<(u32, Node)> {
        (0..=node.typos_max)
            .map(|class| {
                let mut narrowed = node.clone();
                for (other, forms) in narrowed.classes.iter_mut().enumerate() {
                    if other != class {
                        forms.clear();
                    }
                }
                if class > 0 {
                    narrowed.exact = None;
                }
                (class as u32 + joined_cost(node), narrowed)
            })
            .collect()
    };
    let cost = |path: &Path| path.iter().map(|node| node.typos_max as u32 + joined_cost(node)).sum();
    let cost_max = bucket.paths.iter().map(cost).max().unwrap_or(0);
    let choices: Vec<(u32, Path)> =
        bucket.paths.iter().flat_map(|path| combinations(path, &with_class)).collect();
    by_least_cost(bucket.documents, cost_max, 0, &choices, &all_match)
}

fn exact_words(bucket: Bucket<'_>) -> Vec<Bucket<'_>> {
    let exact_or_any = |node: &Node| -> Vec<(u32, Node)> {
        let mut options = vec![(node.terms_count(), node.clone())];
        if let Some(exact) = &node.exact {
            let classes = [vec![exact.clone()], Vec::new(), Vec::new()];
            options.push((0, Node { classes, typos_max: 0, mandatory: true, ..node.clone() }));
        }
        options
    };
    let cost = |path: &Path| path.iter().map(Node::terms_count).sum();
    let cost_max = bucket.paths.iter().map(cost).max().unwrap_or(0);
    let choices: Vec<(u32, Path)> =
        bucket.paths.iter().flat_map(|path| combinations(path, &exact_or_any)).collect();
    by_least_cost(bucket.documents, cost_max, 0, &choices, &all_match)
}

/// For rules that leave terms whole: the cost of a document on a path, and the greatest cost of the path.
type PathCost<'c> = &'c dyn Fn(&Path, Option<&Parsed<'_>>) -> u32;

fn by_path_cost<'a>(bucket: Bucket<'a>, cost: PathCost<'_>) -> Vec<Bucket<'a>> {
    let cost_max = bucket.paths.iter().map(|path| cost(path, None)).max().unwrap_or(0);
    let mut found: Vec<Bucket<'a>> = Vec::new();
    let on_path =
        |path: &Path, document: &Parsed<'a>| all_match(path, document).then(|| cost(path, Some(document)));
    let least = |document: &Parsed<'a>| bucket.paths.iter().filter_map(|path| on_path(path, document)).min();
    for wanted in 0..=cost_max {
        let documents: Documents<'a> =
            bucket.documents.iter().copied().filter(|document| least(document) == Some(wanted)).collect();
        if documents.is_empty() {
            continue;
        }
        let paths = bucket
            .paths
            .iter()
            .filter(|path| documents.iter().any(|document| on_path(path, document) == Some(wanted)))
            .cloned()
            .collect();
        found.push(Bucket { documents, paths, score: Some((cost_max + 1 - wanted, cost_max + 1)) });
    }
    found
}

/// With no document: the greatest cost.
fn proximity(path: &Path, document: Option<&Parsed<'_>>) -> u32 {
    let joined: u32 = path.iter().map(|node| node.terms_count() - 1).sum();
    let edges = path.windows(2).map(|pair| {
        if pair[0].to + 1 != pair[1].from {
            return 0;
        }
        let Some(document) = document else { return 3 };
        let pairs = pair[0].forms().flat_map(|left| pair[1].forms().map(move |right| (left, right)));
        pairs.filter_map(|(left, right)| pair_cost(left, right, document)).min().unwrap_or(3)
    });
    joined + edges.sum::<u32>()
}

fn pair_cost(left: &Form, right: &Form, document: &Parsed<'_>) -> Option<u32> {
    if !form_matches(left, document) || !form_matches(right, document) {
        return None;
    }
    let (before, after) = (left.last()?, right.first()?);
    let forward = document.distance(before, after).map(|distance| u32::from(distance) - 1);
    let single = left.len() == 1 && right.len() == 1;
    let backward =
        document.distance(after, before).filter(|_| single).map(u32::from).filter(|cost| *cost < 3);
    forward.into_iter().chain(backward).min()
}

fn attribute_rank(path: &Path, document: Option<&Parsed<'_>>, heaviest: u32) -> u32 {
    path.iter()
        .map(|node| {
            let Some(document) = document else { return heaviest * node.terms_count() };
            let found = node.forms().filter(|form| form_matches(form, document));
            let lightest = found.flat_map(|form| document.attributes_of(&form[0]).min()).min();
            lightest.map_or(heaviest, |weight| weight as u32) * node.terms_count()
        })
        .sum()
}

fn word_position(path: &Path, document: Option<&Parsed<'_>>) -> u32 {
    path.iter()
        .map(|node| {
            let count = node.terms_count() as u16;
            let Some(document) = document else { return 10 * node.terms_count() };
            let found = node.forms().filter(|form| form_matches(form, document));
            let costs = found.flat_map(|form| document.positions_of(&form[0])).map(|position| {
                let distance = position.abs_diff(node.from);
                (0..count).map(|more| step(distance + more)).sum::<u32>()
            });
            costs.min().unwrap_or(10 * node.terms_count())
        })
        .sum()
}

fn step(distance: u16) -> u32 {
    match distance {
        0 => 0,
        1 => 1,
        2..=4 => 2,
        5..=7 => 3,
        8..=11 => 4,
        12..=16 => 5,
        17..=24 => 6,
        25..=64 => 7,
        65..=256 => 8,
        257..=1024 => 9,
        _ => 10,
    }
}

fn by_exact_attribute(bucket: Bucket<'_>) -> Vec<Bucket<'_>> {
    let mut exact: Vec<&Node> = Vec::new();
    for node in bucket.paths.iter().flatten().filter(|node| node.terms_count() == 1 && node.exact.is_some()) {
        if exact.iter().all(|other| other.first != node.first) {
            exact.push(node);
        }
    }
    exact.sort_by_key(|node| node.first);
    let usable = !exact.is_empty() && exact.iter().enumerate().all(|(index, node)| node.first == index);
    let words: Vec<(u16, &str)> = exact
        .iter()
        .flat_map(|node| {
            node.exact.iter().flatten().enumerate().map(|(at, word)| (node.from + at as u16, word.as_str()))
        })
        .collect();
    let rank = |document: &Parsed<'_>| -> u32 {
        let aligned = words.iter().all(|(position, word)| {
            document.positions_of(word).any(|stored| stored == bucket_position(*position))
        });
        if !usable || !aligned {
            return 1;
        }
        let holding = (0..document.attributes_count()).filter(|attribute| {
            words.iter().all(|(_, word)| document.attributes_of(word).any(|at| at == *attribute))
        });
        let complete = |attribute: usize| document.word_count(attribute) == words.len();
        holding.map(|attribute| if complete(attribute) { 3 } else { 2 }).max().unwrap_or(1)
    };
    let part = |wanted: u32| Bucket {
        documents: bucket.documents.iter().copied().filter(|document| rank(document) == wanted).collect(),
        paths: bucket.paths.clone(),
        score: Some((wanted, 3)),
    };
    [3, 2, 1].into_iter().map(part).filter(|part| !part.documents.is_empty()).collect()
}

fn by_value<'a>(field: &str, ascending: bool, bucket: Bucket<'a>) -> Vec<Bucket<'a>> {
    let key = |document: &Parsed<'a>| -> Option<FacetValue> {
        let mut values = filter::values(document.json, field);
        // Numbers come first in both directions.
        if values.iter().any(|value| matches!(value, FacetValue::Number(_))) {
            values.retain(|value| matches!(value, FacetValue::Number(_)));
        }
        values.sort_by(FacetValue::order);
        if ascending { values.into_iter().next() } else { values.into_iter().next_back() }
    };
    let kind = |value: &Option<FacetValue>| match value {
        Some(FacetValue::Number(_)) => 0,
        Some(FacetValue::Text(_)) => 1,
        None => 2,
    };
    let mut keyed: Vec<(Option<FacetValue>, &'a Parsed<'a>)> =
        bucket.documents.iter().map(|document| (key(document), *document)).collect();
    keyed.sort_by(|(a, _), (b, _)| {
        kind(a).cmp(&kind(b)).then_with(|| match (a, b) {
            (Some(a), Some(b)) if ascending => a.order(b),
            (Some(a), Some(b)) => b.order(a),
            _ => std::cmp::Ordering::Equal,
        })
    });
    keyed
        .chunk_by(|(a, _), (b, _)| a == b)
        .map(|run| Bucket {
            documents: run.iter().map(|(_, document)| *document).collect(),
            paths: bucket.paths.clone(),
            score: None,
        })
        .collect()
}
