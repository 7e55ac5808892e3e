//! Korean words without a dictionary: spacing and script first, then the endings that nouns carry.
//!
//! Particles are written on the noun: `고양이가` is `고양이` (cat) and `가` (subject). They are cut off so that
//! the noun is found whatever follows it. An ending is only taken off if enough of the word is left and if it
//! agrees with the sound before it, which keeps most nouns that merely end like a particle whole. Where one is
//! cut all the same, n-grams and split words of the query bring its halves together again.

use std::sync::LazyLock;

use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};

/// Words as Unicode cuts them: Hangul syllables that touch are one.
static WORDS: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_for_non_complex_scripts(WordBreakInvariantOptions::default()));

/// The sound an ending follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Any,
    Consonant,
    Vowel,
    /// A vowel or `ㄹ`.
    VowelOrRieul,
}

/// An ending, the sound it follows, and the fewest syllables before it.
struct Ending(&'static str, After, usize);

/// Endings that close a word, longest first.
const CLOSING: &[Ending] = &[
    Ending("했습니다", After::Any, 2),
    Ending("입니다", After::Any, 1),
    Ending("합니다", After::Any, 2),
    Ending("됩니다", After::Any, 2),
    Ending("하는", After::Any, 2),
    Ending("하고", After::Any, 2),
    Ending("하여", After::Any, 2),
    Ending("하다", After::Any, 2),
    Ending("했다", After::Any, 2),
    Ending("한다", After::Any, 2),
    Ending("은", After::Consonant, 2),
    Ending("는", After::Vowel, 2),
    Ending("이", After::Consonant, 2),
    Ending("가", After::Vowel, 2),
    Ending("을", After::Consonant, 2),
    Ending("를", After::Vowel, 1),
    Ending("과", After::Consonant, 2),
    Ending("와", After::Vowel, 2),
    Ending("의", After::Any, 2),
    Ending("도", After::Any, 2),
];

/// Endings that others may follow, longest first, so that `에게서` is tried before `에서`.
const INNER: &[Ending] = &[
    Ending("에게서", After::Any, 1),
    Ending("에서", After::Any, 1),
    Ending("에게", After::Any, 1),
    Ending("으로", After::Consonant, 1),
    Ending("까지", After::Any, 1),
    Ending("부터", After::Any, 1),
    Ending("처럼", After::Any, 1),
    Ending("보다", After::Any, 2),
    Ending("로", After::VowelOrRieul, 2),
    Ending("에", After::Any, 2),
    Ending("만", After::Any, 2),
    Ending("들", After::Any, 2),
];

/// Most inner endings of one word: `학생들에게는` is `학생`, `들`, `에게`, and the closing `는`.
const INNER_MAX: usize = 2;

/// Appends to `ends` the byte offsets in `piece` where its words end; the last one is its length.
pub(crate) fn segment(piece: &str, ends: &mut Vec<usize>) {
    let mut start = 0;
    for end in WORDS.segment_str(piece).filter(|end| *end > 0) {
        segment_word(piece, start, end, ends);
        start = end;
    }
}

/// Cuts between numbers and letters, and takes the endings of the Hangul parts off.
fn segment_word(piece: &str, start: usize, end: usize, ends: &mut Vec<usize>) {
    let mut run_start = start;
    let mut was_numeric = None;
    for (at, character) in piece[start..end].char_indices() {
        let is_numeric = character.is_numeric();
        if was_numeric.is_some_and(|was| was != is_numeric) {
            cut_endings(piece, run_start, start + at, ends);
            run_start = start + at;
        }
        was_numeric = Some(is_numeric);
    }
    cut_endings(piece, run_start, end, ends);
}

fn cut_endings(piece: &str, start: usize, end: usize, ends: &mut Vec<usize>) {
    let first_added = ends.len();
    ends.push(end);
    let word = &piece[start..end];
    if !word.chars().all(is_syllable) {
        return;
    }
    let mut stem = word;
    for endings in std::iter::once(CLOSING).chain(std::iter::repeat_n(INNER, INNER_MAX)) {
        if let Some(shorter) = endings.iter().find_map(|ending| without(stem, ending)) {
            stem = shorter;
            ends.insert(first_added, start + stem.len());
        }
    }
}

/// The word without the ending, if it carries it.
fn without<'w>(word: &'w str, Ending(ending, after, syllables_min): &Ending) -> Option<&'w str> {
    let stem = word.strip_suffix(ending)?;
    let last = stem.chars().next_back()?;
    let agrees = match after {
        After::Any => true,
        After::Consonant => final_consonant(last) != 0,
        After::Vowel => final_consonant(last) == 0,
        After::VowelOrRieul => matches!(final_consonant(last), 0 | RIEUL),
    };
    (agrees && stem.chars().count() >= *syllables_min).then_some(stem)
}

/// First precomposed syllable; the others follow, 28 final consonants (the first is none) to a vowel.
const FIRST_SYLLABLE: u32 = 0xac00;
const FINAL_CONSONANTS: u32 = 28;
const RIEUL: u32 = 8;

fn is_syllable(character: char) -> bool {
    ('\u{ac00}'..='\u{d7a3}').contains(&character)
}

/// Number of the final consonant of a precomposed syllable; 0 for a syllable that ends in a vowel.
fn final_consonant(syllable: char) -> u32 {
    (syllable as u32 - FIRST_SYLLABLE) % FINAL_CONSONANTS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(piece: &str, expected: &str) {
        let mut ends = Vec::new();
        segment(piece, &mut ends);
        let mut start = 0;
        let mut words = Vec::new();
        for end in ends {
            words.push(&piece[start..end]);
            start = end;
        }
        assert_eq!(words.join("|"), expected);
    }

    #[test]
    fn particles_are_cut_off() {
        check("고양이가", "고양이|가");
        check("한국어를", "한국어|를");
        check("집에서", "집|에서");
        check("서울로", "서울|로");
        check("고양이", "고양|이");
        check("학생들에게는", "학생|들|에게|는");
        check("공부합니다", "공부|합니다");
    }

    #[test]
    fn words_that_only_end_like_a_particle_stay_whole() {
        check("나이", "나이");
        check("가을", "가을");
        check("회의", "회의");
        check("국가", "국가");
        check("서울", "서울");
        check("가", "가");
    }

    #[test]
    fn numbers_stand_alone() {
        check("2024년에서", "2024|년|에서");
        check("ＡＢＣ", "ＡＢＣ");
        check("㉠", "㉠");
    }
}
