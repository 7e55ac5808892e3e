//! What a request may do, once its token was accepted.

use std::sync::Arc;

use serde_json::Value;

use crate::key::Key;
use crate::pattern::covers;
use crate::tenant::SearchRules;

/// What a request may do.
#[derive(Debug, Clone)]
pub struct Permissions {
    holder: Holder,
}

#[derive(Debug, Clone)]
enum Holder {
    /// No master key is set, or the master key was given.
    Everything,
    Key {
        key: Arc<Key>,
        rules: Option<Arc<SearchRules>>,
        may_create_indexes: bool,
    },
}

/// What a tenant token says about one index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchRule<'p> {
    /// A filter to add to that of the request.
    pub filter: Option<&'p Value>,
}

impl Permissions {
    /// Everything on every index.
    pub fn everything() -> Self {
        Permissions { holder: Holder::Everything }
    }

    pub(crate) fn of_key(key: Arc<Key>, rules: Option<Arc<SearchRules>>, may_create_indexes: bool) -> Self {
        Permissions { holder: Holder::Key { key, rules, may_create_indexes } }
    }

    /// Whether an index may be touched.
    pub fn allows_index(&self, index: &str) -> bool {
        match &self.holder {
            Holder::Everything => true,
            Holder::Key { key, rules, .. } => {
                key.indexes.iter().any(|pattern| covers(pattern.as_str(), index))
                    && rules.as_ref().is_none_or(|rules| rules.rule(index).is_some())
            }
        }
    }

    /// Whether every index may be touched, also those of the future.
    pub fn allows_all_indexes(&self) -> bool {
        match &self.holder {
            Holder::Everything => true,
            Holder::Key { key, rules, .. } => {
                key.is_for_all_indexes()
                    && rules
                        .as_ref()
                        .is_none_or(|rules| rules.patterns().iter().any(|pattern| pattern == "*"))
            }
        }
    }

    /// The patterns of the indexes that may be touched; `None` when all may.
    pub fn index_patterns(&self) -> Option<Vec<String>> {
        match &self.holder {
            Holder::Key { key, .. } if !self.allows_all_indexes() => {
                Some(key.indexes.iter().map(|pattern| pattern.as_str().to_owned()).collect())
            }
            _ => None,
        }
    }

    /// Whether a task may create this index.
    pub fn may_create_index(&self, index: &str) -> bool {
        match &self.holder {
            Holder::Everything => true,
            Holder::Key { may_create_indexes, .. } => *may_create_indexes && self.allows_index(index),
        }
    }

    /// The rule of a tenant token for an index that it allows.
    pub fn search_rule(&self, index: &str) -> Option<SearchRule<'_>> {
        match &self.holder {
            Holder::Key { rules: Some(rules), .. } => rules.rule(index).map(|filter| SearchRule { filter }),
            _ => None,
        }
    }
}
