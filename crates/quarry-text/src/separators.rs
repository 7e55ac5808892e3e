//! Default separators: the characters and sequences that cut text into words.
//!
//! They are the Unicode punctuation, mathematical operators and spaces, plus a few sequences; the hard ones
//! end a sentence or a clause, so words on their two sides are far from each other.
//! Of ASCII, `$ < = > ^ | ~` are not separators.

/// Separators of one character, as inclusive ranges in ascending order.
#[rustfmt::skip]
const RANGES: &[(char, char)] = &[
    ('\u{0}', '\u{0}'), ('\u{9}', '\u{a}'), ('\u{d}', '\u{d}'), ('\u{20}', '#'), ('%', '/'), (':', ';'),
    ('?', '@'), ('[', ']'), ('_', '`'), ('{', '{'), ('}', '}'), ('\u{a1}', '\u{a1}'), ('\u{a7}', '\u{a7}'),
    ('\u{ab}', '\u{ab}'), ('\u{b1}', '\u{b1}'), ('\u{b6}', '\u{b7}'), ('\u{bb}', '\u{bb}'),
    ('\u{bf}', '\u{bf}'), ('\u{d7}', '\u{d7}'), ('\u{f7}', '\u{f7}'), ('\u{55a}', '\u{55f}'),
    ('\u{589}', '\u{58a}'), ('\u{5be}', '\u{5be}'), ('\u{5c0}', '\u{5c0}'), ('\u{5c3}', '\u{5c3}'),
    ('\u{5c6}', '\u{5c6}'), ('\u{5f3}', '\u{5f4}'), ('\u{609}', '\u{60a}'), ('\u{60c}', '\u{60d}'),
    ('\u{61b}', '\u{61b}'), ('\u{61e}', '\u{61f}'), ('\u{66a}', '\u{66a}'), ('\u{66d}', '\u{66d}'),
    ('\u{6d4}', '\u{6d4}'), ('\u{700}', '\u{70d}'), ('\u{7f7}', '\u{7f9}'), ('\u{830}', '\u{83e}'),
    ('\u{85e}', '\u{85e}'), ('\u{964}', '\u{965}'), ('\u{970}', '\u{970}'), ('\u{9fd}', '\u{9fd}'),
    ('\u{a76}', '\u{a76}'), ('\u{af0}', '\u{af0}'), ('\u{c77}', '\u{c77}'), ('\u{c84}', '\u{c84}'),
    ('\u{df4}', '\u{df4}'), ('\u{e4f}', '\u{e4f}'), ('\u{e5a}', '\u{e5b}'), ('\u{f04}', '\u{f0b}'),
    ('\u{f0d}', '\u{f12}'), ('\u{f14}', '\u{f14}'), ('\u{f3a}', '\u{f3d}'), ('\u{f85}', '\u{f85}'),
    ('\u{fd0}', '\u{fd4}'), ('\u{fd9}', '\u{fda}'), ('\u{104a}', '\u{104f}'), ('\u{10fb}', '\u{10fb}'),
    ('\u{1360}', '\u{1368}'), ('\u{1400}', '\u{1400}'), ('\u{166e}', '\u{166e}'), ('\u{1680}', '\u{1680}'),
    ('\u{169b}', '\u{169c}'), ('\u{16eb}', '\u{16ed}'), ('\u{1735}', '\u{1736}'), ('\u{17d4}', '\u{17d6}'),
    ('\u{17d8}', '\u{17da}'), ('\u{1800}', '\u{180a}'), ('\u{1944}', '\u{1945}'), ('\u{1a1e}', '\u{1a1f}'),
    ('\u{1aa0}', '\u{1aa6}'), ('\u{1aa8}', '\u{1aad}'), ('\u{1b5a}', '\u{1b60}'), ('\u{1bfc}', '\u{1bff}'),
    ('\u{1c3b}', '\u{1c3f}'), ('\u{1c7e}', '\u{1c7f}'), ('\u{1cc0}', '\u{1cc7}'), ('\u{1cd3}', '\u{1cd3}'),
    ('\u{2002}', '\u{200a}'), ('\u{200c}', '\u{200c}'), ('\u{2010}', '\u{2010}'), ('\u{2012}', '\u{2027}'),
    ('\u{2029}', '\u{2029}'), ('\u{2030}', '\u{2043}'), ('\u{2045}', '\u{2051}'), ('\u{2053}', '\u{205e}'),
    ('\u{207d}', '\u{207e}'), ('\u{208d}', '\u{208e}'), ('\u{2212}', '\u{2225}'), ('\u{2227}', '\u{228d}'),
    ('\u{228f}', '\u{22ff}'), ('\u{2308}', '\u{230b}'), ('\u{2768}', '\u{2775}'), ('\u{27c5}', '\u{27c6}'),
    ('\u{27e6}', '\u{27ef}'), ('\u{2983}', '\u{2998}'), ('\u{29d8}', '\u{29db}'), ('\u{29fc}', '\u{29fd}'),
    ('\u{2cf9}', '\u{2cfc}'), ('\u{2cfe}', '\u{2cff}'), ('\u{2d70}', '\u{2d70}'), ('\u{2e00}', '\u{2e2e}'),
    ('\u{2e30}', '\u{2e4f}'), ('\u{2e52}', '\u{2e52}'), ('\u{3000}', '\u{3003}'), ('\u{3008}', '\u{3011}'),
    ('\u{3014}', '\u{301f}'), ('\u{3030}', '\u{3030}'), ('\u{303d}', '\u{303d}'), ('\u{30a0}', '\u{30a0}'),
    ('\u{30fb}', '\u{30fb}'), ('\u{a4fe}', '\u{a4ff}'), ('\u{a60d}', '\u{a60f}'), ('\u{a673}', '\u{a673}'),
    ('\u{a67e}', '\u{a67e}'), ('\u{a6f2}', '\u{a6f7}'), ('\u{a874}', '\u{a877}'), ('\u{a8ce}', '\u{a8cf}'),
    ('\u{a8f8}', '\u{a8fa}'), ('\u{a8fc}', '\u{a8fc}'), ('\u{a92e}', '\u{a92f}'), ('\u{a95f}', '\u{a95f}'),
    ('\u{a9c1}', '\u{a9cd}'), ('\u{a9de}', '\u{a9df}'), ('\u{aa5c}', '\u{aa5f}'), ('\u{aade}', '\u{aadf}'),
    ('\u{aaf0}', '\u{aaf1}'), ('\u{abeb}', '\u{abeb}'), ('\u{fd3e}', '\u{fd3f}'), ('\u{fe10}', '\u{fe19}'),
    ('\u{fe30}', '\u{fe52}'), ('\u{fe54}', '\u{fe61}'), ('\u{fe63}', '\u{fe63}'), ('\u{fe68}', '\u{fe68}'),
    ('\u{fe6a}', '\u{fe6b}'), ('\u{ff01}', '\u{ff03}'), ('\u{ff05}', '\u{ff0a}'), ('\u{ff0c}', '\u{ff0f}'),
    ('\u{ff1a}', '\u{ff1b}'), ('\u{ff1f}', '\u{ff20}'), ('\u{ff3b}', '\u{ff3d}'), ('\u{ff3f}', '\u{ff3f}'),
    ('\u{ff5b}', '\u{ff5b}'), ('\u{ff5d}', '\u{ff5d}'), ('\u{ff5f}', '\u{ff65}'),
    ('\u{10100}', '\u{10102}'), ('\u{1039f}', '\u{1039f}'), ('\u{103d0}', '\u{103d0}'),
    ('\u{1056f}', '\u{1056f}'), ('\u{10857}', '\u{10857}'), ('\u{1091f}', '\u{1091f}'),
    ('\u{1093f}', '\u{1093f}'), ('\u{10a50}', '\u{10a58}'), ('\u{10a7f}', '\u{10a7f}'),
    ('\u{10af0}', '\u{10af6}'), ('\u{10b39}', '\u{10b3f}'), ('\u{10b99}', '\u{10b9c}'),
    ('\u{10ead}', '\u{10ead}'), ('\u{10f55}', '\u{10f59}'), ('\u{11047}', '\u{1104d}'),
    ('\u{110bb}', '\u{110bc}'), ('\u{110be}', '\u{110c1}'), ('\u{11140}', '\u{11143}'),
    ('\u{11174}', '\u{11175}'), ('\u{111c5}', '\u{111c8}'), ('\u{111cd}', '\u{111cd}'),
    ('\u{111db}', '\u{111db}'), ('\u{111dd}', '\u{111df}'), ('\u{11238}', '\u{1123d}'),
    ('\u{112a9}', '\u{112a9}'), ('\u{1144b}', '\u{1144f}'), ('\u{1145a}', '\u{1145b}'),
    ('\u{1145d}', '\u{1145d}'), ('\u{114c6}', '\u{114c6}'), ('\u{115c1}', '\u{115d7}'),
    ('\u{11641}', '\u{11643}'), ('\u{11660}', '\u{1166c}'), ('\u{1173c}', '\u{1173e}'),
    ('\u{1183b}', '\u{1183b}'), ('\u{11944}', '\u{11946}'), ('\u{119e2}', '\u{119e2}'),
    ('\u{11a3f}', '\u{11a46}'), ('\u{11a9a}', '\u{11a9c}'), ('\u{11a9e}', '\u{11aa2}'),
    ('\u{11c41}', '\u{11c45}'), ('\u{11c70}', '\u{11c71}'), ('\u{11ef7}', '\u{11ef8}'),
    ('\u{11fff}', '\u{11fff}'), ('\u{12470}', '\u{12474}'), ('\u{16a6e}', '\u{16a6f}'),
    ('\u{16af5}', '\u{16af5}'), ('\u{16b37}', '\u{16b3b}'), ('\u{16b44}', '\u{16b44}'),
    ('\u{16e97}', '\u{16e9a}'), ('\u{16fe2}', '\u{16fe2}'), ('\u{1bc9f}', '\u{1bc9f}'),
    ('\u{1da87}', '\u{1da8b}'), ('\u{1e95e}', '\u{1e95f}'),
];

/// Separators of several characters. They are all hard.
const SEQUENCES: &[&str] = &[", ", ". ", "\u{17d4}\u{179b}\u{17d4}"];

/// Hard separators of one character, as inclusive ranges in ascending order.
#[rustfmt::skip]
const HARD_RANGES: &[(char, char)] = &[
    ('\u{0}', '\u{0}'), ('!', '!'), (';', ';'), ('?', '?'), ('\u{a1}', '\u{a1}'), ('\u{a7}', '\u{a7}'),
    ('\u{b4}', '\u{b4}'), ('\u{b6}', '\u{b6}'), ('\u{bf}', '\u{bf}'), ('\u{55c}', '\u{55e}'),
    ('\u{589}', '\u{589}'), ('\u{5c3}', '\u{5c3}'), ('\u{60c}', '\u{60c}'), ('\u{61b}', '\u{61b}'),
    ('\u{61f}', '\u{61f}'), ('\u{6d4}', '\u{6d4}'), ('\u{700}', '\u{709}'), ('\u{7f7}', '\u{7f9}'),
    ('\u{830}', '\u{835}'), ('\u{838}', '\u{83e}'), ('\u{85e}', '\u{85e}'), ('\u{964}', '\u{965}'),
    ('\u{df4}', '\u{df4}'), ('\u{e5a}', '\u{e5b}'), ('\u{f04}', '\u{f0a}'), ('\u{f0d}', '\u{f12}'),
    ('\u{f14}', '\u{f14}'), ('\u{fd0}', '\u{fd4}'), ('\u{104a}', '\u{104b}'), ('\u{10fb}', '\u{10fb}'),
    ('\u{1362}', '\u{1368}'), ('\u{169b}', '\u{169c}'), ('\u{16eb}', '\u{16ed}'), ('\u{1735}', '\u{1736}'),
    ('\u{17d4}', '\u{17d6}'), ('\u{17d8}', '\u{17d8}'), ('\u{17da}', '\u{17da}'), ('\u{1800}', '\u{1806}'),
    ('\u{1808}', '\u{1809}'), ('\u{1944}', '\u{1945}'), ('\u{1a1f}', '\u{1a1f}'), ('\u{1aa8}', '\u{1aad}'),
    ('\u{1b5a}', '\u{1b60}'), ('\u{1bfc}', '\u{1bff}'), ('\u{1c3b}', '\u{1c3f}'), ('\u{1c7e}', '\u{1c7f}'),
    ('\u{1cc0}', '\u{1cc7}'), ('\u{2024}', '\u{2026}'), ('\u{203b}', '\u{203d}'), ('\u{2047}', '\u{2049}'),
    ('\u{204f}', '\u{204f}'), ('\u{2056}', '\u{2056}'), ('\u{205a}', '\u{205a}'), ('\u{2cf9}', '\u{2cfc}'),
    ('\u{2cfe}', '\u{2cfe}'), ('\u{2e18}', '\u{2e18}'), ('\u{2e2e}', '\u{2e2e}'), ('\u{2e41}', '\u{2e41}'),
    ('\u{3001}', '\u{3002}'), ('\u{a4fe}', '\u{a4ff}'), ('\u{a60d}', '\u{a60f}'), ('\u{a6f2}', '\u{a6f7}'),
    ('\u{a876}', '\u{a877}'), ('\u{a8ce}', '\u{a8cf}'), ('\u{a92f}', '\u{a92f}'), ('\u{a95f}', '\u{a95f}'),
    ('\u{a9c3}', '\u{a9cd}'), ('\u{aa5c}', '\u{aa5f}'), ('\u{aadf}', '\u{aadf}'), ('\u{aaf0}', '\u{aaf1}'),
    ('\u{abeb}', '\u{abeb}'), ('\u{fe10}', '\u{fe16}'), ('\u{fe19}', '\u{fe19}'), ('\u{fe30}', '\u{fe30}'),
    ('\u{fe45}', '\u{fe45}'), ('\u{fe50}', '\u{fe52}'), ('\u{fe54}', '\u{fe57}'), ('\u{ff01}', '\u{ff01}'),
    ('\u{ff0c}', '\u{ff0c}'), ('\u{ff0e}', '\u{ff0e}'), ('\u{ff1a}', '\u{ff1b}'), ('\u{ff1f}', '\u{ff1f}'),
    ('\u{ff61}', '\u{ff61}'), ('\u{ff64}', '\u{ff64}'), ('\u{10857}', '\u{10857}'),
    ('\u{10a50}', '\u{10a58}'), ('\u{10af0}', '\u{10af5}'), ('\u{10b3a}', '\u{10b3f}'),
    ('\u{10b99}', '\u{10b9c}'), ('\u{10f55}', '\u{10f59}'), ('\u{11047}', '\u{1104d}'),
    ('\u{110be}', '\u{110c1}'), ('\u{11140}', '\u{11143}'), ('\u{11175}', '\u{11175}'),
    ('\u{111c5}', '\u{111c6}'), ('\u{111cd}', '\u{111cd}'), ('\u{111de}', '\u{111df}'),
    ('\u{11238}', '\u{11239}'), ('\u{1123b}', '\u{1123c}'), ('\u{112a9}', '\u{112a9}'),
    ('\u{1144b}', '\u{1144d}'), ('\u{1145a}', '\u{1145a}'), ('\u{115c2}', '\u{115c3}'),
    ('\u{115c9}', '\u{115d7}'), ('\u{11641}', '\u{11642}'), ('\u{11660}', '\u{1166c}'),
    ('\u{1173c}', '\u{1173e}'), ('\u{11944}', '\u{11944}'), ('\u{11946}', '\u{11946}'),
    ('\u{11a3f}', '\u{11a46}'), ('\u{11a9a}', '\u{11a9c}'), ('\u{11a9e}', '\u{11aa2}'),
    ('\u{11c41}', '\u{11c42}'), ('\u{11c70}', '\u{11c71}'), ('\u{11ef7}', '\u{11ef8}'),
    ('\u{11fff}', '\u{11fff}'), ('\u{12471}', '\u{12474}'), ('\u{16a6e}', '\u{16a6f}'),
    ('\u{16af5}', '\u{16af5}'), ('\u{16b37}', '\u{16b39}'), ('\u{16b44}', '\u{16b44}'),
    ('\u{16e97}', '\u{16e9a}'), ('\u{1bc9f}', '\u{1bc9f}'), ('\u{1da87}', '\u{1da8a}'),
    ('\u{1e95e}', '\u{1e95f}'),
];

/// Every default separator.
pub(crate) fn default_separators() -> impl Iterator<Item = String> {
    let characters = RANGES.iter().flat_map(|&(first, last)| first..=last).map(String::from);
    characters.chain(SEQUENCES.iter().map(|sequence| sequence.to_string()))
}

/// Whether `separator` is hard. A separator that a setting adds is soft unless it is one of these.
pub(crate) fn is_hard(separator: &str) -> bool {
    let mut characters = separator.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => {
            HARD_RANGES.iter().any(|&(first, last)| (first..=last).contains(&character))
        }
        _ => SEQUENCES.contains(&separator),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_tables_agree_with_those_of_the_segmentation_library() {
        let ours: BTreeSet<String> = default_separators().collect();
        let theirs: BTreeSet<String> =
            charabia::separators::DEFAULT_SEPARATORS.iter().map(|separator| separator.to_string()).collect();
        assert_eq!(ours, theirs);
        for separator in charabia::separators::CONTEXT_SEPARATORS {
            assert!(is_hard(separator), "{separator:?}");
        }
        let hard = ours.iter().filter(|separator| is_hard(separator)).count();
        assert_eq!(hard, 363);
    }

    #[test]
    fn ascii_separators() {
        let ascii: String = (0..128u8).map(char::from).filter(|c| c.is_ascii_punctuation()).collect();
        let all: BTreeSet<String> = default_separators().collect();
        let kept: String = ascii.chars().filter(|c| !all.contains(&c.to_string())).collect();
        assert_eq!(kept, "$<=>^|~");
        let hard: String = ascii.chars().filter(|c| is_hard(&c.to_string())).collect();
        assert_eq!(hard, "!;?");
        assert!(is_hard(". ") && is_hard(", ") && is_hard("\0"));
        assert!(!is_hard(".") && !is_hard("  ") && !is_hard(""));
    }
}
