//! Script groups, and the language of a group where it matters.
//!
//! Characters without a script of their own (digits, spaces, most punctuation) stay in the current group.
//! Kanji, hiragana and katakana are one script; so are Hangul and the full-width forms.

use std::sync::LazyLock;

use charabia::{Script, StrDetection};

use crate::language::{Language, to_library};

/// Scripts of the characters below U+10000: most of what is read, in one look-up.
static SCRIPTS: LazyLock<Box<[Script]>> = LazyLock::new(|| {
    let script = |code| char::from_u32(code).map_or(Script::Other, Script::from);
    (0..0x1_0000).map(script).collect()
});

/// The script of one character, `Other` if it has none of its own.
fn script_of(character: char) -> Script {
    match SCRIPTS.get(character as usize) {
        Some(script) => *script,
        None => Script::from(character),
    }
}

/// A run of text in one script: `start..end` are bytes of the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) script: Script,
}

/// Cuts a text into its script groups, in order.
pub(crate) struct Groups<'t> {
    text: &'t str,
    position: usize,
}

impl<'t> Groups<'t> {
    pub(crate) fn new(text: &'t str) -> Groups<'t> {
        Groups { text, position: 0 }
    }

    /// End of the ASCII run that starts at `from`. Only called inside Latin text, where no ASCII ends a group.
    fn skip_ascii(&self, from: usize) -> usize {
        const STEP: usize = 32;
        let bytes = self.text.as_bytes();
        let mut at = from;
        while at + STEP <= bytes.len() && bytes[at..at + STEP].is_ascii() {
            at += STEP;
        }
        bytes[at..].iter().position(|byte| !byte.is_ascii()).map_or(bytes.len(), |length| at + length)
    }
}

impl Iterator for Groups<'_> {
    type Item = Group;

    fn next(&mut self) -> Option<Group> {
        let start = self.position;
        if start == self.text.len() {
            return None;
        }
        let mut current = Script::Other;
        let mut holds_armenian = false;
        let mut end = start;
        while let Some(character) = self.text[end..].chars().next() {
            let script = if character.is_ascii_alphabetic() { Script::Latin } else { script_of(character) };
            if script != Script::Other {
                if current != Script::Other && script != current {
                    break;
                }
                current = script;
            }
            holds_armenian |= is_armenian(character);
            end += character.len_utf8();
            if current == Script::Latin {
                end = self.skip_ascii(end);
            }
        }
        self.position = end;
        // Armenian does not make groups of its own but can be the script of most of the group.
        let script = match holds_armenian {
            true => StrDetection::new(&self.text[start..end], None).script(),
            false => current,
        };
        Some(Group { start, end, script })
    }
}

/// Armenian letters: the only ones that statistics tell from `Other` but groups do not.
fn is_armenian(character: char) -> bool {
    matches!(character, '\u{530}'..='\u{58f}' | '\u{fb13}'..='\u{fb17}')
}

/// The language of a group, where segmentation or normalisation depends on it; `None` elsewhere.
///
/// One allowed locale is the answer. Latin text without locales has no language. Otherwise statistics decide,
/// restricted to the allowed locales (no locale: all are allowed).
pub(crate) fn language_of(text: &str, script: Script, locales: &[Language]) -> Option<charabia::Language> {
    match script {
        // Only two languages of the Latin script are treated apart.
        Script::Latin
            if !locales.iter().any(|locale| matches!(locale, Language::German | Language::Swedish)) =>
        {
            None
        }
        Script::Latin | Script::Cj | Script::Arabic => match locales {
            [] => StrDetection::new(text, None).language(),
            [only] => Some(to_library(*only)),
            several => {
                let allowed: Vec<charabia::Language> =
                    several.iter().map(|locale| to_library(*locale)).collect();
                StrDetection::new(text, Some(&allowed)).language()
            }
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, Script)]) {
        let groups: Vec<(&str, Script)> =
            Groups::new(text).map(|group| (&text[group.start..group.end], group.script)).collect();
        assert_eq!(groups, expected, "{text:?}");
    }

    #[test]
    fn groups_follow_the_script() {
        check("", &[]);
        check("12, 3", &[("12, 3", Script::Other)]);
        check("BMW для 2 москвы!", &[("BMW ", Script::Latin), ("для 2 москвы!", Script::Cyrillic)]);
        check("漢字カタひら 3D", &[("漢字カタひら 3", Script::Cj), ("D", Script::Latin)]);
        check("x 한글 ＡＢ", &[("x ", Script::Latin), ("한글 ＡＢ", Script::Hangul)]);
        check("Հայերեն", &[("Հայերեն", Script::Armenian)]);
        check(
            "a long enough run of ASCII é after it",
            &[("a long enough run of ASCII é after it", Script::Latin)],
        );
    }

    #[test]
    fn language_is_only_sought_where_it_matters() {
        use charabia::Language as Library;
        let latin = "Der Garten ist schön";
        assert_eq!(language_of(latin, Script::Latin, &[]), None);
        assert_eq!(language_of(latin, Script::Latin, &[Language::German]), Some(Library::Deu));
        let several = [Language::German, Language::English];
        assert_eq!(language_of("Der Hund und die Katze", Script::Latin, &several), Some(Library::Deu));
        assert_eq!(language_of("上海的冬天", Script::Cj, &[]), Some(Library::Cmn));
        assert_eq!(language_of("ひらがなの文", Script::Cj, &[]), Some(Library::Jpn));
        assert_eq!(language_of("上海", Script::Cj, &[Language::Japanese]), Some(Library::Jpn));
        assert_eq!(language_of("мир", Script::Cyrillic, &[Language::Russian]), None);
    }
}
