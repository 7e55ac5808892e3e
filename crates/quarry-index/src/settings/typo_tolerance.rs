//! `typoTolerance`: how long words have to be for typos, and where typos are off.

use std::collections::BTreeSet;

use quarry_text::{Scratch, Tokenizer, TokenizerOptions};
use serde::{Deserialize, Serialize};

use super::{Change, SettingsError};

/// Characters from which one typo is allowed, when the setting is not given.
pub const DEFAULT_ONE_TYPO: u8 = 5;

/// Characters from which two typos are allowed, when the setting is not given.
pub const DEFAULT_TWO_TYPOS: u8 = 9;

/// The setting, with its defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypoSettings {
    /// `enabled`
    pub enabled: bool,
    /// `minWordSizeForTypos.oneTypo`, in characters
    pub one_typo: u8,
    /// `minWordSizeForTypos.twoTypos`, in characters: at or above `one_typo`
    pub two_typos: u8,
    /// `disableOnWords`, as words of the index.
    pub disable_on_words: BTreeSet<String>,
    /// `disableOnAttributes`
    pub disable_on_attributes: BTreeSet<String>,
    /// `disableOnNumbers`
    pub disable_on_numbers: bool,
}

impl Default for TypoSettings {
    fn default() -> Self {
        TypoSettings {
            enabled: true,
            one_typo: DEFAULT_ONE_TYPO,
            two_typos: DEFAULT_TWO_TYPOS,
            disable_on_words: BTreeSet::new(),
            disable_on_attributes: BTreeSet::new(),
            disable_on_numbers: false,
        }
    }
}

impl TypoSettings {
    /// Typos that a query word may have.
    pub fn typos_max(&self, word: &str) -> u8 {
        if !self.enabled || self.disable_on_words.contains(word) {
            return 0;
        }
        let characters = word.chars().count();
        u8::from(characters >= usize::from(self.one_typo))
            + u8::from(characters >= usize::from(self.two_typos))
    }
}

/// A change of the setting, field by field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TypoUpdate {
    /// `enabled`
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub enabled: Change<bool>,
    /// `minWordSizeForTypos`
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub min_word_size_for_typos: Change<MinWordSizeUpdate>,
    /// `disableOnWords`, as sent
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub disable_on_words: Change<BTreeSet<String>>,
    /// `disableOnAttributes`
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub disable_on_attributes: Change<BTreeSet<String>>,
    /// `disableOnNumbers`
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub disable_on_numbers: Change<bool>,
}

/// A change of the lengths, each for itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MinWordSizeUpdate {
    /// `oneTypo`
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub one_typo: Change<u8>,
    /// `twoTypos`
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub two_typos: Change<u8>,
}

impl TypoUpdate {
    pub(super) fn all_reset() -> TypoUpdate {
        TypoUpdate {
            enabled: Change::Reset,
            min_word_size_for_typos: Change::Reset,
            disable_on_words: Change::Reset,
            disable_on_attributes: Change::Reset,
            disable_on_numbers: Change::Reset,
        }
    }

    pub(super) fn merge(&mut self, later: TypoUpdate) {
        let both_reset = || MinWordSizeUpdate { one_typo: Change::Reset, two_typos: Change::Reset };
        self.enabled.replace_by(later.enabled);
        self.min_word_size_for_typos.merge(later.min_word_size_for_typos, both_reset, |sizes, later| {
            sizes.one_typo.replace_by(later.one_typo);
            sizes.two_typos.replace_by(later.two_typos);
        });
        self.disable_on_words.replace_by(later.disable_on_words);
        self.disable_on_attributes.replace_by(later.disable_on_attributes);
        self.disable_on_numbers.replace_by(later.disable_on_numbers);
    }
}

/// The setting after an update.
pub(super) fn apply(
    before: &TypoSettings,
    update: &Change<TypoUpdate>,
) -> Result<TypoSettings, SettingsError> {
    let update = match update {
        Change::Unchanged => return Ok(before.clone()),
        Change::Reset => return Ok(TypoSettings::default()),
        Change::Set(update) => update,
    };
    let (one_typo, two_typos) = match &update.min_word_size_for_typos {
        Change::Unchanged => (before.one_typo, before.two_typos),
        Change::Reset => (DEFAULT_ONE_TYPO, DEFAULT_TWO_TYPOS),
        Change::Set(sizes) => (
            sizes.one_typo.apply_or(&before.one_typo, || DEFAULT_ONE_TYPO),
            sizes.two_typos.apply_or(&before.two_typos, || DEFAULT_TWO_TYPOS),
        ),
    };
    if one_typo > two_typos {
        return Err(SettingsError::MinWordSizes { one_typo, two_typos });
    }
    let disable_on_words = match &update.disable_on_words {
        Change::Set(words) => normalised(words),
        other => other.apply_to(&before.disable_on_words),
    };
    Ok(TypoSettings {
        enabled: update.enabled.apply_or(&before.enabled, || true),
        one_typo,
        two_typos,
        disable_on_words,
        disable_on_attributes: update.disable_on_attributes.apply_to(&before.disable_on_attributes),
        disable_on_numbers: update.disable_on_numbers.apply_to(&before.disable_on_numbers),
    })
}

/// Each entry as it would stand in the index: the lemmas of its tokens, joined.
fn normalised(words: &BTreeSet<String>) -> BTreeSet<String> {
    let tokenizer = Tokenizer::new(&TokenizerOptions::default());
    let mut scratch = Scratch::default();
    let mut normalise = |word: &String| {
        let mut normalised = String::new();
        tokenizer.for_each_token(word, &[], &mut scratch, |token| normalised.push_str(token.lemma));
        normalised
    };
    words.iter().map(&mut normalise).collect()
}
