//! Stopping early: one thread fails or the caller cancels, and all threads stop at their next step.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::IndexError;

/// Shared by all threads of one batch.
pub(crate) struct Abort<'c> {
    cancelled: &'c (dyn Fn() -> bool + Sync),
    is_aborted: AtomicBool,
    /// The first error.
    error: Mutex<Option<IndexError>>,
}

impl<'c> Abort<'c> {
    pub(crate) fn new(cancelled: &'c (dyn Fn() -> bool + Sync)) -> Abort<'c> {
        Abort { cancelled, is_aborted: AtomicBool::new(false), error: Mutex::new(None) }
    }

    /// Fails if the caller has cancelled or another thread has failed.
    pub(crate) fn check(&self) -> Result<(), IndexError> {
        if self.is_aborted.load(Ordering::Relaxed) || (self.cancelled)() {
            return Err(IndexError::Cancelled);
        }
        Ok(())
    }

    /// Runs `work` on threads of the current pool, at most `most` of them; the first error of any.
    pub(crate) fn run_on_all(
        &self,
        most: usize,
        work: impl Fn() -> Result<(), IndexError> + Sync,
    ) -> Result<(), IndexError> {
        let guarded = || {
            if let Err(error) = work() {
                self.fail(error);
            }
        };
        if most <= 1 || rayon::current_num_threads() == 1 {
            guarded();
        } else {
            rayon::broadcast(|_| guarded());
        }
        match self.error.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn fail(&self, error: IndexError) {
        let mut first = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        // Threads that stop because of the first error say that they were cancelled.
        if first.is_none() {
            *first = Some(error);
        }
        self.is_aborted.store(true, Ordering::Relaxed);
    }
}
