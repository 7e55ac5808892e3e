//! Sentences of many languages.

use super::*;

fn check(text: &str, expected: &str) {
    assert_eq!(words(&[], text), expected);
}

#[test]
fn probe() {
    for t in ["東京都に住んでいます。", "ラーメンを食べました", "LINEアプリ", "今日は天気がいいですね", "プログラミング言語の歴史", "日本語の形態素解析", "2024年の東京オリンピック", "きゃりーぱみゅぱみゅ",
       "한국어를 공부합니다", "서울특별시에서 2024년 열린", "ＡＢＣ abc", "고양이가 집에서 놀고있다", "iPhone手机壳"] {
        println!("{t} => {}", words(&[], t));
    }
    check("a", "a");
}
