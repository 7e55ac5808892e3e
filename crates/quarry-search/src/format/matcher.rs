//! Where the words of a query are in a text.
//!
//! A text is read token by token, and the first thing that fits is the match:
//! 1. phrases, in the order of the terms: those in quotes, synonyms, words that documents write as two;
//! 2. words that must be whole, then beginnings of words; n-grams before single words.
//!
//! Only what ranking found out is known: the typos of a word that never had to be looked for do not match.

use std::cmp::Reverse;
use std::ops::{Range, RangeInclusive};
use std::rc::Rc;

use quarry_text::OwnedToken;
use rustc_hash::FxHashSet;

use crate::context::SearchContext;
use crate::query::{Class, PhraseId, Term};

/// What the texts of documents are compared with: the terms of a query with all that may stand for them.
#[derive(Debug, Default)]
pub struct Matcher {
    phrases: Vec<MatchPhrase>,
    words: Vec<MatchWord>,
}

/// Several words in a row; none where any word may stand.
#[derive(Debug)]
struct MatchPhrase {
    words: Vec<Option<Box<str>>>,
    positions: RangeInclusive<u16>,
}

/// One term, without its phrases.
#[derive(Debug)]
struct MatchWord {
    /// Lemmas that match as a whole.
    whole: FxHashSet<Box<str>>,
    prefix: Option<MatchPrefix>,
    positions: RangeInclusive<u16>,
    /// Terms of the query that it covers.
    words_count: u32,
}

/// Beginnings of lemmas that match.
#[derive(Debug)]
struct MatchPrefix {
    /// What the query holds.
    text: Box<str>,
    /// Characters of it: so many of the document's word are the match.
    chars: usize,
    /// The same with typos.
    near: FxHashSet<Box<str>>,
}

/// A part of a text that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Match {
    /// Tokens of the text.
    pub tokens: RangeInclusive<usize>,
    /// Bytes of the text: less than the last token if it only begins as the query does.
    pub bytes: Range<usize>,
    /// Words of the text, separators not counted.
    pub words: RangeInclusive<usize>,
    /// Positions of the query.
    pub positions: RangeInclusive<u16>,
}

impl Matcher {
    /// The matcher of a search whose ranking is done.
    pub(crate) fn of(context: &SearchContext<'_>) -> Matcher {
        let mut matcher = Matcher::default();
        for term in &context.terms {
            matcher.add_term(context, term);
        }
        matcher.words.sort_by_key(|word| (word.prefix.is_some(), Reverse(word.words_count)));
        matcher
    }

    fn add_term(&mut self, context: &SearchContext<'_>, term: &Term) {
        let derived = term.with_typos.get();
        for class in std::iter::once(&term.without_typos).chain(derived.into_iter().flatten()) {
            for phrase in &class.phrases {
                self.add_phrase(context, *phrase, &term.positions);
            }
        }
        let Some(text) = term.word.map(|word| context.text(word)) else { return };
        let exact = texts(context, &term.without_typos);
        let near = derived.into_iter().flatten().flat_map(|class| texts(context, class));
        let (whole, prefix) = if term.is_prefix {
            // What does not begin with the text is a synonym, behind which nothing may follow.
            let synonyms = exact.filter(|word| !word.starts_with(&*text));
            let near = near.map(|word| Box::from(&*word)).collect();
            let prefix = MatchPrefix { text: Box::from(&*text), chars: text.chars().count(), near };
            (synonyms.map(|word| Box::from(&*word)).collect(), Some(prefix))
        } else {
            (exact.chain(near).map(|word| Box::from(&*word)).collect(), None)
        };
        let (positions, words_count) = (term.positions.clone(), term.words_count());
        self.words.push(MatchWord { whole, prefix, positions, words_count });
    }

    fn add_phrase(&mut self, context: &SearchContext<'_>, phrase: PhraseId, positions: &RangeInclusive<u16>) {
        let words = context.phrase_words(phrase);
        let Some(first) = words.iter().position(Option::is_some) else { return };
        let last = words.iter().rposition(Option::is_some).unwrap_or(first);
        let texts = words[first..=last].iter().map(|word| word.map(|word| (*context.text(word)).into()));
        self.phrases.push(MatchPhrase { words: texts.collect(), positions: positions.clone() });
    }

    /// Whether nothing can match.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty() && self.words.is_empty()
    }

    /// The matches in a text, given as its tokens, in order and apart from each other.
    pub(crate) fn matches(&self, tokens: &[OwnedToken]) -> Vec<Match> {
        let mut matches = Vec::new();
        if self.is_empty() {
            return matches;
        }
        let (mut at, mut word) = (0, 0);
        while let Some(token) = tokens.get(at) {
            if token.kind.is_separator() {
                at += 1;
                continue;
            }
            match self.match_at(tokens, at, word) {
                Some(found) => {
                    (at, word) = (found.tokens.end() + 1, found.words.end() + 1);
                    matches.push(found);
                }
                None => (at, word) = (at + 1, word + 1),
            }
        }
        matches
    }

    /// The match that begins at the token `at`, the `word`-th word of the text.
    fn match_at(&self, tokens: &[OwnedToken], at: usize, word: usize) -> Option<Match> {
        let token = &tokens[at];
        for phrase in &self.phrases {
            if let Some(last) = phrase.last_token(tokens, at) {
                return Some(Match {
                    tokens: at..=last,
                    bytes: token.byte_start..tokens[last].byte_end,
                    words: word..=word + phrase.words.len() - 1,
                    positions: phrase.positions.clone(),
                });
            }
        }
        let (term, bytes) = self.words.iter().find_map(|term| Some((term, term.matched_bytes(token)?)))?;
        Some(Match {
            tokens: at..=at,
            bytes: token.byte_start..token.byte_start + bytes,
            words: word..=word,
            positions: term.positions.clone(),
        })
    }
}

/// The words of a class.
fn texts<'c>(context: &'c SearchContext<'_>, class: &'c Class) -> impl Iterator<Item = Rc<str>> + 'c {
    class.words.iter().map(|word| context.text(word.word))
}

impl MatchPhrase {
    /// The last token of the phrase if it begins at the token `first`.
    fn last_token(&self, tokens: &[OwnedToken], first: usize) -> Option<usize> {
        let mut tokens =
            tokens.iter().enumerate().skip(first).filter(|(_, token)| !token.kind.is_separator());
        let mut last = None;
        for word in &self.words {
            let (at, token) = tokens.next()?;
            if word.as_ref().is_some_and(|word| **word != token.lemma) {
                return None;
            }
            last = Some(at);
        }
        last
    }
}

impl MatchWord {
    /// Bytes of the original token that match.
    fn matched_bytes(&self, token: &OwnedToken) -> Option<usize> {
        if self.whole.contains(token.lemma.as_str()) {
            return Some(token.byte_end - token.byte_start);
        }
        let prefix = self.prefix.as_ref()?;
        prefix.fits(&token.lemma).then(|| token.original_bytes_of_lemma_chars(prefix.chars))
    }
}

impl MatchPrefix {
    /// Whether a lemma begins so.
    fn fits(&self, lemma: &str) -> bool {
        if lemma.starts_with(&*self.text) {
            return true;
        }
        if self.near.is_empty() {
            return false;
        }
        let ends = lemma.char_indices().map(|(at, _)| at).skip(1).chain([lemma.len()]);
        ends.into_iter().any(|end| self.near.contains(&lemma[..end]))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use quarry_text::{Tokenizer, TokenizerOptions};

    use super::*;

    /// A matcher of words side by side: `word`, `prefix*`, `several words` for a phrase with `_` for a hole.
    pub(crate) fn matcher(terms: &[&str]) -> Matcher {
        let mut matcher = Matcher::default();
        for (position, term) in terms.iter().enumerate() {
            let position = position as u16;
            let positions = position..=position;
            if term.contains(' ') {
                let words = term.split(' ').map(|word| (word != "_").then(|| word.into())).collect();
                matcher.phrases.push(MatchPhrase { words, positions });
                continue;
            }
            let prefix = term.strip_suffix('*').map(|text| MatchPrefix {
                text: text.into(),
                chars: text.chars().count(),
                near: FxHashSet::default(),
            });
            let whole = if prefix.is_none() {
                [Box::from(*term)].into_iter().collect()
            } else {
                FxHashSet::default()
            };
            matcher.words.push(MatchWord { whole, prefix, positions, words_count: 1 });
        }
        matcher.words.sort_by_key(|word| word.prefix.is_some());
        matcher
    }

    pub(crate) fn tokens(text: &str) -> Vec<OwnedToken> {
        Tokenizer::new(&TokenizerOptions::default()).tokens(text, &[])
    }

    fn check(matcher: &Matcher, text: &str, expected: &[&str]) {
        let found: Vec<&str> =
            matcher.matches(&tokens(text)).into_iter().map(|found| &text[found.bytes]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn whole_words_and_beginnings() {
        check(&matcher(&["sun*"]), "The sunflower, SUN.", &["sun", "SUN"]);
        check(&matcher(&["sun"]), "The sunflower, SUN.", &["SUN"]);
        check(&matcher(&["sun*", "sunshine"]), "sunshine sunlight", &["sunshine", "sun"]);
        check(&matcher(&["été*"]), "l'été étés", &[]);
        check(&matcher(&["ete*"]), "l'été étés", &["été", "été"]);
        check(&matcher(&[]), "anything", &[]);
    }

    #[test]
    fn beginnings_with_typos() {
        let mut matcher = matcher(&["necessary*"]);
        let prefix = matcher.words[0].prefix.as_mut().expect("the term is a prefix");
        prefix.near = ["necesary", "neccessary"].map(Box::from).into_iter().collect();
        check(&matcher, "necesary neccessary unnecessary", &["necesary", "neccessar"]);
    }

    #[test]
    fn phrases_span_separators() {
        check(&matcher(&["new york"]), "New York is new. York", &["New York", "new. York"]);
        check(&matcher(&["new york", "york*"]), "york new york", &["york", "new york"]);
        check(&matcher(&["state _ art"]), "the state of art, state art", &["state of art"]);
    }

    #[test]
    fn words_are_counted() {
        let found = matcher(&["new york", "is"]).matches(&tokens("Old New York, it is"));
        let words: Vec<_> = found.iter().map(|found| found.words.clone()).collect();
        assert_eq!(words, [1..=2, 4..=4]);
    }
}
