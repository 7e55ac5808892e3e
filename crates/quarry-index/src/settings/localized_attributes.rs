//! `localizedAttributes`: the languages that the text of some attributes may be in.

use quarry_text::Language;
use serde::{Deserialize, Serialize};

use super::{Change, SettingsError};

/// The languages of the attributes that match a pattern. The first rule that matches decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalizedRule {
    /// See [`crate::attribute_pattern`].
    pub attribute_patterns: Vec<String>,
    /// Codes: three letters in settings, as sent in updates. None: any language.
    pub locales: Vec<String>,
}

impl LocalizedRule {
    /// The languages of the rule.
    pub fn languages(&self) -> Vec<Language> {
        self.locales.iter().filter_map(|code| Language::parse_locale(code)).collect()
    }

    fn with_three_letters(&self) -> Result<LocalizedRule, SettingsError> {
        let locales = self.locales.iter().map(|code| match Language::parse_locale(code) {
            Some(language) => Ok(language.as_iso_639_3().to_owned()),
            None => Err(SettingsError::UnknownLocale { locale: code.clone() }),
        });
        let locales = locales.collect::<Result<_, _>>()?;
        Ok(LocalizedRule { attribute_patterns: self.attribute_patterns.clone(), locales })
    }
}

/// The setting after an update.
pub(super) fn apply(
    before: &Option<Vec<LocalizedRule>>,
    update: &Change<Vec<LocalizedRule>>,
) -> Result<Option<Vec<LocalizedRule>>, SettingsError> {
    match update {
        Change::Unchanged => Ok(before.clone()),
        Change::Reset => Ok(None),
        Change::Set(rules) => {
            rules.iter().map(LocalizedRule::with_three_letters).collect::<Result<_, _>>().map(Some)
        }
    }
}
