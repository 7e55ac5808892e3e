//! Languages a client can name in `locales`, and the lists that error messages show.

use std::sync::LazyLock;

macro_rules! languages {
    ($($name:ident: $two:literal $three:literal,)+) => {
        /// A language that the locales of a request or of an attribute can name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "a variant says no more than its name")]
        pub enum Language {
            $($name,)+
            /// Written `cmn` only: Chinese under the code of its largest language.
            Mandarin,
        }

        impl Language {
            /// The language of a two or three letter code, in lower case and nothing around it.
            pub fn parse_locale(locale: &str) -> Option<Language> {
                match locale {
                    $($two | $three => Some(Language::$name),)+
                    "cmn" => Some(Language::Mandarin),
                    _ => None,
                }
            }

            /// The three letter code, the form that settings answer with.
            pub fn as_iso_639_3(self) -> &'static str {
                match self {
                    $(Language::$name => $three,)+
                    Language::Mandarin => "cmn",
                }
            }
        }

        /// Codes accepted in a JSON body, in the order of its error message: two letters, three letters, `cmn`.
        pub const LOCALES_BODY_ORDER: &[&str] = &[$($two,)+ $($three,)+ "cmn"];
    };
}

languages! {
    Afrikaans: "af" "afr",
    Akan: "ak" "aka",
    Amharic: "am" "amh",
    Arabic: "ar" "ara",
    Azerbaijani: "az" "aze",
    Belarusian: "be" "bel",
    Bengali: "bn" "ben",
    Bulgarian: "bg" "bul",
    Catalan: "ca" "cat",
    Czech: "cs" "ces",
    Danish: "da" "dan",
    German: "de" "deu",
    Greek: "el" "ell",
    English: "en" "eng",
    Esperanto: "eo" "epo",
    Estonian: "et" "est",
    Finnish: "fi" "fin",
    French: "fr" "fra",
    Gujarati: "gu" "guj",
    Hebrew: "he" "heb",
    Hindi: "hi" "hin",
    Croatian: "hr" "hrv",
    Hungarian: "hu" "hun",
    Armenian: "hy" "hye",
    Indonesian: "id" "ind",
    Italian: "it" "ita",
    Javanese: "jv" "jav",
    Japanese: "ja" "jpn",
    Kannada: "kn" "kan",
    Georgian: "ka" "kat",
    Khmer: "km" "khm",
    Korean: "ko" "kor",
    Latin: "la" "lat",
    Latvian: "lv" "lav",
    Lithuanian: "lt" "lit",
    Malayalam: "ml" "mal",
    Marathi: "mr" "mar",
    Macedonian: "mk" "mkd",
    Burmese: "my" "mya",
    Nepali: "ne" "nep",
    Dutch: "nl" "nld",
    NorwegianBokmal: "nb" "nob",
    Oriya: "or" "ori",
    Punjabi: "pa" "pan",
    Persian: "fa" "pes",
    Polish: "pl" "pol",
    Portuguese: "pt" "por",
    Romanian: "ro" "ron",
    Russian: "ru" "rus",
    Sinhala: "si" "sin",
    Slovak: "sk" "slk",
    Slovenian: "sl" "slv",
    Shona: "sn" "sna",
    Spanish: "es" "spa",
    Serbian: "sr" "srp",
    Swedish: "sv" "swe",
    Tamil: "ta" "tam",
    Telugu: "te" "tel",
    Tagalog: "tl" "tgl",
    Thai: "th" "tha",
    Turkmen: "tk" "tuk",
    Turkish: "tr" "tur",
    Ukrainian: "uk" "ukr",
    Urdu: "ur" "urd",
    Uzbek: "uz" "uzb",
    Vietnamese: "vi" "vie",
    Yiddish: "yi" "yid",
    Chinese: "zh" "zho",
    Zulu: "zu" "zul",
}

/// Codes accepted in a query string, in the order of its error message: by length, then alphabetically.
pub static LOCALES_QUERY_ORDER: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut codes = LOCALES_BODY_ORDER.to_vec();
    codes.sort_unstable_by_key(|code| (code.len(), *code));
    codes
});

/// Our languages under the names of the segmentation library.
///
/// The library knows every one of them: its codes are the three letter ones.
pub(crate) fn to_library(language: Language) -> charabia::Language {
    charabia::Language::from_code(language.as_iso_639_3()).expect("the library knows each code of the table")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_parses_and_has_a_three_letter_form() {
        for code in LOCALES_BODY_ORDER {
            let language = Language::parse_locale(code).expect("code of the list");
            assert_eq!(language.as_iso_639_3().len(), 3);
            assert_eq!(Language::parse_locale(language.as_iso_639_3()), Some(language));
            assert_eq!(to_library(language).code(), language.as_iso_639_3());
        }
        assert_eq!(LOCALES_BODY_ORDER.len(), 139);
    }

    #[test]
    fn only_exact_codes_are_accepted() {
        assert_eq!(Language::parse_locale("de"), Some(Language::German));
        assert_eq!(Language::parse_locale("zh").map(Language::as_iso_639_3), Some("zho"));
        for refused in ["", "DEU", " deu", "german", "xx", "cym"] {
            assert_eq!(Language::parse_locale(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn orders_of_the_error_messages() {
        assert_eq!(&LOCALES_BODY_ORDER[..4], ["af", "ak", "am", "ar"]);
        assert_eq!(LOCALES_BODY_ORDER[LOCALES_BODY_ORDER.len() - 3..], ["zho", "zul", "cmn"]);
        assert_eq!(&LOCALES_QUERY_ORDER[5..10], ["be", "bg", "bn", "ca", "cs"]);
        assert_eq!(LOCALES_QUERY_ORDER.last(), Some(&"zul"));
    }
}
