//! Tokens to words, phrases and negations, with their positions in the query.

use std::ops::RangeInclusive;

use quarry_text::{Language, Scratch, TokenKind, Tokenizer};

/// Terms that are read; what follows is ignored.
pub(crate) const TERMS_MAX: usize = 10;

/// Tokens that are read, separators included.
const TOKENS_MAX: usize = 1000;

/// Positions that a hard separator adds.
const HARD_SEPARATOR_POSITIONS: u16 = 7;

/// A query, parsed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ParsedQuery {
    /// Words and phrases to find, in order; at most [`TERMS_MAX`].
    pub terms: Vec<ParsedTerm>,
    /// Words whose documents are left out.
    pub negative_words: Vec<String>,
    /// Phrases whose documents are left out.
    pub negative_phrases: Vec<Vec<Option<String>>>,
}

/// One thing to find.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ParsedTerm {
    /// A word outside quotes.
    Word {
        /// Its normalised form.
        word: String,
        /// Its place in the query.
        position: u16,
        /// Whether it may be the beginning of the word meant.
        is_prefix: bool,
    },
    /// Words in quotes.
    Phrase {
        /// The words; none where a stop word stood.
        words: Vec<Option<String>>,
        /// Their places in the query.
        positions: RangeInclusive<u16>,
    },
}

/// Parses `text`.
///
/// - `locales`: the languages it may be in; empty: all
/// - `searches_prefixes`: whether the last word may be the beginning of the word meant
pub(crate) fn parse(
    tokenizer: &Tokenizer,
    text: &str,
    locales: &[Language],
    searches_prefixes: bool,
) -> ParsedQuery {
    let mut tokens = Vec::new();
    tokenizer.for_each_token(text, locales, &mut Scratch::default(), |token| {
        if tokens.len() < TOKENS_MAX {
            tokens.push((token.lemma.to_owned(), token.kind));
        }
    });
    Parser::new(searches_prefixes).run(tokens)
}

/// A phrase whose closing quote was not met yet.
#[derive(Default)]
struct OpenPhrase {
    words: Vec<Option<String>>,
    start: u16,
    end: u16,
    is_negative: bool,
}

impl OpenPhrase {
    /// Adds a word, or none for a stop word.
    fn push(&mut self, word: Option<String>, position: u16) {
        // A stop word at the start moves the start behind it, once.
        if matches!(self.words[..], [] | [None]) {
            self.start = position;
        }
        self.end = position;
        self.words.push(word);
    }
}

struct Parser {
    searches_prefixes: bool,
    query: ParsedQuery,
    /// Place of the last word; wraps so that the first word is at 0.
    position: u16,
    phrase: Option<OpenPhrase>,
    /// The token before was a minus that may negate.
    negates: bool,
}

impl Parser {
    fn new(searches_prefixes: bool) -> Parser {
        Parser {
            searches_prefixes,
            query: ParsedQuery::default(),
            position: u16::MAX,
            phrase: None,
            negates: false,
        }
    }

    fn run(mut self, tokens: Vec<(String, TokenKind)>) -> ParsedQuery {
        let tokens_count = tokens.len();
        let mut after_space = true;
        for (index, (lemma, kind)) in tokens.into_iter().enumerate() {
            // What normalises to nothing says nothing, but a word before it is not the last.
            if lemma.is_empty() {
                continue;
            }
            if self.query.terms.len() >= TERMS_MAX {
                return self.query;
            }
            let ends_with_space = lemma.ends_with(char::is_whitespace);
            if kind.is_separator() {
                self.separator(&lemma, kind, after_space);
            } else {
                self.word(lemma, kind, index + 1 == tokens_count);
            }
            after_space = ends_with_space;
        }
        self.close_phrase();
        self.query
    }

    fn word(&mut self, lemma: String, kind: TokenKind, is_last: bool) {
        self.position = self.position.wrapping_add(1);
        let negates = std::mem::take(&mut self.negates);
        if let Some(phrase) = &mut self.phrase {
            phrase.push((kind == TokenKind::Word).then_some(lemma), self.position);
        } else if kind == TokenKind::Word || is_last {
            if negates {
                self.query.negative_words.push(lemma);
            } else {
                let is_prefix = is_last && self.searches_prefixes;
                self.query.terms.push(ParsedTerm::Word { word: lemma, position: self.position, is_prefix });
            }
        }
    }

    fn separator(&mut self, lemma: &str, kind: TokenKind, after_space: bool) {
        let is_hard = kind == TokenKind::SeparatorHard;
        if is_hard {
            self.position = self.position.wrapping_add(HARD_SEPARATOR_POSITIONS);
        }
        let negates = std::mem::take(&mut self.negates);
        let is_quote = lemma.matches('"').count() % 2 == 1;
        match &self.phrase {
            Some(phrase) => {
                let is_negative = phrase.is_negative;
                if is_hard || is_quote {
                    self.close_phrase();
                }
                if is_hard && !is_quote {
                    self.phrase = Some(OpenPhrase { is_negative, ..OpenPhrase::default() });
                }
            }
            None if is_quote => {
                self.phrase = Some(OpenPhrase { is_negative: negates, ..OpenPhrase::default() });
            }
            None => self.negates = lemma == "-" && after_space,
        }
    }

    /// Makes a term, or a negation, of the open phrase. Nothing if it holds only stop words.
    fn close_phrase(&mut self) {
        let Some(OpenPhrase { words, start, end, is_negative }) = self.phrase.take() else { return };
        if words.iter().all(Option::is_none) {
            return;
        }
        if is_negative {
            self.query.negative_phrases.push(words);
        } else {
            self.query.terms.push(ParsedTerm::Phrase { words, positions: start..=end });
        }
    }
}

#[cfg(test)]
mod tests {
    use quarry_text::TokenizerOptions;

    use super::*;

    fn parsed(text: &str) -> ParsedQuery {
        let stop_words = ["the", "of"].map(str::to_owned).into();
        let tokenizer = Tokenizer::new(&TokenizerOptions { stop_words, ..TokenizerOptions::default() });
        parse(&tokenizer, text, &[], true)
    }

    /// Terms as text: `word@position`, `word*@position` for a prefix, `"a _ b"@start-end` for a phrase.
    fn shown(query: &ParsedQuery) -> String {
        let phrase = |words: &[Option<String>]| {
            let words: Vec<&str> = words.iter().map(|word| word.as_deref().unwrap_or("_")).collect();
            format!("\"{}\"", words.join(" "))
        };
        let mut shown: Vec<String> = Vec::new();
        for term in &query.terms {
            shown.push(match term {
                ParsedTerm::Word { word, position, is_prefix } => {
                    format!("{word}{}@{position}", if *is_prefix { "*" } else { "" })
                }
                ParsedTerm::Phrase { words, positions } => {
                    format!("{}@{}-{}", phrase(words), positions.start(), positions.end())
                }
            });
        }
        shown.extend(query.negative_words.iter().map(|word| format!("-{word}")));
        shown.extend(query.negative_phrases.iter().map(|words| format!("-{}", phrase(words))));
        shown.join(" ")
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(shown(&parsed(text)), expected, "{text}");
    }

    #[test]
    fn words_and_prefixes() {
        check("red car", "red@0 car*@1");
        check("red car ", "red@0 car@1");
        check("red car\0", "red@0 car@1");
        check("red. car", "red@0 car*@8");
        check("red.car", "red@0 car*@1");
        check("", "");
    }

    #[test]
    fn stop_words() {
        check("the cat", "cat*@1");
        check("cat the", "cat@0 the*@1");
        check("the ", "");
        check("state of the art", "state@0 art*@3");
    }

    #[test]
    fn phrases() {
        check("\"old man\" sea", "\"old man\"@0-1 sea*@2");
        check("\"old man", "\"old man\"@0-1");
        check("\"old, man\"", "\"old\"@0-0 \"man\"@8-8");
        check("\"state of the art\"", "\"state _ _ art\"@0-3");
        check("\"the ship\"", "\"_ ship\"@1-1");
        check("\"ship of\"", "\"ship _\"@0-1");
        check("\"the of\"", "");
        check("\"\" old", "old*@0");
        check("\"old\"\"man\"", "\"old\"@0-0 \"man\"@1-1");
    }

    #[test]
    fn negations() {
        check("apple -pie", "apple@0 -pie");
        check("-red apple", "apple*@1 -red");
        check("apple - red", "apple@0 red*@1");
        check("apple --red", "apple@0 red*@1");
        check("apple-red", "apple@0 red*@1");
        check("apple,-red", "apple@0 red*@1");
        check("apple -\"red pie\"", "apple@0 -\"red pie\"");
        check("apple -\"red", "apple@0 -\"red\"");
        check("apple -\"\"", "apple@0");
        check("apple (-red)", "apple@0 red@1");
    }

    #[test]
    fn ten_terms() {
        let words = |count: usize| (0..count).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
        assert!(matches!(parsed(&words(10)).terms[9], ParsedTerm::Word { is_prefix: true, .. }));
        let eleven = parsed(&words(11));
        assert_eq!(eleven.terms.len(), 10);
        assert!(matches!(eleven.terms[9], ParsedTerm::Word { is_prefix: false, .. }));
        assert!(parsed(&format!("{} -w3", words(10))).negative_words.is_empty());
    }
}
