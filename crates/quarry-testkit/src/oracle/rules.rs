//! The ranking rules: each is a cost of a document on a path; documents of one cost form a part of a bucket.

use quarry_text::bucket_position;

use super::document::Parsed;
use super::terms::{Form, Node, Terms, form_matches};
use super::values::{self, FacetValue};
use super::{OracleQuery, OracleSettings, Strategy};

pub(crate) type Documents<'a> = Vec<&'a Parsed<'a>>;

/// A way through the query, its nodes narrowed by the rules before.
pub(crate) type Path = Vec<Node>;

/// One rule in the order of their application.
pub(crate) enum Rule {
    Words,
    Typo,
    Proximity,
    AttributeRank,
    WordPosition,
    ExactAttribute,
    ExactWords,
    Sort(String, bool),
}

/// Documents that the rules so far hold for equal, in the order of their numbers.
pub(crate) struct Bucket<'a> {
    pub(crate) documents: Documents<'a>,
    pub(crate) paths: Vec<Path>,
    /// Rank and greatest rank of the last rule; None for rules that do not count.
    pub(crate) score: Option<(u32, u32)>,
}

/// What a rule makes of a bucket, best first. Parts are made one after the other, since documents may drop out in
/// between.
pub(crate) struct Parts<'b, 'a> {
    /// How many there are at most.
    pub(crate) count: u32,
    /// The n-th part of the documents that remain; it may be empty.
    pub(crate) at: PartAt<'b, 'a>,
}

type PartAt<'b, 'a> = Box<dyn Fn(u32, &[&'a Parsed<'a>]) -> Bucket<'a> + 'b>;

/// The rules of a search, in order.
///
/// - `placeholder`: whether the query has no word
pub(crate) fn rules(settings: &OracleSettings, query: &OracleQuery, placeholder: bool) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut words_seen = query.strategy == Strategy::All;
    for (number, name) in settings.ranking_rules.iter().enumerate() {
        if settings.ranking_rules[..number].contains(name) {
            continue;
        }
        let relevancy: Vec<Rule> = match name.as_str() {
            "words" => Vec::new(),
            "typo" => vec![Rule::Typo],
            "proximity" => vec![Rule::Proximity],
            "attribute" => vec![Rule::AttributeRank, Rule::WordPosition],
            "attributeRank" => vec![Rule::AttributeRank],
            "wordPosition" => vec![Rule::WordPosition],
            "exactness" => vec![Rule::ExactAttribute, Rule::ExactWords],
            "sort" => {
                query.sort.iter().for_each(|(field, ascending)| add_sort(&mut rules, field, *ascending));
                continue;
            }
            custom => {
                if let Some((field, direction)) = custom.rsplit_once(':') {
                    add_sort(&mut rules, field, direction == "asc");
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

/// A field that documents are already sorted by is skipped.
fn add_sort(rules: &mut Vec<Rule>, field: &str, ascending: bool) {
    if !rules.iter().any(|rule| matches!(rule, Rule::Sort(sorted, _) if sorted == field)) {
        rules.push(Rule::Sort(field.to_owned(), ascending));
    }
}

/// What a rule makes of a bucket.
pub(crate) fn parts<'b, 'a>(
    rule: &'b Rule,
    terms: &'b Terms,
    settings: &OracleSettings,
    bucket: &'b Bucket<'a>,
) -> Parts<'b, 'a> {
    match rule {
        Rule::Sort(field, ascending) => by_value(field, *ascending, bucket),
        Rule::ExactAttribute => by_exact_attribute(bucket),
        Rule::Words => words(terms, bucket),
        Rule::Typo => typo(bucket),
        Rule::ExactWords => exact_words(bucket),
        Rule::Proximity => by_path_cost(bucket, proximity),
        Rule::AttributeRank => {
            let heaviest = settings.searchable.len().saturating_sub(1) as u32;
            by_path_cost(bucket, move |path, document| attribute_rank(path, document, heaviest))
        }
        Rule::WordPosition => by_path_cost(bucket, word_position),
    }
}

/// Distributes documents by their least cost over `choices`: a cost and a narrowed path each, for those documents
/// that satisfy it. The greatest rank is one more than the greatest cost.
fn by_least_cost<'b, 'a: 'b>(cost_max: u32, extra: u32, choices: Vec<(u32, Path)>) -> Parts<'b, 'a> {
    let rank_max = cost_max + 1 + extra;
    let at = move |cost: u32, remaining: &[&'a Parsed<'a>]| {
        let at_cost = || choices.iter().filter(|(choice, _)| *choice == cost).map(|(_, path)| path);
        let documents: Documents<'a> = remaining
            .iter()
            .copied()
            .filter(|document| at_cost().any(|path| all_match(path, document)))
            .collect();
        let paths = at_cost()
            .filter(|path| documents.iter().any(|document| all_match(path, document)))
            .cloned()
            .collect();
        Bucket { documents, paths, score: Some((rank_max - cost, rank_max)) }
    };
    Parts { count: cost_max + 1, at: Box::new(at) }
}

fn all_match(path: &Path, document: &Parsed<'_>) -> bool {
    path.iter().all(|node| node.matches(document))
}

fn words<'b, 'a: 'b>(terms: &Terms, bucket: &Bucket<'a>) -> Parts<'b, 'a> {
    let mut choices = Vec::new();
    for path in &bucket.paths {
        give_up(terms, path, 0, (0, Vec::new()), &mut choices);
    }
    let cost_max = choices.iter().map(|(cost, _)| *cost).max().unwrap_or(0);
    let phrases = terms.nodes.iter().filter(|node| node.is_phrase);
    let phrase_words: u32 = phrases.map(|node| u32::from(node.to - node.from) + 1).sum();
    by_least_cost(cost_max, phrase_words.saturating_sub(1), choices)
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

fn typo<'b, 'a: 'b>(bucket: &Bucket<'a>) -> Parts<'b, 'a> {
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
    by_least_cost(cost_max, 0, choices)
}

fn exact_words<'b, 'a: 'b>(bucket: &Bucket<'a>) -> Parts<'b, 'a> {
    let exact_or_any = |node: &Node| -> Vec<(u32, Node)> {
        let mut options = vec![(node.terms_count(), node.clone())];
        if let Some(exact) = &node.exact {
            let classes = [vec![exact.clone()], Vec::new(), Vec::new()];
            // A word that allows no typo counts as if it could still be split.
            let typos_max = if node.allows_typos { 0 } else { node.typos_max };
            options.push((0, Node { classes, typos_max, mandatory: true, ..node.clone() }));
        }
        options
    };
    let cost = |path: &Path| path.iter().map(Node::terms_count).sum();
    let cost_max = bucket.paths.iter().map(cost).max().unwrap_or(0);
    let choices: Vec<(u32, Path)> =
        bucket.paths.iter().flat_map(|path| combinations(path, &exact_or_any)).collect();
    by_least_cost(cost_max, 0, choices)
}

/// For rules that leave terms whole: `cost` is the cost of a document on a path, or the greatest cost of the path.
fn by_path_cost<'b, 'a: 'b>(
    bucket: &'b Bucket<'a>,
    cost: impl Fn(&Path, Option<&Parsed<'_>>) -> u32 + 'b,
) -> Parts<'b, 'a> {
    let cost_max = bucket.paths.iter().map(|path| cost(path, None)).max().unwrap_or(0);
    let on_path = move |path: &Path, document: &Parsed<'a>| {
        all_match(path, document).then(|| cost(path, Some(document)))
    };
    let at = move |wanted: u32, remaining: &[&'a Parsed<'a>]| {
        let least =
            |document: &Parsed<'a>| bucket.paths.iter().filter_map(|path| on_path(path, document)).min();
        let documents: Documents<'a> =
            remaining.iter().copied().filter(|document| least(document) == Some(wanted)).collect();
        let paths = bucket
            .paths
            .iter()
            .filter(|path| documents.iter().any(|document| on_path(path, document) == Some(wanted)))
            .cloned()
            .collect();
        Bucket { documents, paths, score: Some((cost_max + 1 - wanted, cost_max + 1)) }
    };
    Parts { count: cost_max + 1, at: Box::new(at) }
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

fn by_exact_attribute<'b, 'a: 'b>(bucket: &'b Bucket<'a>) -> Parts<'b, 'a> {
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
    let rank = move |document: &Parsed<'_>| -> u32 {
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
    let at = move |step: u32, remaining: &[&'a Parsed<'a>]| Bucket {
        documents: remaining.iter().copied().filter(|document| rank(document) == 3 - step).collect(),
        paths: bucket.paths.clone(),
        score: Some((3 - step, 3)),
    };
    Parts { count: 3, at: Box::new(at) }
}

fn by_value<'b, 'a: 'b>(field: &'b str, ascending: bool, bucket: &'b Bucket<'a>) -> Parts<'b, 'a> {
    let key = move |document: &Parsed<'a>| -> Option<FacetValue> {
        let mut values = values::of(document.json, field);
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
    let mut keys: Vec<Option<FacetValue>> = bucket.documents.iter().map(|document| key(document)).collect();
    keys.sort_by(|a, b| {
        kind(a).cmp(&kind(b)).then_with(|| match (a, b) {
            (Some(a), Some(b)) if ascending => a.order(b),
            (Some(a), Some(b)) => b.order(a),
            _ => std::cmp::Ordering::Equal,
        })
    });
    keys.dedup();
    let count = keys.len() as u32;
    let at = move |step: u32, remaining: &[&'a Parsed<'a>]| Bucket {
        documents: remaining
            .iter()
            .copied()
            .filter(|document| key(document) == keys[step as usize])
            .collect(),
        paths: bucket.paths.clone(),
        score: None,
    };
    Parts { count, at: Box::new(at) }
}
