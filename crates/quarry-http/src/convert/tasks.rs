//! Filters of tasks, from the wire to the queue.

use quarry_api::index_uid::IndexUid;
use quarry_api::param::StarList;
use quarry_api::tasks::{ListTasks, SelectTasks, StatusName, TypeName};
use quarry_tasks::{Kind, Status, TaskFilter};

fn kinds(types: StarList<TypeName>) -> Option<Vec<Kind>> {
    Some(types.restriction()?.into_iter().filter_map(|name| Kind::from_name(name.0)).collect())
}

fn statuses(statuses: StarList<StatusName>) -> Option<Vec<Status>> {
    Some(statuses.restriction()?.into_iter().filter_map(|name| Status::from_name(name.0)).collect())
}

fn index_uids(uids: StarList<IndexUid>) -> Option<Vec<String>> {
    Some(uids.restriction()?.into_iter().map(IndexUid::into_string).collect())
}

/// The conditions that lists share with deletions and cancelations.
macro_rules! conditions {
    ($sent:ident) => {
        TaskFilter {
            uids: $sent.uids.restriction(),
            batch_uids: $sent.batch_uids.restriction(),
            canceled_by: $sent.canceled_by.restriction(),
            types: kinds($sent.types),
            statuses: statuses($sent.statuses),
            index_uids: index_uids($sent.index_uids),
            after_enqueued_at: $sent.after_enqueued_at.restriction().map(|after| after.0),
            before_enqueued_at: $sent.before_enqueued_at.restriction().map(|before| before.0),
            after_started_at: $sent.after_started_at.restriction().map(|after| after.0),
            before_started_at: $sent.before_started_at.restriction().map(|before| before.0),
            after_finished_at: $sent.after_finished_at.restriction().map(|after| after.0),
            before_finished_at: $sent.before_finished_at.restriction().map(|before| before.0),
            ..TaskFilter::default()
        }
    };
}

/// The filter of a list.
pub(crate) fn list_filter(sent: ListTasks) -> TaskFilter {
    TaskFilter {
        limit: sent.limit.0,
        from: sent.from.map(|from| from.0),
        reverse: sent.reverse.is_some_and(|reverse| reverse.0),
        ..conditions!(sent)
    }
}

/// The filter of a deletion or cancelation.
pub(crate) fn selection_filter(sent: SelectTasks) -> TaskFilter {
    conditions!(sent)
}
