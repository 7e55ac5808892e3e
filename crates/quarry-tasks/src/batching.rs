//! Which tasks of one index share a batch: a decision table, without side effects.
//!
//! The batch starts with the first waiting task of the index and takes the following ones in order, as
//! long as doing them together gives what doing them one after the other would give, and the kinds of
//! work go together. [`Plan`] is what the batch became.

use crate::kind::Kind;
use crate::stop_reason::StopReason;

/// What the table needs to know of a waiting task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) uid: u32,
    pub(crate) class: Class,
    /// Size of the payload.
    pub(crate) bytes: u64,
}

/// Tasks that batch alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Class {
    Addition { primary_key: Option<String>, may_create: bool },
    Deletion,
    FilterDeletion,
    Clear,
    Settings { may_create: bool },
    IndexDeletion,
    Alone(Kind),
}

/// What the table needs to know of the index.
#[derive(Debug, Clone, Default)]
pub(crate) struct IndexState {
    pub(crate) uid: String,
    pub(crate) exists: bool,
    pub(crate) primary_key: Option<String>,
}

/// Bounds of a batch. The first task is always taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) tasks_max: usize,
    pub(crate) bytes_max: u64,
}

/// What a batch does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Additions, with deletions between them.
    Addition { may_create: bool, key: BatchKey },
    /// Deletions only.
    Deletion,
    /// All documents go, whatever else the batch holds.
    Clear,
    /// Settings, merged.
    Settings { may_create: bool },
    /// All documents go, then settings.
    ClearAndSettings { may_create: bool },
    /// The index goes, whatever else the batch holds.
    IndexDeletion,
    /// One task on its own.
    Alone(Kind),
}

/// The primary key that the additions of a batch agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BatchKey {
    /// The first addition named none.
    Guessed,
    /// The first addition named this one.
    Named(String),
}

/// A batch: the first `len` candidates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) len: usize,
    pub(crate) plan: Plan,
    pub(crate) reason: StopReason,
}

/// Takes tasks from `candidates`, all waiting tasks of one index in uid order, until one does not fit.
///
/// `None` without candidates. Errors of the iterator end the work.
pub(crate) fn assemble<E>(
    index: &IndexState,
    limits: Limits,
    mut candidates: impl Iterator<Item = Result<Candidate, E>>,
) -> Result<Option<Decision>, E> {
    let Some(first) = candidates.next().transpose()? else { return Ok(None) };
    let (mut plan, reason) = start(index, &first);
    let mut len = 1;
    if let Some(reason) = reason {
        return Ok(Some(Decision { len, plan, reason }));
    }
    let mut bytes = first.bytes;
    for candidate in candidates {
        let candidate = candidate?;
        if len >= limits.tasks_max {
            let reason = StopReason::TaskLimit { tasks_max: limits.tasks_max };
            return Ok(Some(Decision { len, plan, reason }));
        }
        bytes = bytes.saturating_add(candidate.bytes);
        if bytes > limits.bytes_max {
            let reason = StopReason::SizeLimit { bytes_max: limits.bytes_max, bytes };
            return Ok(Some(Decision { len, plan, reason }));
        }
        match join(index, plan, &candidate) {
            Joined::Taken(joined) => plan = joined,
            Joined::TakenLast(plan, reason) => {
                return Ok(Some(Decision { len: len + 1, plan, reason }));
            }
            Joined::Refused(plan, reason) => return Ok(Some(Decision { len, plan, reason })),
        }
        len += 1;
    }
    let reason = StopReason::AllEnqueuedForIndex { index: index.uid.clone() };
    Ok(Some(Decision { len, plan, reason }))
}

/// The plan that a first task makes, and why it stays alone, if it does.
fn start(index: &IndexState, first: &Candidate) -> (Plan, Option<StopReason>) {
    let uid = first.uid;
    match &first.class {
        Class::Addition { primary_key, may_create } => {
            let key = primary_key.clone().map_or(BatchKey::Guessed, BatchKey::Named);
            (Plan::Addition { may_create: *may_create, key }, other_key_than_index(index, uid, primary_key))
        }
        Class::Deletion | Class::FilterDeletion => (Plan::Deletion, None),
        Class::Clear => (Plan::Clear, None),
        Class::Settings { may_create } => (Plan::Settings { may_create: *may_create }, None),
        Class::IndexDeletion => (Plan::IndexDeletion, Some(StopReason::IndexDeletion { uid })),
        Class::Alone(kind) => (Plan::Alone(*kind), Some(StopReason::Alone { uid, kind: *kind })),
    }
}

enum Joined {
    Taken(Plan),
    TakenLast(Plan, StopReason),
    Refused(Plan, StopReason),
}

/// THE table: a batch and the next task.
fn join(index: &IndexState, plan: Plan, next: &Candidate) -> Joined {
    use Joined::{Refused, Taken, TakenLast};
    let uid = next.uid;
    match (&plan, &next.class) {
        (_, Class::Alone(kind)) => Refused(plan, StopReason::BeforeAlone { uid, kind: *kind }),
        (_, Class::IndexDeletion) => TakenLast(Plan::IndexDeletion, StopReason::IndexDeletion { uid }),

        (Plan::Clear, Class::Clear | Class::Deletion | Class::FilterDeletion) => Taken(Plan::Clear),
        (Plan::Clear, Class::Addition { .. }) => Refused(plan, StopReason::DocumentsAfterSettings { uid }),
        (Plan::Clear | Plan::Addition { .. } | Plan::Deletion, Class::Settings { .. }) => {
            Refused(plan, StopReason::SettingsAfterDocuments { uid })
        }

        (Plan::Addition { .. } | Plan::Deletion, Class::Clear) => Taken(Plan::Clear),
        (Plan::Addition { .. }, Class::Deletion) => Taken(plan),
        (Plan::Addition { .. }, Class::FilterDeletion) => {
            Refused(plan, StopReason::FilterDeletionAfterDocuments { uid })
        }
        (Plan::Deletion, Class::Deletion | Class::FilterDeletion) => Taken(Plan::Deletion),
        (Plan::Addition { .. } | Plan::Deletion, Class::Addition { .. }) => join_addition(index, plan, next),

        (Plan::Settings { may_create }, Class::Settings { may_create: next_may }) => {
            if differs_in_creation(index, *may_create, *next_may) {
                return Refused(plan, StopReason::IndexCreation { uid });
            }
            Taken(Plan::Settings { may_create: *may_create })
        }
        (Plan::ClearAndSettings { may_create }, Class::Settings { may_create: next_may }) => {
            if differs_in_creation(index, *may_create, *next_may) {
                return Refused(plan, StopReason::IndexCreation { uid });
            }
            Taken(Plan::ClearAndSettings { may_create: *may_create })
        }
        (Plan::Settings { may_create }, Class::Clear) => {
            Taken(Plan::ClearAndSettings { may_create: *may_create })
        }
        (Plan::ClearAndSettings { .. }, Class::Clear | Class::Deletion | Class::FilterDeletion) => {
            Taken(plan)
        }
        (
            Plan::Settings { .. } | Plan::ClearAndSettings { .. },
            Class::Addition { .. } | Class::Deletion | Class::FilterDeletion,
        ) => Refused(plan, StopReason::DocumentsAfterSettings { uid }),

        (Plan::IndexDeletion | Plan::Alone(_), _) => {
            unreachable!("these plans end the batch when they are made")
        }
    }
}

/// An addition joins additions or deletions if it could run after them: same right to make the index, same
/// primary key.
fn join_addition(index: &IndexState, plan: Plan, next: &Candidate) -> Joined {
    let Class::Addition { primary_key, may_create } = &next.class else {
        unreachable!("called for additions only")
    };
    let uid = next.uid;
    let (batch_may_create, batch_key) = match &plan {
        Plan::Addition { may_create, key } => (*may_create, Some(key.clone())),
        _ => (false, None),
    };
    if differs_in_creation(index, batch_may_create, *may_create) {
        return Joined::Refused(plan, StopReason::IndexCreation { uid });
    }
    if let Some(reason) = other_key_than_index(index, uid, primary_key) {
        return Joined::Refused(plan, reason);
    }
    let key = match (batch_key, primary_key) {
        (None, None) => BatchKey::Guessed,
        (None, Some(task_key)) => BatchKey::Named(task_key.clone()),
        (Some(batch_key), None) => batch_key,
        (Some(batch_key), Some(_)) if index.primary_key.is_some() => batch_key,
        (Some(BatchKey::Guessed), Some(task_key)) => {
            let reason = StopReason::PrimaryKeyGuess { uid, task_key: task_key.clone() };
            return Joined::Refused(plan, reason);
        }
        (Some(BatchKey::Named(batch_key)), Some(task_key)) => {
            if batch_key != *task_key {
                let reason = StopReason::PrimaryKeyOfBatch { uid, task_key: task_key.clone(), batch_key };
                return Joined::Refused(plan, reason);
            }
            BatchKey::Named(batch_key)
        }
    };
    Joined::Taken(Plan::Addition { may_create: batch_may_create || *may_create, key })
}

/// Whether the next task may make the missing index while the batch may not: alone, the batch would fail.
fn differs_in_creation(index: &IndexState, batch_may_create: bool, next_may_create: bool) -> bool {
    !index.exists && !batch_may_create && next_may_create
}

fn other_key_than_index(index: &IndexState, uid: u32, task_key: &Option<String>) -> Option<StopReason> {
    match (task_key, &index.primary_key) {
        (Some(task_key), Some(index_key)) if task_key != index_key => Some(StopReason::PrimaryKeyOfIndex {
            uid,
            task_key: task_key.clone(),
            index_key: index_key.clone(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
