//! The second half of creating and updating: the code is put in place, the record says so.
//!
//! ```text
//!  operation ──record: Pending / InProgress──► answer
//!                         │
//!                         └─(watch)─► settler ──► code unpacked? ──► record: Active / Successful / Failed
//! ```
//!
//! The settler is told by the records alone: whatever becomes of the operation that
//! wrote one, of its caller, or of the server, the record is still there to be seen.
//! A watch tells everything that exists first, so what an earlier run left half-way is
//! settled after the start. Looking at a record twice does no harm.

use std::error::Error;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use lanthorn_model::arn::FunctionId;
use lanthorn_model::function::Code;
use lanthorn_store::Documents;
use lanthorn_store::documents::{Event, Expect};
use lanthorn_store::records::function::{self, Record};

use super::facts::RecordError;
use super::state::{self, NotApplied};
use super::table;
use crate::code::{Packages, RegisterError, UnpackedError};

/// Functions that are settled at the same time; the watch waits while there are more.
const SETTLING_MAX: usize = 8;
/// How long to wait before trying again when the store fails, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(30);

/// Puts the code of changed functions in place.
struct Settler {
    documents: Arc<dyn Documents>,
    code: Arc<Packages>,
}

/// A running settler. Dropping it stops it where it stands, as a crash would.
pub(crate) struct Settling(tokio::task::AbortHandle);

/// Why a function could not be settled at this attempt.
#[derive(Debug, thiserror::Error)]
enum SettleError {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Code(#[from] UnpackedError),
    #[error(transparent)]
    Register(#[from] RegisterError),
}

/// Starts a settler on this runtime.
pub(crate) fn start(documents: Arc<dyn Documents>, code: Arc<Packages>) -> Settling {
    let settler = Settler { documents, code };
    Settling(tokio::spawn(async move { settler.run().await }).abort_handle())
}

impl Drop for Settling {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Settler {
    async fn run(&self) {
        loop {
            let events = self.documents.watch(function::PARTITION_PREFIX.to_owned());
            let until_it_fails = events.scan((), |(), event| ready(event.map_err(|error| lost_sight(&error)).ok()));
            let unsettled = until_it_fails.filter_map(|event| ready(unsettled(&event)));
            unsettled.for_each_concurrent(SETTLING_MAX, |id| self.settle(id)).await;
            tokio::time::sleep(RETRY_FIRST).await;
        }
    }

    async fn settle(&self, id: FunctionId) {
        let mut pause = RETRY_FIRST;
        while let Err(error) = self.attempt(&id).await {
            not_yet(&id, &error);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_LAST);
        }
    }

    /// Looks at `id` until its record is settled, or gone.
    async fn attempt(&self, id: &FunctionId) -> Result<(), SettleError> {
        while let Some((record, revision)) = table::read(&*self.documents, id).await? {
            if !state::is_unsettled(&record) {
                return Ok(());
            }
            let outcome = self.put_in_place(&record.function.code).await?;
            self.let_go(&record).await?;
            let Some(settled) = state::settled(record, outcome) else { return Ok(()) };
            if table::write(&*self.documents, &settled, Expect::At(revision)).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Has `code` unpacked. The inner error is final, the outer one may pass.
    async fn put_in_place(&self, code: &Code) -> Result<Result<(), NotApplied>, UnpackedError> {
        match self.code.unpacked(code).await {
            Ok(_) => Ok(Ok(())),
            Err(error @ (UnpackedError::Gone(_) | UnpackedError::Unpack { .. })) => {
                tracing::error!(error = &error as &dyn Error, "a function's code cannot be put in place");
                Ok(Err(NotApplied("The function's code cannot be unpacked any more.".to_owned())))
            }
            Err(error @ UnpackedError::Store { .. }) => Err(error),
        }
    }

    /// Environments of the replaced code may be at work for a while after the switch.
    async fn let_go(&self, record: &Record) -> Result<(), RegisterError> {
        match &record.running {
            Some(running) if running.code != record.function.code => self.code.let_go(&running.code).await,
            _ => Ok(()),
        }
    }
}

/// The function that `event` shows half-way.
fn unsettled(event: &Event) -> Option<FunctionId> {
    let Event::Put(document) = event else { return None };
    if document.key.name != function::HEAD {
        return None;
    }
    match function::read(document) {
        Ok(record) => Some(record).filter(state::is_unsettled).map(|record| record.function.id),
        Err(error) => {
            tracing::error!(error = &error as &dyn Error, "a function's record cannot be read");
            None
        }
    }
}

fn lost_sight(error: &lanthorn_store::Error) {
    tracing::error!(error = error as &dyn Error, "lost sight of the functions; watching again");
}

fn not_yet(id: &FunctionId, error: &SettleError) {
    tracing::warn!(function.name = %id.name, error = error as &dyn Error, "cannot settle a function yet");
}
