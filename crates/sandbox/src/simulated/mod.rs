//! A sandbox without a kernel: the test plays the processes.
//!
//! ```text
//!  room under test ──► Launcher::create ──► Sandbox          the contract, as the Linux backend keeps it
//!                            │                 │ start
//!                            ▼                 ▼
//!  test ◄── Control ──► created() ──► Cell ──► started() ──► Running    exits when the test says so
//! ```
//!
//! Nothing is isolated and nothing is limited. The two listeners are real ones on the loopback, so that a test
//! can be the runtime on the other end; their addresses are in the [`Cell`].

mod cell;

use std::net::TcpListener;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::mpsc;

pub use cell::{Cell, Running};

use crate::{CreateError, Created, Spec};

/// Boxes that a test may have created and not yet looked at.
const UNSEEN_CELLS_MAX: usize = 4096;

/// A launcher, and the test's hand on everything it makes.
#[must_use]
pub fn new() -> (Launcher, Control) {
    let (created, seen) = mpsc::channel(UNSEEN_CELLS_MAX);
    let refusals = Arc::new(Mutex::new(Vec::new()));
    let control = Control { created: Arc::new(tokio::sync::Mutex::new(seen)), refusals: Arc::clone(&refusals) };
    (Launcher { created, refusals }, control)
}

/// Makes boxes whose processes are played by the test.
#[derive(Debug)]
pub struct Launcher {
    created: mpsc::Sender<Cell>,
    refusals: Arc<Mutex<Vec<CreateError>>>,
}

/// The test's hand on a [`Launcher`].
#[derive(Clone, Debug)]
pub struct Control {
    created: Arc<tokio::sync::Mutex<mpsc::Receiver<Cell>>>,
    refusals: Arc<Mutex<Vec<CreateError>>>,
}

impl Control {
    /// The next box that was created, in order; waits for it.
    ///
    /// # Panics
    /// If the launcher was dropped and every box has been seen.
    pub async fn created(&self) -> Cell {
        self.created.lock().await.recv().await.expect("the launcher lives as long as the test wants boxes of it")
    }

    /// Makes the next creation fail with `error`.
    pub fn refuse_create(&self, error: CreateError) {
        self.refusals.lock().insert(0, error);
    }
}

impl crate::Launcher for Launcher {
    fn create(&self, spec: Spec) -> BoxFuture<'_, Result<Created, CreateError>> {
        async move {
            if let Some(error) = self.refusals.lock().pop() {
                return Err(error);
            }
            let listen = || -> std::io::Result<TcpListener> {
                let listener = TcpListener::bind("127.0.0.1:0")?;
                listener.set_nonblocking(true)?;
                Ok(listener)
            };
            let failed = |source| CreateError::Step { step: "listen on the loopback".to_owned(), source };
            let runtime_api = listen().map_err(failed)?;
            let endpoint = listen().map_err(failed)?;
            let addresses = (runtime_api.local_addr().map_err(failed)?, endpoint.local_addr().map_err(failed)?);
            let (cell, sandbox) = cell::pair(spec, addresses);
            if self.created.try_send(cell).is_err() {
                return Err(CreateError::WardenGone);
            }
            Ok(Created { sandbox: Box::new(sandbox), runtime_api, endpoint })
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests;
