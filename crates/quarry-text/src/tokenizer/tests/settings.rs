//! Stop words, separators, dictionary, and the link from lemma to original.

use super::*;

#[test]
fn nothing_yet() {}
