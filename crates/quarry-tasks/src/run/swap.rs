//! Indexes exchange their names, all pairs at once or none.

use std::collections::{BTreeMap, BTreeSet};

use quarry_crash::CrashPoint;
use quarry_engine::{Catalog, CatalogError};
use quarry_error::{Code, ErrorResponse};
use quarry_storage::Txn;

use super::relabel::relabel;
use crate::content::{Swap, TaskContent};
use crate::round::{Ending, Round, RoundError};
use crate::task::Task;

/// Swaps indexes.
pub(super) fn swap(round: &Round<'_>, mut task: Task) -> Result<(), RoundError> {
    let TaskContent::IndexSwap { swaps } = &task.content else { return Ok(()) };
    let catalog = &round.shared.catalog;
    let mut txn = round.write_txn()?;
    round.running.progress.enter(1, "ensuring correctness of the swap", 0, 2);
    if let Some(error) = refusal(catalog, &txn, swaps)? {
        task.fail(error);
        return round.complete(txn, Ending::of(vec![task]));
    }
    round.running.progress.enter(1, "swapping the indexes", 1, 2);
    let mut names = BTreeMap::new();
    for Swap { indexes: (first, second), rename } in swaps {
        if *rename {
            catalog.rename(&mut txn, first, second)?;
            CrashPoint::IndexRenaming.reach();
        } else {
            catalog.swap(&mut txn, first, second)?;
            CrashPoint::IndexSwapping.reach();
        }
        names.insert(first.clone(), second.clone());
        names.insert(second.clone(), first.clone());
    }
    relabel(&round.shared.store, &mut txn, task.uid, &names)?;
    task.succeed(None);
    round.complete(txn, Ending::of(vec![task]))
}

/// Why the swaps cannot be done, if they cannot.
fn refusal(catalog: &Catalog, txn: &Txn<'_>, swaps: &[Swap]) -> Result<Option<ErrorResponse>, CatalogError> {
    let mut missing = BTreeSet::new();
    let mut taken = Vec::new();
    for Swap { indexes: (first, second), rename } in swaps {
        if !catalog.exists_in(txn, first)? {
            missing.insert(first.as_str());
        }
        match (catalog.exists_in(txn, second)?, *rename) {
            (false, false) => {
                missing.insert(second.as_str());
            }
            (true, true) => taken.push((first.as_str(), second.as_str())),
            _ => {}
        }
    }
    if !missing.is_empty() {
        return Ok(Some(missing_error(&missing)));
    }
    Ok((!taken.is_empty()).then(|| taken_error(&taken)))
}

fn missing_error(missing: &BTreeSet<&str>) -> ErrorResponse {
    let names = missing.iter().map(|uid| format!("`{uid}`")).collect::<Vec<_>>().join(", ");
    let noun = if missing.len() == 1 { "Index" } else { "Indexes" };
    ErrorResponse::new(format!("{noun} {names} not found."), Code::IndexNotFound)
}

fn taken_error(taken: &[(&str, &str)]) -> ErrorResponse {
    let message = match taken {
        [(from, to)] => format!(
            "Cannot rename `{from}` to `{to}` as the index already exists. Hint: You can remove `{to}` first \
             and then do your remove."
        ),
        several => {
            let names = several.iter().map(|(_, to)| format!("`{to}`")).collect::<Vec<_>>().join(", ");
            format!(
                "The following indexes are being renamed but cannot because their new name conflicts with an \
                 already existing index: {names}. Renaming doesn't overwrite the other index name."
            )
        }
    };
    ErrorResponse::new(message, Code::IndexAlreadyExists)
}
