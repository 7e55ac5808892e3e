//! `typoTolerance`.

use std::collections::BTreeSet;

use deserr::{Deserr, ValuePointerRef};
use quarry_error::marker::InvalidSettingsTypoTolerance;
use serde::Serialize;

use crate::request_error::JsonError;
use crate::setting::Setting;

type Error = JsonError<InvalidSettingsTypoTolerance>;

/// What changes in `typoTolerance`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserr)]
#[deserr(error = Error, rename_all = camelCase, deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct TypoToleranceSettings {
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub enabled: Setting<bool>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub min_word_size_for_typos: Setting<MinWordSizeForTypos>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub disable_on_words: Setting<BTreeSet<String>>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub disable_on_attributes: Setting<BTreeSet<String>>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub disable_on_numbers: Setting<bool>,
}

/// The length, in characters, from which words may have typos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserr)]
#[deserr(error = Error, rename_all = camelCase, deny_unknown_fields, validate = check_order -> Error)]
#[serde(rename_all = "camelCase")]
pub struct MinWordSizeForTypos {
    /// One typo.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub one_typo: Setting<u8>,
    /// Two typos, not less than for one.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Setting::is_not_set")]
    pub two_typos: Setting<u8>,
}

/// Two typos for shorter words than one.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error(
    "`minWordSizeForTypos` setting is invalid. `oneTypo` and `twoTypos` fields should be between `0` and `255`, \
     and `twoTypos` should be greater or equals to `oneTypo` but found `oneTypo: {one_typo}` and twoTypos: \
     {two_typos}`."
)]
struct WrongOrder {
    one_typo: u8,
    two_typos: u8,
}

fn check_order(sizes: MinWordSizeForTypos, location: ValuePointerRef) -> Result<MinWordSizeForTypos, Error> {
    match (sizes.one_typo, sizes.two_typos) {
        (Setting::Set(one_typo), Setting::Set(two_typos)) if one_typo > two_typos => {
            let error = WrongOrder { one_typo, two_typos };
            Err(deserr::take_cf_content(<Error as deserr::MergeWithError<WrongOrder>>::merge(
                None, error, location,
            )))
        }
        _ => Ok(sizes),
    }
}
