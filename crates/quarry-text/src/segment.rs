//! Words inside a piece of text that no separator cuts.

use std::sync::LazyLock;

use charabia::segmenter::{
    ArabicSegmenter, ChineseSegmenter, GermanSegmenter, KhmerSegmenter, Segmenter as LibrarySegmenter,
    ThaiSegmenter,
};
use charabia::{Language, Script};
use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};

use crate::korean;

/// The way a script or language is cut into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Segmenter {
    /// The piece is one word.
    Whole,
    /// Compounds are decomposed, longest dictionary prefix first.
    German,
    /// Most probable cut by word frequency, then known pairs and triples of characters inside longer words.
    Chinese,
    /// Dictionary words.
    Japanese,
    /// Words as they are spaced, without their endings.
    Korean,
    /// Longest dictionary prefix first.
    Thai,
    /// Longest dictionary prefix first.
    Khmer,
    /// A leading article is split off.
    Arabic,
}

/// Words of Japanese, from data compiled into the program.
static JAPANESE_WORDS: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));

impl Segmenter {
    pub(crate) fn of(script: Script, language: Option<Language>) -> Segmenter {
        match (script, language) {
            (Script::Latin, Some(Language::Deu)) => Segmenter::German,
            (Script::Cj, Some(Language::Cmn | Language::Zho)) => Segmenter::Chinese,
            (Script::Cj, Some(Language::Jpn)) => Segmenter::Japanese,
            (Script::Hangul, _) => Segmenter::Korean,
            (Script::Thai, _) => Segmenter::Thai,
            (Script::Khmer, _) => Segmenter::Khmer,
            (Script::Arabic, Some(Language::Ara | Language::Pes)) => Segmenter::Arabic,
            _ => Segmenter::Whole,
        }
    }

    /// Appends to `ends` the byte offsets in `piece` where its words end; the last one is its length.
    pub(crate) fn segment(self, piece: &str, ends: &mut Vec<usize>) {
        let library: &dyn LibrarySegmenter = match self {
            Segmenter::Whole => return ends.push(piece.len()),
            Segmenter::Japanese => {
                return ends.extend(JAPANESE_WORDS.segment_str(piece).filter(|end| *end > 0));
            }
            Segmenter::Korean => return korean::segment(piece, ends),
            Segmenter::German => &GermanSegmenter,
            Segmenter::Chinese => &ChineseSegmenter,
            Segmenter::Thai => &ThaiSegmenter,
            Segmenter::Khmer => &KhmerSegmenter,
            Segmenter::Arabic => &ArabicSegmenter,
        };
        let mut end = 0;
        for segment in library.segment_str(piece) {
            end += segment.len();
            ends.push(end);
        }
    }
}
