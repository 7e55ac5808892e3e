//! A value with three states: left alone, reset, set.

use std::ops::ControlFlow;

use deserr::{DeserializeError, Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Serialize, Serializer};

/// What a request says about one setting.
///
/// Serialises as `null` when reset; a field of this type is skipped when left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Setting<T> {
    /// The key is absent: the setting stays as it is.
    #[default]
    NotSet,
    /// The key is `null`: back to the default.
    Reset,
    /// A new value.
    Set(T),
}

impl<T> Setting<T> {
    /// Whether the request says nothing about it.
    pub fn is_not_set(&self) -> bool {
        matches!(self, Setting::NotSet)
    }

    /// The new value, if there is one.
    pub fn as_set(&self) -> Option<&T> {
        match self {
            Setting::Set(value) => Some(value),
            Setting::NotSet | Setting::Reset => None,
        }
    }

    /// The new value, if there is one.
    pub fn set(self) -> Option<T> {
        match self {
            Setting::Set(value) => Some(value),
            Setting::NotSet | Setting::Reset => None,
        }
    }
}

impl<T: Serialize> Serialize for Setting<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_set().serialize(serializer)
    }
}

impl<T: Deserr<E>, E: DeserializeError> Deserr<E> for Setting<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, E> {
        match value {
            Value::Null => Ok(Setting::Reset),
            value => match T::deserialize_from_value(value, location) {
                Ok(value) => Ok(Setting::Set(value)),
                Err(error) => match E::merge(None, error, location) {
                    ControlFlow::Continue(error) | ControlFlow::Break(error) => Err(error),
                },
            },
        }
    }
}
