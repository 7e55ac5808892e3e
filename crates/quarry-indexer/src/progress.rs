//! Where a running batch is, readable from other threads at any time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The steps of a batch, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Settings and field names are read.
    RetrievingConfig,
    /// Operations are merged to one change per document.
    ComputingDocumentChanges,
    /// Documents are tokenised.
    Extracting,
    /// What was extracted is merged with what is stored.
    Merging,
    /// Dictionaries, prefixes, facet levels and statistics follow.
    PostProcessing,
    /// The commit.
    Committing,
}

impl Step {
    const ALL: [Step; 6] = [
        Step::RetrievingConfig,
        Step::ComputingDocumentChanges,
        Step::Extracting,
        Step::Merging,
        Step::PostProcessing,
        Step::Committing,
    ];

    /// The name that clients see.
    pub fn name(self) -> &'static str {
        match self {
            Step::RetrievingConfig => "retrieving config",
            Step::ComputingDocumentChanges => "computing document changes",
            Step::Extracting => "extracting documents",
            Step::Merging => "merging postings",
            Step::PostProcessing => "post processing",
            Step::Committing => "committing",
        }
    }
}

/// One line of [`Progress::view`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgressStep {
    /// Name of the step or of the unit that is counted.
    pub current_step: &'static str,
    /// How many are done.
    pub finished: u64,
    /// How many there are.
    pub total: u64,
}

/// Progress of one batch; share it by reference.
#[derive(Debug, Default)]
pub struct Progress {
    state: Mutex<State>,
    units_finished: AtomicU64,
    units_total: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    current: Option<(Step, Instant)>,
    finished: Vec<(&'static str, Duration)>,
}

impl Progress {
    /// A batch that has not begun.
    pub fn new() -> Progress {
        Progress::default()
    }

    /// The running steps, outermost first; empty before the batch and after it.
    pub fn view(&self) -> Vec<ProgressStep> {
        let Some((step, _)) = self.state().current else { return Vec::new() };
        let index = Step::ALL.iter().position(|&other| other == step).unwrap_or_default();
        let mut steps = vec![ProgressStep {
            current_step: step.name(),
            finished: index as u64,
            total: Step::ALL.len() as u64,
        }];
        let total = self.units_total.load(Ordering::Relaxed);
        if total > 0 {
            let finished = self.units_finished.load(Ordering::Relaxed).min(total);
            let current_step = if step == Step::Merging { "table part" } else { "document" };
            steps.push(ProgressStep { current_step, finished, total });
        }
        steps
    }

    /// The finished steps and how long each took.
    pub fn trace(&self) -> Vec<(&'static str, Duration)> {
        self.state().finished.clone()
    }

    /// Ends the running step and begins `step`, which has `units` units to count.
    pub(crate) fn begin(&self, step: Step, units: u64) {
        self.units_finished.store(0, Ordering::Relaxed);
        self.units_total.store(units, Ordering::Relaxed);
        let mut state = self.state();
        state.end_current();
        state.current = Some((step, Instant::now()));
    }

    /// Counts finished units of the running step.
    pub(crate) fn advance(&self, units: u64) {
        self.units_finished.fetch_add(units, Ordering::Relaxed);
    }

    /// Ends the running step, and the batch with it.
    pub(crate) fn end(&self) {
        self.state().end_current();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked left whole values behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn end_current(&mut self) {
        if let Some((step, begun)) = self.current.take() {
            self.finished.push((step.name(), begun.elapsed()));
        }
    }
}
