//! Where the running batch stands: nested steps, and how long each one took.
//!
//! The scheduler's own steps come first; below them, the write path reports its steps through the same
//! object. Reading never waits for the work.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use quarry_engine::IndexProgress;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::duration::short_duration;

/// The steps of the running batch, outermost first.
#[derive(Debug, Default)]
pub struct Progress {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    steps: Vec<Step>,
    /// Full name (`outer > inner`) and time of each ended step, in order of their first end.
    trace: Vec<(String, Duration)>,
    /// What the write path says of itself; shown below the outermost step.
    index: Option<Arc<IndexProgress>>,
}

#[derive(Debug)]
struct Step {
    name: String,
    finished: u64,
    total: u64,
    started: Instant,
}

/// What clients read of the progress.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProgressView {
    /// The steps, outermost first.
    pub steps: Vec<StepView>,
    /// How much is done, from 0 to 100.
    pub percentage: f32,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// Its name, in lower case.
    pub current_step: String,
    /// How many units are done.
    pub finished: u64,
    /// How many there are.
    pub total: u64,
}

impl Progress {
    /// Enters step `name` at `level`; the step that was there, and all below it, end.
    pub fn enter(&self, level: usize, name: &str, finished: u64, total: u64) {
        let mut state = self.lock();
        if let Some(step) = state.steps.get_mut(level)
            && step.name == name
        {
            step.finished = finished;
            step.total = total;
            state.end_below(level + 1);
            return;
        }
        state.end_below(level);
        state.steps.push(Step { name: name.to_owned(), finished, total, started: Instant::now() });
    }

    /// Shows the steps of the write path below the outermost one, from now on.
    pub fn attach(&self, index: Arc<IndexProgress>) {
        self.lock().index = Some(index);
    }

    /// Ends every step.
    pub fn end(&self) {
        self.lock().end_below(0);
    }

    /// What clients read now.
    pub fn view(&self) -> ProgressView {
        let state = self.lock();
        let mut steps: Vec<StepView> = state
            .steps
            .iter()
            .map(|step| StepView {
                current_step: step.name.clone(),
                finished: step.finished,
                total: step.total,
            })
            .collect();
        if let (1, Some(index)) = (steps.len(), &state.index) {
            steps.extend(index.view().into_iter().map(|step| StepView {
                current_step: step.current_step.to_owned(),
                finished: step.finished,
                total: step.total,
            }));
        }
        let mut percentage = 0.0;
        let mut scale = 1.0;
        for step in &steps {
            scale *= step.total.max(1) as f32;
            percentage += step.finished as f32 / scale;
        }
        ProgressView { steps, percentage: percentage * 100.0 }
    }

    /// The time spent in each ended step.
    pub fn trace(&self) -> Map<String, Value> {
        let state = self.lock();
        let mut trace: Map<String, Value> =
            state.trace.iter().map(|(name, time)| (name.clone(), short_duration(*time).into())).collect();
        for (name, time) in state.index.iter().flat_map(|index| index.trace()) {
            trace.insert(format!("processing tasks > {name}"), short_duration(time).into());
        }
        trace
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Names and numbers for people only: a panic elsewhere cannot make them dangerous.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn end_below(&mut self, level: usize) {
        while self.steps.len() > level {
            let names: Vec<&str> = self.steps.iter().map(|step| step.name.as_str()).collect();
            let name = names.join(" > ");
            let Some(step) = self.steps.pop() else { return };
            let time = step.started.elapsed();
            match self.trace.iter_mut().find(|(traced, _)| *traced == name) {
                Some((_, sum)) => *sum += time,
                None => self.trace.push((name, time)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_nest_and_add_up() {
        let progress = Progress::default();
        progress.enter(0, "processing tasks", 1, 2);
        progress.enter(1, "indexing", 5, 10);
        let view = progress.view();
        assert_eq!(view.steps.len(), 2);
        // 1/2 of the first, plus 5/10 of one half.
        assert_eq!(view.percentage, 75.0);
        progress.enter(0, "writing tasks to disk", 0, 2);
        assert_eq!(progress.view().steps.len(), 1);
        progress.end();
        let trace = progress.trace();
        let names: Vec<&str> = trace.keys().map(String::as_str).collect();
        assert_eq!(names, ["processing tasks > indexing", "processing tasks", "writing tasks to disk"]);
    }
}
