//! How many searches run at once, and what happens to the others.
//!
//! Some run, the others wait. A freed place goes to a *random* waiting search, so that under overload
//! some answers stay quick instead of all being late. When too many wait, a random one is refused. A
//! search that waited too long is refused too.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quarry_error::{Code, HasCode};
use tokio::sync::oneshot;

/// How many searches run and wait.
#[derive(Debug, Clone, Copy)]
pub struct SearchQueueOptions {
    /// The most that run at once.
    pub running_max: usize,
    /// The most that wait.
    pub waiting_max: usize,
    /// How long one may wait.
    pub wait_max: Duration,
}

/// Places for searches.
#[derive(Clone)]
pub(crate) struct SearchQueue {
    options: SearchQueueOptions,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    running: usize,
    waiting: Vec<oneshot::Sender<Permit>>,
    random: u64,
}

/// A place. Dropping it frees the place.
pub(crate) struct Permit {
    queue: Option<SearchQueue>,
}

/// The search was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Too many search requests running at the same time: {waiting_max}. Retry after 10s.")]
pub(crate) struct TooManySearches {
    waiting_max: usize,
}

impl HasCode for TooManySearches {
    fn code(&self) -> Code {
        Code::TooManySearchRequests
    }
}

impl SearchQueue {
    pub(crate) fn new(options: SearchQueueOptions) -> Self {
        let random = RandomState::new().build_hasher().finish() | 1;
        SearchQueue { options, state: Arc::new(Mutex::new(State { random, ..State::default() })) }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// When the search was chosen to leave, or waited too long.
    pub(crate) async fn acquire(&self) -> Result<Permit, TooManySearches> {
        let refused = TooManySearches { waiting_max: self.options.waiting_max };
        let turn = {
            let mut state = self.lock();
            if state.running < self.options.running_max {
                state.running += 1;
                return Ok(Permit { queue: Some(self.clone()) });
            }
            if self.options.waiting_max == 0 {
                return Err(refused);
            }
            if state.waiting.len() >= self.options.waiting_max {
                // Its sender is dropped: the search that waits on it is refused.
                let chosen = state.random_waiting();
                state.waiting.swap_remove(chosen);
            }
            let (sender, turn) = oneshot::channel();
            state.waiting.push(sender);
            turn
        };
        match tokio::time::timeout(self.options.wait_max, turn).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(refused),
        }
    }

    /// Gives a freed place to a random waiting search, if one still waits.
    fn release(&self) {
        let mut state = self.lock();
        while !state.waiting.is_empty() {
            let chosen = state.random_waiting();
            let sender = state.waiting.swap_remove(chosen);
            match sender.send(Permit { queue: Some(self.clone()) }) {
                Ok(()) => return,
                // It gave up. The permit comes back and must not free the place a second time.
                Err(mut permit) => permit.queue = None,
            }
        }
        state.running -= 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counters and a list, changed by single statements: a panic elsewhere cannot break them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A random place in the list of those that wait, which is not empty. (xorshift64)
    fn random_waiting(&mut self) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % self.waiting.len() as u64) as usize
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.release();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn queue(running_max: usize, waiting_max: usize) -> SearchQueue {
        SearchQueue::new(SearchQueueOptions { running_max, waiting_max, wait_max: Duration::from_secs(5) })
    }

    #[tokio::test]
    async fn a_freed_place_goes_to_one_that_waits() {
        let queue = queue(1, 10);
        let first = queue.acquire().await.unwrap();
        let waiting = tokio::spawn({
            let queue = queue.clone();
            async move { queue.acquire().await.map(drop) }
        });
        tokio::task::yield_now().await;
        drop(first);
        waiting.await.unwrap().unwrap();
        assert!(queue.acquire().await.is_ok());
    }

    #[tokio::test]
    async fn without_room_to_wait_the_next_is_refused_at_once() {
        let queue = queue(1, 0);
        let running = queue.acquire().await.unwrap();
        let refused = queue.acquire().await.err().unwrap();
        assert_eq!(
            refused.to_string(),
            "Too many search requests running at the same time: 0. Retry after 10s."
        );
        drop(running);
        assert!(queue.acquire().await.is_ok());
    }

    #[tokio::test]
    async fn a_full_queue_drops_one_of_those_that_wait() {
        let queue = queue(1, 2);
        let running = queue.acquire().await.unwrap();
        let wait = || {
            let queue = queue.clone();
            tokio::spawn(async move { queue.acquire().await.is_ok() })
        };
        let waiting = [wait(), wait(), wait()];
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(running);
        let mut served = 0;
        for search in waiting {
            served += usize::from(search.await.unwrap());
        }
        assert_eq!(served, 2);
    }

    #[tokio::test]
    async fn one_that_gave_up_does_not_keep_the_place() {
        let options =
            SearchQueueOptions { running_max: 1, waiting_max: 2, wait_max: Duration::from_millis(10) };
        let queue = SearchQueue::new(options);
        let running = queue.acquire().await.unwrap();
        assert!(queue.acquire().await.is_err());
        drop(running);
        assert!(queue.acquire().await.is_ok());
    }
}
