//! The tokenizer: text in, tokens out.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use charabia::Script;
use rustc_hash::FxHashSet;

use crate::fold::{Fold, decompose_into};
use crate::language::Language;
use crate::pattern::{PatternKind, Patterns, trait_of};
use crate::script::{Group, Groups, language_of};
use crate::segment::Segmenter;
use crate::separators::{default_separators, is_hard};
use crate::token::{OwnedToken, Token, TokenKind};

/// The settings of an index that change how text is cut and classified.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
pub struct TokenizerOptions {
    /// Stop words in their stored form (see [`crate::normalize_stop_word`]).
    pub stop_words: BTreeSet<String>,
    /// Strings added to the default separators.
    pub separators: Vec<String>,
    /// Strings removed from the separators, added ones included.
    pub non_separators: Vec<String>,
    /// Strings kept as single words, case-sensitive.
    pub dictionary: Vec<String>,
}

/// Cuts texts into tokens. Built once per index settings; cheap to share behind an `Arc`.
pub struct Tokenizer {
    patterns: Patterns,
    vocabulary: Vocabulary,
}

/// Buffers of a tokenisation, to be reused from one text to the next.
#[derive(Debug, Default)]
pub struct Scratch {
    lemma: String,
    decomposed: String,
    word_ends: Vec<usize>,
    character_bytes: Vec<(u8, u8)>,
}

/// The strings that decide the kind of a token, all compared in decomposed form.
struct Vocabulary {
    stop_words: FxHashSet<String>,
    separators: FxHashSet<String>,
    /// Longest separator, in characters.
    separator_chars_max: usize,
    /// Whether some separator starts with a letter, which none of the default ones does.
    separators_start_with_letter: bool,
}

impl Vocabulary {
    fn new(options: &TokenizerOptions) -> Vocabulary {
        let removed: FxHashSet<&str> = options.non_separators.iter().map(String::as_str).collect();
        let separators: FxHashSet<String> = default_separators()
            .chain(options.separators.iter().cloned())
            .filter(|separator| !separator.is_empty() && !removed.contains(separator.as_str()))
            .collect();
        let starts_with_letter = |separator: &String| separator.starts_with(char::is_alphabetic);
        Vocabulary {
            separator_chars_max: separators.iter().map(|s| s.chars().count()).max().unwrap_or(0),
            separators_start_with_letter: separators.iter().any(starts_with_letter),
            stop_words: options.stop_words.iter().cloned().collect(),
            separators,
        }
    }

    fn kind(&self, decomposed: &str) -> PatternKind {
        let kind_without_stop_words = if !self.separators.contains(decomposed) {
            TokenKind::Word
        } else if is_hard(decomposed) {
            TokenKind::SeparatorHard
        } else {
            TokenKind::SeparatorSoft
        };
        let is_stop_word = !self.stop_words.is_empty() && self.stop_words.contains(decomposed);
        let kind = if is_stop_word { TokenKind::StopWord } else { kind_without_stop_words };
        PatternKind { kind, kind_without_stop_words }
    }

    /// False only if `piece`, which no separator cuts, cannot be one either once decomposed.
    fn may_be_separator(&self, piece: &str) -> bool {
        (self.separators_start_with_letter || !piece.starts_with(char::is_alphabetic))
            && piece.chars().nth(self.separator_chars_max).is_none()
    }
}

/// The tokenizers in use, so that indexes with the same settings have one between them: it takes some 400 KB.
static SHARED: Mutex<Vec<(TokenizerOptions, Weak<Tokenizer>)>> = Mutex::new(Vec::new());

impl Tokenizer {
    /// The tokenizer of these options, built when nobody has it yet.
    pub fn shared(options: TokenizerOptions) -> Arc<Tokenizer> {
        // An entry is added or removed as a whole: a panic elsewhere cannot leave half of one.
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shared.iter().find(|(known, _)| *known == options);
        if let Some(tokenizer) = known.and_then(|(_, tokenizer)| tokenizer.upgrade()) {
            return tokenizer;
        }
        shared.retain(|(_, tokenizer)| tokenizer.strong_count() > 0);
        let tokenizer = Arc::new(Tokenizer::new(&options));
        shared.push((options, Arc::downgrade(&tokenizer)));
        tokenizer
    }

    /// Builds the tokenizer of an index.
    pub fn new(options: &TokenizerOptions) -> Tokenizer {
        let vocabulary = Vocabulary::new(options);
        let strings = vocabulary.separators.iter().chain(&options.dictionary).cloned();
        let patterns = Patterns::new(strings, |pattern| {
            let mut decomposed = String::new();
            decompose_into(pattern, Fold::Plain, &mut decomposed);
            vocabulary.kind(&decomposed)
        });
        Tokenizer { patterns, vocabulary }
    }

    /// Calls `each` for every token of `text`, in order; together they cover the text.
    ///
    /// - `locales`: the languages the text may be in; none: all of them
    /// - `scratch`: buffers, so that plain text costs no allocation
    pub fn for_each_token(
        &self,
        text: &str,
        locales: &[Language],
        scratch: &mut Scratch,
        mut each: impl FnMut(Token<'_>),
    ) {
        let emit = |token: Token<'_>, _: &[(u8, u8)]| each(token);
        Pass::new(self, text, scratch, Purpose::Index, emit).run(locales);
    }

    /// The tokens of `text` with the link from each lemma to the original, for highlighting and cropping.
    ///
    /// Stop words are ignored: a token that is one is a [`TokenKind::Word`] here.
    pub fn tokens(&self, text: &str, locales: &[Language]) -> Vec<OwnedToken> {
        let mut tokens = Vec::new();
        let emit = |token: Token<'_>, character_bytes: &[(u8, u8)]| {
            tokens.push(OwnedToken {
                lemma: token.lemma.to_owned(),
                kind: token.kind,
                byte_start: token.byte_start,
                byte_end: token.byte_end,
                character_bytes: character_bytes.to_vec(),
            });
        };
        Pass::new(self, text, &mut Scratch::default(), Purpose::Display, emit).run(locales);
        tokens
    }
}

/// Lemmas of the words of `text`, in order, without stop words: the form of synonyms and of words without typos.
pub fn normalize_words(tokenizer: &Tokenizer, text: &str) -> Vec<String> {
    let mut words = Vec::new();
    tokenizer.for_each_token(text, &[], &mut Scratch::default(), |token| {
        if token.kind == TokenKind::Word && !token.lemma.is_empty() {
            words.push(token.lemma.to_owned());
        }
    });
    words
}

/// Whether a word is made only of numeric characters or ASCII punctuation.
pub fn is_number_like(word: &str) -> bool {
    word.chars().all(|character| character.is_numeric() || character.is_ascii_punctuation())
}

/// What tokens are for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Stop words count, no link to the original is kept.
    Index,
    /// The other way round.
    Display,
}

/// One reading of one text.
struct Pass<'p, F> {
    patterns: &'p Patterns,
    vocabulary: &'p Vocabulary,
    text: &'p str,
    scratch: &'p mut Scratch,
    purpose: Purpose,
    fold: Fold,
    segmenter: Segmenter,
    emit: F,
}

impl<'p, F: FnMut(Token<'_>, &[(u8, u8)])> Pass<'p, F> {
    fn new(
        tokenizer: &'p Tokenizer,
        text: &'p str,
        scratch: &'p mut Scratch,
        purpose: Purpose,
        emit: F,
    ) -> Pass<'p, F> {
        let Tokenizer { patterns, vocabulary } = tokenizer;
        let (fold, segmenter) = (Fold::Plain, Segmenter::Whole);
        Pass { patterns, vocabulary, text, scratch, purpose, fold, segmenter, emit }
    }

    fn run(&mut self, locales: &[Language]) {
        if self.text.is_ascii() {
            // One group. Without letters its script is not Latin, but then nothing depends on the script.
            let whole = Group { start: 0, end: self.text.len(), script: Script::Latin };
            return self.group(&whole, locales);
        }
        for group in Groups::new(self.text) {
            self.group(&group, locales);
        }
    }

    fn group(&mut self, group: &Group, locales: &[Language]) {
        let text = self.text;
        let language = language_of(&text[group.start..group.end], group.script, locales);
        self.fold = Fold::of(group.script, language);
        self.segmenter = Segmenter::of(group.script, language);
        let mut piece_start = group.start;
        while piece_start < group.end {
            let (match_start, match_end, traits) = self.next_match(piece_start, group.end);
            self.piece(piece_start, match_start, traits);
            if match_start < match_end {
                self.matched(match_start, match_end);
            }
            piece_start = match_end;
        }
    }

    /// The first pattern from `start` on, as its start and end, empty at `end` if there is none; and the traits
    /// of what stands before it.
    #[inline]
    fn next_match(&self, start: usize, end: usize) -> (usize, usize, u8) {
        let (text, patterns) = (self.text, self.patterns);
        let bytes = &text.as_bytes()[..end];
        let (mut at, mut traits) = (start, 0);
        while let Some(&byte) = bytes.get(at) {
            let of_byte = patterns.traits_of_byte(byte);
            if of_byte & (trait_of::STARTS | trait_of::NOT_ASCII) == 0 {
                traits |= of_byte;
                at += 1;
                continue;
            }
            if of_byte & trait_of::ALONE != 0 {
                return (at, at + 1, traits);
            }
            let first = match byte.is_ascii() {
                true => char::from(byte),
                false => text[at..].chars().next().expect("at is inside the text, on a character"),
            };
            if patterns.may_start(first)
                && let Some(length) = patterns.longest_at(&text[at..end], first)
            {
                return (at, at + length, traits);
            }
            traits |= of_byte;
            at += first.len_utf8();
        }
        (end, end, traits)
    }

    /// Text between two patterns.
    fn piece(&mut self, start: usize, end: usize, traits: u8) {
        if start == end {
            return;
        }
        let text = self.text;
        let piece = &text[start..end];
        if self.segmenter == Segmenter::Whole || is_number_like(piece) {
            return self.word(start, end, traits);
        }
        let mut word_ends = std::mem::take(&mut self.scratch.word_ends);
        word_ends.clear();
        self.segmenter.segment(piece, &mut word_ends);
        let mut word_start = start;
        for word_end in word_ends.iter().map(|end| start + end) {
            let traits = self.patterns.traits(&text[word_start..word_end]);
            self.word(word_start, word_end, traits);
            word_start = word_end;
        }
        self.scratch.word_ends = word_ends;
    }

    #[inline]
    fn word(&mut self, start: usize, end: usize, traits: u8) {
        let text = self.text;
        let word = &text[start..end];
        if traits & (trait_of::NOT_ASCII | trait_of::CONTROL) == 0 {
            let is_stop_word = self.purpose == Purpose::Index
                && !self.vocabulary.stop_words.is_empty()
                && self.vocabulary.stop_words.contains(word);
            let kind = if is_stop_word { TokenKind::StopWord } else { TokenKind::Word };
            self.emit_ascii(start, end, kind, traits);
        } else {
            let kind = self.kind_of_word(word);
            self.emit_folded(start, end, kind);
        }
    }

    /// Kind of a word that decomposition may change.
    fn kind_of_word(&mut self, word: &str) -> TokenKind {
        let compares_stop_words = self.purpose == Purpose::Index && !self.vocabulary.stop_words.is_empty();
        if !compares_stop_words && !self.vocabulary.may_be_separator(word) {
            return TokenKind::Word;
        }
        decompose_into(word, self.fold, &mut self.scratch.decomposed);
        self.purposed(self.vocabulary.kind(&self.scratch.decomposed))
    }

    fn purposed(&self, kind: PatternKind) -> TokenKind {
        match self.purpose {
            Purpose::Index => kind.kind,
            Purpose::Display => kind.kind_without_stop_words,
        }
    }

    /// A separator or a word of the dictionary.
    #[inline]
    fn matched(&mut self, start: usize, end: usize) {
        let text = self.text;
        let pattern = &text[start..end];
        let traits = self.patterns.traits(pattern);
        if traits & trait_of::NOT_ASCII != 0 && self.fold == Fold::Swedish {
            let kind = self.kind_of_word(pattern);
            return self.emit_folded(start, end, kind);
        }
        let kind = self.purposed(self.patterns.kind(pattern));
        if traits & (trait_of::NOT_ASCII | trait_of::CONTROL) == 0 {
            self.emit_ascii(start, end, kind, traits);
        } else {
            self.emit_folded(start, end, kind);
        }
    }

    #[inline]
    fn emit_ascii(&mut self, start: usize, end: usize, kind: TokenKind, traits: u8) {
        let text = self.text;
        let original = &text[start..end];
        let lemma = if traits & trait_of::UPPER != 0 && self.fold.lower_cases() {
            let lemma = &mut self.scratch.lemma;
            lemma.clear();
            lemma.push_str(original);
            lemma.make_ascii_lowercase();
            lemma
        } else {
            original
        };
        (self.emit)(Token { lemma, kind, byte_start: start, byte_end: end }, &[]);
    }

    fn emit_folded(&mut self, start: usize, end: usize, kind: TokenKind) {
        let Scratch { lemma, character_bytes, .. } = &mut *self.scratch;
        lemma.clear();
        character_bytes.clear();
        let kept = (self.purpose == Purpose::Display).then_some(&mut *character_bytes);
        self.fold.fold_into(&self.text[start..end], lemma, kept);
        (self.emit)(Token { lemma, kind, byte_start: start, byte_end: end }, character_bytes);
    }
}

#[cfg(test)]
mod tests;
