//! Stop words, separators, dictionary, rules of normalisation, and the link from lemma to original.

use super::*;

fn strings(strings: &[&str]) -> Vec<String> {
    strings.iter().map(|string| string.to_string()).collect()
}

/// All tokens joined by `|`: `~` before a stop word, `.` before a soft and `!` before a hard separator.
#[track_caller]
fn check(options: &TokenizerOptions, text: &str, expected: &str) {
    let shown = lemmas(options, &[], text).into_iter().map(|(lemma, kind)| match kind {
        TokenKind::Word => lemma,
        TokenKind::StopWord => format!("~{lemma}"),
        TokenKind::SeparatorSoft => format!(".{lemma}"),
        TokenKind::SeparatorHard => format!("!{lemma}"),
    });
    assert_eq!(shown.collect::<Vec<_>>().join("|"), expected, "{text:?}");
}

#[track_caller]
fn check_word(text: &str, expected: &str) {
    check(&TokenizerOptions::default(), text, expected);
}

#[test]
fn separators_are_hard_or_soft() {
    check_word("Hello, World!", "hello|!, |world|!!");
    check_word("a,b. c.", "a|.,|b|!. |c|..");
    check_word("a;b?c:d", "a|!;|b|!?|c|.:|d");
    check_word("a$b<c=d>e^f|g~h", "a$b<c=d>e^f|g~h");
    check_word("snake_case-camelCase", "snake|._|case|.-|camelcase");
    check_word("中。文", "中|!。|文");
}

#[test]
fn separators_can_be_added_and_removed() {
    let options = TokenizerOptions {
        separators: strings(&["|", "<br>", "==", "§", ""]),
        non_separators: strings(&["_", "=="]),
        ..Default::default()
    };
    check(&options, "a|b<br>c==d", "a|.||b|.<br>|c==d");
    check(&options, "snake_case§x", "snake_case|!§|x");
}

#[test]
fn removing_the_full_stop_keeps_the_full_stop_with_a_space() {
    let options = TokenizerOptions { non_separators: strings(&["."]), ..Default::default() };
    check(&options, "3.5. b.", "3.5|!. |b.");
}

#[test]
fn dictionary_words_stay_whole_and_are_case_sensitive() {
    let options = TokenizerOptions { dictionary: strings(&["J. R. R.", "C++"]), ..Default::default() };
    check(&options, "J. R. R. Tolkien", "j. r. r.|. |tolkien");
    check(&options, "j. r. r.", "j|!. |r|!. |r|..");
    check(&options, "C++ c++", "c++|. |c|.+|.+");
    check(&options, "xC++y", "x|c++|y");
}

#[test]
fn stop_words_are_case_sensitive_and_decomposed() {
    let stop_words: BTreeSet<String> = ["the", "été", ",", "på"].map(crate::normalize_stop_word).into();
    let options = TokenizerOptions { stop_words, ..Default::default() };
    check(&options, "the The THE", "~the|. |the|. |the");
    check(&options, "été e\u{301}te\u{301} Été", "~ete|. |~ete|. |ete");
    check(&options, "a,b", "a|~,|b");
    check(&options, "på", "pa");
    let swedish = lemmas(&options, &[Language::Swedish], "på");
    assert_eq!(swedish, [("på".to_string(), TokenKind::StopWord)]);
    let shown = Tokenizer::new(&options).tokens("the, sea", &[]);
    assert!(shown.iter().all(|token| token.kind != TokenKind::StopWord));
}

#[test]
fn compatibility_forms_and_controls() {
    check_word("ﬁn ² ½ №5", "fin|. |2|. |1⁄2|. |no5");
    check_word("a\u{1}b", "ab");
    check_word("a\tb", "a|.\t|b");
    check_word("10\u{a0}000", "10 000");
}

#[test]
fn letters_of_the_latin_script() {
    check_word("É ñ ö å đ œ æ ı İ", "e|. |n|. |o|. |a|. |d|. |oe|. |ae|. |i|. |i");
    check_word("Ł ø Þ ß", "ł|. |ø|. |þ|. |ß");
    check_word("l’eau", "l|.'|eau");
    assert_eq!(words(&[Language::Swedish], "Å Ä Ö é a\u{30a}"), "å|ä|ö|e|å");
    assert_eq!(words(&[Language::French, Language::English], "Å"), "a");
}

#[test]
fn full_width_letters_are_lower_cased() {
    check_word("ＡＢＣ ａｂｃ Ａb", "abc|. |abc|. |a|b");
    check_word("１２３", "123");
}

#[test]
fn words_for_settings() {
    let stop_words: BTreeSet<String> = ["of".to_string()].into();
    let tokenizer = Tokenizer::new(&TokenizerOptions { stop_words, ..Default::default() });
    assert_eq!(normalize_words(&tokenizer, "King of Wörlds!"), ["king", "worlds"]);
    assert_eq!(normalize_words(&tokenizer, " \u{0}"), Vec::<String>::new());
    assert!(is_number_like("12") && is_number_like("1-2.5") && is_number_like("½") && is_number_like("٣"));
    assert!(!is_number_like("12a") && !is_number_like("€"));
}

#[test]
fn lemma_characters_lead_back_to_the_original() {
    let tokenizer = Tokenizer::new(&TokenizerOptions::default());
    let check = |text: &str, characters: usize, expected: usize| {
        let token = &tokenizer.tokens(text, &[])[0];
        assert_eq!(token.original_bytes_of_lemma_chars(characters), expected, "{text:?} {characters}");
    };
    check("Hello", 3, 3);
    check("Hello", 9, 5);
    check("léopard", 3, 4);
    check("Œuvre", 1, 2);
    check("Œuvre", 2, 2);
    check("Œuvre", 3, 3);
    check("e\u{301}te", 1, 1);
    check("e\u{301}te", 2, 4);
    check("x", 0, 0);
}
