//! Sentences of many languages.

use unicode_normalization::UnicodeNormalization;

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    check_in(&[], text, expected);
}

/// Lemmas keep their accents and syllables decomposed; here they are compared as one writes them.
#[track_caller]
fn check_in(locales: &[Language], text: &str, expected: &str) {
    let composed = |text: &str| text.nfc().collect::<String>();
    assert_eq!(composed(&words(locales, text)), composed(expected), "{text:?} in {locales:?}");
}

#[test]
fn chinese_is_cut_by_a_dictionary_and_its_variants_are_one() {
    check("我喜欢吃苹果和香蕉。", "我|喜歡|吃|苹果|和|香蕉");
    check("人工智能正在改变教育", "人工|智能|正在|改變|敎育");
    assert_eq!(words(&[], "博物馆"), words(&[], "博物館"));
    check_in(&[Language::Chinese], "上海2024年", "上海|2024|年");
    check_in(&[Language::English], "上海的冬天", "上海的冬天");
}

#[test]
fn japanese_is_cut_by_a_dictionary_and_katakana_become_hiragana() {
    check("ラーメンを食べました。", "らあめん|を|食|べ|まし|た");
    check("東京タワーの歴史", "東京|たわあ|の|歴史");
    check_in(&[Language::Japanese], "東京の博物館", "東京|の|博物館");
    check_in(&[Language::Japanese], "京都大学", "京都|大学");
    // No kana and no locale: Chinese. No Chinese among the locales: Japanese.
    assert_eq!(words(&[], "北海道札幌市"), words(&[Language::Chinese], "北海道札幌市"));
    check_in(&[Language::English, Language::French], "北海道札幌市", "北海道|札幌|市");
}

#[test]
fn korean_loses_its_particles() {
    check("고양이가 서울에서 한국어를 배운다", "고양이|가|서울|에서|한국어|를|배운다");
    check("2024년 대한민국의 역사", "2024|년|대한민국|의|역사");
}

#[test]
fn thai_and_khmer_are_cut_by_dictionaries() {
    check("ฉันชอบอ่านหนังสือภาษาไทย", "ฉน|ชอบ|อานหนงสอ|ภาษาไทย");
    check("ខ្ញុំចូលចិត្តសៀវភៅ", "ខ្ញុំ|ចូលចិត្ត|សៀវភៅ");
}

#[test]
fn arabic_and_persian() {
    check("الكتاب الجديد على الطَّاوِلة", "ال|كتاب|ال|جديد|علي|ال|طاوله");
    check("العـــربية أحمد مستشفى", "ال|عربيه|احمد|مستشفي");
    check_in(&[Language::Persian], "کتاب‌های تازه ۱۲۳ علي", "کتاب|های|تازه|123|علی");
    check_in(&[Language::Urdu], "الكتاب", "الكتاب");
}

#[test]
fn german_compounds_are_cut_only_in_german() {
    check_in(&[Language::German], "Donaudampfschifffahrt", "donau|dampf|schifffahrt");
    check("Donaudampfschifffahrt", "donaudampfschifffahrt");
    check_in(&[Language::English], "Donaudampfschifffahrt", "donaudampfschifffahrt");
    let either = [Language::German, Language::English];
    check_in(&either, "Der Kindergarten ist geschlossen", "der|kinder|garten|ist|ge|schloss|en");
}

#[test]
fn european_languages() {
    check("Ο λόγος του Οδυσσέα, ΑΘΗΝΑΣ", "ο|λογοσ|του|οδυσσεα|αθηνασ");
    check("Ёлка и Йод в «Москве»", "ёлка|и|йод|в|москве");
    check("IŞIK ışık İstanbul Çağrı", "isik|isik|istanbul|cagri");
    check("Zażółć gęślą jaźń", "zazołc|gesla|jazn");
    check("L’été à l'école", "l|ete|a|l|ecole");
    check("¿Dónde está el niño?", "donde|esta|el|nino");
    check_in(&[Language::Swedish], "Malmö är fint på våren, café", "malmö|är|fint|på|våren|cafe");
    check("Malmö är fint", "malmo|ar|fint");
}

#[test]
fn marks_that_stay_are_decomposed() {
    assert_eq!(words(&[], "Йод"), "и\u{306}од");
    assert_eq!(words(&[], "가나"), "\u{1100}\u{1161}\u{1102}\u{1161}");
    assert_eq!(words(&[], "ぶり"), "ふ\u{3099}り");
}

#[test]
fn other_scripts() {
    check("Tôi yêu tiếng Việt, đường Đà Nẵng", "toi|yeu|tieng|viet|duong|da|nang");
    check("שָׁלוֹם עולם", "שלום|עולם");
    check("हिन्दी में किताब।", "हिन्दी|में|किताब");
    check("საქართველო ᲗᲑᲘᲚᲘᲡᲘ", "საქართველო|თბილისი");
    check("Հայաստան", "հայաստան");
    check("ሰላም ዓለም", "ሰላም|ዓለም");
}

#[test]
fn scripts_mix() {
    check("iPhone手机壳 для Café 3D打印机", "iphone|手机|壳|для|cafe|3d|打印|机");
    check("LINEアプリ β版本 T恤衫", "line|あぷり|β|版本|t|恤衫");
}
