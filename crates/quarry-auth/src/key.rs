//! What is stored of an API key. Its value is not: it follows from the uid and the master key.

use quarry_api::action::Action;
use quarry_api::index_uid::IndexUidPattern;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Its identifier, from which its value follows.
    pub uid: Uuid,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A description for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it may do.
    pub actions: Vec<Action>,
    /// On which indexes.
    pub indexes: Vec<IndexUidPattern>,
    /// Until when; `None` is for ever.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When its name or description changed last.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

impl Key {
    /// Whether it may do `action` at `now`, on some index.
    pub(crate) fn allows(&self, action: Action, now: OffsetDateTime) -> bool {
        let alive = self.expires_at.is_none_or(|end| now < end);
        alive && self.actions.iter().any(|held| held.allows(action))
    }

    /// Whether it is for all indexes.
    pub(crate) fn is_for_all_indexes(&self) -> bool {
        self.indexes.iter().any(|pattern| pattern.as_str() == "*")
    }

    /// An action that a key for some indexes only cannot have, if this key has one.
    pub(crate) fn misplaced_action(&self) -> Option<Action> {
        let scoped = !self.indexes.is_empty() && !self.is_for_all_indexes();
        self.actions.iter().copied().find(|action| scoped && action.is_global_only())
    }
}

/// The keys of a server that has none yet, in the order in which they are listed.
pub(crate) fn default_keys(now: OffsetDateTime) -> Vec<Key> {
    let table: [(&str, &[Action], &str); 4] = [
        ("Default Search API Key", &[Action::Search], "Use it to search from the frontend"),
        (
            "Default Admin API Key",
            &[Action::All],
            "Use it for anything that is not a search operation. Caution! Do not expose it on a public frontend",
        ),
        (
            "Default Read-Only Admin API Key",
            &[Action::AllGet, Action::KeysGet],
            "Use it to read information across the whole database. Caution! Do not expose this key on a public \
             frontend",
        ),
        (
            "Default Chat API Key",
            &[Action::ChatCompletions, Action::Search],
            "Use it to chat and search from the frontend",
        ),
    ];
    let star = IndexUidPattern::try_from("*".to_owned()).expect("a star is a pattern");
    let mut created_at = now;
    let mut keys = Vec::new();
    for (name, actions, description) in table {
        keys.push(Key {
            uid: Uuid::new_v4(),
            name: Some(name.to_owned()),
            description: Some(description.to_owned()),
            actions: actions.to_vec(),
            indexes: vec![star.clone()],
            expires_at: None,
            created_at,
            updated_at: created_at,
        });
        // Lists show the newest first: the first of the table must be the newest.
        created_at -= time::Duration::microseconds(1);
    }
    keys
}
