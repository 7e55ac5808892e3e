//! How long work on the map may take: whoever waits for it is asked now and then.

use std::cell::Cell;

use quarry_storage::StorageError;
use thiserror::Error;

/// Steps between two questions. The longest step compares one place with every corner of an area, which takes 10 ms for
/// a million of them; the shortest takes less than asking for the time.
const STEPS: u32 = 16;

/// Asks now and then whether to go on.
pub struct Pace<'a> {
    may_go_on: &'a dyn Fn() -> bool,
    steps_left: Cell<u32>,
}

/// The answer was no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// Why an area was not looked up.
#[derive(Debug, Error)]
pub enum LookupError {
    /// It took too long.
    #[error("the look-up was stopped")]
    Stopped,
    /// The table cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<Stopped> for LookupError {
    fn from(_: Stopped) -> LookupError {
        LookupError::Stopped
    }
}

impl<'a> Pace<'a> {
    /// Work that ends as soon as `may_go_on` is seen to say no.
    pub fn new(may_go_on: &'a dyn Fn() -> bool) -> Pace<'a> {
        Pace { may_go_on, steps_left: Cell::new(STEPS) }
    }

    /// Work that takes as long as it takes.
    pub fn unhurried() -> Pace<'static> {
        Pace::new(&|| true)
    }

    /// One step of work.
    pub(crate) fn step(&self) -> Result<(), Stopped> {
        match self.steps_left.get().checked_sub(1) {
            Some(left) => self.steps_left.set(left),
            None if (self.may_go_on)() => self.steps_left.set(STEPS),
            None => return Err(Stopped),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_goes_on_until_it_may_not() {
        let asked = Cell::new(0);
        let may_go_on = || {
            asked.set(asked.get() + 1);
            asked.get() < 3
        };
        let pace = Pace::new(&may_go_on);
        let steps = (0..1000).take_while(|_| pace.step().is_ok()).count();
        assert!(asked.get() == 3 && steps > 2 * STEPS as usize && steps < 4 * STEPS as usize, "{steps}");
        assert_eq!(pace.step(), Err(Stopped));
    }
}
