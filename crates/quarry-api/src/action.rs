//! What an API key may do.

use std::convert::Infallible;
use std::fmt;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! actions {
    ($($variant:ident => $name:literal;)*) => {
        /// An action, or a group of actions: `documents.*`, `*.get`, `*`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum Action {
            $($variant,)*
        }

        impl Action {
            /// Every action, in the order of the error messages.
            pub const ALL: &'static [Action] = &[$(Action::$variant,)*];

            /// The name on the wire: `documents.add`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Action::$variant => $name,)*
                }
            }
        }
    };
}

actions! {
    All => "*";
    Search => "search";
    DocumentsAll => "documents.*";
    DocumentsAdd => "documents.add";
    DocumentsGet => "documents.get";
    DocumentsDelete => "documents.delete";
    IndexesAll => "indexes.*";
    IndexesCreate => "indexes.create";
    IndexesGet => "indexes.get";
    IndexesUpdate => "indexes.update";
    IndexesDelete => "indexes.delete";
    IndexesSwap => "indexes.swap";
    TasksAll => "tasks.*";
    TasksCancel => "tasks.cancel";
    TasksDelete => "tasks.delete";
    TasksGet => "tasks.get";
    SettingsAll => "settings.*";
    SettingsGet => "settings.get";
    SettingsUpdate => "settings.update";
    StatsAll => "stats.*";
    StatsGet => "stats.get";
    MetricsAll => "metrics.*";
    MetricsGet => "metrics.get";
    DumpsAll => "dumps.*";
    DumpsCreate => "dumps.create";
    SnapshotsAll => "snapshots.*";
    SnapshotsCreate => "snapshots.create";
    Version => "version";
    KeysCreate => "keys.create";
    KeysGet => "keys.get";
    KeysUpdate => "keys.update";
    KeysDelete => "keys.delete";
    ExperimentalGet => "experimental.get";
    ExperimentalUpdate => "experimental.update";
    Export => "export";
    NetworkGet => "network.get";
    NetworkUpdate => "network.update";
    ChatCompletions => "chatCompletions";
    ChatsAll => "chats.*";
    ChatsGet => "chats.get";
    ChatsDelete => "chats.delete";
    ChatsSettingsAll => "chatsSettings.*";
    ChatsSettingsGet => "chatsSettings.get";
    ChatsSettingsUpdate => "chatsSettings.update";
    AllGet => "*.get";
    WebhooksGet => "webhooks.get";
    WebhooksUpdate => "webhooks.update";
    WebhooksDelete => "webhooks.delete";
    WebhooksCreate => "webhooks.create";
    WebhooksAll => "webhooks.*";
    IndexesCompact => "indexes.compact";
    FieldsPost => "fields.post";
    TasksCompact => "tasks.compact";
    DynamicSearchRulesGet => "dynamicSearchRules.get";
    DynamicSearchRulesCreate => "dynamicSearchRules.create";
    DynamicSearchRulesUpdate => "dynamicSearchRules.update";
    DynamicSearchRulesDelete => "dynamicSearchRules.delete";
    DynamicSearchRulesAll => "dynamicSearchRules.*";
}

impl Action {
    /// The action of this name, if there is one.
    pub fn from_name(name: &str) -> Option<Action> {
        Action::ALL.iter().copied().find(|action| action.name() == name)
    }

    /// Whether a key with this action may do `wanted`.
    ///
    /// `*` holds everything, `x.*` every `x.…`, `*.get` what reads, keys left out.
    pub fn allows(self, wanted: Action) -> bool {
        if self == Action::All || self == wanted {
            return true;
        }
        match self.name().strip_suffix('*') {
            Some(group) => wanted.name().starts_with(group),
            None => self == Action::AllGet && wanted.is_read(),
        }
    }

    fn is_read(self) -> bool {
        match self {
            Action::Search | Action::Export | Action::Version | Action::FieldsPost => true,
            Action::KeysGet | Action::AllGet => false,
            _ => self.name().ends_with(".get"),
        }
    }

    /// Whether it concerns the whole server, so that a key for some indexes cannot have it.
    pub fn is_global_only(self) -> bool {
        const FAMILIES: &[&str] = &[
            "metrics.",
            "dumps.",
            "snapshots.",
            "keys.",
            "experimental.",
            "network.",
            "chats.",
            "chatsSettings.",
            "webhooks.",
            "dynamicSearchRules.",
        ];
        matches!(self, Action::Version | Action::Export | Action::TasksCompact)
            || FAMILIES.iter().any(|family| self.name().starts_with(family))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Action::from_name(&name).ok_or_else(|| D::Error::custom(format!("unknown action `{name}`")))
    }
}

impl<E: DeserializeError> Deserr<E> for Action {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, E> {
        let name = match value {
            Value::String(name) => name,
            actual => {
                let error = ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::String] };
                return Err(take_cf_content(E::error(None, error, location)));
            }
        };
        Action::from_name(&name).ok_or_else(|| {
            let accepted: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
            let error = ErrorKind::UnknownValue { value: &name, accepted: &accepted };
            take_cf_content(E::error::<Infallible>(None, error, location))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_their_members() {
        let check = |held: Action, wanted: Action, allowed: bool| {
            assert_eq!(held.allows(wanted), allowed, "{held} for {wanted}");
        };
        check(Action::All, Action::KeysDelete, true);
        check(Action::DocumentsAll, Action::DocumentsAdd, true);
        check(Action::DocumentsAll, Action::IndexesGet, false);
        check(Action::DocumentsAdd, Action::DocumentsAll, false);
        check(Action::AllGet, Action::DocumentsGet, true);
        check(Action::AllGet, Action::Search, true);
        check(Action::AllGet, Action::FieldsPost, true);
        check(Action::AllGet, Action::KeysGet, false);
        check(Action::AllGet, Action::DocumentsAdd, false);
        check(Action::ChatsAll, Action::ChatsSettingsGet, false);
    }

    #[test]
    fn what_concerns_the_whole_server() {
        assert!(Action::Version.is_global_only());
        assert!(Action::WebhooksAll.is_global_only());
        assert!(Action::TasksCompact.is_global_only());
        assert!(!Action::TasksGet.is_global_only());
        assert!(!Action::ChatCompletions.is_global_only());
        assert!(!Action::All.is_global_only());
        assert!(!Action::AllGet.is_global_only());
    }
}
