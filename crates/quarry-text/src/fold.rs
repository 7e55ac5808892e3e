//! From a piece of text to its lemma, character by character.
//!
//! The segmentation library owns the rules: compatibility decomposition, controls removed, lower case, quotes,
//! ligatures, variants, non-spacing marks. They all act on single characters (the exceptions are below), so
//! the library is asked once per character and script, and the answer is kept in a table.
//!
//! The exceptions, which depend on neighbours: the Greek final sigma, Swedish letters written with a combining
//! mark, and the conversion of katakana.

use std::borrow::Cow;
use std::sync::OnceLock;

use charabia::normalizer::{JapaneseNormalizer, Normalize, Normalizer, NormalizerOption};
use charabia::{Language, Script, Token, TokenKind};
use unicode_normalization::UnicodeNormalization;

/// How the characters of a group are rewritten: scripts and languages that share their rules are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fold {
    Latin,
    Swedish,
    /// Cyrillic, Georgian, Armenian: lower-cased, marks kept.
    Cased,
    Greek,
    /// Hebrew, Thai: marks removed.
    Marked,
    Arabic,
    Persian,
    Chinese,
    Japanese,
    /// Hangul and the full-width forms, whose capitals are lower-cased.
    Hangul,
    /// Only decomposed.
    Plain,
}

const FOLDS_COUNT: usize = 11;

impl Fold {
    pub(crate) fn of(script: Script, language: Option<Language>) -> Fold {
        match (script, language) {
            (Script::Latin, Some(Language::Swe)) => Fold::Swedish,
            (Script::Latin, _) => Fold::Latin,
            (Script::Cyrillic | Script::Georgian | Script::Armenian, _) => Fold::Cased,
            (Script::Greek, _) => Fold::Greek,
            (Script::Hebrew | Script::Thai, _) => Fold::Marked,
            (Script::Arabic, Some(Language::Pes)) => Fold::Persian,
            (Script::Arabic, _) => Fold::Arabic,
            (Script::Cj, Some(Language::Cmn | Language::Zho)) => Fold::Chinese,
            (Script::Cj, Some(Language::Jpn)) => Fold::Japanese,
            (Script::Hangul, _) => Fold::Hangul,
            _ => Fold::Plain,
        }
    }

    /// Whether ASCII capitals are lower-cased. Nothing else happens to printable ASCII, whatever the fold.
    pub(crate) fn lower_cases(self) -> bool {
        matches!(self, Fold::Latin | Fold::Swedish | Fold::Cased | Fold::Greek)
    }

    /// Appends the lemma of `piece` to `lemma`, and to `character_bytes`, if any, the bytes of each character of
    /// `piece` and those it became.
    pub(crate) fn fold_into(
        self,
        piece: &str,
        lemma: &mut String,
        mut character_bytes: Option<&mut Vec<(u8, u8)>>,
    ) {
        let mut previous = None;
        for character in piece.chars() {
            let lemma_bytes = lemma.len();
            match recomposed_with(previous, character).filter(|_| self == Fold::Swedish) {
                Some(recomposed) => {
                    lemma.pop();
                    lemma.extend(recomposed.to_lowercase());
                    previous = None;
                    if let Some(last) = character_bytes.as_mut().and_then(|bytes| bytes.last_mut()) {
                        last.1 = recomposed.len_utf8() as u8;
                    }
                }
                None => {
                    self.push_folded(character, lemma);
                    previous = Some(character);
                }
            }
            if let Some(bytes) = character_bytes.as_deref_mut() {
                let added = if previous.is_none() { 0 } else { lemma.len() - lemma_bytes };
                bytes.push((character.len_utf8() as u8, added as u8));
            }
        }
        match self {
            Fold::Greek => end_in_ordinary_sigma(piece, lemma),
            Fold::Japanese => convert_katakana(lemma),
            _ => {}
        }
    }

    #[inline]
    fn push_folded(self, character: char, lemma: &mut String) {
        match Page::of(self, character) {
            Some(page) => match page.folded[character as usize % 256] {
                Folded::One(folded) => lemma.push(folded),
                Folded::Several(index) => lemma.push_str(&page.several[usize::from(index)]),
            },
            None => lemma.push_str(&self.ask_library(character)),
        }
    }

    /// The lemma of one character inside a longer word.
    fn ask_library(self, character: char) -> String {
        // A letter after it, since a sigma is not the same at the end of a word.
        let guard = if self == Fold::Greek { "α" } else { "" };
        let token = Token {
            kind: TokenKind::Word,
            lemma: Cow::Owned(format!("{character}{guard}")),
            script: self.library_script(),
            language: self.library_language(),
            ..Token::default()
        };
        let options = NormalizerOption { lossy: true, ..NormalizerOption::default() };
        let mut folded = token.normalize(&options).lemma.into_owned();
        folded.truncate(folded.len() - guard.len());
        if self == Fold::Hangul && ('\u{ff21}'..='\u{ff3a}').contains(&character) {
            folded.make_ascii_lowercase();
        }
        folded
    }

    fn library_script(self) -> Script {
        match self {
            Fold::Latin | Fold::Swedish => Script::Latin,
            Fold::Cased => Script::Cyrillic,
            Fold::Greek => Script::Greek,
            Fold::Marked => Script::Hebrew,
            Fold::Arabic | Fold::Persian => Script::Arabic,
            Fold::Chinese => Script::Cj,
            // Katakana is converted by whole words: as characters they are only decomposed.
            Fold::Japanese | Fold::Hangul | Fold::Plain => Script::Other,
        }
    }

    fn library_language(self) -> Option<Language> {
        match self {
            Fold::Swedish => Some(Language::Swe),
            Fold::Persian => Some(Language::Pes),
            Fold::Chinese => Some(Language::Cmn),
            _ => None,
        }
    }
}

/// A folded character: nearly always one character again.
#[derive(Clone, Copy)]
enum Folded {
    One(char),
    /// Index in `several` of the page.
    Several(u16),
}

/// The folded forms of 256 consecutive characters.
struct Page {
    folded: [Folded; 256],
    several: Vec<Box<str>>,
}

/// Pages are kept for the first two planes, U+0000 to U+1FFFF.
const PAGES_COUNT: usize = 0x200;

static PAGES: [[OnceLock<Box<Page>>; PAGES_COUNT]; FOLDS_COUNT] =
    [const { [const { OnceLock::new() }; PAGES_COUNT] }; FOLDS_COUNT];

impl Page {
    /// The page of a character, built the first time one of its characters is met.
    #[inline]
    fn of(fold: Fold, character: char) -> Option<&'static Page> {
        let number = character as usize / 256;
        let slot = PAGES[fold as usize].get(number)?;
        Some(slot.get_or_init(|| Box::new(Page::build(fold, number))))
    }

    fn build(fold: Fold, number: usize) -> Page {
        let mut several: Vec<Box<str>> = Vec::new();
        let folded = std::array::from_fn(|offset| {
            // Surrogates are no characters and never looked up.
            let character =
                char::from_u32((number * 256 + offset) as u32).unwrap_or(char::REPLACEMENT_CHARACTER);
            let lemma = fold.ask_library(character);
            let mut characters = lemma.chars();
            match (characters.next(), characters.next()) {
                (Some(only), None) => Folded::One(only),
                _ => {
                    several.push(lemma.into_boxed_str());
                    Folded::Several((several.len() - 1) as u16)
                }
            }
        });
        Page { folded, several }
    }
}

/// A sigma that ends the word becomes an ordinary one. Marks are still there when the library looks at the end.
fn end_in_ordinary_sigma(piece: &str, lemma: &mut String) {
    let last = piece.chars().rev().find(|character| !is_removed_control(*character));
    let ends_in_sigma = last.is_some_and(|character| character.nfkd().last() == Some('ς'));
    if ends_in_sigma && lemma.ends_with('ς') {
        lemma.pop();
        lemma.push('σ');
    }
}

fn convert_katakana(lemma: &mut String) {
    let is_kana = |character: char| ('\u{3040}'..='\u{30ff}').contains(&character);
    if !lemma.chars().any(is_kana) {
        return;
    }
    let token = Token {
        lemma: Cow::Borrowed(lemma.as_str()),
        script: Script::Cj,
        language: Some(Language::Jpn),
        ..Token::default()
    };
    if JapaneseNormalizer.should_normalize(&token) {
        *lemma = JapaneseNormalizer.normalize(token, &NormalizerOption::default()).lemma.into_owned();
    }
}

/// Whether normalisation removes the character as a control. White space is kept.
pub(crate) fn is_removed_control(character: char) -> bool {
    character.is_control() && !character.is_whitespace()
}

/// The Swedish letter made of a base letter and a combining mark.
pub(crate) fn recompose_swedish(base: char, mark: char) -> Option<char> {
    match (base, mark) {
        ('a', '\u{30a}') => Some('å'),
        ('A', '\u{30a}') => Some('Å'),
        ('a', '\u{308}') => Some('ä'),
        ('A', '\u{308}') => Some('Ä'),
        ('o', '\u{308}') => Some('ö'),
        ('O', '\u{308}') => Some('Ö'),
        _ => None,
    }
}

fn recomposed_with(previous: Option<char>, character: char) -> Option<char> {
    previous.and_then(|base| recompose_swedish(base, character))
}

/// Replaces `decomposed` by the form of `piece` that stop words and separators are compared with: decomposed,
/// without controls, Swedish letters recomposed in Swedish, case kept.
pub(crate) fn decompose_into(piece: &str, fold: Fold, decomposed: &mut String) {
    decomposed.clear();
    for character in piece.chars().flat_map(|character| character.nfkd()) {
        let last = decomposed.chars().next_back();
        match recomposed_with(last, character).filter(|_| fold == Fold::Swedish) {
            Some(recomposed) => {
                decomposed.pop();
                decomposed.push(recomposed);
            }
            None => decomposed.push(character),
        }
    }
    decomposed.retain(|character| !is_removed_control(character));
}
