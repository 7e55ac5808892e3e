//! A value with three states: left alone, reset, set.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an update says about one setting.
///
/// In JSON: an absent key is `Unchanged` (with `#[serde(default, skip_serializing_if)]`), `null` is `Reset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Unchanged,
    /// Back to the default.
    Reset,
    /// A new value.
    Set(T),
}

impl<T> Change<T> {
    /// Whether nothing is said.
    pub fn is_unchanged(&self) -> bool {
        matches!(self, Change::Unchanged)
    }

    /// The value after the change of one that was `before`.
    pub fn apply_to(&self, before: &T) -> T
    where
        T: Clone + Default,
    {
        self.apply_or(before, T::default)
    }

    /// The same, with a default of its own.
    pub fn apply_or(&self, before: &T, default: impl FnOnce() -> T) -> T
    where
        T: Clone,
    {
        match self {
            Change::Unchanged => before.clone(),
            Change::Reset => default(),
            Change::Set(value) => value.clone(),
        }
    }

    /// A later change of the same value comes after this one.
    pub fn replace_by(&mut self, later: Change<T>) {
        if !later.is_unchanged() {
            *self = later;
        }
    }

    /// The same for values that are changed field by field: `all_reset` resets every field of one, `merge`
    /// puts a later change of fields after an earlier one.
    pub fn merge(&mut self, later: Change<T>, all_reset: impl FnOnce() -> T, merge: impl FnOnce(&mut T, T)) {
        match (&mut *self, later) {
            (_, Change::Unchanged) => {}
            (Change::Set(fields), Change::Set(later)) => merge(fields, later),
            (Change::Reset, Change::Set(later)) => {
                let mut fields = all_reset();
                merge(&mut fields, later);
                *self = Change::Set(fields);
            }
            (_, later) => *self = later,
        }
    }
}

impl<T: Serialize> Serialize for Change<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Change::Set(value) => value.serialize(serializer),
            Change::Unchanged | Change::Reset => serializer.serialize_none(),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Change::Reset, Change::Set))
    }
}
