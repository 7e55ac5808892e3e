//! Why an update of settings is refused when its task runs.

use quarry_error::{Code, HasCode};

/// Why an update of settings is refused. The texts are those that clients read, without the name of the
/// index before them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// `oneTypo` would be above `twoTypos`.
    #[error(
        "`minWordSizeForTypos` setting is invalid. `oneTypo` and `twoTypos` fields should be between `0` and \
         `255`, and `twoTypos` should be greater or equals to `oneTypo` but found `oneTypo: {one_typo}` and \
         twoTypos: {two_typos}`."
    )]
    MinWordSizes {
        /// What `oneTypo` would be.
        one_typo: u8,
        /// What `twoTypos` would be.
        two_typos: u8,
    },
    /// Not a ranking rule.
    #[error(
        "`{rule}` ranking rule is invalid. Valid ranking rules are words, typo, sort, proximity, attribute, \
         exactness and custom ranking rules."
    )]
    InvalidRankingRule {
        /// As sent.
        rule: String,
    },
    /// `attribute` beside one of its parts.
    #[error(
        "Mixed usage of the attribute, attributeRank, and wordPosition ranking rules. You must either use the \
         attribute ranking rule alone or the attributeRank and wordPosition ranking rules."
    )]
    MixedAttributeRules,
    /// Not a language.
    #[error("Unsupported locale `{locale}`, expected one of {}", quarry_text::LOCALES_QUERY_ORDER.join(", "))]
    UnknownLocale {
        /// As sent.
        locale: String,
    },
    /// More embedders than an index can have.
    #[error("Too many embedders in the configuration. Found {found}, but limited to 256.")]
    TooManyEmbedders {
        /// How many there would be.
        found: usize,
    },
    /// More fragments than an embedder can have.
    #[error("Too many fragments in the configuration. Found {found}, but limited to 256.")]
    TooManyFragments {
        /// How many there would be.
        found: usize,
    },
    /// A field that the source of the embedder needs.
    #[error(
        "`.embedders.{embedder}`: Missing field `{field}` (note: this field is mandatory for source `{source_name}`)"
    )]
    MissingEmbedderField {
        /// Name of the embedder.
        embedder: String,
        /// The field.
        field: &'static str,
        /// Its source.
        source_name: &'static str,
    },
    /// A nested embedder without a source.
    #[error(
        "`.embedders.{path}`: Missing field `source`.\n  - note: this field is mandatory for nested embedders"
    )]
    MissingNestedSource {
        /// Name of the embedder, and of the nested one.
        path: String,
    },
    /// A field that the source of the embedder does not take.
    #[error(
        "`.embedders.{embedder}`: Field `{field}` unavailable for source `{source_name}`.\n  - note: `{field}` is \
         available for sources: {sources}\n  - note: available fields for source `{source_name}`: {fields}"
    )]
    UnavailableEmbedderField {
        /// Name of the embedder.
        embedder: String,
        /// The field.
        field: String,
        /// Its source.
        source_name: &'static str,
        /// The sources that take the field, in backticks.
        sources: String,
        /// The fields that the source takes, in backticks.
        fields: String,
    },
    /// Quantised vectors have lost what they were.
    #[error(
        "`.embedders.{embedder}.binaryQuantized`: Cannot disable the binary quantization.\n - Note: Binary \
         quantization is a lossy operation that cannot be reverted.\n - Hint: Add a new embedder that is \
         non-quantized and regenerate the vectors."
    )]
    QuantisationCannotBeUndone {
        /// Name of the embedder.
        embedder: String,
    },
    /// A template that could write nothing.
    #[error("`{path}.documentTemplateMaxBytes`: `documentTemplateMaxBytes` cannot be zero")]
    ZeroTemplateBytes {
        /// Path of the object that holds the field.
        path: String,
    },
    /// A chat template that is no template.
    #[error("`.chat.documentTemplate`: Invalid document template: {0}.")]
    ChatTemplate(quarry_template::TemplateError),
}

impl HasCode for SettingsError {
    fn code(&self) -> Code {
        match self {
            SettingsError::MinWordSizes { .. } => Code::InvalidSettingsTypoTolerance,
            SettingsError::InvalidRankingRule { .. } | SettingsError::MixedAttributeRules => {
                Code::InvalidSettingsRankingRules
            }
            SettingsError::UnknownLocale { .. } => Code::InvalidSettingsLocalizedAttributes,
            SettingsError::TooManyEmbedders { .. }
            | SettingsError::TooManyFragments { .. }
            | SettingsError::MissingEmbedderField { .. }
            | SettingsError::MissingNestedSource { .. }
            | SettingsError::UnavailableEmbedderField { .. }
            | SettingsError::QuantisationCannotBeUndone { .. }
            | SettingsError::ZeroTemplateBytes { .. } => Code::InvalidSettingsEmbedders,
            SettingsError::ChatTemplate(_) => Code::InvalidChatSettingDocumentTemplate,
        }
    }
}
