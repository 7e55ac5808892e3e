//! A query cut into terms, n-grams and negations, and the words and phrases that each may stand for.

use std::collections::BTreeSet;

use quarry_text::{Scratch, TokenKind, Tokenizer};

use super::OracleSettings;
use super::document::Parsed;

/// Which terms may be left out of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// From the last one on.
    #[default]
    Last,
    /// None.
    All,
    /// The most frequent first.
    Frequency,
}

/// What a node may stand for: a word, or several in a row.
pub(crate) type Form = Vec<String>;

/// A term, or several joined.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Index of the first and of the last term covered.
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// Query positions of the first and of the last word.
    pub(crate) from: u16,
    pub(crate) to: u16,
    pub(crate) is_phrase: bool,
    /// Forms by class: without, with one, with two typos.
    pub(crate) classes: [Vec<Form>; 3],
    /// The most typos that count for the scale of the typo rule.
    pub(crate) typos_max: usize,
    /// Whether it may be reached by typos.
    pub(crate) allows_typos: bool,
    /// The word as it was typed, or the phrase; None for joined terms, and when no document holds it.
    pub(crate) exact: Option<Form>,
    pub(crate) mandatory: bool,
}

impl Node {
    pub(crate) fn terms_count(&self) -> u32 {
        (self.last - self.first + 1) as u32
    }

    pub(crate) fn forms(&self) -> impl Iterator<Item = &Form> {
        self.classes.iter().flatten()
    }

    pub(crate) fn matches(&self, document: &Parsed<'_>) -> bool {
        self.forms().any(|form| form_matches(form, document))
    }
}

pub(crate) fn form_matches(form: &[String], document: &Parsed<'_>) -> bool {
    match form {
        [word] => document.has_word(word),
        words => document.has_phrase(words),
    }
}

/// A parsed query.
#[derive(Debug)]
pub(crate) struct Terms {
    /// Single terms and n-grams.
    pub(crate) nodes: Vec<Node>,
    pub(crate) terms_count: usize,
    negative_words: Vec<String>,
    /// Groups of terms that may be left out, in the order in which they are.
    pub(crate) removable: Vec<BTreeSet<usize>>,
}

/// What terms are looked up in.
pub(crate) struct Dictionaries<'a> {
    pub(crate) settings: &'a OracleSettings,
    pub(crate) words: &'a BTreeSet<String>,
    pub(crate) documents: &'a [Parsed<'a>],
}

impl Terms {
    pub(crate) fn parse(
        text: &str,
        strategy: Strategy,
        tokenizer: &Tokenizer,
        dictionaries: &Dictionaries<'_>,
    ) -> Terms {
        let (mut spans, negative_words) = cut(text, tokenizer);
        if !dictionaries.settings.searches_prefixes {
            spans.iter_mut().for_each(|span| span.is_prefix = false);
        }
        let mut nodes: Vec<Node> = Vec::new();
        for (index, span) in spans.iter().enumerate() {
            nodes.push(dictionaries.term(index, span));
        }
        for first in 0..spans.len() {
            for count in 2..=3 {
                if let Some(run) = spans.get(first..first + count).filter(|run| is_joinable(run)) {
                    nodes.push(dictionaries.joined(first, run));
                }
            }
        }
        let removable = removal_order(&nodes, spans.len(), strategy, dictionaries.documents);
        Terms { nodes, terms_count: spans.len(), negative_words, removable }
    }

    /// When a node is given up, from 1; None if every document must match it. Joined terms go with the last of them.
    pub(crate) fn removal_step(&self, node: &Node) -> Option<usize> {
        if node.mandatory {
            return None;
        }
        let step =
            |term: usize| self.removable.iter().position(|group| group.contains(&term)).map(|at| at + 1);
        (node.first..=node.last).map(step).collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Whether the document satisfies the query with all that may be left out left out.
    pub(crate) fn may_match(&self, document: &Parsed<'_>) -> bool {
        if self.negative_words.iter().any(|word| document.has_word(word)) {
            return false;
        }
        super::path::all(self).iter().any(|path| {
            let needed = path.iter().map(|&node| &self.nodes[node]);
            needed.filter(|node| self.removal_step(node).is_none()).all(|node| node.matches(document))
        })
    }
}

struct Span {
    words: Vec<String>,
    from: u16,
    is_phrase: bool,
    is_prefix: bool,
}

fn is_joinable(run: &[Span]) -> bool {
    run.iter().all(|span| !span.is_phrase) && run.windows(2).all(|two| two[0].from + 1 == two[1].from)
}

/// Terms in order, and the words that must be absent.
fn cut(text: &str, tokenizer: &Tokenizer) -> (Vec<Span>, Vec<String>) {
    let (mut spans, mut negative): (Vec<Span>, Vec<String>) = (Vec::new(), Vec::new());
    let (mut position, mut quoted, mut minus, mut after_space) = (0u16, None::<Span>, false, true);
    let mut tokens: Vec<(String, TokenKind, &str)> = Vec::new();
    tokenizer.for_each_token(text, &[], &mut Scratch::default(), |token| {
        tokens.push((token.lemma.to_owned(), token.kind, &text[token.byte_start..token.byte_end]));
    });
    let last = tokens.len().saturating_sub(1);
    for (index, (lemma, kind, original)) in tokens.iter().enumerate() {
        match kind {
            TokenKind::Word | TokenKind::StopWord => {
                if let Some(phrase) = &mut quoted {
                    phrase.words.push(lemma.clone());
                } else if minus {
                    negative.push(lemma.clone());
                } else if *kind == TokenKind::Word || index == last {
                    let words = vec![lemma.clone()];
                    spans.push(Span { words, from: position, is_phrase: false, is_prefix: index == last });
                }
                position += 1;
                minus = false;
            }
            _ if original.contains('"') => match quoted.take() {
                Some(phrase) => spans.extend(Some(phrase).filter(|phrase| !phrase.words.is_empty())),
                None => {
                    quoted =
                        Some(Span { words: Vec::new(), from: position, is_phrase: true, is_prefix: false });
                }
            },
            _ => {
                minus = original.ends_with('-') && (after_space || original.len() > 1);
                if *kind == TokenKind::SeparatorHard {
                    position += 7;
                }
            }
        }
        after_space = original.ends_with(' ');
    }
    spans.extend(quoted.filter(|phrase| !phrase.words.is_empty()));
    (spans, negative)
}

impl Dictionaries<'_> {
    fn term(&self, index: usize, span: &Span) -> Node {
        let to = span.from + span.words.len() as u16 - 1;
        let exact = span.words.iter().all(|word| self.words.contains(word)).then(|| span.words.clone());
        let (classes, typos_max, allowed) = if span.is_phrase {
            ([vec![span.words.clone()], Vec::new(), Vec::new()], 0, 0)
        } else {
            let allowed = self.settings.typos.allowed(&span.words[0]);
            let mut classes = self.classes(&span.words[0], span.is_prefix, allowed);
            classes[1].extend(self.split(&span.words[0]));
            classes[0].extend(self.synonyms(&span.words));
            (classes, allowed.max(1), allowed)
        };
        Node {
            first: index,
            last: index,
            from: span.from,
            to,
            is_phrase: span.is_phrase,
            classes,
            typos_max,
            allows_typos: allowed > 0,
            exact,
            mandatory: span.is_phrase,
        }
    }

    fn joined(&self, first: usize, run: &[Span]) -> Node {
        let word: String = run.iter().map(|span| span.words[0].as_str()).collect();
        let allowed = self.settings.typos.allowed(&word).saturating_sub(run.len() - 1);
        let is_prefix = run.last().is_some_and(|span| span.is_prefix);
        let mut classes = self.classes(&word, is_prefix, allowed);
        let own: Vec<String> = run.iter().map(|span| span.words[0].clone()).collect();
        classes[1].extend(self.split(&word).filter(|split| allowed > 1 || *split != own));
        classes[0].extend(self.synonyms(&own));
        classes[0].extend(self.synonyms(&[word]));
        Node {
            first,
            last: first + run.len() - 1,
            from: run[0].from,
            to: run[0].from + run.len() as u16 - 1,
            is_phrase: false,
            classes,
            typos_max: allowed.max(1),
            allows_typos: allowed > 0,
            exact: None,
            mandatory: false,
        }
    }

    fn classes(&self, word: &str, is_prefix: bool, allowed: usize) -> [Vec<Form>; 3] {
        let mut classes = [Vec::new(), Vec::new(), Vec::new()];
        for stored in self.words {
            let distance = if is_prefix { prefix_distance(word, stored) } else { distance(word, stored) };
            let class = if stored.chars().next() == word.chars().next() { distance } else { distance + 1 };
            if distance == 0 {
                classes[0].push(vec![stored.clone()]);
            } else if class <= allowed {
                classes[class].push(vec![stored.clone()]);
            }
        }
        classes
    }

    /// What words in a row may stand for.
    fn synonyms(&self, words: &[String]) -> Vec<Form> {
        let of_words = self.settings.synonyms.iter().filter(|(key, _)| key == words);
        of_words.flat_map(|(_, values)| values).cloned().collect()
    }

    /// The cut whose halves stand side by side in the most documents.
    fn split(&self, word: &str) -> Option<Form> {
        let mut best: Option<(usize, Form)> = None;
        for (at, _) in word.char_indices().skip(1) {
            let (left, right) = word.split_at(at);
            let count =
                self.documents.iter().filter(|document| document.distance(left, right) == Some(1)).count();
            if count > best.as_ref().map_or(0, |(most, _)| *most) {
                best = Some((count, vec![left.to_owned(), right.to_owned()]));
            }
        }
        best.map(|(_, form)| form)
    }
}

fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let table = table(&a, &b);
    table[a.len()][b.len()]
}

/// The least distance to any beginning of `b`.
fn prefix_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    table(&a, &b)[a.len()].iter().copied().min().unwrap_or(0)
}

/// Edit distances of all beginnings; exchanging two neighbours is one step.
fn table(a: &[char], b: &[char]) -> Vec<Vec<usize>> {
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let same = usize::from(a[i - 1] != b[j - 1]);
                let mut least =
                    (table[i - 1][j] + 1).min(table[i][j - 1] + 1).min(table[i - 1][j - 1] + same);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(table[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    table
}

fn removal_order(
    nodes: &[Node],
    count: usize,
    strategy: Strategy,
    documents: &[Parsed<'_>],
) -> Vec<BTreeSet<usize>> {
    let plain: Vec<usize> = (0..count).filter(|&term| !nodes[term].mandatory).collect();
    let mut groups: Vec<BTreeSet<usize>> = match strategy {
        Strategy::All => return Vec::new(),
        Strategy::Last => plain.iter().rev().map(|&term| BTreeSet::from([term])).collect(),
        Strategy::Frequency => {
            let frequency = |term: &usize| {
                let count = documents.iter().filter(|document| nodes[*term].matches(document)).count();
                if count == 0 { usize::MAX } else { count }
            };
            let counts: BTreeSet<usize> = plain.iter().map(frequency).collect();
            let group =
                |count: &usize| plain.iter().copied().filter(|term| frequency(term) == *count).collect();
            counts.iter().rev().map(group).collect()
        }
    };
    if plain.len() == count {
        groups.pop();
    }
    groups
}
