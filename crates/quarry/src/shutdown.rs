//! What ends the server: a signal. Then running requests may end, and the queue stops.

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

/// The exit status of a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// Whether and how the server was asked to stop.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    interrupted: Arc<AtomicBool>,
}

impl Stop {
    /// Resolves when the process gets SIGTERM or SIGINT.
    ///
    /// # Errors
    /// When signals cannot be listened to.
    pub(crate) fn requested(&self) -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let interrupted = self.interrupted.clone();
        Ok(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => interrupted.store(true, Ordering::Relaxed),
            }
            tracing::info!("stopping");
        })
    }

    /// The exit status of the process.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.interrupted.load(Ordering::Relaxed) { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS }
    }
}
