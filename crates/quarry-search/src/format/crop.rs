//! The part of a text around its best matches.
//!
//! Words are what is counted; separators cost nothing. The part starts as the run of matches that says most
//! about the query and still fits, then grows word by word on both sides.

use std::cmp::Reverse;
use std::ops::{Range, RangeInclusive};

use quarry_text::{OwnedToken, TokenKind};

use super::matcher::Match;

/// Distance from which matches are simply far from each other, in words.
const FAR: usize = 7;

/// The bytes to keep of a text of `text_bytes` bytes.
///
/// - `tokens`: the whole text
/// - `matches`: in the order of the text
/// - `words_max`: at least 1
pub(crate) fn window(
    tokens: &[OwnedToken],
    matches: &[Match],
    words_max: usize,
    text_bytes: usize,
) -> Range<usize> {
    let mut window = match best_run(matches, words_max) {
        Some(run) => Window::over(tokens, &matches[*run.start()], &matches[*run.end()], words_max),
        None => Window { tokens: 0..0, words_left: words_max },
    };
    window.grow(tokens);
    let Range { start, end } = window.tokens;
    // Tokens cover the text.
    let byte_start = tokens.get(start).map_or(0, |first| first.byte_start);
    let byte_end = tokens.get(end).map_or(text_bytes, |after| after.byte_start);
    byte_start..byte_end
}

/// The run of matches with the best score among those that no further match fits into, the first one on ties.
/// If none fits, the first match alone.
fn best_run(matches: &[Match], words_max: usize) -> Option<RangeInclusive<usize>> {
    let fits = |first: usize, last: usize| {
        let words = matches[last].words.end() - matches[first].words.start();
        words < words_max
    };
    let mut best: Option<(Score, RangeInclusive<usize>)> = None;
    let mut run = Run::new(matches);
    for last in 0..matches.len() {
        run.push_last();
        while run.first < last && !fits(run.first, last) {
            run.pop_first();
        }
        let is_longest = last + 1 == matches.len() || !fits(run.first, last + 1);
        if fits(run.first, last) && is_longest {
            let score = run.score();
            if best.as_ref().is_none_or(|(best, _)| score > *best) {
                best = Some((score, run.first..=last));
            }
        }
    }
    let alone = || (!matches.is_empty()).then_some(0..=0);
    best.map(|(_, run)| run).or_else(alone)
}

/// Different words of the query; then nearness; then words in the order of the query.
type Score = (usize, Reverse<usize>, usize);

/// Consecutive matches, with what their score is made of. Each match comes and goes once, so that a text of nothing but
/// matches costs no more per match than any other.
struct Run<'m> {
    matches: &'m [Match],
    first: usize,
    /// After the last one.
    end: usize,
    /// How many matches have each position of the query.
    position_counts: Vec<usize>,
    positions: usize,
    distance: usize,
    in_order: usize,
}

impl<'m> Run<'m> {
    /// An empty run before the first match.
    fn new(matches: &'m [Match]) -> Run<'m> {
        let position_max = matches.iter().map(|found| *found.positions.end()).max().unwrap_or(0);
        let position_counts = vec![0; usize::from(position_max) + 1];
        Run { matches, first: 0, end: 0, position_counts, positions: 0, distance: 0, in_order: 0 }
    }

    /// Adds the match after the last one.
    fn push_last(&mut self) {
        let found = &self.matches[self.end];
        for position in found.positions.clone() {
            let count = &mut self.position_counts[usize::from(position)];
            self.positions += usize::from(*count == 0);
            *count += 1;
        }
        self.distance += joints(found);
        self.in_order += joints(found);
        if self.end > self.first {
            let (gap, in_order) = step(&self.matches[self.end - 1], found);
            self.distance += gap;
            self.in_order += in_order;
        }
        self.end += 1;
    }

    /// Takes the first match away; there is another one after it.
    fn pop_first(&mut self) {
        let found = &self.matches[self.first];
        for position in found.positions.clone() {
            let count = &mut self.position_counts[usize::from(position)];
            *count -= 1;
            self.positions -= usize::from(*count == 0);
        }
        let (gap, in_order) = step(found, &self.matches[self.first + 1]);
        self.distance -= joints(found) + gap;
        self.in_order -= joints(found) + in_order;
        self.first += 1;
    }

    fn score(&self) -> Score {
        (self.positions, Reverse(self.distance), self.in_order)
    }
}

/// Words of a match after its first one.
fn joints(found: &Match) -> usize {
    found.words.end() - found.words.start()
}

/// From a match to the next one: how far it is, and 1 if it is further on in the query.
fn step(from: &Match, to: &Match) -> (usize, usize) {
    let place = |found: &Match| (*found.positions.start(), *found.positions.end());
    let gap = to.words.start() - from.words.end();
    (gap.min(FAR), usize::from(place(from) < place(to)))
}

/// A run of tokens that may still grow.
struct Window {
    tokens: Range<usize>,
    words_left: usize,
}

impl Window {
    /// From a match to another, cut at the end if it holds too many words.
    fn over(tokens: &[OwnedToken], first: &Match, last: &Match, words_max: usize) -> Window {
        let words = last.words.end() - first.words.start() + 1;
        let start = *first.tokens.start();
        if words <= words_max {
            return Window { tokens: start..last.tokens.end() + 1, words_left: words_max - words };
        }
        let mut words = tokens.iter().enumerate().skip(start).filter(|(_, token)| !token.kind.is_separator());
        let end = words.nth(words_max - 1).map_or(tokens.len(), |(at, _)| at + 1);
        Window { tokens: start..end, words_left: 0 }
    }

    fn grow(&mut self, tokens: &[OwnedToken]) {
        while self.words_left > 0 {
            let left = self.tokens.start.checked_sub(1).map(|at| tokens[at].kind);
            let right = tokens.get(self.tokens.end).map(|token| token.kind);
            match (left, right) {
                (None, None) => return,
                (Some(left), None) => self.take_left(left),
                (None, Some(right)) => self.take_right(right),
                (Some(left), Some(right)) => self.grow_between(left, right),
            }
        }
    }

    fn grow_between(&mut self, left: TokenKind, right: TokenKind) {
        match (left.is_separator(), right.is_separator()) {
            (false, true) => self.take_left(left),
            (true, false) => self.take_right(right),
            (false, false) => {
                self.take_left(left);
                if self.words_left > 0 {
                    self.take_right(right);
                }
            }
            (true, true) if left == right => {
                self.take_left(left);
                // With one word left, it will come from the left.
                if self.words_left > 1 {
                    self.take_right(right);
                }
            }
            (true, true) if left == TokenKind::SeparatorSoft => self.take_left(left),
            (true, true) => self.take_right(right),
        }
    }

    fn take_left(&mut self, kind: TokenKind) {
        self.tokens.start -= 1;
        self.words_left -= usize::from(!kind.is_separator());
    }

    fn take_right(&mut self, kind: TokenKind) {
        self.tokens.end += 1;
        self.words_left -= usize::from(!kind.is_separator());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::matcher::tests::{matcher, tokens};
    use super::*;

    const STAIRS: &str = "Every evening the keeper climbed the narrow stairs, lit the lantern, and watched the fishing boats return to the harbour below the cliffs.";
    const NUMBERS: &str =
        "One two three. Four five six! Seven, eight; nine ten? Eleven twelve: thirteen (fourteen) fifteen.";

    fn check(text: &str, terms: &[&str], words_max: usize, expected: &str) {
        let tokens = tokens(text);
        let matches = matcher(terms).matches(&tokens);
        let kept = &text[window(&tokens, &matches, words_max, text.len())];
        assert_eq!(kept, expected, "{terms:?} {words_max}");
    }

    #[test]
    fn words_on_both_sides() {
        check(STAIRS, &["lantern"], 10, "climbed the narrow stairs, lit the lantern, and watched the");
        check(STAIRS, &["lantern"], 1, "lantern");
        check(STAIRS, &["lantern"], 5, "stairs, lit the lantern, and");
        check(STAIRS, &["cliffs"], 3, "below the cliffs.");
        check(STAIRS, &["evening"], 10, "Every evening the keeper climbed the narrow stairs, lit the");
        check(STAIRS, &["lantern"], 100, STAIRS);
    }

    #[test]
    fn without_match_the_text_begins() {
        check(STAIRS, &[], 3, "Every evening the");
        check("... dots", &["no"], 1, "... dots");
        check("", &[], 3, "");
        check("...", &[], 3, "...");
    }

    #[test]
    fn separators() {
        check(NUMBERS, &["three"], 4, "One two three. Four");
        check(NUMBERS, &["four"], 4, "three. Four five six");
        check(NUMBERS, &["six"], 4, "three. Four five six");
        check(NUMBERS, &["seven"], 4, "five six! Seven, eight");
        check(NUMBERS, &["twelve"], 4, " Eleven twelve: thirteen (fourteen");
        check(NUMBERS, &["fourteen"], 4, "twelve: thirteen (fourteen) fifteen");
        check(NUMBERS, &["fifteen"], 4, "twelve: thirteen (fourteen) fifteen.");
        check("... target ...", &["target"], 2, "... target ...");
    }

    #[test]
    fn the_best_run_of_matches() {
        let text =
            "alpha beta gamma target delta epsilon zeta target eta theta iota kappa target target lambda";
        check(text, &["target", "kappa"], 4, "iota kappa target target");
        check(text, &["target"], 3, "gamma target delta");
        check(STAIRS, &["lantern", "boats"], 6, "lantern, and watched the fishing boats");
        check(STAIRS, &["keeper", "harbour"], 4, "evening the keeper climbed");
        check("b a x a b x a x b", &["a", "b"], 2, "a b");
    }

    /// The score of a run, from its definition.
    fn score(run: &[Match]) -> Score {
        let positions: BTreeSet<u16> = run.iter().flat_map(|found| found.positions.clone()).collect();
        let phrases: usize = run.iter().map(joints).sum();
        let steps = run.windows(2).map(|pair| step(&pair[0], &pair[1]));
        let (gaps, orders) = steps.fold((0, 0), |sum, step| (sum.0 + step.0, sum.1 + step.1));
        (positions.len(), Reverse(phrases + gaps), phrases + orders)
    }

    /// All runs that fit and that the next match does not fit into, looked at one by one.
    fn best_run_of_all(matches: &[Match], words_max: usize) -> Option<RangeInclusive<usize>> {
        let fits = |first: usize, last: usize| {
            last < matches.len() && matches[last].words.end() - matches[first].words.start() < words_max
        };
        let mut best: Option<(Score, RangeInclusive<usize>)> = None;
        for first in 0..matches.len() {
            for last in (first..matches.len()).filter(|&last| fits(first, last) && !fits(first, last + 1)) {
                // What fits with the match before is no run of its own.
                if first > 0 && fits(first - 1, last) {
                    continue;
                }
                let score = score(&matches[first..=last]);
                if best.as_ref().is_none_or(|(best, _)| score > *best) {
                    best = Some((score, first..=last));
                }
            }
        }
        best.map(|(_, run)| run).or((!matches.is_empty()).then_some(0..=0))
    }

    /// Matches of up to three words and two positions, up to nine words from each other.
    fn some_matches() -> impl Strategy<Value = Vec<Match>> {
        let one = (1..10usize, 0..3usize, 0..4u16, 0..2u16);
        prop::collection::vec(one, 0..30).prop_map(|parts| {
            let mut word = 0;
            let matches = parts.into_iter().map(|(gap, joints, position, more)| {
                let start = word + gap;
                word = start + joints;
                Match {
                    tokens: 2 * start..=2 * word,
                    bytes: start..word + 1,
                    words: start..=word,
                    positions: position..=position + more,
                }
            });
            matches.collect()
        })
    }

    proptest! {
        #[test]
        fn the_best_run_is_the_best_of_all(matches in some_matches(), words_max in 1..40usize) {
            prop_assert_eq!(best_run(&matches, words_max), best_run_of_all(&matches, words_max));
        }
    }

    #[test]
    fn many_matches_in_a_long_run() {
        let text = "a ".repeat(200_000);
        check(&text, &["a"], 10_000, &text[..2 * 10_000 - 1]);
    }

    #[test]
    fn long_phrases_are_cut() {
        check("x one two three four y", &["one two three four"], 2, "one two");
        check("x one two three four y", &["one two three four"], 4, "one two three four");
    }
}
