//! Words within a few edits of a query word, as an automaton over the characters of dictionary words.
//!
//! An edit is the insertion, deletion or substitution of a character, or the transposition of two neighbours
//! (optimal string alignment). The state is the part of the table of distances around its diagonal: with at
//! most two edits, five cells of one row. So it has a fixed size, costs a few additions per character, and
//! needs no preparation, unlike a table of all states, which would have to be built for each query word.
//!
//! # Source
//! Ukkonen 1985, "Algorithms for approximate string matching": only the diagonal band matters.

/// Most edits that are looked for.
const EDITS_MAX: u8 = 2;
/// Cells of a row within [`EDITS_MAX`] of the diagonal.
const BAND: usize = 2 * EDITS_MAX as usize + 1;
/// Stands for every distance above [`EDITS_MAX`].
const FAR: u8 = EDITS_MAX + 1;

/// How far a dictionary word is from the query word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nearness {
    /// Edits; for a prefix the fewest of all beginnings of the word.
    pub edits: u8,
    /// Whether both begin with the same character.
    pub same_first: bool,
}

/// Accepts the words near one query word.
pub(crate) struct EditDistance {
    query: Vec<char>,
    edits_max: u8,
    /// Most edits of words with another first character; none are accepted if it is absent.
    edits_max_other_first: Option<u8>,
    is_prefix: bool,
}

/// Where the automaton is in a dictionary word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct State {
    /// Characters read.
    depth: u16,
    /// Distances of the text read to the query's beginnings of `depth - 2` to `depth + 2` characters.
    row: [u8; BAND],
    /// The same, one character ago.
    row_before: [u8; BAND],
    last: char,
    same_first: bool,
    /// Fewest edits of a beginning of the text to the whole query.
    best: u8,
}

impl EditDistance {
    /// Words within `edits_max` (1 or 2) of `query` that begin with the same character; with 2, also those
    /// within 1 that begin with another. With `is_prefix`, words with such a beginning.
    pub(crate) fn new(query: &str, edits_max: u8, is_prefix: bool) -> EditDistance {
        debug_assert!((1..=EDITS_MAX).contains(&edits_max));
        EditDistance {
            query: query.chars().collect(),
            edits_max,
            edits_max_other_first: (edits_max == EDITS_MAX).then_some(1),
            is_prefix,
        }
    }

    /// Words with a beginning within `edits_max` (1 or 2) of `query`, whatever their first character.
    pub(crate) fn of_any_beginning(query: &str, edits_max: u8) -> EditDistance {
        EditDistance { edits_max_other_first: Some(edits_max), ..EditDistance::new(query, edits_max, true) }
    }

    /// Before the first character.
    pub(crate) fn start(&self) -> State {
        let mut row = [FAR; BAND];
        for (edits, cell) in row[usize::from(EDITS_MAX)..].iter_mut().enumerate().take(self.query.len() + 1) {
            *cell = edits as u8;
        }
        State { depth: 0, row, row_before: [FAR; BAND], last: '\0', same_first: true, best: FAR }
    }

    /// How near the word is that ends in `state`.
    pub(crate) fn nearness(&self, state: &State) -> Nearness {
        let edits = if self.is_prefix { state.best } else { self.distance(state) };
        Nearness { edits, same_first: state.same_first }
    }

    /// Edits between the text read and the whole query.
    fn distance(&self, state: &State) -> u8 {
        let cell = self.query.len() + usize::from(EDITS_MAX);
        match cell.checked_sub(usize::from(state.depth)) {
            Some(cell) if cell < BAND => state.row[cell],
            _ => FAR,
        }
    }

    /// Most edits of the words that are accepted.
    pub(crate) fn edits_max(&self) -> u8 {
        self.edits_max
    }

    /// From now on, only words within one edit that begin with the same character.
    pub(crate) fn narrow(&mut self) {
        (self.edits_max, self.edits_max_other_first) = (1, None);
    }

    /// Edits that a word may still turn out to have; none if it cannot be accepted.
    fn allowed(&self, state: &State) -> Option<u8> {
        if state.same_first { Some(self.edits_max) } else { self.edits_max_other_first }
    }

    /// Whether the word that ends in `state` is accepted.
    pub(crate) fn is_match(&self, state: &State) -> bool {
        self.allowed(state).is_some_and(|allowed| self.nearness(state).edits <= allowed)
    }

    /// Whether a word that goes on from `state` may be accepted.
    pub(crate) fn can_match(&self, state: &State) -> bool {
        self.allowed(state).is_some_and(|allowed| {
            (self.is_prefix && state.best <= allowed) || state.row.iter().any(|&edits| edits <= allowed)
        })
    }

    /// Adds the characters that lead on from `state` to `characters`, maybe with some that do not, if it can be
    /// told; whether it can.
    pub(crate) fn only(&self, state: &State, characters: &mut Vec<char>) -> bool {
        let Some(allowed) = self.allowed(state) else { return true };
        if state.depth == 0 && self.edits_max_other_first.is_none() {
            characters.extend(self.query.first());
            return true;
        }
        let may_differ = state.row.iter().any(|&edits| edits < allowed);
        if may_differ || (self.is_prefix && state.best <= allowed) {
            return false;
        }
        // All edits are spent: what comes must be what the query goes on with, or end a transposition.
        let depth = usize::from(state.depth) + 1;
        for cell in 0..BAND {
            let Some(length) = (depth + cell).checked_sub(usize::from(EDITS_MAX)) else { continue };
            if length == 0 || length > self.query.len() {
                continue;
            }
            if state.row[cell] <= allowed {
                characters.push(self.query[length - 1]);
            }
            if length > 1 && state.row_before[cell] < allowed && self.query[length - 1] == state.last {
                characters.push(self.query[length - 2]);
            }
        }
        true
    }

    /// One more character.
    pub(crate) fn step(&self, state: &State, character: char) -> State {
        let mut row = [FAR; BAND];
        let depth = usize::from(state.depth) + 1;
        for cell in 0..BAND {
            // Characters of the query that this cell compares with.
            let Some(length) = (depth + cell).checked_sub(usize::from(EDITS_MAX)) else { continue };
            if length > self.query.len() {
                break;
            }
            let mut edits = FAR;
            if cell + 1 < BAND {
                edits = edits.min(state.row[cell + 1] + 1);
            }
            if cell > 0 {
                edits = edits.min(row[cell - 1] + 1);
            }
            if length > 0 {
                let differs = u8::from(self.query[length - 1] != character);
                edits = edits.min(state.row[cell] + differs);
            }
            let is_transposition = length > 1
                && state.depth > 0
                && self.query[length - 2] == character
                && self.query[length - 1] == state.last;
            if is_transposition {
                edits = edits.min(state.row_before[cell] + 1);
            }
            row[cell] = edits.min(FAR);
        }
        let same_first = match state.depth {
            0 => self.query.first() == Some(&character),
            _ => state.same_first,
        };
        let mut next = State {
            depth: state.depth.saturating_add(1),
            row,
            row_before: state.row,
            last: character,
            same_first,
            best: state.best,
        };
        next.best = next.best.min(self.distance(&next));
        next
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The whole table, the obvious way.
    fn distance(query: &str, word: &str) -> usize {
        let (query, word): (Vec<char>, Vec<char>) = (query.chars().collect(), word.chars().collect());
        let mut table = vec![vec![0; query.len() + 1]; word.len() + 1];
        for j in 0..=word.len() {
            for i in 0..=query.len() {
                table[j][i] = if j == 0 || i == 0 {
                    i + j
                } else {
                    let differs = usize::from(query[i - 1] != word[j - 1]);
                    let mut edits =
                        (table[j - 1][i - 1] + differs).min(table[j - 1][i] + 1).min(table[j][i - 1] + 1);
                    if i > 1 && j > 1 && query[i - 2] == word[j - 1] && query[i - 1] == word[j - 2] {
                        edits = edits.min(table[j - 2][i - 2] + 1);
                    }
                    edits
                };
            }
        }
        table[word.len()][query.len()]
    }

    fn expected(query: &str, word: &str, edits_max: u8, is_prefix: bool) -> Option<usize> {
        let ends: Vec<usize> = word.char_indices().map(|(at, _)| at).skip(1).chain([word.len()]).collect();
        let edits = if is_prefix {
            ends.iter().map(|&end| distance(query, &word[..end])).min().unwrap()
        } else {
            distance(query, word)
        };
        let same_first = query.chars().next() == word.chars().next();
        let allowed = match (same_first, edits_max) {
            (true, allowed) => usize::from(allowed),
            (false, 2) => 1,
            (false, _) => return None,
        };
        (edits <= allowed).then_some(edits)
    }

    proptest! {
        #[test]
        fn agrees_with_the_table(
            query in "[abé]{1,7}",
            word in "[abé]{1,9}",
            edits_max in 1..=2u8,
            is_prefix: bool,
        ) {
            let automaton = EditDistance::new(&query, edits_max, is_prefix);
            let mut state = automaton.start();
            let mut could_match = true;
            for character in word.chars() {
                let mut only = Vec::new();
                could_match &= automaton.can_match(&state);
                could_match &= !automaton.only(&state, &mut only) || only.contains(&character);
                state = automaton.step(&state, character);
            }
            let found = automaton.is_match(&state).then(|| usize::from(automaton.nearness(&state).edits));
            prop_assert_eq!(found, expected(&query, &word, edits_max, is_prefix));
            prop_assert!(could_match || found.is_none());
        }
    }
}
